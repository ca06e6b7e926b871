"""What only a ledger in a database can meet: lost connections, roles, addresses, event loops."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

import helpdesk_bridge as hb
from helpdesk_bridge.delivery.entry import EntryState, LedgerEntry
from helpdesk_bridge.delivery.memory_ledger import MemoryLedger
from helpdesk_bridge.delivery.sql_database import _HOUR, Transaction
from helpdesk_bridge.delivery.sql_ledger import SqlLedger
from tests.canary import CANARY
from tests.delivery.ledgers import Kept, elsewhere, entry, socket_of
from tests.delivery.places import CUSTOMER, WORDS, WRITES, opened
from tests.postgres import Postgres

pytestmark = pytest.mark.asyncio


@pytest.fixture
def kept(postgres: Postgres, postgres_url: str) -> Kept:
    return Kept("sql", postgres_url, postgres)


@pytest_asyncio.fixture
async def ledger(postgres_url: str) -> AsyncIterator[SqlLedger]:
    async with aclosing(SqlLedger(postgres_url)) as ledger:
        yield ledger


# -- what a desk does with it ----------------------------------------------------------------


async def test_two_desks_with_one_key_send_one_mail(ledger: SqlLedger, postgres_url: str) -> None:
    async with (
        aclosing(SqlLedger(postgres_url)) as another,
        opened("helpspace", ledger=ledger) as place,
        opened("helpspace", ledger=another, store=place.store) as other,
    ):
        before = len(place.store.outbox)
        told = [
            await desk.reply(place.ticket.id, text=WORDS, send_email=True, key="job 5")
            for desk in (place.desk, other.desk)
        ]
        assert [one.repeated for one in told] == [False, True]
        assert told[0].id == told[1].id
        assert len(place.store.outbox) == before + 1


async def test_the_table_holds_no_word_and_no_address(kept: Kept, ledger: SqlLedger) -> None:
    async with opened("helpspace", ledger=ledger) as place:
        await place.fail("reply", "answer")
        await WRITES["forward"](place.desk, place.ticket, WORDS)
    content = kept.sql("select * from helpdesk_bridge_writes").casefold()
    assert content.count("helpspace") == 3
    for word in ("invoice", "paid", CUSTOMER, "customer.example", "help me"):
        assert word not in content


# -- addresses -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://u:{CANARY}@h/db",
        "sqlite:///ledger.db",
        f"postgresql+psycopg://u:{CANARY}@h/db",
        f"postgresql://u:p@h:{CANARY}/db",
        CANARY,
        "",
        f"postgresql://u@h/db?pasword={CANARY}",
        f"postgresql://u@h/db?{CANARY}=1",
        f"postgresql://u@h/db?password={CANARY}&password={CANARY}",
        f"postgresql://u:{CANARY}@h:99999/db",
        f"postgresql://u:{CANARY}@h:0/db",
        f"postgresql://u:{CANARY}@/db?host=h&port=65536",
        f"postgresql://u:{CANARY}@/db?host=a,b&port=5432,{CANARY}",
    ],
)
async def test_an_address_of_anything_else_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(hb.ConfigurationError, match="SqlLedger") as caught:
        SqlLedger(url)
    assert CANARY not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+asyncpg"])
@pytest.mark.parametrize("secret", [False, True])
async def test_all_names_of_the_driver_are_taken(
    postgres_url: str, scheme: str, secret: bool
) -> None:
    url = postgres_url.replace("postgresql", scheme)
    async with aclosing(SqlLedger(hb.Secret(url) if secret else url)) as ledger:
        assert await ledger.begin(entry("a")) is None


@pytest.mark.parametrize("place", ["{0}:{0}@", "?user={0}&password={0}"])
@pytest.mark.parametrize("host", ["/nowhere", "127.0.0.1"])
async def test_neither_an_error_nor_a_repr_shows_a_password(place: str, host: str) -> None:
    """Those of a server that is not there; the driver's own errors and records are looked at."""
    where = place.format(CANARY)
    url = f"postgresql://{where}/db?host={host}" if "@" in where else f"postgresql:///db{where}"
    url += "" if "@" in where else f"&host={host}"
    ledger = SqlLedger(url + "&port=1")
    with pytest.raises(
        hb.ConfigurationError, match=r"nobody listens there \((FileNotFound|ConnectionRefused)"
    ) as caught:
        await ledger.begin(entry("a"))
    assert caught.value.reason is hb.Reason.STORAGE
    for text in (repr(ledger), repr(ledger._database), str(caught.value)):
        assert CANARY not in text
    await ledger.aclose()


