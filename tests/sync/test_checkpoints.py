"""Checkpoints: how large they are, what they hold, which are refused, and that old ones go on."""

from __future__ import annotations

import json
import zlib
from base64 import b85encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

import helpdesk_bridge as hb
from helpdesk_bridge import InvalidArgument
from helpdesk_bridge.memory import Store
from helpdesk_bridge.model import ChangeMode
from helpdesk_bridge.sync.checkpoint import LARGEST, State
from helpdesk_bridge.sync.events import View
from helpdesk_bridge.sync.versions import identity, key_of, version
from helpdesk_bridge.testing import MemorySettings
from helpdesk_bridge.testing.sandbox import fake_of
from tests.every_adapter.places import ADAPTERS
from tests.sync.costs import caught_up, desk_on
from tests.sync.kept import DESKS, FOLDER, happens, place_of

MANY = 20_000
KEPT = {file.stem: file.read_text(encoding="utf-8") for file in sorted(FOLDER.glob("v*-*.json"))}
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
SHAPES: dict[str, Callable[[int], str]] = {
    "numbers": lambda number: str(number * 7919 + 100_000),
    "uuids": lambda number: f"{number * 0x9E3779B97F4A7C15F39CC0605CEDC834 % (1 << 128):032x}",
    "long": lambda number: f"{'ticket/' * 20}{number * 0x9E3779B97F4A7C15 % (1 << 64):x}",
}


def offline(name: str = "it", **given: Any) -> hb.Helpdesk:
    """Return a desk that is asked nothing."""
    return hb.Helpdesk(MemorySettings(**given), name=name)


async def refused(desk: hb.Helpdesk, checkpoint: Any, **given: Any) -> str:
    """Return why a checkpoint is refused."""
    with pytest.raises(InvalidArgument) as caught:
        await caught_up(desk, checkpoint, **given)
    assert "changes" in str(caught.value)
    return caught.value.message


# -- size ------------------------------------------------------------------------------------


@cache
def full(shape: str, messages: bool) -> State:
    """Return the state of a lineage that told 20,000 tickets, a message each, and much trouble."""
    state = State.begin(offline("d" * 60), messages=messages)
    made = SHAPES[shape]
    for number in range(MANY):
        ticket_id, at = made(number), NOON + timedelta(seconds=number * 37)
        ticket = hb.Ticket(id=ticket_id, created_at=at, updated_at=at)
        state.known.listed([ticket_id])
        if number >= MANY - 5_000:
            state.seen.put(identity(ticket_id), version(ticket))
            state.deletions.put(identity(ticket_id), version(ticket))
            state.versions.add(key_of(ticket_id, version(ticket)))
            state.standing.note(ticket)
            state.done.put(identity(ticket_id), version(ticket))
        if messages:
            state.told.add([hb.Message(id=made(-number), ticket_id=ticket_id, created_at=at)])
    state.listed = state.begun = True
    state.floor = state.newest = NOON
    state.cursor, state.place = "c" * 200_000, "p" * 500
    while len(json.dumps(state.unread)) < 2_900 - len(made(0)):
        state.unread[made(len(state.unread))] = 1_777_777_777.123
    return state


