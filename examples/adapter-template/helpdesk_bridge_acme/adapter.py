"""Acme's operations, one short method each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from helpdesk_bridge import kit
from helpdesk_bridge.kit import Capability, Effect, Operation, TicketOrder, emulated, native, none

from helpdesk_bridge_acme import wire
from helpdesk_bridge_acme.settings import AcmeSettings

DOCS = "https://docs.acme.example/api"  # here it is API.md
LIST = Operation("list_tickets", Effect.READ)
GET = Operation("get_ticket", Effect.READ)
CREATE = Operation("create_ticket")  # an unsafe write: twice makes two tickets
UPDATE = Operation("update_ticket", Effect.IDEMPOTENT_WRITE)
MESSAGES = Operation("list_messages", Effect.READ)
SEND = Operation("send")  # an unsafe write: twice mails the customer twice
_STATES = kit.CapabilityLimits(statuses=wire.STATUS.writable())
_READ = kit.CapabilityLimits(statuses=wire.STATUS.writable() | {kit.Status.UNKNOWN})
_CHANGES = kit.CapabilityLimits(statuses=_STATES.statuses, options=frozenset(("subject", "status")))
_PAGE = kit.CapabilityLimits(page_size=wire.PAGE_SIZE)
_PLAIN = kit.CapabilityLimits(options=frozenset())  # no optional argument is understood
_NO_CHANGES = none("Acme does not tell when a ticket was changed.", source=DOCS)


class Acme(kit.Adapter):
    """Acme Desk's API."""

    name = "acme"
    settings_type = AcmeSettings
    id_pattern = r"[TM]-[0-9]{1,12}"
    id_words = 'a letter, a dash and digits, such as "T-1003"'
    status_words = wire.STATUS
    fake = "helpdesk_bridge_acme.fake:AcmeFake"
    offers: ClassVar = {
        Capability.LIST_TICKETS: native(limits=_PAGE, source=DOCS),
        Capability.GET_TICKET: native(source=DOCS),
        Capability.CREATE_TICKET: native(limits=_PLAIN, source=DOCS),
        Capability.UPDATE_TICKET: native(limits=_CHANGES, source=DOCS),
        Capability.LIST_MESSAGES: native(limits=_PAGE, source=DOCS),
        Capability.REPLY: native("To the ticket's customer only.", limits=_PLAIN, source=DOCS),
        Capability.NOTE: native(limits=_PLAIN, source=DOCS),
        Capability.REPLY_WITHOUT_EMAIL: native(source=DOCS),
        Capability.REPLY_WITH_STATUS: emulated("By a second request.", limits=_STATES),
        Capability.RECONCILE: emulated("By the words and the time of messages."),
        Capability.FILTER_STATUS: native(limits=_STATES, source=DOCS),
        Capability.FILTER_STATUSES: emulated("On what is read.", limits=_READ),
        Capability.FILTER_REQUESTER: emulated("On what is read."),
        Capability.FILTER_CREATED_SINCE: emulated("On what is read."),
        Capability.ORDER_CREATED_AT: emulated(
            "The oldest first by Acme; for the newest first all are read, and sorted here.",
            source=DOCS,
        ),
        Capability.ORDER_UPDATED_AT: _NO_CHANGES,
        Capability.FILTER_UPDATED_SINCE: _NO_CHANGES,
        Capability.GET_MESSAGE: none("Acme gives whole conversations only.", source=DOCS),
        Capability.FORWARD: none("Acme mails nobody but the ticket's customer.", source=DOCS),
        Capability.ADD_REQUEST: none("A customer's words come with new tickets only.", source=DOCS),
        Capability.LIST_AGENTS: none("Acme lists tickets and messages only.", source=DOCS),
    }  # of whatever is not named it is said that the adapter does not offer it

    @classmethod
    def auth(cls, settings: AcmeSettings) -> kit.Middleware:
        """Sign each request ("Basics")."""
        return kit.HeaderAuth({"X-Acme-Token": settings.token})

    async def list_tickets(
        self, query: kit.TicketQuery, cursor: kit.Cursor | None
    ) -> kit.Page[kit.Ticket]:
        """GET /tickets; what Acme cannot sort or filter is sorted, or left out, here."""
        fetch = partial(self._tickets, query)
        if query.order_by is TicketOrder.CREATED_AT_DESC:
            page = await kit.in_order(fetch, query.order_by, cursor)
        else:
            page = await fetch(cursor)
        return page.where(query.matches)

    async def _tickets(
        self, query: kit.TicketQuery, cursor: kit.Cursor | None
    ) -> kit.Page[kit.Ticket]:
        asked = {"status": wire.STATUS.write(query.status)} if query.status else {}
        pairs = wire.place(cursor, kit.merge_extra(asked, query.extra), wire.page_size(query))
        answer = await self.transport.send(LIST, "GET", ("tickets",), query=pairs)
        return answer.read(lambda data: wire.page(data, wire.TicketJson, wire.ticket))

    async def get_ticket(self, ticket_id: str) -> kit.Ticket:
        """GET /tickets/{id}."""
        answer = await self.transport.send(GET, "GET", ("tickets", ticket_id))
        return answer.read(wire.one_ticket)

    async def create_ticket(self, new: kit.NewTicket) -> kit.Ticket:
        """POST /tickets."""
        answer = await self.transport.send(CREATE, "POST", ("tickets",), json=wire.ticket_body(new))
        return answer.read(wire.one_ticket)

    async def update_ticket(self, ticket_id: str, changes: kit.TicketChanges) -> kit.Ticket:
        """PATCH /tickets/{id}."""
        path, body = ("tickets", ticket_id), wire.changes(changes)
        answer = await self.transport.send(UPDATE, "PATCH", path, json=body)
        return answer.read(wire.one_ticket)

    async def list_messages(
        self, ticket: kit.TicketRef, query: kit.MessageQuery, cursor: kit.Cursor | None
    ) -> kit.Page[kit.Message]:
        """GET /tickets/{id}/messages."""
        path, pairs = ("tickets", ticket.id, "messages"), wire.place(cursor, {})
        answer = await self.transport.send(MESSAGES, "GET", path, query=pairs)
        read = partial(wire.message, ticket.id)
        page = answer.read(lambda data: wire.page(data, wire.MessageJson, read))
        return page.where(query.matches)

    async def send(self, ticket: kit.TicketRef, message: kit.OutgoingMessage) -> kit.SentMessage:
        """POST /tickets/{id}/messages; only the id must be understood of the answer."""
        path, body = ("tickets", ticket.id, "messages"), wire.message_body(message)
        answer = await self.transport.send(SEND, "POST", path, json=body)
        return kit.SentMessage(ticket_id=ticket.id, id=answer.accepted().read(kit.created_id))

    def parse_ticket(self, raw: Mapping[str, Any]) -> kit.Ticket:
        """Read Acme's own ticket, as ``Ticket.raw`` has it."""
        return wire.one_ticket(raw)

    def parse_message(self, raw: Mapping[str, Any], ticket_id: str) -> kit.Message:
        """Read Acme's own message, as ``Message.raw`` has it, which does not tell its ticket."""
        return kit.read_one(raw, wire.MessageJson, partial(wire.message, ticket_id))
