"""Whatever an answer looks like, nothing is told of it that it does not prove.

A list is whole or an error, a write is a success only if the vendor said so and is never sent
twice, every error is one of ours and every call ends by its deadline. HELPDESK_BRIDGE_ALL_FAULTS=1
tries 50,000 answers to reads and more to writes.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import helpdesk_bridge as hb
from tests.answers.shapes import CUTS, DRESS, LISTS, NOES, RECORDS, Meaning
from tests.answers.vendor import CUSTOMER, DEADLINE, Distortion, World, opened
from tests.vendors import FAKES
from tests.virtual_loop import SocketSelector, VirtualLoop

ALL = os.environ.get("HELPDESK_BRIDGE_ALL_FAULTS") == "1"
READ = 16
"""How many pairs of an adapter and a read there are."""
ANSWERS = int(os.environ.get("HELPDESK_BRIDGE_ANSWERS", 50_000 // READ if ALL else 15))
"""How many answers each pair gets."""
pytestmark = pytest.mark.timeout(0 if ANSWERS > 100 else 120)  # so many take minutes

Call = Callable[[hb.Helpdesk, World], Awaitable[Any]]


async def _all(pager: Any) -> tuple[list[str], int, bool]:
    ids = [item.id async for item in pager.collect_problems()]
    return ids, len(pager.problems), pager.exhausted


READS: dict[str, Call] = {
    "tickets": lambda desk, world: _all(desk.tickets()),
    "messages": lambda desk, world: _all(desk.messages(world.ticket)),
    "ticket": lambda desk, world: desk.ticket(world.ticket),
    "message": lambda desk, world: desk.message(world.ticket, min(world.messages)),
}
WRITES: dict[str, Call] = {
    "reply": lambda desk, world: desk.reply(
        world.ticket, text="It is on its way.", send_email=True
    ),
    "note": lambda desk, world: desk.note(world.ticket, text="Seen in the stock."),
    "create": lambda desk, world: desk.create_ticket(
        subject="New", requester=CUSTOMER, text="One more thing."
    ),
    "update": lambda desk, world: desk.update_ticket(world.ticket, status=hb.Status.RESOLVED),
    "delete": lambda desk, world: desk.delete_ticket(world.ticket),
}


@st.composite
def distortions(draw: st.DrawFn, *, lists: bool) -> Distortion:
    """Return an answer's dress, and perhaps another meaning beneath it."""
    names, changes, meaning = [], [], Meaning.SAME
    same = {**RECORDS, **(LISTS if lists else {})}
    kind = draw(st.sampled_from([same, same, NOES, CUTS, {}]))
    if kind:
        name = draw(st.sampled_from(sorted(kind)))
        names.append(name)
        changes.append(kind[name])
        meaning = Meaning.NO if kind is NOES else Meaning.CUT if kind is CUTS else Meaning.SAME
    if kind is not CUTS:
        name = draw(st.sampled_from(sorted(DRESS)))
        names.append(name)
        changes.append(DRESS[name])
    return Distortion(
        meaning,
        tuple(changes),
        tuple(names),
        seed=draw(st.integers(0, 2**32)),
        target=draw(st.sampled_from([0, 0, 0, 1, 2])),
        lasting=draw(st.booleans()),
    )