@pytest.mark.parametrize("messages", [False, True], ids=["tickets", "messages"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("mode", list(ChangeMode))
def test_it_stays_small_on_a_large_desk(mode: ChangeMode, shape: str, messages: bool) -> None:
    state = evolve(full(shape, messages), mode=mode)
    text = state.to_text()
    view = View(state)
    batch = hb.ChangeBatch(deleted=("7",), checkpoint=text, caught_up=True)
    (event,) = view.events(batch, ())
    assert event.checkpoint is not None
    assert max(len(text), len(event.checkpoint)) < LARGEST
    desk = offline("d" * 60)
    read = State._read(json.loads(event.checkpoint), desk)
    assert (read.mode, read.unread, read.floor) == (mode, state.unread, NOON)
    assert len(read.told) <= len(state.told)


# -- what is in it ---------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_it_holds_no_secret(adapter: str) -> None:
    kind = fake_of(adapter)
    table = {} if kind is None else kind(Store()).table()
    secrets = {word for word in strings(table) if len(word) > 5 and "http" not in word} - {adapter}
    store = Store()
    asker = store.person("li@customer.example")
    store.create_ticket(subject="Export", requester=asker, html="<p>Why?</p>")
    async with desk_on(adapter, store) as (desk, _):
        checkpoints = [batch.checkpoint async for batch in desk.changes(messages=True)]
        checkpoints += [str(event.checkpoint) async for event in desk.events()]
    assert len(checkpoints) > 2
    for told in (*secrets, "127.0.0.1", "li@customer.example", "Export", "Why"):
        assert not [one for one in checkpoints if told in one]
    assert secrets or adapter == "memory"


def strings(value: Any) -> Iterator[str]:
    """Yield the texts in a table of a configuration."""
    if isinstance(value, dict):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, str):
        yield value


# -- what is refused -------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_one_of_another_desk_vendor_or_account_is_refused() -> None:
    async with place_of("memory") as (desk, store):
        checkpoint = (await caught_up(desk, None)).checkpoint
    async with hb.Helpdesk(MemorySettings(store=store), name="other") as desk:
        said = await refused(desk, checkpoint)
        assert "of desk 'it' (memory), and this is desk 'other' (memory)" in said
    async with place_of("helpspace") as (desk, _):
        assert "this is desk 'it' (helpspace)" in await refused(desk, checkpoint)
        own = json.loads((await caught_up(desk, None)).checkpoint)
        said = await refused(desk, json.dumps({**own, "account": "000000000000"}))
        assert "another account" in said


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "given",
    ["", " ", "{}", "[]", "null", "7", "\x00", "cursor", b"{}", 7, {}, "{" * 100_000, "9" * 10_000],
    ids=lambda given: repr(given)[:20],
)
async def test_what_is_none_is_refused(given: Any) -> None:
    async with offline() as desk:
        assert (await refused(desk, given)).startswith("this text is not a checkpoint")


@pytest.mark.asyncio
@pytest.mark.parametrize("version_", [0, -1, 2, 10**30, True, "1", None])
async def test_one_of_a_later_version_is_refused(version_: Any) -> None:
    async with place_of("memory") as (desk, _):
        own = json.loads((await caught_up(desk, None)).checkpoint)
        own["helpdesk_bridge.changes"] = version_
        said = await refused(desk, json.dumps(own))
    assert ("update it" in said) == (version_ == 2)


@pytest.mark.asyncio
async def test_messages_are_not_left_out_by_a_lineage_that_has_them() -> None:
    async with place_of("memory") as (desk, _):
        checkpoint = (await caught_up(desk, None, messages=True)).checkpoint
        assert "made with messages=True" in await refused(desk, checkpoint)


@pytest.mark.asyncio
@pytest.mark.parametrize("every", [None, 30.0])
async def test_events_do_not_go_on_from_a_lineage_without_messages(every: float | None) -> None:
    """It does not know where tickets stand: each open one would count as just opened."""
    async with place_of("memory") as (desk, store):
        checkpoint = (await caught_up(desk, None)).checkpoint
        with pytest.raises(InvalidArgument, match="made with messages=False"):
            await anext(desk.events(checkpoint, every=every))
        taken_up = (await caught_up(desk, checkpoint, messages=True)).checkpoint
        happens(store)
        events = [one async for one in desk.events(taken_up)]
    assert {one.kind for one in events} >= {hb.EventKind.MESSAGE_RECEIVED}


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_a_lineage_that_takes_messages_up_tells_the_newer_ones(adapter: str) -> None:
    async with place_of(adapter) as (desk, store):
        checkpoint = (await caught_up(desk, None)).checkpoint
        happens(store)
        read = await caught_up(desk, checkpoint, messages=True)
        newer = [one for one in read.messages if one.text in ("And now?", "Why me?")]
        assert sorted(one.text or "" for one in newer) == ["And now?", "Why me?"]
        older = {one.ticket_id for one in read.messages} - {one.ticket_id for one in newer}
        assert len(older) <= 2  # what came about when the checkpoint was made
        after = await caught_up(desk, read.checkpoint, messages=True)
        assert after.messages == ()


