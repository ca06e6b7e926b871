"""A memory desk with a path keeps everything over a restart, and shares its file with nobody."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.memory import Memory
from helpdesk_bridge.memory.storage import Storage
from helpdesk_bridge.memory.stored import StoredTicket
from helpdesk_bridge.testing import Mail, MemorySettings, Store, StoredFile, StoredMessage

CUSTOMER = hb.Party(name="Zoë Müßig", email="Zoë.Müßig@customer.example")
EVERY_BYTE = bytes(range(256)) * 300


def opened(path: Path | str) -> hb.Helpdesk:
    """Return a desk kept at ``path``."""
    return hb.Helpdesk(MemorySettings(path=path), name="it")


def store_of(desk: hb.Helpdesk) -> Store:
    """Return the Store behind a desk."""
    assert isinstance(desk.adapter, Memory)
    return desk.adapter.store


async def restarted(path: Path) -> Store:
    """Return what a new desk finds at ``path``."""
    async with opened(path) as desk:
        await desk.tickets()
        return store_of(desk)


def names(folder: Path) -> list[str]:
    """Return what is in a folder."""
    return sorted(path.name for path in folder.iterdir())


async def conversation(desk: hb.Helpdesk, ticket_id: str) -> list[tuple[hb.Message, list[bytes]]]:
    """Return the messages of a ticket, each with the bytes of its files."""
    found = []
    async for message in desk.messages(ticket_id):
        contents = []
        for attachment in message.attachments:
            async with desk.open_attachment(attachment) as chunks:
                contents.append(b"".join([chunk async for chunk in chunks]))
        found.append((message, contents))
    return found


async def busy_day(desk: hb.Helpdesk) -> list[str]:
    """Make every kind of call, with everything a call can be given; return the tickets' ids."""
    image = hb.Upload("straße 🏠.png", "image/png", EVERY_BYTE, content_id="house@1")
    full = await desk.create_ticket(
        subject="Überfällig? 💶 \u202eRTL",
        requester=CUSTOMER,
        html='<p>Größe &amp; "Maß" 👩‍👩‍👧 <img src="cid:house@1"></p>',
        status=hb.Status.ON_HOLD,
        priority=hb.Priority.URGENT,
        kind=hb.TicketKind.INCIDENT,
        assignee=hb.Party(id="7", name="Ana", role=hb.Role.AGENT),
        team="Zürich",
        tags=["a", "ä"],
        channel=hb.Channel(id="c", name="Mail", address="in@desk.example", kind="email"),
        custom_fields={"plan": {"größe": [1, 2.5, None, True, "x"]}},
        attachments=[image, hb.Upload("leer.txt", data=b"")],
        created_at=datetime(2020, 2, 29, 23, 59, 59, 123456, timezone(timedelta(hours=5.5))),
    )
    plain = await desk.create_ticket(subject="Plain", requester=CUSTOMER, text="a\r\n\tb\u2028c")
    await desk.reply(
        full,
        text="Antwort",
        send_email=True,
        to=["x@a.example"],
        cc=["y@a.example"],
        bcc=["z@a.example"],
        status=hb.Status.RESOLVED,
        attachments=[hb.Upload("b.bin", data=EVERY_BYTE)],
    )
    await desk.reply(plain, text="For the record.", send_email=False)
    await desk.note(plain, html="<b>Notiz</b>", priority=hb.Priority.LOW)
    await desk.forward(full, to="bank@a.example", text="Please look.")
    await desk.add_request(
        plain, author="new@a.example", text="By phone.", created_at=datetime(2019, 1, 1, tzinfo=UTC)
    )
    await desk.update_ticket(full, subject="Neu", assignee=None, custom_fields={"n": 1}, tags=[])
    await desk.delete_ticket(plain)
    return [full.id, plain.id]


