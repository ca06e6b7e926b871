"""HelpSpace's words and ours, both ways, and who is the customer."""

from __future__ import annotations

from typing import Any

import pytest
from helpdesk_bridge_helpspace import HelpSpace, outgoing, wire

from helpdesk_bridge import (
    Audience,
    Capability,
    Helpdesk,
    Message,
    MessageType,
    Role,
    Status,
    Ticket,
    errors,
)
from helpdesk_bridge.testing import StoredTicket
from tests.adapters.doubles import CUSTOMER, Caught, Connect, ids
from tests.adapters.helpspace.conftest import (
    CHANNEL,
    ScriptedFake,
    add,
    agent_contact_json,
    contact_json,
    message_json,
    ticket_json,
)

STATUSES = {
    "open": Status.OPEN,
    "waiting": Status.PENDING,
    "escaleted": Status.ESCALATED,
    "escalated": Status.ESCALATED,
    "closed": Status.CLOSED,
    "spam": Status.SPAM,
    "Closed": Status.CLOSED,
    "unassigned": Status.UNKNOWN,
    "resolved": Status.UNKNOWN,
    "": Status.UNKNOWN,
}
WRITTEN = {
    Status.OPEN: "open",
    Status.PENDING: "waiting",
    Status.ESCALATED: "escalated",
    Status.RESOLVED: "closed",
    Status.CLOSED: "closed",
    Status.SPAM: "spam",
}
BY_AGENT = {
    "external": (MessageType.RESPONSE, Audience.EXTERNAL, Role.AGENT, True),
    "widget": (MessageType.RESPONSE, Audience.EXTERNAL, Role.AGENT, True),
    "forward": (MessageType.RESPONSE, Audience.FORWARD, Role.AGENT, True),
    "internal": (MessageType.NOTE, Audience.INTERNAL, Role.AGENT, False),
    "error": (MessageType.SYSTEM, Audience.INTERNAL, Role.SYSTEM, False),
    "bounce": (MessageType.SYSTEM, Audience.INTERNAL, Role.SYSTEM, False),
    "event": (MessageType.SYSTEM, Audience.INTERNAL, Role.SYSTEM, False),
    "ai-summary": (MessageType.UNKNOWN, Audience.UNKNOWN, Role.UNKNOWN, False),
    "External": (MessageType.UNKNOWN, Audience.UNKNOWN, Role.UNKNOWN, False),
    "": (MessageType.UNKNOWN, Audience.UNKNOWN, Role.UNKNOWN, False),
}
BY_CUSTOMER = {
    **BY_AGENT,
    "external": (MessageType.REQUEST, Audience.EXTERNAL, Role.CUSTOMER, True),
    "widget": (MessageType.REQUEST, Audience.EXTERNAL, Role.CUSTOMER, True),
}
TELLS_NOBODY = {**contact_json(), "id": None, "user_id": None, "value": None, "type": None}


def ticket_of(contact: Any) -> Ticket:
    data = {"data": ticket_json(from_contact=contact)}
    return wire.one_ticket(data)


def message_of(
    author: Any, contact: Any, word: Any = "external", sender: str | None = None
) -> Message:
    data = message_json(from_contact=author, type=word)
    return wire.one_message({"data": data}, ticket_of(contact), sender)


NOBODY = pytest.mark.parametrize("nobody", [0, "0", None])
DESKS = {"id": 31, "name": None, "value": CHANNEL, "type": "email"}
STRANGER = {"id": 77, "name": None, "value": "bob@else.example", "type": "email"}


@NOBODY
def test_no_user_is_nobody_in_common(nobody: Any) -> None:
    contact = contact_json(user_id=nobody)
    assert message_of({**DESKS, "user_id": nobody}, contact).type is MessageType.RESPONSE
    ticket = wire.one_ticket({"data": ticket_json(from_contact=contact, assignee={"id": nobody})})
    told = message_json(from_contact={**STRANGER, "user_id": nobody})
    message = wire.one_message({"data": told}, ticket)
    assert (message.type, message.author.role) == (MessageType.UNKNOWN, Role.UNKNOWN)


