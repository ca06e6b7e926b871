"""A path leads to the same file for good, wherever the program goes after it was given."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.testing import Store, TickingClock
from helpdesk_bridge.testing.sandbox import fake_of

CUSTOMER = "li@customer.example"


@pytest.fixture
def first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to the folder of the configuration; the other folder, ``later``, is beside it."""
    for name in ("first", "later"):
        (tmp_path / name).mkdir()
    monkeypatch.delenv("HELPDESK_BRIDGE_CONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "first")
    return tmp_path / "first"


def by_hand() -> hb.Helpdesk:
    config = hb.load_config("helpdesk.toml").desk("it")
    return hb.Helpdesk(
        config.settings, name="it", adapter=config.adapter, ledger=hb.SqliteLedger("sent.db")
    )


OPENED: dict[str, Callable[[], hb.Helpdesk]] = {
    "found": lambda: hb.connect("it"),
    "named": lambda: hb.connect("it", config="helpdesk.toml"),
    "variable": lambda: hb.connect("it"),
    "mapping": lambda: hb.connect(config=_mapping()),
    "by hand": by_hand,
}


def _mapping() -> dict[str, Any]:
    import tomllib

    return tomllib.loads(Path("helpdesk.toml").read_text())


@pytest.mark.asyncio
@pytest.mark.parametrize("way", OPENED)
async def test_a_program_that_changes_its_folder_mails_a_key_once(
    way: str, first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "variable":
        monkeypatch.setenv("HELPDESK_BRIDGE_CONFIG", "helpdesk.toml")
    kind = fake_of("helpspace")
    assert kind is not None
    async with kind(Store(clock=TickingClock())) as fake:
        lines = [f'{key} = "{value}"' for key, value in fake.table().items()]
        (first / "helpdesk.toml").write_text(
            "\n".join(["[desks.it]", 'ledger = "sent.db"', *lines])
        )
        ticket: str | None = None
        repeated = []
        for folder in (first, first.parent / "later"):
            monkeypatch.chdir(first)
            desk = OPENED[way]()
            monkeypatch.chdir(folder)
            async with desk:
                if ticket is None:
                    made = await desk.create_ticket(subject="S", requester=CUSTOMER, text="Help.")
                    ticket = made.id
                sent = await desk.reply(ticket, text="Your refund.", send_email=True, key="r-1")
                repeated.append(sent.repeated)
            if desk.ledger is not None and way == "by hand":
                await desk.ledger.aclose()
        assert repeated == [False, True]
        assert len([mail for mail in fake.store.outbox if mail.message_id]) == 1
    assert list((first.parent / "later").iterdir()) == []


@pytest.mark.parametrize("source", ["helpdesk.toml", None])
def test_a_configuration_is_read_for_good(
    source: str | None, first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first / "helpdesk.toml").write_text(
        '[desks.it]\nadapter = "memory"\nledger = "sent.db"\npath = "desk.db"\n'
    )
    config = hb.load_config(source)
    monkeypatch.chdir(first.parent / "later")
    found = config.desk("it")
    assert found.ledger is not None
    assert Path(found.ledger.reveal()) == first / "sent.db"
    assert found.settings.path == first / "desk.db"


def test_a_secrets_file_is_the_one_beside_the_configuration(
    first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first / "helpdesk.toml").write_text(
        '[desks.it]\nadapter = "helpspace"\ntoken = { file = "token" }\nclient_id = 7\n'
    )
    (first / "token").write_text("right")
    (first.parent / "later" / "token").write_text("wrong")
    config = hb.load_config("helpdesk.toml")
    monkeypatch.chdir(first.parent / "later")
    assert config.desk("it").settings.token.reveal() == "right"


@pytest.mark.parametrize("form", [str, Path])
def test_paths_of_a_mapping_begin_where_it_was_read(
    form: Callable[[str], Any], first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = hb.load_config({"desks": {"it": {"adapter": "memory", "path": form("desk.db")}}})
    monkeypatch.chdir(first.parent / "later")
    assert config.desk("it").settings.path == first / "desk.db"


@pytest.mark.asyncio
async def test_what_is_made_by_hand_keeps_its_file(
    first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first / "a.txt").write_bytes(b"right")
    later = first.parent / "later"
    (later / "a.txt").write_bytes(b"wrong")
    limiter = hb.FileLimiter("400/minute", "limit.db")
    upload = hb.Upload(name="a.txt", data=Path("a.txt"))
    monkeypatch.chdir(later)
    await limiter.acquire()
    limiter.release(used=True)
    limiter.close()
    assert (first / "limit.db").is_file()
    assert not (later / "limit.db").exists()
    assert await upload.read() == b"right"


@pytest.mark.asyncio
async def test_a_name_that_sqlite_takes_for_something_else_is_that_of_a_file(first: Path) -> None:
    ledger = hb.SqliteLedger("file:sent.db")
    async with hb.Helpdesk(hb.MemorySettings(), name="it", ledger=ledger) as desk:
        await desk.create_ticket(subject="S", requester=CUSTOMER, text="Help.", key="k")
    await ledger.aclose()
    assert (first / "file:sent.db").is_file()


@pytest.mark.asyncio
@pytest.mark.parametrize("begun", [False, True], ids=["at once", "while it is written"])
async def test_a_download_lands_where_its_call_began(
    begun: bool, first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first / "files").mkdir()
    (first.parent / "later" / "files").mkdir()
    content = b"x" * 1_000_000
    async with hb.Helpdesk(hb.MemorySettings(), name="it") as desk:
        upload = hb.Upload(name="a.txt", data=content)
        ticket = await desk.create_ticket(
            subject="S", requester=CUSTOMER, text="Help.", attachments=[upload]
        )
        (message,) = (await desk.messages(ticket)).items
        task = asyncio.ensure_future(desk.save_attachment(message.attachments[0], "files"))
        for _ in range(100_000):
            await asyncio.sleep(0)
            if not begun or os.listdir("files"):  # noqa: PTH208 - no path is read in a coroutine
                break
        monkeypatch.chdir(first.parent / "later")
        path = await task
    assert path == first / "files" / "a.txt"
    assert path.read_bytes() == content
    assert list((first.parent / "later" / "files").iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="it keeps the working directory from deletion")
@pytest.mark.asyncio
async def test_a_download_into_a_deleted_working_directory_is_told(first: Path) -> None:
    await asyncio.to_thread(first.rmdir)
    async with hb.Helpdesk(hb.MemorySettings(), name="it") as desk:
        with pytest.raises(hb.InvalidArgument, match="directory cannot be found") as caught:
            await desk.save_attachment(hb.Attachment(id="1"), "files")
    assert caught.value.operation == "save_attachment"


def _table(**values: object) -> object:
    return hb.load_config({"desks": {"it": {"adapter": "memory", **values}}}, environ={}).desk()


def test_a_file_that_is_kept_in_memory_is_refused() -> None:
    for make in (
        lambda: hb.SqliteLedger(":memory:"),
        lambda: hb.FileLimiter("4/minute", Path(":memory:")),
        lambda: hb.MemorySettings(path=":memory:"),
        lambda: _table(path=":memory:"),
        lambda: _table(ledger=":memory:"),
    ):
        with pytest.raises(hb.ConfigurationError, match="MemoryLedger"):
            make()


@pytest.mark.asyncio
async def test_a_file_of_that_name_is_one_where_no_sqlite_is_meant(
    first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first / ":memory:").write_bytes(b"right")
    assert await hb.Upload(name="a.txt", data=Path(":memory:")).read() == b"right"
    with pytest.raises(hb.InvalidArgument, match="cannot be read") as caught:
        await hb.Upload(name="a.txt", data=Path("gone/:memory:")).read()
    assert "MemoryLedger" not in str(caught.value)
    secret = {"adapter": "helpspace", "client_id": "c", "token": {"file": ":memory:"}}
    settings = hb.load_config({"desks": {"it": secret}}, environ={}).desk().settings
    assert settings.token.reveal() == "right"


@pytest.mark.skipif(sys.platform == "win32", reason="it keeps the working directory from deletion")
def test_a_deleted_working_directory_is_told(first: Path) -> None:
    first.rmdir()
    for make in (
        lambda: hb.SqliteLedger("sent.db"),
        lambda: hb.FileLimiter("4/minute", "limit.db"),
        lambda: hb.MemorySettings(path="desk.db"),
        lambda: hb.load_config({"desks": {"it": {"adapter": "memory", "path": "a.db"}}}).desk(),
        lambda: hb.load_config("helpdesk.toml"),
    ):
        with pytest.raises(hb.ConfigurationError, match=r"deleted|cannot be read|No such file"):
            make()
    with pytest.raises(hb.InvalidArgument, match="deleted"):
        hb.Upload(name="a.txt", data=Path("a.txt"))
    assert hb.load_config({"desks": {"it": {"adapter": "memory"}}}).desk().name == "it"
    assert hb.SqliteLedger("/sent.db").path == Path("/sent.db")