@pytest.mark.asyncio
async def test_everything_users_see_is_the_same_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "größe 💶.db"
    async with opened(path) as desk:
        ids = await busy_day(desk)
        tickets = [await desk.ticket(number) for number in ids]
        messages = [await conversation(desk, number) for number in ids]
        outbox = store_of(desk).outbox
    assert [len(found) for found in messages] == [3, 4]
    assert len(outbox) == 2
    async with opened(str(path)) as desk:
        assert [await desk.ticket(number) for number in ids] == tickets
        assert [await conversation(desk, number) for number in ids] == messages
        assert store_of(desk).outbox == outbox
        assert [ticket.id async for ticket in desk.tickets()] == ids[:1]


def changed_from_default(stored: Any) -> None:
    """Assert that each field of ``stored`` is given, so that a restart could lose it."""
    for attribute in attrs.fields(type(stored)):
        default = attribute.default
        default = default.factory() if isinstance(default, attrs.Factory) else default  # type: ignore[arg-type]
        assert getattr(stored, attribute.name) != default, attribute.name


@pytest.mark.asyncio
async def test_every_field_of_the_store_is_kept(tmp_path: Path) -> None:
    zone = timezone(timedelta(hours=-3, minutes=-30))
    ana = hb.Party(name="Ana", email="ana@desk.example", id="7", role=hb.Role.AGENT)
    times = {"created_at": datetime(2020, 1, 1, 1, 1, 1, 1), "updated_at": datetime.now(zone)}  # noqa: DTZ001 - a naive one is kept as it is
    file: dict[str, Any] = {
        "name": "a",
        "mime_type": "b/c",
        "content": b"\0",
        "inline": True,
        "content_id": "d",
    }

    def fill(store: Store) -> None:
        person = store.person("a@b.example", "A")
        message = StoredMessage(
            id=store.number(), type=hb.MessageType.RESPONSE, audience=hb.Audience.FORWARD,
            author=ana, html="<p>", created_at=datetime.now(UTC), text="t", to=(person, ana),
            cc=(ana,), bcc=(ana,), subject="s", word="w",
            files=[StoredFile(id=store.number(), **file) for _ in range(2)],
        )  # fmt: skip
        ticket = StoredTicket(
            id=store.number(), subject="s", requester=person, status=hb.Status.SPAM,
            priority=hb.Priority.HIGH, kind=hb.TicketKind.TASK, assignee=ana, team="t",
            channel=hb.Channel(id="1"), tags=("x",), custom_fields={"a": [{"b": None}]},
            last_message_at=datetime.now(UTC), deleted_at=datetime.now(zone), **times,
            messages=[message], change=7,
        )  # fmt: skip
        store.tickets[ticket.id] = ticket
        mail = Mail(
            ticket_id=ticket.id, message_id=message.id, type=message.type, to=("a",), cc=("b",),
            bcc=("c",), subject="s", html="h", files=("f", "g"),
        )  # fmt: skip
        store.outbox += [mail, attrs.evolve(mail, message_id=None)]
        for stored in (ticket, message, *message.files, mail):
            changed_from_default(stored)

    first, second = Storage(tmp_path / "a.db"), Storage(tmp_path / "a.db")
    await first.write(None, fill)
    await first.aclose()
    loaded = await second.read()
    await second.aclose()
    assert loaded == first.store
    assert [loaded.tickets, loaded.outbox] != [{}, []]


