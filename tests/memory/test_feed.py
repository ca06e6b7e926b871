"""The feed of a desk in memory tells what changed behind a place, and misses nothing."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.kit import Feed
from helpdesk_bridge.memory import Memory
from helpdesk_bridge.memory.storage import Storage
from helpdesk_bridge.testing import MemorySettings, Store

CUSTOMER = "li@customer.example"
CHILD = Path(__file__).with_name("feed_child.py")
FORMAT_1 = Path(__file__).with_name("format_1.sql")
pytestmark = pytest.mark.asyncio


def opened(path: Path | None = None, store: Store | None = None) -> hb.Helpdesk:
    return hb.Helpdesk(MemorySettings(path=path, store=store), name="it")


def store_of(desk: hb.Helpdesk) -> Store:
    assert isinstance(desk.adapter, Memory)
    return desk.adapter.store


async def ticket(desk: hb.Helpdesk, subject: str = "Export") -> str:
    made = await desk.create_ticket(subject=subject, requester=CUSTOMER, text="It stops.")
    return made.id


async def feeds(desk: hb.Helpdesk, place: str | None) -> AsyncIterator[Feed]:
    """Yield what is behind a place, until it is caught up."""
    while True:
        feed = await desk.adapter.read_feed(place)
        yield feed
        if feed.caught_up:
            return
        assert feed.place != place
        place = feed.place


async def told(desk: hb.Helpdesk, place: str | None) -> tuple[list[str], list[str], str]:
    """Return the ids of the tickets and of the deleted ones behind a place, and the last place."""
    found = [feed async for feed in feeds(desk, place)]
    tickets = [one.id for feed in found for one in feed.tickets]
    return tickets, [one for feed in found for one in feed.deleted], found[-1].place


@pytest.fixture(params=["store", "file"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    """Return where a desk is kept: nowhere, or in a file."""
    return tmp_path / "a.db" if request.param == "file" else None


async def test_the_offer_says_that_a_feed_tells_everything() -> None:
    async with opened() as desk:
        changes = desk.capabilities[hb.Capability.CHANGES]
    assert changes.limits.mode is hb.ChangeMode.CURSOR
    assert changes.limits.sees == frozenset(hb.ChangeKind)


async def test_an_empty_desk_is_caught_up_and_its_place_stays(path: Path | None) -> None:
    async with opened(path) as desk:
        first = await desk.adapter.read_feed(None)
        assert (first.tickets, first.deleted, first.caught_up) == ((), (), True)
        assert await desk.adapter.read_feed(first.place) == first
        made = await ticket(desk)
        tickets, deleted, place = await told(desk, first.place)
        assert (tickets, deleted) == ([made], [])
        assert await told(desk, place) == ([], [], place)


WRITES: dict[str, Callable[[hb.Helpdesk, str], Any]] = {
    "update": lambda desk, number: desk.update_ticket(number, tags=["x"]),
    "note": lambda desk, number: desk.note(number, text="n"),
    "reply": lambda desk, number: desk.reply(
        number, text="r", send_email=True, status=hb.Status.PENDING
    ),
    "silent reply": lambda desk, number: desk.reply(number, text="r", send_email=False),
    "forward": lambda desk, number: desk.forward(number, to="bank@a.example", text="f"),
    "old request": lambda desk, number: desk.add_request(
        number, author=CUSTOMER, text="o", created_at=datetime(2019, 1, 1, tzinfo=UTC)
    ),
}


@pytest.mark.parametrize("write", WRITES)
async def test_each_write_puts_its_ticket_behind_every_place(path: Path | None, write: str) -> None:
    async with opened(path) as desk:
        first, second = await ticket(desk), await ticket(desk)
        _, _, place = await told(desk, None)
        await WRITES[write](desk, first)
        feed = await desk.adapter.read_feed(place)
        assert feed.tickets == (await desk.ticket(first),)
        assert (feed.deleted, feed.caught_up) == ((), True)
        assert (await told(desk, None))[0] == [second, first]
        assert (await told(desk, feed.place))[0] == []


async def test_a_deleted_ticket_is_told_by_its_id_until_it_is_restored(path: Path | None) -> None:
    async with opened(path) as desk:
        first, second = await ticket(desk), await ticket(desk)
        _, _, place = await told(desk, None)
        await desk.delete_ticket(first)
        assert (await told(desk, place))[:2] == ([], [first])
        await desk.update_ticket(first, tags=["still deleted"])
        assert (await told(desk, place))[:2] == ([], [first])
        assert (await told(desk, None))[:2] == ([second], [first])


async def test_restoring_a_ticket_is_a_change_and_restoring_another_is_none() -> None:
    store = Store()
    async with opened(store=store) as desk:
        first = await ticket(desk)
        await desk.delete_ticket(first)
        _, _, place = await told(desk, None)
        store.restore_ticket(int(first))
        tickets, deleted, place = await told(desk, place)
        assert (tickets, deleted) == ([first], [])
        assert (await desk.ticket(first)).deleted_at is None
        store.restore_ticket(int(first))
        assert (await told(desk, place))[:2] == ([], [])


async def test_two_messages_of_one_time_are_two_changes_of_a_ticket_that_looks_the_same() -> None:
    now = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
    async with opened(store=Store(clock=lambda: now)) as desk:
        number = await ticket(desk)
        seen: list[hb.Ticket] = []
        _, _, place = await told(desk, None)
        for words in ("first", "second"):
            await desk.note(number, text=words)
            feed = await desk.adapter.read_feed(place)
            place = feed.place
            seen += feed.tickets
    assert len(seen) == 2
    assert seen[0] == seen[1]


async def test_pages_end_where_the_next_one_begins(path: Path | None) -> None:
    async with opened(path) as desk:
        made = [await ticket(desk) for _ in range(100)]
        pages = [feed async for feed in feeds(desk, None)]
        assert [[one.id for one in feed.tickets] for feed in pages] == [made[:50], made[50:]]
        await desk.delete_ticket(made[0])
        pages = [feed async for feed in feeds(desk, None)]
        assert [len(feed.tickets) for feed in pages] == [50, 49]
        assert [feed.deleted for feed in pages] == [(), (made[0],)]


async def test_a_ticket_that_changes_while_pages_are_read_comes_again_and_hides_none() -> None:
    async with opened() as desk:
        made = [await ticket(desk) for _ in range(120)]
        seen: list[str] = []
        moves = iter((made[0], made[60]))
        async for feed in feeds(desk, None):
            seen += [one.id for one in feed.tickets]
            if (moved := next(moves, None)) is not None:
                await desk.update_ticket(moved, tags=["moved"])
    assert set(seen) == set(made)
    assert seen.count(made[0]) == 2
    assert seen.count(made[60]) == 2


def _status(store: Store, number: int) -> None:
    store.tickets[number].status = hb.Status.CLOSED


def _put_in(store: Store, number: int) -> None:
    other = Store(last_number=number + 100)
    party = hb.Party(email=CUSTOMER)
    put = other.create_ticket(subject="s", requester=party, html="<p>h</p>")
    put.change = 0
    store.tickets[put.id] = put


@pytest.mark.parametrize("change", [_status, _put_in])
async def test_what_a_test_does_past_the_methods_of_the_store_is_told(
    change: Callable[[Store, int], None],
) -> None:
    store = Store()
    async with opened(store=store) as desk:
        number = await ticket(desk)
        _, _, place = await told(desk, None)
        change(store, int(number))
        assert len((await told(desk, place))[0]) == 1


async def test_a_ticket_is_told_whatever_its_times_are() -> None:
    store = Store()
    async with opened(store=store) as desk:
        number = await ticket(desk)
        _, _, place = await told(desk, None)
        long_ago = datetime(2001, 1, 1, tzinfo=UTC)
        stored = store.update_ticket(int(number), updated_at=long_ago)
        assert stored.updated_at == long_ago
        assert (await told(desk, place))[0] == [number]


@pytest.mark.parametrize(
    "place",
    ["", "7", "m1", "m1..7", "m2.{identity}.0", "m1.{identity}.01", "m1.{identity}.-1",
     "m1.{identity}.\u0667", "m1.{identity}.0\n", "m1.{identity}." + "9" * 30],
)  # fmt: skip
async def test_what_is_no_place_is_refused(place: str) -> None:
    async with opened() as desk:
        with pytest.raises(hb.InvalidArgument, match="no place in the changes of a desk in memory"):
            await desk.adapter.read_feed(place.format(identity=store_of(desk).identity))


async def test_a_place_of_another_desk_is_refused(tmp_path: Path) -> None:
    async with opened() as one, opened() as other, opened(tmp_path / "a.db") as kept:
        for desk, stranger in ((one, other), (other, kept), (kept, one)):
            place = (await desk.adapter.read_feed(None)).place
            with pytest.raises(hb.InvalidArgument, match="another desk in memory"):
                await stranger.adapter.read_feed(place)


async def test_two_desks_on_one_store_have_the_same_places() -> None:
    store = Store()
    async with opened(store=store) as one, opened(store=store) as other:
        _, _, place = await told(one, None)
        made = await ticket(one)
        assert (await told(other, place))[0] == [made]


# -- a file ----------------------------------------------------------------------------------


async def test_a_place_holds_over_restarts(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with opened(path) as desk:
        first, second = await ticket(desk), await ticket(desk)
        _, _, place = await told(desk, None)
        await desk.note(first, text="n")
    for _ in range(2):
        async with opened(path) as desk:
            tickets, _, behind = await told(desk, place)
            assert tickets == [first]
    async with opened(path) as desk:
        assert (await told(desk, behind))[0] == []
        await desk.delete_ticket(second)
        assert (await told(desk, behind))[:2] == ([], [second])


async def test_a_write_that_failed_leaves_its_number_to_the_next_and_no_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(sqlite3.Connection):
        full: ClassVar[bool] = False

        def execute(self, *args: Any) -> sqlite3.Cursor:
            if args[0] == "COMMIT" and type(self).full:
                raise sqlite3.OperationalError("database or disk is full")
            return super().execute(*args)

    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Full))
    async with opened(tmp_path / "a.db") as desk:
        number = await ticket(desk)
        _, _, place = await told(desk, None)
        Full.full = True
        with pytest.raises(hb.VendorUnavailable):
            await desk.note(number, text="n")
        assert await told(desk, place) == ([], [], place)
        Full.full = False
        await desk.note(number, text="n")
        assert (await told(desk, place))[0] == [number]


async def test_what_a_write_does_past_the_methods_of_the_store_has_a_number_in_the_file(
    tmp_path: Path,
) -> None:
    def close(store: Store) -> None:
        store.tickets[int(number)].status = hb.Status.CLOSED

    path = tmp_path / "a.db"
    async with opened(path) as desk:
        number = await ticket(desk)
        _, _, place = await told(desk, None)
    storage = Storage(path)
    await storage.write(int(number), close)
    await storage.aclose()
    async with opened(path) as desk:
        assert (await told(desk, place))[0] == [number]


async def test_an_older_copy_of_the_file_does_not_take_a_place_that_is_ahead_of_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.db"
    async with opened(path) as desk:
        await ticket(desk)
    copy = path.read_bytes()
    async with opened(path) as desk:
        await ticket(desk)
        _, _, place = await told(desk, None)
    path.write_bytes(copy)
    async with opened(path) as desk:
        with pytest.raises(hb.InvalidArgument, match="an older copy of its file"):
            await desk.adapter.read_feed(place)


# -- a file of the format before -------------------------------------------------------------


def before(path: Path) -> None:
    """Make a file of the format 1: a ticket with a note and a reply, a deleted one, another one."""
    with closing(sqlite3.connect(path)) as sql:
        sql.executescript(FORMAT_1.read_text())


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as sql:
        (found,) = sql.execute("PRAGMA user_version").fetchone()
        return int(found)


async def test_a_file_of_the_format_before_is_read_and_has_a_feed(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    before(path)
    async with opened(path) as desk:
        tickets, deleted, place = await told(desk, None)
        assert (tickets, deleted) == (["1002", "1006"], ["1004"])
        words = [message.text async for message in desk.messages("1002")]
        assert words == ["It stops.", "Restarted.", "It runs."]
        assert len(store_of(desk).outbox) == 1
        made = await ticket(desk)
        assert int(made) > 1010
    assert version(path) == 2
    async with opened(path) as desk:
        assert (await told(desk, place))[0] == [made]
        await desk.note("1002", text="n")
        assert (await told(desk, place))[0] == [made, "1002"]


async def test_two_files_of_the_format_before_become_two_desks(tmp_path: Path) -> None:
    before(tmp_path / "a.db")
    before(tmp_path / "b.db")
    async with opened(tmp_path / "a.db") as one, opened(tmp_path / "b.db") as other:
        place = (await one.adapter.read_feed(None)).place
        with pytest.raises(hb.InvalidArgument, match="of another desk"):
            await other.adapter.read_feed(place)


async def test_processes_that_take_turns_at_a_file_miss_no_change_of_each_other(
    tmp_path: Path,
) -> None:
    path, turns = tmp_path / "a.db", 5
    before(path)
    command = [sys.executable, str(CHILD), str(path), str(turns)]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]  # noqa: ASYNC220
    said = [child.communicate()[0] for child in children]
    assert [child.returncode for child in children] == [0, 0]
    lines = [[json.loads(line) for line in one.splitlines()] for one in said]
    made = sorted(line["made"] for one in lines for line in one)
    async with opened(path) as desk:
        everything, deleted, _ = await told(desk, None)
        assert (everything, deleted) == (["1002", "1006", *made], ["1004"])
        numbers = [one.change for one in store_of(desk).tickets.values()]
        assert len({*numbers}) == len(numbers) == 3 + 2 * turns
        for one in lines:
            rest, _, _ = await told(desk, one[-1]["place"])
            assert [number for line in one for number in line["told"]] + rest == everything


async def test_bringing_a_file_to_this_format_happens_wholly_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.db"
    connect = sqlite3.connect
    before(path)
    refused = 0
    while version(path) == 1:
        stop_at = refused

        class Ending(sqlite3.Connection):
            """A connection that is gone at one of its statements."""

            left = stop_at

            def execute(self, *args: Any) -> sqlite3.Cursor:
                type(self).left -= 1
                if self.left < 0:
                    raise sqlite3.OperationalError("disk I/O error")
                return super().execute(*args)

        with monkeypatch.context() as patch:
            patch.setattr(sqlite3, "connect", partial(connect, factory=Ending))
            async with opened(path) as desk:
                try:
                    await desk.tickets()
                except hb.ConfigurationError:
                    refused += 1
        assert refused < 100, "it was left half done"
    assert refused > 10
    async with opened(path) as desk:
        assert (await told(desk, None))[:2] == (["1002", "1006"], ["1004"])
