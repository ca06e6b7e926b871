"""What is called native is one request, and what is emulated is more, or reads more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from helpdesk_bridge import Capability, Helpdesk, Level, Pager, Status
from tests.adapters.doubles import CUSTOMER, new_ticket
from tests.adapters.omnidesk.conftest import NEW, PARTNER, ScriptedFake
from tests.adapters.omnidesk.test_filters import ADA

pytestmark = pytest.mark.asyncio
Call = Callable[[Helpdesk, str], Awaitable[Any]]


async def all_of(pager: Pager[Any]) -> list[Any]:
    return [item async for item in pager]


CALLS: dict[Capability, tuple[int, Call]] = {
    Capability.LIST_TICKETS: (1, lambda desk, _: all_of(desk.tickets())),
    Capability.GET_TICKET: (1, lambda desk, id_: desk.ticket(id_)),
    Capability.CREATE_TICKET: (3, lambda desk, _: desk.create_ticket(**NEW)),
    Capability.UPDATE_TICKET: (2, lambda desk, id_: desk.update_ticket(id_, subject="Found")),
    Capability.DELETE_TICKET: (1, lambda desk, id_: desk.delete_ticket(id_)),
    Capability.LIST_MESSAGES: (1, lambda desk, id_: all_of(desk.messages(id_))),
    Capability.REPLY: (2, lambda desk, id_: desk.reply(id_, text="We look.", send_email=True)),
    Capability.NOTE: (2, lambda desk, id_: desk.note(id_, text="Careful")),
    Capability.FORWARD: (2, lambda desk, id_: desk.forward(id_, to=PARTNER, text="Please check")),
    Capability.ADD_REQUEST: (
        2,
        lambda desk, id_: desk.add_request(id_, author=CUSTOMER, text="And also"),
    ),
    Capability.LIST_AGENTS: (1, lambda desk, _: all_of(desk.agents())),
    Capability.FILTER_STATUS: (1, lambda desk, _: all_of(desk.tickets(status=Status.OPEN))),
    Capability.FILTER_TEXT: (1, lambda desk, _: all_of(desk.tickets(text="Export"))),
}


@pytest.mark.parametrize("capability", CALLS)
async def test_native_is_one_request_and_emulated_is_more(
    fake: ScriptedFake, desk: Helpdesk, capability: Capability
) -> None:
    ticket = new_ticket(fake.store)
    expected, call = CALLS[capability]
    await call(desk, str(ticket.id))
    level = desk.capabilities[capability].level
    assert (len(fake.journal), level is Level.NATIVE) == (expected, expected == 1)


@pytest.mark.parametrize("extra", [{"status": Status.PENDING}, {"send_at": timedelta(days=400)}])
async def test_what_goes_with_a_reply_takes_no_request_of_its_own(
    fake: ScriptedFake, desk: Helpdesk, extra: dict[str, Any]
) -> None:
    if "send_at" in extra:
        extra = {"send_at": datetime.now(UTC) + extra["send_at"]}
    ticket = new_ticket(fake.store)
    await desk.reply(str(ticket.id), text="We look.", send_email=True, **extra)
    assert len(fake.journal) == CALLS[Capability.REPLY][0]


async def test_a_native_filter_leaves_nothing_out_here(fake: ScriptedFake, desk: Helpdesk) -> None:
    for status in (Status.OPEN, Status.CLOSED, Status.NEW):
        new_ticket(fake.store, status=status, assignee=ADA)
    native = {"filter_status": {"status": Status.OPEN}, "filter_text": {"text": "Export"}}
    others = {
        "filter_statuses": {"status": [Status.OPEN, Status.CLOSED]},
        "filter_assignee": {"assignee": "12"},
        "filter_team": {"team": "31"},
        "filter_requester": {"requester": PARTNER},
        "filter_created_since": {"created_since": datetime(2030, 1, 1, tzinfo=UTC)},
        "filter_updated_since": {"updated_since": datetime(2030, 1, 1, tzinfo=UTC)},
    }
    for name, filters in (native | others).items():
        listed = await all_of(desk.tickets(**filters))  # type: ignore[arg-type]
        level = desk.capabilities[Capability(name)].level
        assert level is (Level.NATIVE if name in native else Level.EMULATED)
        if name in native:
            assert fake.journal[-1].query[2:] != ()
            assert len(listed) == (1 if name == "filter_status" else 3)
        else:
            assert fake.journal[-1].query == (("itemStart", "0"), ("itemLimit", "100"))
    offered = {c.value for c in desk.capabilities.supported() if c.value.startswith("filter_")}
    assert offered == {*native, *others}