@pytest.mark.asyncio
async def test_ids_go_on_after_a_restart_and_people_keep_theirs(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    seen: list[int] = []
    people = set()
    for _ in range(3):
        async with opened(path) as desk:
            ticket = await desk.create_ticket(subject="s", requester=CUSTOMER, text="t")
            file = hb.Upload("a.txt", data=b"a")
            sent = await desk.note(ticket, text="n", attachments=[file])
            assert sent.id is not None
            assert sent.message is not None
            seen += [int(ticket.id), int(sent.message.attachments[0].id), int(sent.id)]
            people.add(ticket.requester.id)
    assert seen == sorted(set(seen))
    assert len(people) == 1


@pytest.mark.asyncio
async def test_many_calls_at_once_are_all_kept_under_ids_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with opened(path) as desk:
        ticket = await desk.create_ticket(subject="s", requester=CUSTOMER, text="t")
        calls = [desk.note(ticket, text=f"note {number}") for number in range(25)]
        others = [
            desk.create_ticket(subject="s", requester=f"{number}@a.example", text="t")
            for number in range(25)
        ]
        sent, made = await asyncio.gather(asyncio.gather(*calls), asyncio.gather(*others))
        store = store_of(desk)
    ids = {*(note.id for note in sent), *(t.id for t in made), *(t.requester.id for t in made)}
    assert len(ids) == 75
    assert await restarted(path) == store
    assert len(store.tickets[int(ticket.id)].messages) == 26


@pytest.mark.asyncio
async def test_the_database_is_touched_in_one_thread_and_not_in_the_event_loops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: dict[str, set[int]] = {}

    def note(what: str) -> None:
        threads.setdefault(what, set()).add(threading.get_ident())

    class Watched(sqlite3.Connection):
        def execute(self, *args: Any) -> sqlite3.Cursor:
            note("execute")
            return super().execute(*args)

        def close(self) -> None:
            note("close")
            super().close()

    connect = partial(sqlite3.connect, factory=Watched)

    def connecting(*args: Any, **options: Any) -> sqlite3.Connection:
        note("connect")
        return connect(*args, **options)

    monkeypatch.setattr(sqlite3, "connect", connecting)
    async with opened(tmp_path / "a.db") as desk:
        await busy_day(desk)
    assert set(threads) == {"connect", "execute", "close"}
    assert len(set.union(*threads.values())) == 1
    assert threading.get_ident() not in threads["connect"]


def test_a_desk_without_a_path_does_not_import_sqlite(tmp_path: Path) -> None:
    program = """
import asyncio, sys
import helpdesk_bridge as hb
from helpdesk_bridge.testing import MemorySettings

async def main(**settings):
    async with hb.Helpdesk(MemorySettings(**settings)) as desk:
        await desk.create_ticket(subject="s", requester="a@b.example", text="t")

asyncio.run(main())
print("sqlite3" in sys.modules)
asyncio.run(main(path=sys.argv[1]))
print("sqlite3" in sys.modules)
"""
    command = [sys.executable, "-c", program, str(tmp_path / "a.db")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


# -- custom fields ---------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_custom_fields_are_at_once_what_they_will_be_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    given = {"pair": (1, 2), "by number": {3: "three"}, "half": "\ud800"}
    async with opened(path) as desk:
        ticket = await desk.create_ticket(
            subject="s", requester=CUSTOMER, text="t", custom_fields=given
        )
        assert ticket.custom_fields == {
            "pair": [1, 2], "by number": {"3": "three"}, "half": "\ud800"
        }  # fmt: skip
    async with opened(path) as desk:
        assert await desk.ticket(ticket.id) == ticket


@pytest.mark.parametrize("value", [object(), b"x", {1, 2}, {(1, 2): 3}, datetime.now(UTC)])
@pytest.mark.asyncio
async def test_what_cannot_be_kept_is_refused_and_nothing_is_changed(
    tmp_path: Path, value: object
) -> None:
    path = tmp_path / "a.db"
    async with opened(path) as desk:
        ticket = await desk.create_ticket(subject="s", requester=CUSTOMER, text="t")
        with pytest.raises(hb.InvalidArgument, match="custom_fields"):
            await desk.update_ticket(ticket, subject="new", custom_fields={"a": value})
        with pytest.raises(hb.InvalidArgument, match="custom_fields"):
            await desk.create_ticket(
                subject="s", requester="n@a.example", text="t", custom_fields={"a": value}
            )
        assert await desk.ticket(ticket.id) == ticket
        assert len(store_of(desk).tickets) == len(store_of(desk).people) == 1
        assert await desk.ticket(ticket.id) == ticket
    assert await restarted(path) == store_of(desk)


@pytest.mark.asyncio
async def test_changing_a_ticket_one_was_given_changes_nothing_on_the_desk(tmp_path: Path) -> None:
    async with opened(tmp_path / "a.db") as desk:
        ticket = await desk.create_ticket(
            subject="s", requester=CUSTOMER, text="t", custom_fields={"list": [1]}
        )
        ticket.custom_fields["list"].append(2)
        assert (await desk.ticket(ticket.id)).custom_fields == {"list": [1]}


# -- where it is kept ------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_relative_path_begins_where_the_desk_was_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "later").mkdir()
    monkeypatch.chdir(tmp_path)
    async with opened("a.db") as desk:
        monkeypatch.chdir(tmp_path / "later")
        await desk.create_ticket(subject="s", requester=CUSTOMER, text="t")
    assert len((await restarted(tmp_path / "a.db")).tickets) == 1
    assert names(tmp_path / "later") == []


@pytest.mark.asyncio
async def test_a_desk_that_makes_no_call_makes_no_file(tmp_path: Path) -> None:
    async with opened(tmp_path / "a.db"):
        pass
    assert names(tmp_path) == []


@pytest.mark.asyncio
async def test_a_closed_desk_leaves_one_file_and_nothing_beside_it(tmp_path: Path) -> None:
    async with opened(tmp_path / "a.db") as desk:
        await busy_day(desk)
    assert names(tmp_path) == ["a.db"]


@pytest.mark.asyncio
async def test_a_path_can_be_configured(tmp_path: Path) -> None:
    config = {"desks": {"it": {"adapter": "memory", "path": str(tmp_path / "a.db")}}}
    async with hb.connect("it", config=config) as desk:
        ticket = await desk.create_ticket(subject="s", requester=CUSTOMER, text="t")
    assert list((await restarted(tmp_path / "a.db")).tickets) == [int(ticket.id)]


def test_a_path_and_a_store_together_are_refused_by_name() -> None:
    with pytest.raises(hb.ConfigurationError, match="path or store") as caught:
        MemorySettings(path="a.db", store=Store())
    assert caught.value.key == "path"
    table = {"adapter": "memory", "path": "a.db", "store": Store()}
    with pytest.raises(hb.ConfigurationError, match=r"\[desks.it\] path: .* path or store"):
        hb.connect("it", config={"desks": {"it": table}})


@pytest.mark.parametrize("path", ["", 5, b"a.db"])
def test_what_is_no_path_is_refused_by_name(path: Any) -> None:
    with pytest.raises(hb.ConfigurationError, match="the path of a file") as caught:
        MemorySettings(path=path)
    assert caught.value.key == "path"


# -- a file that cannot be used --------------------------------------------------------------


def run_sql(path: Path, *statements: str) -> None:
    """Change a database behind the desk's back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as sql:
        for statement in statements:
            sql.execute(statement)


def another_programs(path: Path) -> None:
    path.unlink()
    run_sql(path, "CREATE TABLE t (a)")


def of_another_kind(path: Path) -> None:
    path.write_text("to do: buy milk\n" * 100)


def torn(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))


def is_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (another_programs, "belongs to another program: give the name of a new file"),
        (of_another_kind, "not a database: give the name of a new file"),
        (torn, "damaged: put a copy in its place"),
        (is_a_folder, "must be a file in a folder that exists"),
        (lambda path: run_sql(path, "PRAGMA user_version = 3"), "format is 3, and .* knows 2"),
        (lambda path: run_sql(path, "PRAGMA user_version = 0"), "format is 0"),
        (lambda path: run_sql(path, "PRAGMA application_id = 5"), "another program"),
        (lambda path: run_sql(path, "UPDATE tickets SET fields = '{}'"), "cannot be read"),
        (lambda path: run_sql(path, "UPDATE outbox SET fields = '{'"), "cannot be read"),
        (lambda path: run_sql(path, "DELETE FROM tickets"), r"cannot be read \(KeyError\)"),
        (lambda path: run_sql(path, "DELETE FROM desk"), "cannot be read"),
        (lambda path: run_sql(path, "DROP TABLE files"), "no such table"),
    ],
)
@pytest.mark.asyncio
async def test_a_file_that_cannot_be_used_is_refused_and_left_alone(
    tmp_path: Path, spoil: Any, words: str
) -> None:
    path = tmp_path / "a.db"
    async with opened(path) as desk:
        await busy_day(desk)
    good = path.read_bytes()
    spoil(path)
    before = path.read_bytes() if path.is_file() else b""
    async with opened(path) as desk:
        for call in (
            desk.ticket("1001"),
            desk.create_ticket(subject="s", requester="a@b.c", text="t"),
        ):
            with pytest.raises(hb.ConfigurationError, match=words) as caught:
                await call
            assert (caught.value.key, caught.value.desk) == ("path", "it")
            assert str(path) in str(caught.value)
        assert store_of(desk) == Store()
        assert (path.read_bytes() if path.is_file() else b"") == before
        if path.is_file():  # and once it is mended, the same desk goes on
            path.write_bytes(good)
            assert (await desk.tickets()).items


@pytest.mark.parametrize("path", ["missing/a.db", "nul\0.db"])
@pytest.mark.asyncio
async def test_a_place_that_cannot_be_is_refused(tmp_path: Path, path: str) -> None:
    async with opened(tmp_path / path) as desk:
        with pytest.raises(hb.ConfigurationError) as caught:
            await desk.tickets()
    assert caught.value.key == "path"
    assert names(tmp_path) == []


@pytest.mark.asyncio
async def test_a_file_that_may_not_be_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.db"
    await restarted(path)
    connect = sqlite3.connect
    address = f"{path.as_uri()}?mode=ro"  # not by its rights: an administrator has them all
    monkeypatch.setattr(sqlite3, "connect", lambda _, **kw: connect(address, uri=True, **kw))
    async with opened(path) as desk:
        with pytest.raises(hb.ConfigurationError, match="may not write"):
            await desk.tickets()


@pytest.mark.asyncio
async def test_two_desks_never_share_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    (tmp_path / "link.db").symlink_to(path)
    settings = MemorySettings(path=path)
    async with hb.Helpdesk(settings) as first:
        ticket = await first.create_ticket(subject="s", requester=CUSTOMER, text="t")
        for second in (hb.Helpdesk(settings), opened(path), opened(tmp_path / "link.db")):
            async with second:
                for call in (second.ticket(ticket.id), second.note(ticket.id, text="n")):
                    with pytest.raises(hb.ConfigurationError, match="open in another desk"):
                        await call
        await first.note(ticket, text="The first goes on.")
    async with hb.Helpdesk(settings) as third:
        assert len([message async for message in third.messages(ticket)]) == 2


def _nested(levels: int) -> Any:
    value: Any = 1
    for level in range(levels):
        value = {"a": value} if level % 2 else [value, [], "x"]
    return value


@pytest.mark.asyncio
async def test_values_too_deep_to_be_read_again_are_refused(tmp_path: Path) -> None:
    async with hb.Helpdesk(MemorySettings(path=tmp_path / "desk.db"), name="it") as desk:
        ticket = await desk.create_ticket(subject="S", requester=CUSTOMER, text="x")
        for levels in (201, 400, 900, 100_000):
            with pytest.raises(
                hb.InvalidArgument, match=r"at most 200 levels deep|more than 254 levels deep"
            ) as caught:
                await desk.update_ticket(ticket, custom_fields={"a": _nested(levels)})
            assert caught.value.outcome is hb.Outcome.NOT_SENT
        fields = {"a": _nested(199), "b": [_nested(100)] * 3}
        await desk.update_ticket(ticket, custom_fields=fields)
    async with hb.Helpdesk(MemorySettings(path=tmp_path / "desk.db"), name="it") as desk:
        assert (await desk.ticket(ticket.id)).custom_fields == fields
