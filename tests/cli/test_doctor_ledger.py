"""The doctor looks at the ledger of a desk: whether it can be used, and what is open in it."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import aclosing, closing
from pathlib import Path

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.delivery.entry import EntryState
from tests.cli.conftest import Run, Write
from tests.delivery.ledgers import Kept, entry
from tests.postgres import Postgres

PASSWORD = "canary-pw-84"


def desk(ledger: str) -> dict[str, str]:
    return {"adapter": "memory", "ledger": ledger}


@pytest.fixture
def named(write: Write, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write ``helpdesk.toml`` and name it, as a file with the URL of a database wants."""

    def put(**desks: dict[str, str]) -> Path:
        path = write(**desks)
        monkeypatch.setenv("HELPDESK_BRIDGE_CONFIG", path.name)
        return path

    return put


def keep(ledger: hb.Ledger, *states: EntryState) -> None:
    """Keep an entry of the desk ``it`` for each state, and one of another desk."""

    async def put() -> None:
        async with aclosing(ledger):
            await ledger.begin(entry("other", desk="other"))
            for number, state in enumerate(states):
                await ledger.begin(entry(f"a{number}"))
                await ledger.record_result(f"a{number}", state)

    asyncio.run(put())


def rows(path: Path) -> list[object]:
    with closing(sqlite3.connect(path)) as file:
        return file.execute("select * from writes").fetchall()


@pytest.mark.parametrize(
    ("states", "says"),
    [
        ([EntryState.SENT], "no write is open."),
        ([EntryState.SENT, EntryState.UNKNOWN], "1 write is open; desk.recover() settles"),
        ([EntryState.PENDING, EntryState.UNKNOWN], "2 writes are open; desk.recover() settles"),
    ],
)
def test_it_tells_how_many_writes_are_open_and_changes_none(
    run: Run, write: Write, folder: Path, states: list[EntryState], says: str
) -> None:
    keep(hb.SqliteLedger(folder / "writes.db"), *states)
    before = rows(folder / "writes.db")
    write(it=desk("writes.db"))
    done = run("doctor")
    assert done.status == 0
    assert done.line("ledger").startswith(f"ok ledger {says}")
    assert rows(folder / "writes.db") == before


def test_a_desk_without_a_ledger_has_none_to_check(run: Run, write: Write) -> None:
    write(it={"adapter": "memory"})
    done = run("doctor")
    assert (done.status, " ledger " in done.words) == (0, False)


def test_a_file_that_is_not_there_yet_is_not_made(run: Run, write: Write, folder: Path) -> None:
    write(it=desk("writes.db"))
    done = run("doctor")
    assert done.status == 0
    path = folder / "writes.db"
    assert done.line("ledger") == f"ok ledger {path} is not there yet; its first use makes it."
    assert not path.exists()


def test_a_folder_that_is_missing_is_told_and_the_rest_is_checked(
    run: Run, write: Write, folder: Path
) -> None:
    write(it=desk("missing/writes.db"))
    done = run("doctor")
    assert done.status == 1
    path = folder / "missing" / "writes.db"
    line = done.line("ledger")
    assert line.startswith(f"wrong ledger storage trouble: the ledger {path} cannot be used: there")
    assert "Check the path of the file, its folder" in line
    assert done.line("tickets") == "ok tickets 0 on the first page."


def test_a_file_that_may_only_be_read_is_told(
    run: Run, write: Write, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "writes.db"
    keep(hb.SqliteLedger(path), EntryState.SENT)
    connect = sqlite3.connect
    address = f"{path.as_uri()}?mode=ro"  # not by its rights: an administrator has them all
    monkeypatch.setattr(sqlite3, "connect", lambda _, **kw: connect(address, uri=True, **kw))
    write(it=desk("writes.db"))
    done = run("doctor")
    assert done.status == 1
    assert "this process may not write it" in done.line("ledger")


def test_a_database_that_is_down_is_told(run: Run, named: Write, closed_port: int) -> None:
    named(it=desk(f"postgresql://worker:{PASSWORD}@127.0.0.1:{closed_port}/acme"))
    done = run("doctor")
    assert (done.status, "canary" in done.words) == (1, False)
    place = f"the ledger's database acme at 127.0.0.1:{closed_port}"
    line = done.line("ledger")
    assert line.startswith(f"wrong ledger storage trouble: {place} cannot be used: nobody listens")
    assert "whether it runs" in line


@pytest.mark.parametrize("url", [f"mysql://u:{PASSWORD}@h/d", f"postgresql://h/d?x={PASSWORD}"])
def test_a_url_that_is_refused_is_told(run: Run, named: Write, url: str) -> None:
    named(it=desk(url))
    done = run("doctor")
    assert (done.status, "canary" in done.words) == (1, False)
    where = "helpdesk.toml: [desks.it] ledger: "
    assert done.line("ledger").startswith(f"wrong ledger missing or wrong setting: {where}")


def test_a_database_is_read_and_nothing_old_is_dropped(
    run: Run, named: Write, postgres: Postgres, postgres_url: str
) -> None:
    keep(hb.SqlLedger(postgres_url), EntryState.SENT, EntryState.UNKNOWN, EntryState.SENT)
    kept = Kept("sql", postgres_url, postgres)
    kept.sql(
        "update helpdesk_bridge_writes set started_at = now() - interval '99 days'"
        " where operation_id = 'a0';"
        "update helpdesk_bridge_writes set started_at = now() - interval '3 days'"
        " where operation_id = 'a2'"
    )
    before = kept.sql("select * from helpdesk_bridge_writes order by operation_id")
    named(it=desk(postgres_url))
    done = run("doctor")
    assert done.status == 0
    assert done.line("ledger").startswith("ok ledger 1 write is open; ")
    assert kept.sql("select * from helpdesk_bridge_writes order by operation_id") == before
