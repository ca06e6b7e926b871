"""Tests of what a desk cannot do: it is refused, explained, and without a request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from helpdesk_bridge.errors import (
    DeskClosed,
    InvalidArgument,
    Outcome,
    StatusNotAllowed,
    UnsupportedCapability,
)
from helpdesk_bridge.model import (
    Attachment,
    Audience,
    Capability,
    Level,
    MessageType,
    Priority,
    Status,
    Ticket,
    TicketKind,
    Upload,
)
from helpdesk_bridge.testing.conformance.account import Place

__all__ = ["RefusalPromises"]

Call = Callable[[Place, Ticket], Awaitable[Any]]
WHEN = datetime(2026, 6, 1, 12, tzinfo=UTC)
FILE = Attachment(id="1", name="a.txt")


def _list(**filters: Any) -> Call:
    async def call(place: Place, _: Ticket) -> Any:
        return await place.desk.tickets(**filters)

    return call


async def _first_page(place: Place, ticket_id: str) -> Any:
    return await place.desk.messages(ticket_id)


async def _first(lists: Callable[..., Any], **filters: str) -> Any:
    return await lists(**filters)


async def _download(place: Place, *, inline: bool, size: str | None) -> None:
    file = Attachment(id="1", name="a.png", inline=inline)
    async with place.desk.open_attachment(file, size=size):
        pass


CALLS: dict[Capability, Call] = {
    Capability.LIST_TICKETS: _list(),
    Capability.GET_TICKET: lambda p, t: p.desk.ticket(t.id),
    Capability.CREATE_TICKET: lambda p, t: p.desk.create_ticket(
        subject="Invoice 4712", requester=p.account.customer, text="Some words."
    ),
    Capability.UPDATE_TICKET: lambda p, t: p.desk.update_ticket(t, subject="Another"),
    Capability.DELETE_TICKET: lambda p, t: p.desk.delete_ticket(t),
    Capability.LIST_CUSTOM_FIELDS: lambda p, t: p.desk.custom_fields(),
    Capability.LIST_AGENTS: lambda p, t: _first(p.desk.agents),
    Capability.LIST_TEAMS: lambda p, t: _first(p.desk.teams),
    Capability.LIST_CUSTOMERS: lambda p, t: _first(p.desk.customers),
    Capability.WHO_AM_I: lambda p, t: p.desk.me(),
    Capability.CHANGES: lambda p, t: anext(p.desk.changes()),
    Capability.LIST_MESSAGES: lambda p, t: _first_page(p, t.id),
    Capability.GET_MESSAGE: lambda p, t: p.desk.message(t, t.id),
    Capability.RECONCILE: lambda p, t: p.desk.recover(),
    Capability.REPLY: lambda p, t: p.desk.reply(t, text="Some words.", send_email=True),
    Capability.NOTE: lambda p, t: p.desk.note(t, text="Some words."),
    Capability.FORWARD: lambda p, t: p.desk.forward(t, to="x@y.example", text="Some words."),
    Capability.ADD_REQUEST: lambda p, t: p.desk.add_request(
        t, author=p.account.customer, text="Some words."
    ),
    Capability.SEND_ATTACHMENTS: lambda p, t: p.desk.note(
        t, text="Some words.", attachments=[Upload("a.txt", "text/plain", b"a")]
    ),
    Capability.OPEN_ATTACHMENT: lambda p, t: _download(p, inline=False, size=None),
    Capability.RESIZED_IMAGE: lambda p, t: _download(p, inline=True, size="medium"),
    Capability.REPLY_WITHOUT_EMAIL: lambda p, t: p.desk.reply(
        t, text="Some words.", send_email=False
    ),
    Capability.REPLY_WITH_STATUS: lambda p, t: p.desk.reply(
        t, text="Some words.", send_email=True, status=Status.RESOLVED
    ),
    Capability.IF_LAST: lambda p, t: p.desk.reply(
        t, text="Some words.", send_email=True, if_last=t.id
    ),
    Capability.SCHEDULED_SEND: lambda p, t: p.desk.reply(
        t, text="Some words.", send_email=True, send_at=WHEN
    ),
    Capability.FILTER_STATUS: _list(status=Status.OPEN),
    Capability.FILTER_STATUSES: _list(status=(Status.OPEN, Status.RESOLVED)),
    Capability.FILTER_PRIORITY: _list(priority=Priority.HIGH),
    Capability.FILTER_KIND: _list(kind=TicketKind.INCIDENT),
    Capability.ORDER_CREATED_AT: _list(order_by="-created_at"),
    Capability.ORDER_UPDATED_AT: _list(order_by="updated_at"),
    Capability.FILTER_ASSIGNEE: _list(assignee="7"),
    Capability.FILTER_TEAM: _list(team="Billing"),
    Capability.FILTER_TAG: _list(tag="vip"),
    Capability.FILTER_REQUESTER: _list(requester="x@y.example"),
    Capability.FILTER_TEXT: _list(text="words"),
    Capability.FILTER_CREATED_SINCE: _list(created_since=WHEN),
    Capability.FILTER_UPDATED_SINCE: _list(updated_since=WHEN),
}
"""A call that needs each capability."""

BY_ID: dict[Capability, Callable[[Place, str], Awaitable[Any]]] = {
    Capability.GET_TICKET: lambda p, i: p.desk.ticket(i),
    Capability.DELETE_TICKET: lambda p, i: p.desk.delete_ticket(i),
    Capability.LIST_MESSAGES: lambda p, i: _first_page(p, i),
    Capability.REPLY: lambda p, i: p.desk.reply(i, text="Some words.", send_email=True),
    Capability.NOTE: lambda p, i: p.desk.note(i, text="Some words."),
}
"""A call that takes the id of a ticket, for capabilities that need one."""

OPTIONS: tuple[tuple[Capability, str, Call], ...] = (
    (
        Capability.REPLY,
        "to",
        lambda p, t: p.desk.reply(t, text="Words.", send_email=True, to="x@y.example"),
    ),
    (
        Capability.REPLY,
        "cc",
        lambda p, t: p.desk.reply(t, text="Words.", send_email=True, cc="x@y.example"),
    ),
    (
        Capability.REPLY,
        "bcc",
        lambda p, t: p.desk.reply(t, text="Words.", send_email=True, bcc="x@y.example"),
    ),
    (
        Capability.REPLY,
        "priority",
        lambda p, t: p.desk.reply(t, text="Words.", send_email=True, priority=Priority.HIGH),
    ),
    (
        Capability.FORWARD,
        "bcc",
        lambda p, t: p.desk.forward(t, to="x@y.example", text="Words.", bcc="z@y.example"),
    ),
    (
        Capability.ADD_REQUEST,
        "created_at",
        lambda p, t: p.desk.add_request(
            t, author=p.account.customer, text="Words.", created_at=WHEN
        ),
    ),
    (
        Capability.CREATE_TICKET,
        "priority",
        lambda p, t: p.ticket(priority=Priority.HIGH),
    ),
    (Capability.CREATE_TICKET, "created_at", lambda p, t: p.ticket(created_at=WHEN)),
    (Capability.CREATE_TICKET, "team", lambda p, t: p.ticket(team="No such team")),
    (
        Capability.UPDATE_TICKET,
        "priority",
        lambda p, t: p.desk.update_ticket(t, priority=None),
    ),
    (
        Capability.UPDATE_TICKET,
        "custom_fields",
        lambda p, t: p.desk.update_ticket(t, custom_fields={}),
    ),
    (
        Capability.LIST_CUSTOMERS,
        "email",
        lambda p, t: _first(p.desk.customers, email="x@y.example"),
    ),
    (Capability.LIST_CUSTOMERS, "text", lambda p, t: _first(p.desk.customers, text="Words")),
    (Capability.UPDATE_TICKET, "tags", lambda p, t: p.desk.update_ticket(t, tags=[])),
)
"""A call that gives each optional argument a vendor may not understand."""


class RefusalPromises:
    """What holds for whatever a desk cannot or will not do."""

    async def test_what_is_missing_says_why(self, place: Place) -> None:
        silent = [
            capability
            for capability, support in place.desk.capabilities.items()
            if support.level is not Level.NATIVE and not support.reason
        ]
        assert silent == []

    @pytest.mark.parametrize("capability", CALLS, ids=str)
    async def test_what_is_not_offered_is_refused_without_a_request(
        self, place: Place, capability: Capability
    ) -> None:
        if place.desk.capabilities.supports(capability):
            return  # that it works is promised elsewhere
        ticket = await place.ticket()
        before = await _state(place, ticket)
        with pytest.raises(UnsupportedCapability) as caught:
            await CALLS[capability](place, ticket)
        assert caught.value.outcome is Outcome.NOT_SENT
        assert await _state(place, ticket) == before

    @pytest.mark.parametrize(("capability", "option", "call"), OPTIONS)
    async def test_an_option_that_is_not_understood_is_refused_without_a_request(
        self, place: Place, capability: Capability, option: str, call: Call
    ) -> None:
        known = place.desk.capabilities[capability].limits.options
        if known is None or option in known:
            return
        ticket = await place.ticket()
        before = await _state(place, ticket)
        with pytest.raises(UnsupportedCapability):
            await call(place, ticket)
        assert await _state(place, ticket) == before

    @pytest.mark.parametrize("status", [s for s in Status if s is not Status.UNKNOWN])
    async def test_a_status_that_cannot_be_set_is_refused_without_a_request(
        self, place: Place, status: Status
    ) -> None:
        possible = place.desk.capabilities[Capability.UPDATE_TICKET].limits.statuses
        if possible is None or status in possible:
            return
        ticket = await place.ticket()
        before = await _state(place, ticket)
        with pytest.raises(StatusNotAllowed) as caught:
            await place.desk.update_ticket(ticket, status=status)
        assert caught.value.outcome is Outcome.NOT_SENT
        assert await _state(place, ticket) == before

    @pytest.mark.parametrize("status", [s for s in Status if s is not Status.UNKNOWN])
    async def test_a_status_that_is_not_known_is_refused_among_others_without_a_request(
        self, place: Place, status: Status
    ) -> None:
        support = place.desk.capabilities[Capability.FILTER_STATUSES]
        if support.limits.statuses is None or status in support.limits.statuses:
            return
        ticket = await place.ticket()
        before = await _state(place, ticket)
        known = min(support.limits.statuses - {Status.UNKNOWN}, default=Status.OPEN)
        with pytest.raises(StatusNotAllowed):
            await place.desk.tickets(status=(known, status))
        assert await _state(place, ticket) == before

    async def test_files_over_the_limit_are_refused_without_a_request(self, place: Place) -> None:
        limit = place.desk.capabilities[Capability.SEND_ATTACHMENTS].limits.attachment_bytes
        if limit is None:
            return
        ticket = await place.ticket()
        before = await _state(place, ticket)
        files = [Upload("big", data=bytes(limit + 1))]
        call: Callable[..., Awaitable[Any]] = partial(place.desk.reply, send_email=True)
        if place.desk.capabilities.supports(Capability.NOTE):
            call = place.desk.note
        with pytest.raises(InvalidArgument):
            await call(ticket, text="Some words.", attachments=files)
        assert await _state(place, ticket) == before

    @pytest.mark.parametrize(
        "bad", ["", ".", "..", "../1", "1/2", "1?a=b", "1#a", "%2e", "1 2", "1\r\nX: y", "1" * 500]
    )
    async def test_a_hostile_id_is_refused_without_a_request(self, place: Place, bad: str) -> None:
        before = place.witness.requests()
        for capability, call in BY_ID.items():
            offered = place.desk.capabilities.supports(capability)
            with pytest.raises(InvalidArgument if offered else UnsupportedCapability):
                await call(place, bad)
        assert place.witness.requests() == before

    @pytest.mark.parametrize("address", ["a@b\r\nBcc: c@d", "a@b, c@d", "a", "@b", "a b@c", ""])
    async def test_an_address_that_is_none_is_refused_without_a_request(
        self, place: Place, address: str
    ) -> None:
        ticket = await place.ticket()
        before = await _state(place, ticket)
        with pytest.raises(InvalidArgument):
            await place.desk.forward(ticket, to=[address], text="Some words.")
        with pytest.raises(InvalidArgument):
            await place.desk.reply(ticket, text="Some words.", send_email=True, cc=[address])
        assert await _state(place, ticket) == before

    @pytest.mark.parametrize(
        ("html", "text"), [(None, None), ("<p>a</p>", "a"), (None, "  \n"), ("<p></p>", None)]
    )
    async def test_a_body_that_is_none_is_refused_without_a_request(
        self, place: Place, html: str | None, text: str | None
    ) -> None:
        ticket = await place.ticket()
        before = await _state(place, ticket)
        with pytest.raises(InvalidArgument):
            await place.desk.note(ticket, html=html, text=text)
        assert await _state(place, ticket) == before

    @pytest.mark.parametrize(
        "key", ["to", "cc", "bcc", "type", "send_email", "toAddress", "ccs", "To", "notify"]
    )
    async def test_extra_cannot_turn_a_note_into_a_mail(self, place: Place, key: str) -> None:
        if not place.desk.capabilities.supports(Capability.NOTE):
            return
        ticket = await place.ticket()
        before = await _state(place, ticket)
        with pytest.raises(InvalidArgument):
            await place.desk.note(ticket, text="Some words.", extra={key: [place.account.customer]})
        assert await _state(place, ticket) == before
        assert await place.letters() == []
        assert (MessageType.RESPONSE, Audience.EXTERNAL) not in await place.stored(ticket, "words")

    async def test_a_closed_desk_makes_no_request(self, place: Place) -> None:
        ticket = await place.ticket()
        before = place.witness.requests()
        await place.desk.aclose()
        await place.desk.aclose()
        with pytest.raises(DeskClosed):
            await place.desk.ticket(ticket.id)
        with pytest.raises(DeskClosed):
            await place.desk.reply(ticket, text="Some words.", send_email=True)
        assert place.witness.requests() == before


async def _state(place: Place, ticket: Ticket) -> tuple[object, ...]:
    """Return what must not change when something is refused."""
    return (
        place.witness.requests(),
        len(await place.witness.letters()),
        len(await place.witness.messages(ticket.id)),
    )
