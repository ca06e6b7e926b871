"""Calls that concern tickets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from operator import attrgetter
from types import EllipsisType
from typing import Any

from helpdesk_bridge.desk import arguments as check
from helpdesk_bridge.desk.arguments import AddressLike
from helpdesk_bridge.desk.delivery import Delivery
from helpdesk_bridge.desk.pager import Pager
from helpdesk_bridge.errors import InvalidArgument, NotFound, Outcome
from helpdesk_bridge.model import (
    Body,
    Capability,
    Channel,
    Cursor,
    CustomField,
    NewTicket,
    Page,
    Priority,
    Status,
    Ticket,
    TicketChanges,
    TicketKind,
    TicketQuery,
    Upload,
)

__all__ = ["TicketCalls"]

_FILTERS = {
    "status": Capability.FILTER_STATUS,
    "assignee": Capability.FILTER_ASSIGNEE,
    "team": Capability.FILTER_TEAM,
    "tag": Capability.FILTER_TAG,
    "requester": Capability.FILTER_REQUESTER,
    "text": Capability.FILTER_TEXT,
    "created_since": Capability.FILTER_CREATED_SINCE,
    "updated_since": Capability.FILTER_UPDATED_SINCE,
}


class TicketCalls(Delivery):
    """List, read, create, change and delete tickets."""

    def tickets(
        self,
        *,
        status: Status | None = None,
        assignee: AddressLike | None = None,
        team: str | None = None,
        tag: str | None = None,
        requester: AddressLike | None = None,
        text: str | None = None,
        created_since: datetime | None = None,
        updated_since: datetime | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> Pager[Ticket]:
        """List tickets; filters that are None do not filter, several must all hold.

        ``assignee`` and ``requester`` are a :class:`Party`, an e-mail address or a vendor's id.
        ``created_since`` and ``updated_since`` are aware and inclusive. ``limit`` is the number of
        tickets in all, ``cursor`` a :attr:`Pager.cursor` of an earlier list with the same filters,
        ``extra`` the vendor's own query parameters (a str or a sequence of them for each).
        """
        with self._about("tickets"):
            query = TicketQuery(
                status=check.member(Status, status, "status"),
                assignee=None if assignee is None else check.party(assignee, "assignee"),
                team=check.line(team, "team"),
                tag=check.line(tag, "tag"),
                requester=None if requester is None else check.party(requester, "requester"),
                text=check.line(text, "text"),
                created_since=check.aware(created_since, "created_since"),
                updated_since=check.aware(updated_since, "updated_since"),
                limit=check.limit(limit),
                extra=check.mapping(extra, "extra"),
            )
            wanted = [c for name, c in _FILTERS.items() if getattr(query, name) is not None]
            self.capabilities.require(Capability.LIST_TICKETS, *wanted)
            if query.status is not None:
                check.status(query.status, self.capabilities[Capability.FILTER_STATUS])
            check.cursor(cursor)

        async def fetch(place: Cursor | None) -> Page[Ticket]:
            with self._calling("tickets"):
                return await self.adapter.list_tickets(query, place)

        return Pager(
            fetch,
            attrgetter("id"),
            cursor=cursor,
            limit=limit,
            readers=self._readers,
            concurrency=self._options.concurrency,
        )

    async def ticket(self, ticket_id: str) -> Ticket:
        """Return one ticket. Raises NotFound."""
        with self._calling("ticket"):
            self.capabilities.require(Capability.GET_TICKET)
            self._check_id(ticket_id)
            return await self.adapter.get_ticket(ticket_id)

    async def create_ticket(
        self,
        *,
        subject: str,
        requester: AddressLike,
        html: str | None = None,
        text: str | None = None,
        status: Status | None = None,
        priority: Priority | None = None,
        kind: TicketKind | None = None,
        assignee: AddressLike | None = None,
        team: str | None = None,
        tags: Iterable[str] = (),
        channel: Channel | str | None = None,
        custom_fields: Mapping[str, Any] | None = None,
        attachments: Iterable[Upload] = (),
        created_at: datetime | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> Ticket:
        """Create a ticket whose first message is the requester's ``html`` or ``text``.

        Nobody is mailed. ``channel`` is a :class:`Channel`, its id or its address; ``created_at``
        is aware; what is left out is the vendor's choice.
        """
        with self._about("create_ticket"):
            new = NewTicket(
                subject=check.required_line(subject, "subject"),
                requester=check.correspondent(requester, "requester"),
                body=Body.of(html, text),
                status=check.member(Status, status, "status"),
                priority=check.member(Priority, priority, "priority"),
                kind=check.member(TicketKind, kind, "kind"),
                assignee=None if assignee is None else check.party(assignee, "assignee"),
                team=check.line(team, "team"),
                tags=check.words(tags, "tags"),
                channel=None if channel is None else check.channel(channel),
                custom_fields=check.mapping(custom_fields, "custom_fields"),
                attachments=check.uploads(attachments),
                created_at=check.aware(created_at, "created_at"),
                extra=check.mapping(extra, "extra"),
            )
            options = check.given(
                status=status,
                priority=priority,
                kind=kind,
                assignee=assignee,
                team=team,
                tags=new.tags,
                channel=channel,
                custom_fields=new.custom_fields,
                created_at=created_at,
            )
            self._allow(Capability.CREATE_TICKET, options)
            if new.status is not None:
                check.status(new.status, self.capabilities[Capability.CREATE_TICKET])
            await self._check_content(Capability.CREATE_TICKET, new.body, new.attachments)
        with self._calling("create_ticket") as call:
            call.fingerprint = self._fingerprint(
                "create_ticket",
                None,
                body=new.body.text,
                files=[upload.name for upload in new.attachments],
                subject=new.subject,
                requester=new.requester.email,
                due=new.created_at,
            )
            return await self._delivered(
                call, None, lambda: self.adapter.create_ticket(new), lambda ticket: ticket.id
            )

    async def update_ticket(
        self,
        ticket: Ticket | str,
        *,
        subject: str | EllipsisType = ...,
        status: Status | EllipsisType = ...,
        priority: Priority | EllipsisType | None = ...,
        kind: TicketKind | EllipsisType | None = ...,
        assignee: AddressLike | EllipsisType | None = ...,
        team: str | EllipsisType | None = ...,
        tags: Iterable[str] | EllipsisType = ...,
        custom_fields: Mapping[str, Any] | EllipsisType = ...,
        extra: Mapping[str, Any] | None = None,
    ) -> Ticket:
        """Change a ticket and return it as it is now. None clears a field, ``...`` keeps it.

        ``tags`` replaces the whole set. A status the vendor lacks is StatusNotAllowed. Some vendors
        tell the customer of themselves that a ticket is resolved: see the vendor's page.
        """
        given = {
            "subject": subject,
            "status": status,
            "priority": priority,
            "kind": kind,
            "assignee": assignee,
            "team": team,
            "tags": tags,
            "custom_fields": custom_fields,
        }
        given = {name: value for name, value in given.items() if value is not ...}
        with self._about("update_ticket"):
            ref = self._ref(ticket)
            if not given and not extra:
                raise InvalidArgument("there is nothing to change.")
            changes = TicketChanges(**check.changes(given), extra=check.mapping(extra, "extra"))
            self._allow(Capability.UPDATE_TICKET, given)
            if not isinstance(changes.status, EllipsisType):
                check.status(changes.status, self.capabilities[Capability.UPDATE_TICKET])
        with self._calling("update_ticket", ticket_id=ref.id):
            return await self.adapter.update_ticket(ref.id, changes)

    async def delete_ticket(self, ticket: Ticket | str) -> None:
        """Delete a ticket; softly, where the vendor can."""
        with self._about("delete_ticket"):
            self.capabilities.require(Capability.DELETE_TICKET)
            ref = self._ref(ticket)
        with self._calling("delete_ticket", ticket_id=ref.id):
            try:
                await self.adapter.delete_ticket(ref.id)
            except NotFound as error:
                if error.outcome is Outcome.REJECTED:
                    raise
                # An attempt whose answer was lost has deleted it.

    async def custom_fields(self) -> list[CustomField]:
        """Return the definitions of the desk's custom fields."""
        with self._calling("custom_fields"):
            self.capabilities.require(Capability.LIST_CUSTOM_FIELDS)
            return await self.adapter.list_custom_fields()