async def test_sslmode_is_understood_and_not_dropped(postgres_url: str) -> None:
    """The server has no TLS, so who requires it does not get in."""
    ledger = SqlLedger("postgresql://u@127.0.0.1/db?sslmode=no-such-mode")
    with pytest.raises(hb.ConfigurationError, match="cannot be used"):
        await ledger.entry("a")
    await ledger.aclose()
    async with aclosing(SqlLedger(f"{postgres_url}&sslmode=disable")) as ledger:
        assert await ledger.entry("a") is None


async def test_of_a_file_its_path_is_asked_for() -> None:
    with pytest.raises(hb.ConfigurationError, match="give the path itself"):
        SqlLedger("sqlite:///ledger.db")


async def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "helpdesk_bridge.delivery.sql_database")
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    with pytest.raises(hb.ConfigurationError, match=r"helpdesk-bridge\[sql\]"):
        SqlLedger("postgresql:///db")


async def test_keys_are_kept_for_some_time() -> None:
    from datetime import timedelta

    with pytest.raises(hb.InvalidArgument, match="keep"):
        SqlLedger("postgresql:///db", keep=timedelta(0))


@pytest.mark.parametrize("key", ["a\0b", "a\ud800"])
async def test_a_key_that_the_database_cannot_hold_is_refused(ledger: SqlLedger, key: str) -> None:
    with pytest.raises(hb.InvalidArgument, match="key"):
        await ledger.begin(entry("a", key=key))
    assert await ledger.entry("a") is None


# -- lost connections ------------------------------------------------------------------------


class Cut:
    """A socket before the server's that loses the answer to a COMMIT, as often as it is told.

    The server has the COMMIT (``carried_out``) or not, when the connection breaks.
    """

    def __init__(self, *, carried_out: bool) -> None:
        self.carried_out = carried_out
        self.times = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def before(self, url: str, folder: Path) -> AsyncIterator[str]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._tasks.add(task)
            try:
                await self._serve(reader, writer, socket_of(url))
            finally:
                self._tasks.discard(task)

        async with await asyncio.start_unix_server(serve, folder / ".s.PGSQL.5432"):
            yield elsewhere(url, folder)
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Path
    ) -> None:
        answers, requests = await asyncio.open_unix_connection(server)
        cut = asyncio.Event()

        async def back() -> None:
            while data := await answers.read(65536):
                if cut.is_set():
                    return  # it was carried out: this is the answer
                writer.write(data)
            writer.close()  # as the server does when it is told that this is the end

        backwards = asyncio.create_task(back())
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                if b"COMMIT;" in data and self.times:
                    self.times -= 1
                    cut.set()
                    if self.carried_out:
                        requests.write(data)
                        await backwards
                    break
                requests.write(data)
        for stream in (requests, writer):
            stream.close()
            with suppress(ConnectionError):
                await stream.wait_closed()
        with suppress(ConnectionError):
            await backwards


@pytest.mark.parametrize("carried_out", [True, False])
async def test_a_begin_whose_commit_is_lost_is_asked_again(
    ledger: SqlLedger, postgres_url: str, tmp_path: Path, carried_out: bool
) -> None:
    cut, one = Cut(carried_out=carried_out), entry("a", key="k")
    await ledger.unresolved("it")  # the table is there
    async with cut.before(postgres_url, tmp_path) as url:
        async with aclosing(SqlLedger(url)) as far:
            await far.unresolved("it")
            cut.times = 1
            assert await far.begin(one) is None
        assert cut.times == 0
    assert await ledger.unresolved("it") == [one]
    assert (await ledger.begin(entry("b", key="k"))) == one


