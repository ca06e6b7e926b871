"""A desk's table names its ledger: the path of a file or the URL of a database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.delivery.sqlite_ledger import SqliteLedger

CUSTOMER = "li@customer.example"


def config(**table: Any) -> dict[str, Any]:
    return {"desks": {"it": {"adapter": "memory", **table}}}


def written(folder: Path, ledger: str) -> Path:
    path = folder / "helpdesk.toml"
    path.write_text(f'[desks.it]\nadapter = "memory"\nledger = {ledger}\n', encoding="utf-8")
    return path


@pytest.mark.asyncio
async def test_a_relative_path_begins_where_the_file_is(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    async with hb.connect(config=written(tmp_path, '"data/writes.db"')) as desk:
        first = await desk.create_ticket(
            subject="S", requester=CUSTOMER, text="Help me please.", key="k"
        )
        again = await desk.create_ticket(
            subject="S", requester=CUSTOMER, text="Help me please.", key="k"
        )
    assert first.id == again.id
    assert (tmp_path / "data" / "writes.db").is_file()


@pytest.mark.asyncio
async def test_a_desk_closes_the_ledger_of_its_configuration_and_no_other(tmp_path: Path) -> None:
    given = SqliteLedger(tmp_path / "given.db")
    for ledger in (None, given):
        table = config(ledger=str(tmp_path / "own.db"))
        async with hb.connect(config=table, ledger=ledger) as desk:
            await desk.create_ticket(subject="S", requester=CUSTOMER, text="Help.", key="k")
            used = desk._sender.ledger
        assert isinstance(used, SqliteLedger)
        assert (used._file is None) is (ledger is None)
    assert used is given
    await given.aclose()


def test_the_environment_can_name_it(tmp_path: Path) -> None:
    path = written(tmp_path, '{ env = "WRITES" }')
    found = hb.load_config(path, environ={"WRITES": "writes.db"}).desk()
    assert found.ledger is not None
    assert found.ledger.reveal() == str(tmp_path / "writes.db")
    over = {"WRITES": "no", "HELPDESK_BRIDGE__IT__LEDGER": "over.db"}
    found = hb.load_config(path, environ=over).desk()
    assert found.ledger is not None
    assert found.ledger.reveal() == str(tmp_path / "over.db")


def test_a_password_in_its_url_does_not_show() -> None:
    url = "postgresql://worker:hush-hush@db.example/acme"
    found = hb.load_config(config(ledger=url)).desk()
    assert found.ledger is not None
    assert found.ledger.reveal() == url
    assert "hush" not in repr(found)


@pytest.mark.parametrize("ledger", ["", " ", 7, ["x"], {"env": "NOT_THERE"}, {"a": "b"}])
def test_what_is_no_place_is_told(ledger: Any) -> None:
    with pytest.raises(hb.ConfigurationError, match="ledger") as caught:
        hb.load_config(config(ledger=ledger), environ={}).desk()
    assert caught.value.key == "ledger"


@pytest.mark.parametrize("url", ["mysql://u:hush-hush@h/d", "http://u:hush-hush@h/"])
def test_a_url_of_another_kind_is_told_without_its_password(url: str) -> None:
    with pytest.raises(hb.ConfigurationError) as caught:
        hb.connect(config=config(ledger=url))
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://u:hush-hush@h/d", "postgresql://"),
        ("sqlite:///writes.db", "give the path itself"),
        ("postgresql://u@h/d?pasword=hush-hush", "question mark"),
    ],
)
def test_a_url_that_is_refused_names_the_desk_and_the_key(
    tmp_path: Path, url: str, says: str
) -> None:
    path = written(tmp_path, f'"{url}"')
    with pytest.raises(hb.ConfigurationError) as caught:
        hb.connect(config=path)
    assert caught.value.message.startswith(f"{path}: [desks.it] ledger: ")
    assert says in caught.value.message
    assert (caught.value.key, caught.value.desk) == ("ledger", "it")
    assert "hush" not in str(caught.value)


def test_a_variable_with_the_word_desks_is_told_how_it_is_written(tmp_path: Path) -> None:
    path = written(tmp_path, '"writes.db"')
    environ = {"HELPDESK_BRIDGE__DESKS__IT__LEDGER": "other.db"}
    with pytest.raises(hb.ConfigurationError, match="HELPDESK_BRIDGE__IT__LEDGER") as caught:
        hb.load_config(path, environ=environ)
    assert "known: IT" in caught.value.message
    with pytest.raises(hb.ConfigurationError, match="HELPDESK_BRIDGE__DESK__KEY"):
        hb.load_config(path, environ={"HELPDESK_BRIDGE__OTHER__LEDGER": "other.db"})


class Half:
    """Has some of the methods of a ledger."""

    async def begin(self, entry: object) -> None: ...
    async def entry(self, operation_id: str) -> None: ...


@pytest.mark.parametrize(
    ("ledger", "says"),
    [
        ("postgresql://u:hush-hush@h/d", "no str: give SqliteLedger"),
        (Path("writes.db"), "give SqliteLedger"),
        (hb.Secret("hush-hush"), "no Secret: give SqliteLedger"),
        (SqliteLedger, "not its class"),
        (7, "int lacks begin, renew, take_over, record_result, entry, with_key, unresolved,"),
        (Half(), "Half lacks renew, take_over, record_result, with_key, unresolved, on_ticket,"),
    ],
)
def test_what_is_no_ledger_is_refused_before_anything_is_asked_of_it(
    ledger: Any, says: str
) -> None:
    for make in (
        lambda: hb.connect(config=config(), ledger=ledger),
        lambda: hb.Helpdesk(hb.MemorySettings(), ledger=ledger),
    ):
        with pytest.raises(hb.InvalidArgument) as caught:
            make()
        assert says in caught.value.message
        assert "hush" not in str(caught.value)
