"""HelpSpace's operations, one short method each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from operator import lt
from typing import Any, ClassVar, TypeVar

from attrs import evolve

from helpdesk_bridge import kit
from helpdesk_bridge.kit import (
    Capability,
    Effect,
    Operation,
    Status,
    errors,
    read,
    read_records,
)
from helpdesk_bridge_helpspace import directory, outgoing, wire
from helpdesk_bridge_helpspace.agents import AgentList
from helpdesk_bridge_helpspace.offers import MAX_BODY, NAMED, OFFERS
from helpdesk_bridge_helpspace.paging import Place, ask, read_page
from helpdesk_bridge_helpspace.people import Conversation
from helpdesk_bridge_helpspace.settings import HelpSpaceSettings

__all__ = ["HelpSpace"]

LIST_TICKETS = Operation("list_tickets", Effect.READ)
GET_TICKET = Operation("get_ticket", Effect.READ)
CREATE_TICKET = Operation("create_ticket")
UPDATE_TICKET = Operation("update_ticket", Effect.IDEMPOTENT_WRITE)
DELETE_TICKET = Operation("delete_ticket", Effect.IDEMPOTENT_WRITE)
LIST_MESSAGES = Operation("list_messages", Effect.READ)
GET_MESSAGE = Operation("get_message", Effect.READ)
SEND = Operation("send")
OPEN_ATTACHMENT = Operation("open_attachment", Effect.READ)

T = TypeVar("T")

_NO_TIME = datetime.max.replace(tzinfo=UTC)


class HelpSpace(kit.Adapter):
    """HelpSpace's REST API, version 1."""

    name = "helpspace"
    settings_type = HelpSpaceSettings
    settings: HelpSpaceSettings
    id_pattern = r"[0-9]{1,255}"
    id_words = 'digits, such as "1003"'
    quiet_extra = outgoing.QUIET_EXTRA
    tells_forwards = True
    status_words = wire.STATUS
    status_notes: ClassVar = {
        kit.Status.RESOLVED: "HelpSpace has no such status; closed stands in."
    }
    # A filter takes id and name, an update id and address, a new ticket the id alone.
    assignee_by = frozenset(("id",))
    ticket_keys: ClassVar = {
        name: name for name in ("subject", "status", "assignee", "team", "tags")
    }
    # No page says that ids grow. If they do not, a message comes twice; else one with an older
    # time (`created_at` of a new message, MESSAGES) would be lost.
    message_ids_grow = True
    fake = "helpdesk_bridge_helpspace.fake:HelpSpaceFake"
    named_settings: ClassVar = NAMED
    offers: ClassVar = OFFERS

    def __init__(self, settings: HelpSpaceSettings, transport: kit.Transport) -> None:
        super().__init__(settings, transport)
        self._agents = AgentList(transport)

    @classmethod
    def auth(cls, settings: HelpSpaceSettings) -> kit.Middleware:
        """Sign with both headers, on media too (MESSAGES, every sample)."""
        bearer = kit.Secret(f"Bearer {settings.token.reveal()}")
        return kit.HeaderAuth({"Authorization": bearer, "Hs-Client-Id": settings.client_id})

    @property
    def capabilities(self) -> kit.Capabilities:
        """What HelpSpace offers, with this desk's limit on files."""
        # T24: three bytes make four characters; the exact sum is checked when they are encoded.
        room = self.settings.max_attachment_chars // 4 * 3
        return kit.Capabilities(self.offers).limited(
            [Capability.SEND_ATTACHMENTS], attachment_bytes=room
        )

    async def list_tickets(
        self, query: kit.TicketQuery, cursor: kit.Cursor | None
    ) -> kit.Page[kit.Ticket]:
        """GET /tickets."""
        wanted = query.limit if outgoing.is_exact(query) else None
        if query.order_by is None:
            page = await self._tickets_page(query, Place.of(cursor, wanted))
        else:

            async def fetch(place: kit.Cursor | None) -> kit.Page[kit.Ticket]:
                return await self._tickets_page(query, Place.of(place))

            page = await kit.in_order(fetch, query.order_by, cursor)
        return page.where(lambda ticket: outgoing.matches(ticket, query))

    async def list_spoken(self, since: datetime, cursor: kit.Cursor | None) -> kit.Page[kit.Ticket]:
        """GET /tickets by the days of their last contact. T28: there is no filter of changes."""
        return await self._listed(Place.of(cursor), outgoing.spoken_since(since))

    async def get_ticket(self, ticket_id: str) -> kit.Ticket:
        """GET /tickets/{id}."""
        answer = await self.transport.send(GET_TICKET, "GET", ("tickets", ticket_id))
        return answer.read(lambda data: wire.one_ticket(data, ticket_id))

    async def create_ticket(self, new: kit.NewTicket) -> kit.Ticket:
        """POST /tickets."""
        files = await self._encoded(new.attachments)

        async def create(escalated: str) -> kit.Ticket:
            body = outgoing.ticket_body(
                new, files, channel=self.settings.channel, escalated=escalated
            )
            if outgoing.body_bytes(body["message"]["body"], files) > MAX_BODY:
                raise errors.InvalidArgument("the body with its images is larger than 5 MB.")
            sources = outgoing.sources(files)
            answer = await self.transport.send(
                CREATE_TICKET, "POST", ("tickets",), json=body, files=sources
            )
            made = answer.accepted().read(lambda data: wire.made(data, self.id_pattern))
            ticket = await kit.read_if_unsure(_created(*made), new, self.get_ticket)
            answer.read(lambda _: kit.require_made(ticket, new))
            return ticket

        ticket = await self._spelled(new.status, create)
        return outgoing.with_all_tags(ticket, new.tags)

    async def update_ticket(self, ticket_id: str, changes: kit.TicketChanges) -> kit.Ticket:
        """PATCH /tickets/{id}."""

        async def update(escalated: str) -> kit.Ticket:
            body = outgoing.changes(changes, escalated=escalated)
            path = ("tickets", ticket_id)
            answer = await self.transport.send(UPDATE_TICKET, "PATCH", path, json=body)
            return answer.read(lambda data: wire.one_ticket(data, ticket_id))

        ticket = await self._spelled(changes.status, update)
        return ticket if changes.tags is ... else outgoing.with_all_tags(ticket, changes.tags)

    async def delete_ticket(self, ticket_id: str) -> None:
        """DELETE /tickets/{id}. T31: its answer is a sentence, which nobody needs to read."""
        answer = await self.transport.send(DELETE_TICKET, "DELETE", ("tickets", ticket_id))
        answer.accepted(ticket_id, sentence=True, deletes=True)

    async def list_agents(self, cursor: kit.Cursor | None) -> kit.Page[kit.Party]:
        """GET /agents."""
        return await self._agents.people(cursor)

    async def list_teams(self, cursor: kit.Cursor | None) -> kit.Page[kit.Team]:
        """GET /teams."""
        return await directory.teams(self.transport, cursor)

    async def list_customers(
        self, query: kit.CustomerQuery, cursor: kit.Cursor | None
    ) -> kit.Page[kit.Party]:
        """GET /customers."""
        return await directory.customers(self.transport, query, cursor)

    async def list_messages(
        self, ticket: kit.TicketRef, query: kit.MessageQuery, cursor: kit.Cursor | None
    ) -> kit.Page[kit.Message]:
        """GET /tickets/{id}/messages, all in one page."""
        if cursor is not None:
            raise errors.InvalidArgument("HelpSpace's messages come in one page, without cursor.")
        page = await self._conversation(await self._known(ticket))
        return page.where(query.matches)

    async def get_message(self, ticket: kit.TicketRef, message_id: str) -> kit.Message:
        """GET /tickets/{id}/messages/{id}."""
        known = await self._known(ticket)
        path = ("tickets", ticket.id, "messages", message_id)
        answer = await self.transport.send(GET_MESSAGE, "GET", path)
        talk = self._talk(known)

        def convert() -> kit.Message:
            return answer.read(lambda data: wire.one_message(data, known, conversation=talk))

        message = await self._told(talk, convert)
        kit.require_id(message.id, message_id, "$.data.id")
        for problem in talk.doubts:
            raise problem.error
        return message

    async def send(self, ticket: kit.TicketRef, message: kit.OutgoingMessage) -> kit.SentMessage:
        """POST /tickets/{id}/messages.

        The ticket is read before: the vendor wants to be told who is written to, who speaks and
        under which subject, and all of that may have changed since the caller read it.
        """
        files = await self._encoded(message.attachments)
        known = await ticket.full(self.get_ticket)
        body = outgoing.message_body(message, files, known, self._sender(known, message))
        path = ("tickets", ticket.id, "messages")
        answer = await self.transport.send(
            SEND, "POST", path, json=body, files=outgoing.sources(files)
        )
        made, message_id = answer.accepted().read(
            lambda data: wire.made(data, self.id_pattern, ticket.id)
        )
        try:
            # Without a request for the agents: one that hangs would put in doubt what was sent.
            stored = read(made, wire.MessageJson, "$.data").to_message(known, self._talk(known))
        except errors.HelpdeskError:
            stored = None  # it was sent and has its id: an odd answer must not look like a failure
        return kit.SentMessage(ticket_id=ticket.id, id=message_id, message=stored)

    def open_attachment(
        self, attachment: kit.Attachment, size: str | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """GET /media/attachment/{id} or /media/inline/{id}[/{size}]. T20: never by its URL."""
        kind = "inline" if attachment.inline else "attachment"
        path = ("media", kind, attachment.id, *((size,) if size else ()))
        return self.transport.stream(OPEN_ATTACHMENT, path)

    def parse_ticket(self, raw: Any) -> kit.Ticket:
        """Return the ticket of the vendor's own record ``raw``, in its envelope or without."""
        return wire.lone_ticket(raw)

    def parse_message(self, raw: Any, ticket_id: str) -> kit.Message:
        """Return the message of the vendor's own record ``raw``, in its envelope or without.

        Of ``external`` and ``widget`` the type is UNKNOWN: who the customer of the ticket
        ``ticket_id`` is tells a request from a response, and the record does not say it.
        """
        return wire.lone_message(raw, ticket_id)

    # -- within ------------------------------------------------------------------------------

    async def _known(self, ticket: kit.TicketRef) -> kit.Ticket:
        """Return the ticket with its contact, by which the customer's words are told.

        It is read, once, if the caller gave only its id or a ticket without one.
        """
        known = ticket.ticket
        if known is None or (known.requester.id is None and known.requester.email is None):
            ticket.ticket = known = await self.get_ticket(ticket.id)
        return known

    def _sender(self, ticket: kit.Ticket, message: kit.OutgoingMessage) -> kit.Party:
        customer = ticket.requester.email
        if isinstance(message, kit.CustomerMessage):
            if not kit.same_address(message.author.email, customer):
                raise errors.InvalidArgument(
                    "HelpSpace tells a request by its author being the ticket's contact:"
                    " author must be the ticket's requester."
                )
            return message.author
        if isinstance(message, kit.Reply) and not message.to and not customer:
            raise errors.InvalidArgument("the ticket has no requester with an address: give to=.")
        address = self.settings.sender or (ticket.channel and ticket.channel.address)
        address = kit.read_person(address or "").email
        if address is None:
            raise errors.InvalidArgument(
                "nobody to speak as: the ticket's channel has no e-mail address. Set `sender`."
            )
        if kit.same_address(address, customer):
            raise errors.InvalidArgument("this would speak in the customer's name. Set `sender`.")
        return kit.Party(email=address, name=self.settings.sender_name)

    async def _encoded(self, uploads: Sequence[kit.Upload]) -> list[outgoing.Encoded]:
        """T24: the limit is on base64 characters, the safe reading of "5 MB"."""
        files = [await outgoing.Encoded.of(upload) for upload in uploads]
        if sum(file.size for file in files) > self.settings.max_attachment_chars:
            raise errors.InvalidArgument(
                f"the attachments have more than {self.settings.max_attachment_chars} base64"
                " characters in all."
            )
        return files

    async def _spelled(
        self, status: object, write: Callable[[str], Awaitable[kit.Ticket]]
    ) -> kit.Ticket:
        """T1: write one spelling of escalated, and the other once if that one is refused."""
        first = self.settings.escalated_word
        try:
            return await write(first)
        except errors.ValidationFailed as error:
            if status is not Status.ESCALATED or "status" not in error.fields:
                raise
        return await write("escaleted" if first == "escalated" else "escalated")

    def _talk(self, ticket: kit.Ticket) -> Conversation:
        return Conversation.of(ticket, self.settings.sender, self._agents.kept)

    async def _told(self, talk: Conversation, convert: Callable[[], T]) -> T:
        """Return what ``convert`` reads; once more if the list of agents may tell who speaks."""
        read_so_far = convert()
        if not talk.asks_who:
            return read_so_far
        talk.learn(await self._agents.read())
        return convert()

    async def _tickets_page(self, query: kit.TicketQuery, place: Place) -> kit.Page[kit.Ticket]:
        """Return one page of what the vendor finds for ``query``, which may be more."""
        return await self._listed(place, outgoing.ticket_filters(query))

    async def _listed(
        self, place: Place, filters: Sequence[tuple[str, str]]
    ) -> kit.Page[kit.Ticket]:
        into, path = wire.TicketJson, ("tickets",)
        return await read_page(
            self.transport, LIST_TICKETS, path, place, into, into.to_ticket, filters
        )

    async def _messages_page(
        self, ticket: kit.Ticket, talk: Conversation, number: int
    ) -> kit.Page[kit.Message]:
        """Return one page as the vendor orders it."""
        path, place = ("tickets", ticket.id, "messages"), Place(number)
        more = [("additional-types[]", word) for word in wire.ADDITIONAL_TYPES]
        data, told = await ask(self.transport, LIST_MESSAGES, path, place, more)

        def convert() -> tuple[tuple[kit.Message, ...], tuple[kit.Problem, ...]]:
            return read_records(
                data, wire.MessageJson, lambda message: message.of(ticket, talk), "$.data"
            )

        page = place.page(told, *await self._told(talk, convert))
        return evolve(page, shifts=True)

    async def _conversation(self, ticket: kit.Ticket) -> kit.Page[kit.Message]:
        """Return all messages in one page, oldest first.

        The vendor's order is not documented, so nothing can be handed out before the last page
        is there. New messages only push older ones to later pages meanwhile, if anywhere. One that
        is deleted meanwhile moves another one to a page that was read already: the count falls, and
        all is read again, as it is in any case where several pages came without a count.

        What is missing of the list of agents stands behind the last message, as a problem.
        """
        talk = self._talk(ticket)

        async def fetch(cursor: kit.Cursor | None) -> kit.Page[kit.Message]:
            return await self._messages_page(ticket, talk, kit.page_number(cursor))

        page = await kit.read_whole(fetch)
        end = len(page.items) + len(page.problems)
        doubts = [evolve(doubt, index=end + at) for at, doubt in enumerate(talk.doubts)]
        return evolve(page, items=_oldest_first(page.items), problems=(*page.problems, *doubts))


def _created(record: Any, ticket_id: str) -> kit.Ticket:
    """Return the ticket that now exists, or say that it does."""
    sentence = f"ticket {ticket_id} was created, and the answer not understood"
    with kit.partly_done(sentence, ticket_id=ticket_id):
        return read(record, wire.TicketJson, "$.data").to_ticket()


def _oldest_first(messages: Sequence[kit.Message]) -> tuple[kit.Message, ...]:
    times = [message.created_at or _NO_TIME for message in messages]
    if all(map(lt, times, times[1:])):
        return tuple(messages)  # as nearly every conversation comes
    return tuple(sorted(messages, key=_age))


def _age(message: kit.Message) -> tuple[bool, datetime, tuple[int, str]]:
    number = kit.number_order(message.id)
    return message.created_at is None, message.created_at or _NO_TIME, number