@pytest.mark.parametrize("carried_out", [True, False])
async def test_who_is_told_an_error_may_find_the_entry_and_begins_it_again(
    ledger: SqlLedger, postgres_url: str, tmp_path: Path, carried_out: bool
) -> None:
    cut, one = Cut(carried_out=carried_out), entry("a", key="k")
    await ledger.unresolved("it")
    async with cut.before(postgres_url, tmp_path) as url, aclosing(SqlLedger(url)) as far:
        await far.unresolved("it")
        cut.times = 2
        with pytest.raises(hb.ConfigurationError, match="cannot be used") as caught:
            await far.begin(one)
        assert caught.value.reason is hb.Reason.STORAGE
        assert await ledger.unresolved("it") == ([one] if carried_out else [])
        assert await far.begin(one) is None
    assert await ledger.unresolved("it") == [one]


@pytest.mark.parametrize("carried_out", [True, False])
async def test_a_result_whose_commit_is_lost_is_an_error_and_nobody_is_told_not_sent(
    ledger: SqlLedger, postgres_url: str, tmp_path: Path, carried_out: bool
) -> None:
    cut = Cut(carried_out=carried_out)
    await ledger.begin(entry("a"))
    async with cut.before(postgres_url, tmp_path) as url, aclosing(SqlLedger(url)) as far:
        await far.unresolved("it")
        cut.times = 1
        with pytest.raises(hb.ConfigurationError, match="cannot be used"):
            await far.record_result("a", EntryState.NOT_SENT)
    assert await ledger.record_result("a", EntryState.NOT_SENT) is not carried_out


async def test_connections_that_the_server_has_closed_are_made_anew(
    kept: Kept, ledger: SqlLedger
) -> None:
    await asyncio.gather(*(ledger.begin(entry(f"a{n}")) for n in range(5)))
    closed = kept.sql(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )
    assert int(closed) >= 1
    assert await ledger.begin(entry("b")) is None
    assert len(await ledger.unresolved("it")) == 6


class TakenUp(MemoryLedger):
    """Loses the answer to a begin, and has the entry settled before it is asked again."""

    state: EntryState | None = None
    """What becomes of it; None: nothing happens."""

    async def begin(self, entry: LedgerEntry) -> LedgerEntry | None:
        if self.state is None:
            return await super().begin(entry)
        assert await super().begin(entry) is None
        await self.record_result(entry.operation_id, self.state)
        return await super().begin(entry)


@pytest.mark.parametrize("key", [None, "k"])
@pytest.mark.parametrize("state", [EntryState.NOT_SENT, EntryState.UNKNOWN])
async def test_a_write_that_another_process_took_up_meanwhile_is_not_sent(
    key: str | None, state: EntryState
) -> None:
    box = TakenUp()
    async with opened("helpspace", ledger=box) as place:
        before = len(place.store.outbox)
        box.state = state
        with pytest.raises(hb.ConfigurationError, match="taken the write up") as caught:
            await place.desk.reply(place.ticket, text=WORDS, send_email=True, key=key)
        assert caught.value.outcome is hb.Outcome.NOT_SENT
        assert len(place.store.outbox) == before


# -- servers that are set up otherwise -------------------------------------------------------


@pytest.mark.parametrize("level", ["serializable", "repeatable read"])
async def test_the_level_of_isolation_is_its_own(kept: Kept, level: str) -> None:
    name = urlsplit(kept.where).path[1:]
    kept.sql(f"alter database {name} set default_transaction_isolation = '{level}'")
    async with aclosing(SqlLedger(kept.where)) as ledger:
        told = await asyncio.gather(*(ledger.begin(entry(f"{n}", key="k")) for n in range(20)))
        assert told.count(None) == 1


@pytest.mark.parametrize(("usual", "ours"), [("off", "on"), ("local", "local"), ("on", "on")])
async def test_what_is_committed_is_on_the_disk(kept: Kept, usual: str, ours: str) -> None:
    name = urlsplit(kept.where).path[1:]
    kept.sql(f"alter database {name} set synchronous_commit = '{usual}'")

    async def look(work: Transaction) -> Any:
        return (await work.rows("select current_setting('synchronous_commit') as it"))[0].it

    async with aclosing(SqlLedger(kept.where)) as ledger:
        assert await ledger._database.run(look) == ours


