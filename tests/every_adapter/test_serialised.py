"""What every adapter reads leaves the process and comes back exactly, by every way there is."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import helpdesk_bridge as hb
from helpdesk_bridge.model import Capability
from tests.every_adapter.places import Place
from tests.model.values import everything_of

pytestmark = pytest.mark.asyncio
WAYS: dict[str, Callable[[Any], Any]] = {
    "to_dict": lambda value: hb.from_dict(type(value), hb.to_dict(value, raw=True)),
    "to_json": lambda value: hb.from_dict(type(value), json.loads(hb.to_json(value, raw=True))),
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
    "deepcopy": copy.deepcopy,
}


async def told(place: Place) -> list[Any]:
    """Return what a desk tells of a helpdesk on which every kind of message was written."""
    desk = place.desk
    ticket = await desk.create_ticket(
        subject="Überfällig 💶", requester="Li <li@customer.example>", text="I paid\n\ntwice."
    )
    sent = [await desk.note(ticket, text="He did.")]
    sent.append(
        await desk.reply(
            ticket, html="<p>Refunded <b>now</b>.</p>", send_email=True, attachments=[]
        )
    )
    if desk.capabilities.supports(Capability.SEND_ATTACHMENTS):
        file = hb.Upload("bill ü.txt", "text/plain", b"4711")
        sent.append(await desk.reply(ticket, text="See here.", send_email=True, attachments=[file]))
    if desk.capabilities.supports(Capability.FORWARD):
        sent.append(await desk.forward(ticket, to="bank@partner.example", text="Twice?"))
    found: list[Any] = [*sent, ticket, await desk.ticket(ticket.id)]
    found += [one async for one in desk.tickets()]
    found += [one async for one in desk.messages(ticket)]
    found += [one async for one in desk.conversations([ticket])]
    if desk.capabilities.supports(Capability.LIST_CUSTOM_FIELDS):
        found += await desk.custom_fields()
    return [*found, desk.capabilities, desk.statuses, *desk.statuses.values()]


@pytest.mark.parametrize("way", WAYS)
async def test_what_is_read_comes_back_as_it_was(place: Place, way: str) -> None:
    values = await told(place)
    assert {hb.Ticket, hb.Message, hb.SentMessage, hb.Conversation} <= {type(one) for one in values}
    for value in values:
        back = WAYS[way](value)
        assert back == value
        assert everything_of(back) == everything_of(value)


async def test_what_is_read_is_valid_by_its_schema(place: Place) -> None:
    for value in await told(place):
        judge = Draft202012Validator(hb.json_schema(type(value)))
        judge.validate(hb.to_dict(value, raw=True))


async def test_a_page_comes_back_and_its_place_can_be_gone_on_from(place: Place) -> None:
    await told(place)
    page = await place.desk.tickets()
    back = hb.from_dict(hb.Page[hb.Ticket], json.loads(hb.to_json(page, raw=True)))
    assert back == page
    assert everything_of(back.items) == everything_of(page.items)


async def test_what_comes_back_is_taken_by_its_desk_and_by_no_other(place: Place) -> None:
    await told(place)
    ticket = (await place.desk.tickets()).items[0]
    back = hb.from_dict(hb.Ticket, hb.to_dict(ticket))
    assert [one.id async for one in place.desk.messages(back)]
    other = {**hb.to_dict(ticket), "desk": "another"}
    with pytest.raises(hb.InvalidArgument, match="another"):
        place.desk.messages(hb.from_dict(hb.Ticket, other))


async def pages_of(desk: hb.Helpdesk, ticket: hb.Ticket) -> list[hb.Page[Any]]:
    """Return a page of each list that the desk has."""
    lists: list[tuple[Capability, Callable[[], Any]]] = [
        (Capability.LIST_TICKETS, desk.tickets),
        (Capability.LIST_TICKETS, lambda: desk.tickets(limit=2)),
        (
            Capability.ORDER_CREATED_AT,
            lambda: desk.tickets(order_by=hb.TicketOrder.CREATED_AT_DESC),
        ),
        (Capability.ORDER_CREATED_AT, lambda: desk.tickets(order_by=hb.TicketOrder.CREATED_AT)),
        (Capability.ORDER_UPDATED_AT, lambda: desk.tickets(order_by=hb.TicketOrder.UPDATED_AT)),
        (Capability.LIST_MESSAGES, lambda: desk.messages(ticket)),
        (Capability.LIST_AGENTS, desk.agents),
        (Capability.LIST_TEAMS, desk.teams),
        (Capability.LIST_CUSTOMERS, desk.customers),
    ]
    return [await call() for needed, call in lists if desk.capabilities.supports(needed)]


@pytest.mark.parametrize("way", ["pickle", "deepcopy"])
async def test_every_page_can_be_pickled_and_copied(place: Place, way: str) -> None:
    for _ in range(3):
        ticket = await place.desk.create_ticket(
            subject="S", requester="li@customer.example", text="I paid twice."
        )
    pages = await pages_of(place.desk, ticket)
    assert len(pages) >= 3
    for page in pages:
        back = WAYS[way](page)
        assert (back, type(back), back.behind) == (page, hb.Page, None)
        assert everything_of(back) == everything_of(page)