@pytest.mark.parametrize(
    ("author", "kind"),
    [
        (contact_json(id=77), MessageType.REQUEST),
        (contact_json(value="ines@else.example"), MessageType.REQUEST),
        (contact_json(user_id=998, value=None), MessageType.UNKNOWN),
        (contact_json(id=77, value=CHANNEL), MessageType.UNKNOWN),
        (contact_json(id=None, value="bob@else.example"), MessageType.UNKNOWN),
        (contact_json(user_id=12), MessageType.UNKNOWN),
        (contact_json(id=77, user_id=12), MessageType.UNKNOWN),
        (contact_json(user_id=None), MessageType.REQUEST),
        (contact_json(id=None, value=None), MessageType.REQUEST),
    ],
)
def test_who_is_the_customer_only_in_part_is_unknown(author: Any, kind: MessageType) -> None:
    message = message_of(author, contact_json())
    assert (message.type, message.audience) == (kind, Audience.EXTERNAL)


# -- statuses --------------------------------------------------------------------------------


@pytest.mark.parametrize(("word", "status"), STATUSES.items())
def test_a_status_is_read_as_ours_and_kept_as_the_vendors(word: str, status: Status) -> None:
    data = {"data": ticket_json(status=word)}
    ticket = wire.one_ticket(data)
    assert (ticket.status, ticket.vendor_status) == (status, word)


@pytest.mark.parametrize(("status", "word"), WRITTEN.items())
def test_a_status_is_written_as_the_vendors_word(status: Status, word: str) -> None:
    assert outgoing.status_word(status, "escalated") == word


def test_exactly_the_statuses_with_a_word_can_be_written() -> None:
    offered = HelpSpace.offers
    assert offered[Capability.UPDATE_TICKET].limits.statuses == set(WRITTEN)
    assert offered[Capability.CREATE_TICKET].limits.statuses == set(WRITTEN)
    assert offered[Capability.REPLY_WITH_STATUS].limits.statuses == set(WRITTEN)


@pytest.mark.asyncio
@pytest.mark.parametrize("status", sorted(set(Status) - set(WRITTEN) - {Status.UNKNOWN}))
async def test_a_status_without_a_word_is_refused_and_nothing_is_sent(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught, status: Status
) -> None:
    given = str(stored.id)
    found = [
        type(await caught(call()))
        for call in (
            lambda: desk.update_ticket(given, status=status),
            lambda: desk.create_ticket(subject="S", requester=CUSTOMER, text="T", status=status),
            lambda: desk.reply(given, text="T", send_email=True, status=status),
        )
    ]
    assert (found, fake.journal) == ([errors.StatusNotAllowed] * 3, [])


def test_a_deleted_ticket_says_so_whatever_its_status() -> None:
    gone = ticket_json(status="open", deleted_at="2025-07-01T00:00:00+00:00")
    ticket = wire.one_ticket({"data": gone})
    assert (ticket.status, ticket.vendor_status) == (Status.DELETED, "open")


# -- message types ---------------------------------------------------------------------------


@pytest.mark.parametrize(("word", "expected"), BY_AGENT.items())
def test_a_message_of_an_agent_is_read_as_ours(word: str, expected: Any) -> None:
    message = message_of(agent_contact_json(), contact_json(), word)
    found = (message.type, message.audience, message.author.role, message.is_public)
    assert (found, message.vendor_type) == (expected, word)


@pytest.mark.parametrize(("word", "expected"), BY_CUSTOMER.items())
def test_a_message_of_the_customer_is_read_as_ours(word: str, expected: Any) -> None:
    message = message_of(contact_json(), contact_json(), word)
    found = (message.type, message.audience, message.author.role, message.is_public)
    assert found == expected


@pytest.mark.parametrize("word", [None, 7, "internal ", "note", "private", "EXTERNAL"])
def test_a_word_nobody_knows_is_never_public(word: Any) -> None:
    message = message_of(contact_json(), contact_json(), word)
    assert (message.type, message.is_public) == (MessageType.UNKNOWN, False)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("operation", "arguments", "word"),
    [
        ("reply", {"send_email": False}, "external"),
        ("note", {}, "internal"),
        ("forward", {"to": "x@a.example"}, "forward"),
        ("add_request", {"author": CUSTOMER}, "external"),
    ],
)
async def test_a_message_is_written_with_the_vendors_word(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket,
    operation: str, arguments: Any, word: str,
) -> None:  # fmt: skip
    await getattr(desk, operation)(str(stored.id), text="T", **arguments)
    assert stored.messages[-1].word == word


# -- who speaks ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("author", "contact"),
    [
        ({"id": 20931}, contact_json()),
        ({"id": 999, "user_id": 18440}, contact_json()),
        ({"id": 999, "user_id": 998, "value": CUSTOMER.upper()}, contact_json()),
        ({"email": CUSTOMER}, contact_json()),
        ({"value": CUSTOMER, "type": "email"}, {"email": CUSTOMER.title()}),
        ({"user_id": "18440"}, {"user_id": 18440}),
    ],
)
def test_the_tickets_contact_speaks_a_request(author: Any, contact: Any) -> None:
    assert message_of(author, contact).type is MessageType.REQUEST


