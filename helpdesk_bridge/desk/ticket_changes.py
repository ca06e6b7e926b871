"""The calls that create, change and delete tickets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from operator import attrgetter
from types import EllipsisType
from typing import Any

from helpdesk_bridge.delivery.entry import LedgerEntry
from helpdesk_bridge.delivery.write import Earlier, Write, content_of, given_of
from helpdesk_bridge.desk import arguments
from helpdesk_bridge.desk.arguments import AddressLike
from helpdesk_bridge.desk.changed import require_as_asked, require_changed
from helpdesk_bridge.desk.changes_given import checked_changes
from helpdesk_bridge.desk.parts import Desk
from helpdesk_bridge.errors import (
    HelpdeskError,
    InvalidArgument,
    NotFound,
    Outcome,
    PartlyDone,
    ProtocolError,
    Reason,
)
from helpdesk_bridge.errors.plain import in_brackets
from helpdesk_bridge.kit.made import read_if_unsure, require_made
from helpdesk_bridge.model import (
    Body,
    Capability,
    Channel,
    NewTicket,
    Priority,
    Status,
    Ticket,
    TicketChanges,
    TicketKind,
    Upload,
)
from helpdesk_bridge.transport.outcome import with_outcome

__all__ = ["create_ticket", "delete_ticket", "update_ticket"]


async def create_ticket(
    self: Desk,
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
    key: str | None = None,
) -> Ticket:
    """Create a ticket whose first message is the requester's. Nobody is mailed.

    What is None or empty is left to the vendor.

    Args:
        subject: one line.
        requester: the customer, a Party or an e-mail address.
        html: the customer's words as HTML; give this or ``text``, the other is derived.
        text: the customer's words as plain text.
        status: where the ticket stands.
        priority: how urgent it is.
        kind: what sort of matter it is about.
        assignee: the agent, as a Party, an e-mail address, or the vendor's id or name.
        team: the team, by the vendor's id or name of it.
        tags: its tags.
        channel: where it came in: a :class:`Channel`, its id or its address. The vendor is given
            the part by which it names its channels, such as the id; the other parts of a Channel
            only tell of it, and are not compared with what the vendor has.
        custom_fields: values by the ids of :meth:`custom_fields`.
        attachments: files of the first message.
        created_at: when the customer wrote (aware); None is now.
        extra: the vendor's own fields, put into the request as they are; a key that the call sets
            itself is InvalidArgument.
        key: the application's own name for this write, unique for the desk, of at most 255
            characters: a call with it is done once, also by another process and after a crash. It
            needs a ledger. None: every call is a write of its own.

    Returns:
        The ticket as the vendor shows it; with a ``key`` perhaps the one that an earlier call made,
        as it is now.

    Raises:
        InvalidArgument: for a value that is not acceptable; nothing was sent.
        UnsupportedCapability: for an option that this desk does not have; nothing was sent.
        InProgress: another call with this key is under way.
        StatusNotAllowed: for a status that a new ticket cannot have.
        OutcomeUnknown: it may have been created, or the vendor shows another ticket in its place:
            ask :meth:`reconcile` before doing it again.
        PartlyDone: the ticket is there, and its first message is not, or may not be; or it has
            another status, assignee or so than was asked for. Never create it again for that.
        HelpdeskError: as the vendor or the network has it.
    """
    with self._calls.begin("create_ticket", writes=True) as call:
        new = NewTicket(
            subject=arguments.required_line(subject, "subject"),
            requester=arguments.correspondent(requester, "requester"),
            body=Body.of(html, text),
            status=arguments.member(Status, status, "status"),
            priority=arguments.member(Priority, priority, "priority"),
            kind=arguments.member(TicketKind, kind, "kind"),
            assignee=None if assignee is None else arguments.party(assignee, "assignee"),
            team=arguments.line(team, "team"),
            tags=arguments.words(tags, "tags"),
            channel=None if channel is None else arguments.channel(channel),
            custom_fields=arguments.mapping(custom_fields, "custom_fields"),
            attachments=arguments.uploads(attachments),
            created_at=arguments.aware(created_at, "created_at"),
            extra=arguments.mapping(extra, "extra"),
        )
        options = arguments.given(
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
        self._guard.allow(Capability.CREATE_TICKET, options)
        if new.status is not None:
            self._guard.status(Capability.CREATE_TICKET, new.status)
        key = self._sender.check_key(key)
        await self._guard.content(Capability.CREATE_TICKET, new.body, new.attachments)
        content: bytes | None = None
        if key is not None:
            given = given_of(new, call="create_ticket")
            content = await content_of(given, new.attachments)
        named = new

        async def look_up() -> None:
            """Find whom the caller means, unless an earlier call with the key has done it all."""
            nonlocal named
            named = await self._directory.named(new, assignee)

        made: Ticket | Earlier = await self._sender.send(
            call,
            Write(
                before=look_up,
                do=lambda: _made(self, named),
                made_id=attrgetter("id"),
                ticket_id=None,
                body=new.body.text,
                files=[upload.name for upload in new.attachments],
                subject=new.subject,
                requester=new.requester.email,
                due=new.created_at,
                key=key,
                content=content,
            ),
        )
        if isinstance(made, Earlier):
            made = await _made_earlier(self, made.entry)
        return self._origin.mark(made)


async def _made(desk: Desk, new: NewTicket) -> Ticket:
    """Make a ticket; one that shows itself to be another leaves it unknown what was made."""
    ticket = await desk.adapter.create_ticket(new)
    if desk._guard.capabilities.supports(Capability.GET_TICKET):
        ticket = await read_if_unsure(ticket, new, desk.adapter.get_ticket)
    try:
        require_made(ticket, new)
    except ProtocolError as error:
        failure = with_outcome(error, unsafe=True, bytes_sent=True, started_at=None)
    else:
        require_as_asked(desk.adapter, new, ticket)
        return ticket
    raise failure


async def _made_earlier(desk: Desk, entry: LedgerEntry) -> Ticket:
    """Return the ticket that an earlier call with the same key has made.

    What that call left out is told by PartlyDone, as far as the desk shows it.
    """
    if entry.made_id is None:
        raise PartlyDone(
            "the ticket was created, and the vendor tells no id: find it in the list of tickets.",
            failure=HelpdeskError("an earlier call did not come to its end."),
        )
    try:
        ticket = await desk.adapter.get_ticket(entry.made_id)
    except NotFound as error:
        error.message = (
            f"an earlier call with this key made the ticket {entry.made_id}, which is not there any"
            f" more {in_brackets(error.message)}."
        )
        raise
    if entry.finished:
        return ticket
    if await desk._reconciler.has_first_message(ticket, entry.fingerprint):
        if desk.adapter.by_steps(Capability.CREATE_TICKET):
            await desk._sender.finish(entry.operation_id)  # it was the step that was missing
            return ticket
        raise PartlyDone(
            f"ticket {ticket.id} was created with its first message, by an earlier call that failed"
            " later: compare the ticket with what it was to be.",
            failure=HelpdeskError("an earlier call did not come to its end."),
            ticket_id=ticket.id,
        )
    lost = entry.as_error(entry.beaten)
    lost.message = "an earlier call ended before it was known whether its first message arrived."
    lost.ticket_id, lost.fingerprint = ticket.id, entry.fingerprint.later()
    raise PartlyDone(
        f"ticket {ticket.id} was created, but its first message is not to be seen: ask"
        " reconcile(error), and add it with add_request if that says NOT_SENT.",
        failure=lost,
        ticket_id=ticket.id,
    )


async def update_ticket(
    self: Desk,
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
    """Change a ticket. What is left out (``...``) stays; None clears a field.

    Only priority, kind, assignee and team can be cleared by None; of tags that is ``[]``.
    Some vendors tell the customer of themselves that a ticket is resolved: see the vendor's page.

    Args:
        ticket: the Ticket, or its id.
        subject: one line.
        status: where it is to stand.
        priority: how urgent it is; None: no priority.
        kind: what sort of matter it is about; None: no kind.
        assignee: the agent, as a Party, an e-mail address, or the vendor's id or name; None:
            nobody.
        team: the team, by the vendor's id or name of it; None: no team.
        tags: the whole set of its tags; automations of the vendor's may add others.
        custom_fields: values by the ids of :meth:`custom_fields`; others stay as they are.
        extra: the vendor's own fields, put into the request as they are; None is none. A key that
            the call sets itself is InvalidArgument. What a key does is not known here, so that the
            change is sent once only, like a message, unless the adapter vouches for all of them.

    Returns:
        The ticket as it is now.

    Raises:
        InvalidArgument: there is nothing to change, or a value is not acceptable.
        UnsupportedCapability: this desk cannot change that field.
        StatusNotAllowed: the vendor has no such status, or not from the present one.
        NotFound: there is no such ticket.
        PartlyDone: one part of the change was made, and another failed.
        ProtocolError: the vendor answered with the ticket unchanged, with another value than was
            asked for, or in a way that cannot be understood. Doing it again would leave the same.
        OutcomeUnknown: with ``extra``: it may have been made. It cannot be looked for.
        HelpdeskError: as the vendor or the network has it.
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
    with self._calls.begin("update_ticket", writes=True) as call:
        ref = self._guard.ticket(ticket)
        call.ticket_id = ref.id
        if not given and not extra:
            raise InvalidArgument("there is nothing to change.")
        changes = TicketChanges(**checked_changes(given), extra=arguments.mapping(extra, "extra"))
        self._guard.allow(Capability.UPDATE_TICKET, given)
        if changes.custom_fields == {}:
            raise InvalidArgument("custom_fields is empty: name fields to change, or leave it out.")
        if not isinstance(changes.status, EllipsisType):
            self._guard.status(Capability.UPDATE_TICKET, changes.status)
        once = not self.adapter.idempotent_extra.issuperset(changes.extra)
        if once:
            call.write_once()
        call.ticket_id = None  # a look-up is not about the ticket
        changes = await self._directory.named(changes, assignee)
        call.ticket_id = ref.id
        call.is_changing = True
        changed = await self.adapter.update_ticket(ref.id, changes)
        try:
            require_changed(self.adapter, changes, changed, ref.ticket)
        except ProtocolError as error:
            failure = with_outcome(error, unsafe=once, bytes_sent=True, started_at=None)
        else:
            return self._origin.mark(changed)
        raise failure