# -- what is damaged -------------------------------------------------------------------------


def bomb(size: int) -> str:
    """Return a packed text of a few letters that unpacks to ``size`` bytes."""
    return b85encode(zlib.compress(bytes(size), 9)).decode()


BOMB = bomb(150_000_000)[:200_000]
WORDS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=10**18, max_value=10**400),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from([BOMB, "2026-01-05T08:50:00", "9999-12-31T23:59:59+00:00", "0" * 9_000]),
    st.sampled_from(["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=2),
)


def read_as_it_is(text: str) -> None:
    """Take a checkpoint up as events do; it works, or is InvalidArgument."""
    data = json.loads(KEPT["v1-cursor"])
    desk = offline()
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = None
    if isinstance(given, dict):  # of this desk, so that what is behind it is read
        own = {name: data[name] for name in ("desk", "vendor", "account")}
        text = json.dumps({**given, **own})
    try:
        state = State.read(text, desk, messages=True)
    except InvalidArgument:
        return
    state.told.settle(state.floor, state.above)
    assert len(state.to_text()) < LARGEST + len(text)


@pytest.mark.parametrize("name", KEPT)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_text_that_was_cut_or_changed_is_refused_or_works(name: str, data: st.DataObject) -> None:
    text = KEPT[name]
    at = data.draw(st.integers(0, len(text)))
    to = data.draw(st.integers(at, min(len(text), at + 40)))
    read_as_it_is(text[:at] + data.draw(st.text(max_size=5)) + text[to:])
    read_as_it_is(text[:at])


def parts(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield where the values of a checkpoint are."""
    for name, one in value.items():
        yield (*path, name)
        if isinstance(one, dict):
            yield from parts(one, (*path, name))


def put(value: Any, path: tuple[str, ...], new: Any) -> Any:
    """Return a checkpoint with another value in one place."""
    name, *rest = path
    return {**value, name: put(value[name], tuple(rest), new) if rest else new}


@pytest.mark.parametrize("name", KEPT)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_part_of_another_kind_is_refused_or_works(name: str, data: st.DataObject) -> None:
    own = json.loads(KEPT[name])
    own |= {"unread": {"7": 1.5}, "deletions": own.get("seen"), "place": "p", "cursor": "c"}
    path = data.draw(st.sampled_from(sorted(parts(own))))
    read_as_it_is(json.dumps(put(own, path, data.draw(WORDS))))


# -- old ones --------------------------------------------------------------------------------


def test_there_is_one_of_each_mode() -> None:
    assert {name.partition("-")[2] for name in KEPT} >= DESKS.keys()


@pytest.mark.asyncio
@pytest.mark.parametrize("name", KEPT)
async def test_an_old_one_goes_on(name: str) -> None:
    checkpoint = KEPT[name]
    async with place_of(DESKS[name.partition("-")[2]]) as (desk, store):
        store.update_ticket(min(store.tickets), subject="Import 0")
        assert [event async for event in desk.events(checkpoint)] == []
        happens(store)
        told = [event async for event in desk.events(checkpoint)]
        assert [event async for event in desk.events(told[-1].checkpoint)] == []
    events = [(one.kind.value, one.ticket and one.ticket.subject) for one in told]
    people = [one for one in events if one[0] != "message_added"]
    assert sorted(people) == [
        ("message_received", "Export 2"),
        ("message_received", "New"),
        ("status_changed", "Import 1"),
        ("ticket_created", "New"),
        ("ticket_updated", "Export 2"),
        ("ticket_updated", "Import 1"),
    ]
    assert [one.before for one in told if one.before] == [hb.Status.OPEN]
