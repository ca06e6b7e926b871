"""What is called native is one request, and nothing of what comes is left out here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import frozen
from helpdesk_bridge_helpspace.offers import OFFERS

from helpdesk_bridge import Capability, Helpdesk, Level, Page, Party, Status, Upload
from helpdesk_bridge.testing import StoredTicket
from tests.adapters.doubles import CUSTOMER, START, Connect, new_ticket
from tests.adapters.helpspace.conftest import ScriptedFake, add

C = Capability
ADA = Party(id="11", name="Ada", email="ada@helpdesk.example")
FILE = Upload("a.txt", data=b"a")


@frozen
class Place:
    """A desk of its own, and what is on it."""

    desk: Helpdesk
    ticket: str
    message: str
    files: dict[bool, Any]


Way = Callable[[Place], Awaitable[Any]]


def listing(**given: Any) -> Way:
    return lambda place: place.desk.tickets(**given)._first()


async def conversation(place: Place) -> Any:
    return await place.desk.messages(place.ticket)


async def read_file(place: Place, *, inline: bool, size: str | None) -> None:
    async with place.desk.open_attachment(place.files[inline], size=size) as chunks:
        [_ async for _ in chunks]


def created(**given: Any) -> Way:
    return lambda p: p.desk.create_ticket(subject="S", requester=CUSTOMER, text="T", **given)


def replied(**given: Any) -> Way:
    return lambda p: p.desk.reply(p.ticket, text="T", **{"send_email": True, **given})


WAYS: dict[Capability, list[Way]] = {
    C.LIST_TICKETS: [listing(), listing(limit=3)],
    C.GET_TICKET: [lambda p: p.desk.ticket(p.ticket)],
    C.CREATE_TICKET: [created(), created(team="Billing", assignee="11", status=Status.PENDING)],
    C.UPDATE_TICKET: [
        lambda p: p.desk.update_ticket(p.ticket, subject="New"),
        lambda p: p.desk.update_ticket(p.ticket, assignee="11", team="22", status=Status.CLOSED),
    ],
    C.DELETE_TICKET: [lambda p: p.desk.delete_ticket(p.ticket)],
    C.LIST_MESSAGES: [conversation],
    C.GET_MESSAGE: [lambda p: p.desk.message(p.ticket, p.message)],
    C.REPLY: [replied()],
    C.NOTE: [lambda p: p.desk.note(p.ticket, text="T")],
    C.FORWARD: [lambda p: p.desk.forward(p.ticket, to="x@x.example", text="T")],
    C.ADD_REQUEST: [lambda p: p.desk.add_request(p.ticket, author=CUSTOMER, text="T")],
    C.SEND_ATTACHMENTS: [created(attachments=[FILE]), replied(attachments=[FILE])],
    C.OPEN_ATTACHMENT: [lambda p: read_file(p, inline=False, size=None)],
    C.RESIZED_IMAGE: [lambda p: read_file(p, inline=True, size="medium")],
    C.REPLY_WITHOUT_EMAIL: [replied(send_email=False)],
    C.REPLY_WITH_STATUS: [replied(status=Status.CLOSED)],
    C.LIST_AGENTS: [lambda p: p.desk.agents()._first()],
    C.LIST_TEAMS: [lambda p: p.desk.teams()._first()],
    C.LIST_CUSTOMERS: [
        lambda p: p.desk.customers()._first(),
        lambda p: p.desk.customers(email=CUSTOMER)._first(),
    ],
    C.FILTER_STATUS: [listing(status=Status.PENDING), listing(status=Status.ESCALATED)],
    C.FILTER_STATUSES: [listing(status=[Status.PENDING, Status.CLOSED])],
    C.FILTER_ASSIGNEE: [listing(assignee="11"), listing(assignee=ADA.email)],
    C.FILTER_TEAM: [listing(team="Billing"), listing(team="21")],
    C.FILTER_TAG: [listing(tag="vip")],
    C.FILTER_REQUESTER: [listing(requester=CUSTOMER), listing(requester="20931")],
    C.FILTER_TEXT: [listing(text="stops")],
    C.FILTER_CREATED_SINCE: [listing(created_since=START + timedelta(hours=3))],
    C.FILTER_UPDATED_SINCE: [listing(updated_since=START + timedelta(hours=3))],
}
BY_THEIR_NATURE = {
    C.CHANGES: "what a poll takes goes by how much there is",
    C.RECONCILE: "it looks for what was sent",
    C.IF_LAST: "it is the model's",
    C.ORDER_CREATED_AT: "a short list is one request, and sorted here",
    C.ORDER_UPDATED_AT: "as above",
}


def fill(fake: ScriptedFake) -> StoredTicket:
    """Put a ticket of each sort into the Store, and one with files and a stranger's message."""
    store = fake.store
    fields: list[dict[str, Any]] = [
        *({"status": status} for status in (Status.PENDING, Status.ESCALATED, Status.CLOSED)),
        {"assignee": ADA},
        {"team": "Billing"},
        {"tags": ("vip",)},
        {"requester": store.person(f"dr.{CUSTOMER}")},
        {"created_at": START + timedelta(hours=2)},
        {"created_at": START + timedelta(hours=4)},
    ]
    for given in fields:
        new_ticket(store, **given)
    stored = new_ticket(store)
    files = [store.file("a.txt", "text/plain", b"a")]
    files.append(store.file("b.png", "image/png", b"b", inline=True))
    add(store, stored, files=files, author=Party(id="70", email="mo@else.example"))
    return stored


@pytest.mark.asyncio
@pytest.mark.parametrize("capability", sorted(WAYS))
async def test_the_level_is_that_of_the_way_that_takes_most(
    fake: ScriptedFake, connect_to: Connect, capability: Capability
) -> None:
    is_native = True
    for way in WAYS[capability]:
        stored = fill(fake)
        before = connect_to(fake)
        (last,) = [m async for m in before.messages(str(stored.id)) if m.attachments]
        place = Place(
            desk=connect_to(fake),  # which has read nothing
            ticket=str(stored.id),
            message=last.id,
            files={one.inline: one for one in last.attachments},
        )
        fake.journal.clear()
        done = await way(place)
        left_out = done.filtered if isinstance(done, Page) else ()
        is_native &= len(fake.journal) == 1 and not left_out
    assert (OFFERS[capability].level is Level.NATIVE) is is_native


def test_every_capability_is_measured() -> None:
    offered = {c for c, support in OFFERS.items() if support.level is not Level.NONE}
    assert offered <= WAYS.keys() | BY_THEIR_NATURE.keys()


@pytest.mark.parametrize("capability", sorted(OFFERS))
def test_what_is_said_of_the_vendor_has_its_page(capability: Capability) -> None:
    support = OFFERS[capability]
    page = support.source.startswith("https://documentation.helpspace.com/")
    assert page or capability is C.RECONCILE  # which speaks of this library alone
    if support.level is not Level.NATIVE:
        assert support.reason.endswith(".")


def test_what_nobody_built_is_not_said_to_be_missing_at_the_vendor() -> None:
    support = OFFERS[C.WEBHOOKS]
    assert support.level is Level.NONE
    assert support.reason.startswith("Not offered by this adapter yet: ")