@pytest.mark.parametrize(
    "author",
    [
        agent_contact_json(),
        {"user_id": 12},
        {"value": "Tomasz <TOMASZ@brightloom.example>", "type": "email"},
        {"value": CHANNEL.upper(), "type": "email"},
        {"email": "desk@brightloom.example"},
    ],
)
def test_who_is_known_to_be_of_the_desk_speaks_a_response(author: Any) -> None:
    message = message_of(author, contact_json(), sender="Desk@brightloom.example")
    assert (message.type, message.author.role) == (MessageType.RESPONSE, Role.AGENT)


@pytest.mark.parametrize(
    "author",
    [
        {"id": 31},
        {"id": 12},
        {"id": 99, "name": "Colleague", "value": "colleague@customer.example", "type": "email"},
        {"id": 98, "value": "MAILER-DAEMON@brightloom.example", "type": "email"},
        {"value": "desk@brightloom.example", "type": "email"},
        {"value": f"{CHANNEL}.evil.example", "type": "email"},
        {"name": CHANNEL, "value": f'"{CHANNEL}" <x@a.example>', "type": "email"},
        {"user_id": 13},
    ],
)
@pytest.mark.parametrize("word", ["external", "widget"])
def test_anybody_else_is_seen_by_the_customer_and_speaks_for_nobody(author: Any, word: str) -> None:
    message = message_of(author, contact_json(), word=word)
    assert (message.type, message.audience) == (MessageType.UNKNOWN, Audience.EXTERNAL)
    assert message.author.role is Role.UNKNOWN


@pytest.mark.parametrize(
    ("author", "contact"),
    [
        ({}, contact_json()),
        (None, contact_json()),
        (TELLS_NOBODY, contact_json()),
        ({"value": "+49 30 1", "type": "phone"}, contact_json()),
        (contact_json(), {}),
        (contact_json(), None),
        ({}, {}),
        ({"id": 20931}, {"value": CUSTOMER}),
    ],
)
def test_an_author_who_cannot_be_told_is_unknown_and_the_message_external(
    author: Any, contact: Any
) -> None:
    message = message_of(author, contact)
    assert (message.type, message.audience, message.author.role) == (
        MessageType.UNKNOWN,
        Audience.EXTERNAL,
        Role.UNKNOWN,
    )


# -- how often the ticket is read for it -----------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("contact", [contact_json(), {}])
async def test_a_conversation_of_an_id_reads_the_ticket_once(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, contact: Any
) -> None:
    for _ in range(120):
        add(fake.store, stored)
    answer = {"data": ticket_json(id=stored.id, from_contact=contact)}
    fake.instead("GET", f"/tickets/{stored.id}", answer, times=9)
    found = [message async for message in desk.messages(str(stored.id))]
    assert (len(found), len(fake.asked("GET", "/messages"))) == (121, 3)
    assert len(fake.asked("GET", f"/tickets/{stored.id}")) == 1


@pytest.mark.asyncio
async def test_a_conversation_of_a_ticket_does_not_read_it_again(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    for _ in range(120):
        add(fake.store, stored)
    (ticket,) = [ticket async for ticket in desk.tickets()]
    found = [message async for message in desk.messages(ticket)]
    assert (ids(found), fake.asked("GET", f"/tickets/{stored.id}")) == (ids(stored.messages), [])


@pytest.mark.asyncio
async def test_a_ticket_without_its_contact_is_read_to_know_the_customer(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    found = [message async for message in desk.messages(Ticket(id=str(stored.id)))]
    assert [message.type for message in found] == [MessageType.REQUEST]
    assert len(fake.asked("GET", f"/tickets/{stored.id}")) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("operation", "arguments"),
    [("reply", {"send_email": False}), ("note", {}), ("add_request", {"author": CUSTOMER})],
)
@pytest.mark.parametrize("sender", [None, "desk@helpdesk.example"])
async def test_a_ticket_is_read_once_for_each_message_whatever_the_caller_has_read(
    fake: ScriptedFake, connect_to: Connect, stored: StoredTicket,
    operation: str, arguments: Any, sender: str | None,
) -> None:  # fmt: skip
    desk = connect_to(fake, sender=sender)
    ticket = await desk.ticket(str(stored.id))
    await getattr(desk, operation)(ticket, text="T", **arguments)
    assert len(fake.asked("GET")) == 2
