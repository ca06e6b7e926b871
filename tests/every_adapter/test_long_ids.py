"""An id that is none, such as 5,000 figures as text, costs its own record and no other."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

import helpdesk_bridge as hb
from tests.every_adapter.saying import desk_and_fake
from tests.vendors import FAKES

LONG = "9" * 5000
NEW: dict[str, Any] = {"requester": "li@customer.example", "text": "I paid twice."}


def having(number: str, value: Any) -> Any:
    """Return what has the record of an id tell ``value`` in its place."""

    def change(found: Any) -> Any:
        if isinstance(found, dict) and str(found.get("id")) == number and len(found) > 3:
            return {**found, "id": value}
        return found

    return change


async def read(pager: Any) -> tuple[list[Any], int]:
    """Return what a list has, and how many of its records raised in their places."""
    items, problems = [], 0
    while True:
        try:
            items.append(await anext(pager))
        except StopAsyncIteration:
            return items, problems
        except hb.ProtocolError:
            problems += 1


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", FAKES)
@pytest.mark.parametrize("value", [LONG, "0", 0])
async def test_a_ticket_whose_id_is_none_hides_no_other(adapter: str, value: Any) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        made = [await desk.create_ticket(subject=f"Invoice {n}", **NEW) for n in range(3)]
        fake.change = having(made[0].id, value)
        items, problems = await read(desk.tickets())
        assert {one.id for one in items} >= {made[1].id, made[2].id}
        assert len(items) + problems == 3


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", FAKES)
async def test_a_message_whose_id_is_none_raises_nothing_foreign(adapter: str) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        ticket = await desk.create_ticket(subject="Invoice", **NEW)
        files = desk.capabilities.supports(hb.Capability.SEND_ATTACHMENTS)
        more = {"attachments": [hb.Upload("a.txt", data=b"abc")]} if files else {}
        await desk.note(ticket, text="Look.", **more)
        for message in [one async for one in desk.messages(ticket)]:
            for number in (message.id, *(one.id for one in message.attachments)):
                fake.change = having(number, LONG)
                with suppress(hb.HelpdeskError):
                    assert [one async for one in desk.messages(ticket)]