async def test_a_role_may_use_a_table_that_it_may_not_make(kept: Kept, ledger: SqlLedger) -> None:
    role = f"worker_{urlsplit(kept.where).path[1:]}"
    url = kept.where.replace("tester", role)
    kept.sql(f"revoke create on schema public from public; create role {role} login")
    try:
        poor = SqlLedger(url)
        with pytest.raises(hb.ConfigurationError, match=r"\(InsufficientPrivilegeError\)"):
            await poor.begin(entry("a"))
        await ledger.unresolved("it")
        with pytest.raises(hb.ConfigurationError, match=r"\(InsufficientPrivilegeError\)"):
            await poor.begin(entry("a"))
        kept.sql(f"grant select, insert, update, delete on helpdesk_bridge_writes to {role}")
        assert await poor.begin(entry("a")) is None
        await poor.aclose()
    finally:
        kept.sql(f"drop owned by {role}; drop role {role}")


async def test_an_error_has_the_class_of_its_cause(kept: Kept) -> None:
    ledger = SqlLedger(kept.where.replace("@/", "@/no"))
    with pytest.raises(hb.ConfigurationError, match=r"\(InvalidCatalogNameError\)") as caught:
        await ledger.begin(entry("a"))
    assert isinstance(caught.value.__cause__, hb.errors.Cause)
    assert caught.value.__cause__.name == "InvalidCatalogNameError"
    await ledger.aclose()


# -- retention -------------------------------------------------------------------------------


async def test_old_entries_are_looked_for_once_an_hour(
    kept: Kept, ledger: SqlLedger, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    await kept.put(ledger)
    await kept.put(ledger, 2)
    await kept.put(ledger, 31, operation_id="old", state=EntryState.SENT)
    loop = asyncio.get_running_loop()
    present = loop.time
    for hours, is_there in ((0.9, True), (1.1, False)):
        monkeypatch.setattr(loop, "time", lambda late=hours * _HOUR: present() + late)
        assert (await ledger.entry("old") is not None) is is_there


# -- loops and processes ---------------------------------------------------------------------


async def test_another_event_loop_is_told_so(ledger: SqlLedger) -> None:
    await ledger.begin(entry("a"))
    with pytest.raises(hb.ConfigurationError, match="event loop"):
        await asyncio.to_thread(lambda: asyncio.run(ledger.entry("a")))
    assert await ledger.entry("a") is not None


async def test_a_ledger_that_was_closed_may_go_to_another_loop(ledger: SqlLedger) -> None:
    await ledger.begin(entry("a"))
    await ledger.aclose()

    async def elsewhere() -> Any:
        async with aclosing(ledger):
            return await ledger.entry("a")

    found = await asyncio.to_thread(lambda: asyncio.run(elsewhere()))
    assert found.operation_id == "a"
    assert await ledger.entry("a") == found


FORK = """
import asyncio, os, sys
import helpdesk_bridge as hb
from tests.delivery.ledgers import entry
loop = asyncio.new_event_loop()
ledger = hb.SqlLedger(sys.argv[1])
loop.run_until_complete(ledger.begin(entry('a')))
if not os.fork():
    theirs = loop if sys.argv[2] == 'same loop' else asyncio.new_event_loop()
    try:
        theirs.run_until_complete(ledger.entry('a'))
    except hb.ConfigurationError as error:
        os._exit(0 if 'process' in str(error) else 1)
    os._exit(2)
assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
assert loop.run_until_complete(ledger.entry('a'))
loop.run_until_complete(ledger.aclose())
loop.close()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks")
@pytest.mark.parametrize("how", ["same loop", "new loop"])
async def test_a_fork_does_not_speak_on_the_connections_of_its_parent(
    postgres_url: str, how: str
) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", FORK, postgres_url, how),
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    _, complaint = await process.communicate()
    assert (process.returncode, complaint) == (0, b"")