async def delete_ticket(self: Desk, ticket: Ticket | str) -> None:
    """Delete a ticket; softly, where the vendor can.

    Where the answer leaves it in doubt, the ticket is read: one that is shown as deleted was
    deleted. That it is not found proves nothing, for a vendor says so of what an account may not
    see, too.

    Args:
        ticket: the Ticket, or its id.

    Raises:
        UnsupportedCapability: this desk deletes nothing.
        NotFound: there is no such ticket.
        ProtocolError: the answer does not say that it was deleted, and the ticket is not shown as
            deleted.
        HelpdeskError: as the vendor or the network has it.
    """
    with self._calls.begin("delete_ticket", writes=True) as call:
        self._guard.require(Capability.DELETE_TICKET)
        ref = self._guard.ticket(ticket)
        call.ticket_id = ref.id
        call.is_changing = True
        try:
            await self.adapter.delete_ticket(ref.id)
        except NotFound as error:
            if error.outcome is Outcome.REJECTED:
                raise
            # An attempt whose answer was lost has deleted it.
        except ProtocolError as error:
            doubted = error.outcome is Outcome.UNKNOWN and error.reason is Reason.UNEXPECTED
            if not (doubted and await _is_deleted(self, ref.id, error)):
                raise


async def _is_deleted(desk: Desk, ticket_id: str, doubt: ProtocolError) -> bool:
    """Say whether one look proves that a ticket was deleted; ``doubt`` tells where it is not found.

    Only a ticket that is shown as deleted proves it.
    """
    if not desk._guard.capabilities.supports(Capability.GET_TICKET):
        return False
    try:
        return (await desk.adapter.get_ticket(ticket_id)).status is Status.DELETED
    except NotFound:
        told = doubt.message.removesuffix(".")
        doubt.message = f"{told}; the ticket was not found when it was looked for."
    except HelpdeskError:
        pass  # the doubt stays, and is told
    return False
