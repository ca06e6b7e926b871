"""Copies conversations onto a desk, from the first to the last however often it is started."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import helpdesk_bridge as hb
from helpdesk_bridge.config import load_config
from tests.delivery.places import CUSTOMER
from tests.delivery.worker_child import PATIENCE

T = TypeVar("T")


async def told(call: Callable[[], Awaitable[T]]) -> T:
    """Make a call until it is told what became of it."""
    while True:
        try:
            return await call()
        except (hb.InProgress, hb.OutcomeUnknown) as error:
            await asyncio.sleep(error.retry_after or PATIENCE)


async def created(desk: hb.Helpdesk, key: str, first: str) -> str:
    """Create a ticket and return its id; one without its first message is given that."""
    try:
        made = await told(
            lambda: desk.create_ticket(subject=key, requester=CUSTOMER, text=first, key=key)
        )
    except hb.PartlyDone as partly:
        number = partly.ticket_id
        if number is None:
            raise
        there = [one async for one in desk.messages(number)]
        if not any(one.type is not hb.MessageType.SYSTEM for one in there):
            await told(
                lambda: desk.add_request(number, author=CUSTOMER, text=first, key=f"{key} first")
            )
        return number
    return made.id


async def main(table: dict[str, Any], conversations: dict[str, list[str]]) -> None:
    """Copy all; the customer and the helpdesk's people wrote by turns."""
    config = {"desks": {"it": table}}
    adapter = load_config(config).desk().adapter
    adapter.visible_after = adapter.gives_up_after = PATIENCE
    async with hb.connect("it", config=config) as desk:
        asks = desk.capabilities.supports(hb.Capability.ADD_REQUEST)
        for key, (first, *others) in conversations.items():
            ticket = await created(desk, key, first)
            for number, text in enumerate(others):
                name = f"{key} {number}"
                if number % 2 and asks:
                    await told(
                        lambda i=ticket, t=text, k=name: desk.add_request(
                            i, author=CUSTOMER, text=t, key=k
                        )
                    )
                else:
                    await told(lambda i=ticket, t=text, k=name: desk.note(i, text=t, key=k))


if __name__ == "__main__":
    asyncio.run(main(*json.loads(sys.argv[1])))
