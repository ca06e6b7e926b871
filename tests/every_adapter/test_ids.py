"""An error about an id says which argument it is, and in words what ids look like."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import helpdesk_bridge as hb
from tests.every_adapter.places import Place


async def all_of(items: Any) -> list[Any]:
    return [item async for item in items]


CALLS: dict[str, Callable[[hb.Helpdesk, hb.Ticket], Awaitable[Any]]] = {
    "ticket": lambda d, t: d.note("no/id", text="Words."),
    "message_id": lambda d, t: d.message(t, 5),  # type: ignore[arg-type]
    "if_last": lambda d, t: d.reply(t, text="Words.", send_email=True, if_last=t),  # type: ignore[arg-type]
    "attachment.id": lambda d, t: d.save_attachment(hb.Attachment(id="no/id"), "."),
    "each of tickets": lambda d, t: all_of(d.conversations([5])),  # type: ignore[list-item]
}
NEEDED = {
    "ticket": hb.Capability.NOTE,
    "message_id": hb.Capability.GET_MESSAGE,
    "if_last": hb.Capability.IF_LAST,
    "attachment.id": hb.Capability.OPEN_ATTACHMENT,
}


@pytest.mark.asyncio
@pytest.mark.parametrize("name", CALLS)
async def test_the_argument_is_named(place: Place, name: str) -> None:
    if not place.desk.capabilities.supports(NEEDED.get(name, hb.Capability.GET_TICKET)):
        pytest.skip("this desk has no such call")
    ticket = await place.desk.create_ticket(
        subject="Next", requester="li@c.example", text="Some words."
    )
    with pytest.raises(hb.InvalidArgument) as caught:
        await CALLS[name](place.desk, ticket)
    error = caught.value
    assert f": {name} " in str(error)
    assert error.desk == place.desk.name
    assert error.message.endswith(".")
    assert place.desk.adapter.id_pattern not in str(error)


@pytest.mark.asyncio
async def test_each_vendor_says_what_its_ids_look_like(place: Place) -> None:
    words = place.desk.adapter.id_words
    with pytest.raises(hb.InvalidArgument) as caught:
        await place.desk.ticket("no/id")
    assert words
    assert f" are {words}." in str(caught.value)
