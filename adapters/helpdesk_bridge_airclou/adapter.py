"""Airclou's operations, one short method each."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar, TypeVar

from attrs import evolve

from helpdesk_bridge import kit
from helpdesk_bridge.kit import Effect, Operation, errors, read, read_records
from helpdesk_bridge_airclou import lone, outgoing, wire
from helpdesk_bridge_airclou.offers import LIMIT, NAMED, OFFERS, PAGE_SIZE, opened
from helpdesk_bridge_airclou.settings import AirclouSettings

__all__ = ["Airclou"]

LIST_TICKETS = Operation("list_tickets", Effect.READ)
GET_TICKET = Operation("get_ticket", Effect.READ)
CREATE_TICKET = Operation("create_ticket")
UPDATE_TICKET = Operation("update_ticket", Effect.IDEMPOTENT_WRITE)
DELETE_TICKET = Operation("delete_ticket", Effect.IDEMPOTENT_WRITE)
LIST_FIELDS = Operation("list_custom_fields", Effect.READ)
LIST_MESSAGES = Operation("list_messages", Effect.READ)
GET_MESSAGE = Operation("get_message", Effect.READ)
SEND = Operation("send")

UPDATE_METHOD = "PUT"
"""Webhooks are updated by PUT with the wrapper; for tickets the method was not to be seen."""
TICKETS = ("api", "v1", "tickets")
FIELDS = ("api", "v1", "ticket_fields")
MESSAGES = ("api", "messages")
T = TypeVar("T")

_BY_CHANGE = kit.TicketQuery(order_by=kit.TicketOrder.UPDATED_AT_DESC)


class Airclou(kit.Adapter):
    """Airclou's public API for tickets and its session API for messages."""

    name = "airclou"
    settings_type = AirclouSettings
    settings: AirclouSettings
    error_codes = wire.ERRORS
    id_words = "1 to 255 letters, digits and signs of _.:@=+~-"
    quiet_extra = outgoing.QUIET_EXTRA
    status_words = wire.STATUS
    status_notes: ClassVar = {
        kit.Status.CLOSED: "Only automations of the account set it (CLOSED_STATUS_SYSTEM_ONLY)."
    }
    priority_words = wire.PRIORITY
    kind_words = wire.KIND
    ticket_keys: ClassVar = {
        **{name: name for name in ("subject", "status", "priority", "tags")},
        "kind": "type",
        "assignee": "assigneeId",
        "custom_fields": "customFields",
    }
    fake = "helpdesk_bridge_airclou.fake:AirclouFake"
    assignee_by = frozenset(("id",))
    account_by = frozenset(("base_url", "workspace_id"))
    named_settings = NAMED
    offers = OFFERS

    @classmethod
    def auth(cls, settings: AirclouSettings) -> kit.Middleware:
        """Sign each of the two APIs with its own credential (pages "authentication", "messages").

        That a session goes into the header Authorization is not documented, only usual.
        """
        public: kit.Middleware = kit.no_auth
        if settings.api_key is not None and settings.workspace_id is not None:
            public = kit.HeaderAuth(
                {
                    "Authorization": kit.Secret(f"Bearer {settings.api_key.reveal()}"),
                    "X-Workspace-Id": kit.Secret(settings.workspace_id),
                }
            )
        session: kit.Middleware = kit.no_auth
        parts: tuple[kit.SessionAuth, ...] = ()
        if settings.has_session:
            session = kit.SessionAuth(settings.session_token, settings.session_provider)
            parts = (session,)

        def choose(request: kit.Request) -> kit.Middleware:
            return session if request.path[:2] == MESSAGES else public

        return kit.ChosenAuth(choose, parts)

    @classmethod
    def explain(cls, response: kit.Response) -> kit.Explanation:
        """Read an error answer (page "errors")."""
        return wire.explain(response.json())

    @property
    def capabilities(self) -> kit.Capabilities:
        """What the configured credentials open."""
        settings = self.settings
        return opened(
            has_key=settings.api_key is not None,
            has_session=settings.has_session,
            messages_seen=settings.messages_update_tickets is not False,
        )

    @property
    def doubts_messages(self) -> bool:
        """Whether it is not known of this account that messages move their tickets."""
        return self.settings.messages_update_tickets is None

    async def list_tickets(
        self, query: kit.TicketQuery, cursor: kit.Cursor | None
    ) -> kit.Page[kit.Ticket]:
        """GET /api/v1/tickets, newest first unless another order is asked for.

        The order of creation does not change while it is read; that of the last change does.
        """
        pairs, size = outgoing.ticket_list(query)
        pairs += [("after", cursor)] if cursor is not None else []
        answer = await self.transport.send(LIST_TICKETS, "GET", TICKETS, query=pairs)
        data = answer.json()
        records, path = wire.listed(data, "tickets", "data")
        items, problems = read_records(records, wire.TicketJson, wire.TicketJson.to_ticket, path)
        page = _by_cursor(answer, items, problems, after=cursor, asked=size)
        moves = outgoing.is_by_change(query)
        return evolve(page, anchored=not moves, moves=moves).where(query.matches)

    async def list_changed(self, cursor: kit.Cursor | None) -> kit.Page[kit.Ticket]:
        """GET /api/v1/tickets by ``updated_at``, the latest change first."""
        return await self.list_tickets(_BY_CHANGE, cursor)

    def parse_ticket(self, raw: Mapping[str, Any]) -> kit.Ticket:
        """Read a ticket as Airclou tells it, bare or in its wrapper.

        ``raw`` is what ``Ticket.raw`` holds, or an answer of ``desk.raw``. ProtocolError for what
        is no ticket.
        """
        return lone.parsed_ticket(raw)

    def parse_message(self, raw: Mapping[str, Any], ticket_id: str) -> kit.Message:
        """Read a message as Airclou tells it, bare or in a wrapper.

        ``raw`` is what ``Message.raw`` holds, or an answer of ``desk.raw``; ``ticket_id`` is its
        ticket's. ProtocolError for what is no message, or one of another ticket.
        """
        return lone.parsed_message(raw, ticket_id)

    async def get_ticket(self, ticket_id: str) -> kit.Ticket:
        """GET /api/v1/tickets/:id."""
        answer = await self.transport.send(GET_TICKET, "GET", (*TICKETS, ticket_id))
        return answer.read(lambda data: wire.one_ticket(data, ticket_id))

    async def create_ticket(self, new: kit.NewTicket) -> kit.Ticket:
        """POST /api/v1/tickets, then the first message."""
        answer = await self.transport.send(
            CREATE_TICKET, "POST", TICKETS, json=outgoing.ticket_body(new)
        )
        made, path, ticket_id = answer.accepted().read(
            lambda data: wire.made(data, "ticket", self.id_pattern)
        )
        shown: kit.Ticket | None = None
        with suppress(errors.ProtocolError):
            shown = read(made, wire.TicketJson, path).to_ticket()
        ticket = await self._created(answer, ticket_id, shown, new)
        answer.read(lambda _: kit.require_made(ticket, new))
        first = kit.CustomerMessage(body=new.body, author=new.requester)
        try:
            await self._post(ticket_id, first)
        except errors.HelpdeskError as error:
            failure = error
        else:
            return ticket
        raise kit.without_first_message(failure, ticket_id)

    async def _created(
        self, answer: kit.Response, ticket_id: str, shown: kit.Ticket | None, new: kit.NewTicket
    ) -> kit.Ticket:
        """Return the new ticket; where what is ``shown`` of it does not tell whose it is, read it.

        Without being seen it is not written into: it may be another customer's.
        """
        if shown is not None and kit.tells_whose(shown, new):
            return shown
        subject = "" if shown is None else shown.subject
        sentence = (
            f"ticket {ticket_id} was created, and could not be read, so that it has no first"
            " message: look at it, and add that with add_request"
        )
        try:
            with kit.partly_done(sentence, ticket_id=ticket_id):
                seen = await self.get_ticket(ticket_id)
            return evolve(seen, subject=seen.subject or subject)
        except errors.PartlyDone as error:
            failure = error
        if shown is not None:
            answer.read(lambda _: kit.require_made(shown, new))
        raise failure

    async def update_ticket(self, ticket_id: str, changes: kit.TicketChanges) -> kit.Ticket:
        """PUT /api/v1/tickets/:id."""
        path, body = (*TICKETS, ticket_id), outgoing.changes(changes)
        answer = await self.transport.send(UPDATE_TICKET, UPDATE_METHOD, path, json=body)
        return answer.read(lambda data: wire.one_ticket(data, ticket_id))

    async def delete_ticket(self, ticket_id: str) -> None:
        """DELETE /api/v1/tickets/:id."""
        answer = await self.transport.send(DELETE_TICKET, "DELETE", (*TICKETS, ticket_id))
        answer.accepted(ticket_id, deletes=True)

    async def list_custom_fields(self) -> list[kit.CustomField]:
        """GET /api/v1/ticket_fields, all pages."""

        async def fetch(cursor: kit.Cursor | None) -> kit.Page[kit.CustomField]:
            pairs = [("page_size", str(PAGE_SIZE))] + ([("after", cursor)] if cursor else [])
            answer = await self.transport.send(LIST_FIELDS, "GET", FIELDS, query=pairs)
            records, path = wire.listed(answer.json(), "ticketFields", "data")
            items, problems = read_records(records, wire.FieldJson, wire.FieldJson.to_field, path)
            return _by_cursor(answer, items, problems, after=cursor, asked=PAGE_SIZE)

        page = await kit.read_whole(fetch, again=False)
        return list(page)

    async def list_messages(
        self, ticket: kit.TicketRef, query: kit.MessageQuery, cursor: kit.Cursor | None
    ) -> kit.Page[kit.Message]:
        """GET /api/messages, oldest first as asked."""
        number = kit.page_number(cursor)
        pairs = [("ticket_id", ticket.id), ("page", str(number)), ("limit", str(LIMIT))]
        pairs.append(("sort_order", "asc"))
        answer = await self.transport.send(LIST_MESSAGES, "GET", MESSAGES, query=pairs)
        data = answer.json()
        records, path = wire.listed(data, "messages", "data", "items")
        people = wire.People()
        items, problems = read_records(
            records, wire.MessageJson, lambda message: message.of(ticket.id, people), path
        )
        told = kit.Told.of(data, len(records), answer.headers)
        page = kit.numbered_page(told, items, problems, number=number, asked=LIMIT)
        return evolve(page, shifts=True).where(query.matches)

    async def get_message(self, ticket: kit.TicketRef, message_id: str) -> kit.Message:
        """GET /api/messages/:messageId; a message of another ticket is not this one's."""
        answer = await self.transport.send(GET_MESSAGE, "GET", (*MESSAGES, message_id))
        message = answer.read(lambda data: wire.one_message(data, ticket.id))
        if message is None:
            raise errors.NotFound("the ticket has no such message.")
        kit.require_id(message.id, message_id, "$.message.id")
        return message

    async def send(self, ticket: kit.TicketRef, message: kit.OutgoingMessage) -> kit.SentMessage:
        """POST /api/messages. Who is mailed by a reply is the vendor's to know."""
        outgoing.message_body(message, ticket.id)  # what cannot be said is refused before a request
        if isinstance(message, kit.CustomerMessage):
            known = await ticket.full(self.get_ticket)
            if not kit.same_address(message.author.email, known.requester.email):
                raise errors.InvalidArgument(
                    "Airclou's requests have no author of their own: author must be the ticket's"
                    " requester."
                )
        return await self._post(ticket.id, message)

    async def _post(self, ticket_id: str, message: kit.OutgoingMessage) -> kit.SentMessage:
        body = outgoing.message_body(message, ticket_id)
        answer = await self.transport.send(SEND, "POST", MESSAGES, json=body)
        made, path, message_id = answer.accepted().read(
            lambda data: wire.made(data, "message", self.id_pattern, ticket_id)
        )
        try:
            stored = read(made, wire.MessageJson, path).to_message(ticket_id)
        except errors.HelpdeskError:
            stored = None  # it was sent and has its id: an odd answer must not look like a failure
        return kit.SentMessage(ticket_id=ticket_id, id=message_id, message=stored)


def _by_cursor(
    answer: kit.Response,
    items: tuple[T, ...],
    problems: tuple[kit.Problem, ...],
    *,
    after: str | None,
    asked: int,
) -> kit.Page[T]:
    """Return a page that the vendor gives a cursor behind."""
    count = len(items) + len(problems)
    told = answer.read(lambda data: kit.Told.of(data, count, answer.headers))
    cursor, unsure = answer.read(
        lambda _: wire.next_cursor(told, count=count, asked=asked, after=after)
    )
    return kit.Page(
        items=items,
        problems=problems,
        next=None if cursor is None else kit.Cursor(cursor),
        listed=told.total,
        unsure=unsure,
        doubted=told.more is False and count < asked,
        lacking=told.lacking(goes_on=cursor is not None and not unsure),
    )
