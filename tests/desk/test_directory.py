"""Whoever is assigned is found in the vendor's lists, which are read once for all who ask."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

import pytest
from attrs import evolve

import helpdesk_bridge as hb
from helpdesk_bridge import kit
from helpdesk_bridge.delivery.memory_ledger import MemoryLedger
from helpdesk_bridge.desk.directory import KEPT
from helpdesk_bridge.transport import clock
from helpdesk_bridge.transport.yielding import yielding
from tests.desk.rolodex import Rolodex, RolodexFake, rolodex

pytestmark = pytest.mark.asyncio

CUSTOMER = "li@customer.example"
ONCE = hb.TransportOptions(max_attempts=1)
Call = Callable[[hb.Helpdesk, Any], Awaitable[Any]]


async def _listed(desk: hb.Helpdesk, assignee: Any) -> None:
    await desk.tickets(assignee=assignee)


async def _created(desk: hb.Helpdesk, assignee: Any) -> None:
    await desk.create_ticket(subject="S", requester=CUSTOMER, text="x", assignee=assignee)


async def _updated(desk: hb.Helpdesk, assignee: Any) -> None:
    await desk.update_ticket("1", assignee=assignee)


CALLS: dict[str, Call] = {"tickets": _listed, "create_ticket": _created, "update_ticket": _updated}
WRITES = {name: CALLS[name] for name in ("create_ticket", "update_ticket")}


def _named(fake: RolodexFake) -> str | None:
    last = fake.journal[-1]
    found = (
        dict(last.query).get("agent") if last.method == "GET" else json.loads(last.body)["agent"]
    )
    return None if found is None else str(found)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "assignee",
    [
        "ada@xn--bcher-kva.example",
        "ADA@bücher.EXAMPLE",
        "Ada Lovelace <ada@bu\u0308cher.example>",
        hb.Party(email="ada@bücher.example"),
        hb.Party(name="ADA"),
    ],
)
async def test_an_agent_is_named_by_id_whatever_the_caller_knows_of_it(
    call: str, assignee: Any
) -> None:
    async with rolodex() as (fake, desk):
        await CALLS[call](desk, assignee)
        assert _named(fake) == "u1"


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("given", [hb.Party(id="u99"), "99"])
async def test_an_id_is_taken_as_it_is_without_a_look(call: str, given: Any) -> None:
    async with rolodex() as (fake, desk):
        fake.tickets.append("7")
        await CALLS[call](desk, given)
        assert (_named(fake), fake.asked("/agents")) == (given if given == "99" else "u99", 0)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(("word", "found"), [("u3", "u3"), ("ADA", "u1"), ("007", "u7")])
async def test_a_word_is_an_id_and_then_a_name(call: str, word: str, found: str) -> None:
    async with rolodex() as (fake, desk):
        fake.agents += [{"id": "u7", "name": "007"}, {"id": "u8", "name": "u3"}]
        fake.tickets.append("7")
        await CALLS[call](desk, word)
        assert _named(fake) == found


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "word", ["Adda", "u99", "0012", "+7", "\N{ARABIC-INDIC DIGIT SEVEN}", "Bo"]
)
async def test_a_word_that_names_nobody_or_two_is_refused(call: str, word: str) -> None:
    async with rolodex() as (fake, desk):
        fake.agents += [{"id": "7", "name": "Seven"}, {"id": "12", "name": "Twelve"}]
        with pytest.raises(hb.InvalidArgument, match="assignee: "):
            await CALLS[call](desk, word)
        assert (fake.asked("/tickets"), fake.writes) == (0, [])


@pytest.mark.parametrize(
    "given",
    [{"assignee": hb.Party(id="u99")}, {"assignee": "99"}, {"team": "99"}, {"team": "Moon"}],
)
@pytest.mark.parametrize("one_way", [True, False])
async def test_nothing_found_for_nobody_is_an_error(given: dict[str, Any], one_way: bool) -> None:
    class Wide(Rolodex):
        name = "wide"
        team_by = Rolodex.team_by if one_way else frozenset(("id", "name"))

    async with rolodex() as (fake, first):
        async with hb.Helpdesk(first.adapter.settings, adapter=Wide) as desk:
            for _ in range(2):
                with pytest.raises(hb.InvalidArgument, match=r"no (agent|team) of this"):
                    await desk.tickets(**given)
        assert fake.asked("/agents") + fake.asked("/teams") in (2, 4)  # in two pages or in one


async def test_nothing_found_for_who_is_listed_is_an_empty_list_for_one_look() -> None:
    async with rolodex() as (fake, desk):
        for given in (hb.Party(id="u2"), hb.Party(id="u1"), "ada", "ada@bücher.example"):
            pager = desk.tickets(assignee=given)
            assert [one async for one in pager] == []
            assert pager.exhausted
        assert fake.asked("/agents") == 2  # its two pages


async def test_a_name_that_looks_like_an_id_is_asked_for_by_its_id() -> None:
    class Wide(Rolodex):
        name = "wide"
        team_by = frozenset(("id", "name"))

    async with rolodex() as (fake, first):
        fake.agents.append({"id": "u9", "name": "42"})
        fake.teams += [("t9", "42"), ("7", "Seven"), ("t8", "7")]
        fake.by = {"u9": ["1"], "t9": ["2"], "t8": ["3"]}
        async with hb.Helpdesk(first.adapter.settings, adapter=Wide) as desk:
            assert [one.id async for one in desk.tickets(assignee="42")] == ["1"]
            assert [one.id async for one in desk.tickets(team="42")] == ["2"]
            assert [one.id async for one in desk.tickets(team="7")] == []  # the id comes first
            with pytest.raises(hb.InvalidArgument):
                await desk.tickets(assignee=hb.Party(id="42"))


@pytest.mark.parametrize("status", [403, 404])
async def test_an_account_that_may_not_read_the_lists_goes_by_id(status: int) -> None:
    class Wide(Rolodex):
        name = "wide"
        team_by = frozenset(("id",))

    async with rolodex() as (fake, first):
        fake.status = status
        async with hb.Helpdesk(first.adapter.settings, adapter=Wide) as desk:
            assert list(await desk.tickets(assignee=hb.Party(id="u99"))) == []
            assert list(await desk.tickets(assignee="99")) == []
            assert list(await desk.tickets(team="99")) == []
            for call in WRITES.values():
                await call(desk, hb.Party(id="u99"))
            with pytest.raises(hb.PermissionDenied, match="the list of teams could not be read"):
                await desk.tickets(team="Moon")
            for call in CALLS.values():
                for given in ("Ada", "ada@bücher.example", hb.Party(name="Ada")):
                    with pytest.raises(hb.PermissionDenied, match="the list of agents") as caught:
                        await call(desk, given)
                    assert "Party(id=" in str(caught.value)
                    assert "list of tickets" not in str(caught.value)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("status", [400, 403, 404, 409, 410, 422, 500])
async def test_an_error_of_a_look_is_told_as_one_and_not_of_the_ticket(
    call: str, status: int
) -> None:
    async with rolodex(options=ONCE) as (fake, desk):
        fake.status = status
        with pytest.raises(
            hb.HelpdeskError, match="the list of agents could not be read"
        ) as caught:
            await CALLS[call](desk, "bo@desk.example")
        error = caught.value
        taken_for_others = (hb.NotFound, hb.ValidationFailed, hb.Conflict, hb.TicketClosed)
        assert not isinstance(error, taken_for_others)
        assert (error.ticket_id, error.status) == (None, status)
        if call in WRITES:
            assert (error.outcome, error.step) == (hb.Outcome.NOT_SENT, "list_agents")
            assert "nothing was sent" in str(error)


@pytest.mark.parametrize("call", CALLS)
async def test_who_is_no_agent_is_an_error_and_no_empty_list(call: str) -> None:
    async with rolodex() as (fake, desk):
        with pytest.raises(hb.InvalidArgument, match="no agent of this desk") as caught:
            await CALLS[call](desk, "nobody@desk.example")
        assert "nobody" not in str(caught.value)
        assert caught.value.operation == call
        assert fake.asked("/tickets") == 0
        assert fake.writes == []


async def test_who_is_no_agent_ends_a_list_each_time_it_is_asked() -> None:
    async with rolodex() as (_, desk):
        pager = desk.tickets(assignee="nobody@desk.example")
        for _ in range(2):
            with pytest.raises(hb.InvalidArgument):
                _ = [ticket async for ticket in pager]
        assert not pager.exhausted


@pytest.mark.parametrize("call", CALLS)
async def test_two_of_the_same_name_are_refused(call: str) -> None:
    async with rolodex() as (fake, desk):
        with pytest.raises(hb.InvalidArgument, match="2 on this desk are called so: give the id"):
            await CALLS[call](desk, hb.Party(name="Bo"))
        assert fake.asked("/tickets") == 0


async def test_the_list_is_kept_for_minutes_and_then_read_again() -> None:
    async with rolodex() as (fake, desk):
        for _ in range(3):
            await _updated(desk, "bo@desk.example")
        assert fake.asked("/agents") == 2  # its two pages
        fake.agents[1] = {"id": "u7", "name": "Bo", "email": "bo@desk.example"}
        await clock.pause(KEPT - 1)
        await _updated(desk, "bo@desk.example")
        assert (_named(fake), fake.asked("/agents")) == ("u2", 2)
        await clock.pause(2)
        await _updated(desk, "bo@desk.example")
        assert (_named(fake), fake.asked("/agents")) == ("u7", 4)


async def test_who_is_missing_is_looked_for_once_more() -> None:
    async with rolodex() as (fake, desk):
        await _updated(desk, "bo@desk.example")
        fake.agents.append({"id": "u4", "name": "New", "email": "new@desk.example"})
        await _updated(desk, "new@desk.example")
        assert (_named(fake), fake.asked("/agents")) == ("u4", 4)
        with pytest.raises(hb.InvalidArgument):
            await _updated(desk, "nobody@desk.example")
        assert fake.asked("/agents") == 6


async def test_all_who_ask_at_once_have_one_reading() -> None:
    async with rolodex() as (fake, desk):
        await asyncio.gather(*(_updated(desk, "bo@desk.example") for _ in range(20)))
        assert fake.asked("/agents") == 2
        asked = [_updated(desk, "nobody@desk.example") for _ in range(20)]
        found = await asyncio.gather(*asked, return_exceptions=True)
        assert {type(one) for one in found} == {hb.InvalidArgument}
        # One that began before a question cannot answer it with no: so there may be two.
        assert fake.asked("/agents") <= 6
        assert len({id(one) for one in found}) == 20


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - the other end is in this loop
        await asyncio.sleep(0)


async def test_a_reader_that_is_cancelled_leaves_the_list_to_the_next_one() -> None:
    async with rolodex() as (fake, desk):
        fake.held = asyncio.Event()
        reader = asyncio.create_task(_updated(desk, "bo@desk.example"))
        others = [asyncio.create_task(_updated(desk, "bo@desk.example")) for _ in range(3)]
        await _until(lambda: fake.waiting == 1)
        gone = others.pop()
        gone.cancel()
        reader.cancel()
        fake.held.set()
        with pytest.raises(asyncio.CancelledError):
            await reader
        await asyncio.gather(*others)
        assert fake.writes == ['{"agent":"u2"}'] * 2


async def test_a_reading_that_fails_is_nobodys_but_its_own_and_keeps_what_was_known() -> None:
    async with rolodex(options=ONCE) as (fake, desk):
        await _updated(desk, "bo@desk.example")
        fake.status = 503
        with pytest.raises(hb.VendorUnavailable):
            await _updated(desk, "nobody@desk.example")
        await _updated(desk, "bo@desk.example")
        assert _named(fake) == "u2"
        fake.status = 200
        with pytest.raises(hb.InvalidArgument):
            await _updated(desk, "nobody@desk.example")


@pytest.mark.parametrize("call", WRITES)
async def test_a_look_that_fails_says_that_nothing_was_sent(call: str) -> None:
    async with rolodex(options=ONCE) as (fake, desk):
        fake.status = 503
        with pytest.raises(hb.VendorUnavailable) as caught:
            await WRITES[call](desk, "bo@desk.example")
        error = caught.value
        assert (error.outcome, error.operation) == (hb.Outcome.NOT_SENT, call)
        assert (error.stage, error.step) == (hb.Stage.PREPARING, "list_agents")
        assert "nothing was sent" in str(error)
        assert fake.writes == []
        assert not desk.interrupted


@pytest.mark.parametrize("call", WRITES)
async def test_a_look_that_is_cut_off_leaves_no_write_in_doubt(call: str) -> None:
    async with rolodex() as (fake, desk):
        fake.held = asyncio.Event()
        task = asyncio.create_task(_wrapped(WRITES[call], desk))
        await _until(lambda: fake.waiting == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        fake.held.set()
        assert not desk.interrupted
        assert fake.writes == []


async def _wrapped(call: Call, desk: hb.Helpdesk) -> None:
    await call(desk, "bo@desk.example")


@pytest.mark.parametrize("call", WRITES)
async def test_a_deadline_within_a_look_says_what_was_waited_for(call: str) -> None:
    async with rolodex(options=hb.TransportOptions(deadline=0.2)) as (fake, desk):
        fake.held = asyncio.Event()
        asked = [asyncio.create_task(_wrapped(WRITES[call], desk)) for _ in range(2)]
        found = await asyncio.gather(*asked, return_exceptions=True)
        fake.held.set()
        assert [type(one) for one in found] == [hb.DeadlineExceeded] * 2
        assert {one.outcome for one in found if isinstance(one, hb.HelpdeskError)} == {
            hb.Outcome.NOT_SENT
        }
        assert fake.writes == []


async def test_an_unreadable_record_hides_nobody_else() -> None:
    async with rolodex() as (fake, desk):
        fake.agents.insert(0, {"id": None, "name": "Odd"})
        await _updated(desk, "bo@desk.example")
        assert _named(fake) == "u2"


@pytest.mark.parametrize("call", CALLS)
async def test_an_unreadable_record_may_be_the_one_that_is_looked_for(call: str) -> None:
    async with rolodex() as (fake, desk):
        fake.agents.insert(0, {"id": None, "name": "Odd"})
        found = await asyncio.gather(
            *(CALLS[call](desk, "odd@desk.example") for _ in range(3)), return_exceptions=True
        )
        errors = [one for one in found if isinstance(one, hb.ProtocolError)]
        assert len(errors) == 3
        assert len({one.operation_id for one in errors}) == 3
        for error in errors:
            assert "a record that may be the one is unreadable" in str(error)
            assert error.operation == call
            assert "odd@" not in str(error).casefold()
        assert fake.asked("/tickets") == 0
        if call in WRITES:
            assert {error.outcome for error in errors} == {hb.Outcome.NOT_SENT}


async def test_a_team_is_found_by_its_id_and_by_its_name_and_kept() -> None:
    async with rolodex() as (fake, desk):
        for team in ("t1", "billing", "BILLING ", "Billing"):
            await desk.tickets(team=team)
            assert dict(fake.journal[-1].query)["team"] == "Billing"
        assert fake.asked("/teams") == 1
        with pytest.raises(hb.InvalidArgument, match="2 on this desk are called so"):
            await desk.tickets(team="Sales")
        with pytest.raises(hb.InvalidArgument, match="no team of this id or name"):
            await desk.tickets(team="Moon")
        assert fake.asked("/teams") == 2
        assert fake.asked("/tickets") == 4


async def test_a_vendor_that_takes_both_names_of_a_team_is_given_what_was_said() -> None:
    class TakesBoth(Rolodex):
        name = "takes-both"
        team_by = frozenset(("id", "name"))

    async with rolodex() as (fake, first):
        fake.tickets.append("7")
        async with hb.Helpdesk(first.adapter.settings, adapter=TakesBoth) as desk:
            await desk.tickets(team="Sales")
        assert (dict(fake.journal[-1].query), len(fake.journal)) == ({"team": "Sales"}, 1)


async def test_what_cannot_be_changed_is_refused_before_a_look() -> None:
    class Picky(Rolodex):
        name = "picky"
        offers: ClassVar = {
            **Rolodex.offers,
            kit.Capability.UPDATE_TICKET: kit.native(
                limits=kit.CapabilityLimits(statuses=frozenset((kit.Status.OPEN,)))
            ),
        }

    async with rolodex() as (fake, first):
        async with hb.Helpdesk(first.adapter.settings, adapter=Picky) as desk:
            with pytest.raises(hb.StatusNotAllowed):
                await desk.update_ticket("1", assignee="bo@desk.example", status=hb.Status.RESOLVED)
        assert fake.journal == []


async def test_a_vendor_that_takes_addresses_is_given_that_of_an_id() -> None:
    class ByAddress(Rolodex):
        name = "by-address"
        assignee_by = frozenset(("email",))

        async def update_ticket(self, ticket_id: str, changes: kit.TicketChanges) -> kit.Ticket:
            assert isinstance(changes.assignee, kit.Party)
            told = evolve(changes.assignee, id=changes.assignee.email)
            return await super().update_ticket(ticket_id, evolve(changes, assignee=told))

    async with rolodex() as (fake, first):
        fake.agents.append({"id": "u5", "name": "Silent"})
        async with hb.Helpdesk(first.adapter.settings, adapter=ByAddress) as desk:
            for given in ("u2", hb.Party(id="u2")):
                await _updated(desk, given)
                assert _named(fake) == "bo@desk.example"
            with pytest.raises(hb.InvalidArgument, match="does not tell the email of this one"):
                await _updated(desk, "u5")


async def test_a_key_means_the_same_whatever_has_become_of_the_agent() -> None:
    async with rolodex(ledger=MemoryLedger()) as (fake, desk):

        async def create(assignee: Any) -> hb.Ticket:
            return await desk.create_ticket(
                subject="S", requester=CUSTOMER, text="x", assignee=assignee, key="k"
            )

        made = await create("bo@desk.example")
        fake.agents.clear()
        await clock.pause(KEPT + 1)
        asked = fake.asked("/agents")
        assert await create("bo@desk.example") == made
        assert fake.asked("/agents") == asked
        assert len(fake.writes) == 1
        with pytest.raises(hb.InvalidArgument, match="key"):
            await create("other.bo@desk.example")


async def test_a_list_that_others_may_wait_for_does_not_yield() -> None:
    asked: list[bool] = []

    class Told:
        async def acquire(self, *, yields: bool = False) -> None:
            asked.append(yields)

        def release(self, *, used: bool) -> None: ...

    async with rolodex(options=hb.TransportOptions(limiter=Told())) as (_, desk):
        with yielding():
            await desk.tickets(assignee="ADA")
    assert asked[-1]
    assert not any(asked[:-1])
    assert len(asked) > 1
