"""Request Tracker's operations, one short method each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, ClassVar, TypeVar

from attrs import evolve

from helpdesk_bridge import kit
from helpdesk_bridge.kit import Capability, Effect, Operation, created_id, errors
from helpdesk_bridge_request_tracker import changed, outgoing, places, tickets, wire
from helpdesk_bridge_request_tracker.files import Files
from helpdesk_bridge_request_tracker.kept import (
    Judged,
    denies,
    judged,
    judged_message,
    others,
    require,
)
from helpdesk_bridge_request_tracker.lists import API, Lists
from helpdesk_bridge_request_tracker.messages import to_message
from helpdesk_bridge_request_tracker.offers import ODD_TOKEN, OFFERS
from helpdesk_bridge_request_tracker.people import People, account_of
from helpdesk_bridge_request_tracker.queues import Queues
from helpdesk_bridge_request_tracker.settings import RequestTrackerSettings

__all__ = ["RequestTracker"]

LIST_TICKETS = Operation("list_tickets", Effect.READ)
GET_TICKET = Operation("get_ticket", Effect.READ)
CREATE_TICKET = Operation("create_ticket")
UPDATE_TICKET = Operation("update_ticket", Effect.IDEMPOTENT_WRITE)
"""RT's own mails on a change (On Resolve) go out on a change only: the same PUT again has none."""
DELETE_TICKET = Operation("delete_ticket", Effect.IDEMPOTENT_WRITE)
LIST_MESSAGES = Operation("list_messages", Effect.READ)
GET_MESSAGE = Operation("get_message", Effect.READ)
SEND = Operation("send")
SEND_CHECK = Operation("send", Effect.READ)
CREATE_TICKET_CHECK = Operation("create_ticket", Effect.READ)

N = TypeVar("N", kit.NewTicket, kit.TicketChanges)


