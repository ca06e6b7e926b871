"""Queues are teams: listed to an end that is proved, found by number and name, and configured."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from helpdesk_bridge_request_tracker import queues
from helpdesk_bridge_request_tracker.fake import RequestTrackerFake

import helpdesk_bridge as hb
from helpdesk_bridge import PermissionDenied
from helpdesk_bridge.errors import IncompleteList, ProtocolError
from helpdesk_bridge.testing import Store, TickingClock
from tests.adapters.doubles import Caught, Connect, asked, cursor_at, drain, ids, new_ticket
from tests.adapters.request_tracker.strange import listed

pytestmark = pytest.mark.asyncio
NOT_THERE = 'queue: there is no queue "{}" that this account may see.'


@pytest_asyncio.fixture
async def server() -> AsyncIterator[RequestTrackerFake]:
    store = Store(clock=TickingClock(), teams={5: "Sales"})
    async with RequestTrackerFake(store) as fake:
        yield fake


def hide(server: RequestTrackerFake, count: int, *, but: set[int]) -> None:
    """Give the server so many queues of which the account sees a few."""
    server.queues = {f"queue{n}": n for n in range(1, count + 1)}
    server.store.teams.clear()
    server.hidden_queues = {name for name, n in server.queues.items() if n not in but}


# -- the list --------------------------------------------------------------------------------


async def test_queues_are_teams(server: RequestTrackerFake, connect_to: Connect) -> None:
    found, error = await drain(connect_to(server).teams())
    assert error is None
    assert [(team.id, team.name) for team in found] == [
        ("1", "General"),
        ("2", "Billing"),
        ("3", "Sales"),
    ]
    assert asked(server.journal) == [("POST", "/queues", 200)] * 2


async def test_queues_that_are_hidden_end_no_list(
    server: RequestTrackerFake, connect_to: Connect
) -> None:
    """T1: RT cuts pages first, drops what may not be seen then, and tells no total."""
    desk = connect_to(server)
    hide(server, 950, but={3, 900, 950})
    page = await desk.teams()
    assert ([team.id for team in page], page.anchored) == (["3"], True)
    found, error = await drain(desk.teams())
    assert ([team.id for team in found], error) == (["3", "900", "950"], None)


@pytest.mark.parametrize("seen", [{1, 2_450}, {2_450}, {1}, {1_200}, {1_200, 1_201}])
async def test_no_gap_of_hidden_queues_is_too_wide(
    server: RequestTrackerFake, connect_to: Connect, seen: set[int]
) -> None:
    hide(server, 2_450, but=seen)
    found, error = await drain(connect_to(server).teams())
    assert ([int(team.id) for team in found], error) == (sorted(seen), None)


async def test_behind_a_queue_that_is_shown_the_search_goes_on_until_it_comes(
    server: RequestTrackerFake, connect_to: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "HIDDEN", 2)
    hide(server, 450, but={1})
    found, error = await drain(connect_to(server).teams())
    assert ([team.id for team in found], error) == (["1"], None)


@pytest.mark.parametrize("count", [99, 100, 101, 200, 250])
async def test_a_full_page_is_followed_by_another(
    server: RequestTrackerFake, connect_to: Connect, count: int
) -> None:
    hide(server, count, but=set(range(1, count + 1)))
    found, error = await drain(connect_to(server).teams())
    assert ([int(team.id) for team in found], error) == ([*range(1, count + 1)], None)
    assert len(server.journal) == count // 100 + 2


async def test_an_account_that_is_shown_no_queue_is_told_so(
    server: RequestTrackerFake, connect_to: Connect
) -> None:
    """No end can be proved without a queue: an empty list would be taken for an answer."""
    hide(server, 20, but=set())
    _, error = await drain(connect_to(server).teams())
    assert isinstance(error, PermissionDenied)
    assert "SeeQueue" in str(error)
    assert len(server.journal) == queues.HIDDEN + 1


async def test_a_place_behind_a_queue_that_is_hidden_meanwhile_goes_on(
    server: RequestTrackerFake, connect_to: Connect
) -> None:
    hide(server, 300, but={3, 290})
    desk = connect_to(server)
    found, error = await drain(desk.teams(cursor=cursor_at(desk, "teams", "4")))
    assert ([team.id for team in found], error) == (["290"], None)


async def test_a_total_ends_a_list_of_queues(strange: Any) -> None:
    rows = listed({"id": "1", "Name": "General"}, {"id": "2", "Name": ""})
    fake, desk = await strange({"/queues": rows})
    found, error = await drain(desk.teams())
    assert ([(team.id, team.name) for team in found], error) == (
        [("1", "General"), ("2", "")],
        None,
    )
    assert len(fake.journal) == 1
    _, error = await drain(desk.teams(cursor=cursor_at(desk, "teams", "2")))
    assert isinstance(error, ProtocolError)  # they were not asked for


async def test_a_higher_total_goes_on(strange: Any) -> None:
    """An account with SeeQueue on the whole of RT is told how many queues there are."""
    pages = iter(([1, 2], [3]))

    def answer(_: web.Request) -> Any:
        rows = [{"id": str(n), "Name": f"queue{n}"} for n in next(pages)]
        return {**listed(*rows), "total": 3 if len(rows) == 2 else 1}

    _fake, desk = await strange({"/queues": answer})
    found, error = await drain(desk.teams())
    assert ([team.id for team in found], error) == (["1", "2", "3"], None)


async def test_queues_that_are_counted_and_not_shown_are_told(strange: Any) -> None:
    _fake, desk = await strange({"/queues": listed(total=3)})
    _, error = await drain(desk.teams())
    assert isinstance(error, IncompleteList)


async def test_a_newest_queue_that_no_page_shows_is_an_error(
    strange: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(queues, "MAX_EMPTY", 5)

    def answer(request: web.Request) -> Any:
        rows = [{"id": "9", "Name": "Ghost"}] if "DESC" in request.query_string else []
        return {"items": rows, "total": None, "page": int(request.query["page"])}

    _fake, desk = await strange({"/queues": answer})
    _, error = await drain(desk.teams())
    assert isinstance(error, ProtocolError)


# -- the filter ------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["2", "02", "Billing", "BILLING"])
async def test_tickets_are_found_by_number_and_name_of_a_queue(
    server: RequestTrackerFake, connect_to: Connect, word: str
) -> None:
    """A name of digits alone is none to RT."""
    wanted, _ = new_ticket(server.store, team="Billing"), new_ticket(server.store)
    found, error = await drain(connect_to(server).tickets(team=word))
    assert (ids(found), error) == ([str(wanted.id)], None)


# -- the setting -----------------------------------------------------------------------------


@pytest.mark.parametrize("queue", ["General", "gENERAL", "3", "Sales"])
async def test_a_configured_queue_is_there_by_name_and_number(
    server: RequestTrackerFake, connect_to: Connect, queue: str
) -> None:
    assert await connect_to(server, queue=queue).check_settings() == ()
    assert asked(server.journal) == [("POST", "/queues", 200)]


@pytest.mark.parametrize("queue", ["Suport", "General ", "4711", "Sales"])
async def test_a_configured_queue_that_is_not_there_is_told(
    server: RequestTrackerFake, connect_to: Connect, queue: str
) -> None:
    server.hidden_queues = {"Sales"}
    assert await connect_to(server, queue=queue).check_settings() == (NOT_THERE.format(queue),)


async def test_a_queue_is_not_missed_where_rt_ignores_what_is_looked_for(strange: Any) -> None:
    rows = listed({"id": "1", "Name": "General"}, {"id": "2", "Name": "Sales"}, total=None)
    _fake, desk = await strange({"/queues": rows})
    assert await desk.check_settings() == ()


async def test_other_queues_than_the_one_that_is_looked_for_prove_nothing(
    strange: Any, caught: Caught
) -> None:
    """RT finds one at most, by the letters that its database takes for the same."""
    sales = {"id": "2", "Name": "Sales"}
    _fake, desk = await strange({"/queues": listed(sales, {**sales, "id": "3"}, total=None)})
    assert isinstance(await caught(desk.check_settings()), ProtocolError)
    _fake, desk = await strange({"/queues": listed({"id": "1", "Name": "Général"}, total=None)})
    assert await desk.check_settings() == ()


async def test_that_queues_may_not_be_read_is_an_error(strange: Any, caught: Caught) -> None:
    _fake, desk = await strange({"/queues": 403})
    assert isinstance(await caught(desk.check_settings()), hb.PermissionDenied)
