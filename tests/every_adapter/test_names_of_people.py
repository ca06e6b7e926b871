"""Who was read can be handed back, however his name is written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import helpdesk_bridge as hb
from tests.every_adapter.saying import desk_and_fake
from tests.vendors import FAKES

Call = Callable[[hb.Helpdesk, hb.Ticket], Awaitable[Any]]
CALLS: dict[str, tuple[hb.Capability, Call]] = {
    "add_request": (
        hb.Capability.ADD_REQUEST,
        lambda d, t: d.add_request(t, text="It broke again.", author=t.requester),
    ),
    "create_ticket": (
        hb.Capability.CREATE_TICKET,
        lambda d, t: d.create_ticket(subject="s", text="It broke.", requester=t.requester),
    ),
    "reply": (
        hb.Capability.REPLY,
        lambda d, t: d.reply(t, text="It is mended.", send_email=True, to=[t.requester]),
    ),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", FAKES)
@pytest.mark.parametrize("what", CALLS)
@pytest.mark.parametrize("name", ["Li\tWang", "Li Wang\r\n", "Li\x0bWang", "Li\u2028Wang"])
async def test_who_was_read_can_be_handed_back(adapter: str, what: str, name: str) -> None:
    needed, call = CALLS[what]
    async with desk_and_fake(adapter) as (desk, fake):
        options = desk.capabilities[needed].limits.options
        takes = what != "reply" or options is None or "to" in options
        if not desk.capabilities.supports(needed) or not takes:
            pytest.skip("not offered")
        requester = hb.Party(email="li@customer.example", name=name)
        fake.store.create_ticket(
            subject="Invoice", requester=requester, html="<p>x</p>", status=hb.Status.OPEN
        )
        (ticket,) = [one async for one in desk.tickets()]
        assert ticket.requester.name in ("Li Wang", None)
        await call(desk, ticket)