class RequestTracker(kit.Adapter):
    """Request Tracker's REST 2.0."""

    name = "request_tracker"
    settings_type = RequestTrackerSettings
    settings: RequestTrackerSettings
    fake = "helpdesk_bridge_request_tracker.fake:RequestTrackerFake"
    id_pattern = r"[1-9][0-9]{0,17}"
    id_words = 'digits, such as "1003"'
    visible_after = 60.0
    status_words = wire.STATUS
    message_ids_grow = True
    in_one_write = frozenset((kit.Capability.CREATE_TICKET, kit.Capability.REPLY_WITH_STATUS))
    status_notes: ClassVar = {
        kit.Status.RESOLVED: "RT itself mails the requestor (observed on Request Tracker 5.0.3).",
        kit.Status.CLOSED: "In RT's default lifecycle it is called rejected.",
    }
    quiet_extra = outgoing.QUIET_EXTRA
    """RT carries out what it has received though nobody waits for it any more, and what waits for
    a worker too: of 40 replies at once, given up at once, four workers had done the last after 12 s
    (observed on Request Tracker 5.0.3). Meanwhile a web server before it may have answered 502.
    """
    offers: ClassVar = OFFERS
    named_settings: ClassVar = {"queue": None}

    def __init__(self, settings: RequestTrackerSettings, transport: kit.Transport) -> None:
        super().__init__(settings, transport)
        self._agents: set[str] = set()
        """The logins, in small letters, of those of whom RT has said that they are privileged."""
        self._people = People(transport)
        self._queues = Queues(transport)
        self._files = Files(transport)

    @property
    def capabilities(self) -> kit.Capabilities:
        """What this account can do: a token may not tell whose it is."""
        if account_of(self.settings) is not None:
            return super().capabilities
        return kit.Capabilities({**self.offers, Capability.WHO_AM_I: ODD_TOKEN})

    @classmethod
    def auth(cls, settings: RequestTrackerSettings) -> kit.Middleware:
        """Sign with Basic or with RT's own scheme ``token`` (RT::REST2, "Authentication")."""
        return kit.HeaderAuth({"Authorization": settings.authorization})

    @classmethod
    def explain(cls, response: kit.Response) -> kit.Explanation:
        """Read an error answer."""
        return wire.explain(response.json(), response.status)

    async def list_tickets(
        self, query: kit.TicketQuery, cursor: kit.Cursor | None
    ) -> kit.Page[kit.Ticket]:
        """GET /tickets, by id or in the order that is wanted.

        An assignee who is given by name is looked up before; any other, where the first page has
        nothing.
        """
        if query.extra:
            raise errors.InvalidArgument("Request Tracker's search takes no extra parameters.")
        lists = self._read(LIST_TICKETS)
        if query.assignee is not None and query.assignee.email is None:
            owner = await self._people.owner(LIST_TICKETS, query.assignee)
            query = evolve(query, assignee=owner)
        if query.order_by is None:
            page = await tickets.by_id(lists, query, cursor)
        else:
            page = await tickets.in_order(lists, query, query.order_by, cursor)
        if query.assignee is not None and cursor is None and _is_empty(page):
            await self._people.require_known(LIST_TICKETS, query.assignee)
        return page

    async def get_ticket(self, ticket_id: str) -> kit.Ticket:
        """GET /tickets for this id, which tells more of people than GET /ticket/{id} does."""
        listing, _ = await self._read(GET_TICKET).search(f"id = {ticket_id}")
        if listing.items:
            ticket = wire.to_ticket(listing.items[0], "$.items[0]")
            kit.require_id(ticket.id, ticket_id, "$.items[0].id")
            return ticket
        # It is deleted, hidden, or there is none.
        known, _ = await self._read(GET_TICKET).known(ticket_id)
        return wire.to_ticket(known.raw)

    async def create_ticket(self, new: kit.NewTicket) -> kit.Ticket:
        """POST /ticket. T9: what RT left out of it without a word is told."""
        new = await self._with_login(CREATE_TICKET_CHECK, new)
        body = outgoing.ticket_body(new, self.settings.queue)
        answer = await self._post(CREATE_TICKET, ("ticket",), body, new.attachments)
        ticket_id = answer.accepted().read(lambda data: created_id(data, pattern=self.id_pattern))
        sentence = f"ticket {ticket_id} was created, but not all of the rest"
        with kit.partly_done(sentence, ticket_id=ticket_id):
            ticket = await self.get_ticket(ticket_id)
        answer.read(lambda _: kit.require_made(ticket, new))
        with kit.partly_done(sentence, ticket_id=ticket_id):
            given = outgoing.shown_of(body, new.extra)
            raw = None
            if others(given):
                known, _ = await self._read(CREATE_TICKET_CHECK).known(ticket_id)
                raw = (None, known.raw)
            found = judged(given, ticket, before=None, requester=new.requester, raw=raw)
            require(found, answer)
        return ticket

    async def update_ticket(self, ticket_id: str, changes: kit.TicketChanges) -> kit.Ticket:
        """PUT /ticket/{id}. T9: its 200 says nothing, so that the ticket is read before and after.

        That nothing was changed is said only where the ticket is as it was.
        """
        changes = await self._with_login(GET_TICKET, changes)
        body = outgoing.changes(changes)
        known, _ = await self._read(GET_TICKET).known(ticket_id)
        before = wire.to_ticket(known.raw)
        answer = await self._put(UPDATE_TICKET, ticket_id, body)
        said = answer.read(wire.sentences)
        with kit.partly_done(
            "the change was accepted, but not all of the rest", ticket_id=ticket_id
        ):
            ticket = await self.get_ticket(ticket_id)
            raw = None
            if others(body):
                now, _ = await self._read(UPDATE_TICKET).known(ticket_id)
                raw = (known.raw, now.raw)
        found = judged(body, ticket, before=before, said=said, raw=raw)
        if found.is_refusal:
            require(found, answer)
            return ticket
        sentence = "a part of the change was made, but not all of the rest"
        with kit.partly_done(sentence, ticket_id=ticket_id):
            require(found, answer)
        return ticket

    async def delete_ticket(self, ticket_id: str) -> None:
        """PUT /ticket/{id} with the status deleted. T13: DELETE answers 500 where it refuses."""
        answer = await self._put(DELETE_TICKET, ticket_id, {"Status": "deleted"})
        said = answer.read(wire.sentences)
        known, _ = await self._read(DELETE_TICKET).known(ticket_id)
        if (known.status or "").lower() != "deleted":
            require(Judged(refused=("Status",), said=said), answer)

    async def list_changed(self, cursor: kit.Cursor | None) -> kit.Page[kit.Ticket]:
        """GET /tickets, those that changed last first."""
        return await changed.changed(self.transport, cursor)

    async def list_deleted(self, cursor: kit.Cursor | None) -> kit.Page[kit.Ticket]:
        """GET /transactions for those by which tickets were deleted or merged into others."""
        return await changed.gone(self.transport, cursor)

    async def list_messages(
        self, ticket: kit.TicketRef, query: kit.MessageQuery, cursor: kit.Cursor | None
    ) -> kit.Page[kit.Message]:
        """GET /ticket/{id}/history by id, up to the newest transaction that the ticket tells of.

        T1: rows that the account may not see are missing from pages, so that a short page, an
        empty one or one without a link to the next is no end. The ticket's ETag is the id of the
        newest visible transaction, read before: with that row the list is whole.
        """
        lists = self._read(LIST_MESSAGES)
        known, etag = await lists.known(ticket.id)
        after, newest = places.after(cursor), wire.newest(etag)
        if newest is None:
            newest = await lists.newest(ticket.id)
        rows = await lists.rows(ticket.id, after) if after < newest else wire.NO_ROWS
        if newest and not rows.reaches(newest, after):
            # No visible row has the number of the ETag: it is not RT's own.
            newest = await lists.newest(ticket.id)
            rows = await lists.rows(ticket.id, after) if after < newest else wire.NO_ROWS
        agents = await self._agents_of(lists, known, rows.items)
        items, problems = await lists.messages(known, rows.items, agents)
        more = bool(rows.items) and rows.last_id < newest
        page = kit.Page(
            items=items,
            problems=problems,
            next=kit.Cursor(str(rows.last_id)) if more else None,
            anchored=True,
            behind=lambda message: kit.Cursor(message.id),
            lacking=lists.lacking or rows.told.lacking(goes_on=more),
        )
        return page.where(query.matches)

    async def get_message(self, ticket: kit.TicketRef, message_id: str) -> kit.Message:
        """GET /ticket/{id}/history for this id. T12: /transaction/{id} answers 500 for none."""
        lists = self._read(GET_MESSAGE)
        known, _ = await lists.known(ticket.id)
        rows = await lists.row(ticket.id, message_id, outgoing.HISTORY_FIELDS)
        if not rows:
            kit.require_complete(lists.lacking)
            raise errors.NotFound("the ticket has no such message.")
        agents = await self._agents_of(lists, known, rows)
        files = self._read(GET_MESSAGE)
        items, problems = await files.messages(known, rows, agents)
        for problem in problems:
            raise problem.error
        kit.require_complete(files.lacking)
        return items[0]

    async def send(self, ticket: kit.TicketRef, message: kit.OutgoingMessage) -> kit.SentMessage:
        """POST /ticket/{id}/correspond or, for a note, …/comment."""
        if not isinstance(message, (kit.Reply, kit.Note)) or (
            isinstance(message, kit.Reply) and not message.send_email
        ):
            raise errors.UnsupportedCapability("Request Tracker's API has no such message.")
        body = outgoing.message_body(message)
        if isinstance(message, kit.Reply):
            known = await ticket.full(self.get_ticket)
            if known.requester.email is None:
                raise errors.InvalidArgument("the ticket has no requestor: nobody would be mailed.")
        path = ("ticket", ticket.id, "comment" if isinstance(message, kit.Note) else "correspond")
        try:
            answer = await self._post(SEND, path, body, message.attachments)
        except errors.PermissionDenied as error:
            refusal = await self._explained(ticket.id, error)
            raise refusal from None
        message_id = wire.located(answer.headers.get("Location"), "transaction")
        if message_id is None:
            raise answer.with_outcome(errors.ProtocolError("the answer has no Location."))
        if denies(answer):
            raise answer.with_outcome(errors.ProtocolError("the answer has a refusal beside it."))
        with kit.partly_done(
            "the message was sent, but not all of the rest",
            ticket_id=ticket.id,
            message_id=message_id,
        ):
            await self._require_set(ticket.id, message_id, body, answer)
        return kit.SentMessage(ticket_id=ticket.id, id=message_id)

    @asynccontextmanager
    async def open_attachment(
        self,
        attachment: kit.Attachment,
        size: str | None = None,  # noqa: ARG002 - RT has no renditions
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """GET /attachment/{id}: the whole file in base64, so that it comes in one piece."""
        async with self._files.opened(attachment.id) as chunks:
            yield chunks

    # -- people ------------------------------------------------------------------------------

    async def list_agents(self, cursor: kit.Cursor | None) -> kit.Page[kit.Party]:
        """POST /users for those of RT's group of the privileged, or GET /users and each of them."""
        return await self._people.agents(cursor)

    async def list_teams(self, cursor: kit.Cursor | None) -> kit.Page[kit.Team]:
        """POST /queues by id, and for the newest one; the cursor is the last one seen."""
        return await self._queues.page(cursor)

    async def list_customers(
        self, query: kit.CustomerQuery, cursor: kit.Cursor | None
    ) -> kit.Page[kit.Party]:
        """GET or POST /users, less those who are privileged."""
        return await self._people.customers(query, cursor)

    async def who_am_i(self) -> kit.Party:
        """GET /user/{login}, or by the number that a token has."""
        return await self._people.me(self.settings)

    async def check_settings(self) -> Sequence[str]:
        """POST /queues for the one that is configured."""
        return await self._queues.missing(self.settings.queue)

    # -- reading what RT said ----------------------------------------------------------------

    def parse_ticket(self, raw: Any) -> kit.Ticket:
        """Return the ticket of a record, from a list or from ``GET /ticket/{id}``.

        The latter names people by their logins alone. ProtocolError for what cannot be read.
        """
        return wire.to_ticket(raw)

    def parse_message(self, raw: Any, ticket_id: str) -> kit.Message:
        """Return the message of an entry of a history, without its words and files.

        RT keeps these elsewhere. Who is a requestor or an agent is told elsewhere, too: the type of
        a ``Correspond`` is UNKNOWN. ProtocolError for what cannot be read.
        """
        return to_message(raw, ticket_id)

    # -- within ------------------------------------------------------------------------------

    def _read(self, operation: Operation) -> Lists:
        return Lists(self.transport, operation)

    async def _with_login(self, operation: Operation, given: N) -> N:
        """Return a write with the login of its assignee, by which alone RT takes an owner."""
        if not isinstance(given.assignee, kit.Party):
            return given
        return evolve(given, assignee=await self._people.owner(operation, given.assignee))

    async def _agents_of(
        self, lists: Lists, ticket: wire.TicketJson, rows: Sequence[Any]
    ) -> frozenset[str]:
        """Return the logins, in small letters, of the authors of rows who are shown to be agents.

        The ticket's owner is one, and who signs the requests. Of others RT is asked, once for each:
        who is an agent is remembered, for what he wrote stays an agent's.
        """
        found = {login.lower() for login in (self.settings.user, ticket.taken_by) if login}
        strangers = wire.authors(rows) - ticket.logins - {wire.SYSTEM_USER}
        for login in sorted(strangers):
            if login.lower() not in found | self._agents and await lists.is_agent(login):
                self._agents.add(login.lower())
        return frozenset(found | self._agents)

    async def _post(
        self,
        operation: Operation,
        path: tuple[str, ...],
        body: Mapping[str, Any],
        files: Sequence[kit.Upload],
    ) -> kit.Response:
        if not files:
            return await self.transport.send(operation, "POST", (*API, *path), json=body)
        parts = await outgoing.parts(body, files)
        return await self.transport.send(operation, "POST", (*API, *path), multipart=parts)

    async def _require_set(
        self, ticket_id: str, message_id: str, body: Mapping[str, Any], answer: kit.Response
    ) -> None:
        """Raise for what was sent beside a message and is not there: on the ticket, or on it.

        RT's first sentence is on the message itself, each further one on something beside it.
        """
        on_ticket = outgoing.set_on(outgoing.SET_ON_TICKET, body)
        on_message = outgoing.set_on(outgoing.SET_ON_MESSAGE, body)
        if not on_ticket and not on_message:
            return
        said = answer.read(wire.sentences)[1:]
        if on_ticket:
            ticket = await self.get_ticket(ticket_id)
            require(judged(on_ticket, ticket, before=None, said=said), answer)
        if on_message:
            rows = await self._read(SEND_CHECK).row(ticket_id, message_id, outgoing.SET_FIELDS)
            require(judged_message(on_message, rows[0] if rows else {}, said=said), answer)

    async def _explained(
        self, ticket_id: str, denied: errors.HelpdeskError
    ) -> errors.HelpdeskError:
        """Return why a message was refused. T3: it may be that there is no such ticket."""
        try:
            await self._read(SEND_CHECK).known(ticket_id)
        except errors.NotFound as missing:
            return missing
        except errors.HelpdeskError:
            pass  # that the message was refused is certain, whatever this was
        return denied

    async def _put(
        self, operation: Operation, ticket_id: str, body: Mapping[str, Any]
    ) -> kit.Response:
        path = (*API, "ticket", ticket_id)
        return await self.transport.send(operation, "PUT", path, json=body)


def _is_empty(page: kit.Page[kit.Ticket]) -> bool:
    return not (page.items or page.problems or page.filtered)
