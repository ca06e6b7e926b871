"""Omnidesk's operations, one short method each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from helpdesk_bridge import kit
from helpdesk_bridge.kit import Effect, Operation, errors, is_digits, read_records
from helpdesk_bridge_omnidesk import lone, outgoing, people, timelines, wire
from helpdesk_bridge_omnidesk.lists import API, TicketList
from helpdesk_bridge_omnidesk.offered import NAMED, NO_NOTES, OFFERS, UNCONFIGURED
from helpdesk_bridge_omnidesk.settings import CUSTOMER_CHANNELS, OmnideskSettings

__all__ = ["Omnidesk"]

GET_TICKET = Operation("get_ticket", Effect.READ)
CREATE_TICKET = Operation("create_ticket")
CREATE_CHATBOT_TICKET = Operation("create_chatbot_ticket")
UPDATE_TICKET = Operation("update_ticket", Effect.IDEMPOTENT_WRITE)
DELETE_TICKET = Operation("delete_ticket", Effect.IDEMPOTENT_WRITE)
SEND = Operation("send")
ADD_REQUEST = Operation("add_request")

EMAIL = "1"
"""The channel id of e-mail (guide "ticket")."""
CHATBOT = "chatbot"


class Omnidesk(kit.Adapter):
    """Omnidesk's apiKey API, version 2."""

    name = "omnidesk"
    settings_type = OmnideskSettings
    settings: OmnideskSettings
    id_pattern = r"[0-9]{1,255}|[A-Za-z0-9_-]{1,55}-[A-Za-z0-9_.:@=+~-]{1,199}"
    id_words = 'digits, such as "1003", of messages behind a word and a dash, such as "message-77"'
    quiet_extra = outgoing.QUIET_EXTRA
    status_words = wire.STATUS
    in_one_write = frozenset((kit.Capability.REPLY_WITH_STATUS,))
    ticket_keys: ClassVar = {"subject": "title", "status": "status"}
    fake = "helpdesk_bridge_omnidesk.fake:OmnideskFake"
    assignee_by = frozenset(("id",))
    team_by = frozenset(("id",))
    named_settings: ClassVar = NAMED
    offers: ClassVar = OFFERS

    @classmethod
    def auth(cls, settings: OmnideskSettings) -> kit.Middleware:
        """T3: in the header ``apiKey``, never in the address."""
        return kit.HeaderAuth({"apiKey": settings.api_key})

    @classmethod
    def explain(cls, response: kit.Response) -> kit.Explanation:
        """Read an error answer."""
        return wire.explain(response.json(), response.status)

    @classmethod
    def is_error(cls, response: kit.Response) -> bool:
        """Notice an error that comes with a 200."""
        return bool(response.content.strip()) and wire.is_error(response.json())

    @property
    def capabilities(self) -> kit.Capabilities:
        """What is offered, with notes only where it is known how to write one."""
        lacks: dict[kit.Capability, kit.Support] = {}
        if self.settings.note_type is None:
            lacks[kit.Capability.NOTE] = UNCONFIGURED[kit.Capability.NOTE]
        if self.settings.brand_id is None or self.settings.sender is None:
            lacks[kit.Capability.CREATE_TICKET] = UNCONFIGURED[kit.Capability.CREATE_TICKET]
        return kit.Capabilities({**self.offers, **lacks})

    def _reading(self) -> wire.Reading:
        return wire.Reading(self.settings.zone, self.settings.note_type)

    async def list_tickets(
        self, query: kit.TicketQuery, cursor: kit.Cursor | None
    ) -> kit.Page[kit.Ticket]:
        """GET /ticket, by offset."""
        return await TicketList(self.transport, self._reading(), self.get_ticket).page(
            query, cursor
        )

    async def list_agents(self, cursor: kit.Cursor | None) -> kit.Page[kit.Party]:
        """GET /user, by offset."""
        return await people.list_users(self.transport, cursor)

    async def list_customers(
        self, query: kit.CustomerQuery, cursor: kit.Cursor | None
    ) -> kit.Page[kit.Party]:
        """GET /customer, by offset."""
        return await people.list_customers(self.transport, query, cursor)

    async def check_settings(self) -> Sequence[str]:
        """GET /user, to its end, for the agent who is configured."""
        return await people.missing_user(self.transport, self.settings.user_id)

    async def get_ticket(self, ticket_id: str) -> kit.Ticket:
        """GET /ticket/{id}, with its timeline."""
        return (await self._with_envelope(ticket_id))[0]

    async def _with_envelope(self, ticket_id: str) -> tuple[kit.Ticket, kit.Told]:
        """Return a ticket, and what its answer tells of the timeline."""
        # The guide lists the parameter among those of the path, which has only the id.
        answer = await self.transport.send(
            GET_TICKET, "GET", _path(ticket_id), query=[("getTicketHistory", "true")]
        )
        reading = self._reading()
        ticket = answer.read(lambda data: wire.one_ticket(data, reading))
        kit.require_id(ticket.id, ticket_id, "$.item.id")
        return ticket, answer.read(lambda data: timelines.told_of_timeline(ticket, data))

    def parse_ticket(self, raw: Any) -> kit.Ticket:
        """Read a ticket from the vendor's own record.

        Args:
            raw: an entry of a list, or a ticket that was read by itself, with its envelope
                (``{"type": "item", "item": {…}}``) or without.

        Returns:
            The ticket.

        Raises:
            ProtocolError: it is none; ``path`` says where.
        """
        return lone.lone_ticket(raw, self._reading())

    def parse_message(self, raw: Any, ticket_id: str) -> kit.Message:
        """Read a message from the vendor's own record, an entry of a ticket's timeline.

        In the hour that autumn has twice the first time is meant: only the entries beside it could
        tell of the second.

        Args:
            raw: the entry.
            ticket_id: the ticket that it is an entry of.

        Returns:
            The message.

        Raises:
            ProtocolError: it is none, or one of another ticket; ``path`` says where.
        """
        return lone.lone_message(raw, ticket_id, self._reading())

    async def create_ticket(self, new: kit.NewTicket) -> kit.Ticket:
        """POST /ticket, then the first message; or POST /message/chatbot (channel kind chatbot)."""
        if new.channel is not None and new.channel.kind == CHATBOT:
            return await self._create_by_chatbot(new)
        outgoing.check_body(new.body)
        files = await _encoded(new.attachments)
        fields = outgoing.ticket_body(
            new,
            brand=self.settings.brand_id or "",
            channel=_number(new.channel.id) if new.channel else self.settings.channel,
            to=self.settings.sender or "",
        )
        answer = await self._post(CREATE_TICKET, ("ticket",), fields)
        ticket_id = answer.read(wire.made_id)
        first = kit.CustomerMessage(body=new.body, author=new.requester)
        try:
            ticket = await self.get_ticket(ticket_id)
        except errors.HelpdeskError as error:
            failure = error
        else:
            answer.read(lambda _: kit.require_made(ticket, new))
            try:
                await self._add_request(ticket, first, files)
                return ticket
            except errors.HelpdeskError as error:
                failure = error
        raise kit.without_first_message(failure, ticket_id)

    async def update_ticket(self, ticket_id: str, changes: kit.TicketChanges) -> kit.Ticket:
        """PUT /ticket/{id}, urlencoded; its answer is not documented, so the ticket is read."""
        fields = outgoing.changes(changes)
        path = _path(ticket_id)
        answer = await self.transport.send(UPDATE_TICKET, "PUT", path, form=fields)
        answer.accepted(ticket_id, read_next=True)
        with kit.partly_done("the ticket was changed, and could not be read", ticket_id=ticket_id):
            return await self.get_ticket(ticket_id)

    async def delete_ticket(self, ticket_id: str) -> None:
        """DELETE /ticket/{id}."""
        answer = await self.transport.send(DELETE_TICKET, "DELETE", _path(ticket_id))
        answer.accepted(ticket_id, deletes=True)

    async def list_messages(
        self, ticket: kit.TicketRef, query: kit.MessageQuery, cursor: kit.Cursor | None
    ) -> kit.Page[kit.Message]:
        """GET /ticket/{id}: there is no other way to read messages than the timeline."""
        if cursor is not None:
            raise errors.InvalidArgument("a timeline comes in one piece: there is no cursor.")
        ticket.ticket, told = await self._with_envelope(ticket.id)
        return self._timeline(ticket.ticket, told).where(query.matches)

    async def get_message(self, ticket: kit.TicketRef, message_id: str) -> kit.Message:
        """Return an entry of the timeline."""
        page = self._timeline(*await self._with_envelope(ticket.id))
        for message in page.items:
            if message.id == message_id:
                return message
        for problem in page.problems:
            raise problem.error
        _require_whole(page)
        raise errors.NotFound("the ticket has no such message.")

    async def note_before_send(
        self, ticket: kit.TicketRef, message: kit.OutgoingMessage
    ) -> list[str]:
        """Return what is in the timeline now: T8, the vendor tells no id of what it accepts."""
        outgoing.check_message(message, self.settings.zone)
        ticket.ticket, told = await self._with_envelope(ticket.id)
        page = self._timeline(ticket.ticket, told)
        _require_whole(page)
        return [one.id for one in page.items]

    def mark_of(self, message: kit.Message) -> str | None:
        """Return the call of a customer's mail that was recorded here (page "email")."""
        return wire.mark_of(message.raw)

    async def send(self, ticket: kit.TicketRef, message: kit.OutgoingMessage) -> kit.SentMessage:
        """POST /message, or for a request POST /email/newInboundMessage.

        The ticket is read before: its channel says how it is answered.
        """
        files = await _encoded(message.attachments)
        if isinstance(message, kit.Reply) and not message.send_email:
            raise errors.UnsupportedCapability("Omnidesk mails every reply.")
        known = await ticket.full(self.get_ticket)
        if isinstance(message, kit.CustomerMessage):
            await self._add_request(known, message, files)
        else:
            fields = outgoing.message_body(
                message,
                known,
                channel=self._channel(known, message),
                user_id=self.settings.user_id,
                zone=self.settings.zone,
            )
            await self._post(SEND, ("message",), fields, ticket.id)
        return kit.SentMessage(ticket_id=ticket.id)

    # -- within ------------------------------------------------------------------------------

    async def _post(
        self,
        operation: Operation,
        path: tuple[str, ...],
        fields: Sequence[tuple[str, str | kit.Base64]],
        ticket_id: str | None = None,
    ) -> kit.Response:
        """Post, for a message to the ticket ``ticket_id``. T8: nothing is answered, or JSON."""
        parts = outgoing.parts(fields)
        answer = await self.transport.send(operation, "POST", (*API, *path), multipart=parts)
        answer.accepted()
        if ticket_id is not None and answer.content.strip():
            answer.read(lambda data: wire.require_own(data, ticket_id))
        return answer

    async def _add_request(
        self, ticket: kit.Ticket, message: kit.CustomerMessage, files: Sequence[kit.Base64]
    ) -> None:
        message_id = wire.mail_id(kit.write_mark())
        fields = outgoing.inbound_mail(message, ticket, message_id=message_id, files=files)
        await self._post(ADD_REQUEST, ("email", "newInboundMessage"), fields, ticket.id)

    def _channel(self, ticket: kit.Ticket, message: kit.Reply | kit.Note | kit.Forward) -> str:
        """Return the ``type`` to send with. T5: a note never falls back to a channel."""
        own = ticket.channel.id if ticket.channel else None
        if isinstance(message, kit.Note):
            note_type = self.settings.note_type
            if note_type is None:
                raise errors.UnsupportedCapability(NO_NOTES)
            if note_type in outgoing.heard_on(ticket) | CUSTOMER_CHANNELS:
                raise errors.InvalidArgument(
                    "note_type is a channel of this ticket's customer, whom the note would reach:"
                    " set note_type right."
                )
            return note_type
        if own is None:
            raise errors.InvalidArgument("the ticket has no channel to be answered on.")
        if own == self.settings.note_type:
            raise errors.InvalidArgument("the ticket's channel is the one set as note_type.")
        if isinstance(message, kit.Forward) and own != EMAIL:
            raise errors.InvalidArgument("Omnidesk forwards by e-mail, and this ticket is none.")
        return own

    async def _create_by_chatbot(self, new: kit.NewTicket) -> kit.Ticket:
        """Create and find again: the vendor answers nothing."""
        fields = outgoing.chatbot_ticket(new, brand=self.settings.brand_id or "")
        query = kit.TicketQuery(text=new.subject, requester=new.requester)
        before = await self.list_tickets(query, None)
        known = {ticket.id for ticket in before.items}
        await self._post(CREATE_CHATBOT_TICKET, ("message", "chatbot"), fields)
        try:
            after = await self.list_tickets(query, None)
            found = [t for t in after.items if t.id not in known and t.subject == new.subject]
            # Else an older one may have moved up, or was left out before.
            if len(found) == 1 and before.next is None and before.lacking is None:
                return found[0]
            failure: errors.HelpdeskError = errors.NotFound("the new ticket cannot be told yet.")
        except errors.HelpdeskError as error:
            failure = error
        raise errors.PartlyDone(
            "the ticket was accepted, and Omnidesk tells no id: find it in the list of tickets.",
            failure=failure,
        )

    def _timeline(self, ticket: kit.Ticket, told: kit.Told) -> kit.Page[kit.Message]:
        """Return the timeline, oldest first; one that is cut is an error, or called incomplete."""
        reading = self._reading()
        items, problems = read_records(
            timelines.entries(ticket),
            wire.EntryJson,
            lambda entry: entry.of(ticket.id, reading),
            "$.item.timeline",
        )
        count = len(items) + len(problems)
        is_short = told.incomplete is not None or (told.total or 0) > count
        if not is_short and timelines.goes_on(told, count):
            raise errors.ProtocolError(
                "$.item: the timeline goes on, and does not say where.", path="$.item"
            )
        return kit.Page(
            items=wire.oldest_first(items, reading),
            problems=problems,
            listed=told.total,
            lacking=told.lacking(goes_on=False),
        )


def _require_whole(page: kit.Page[kit.Message]) -> None:
    """Raise IncompleteList for a timeline of which the vendor says or counts that it lacks some."""
    kit.require_complete(page.lacking)
    came, listed = len(page.items) + len(page.problems), page.listed or 0
    if came < listed:
        raise errors.IncompleteList(
            f"the vendor counts {listed} entries in the timeline, and {came} came.",
            listed=listed,
            came=came,
        )


def _path(ticket_id: str) -> tuple[str, ...]:
    if not wire.NUMBER.fullmatch(ticket_id):
        raise errors.InvalidArgument("a ticket's id is a number; this may be one of a message.")
    return (*API, "ticket", ticket_id)


async def _encoded(uploads: Sequence[kit.Upload]) -> list[kit.Base64]:
    if any(upload.content_id for upload in uploads):
        raise errors.InvalidArgument("Omnidesk's inbound mails have no inline images.")
    for upload in uploads:
        await upload.ready()
    return [kit.Base64(upload) for upload in uploads]


def _number(channel_id: str | None) -> str:
    if not is_digits(channel_id):
        raise errors.InvalidArgument("Omnidesk creates tickets in a channel by its number.")
    return channel_id