async def _ended(call: Awaitable[Any]) -> Any:
    """Return what ``call`` returned, or our error; it must end by its deadline."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        return await call
    except hb.HelpdeskError as error:
        str(error)
        return error
    finally:
        # Each page of a list has a deadline of its own; a success has a second for the ledger.
        assert loop.time() - began <= 12 * DEADLINE


async def _read(world: World, name: str, distortion: Distortion) -> None:
    async with world.desk() as desk:
        world.begin(distortion)
        _judge_read(world, name, await _ended(READS[name](desk, world)))
        world.begin(None)  # nothing of that answer may be left for the next one
        found = await _ended(READS["ticket"](desk, world))
        if isinstance(found, hb.HelpdeskError):  # the vendor may have asked to be left alone
            assert isinstance(found, (hb.RateLimited, hb.VendorUnavailable, hb.AuthenticationError))
        else:
            assert (found.id, found.subject) == (world.ticket, "Printer 0")


def _judge_read(world: World, name: str, found: Any) -> None:
    if isinstance(found, hb.HelpdeskError):
        if world.distortion and world.distortion.meaning is Meaning.SAME:
            assert not isinstance(found, hb.RateLimited), "the fake's own limit answered"
            what = f"{type(found).__name__} {found.reason} after {world.distortion.names}"
            world.tally[f"{name}: {what}"] += 1
        return
    if name in ("tickets", "messages"):
        ids, problems, exhausted = found
        whole = world.tickets if name == "tickets" else world.messages
        assert len(ids) == len(set(ids))
        assert set(ids) <= whole
        is_told = problems > 0 and not exhausted  # that more may follow is among the problems
        came = f"{len(ids)} + {problems} of {len(whole)}"
        assert is_told or len(ids) + problems >= len(whole), came
    elif name == "ticket":
        assert found.id == world.ticket
        assert found.subject.startswith("Printer 0")
    else:
        assert found.ticket_id == world.ticket


async def _write(world: World, name: str, distortion: Distortion) -> None:
    world.begin(None)  # an example that failed may have left its own
    async with world.desk() as desk:
        if name != "create":
            made = await desk.create_ticket(subject="S", requester=CUSTOMER, text="It broke again.")
            world.ticket = made.id
        world.begin(distortion, on_writes=True)
        _judge_write(world, name, distortion, await _ended(WRITES[name](desk, world)))
        world.begin(None)


def _judge_write(world: World, name: str, distortion: Distortion, found: Any) -> None:
    arrived = world.writes
    if name in ("reply", "note", "create"):
        for target in {write.target for write in arrived}:
            times = [write for write in arrived if write.target == target]
            assert all(write.status == "429" for write in times[:-1]), "it was sent again"
    if isinstance(found, hb.PartlyDone):
        assert arrived[0].clean or distortion.meaning is Meaning.SAME
    elif isinstance(found, hb.HelpdeskError):
        if found.outcome is hb.Outcome.NOT_SENT:
            assert not arrived, "it was sent, and called not sent"
        if found.outcome is hb.Outcome.REJECTED:
            told = any(write.status[0] == "4" for write in arrived)
            assert told or distortion.meaning is Meaning.NO, "it was done, and called refused"
        if distortion.meaning is Meaning.SAME:
            assert not isinstance(found, hb.RateLimited), "the fake's own limit answered"
            world.tally[
                f"{name}: {type(found).__name__} {found.reason} after {distortion.names}"
            ] += 1
    else:
        # The body of an answer to a deletion is documented nowhere, and so not read as a record.
        unread = arrived[-1].is_empty or (name == "delete" and "no JSON" in distortion.names)
        # Of a deletion in doubt it is proof that the ticket is not there when it is looked for.
        looked = name == "delete" and (world.looks > 0 or arrived[-1].is_gone)
        proof = arrived[-1].clean or distortion.meaning is Meaning.SAME or unread or looked
        assert proof, "a success that was none"


def _run(adapter: str, name: str, play: Any, *, lists: bool) -> None:
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(SocketSelector())) as runner:
        world_of = opened(adapter)
        world = runner.run(world_of.__aenter__())
        if name not in world.can:
            runner.run(world_of.__aexit__(None, None, None))
            return

        @settings(
            deadline=None,
            max_examples=ANSWERS,
            phases=[Phase.generate] if ALL else list(Phase),
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(distortions(lists=lists))
        def tried(distortion: Distortion) -> None:
            runner.run(play(world, name, distortion))

        try:
            tried()
        finally:
            runner.run(world_of.__aexit__(None, None, None))
            for what, times in world.tally.most_common(60):  # shown by pytest -s
                print(times, what)  # noqa: T201


@pytest.mark.parametrize("adapter", FAKES)
@pytest.mark.parametrize("name", READS)
def test_a_read_is_whole_or_an_error(adapter: str, name: str) -> None:
    _run(adapter, name, _read, lists=name in ("tickets", "messages"))


@pytest.mark.parametrize("adapter", FAKES)
@pytest.mark.parametrize("name", WRITES)
def test_a_write_is_a_success_only_if_the_vendor_said_so(adapter: str, name: str) -> None:
    _run(adapter, name, _write, lists=False)
