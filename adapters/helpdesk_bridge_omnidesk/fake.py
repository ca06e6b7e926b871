"""Omnidesk's HTTP face over the testing Store: real multipart, no message ids, stale reads.

Strict about what the vendor documents: a POST that is not multipart, a PUT that is not
urlencoded and a field nobody documents are refused with 400. A message of type ``note_type`` is a
note; on every other channel it is a mail to the customer, whatever was meant.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from helpdesk_bridge.kit import Audience, Channel, MessageType, Party, Role, Status
from helpdesk_bridge.testing import (
    FakeServer,
    Refusal,
    Store,
    StoredMessage,
    StoredTicket,
    multipart_fields,
)
from helpdesk_bridge_omnidesk.fake_people import (
    CUSTOMER_SOUGHT,
    USER_SOUGHT,
    customers_of,
    users_of,
)

__all__ = ["OmnideskFake"]

_CHANNEL = re.compile(r"[0-9]+|calllog|contactform")
_SEND_AT = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}")
_EMAIL = re.compile(r"[^\s@,]+@[^\s@,]+")
_BRACKETS = re.compile(r"(\w+)\[(\w+)\]")
_SUBMIT = ("open", "pending", "holding", "solved")
_WORDS = {
    Status.NEW: "new",
    Status.OPEN: "open",
    Status.PENDING: "pending",
    Status.ON_HOLD: "holding",
    Status.RESOLVED: "solved",
    Status.CLOSED: "closed",
}
_STATUSES = {word: status for status, word in _WORDS.items()}
_MESSAGE_FIELDS = frozenset(
    (
        *("ticketID", "type", "toAddress", "ccInput", "bccInput", "respondMessageID"),
        *("plaintext", "message", "forwardedFileIDs", "sendAt", "userID", "submitStatus"),
    )
)
_TICKET_FIELDS = frozenset(
    (
        *("brandID", "channelID", "direction", "from", "fromName", "to", "title"),
        *("assignedGroupID", "formID"),
    )
)
_INBOUND_FIELDS = frozenset(
    (
        *("messageID", "externalID", "fromAddress", "replyToAddress", "subject", "htmlBody"),
        *("references", "attachmentsBase64"),
    )
)
_EMAIL_CHANNEL = 1


class OmnideskFake(FakeServer):
    """``success`` is how an accepted message is answered: ``empty`` or ``result``.

    ``stale_reads`` is how often a ticket is still shown as it was before a message, because the
    vendor clears its cache before it processes one. ``errors_as_200`` has refusals come with 200.
    """

    prefix = "/api/v2"
    api_key = "fake-omnidesk-key"
    brand = "2"
    note_type = "0"

    def __init__(
        self,
        store: Store | None = None,
        *,
        success: str = "empty",
        stale_reads: int = 0,
        errors_as_200: bool = False,
        zone: str = "Europe/Amsterdam",
    ) -> None:
        super().__init__(store)
        self.success = success
        self.stale_reads = stale_reads
        self.errors_as_200 = errors_as_200
        self.zone = ZoneInfo(zone)
        self.scheduled: list[tuple[int, str]] = []
        self._stale: dict[int, tuple[int, dict[str, Any]]] = {}
        self._seen_mails: set[str] = set()

    def table(self) -> dict[str, Any]:
        """Return the configuration that connects to this fake."""
        return {
            "adapter": "omnidesk",
            "base_url": self.base_url,
            "api_key": self.api_key,
            "timezone": self.zone.key,
            "note_type": self.note_type,
            "brand_id": self.brand,
            "sender": "support@helpdesk.example",
            "user_id": "12",
        }

    def routes(self) -> Iterable[web.RouteDef]:
        """Return the documented operations on tickets and messages, and the lists of people."""
        return [
            web.get("/ticket", self._keyed(self.list_tickets)),
            web.post("/ticket", self._keyed(self.create_ticket)),
            web.get("/ticket/{ticket}", self._keyed(self.get_ticket)),
            web.put("/ticket/{ticket}", self._keyed(self.update_ticket)),
            web.delete("/ticket/{ticket}", self._keyed(self.delete_ticket)),
            web.get("/user", self._keyed(self.list_users)),
            web.get("/customer", self._keyed(self.list_customers)),
            web.post("/message", self._keyed(self.create_message)),
            web.post("/message/chatbot", self._keyed(self.create_by_chatbot)),
            web.post("/email/newInboundMessage", self._keyed(self.inbound_mail)),
        ]

    # -- tickets -----------------------------------------------------------------------------

    async def list_tickets(self, request: web.Request) -> web.StreamResponse:
        """GET /ticket."""
        known = {"applyView", "query", "itemStart", "itemLimit", "searchArchived", "status"}
        text = request.query.get("query", "").casefold()
        status = request.query.get("status")
        found = [
            ticket
            for ticket in self.store.tickets.values()
            if ticket.deleted_at is None
            and (status is None or _word(ticket) == status)
            and text in ticket.subject.casefold()
        ]
        return self._listed(request, known, 9_999, found, self._item)

    def _listed(
        self,
        request: web.Request,
        known: set[str],
        most: int,
        found: Sequence[Any],
        item: Callable[[Any], dict[str, Any]] = dict,
    ) -> web.StreamResponse:
        """Return the part of what was ``found`` that is asked for, in its envelope."""
        if set(request.query) - known:
            raise self._no("A parameter is not documented.")
        start, limit = (
            int(request.query.get("itemStart", "0")),
            int(request.query.get("itemLimit", "15")),
        )
        if limit > most:
            raise self._no(f"itemLimit is {most} at most.")
        return web.json_response(
            {
                "type": "collection",
                "itemStart": start,
                "itemTotal": len(found),
                "itemLimit": limit,
                "items": [item(one) for one in found[start : start + limit]],
            }
        )

    async def get_ticket(self, request: web.Request) -> web.StreamResponse:
        """GET /ticket/{id}, with the timeline."""
        ticket = self._stored(request.match_info["ticket"])
        left, item = self._stale.pop(ticket.id, (0, {}))
        if left:
            self._stale[ticket.id] = (left - 1, item)
            return web.json_response({"type": "item", "item": item})
        return web.json_response({"type": "item", "item": self._full(ticket)})

    async def create_ticket(self, request: web.Request) -> web.StreamResponse:
        """POST /ticket: an empty ticket."""
        fields = await self._multipart(request, _TICKET_FIELDS)
        for name in ("brandID", "channelID", "direction", "from", "to", "title"):
            if not fields.get(name):
                raise self._no(f"{name} is required.")
        if fields["brandID"] != self.brand:
            raise self._no("This brand does not exist.")
        ticket = self._new(str(fields["from"]), fields.get("fromName"), str(fields["title"]))
        ticket.channel = Channel(id=str(fields["channelID"]), name="e-mail")
        ticket.team = fields.get("assignedGroupID")
        return web.json_response({"type": "result", "ticketID": ticket.id})

    async def update_ticket(self, request: web.Request) -> web.StreamResponse:
        """PUT /ticket/{id}."""
        ticket = self._stored(request.match_info["ticket"])
        if request.content_type != "application/x-www-form-urlencoded":
            raise self._no("A PUT is urlencoded.")
        fields = dict(await request.post())
        if set(fields) - {"externalPrimaryID", "title", "status"}:
            raise self._no("A field is not documented.")
        changes: dict[str, Any] = {}
        if "status" in fields:
            if fields["status"] not in ("solved", "closed"):
                raise self._no("status is solved or closed.")
            changes["status"] = _STATUSES[str(fields["status"])]
        if "title" in fields:
            changes["subject"] = fields["title"]
        self.store.update_ticket(ticket.id, **changes)
        return web.json_response({"type": "result", "message": "Ticket updated."})

    async def delete_ticket(self, request: web.Request) -> web.StreamResponse:
        """DELETE /ticket/{id}."""
        self.store.delete_ticket(self._stored(request.match_info["ticket"]).id)
        return web.Response()

    # -- people ------------------------------------------------------------------------------

    async def list_users(self, request: web.Request) -> web.StreamResponse:
        """GET /user: the agents."""
        known = {"query", "itemStart", "itemLimit", "activeOnly", "extended"}
        text = self._sought(request, USER_SOUGHT)
        return self._listed(request, known, 999, users_of(self.store, text))

    async def list_customers(self, request: web.Request) -> web.StreamResponse:
        """GET /customer: who has asked for something."""
        text = self._sought(request, CUSTOMER_SOUGHT)
        found = customers_of(self.store, "Acme", text)
        return self._listed(request, {"query", "itemStart", "itemLimit"}, 99, found)

    def _sought(self, request: web.Request, pattern: re.Pattern[str]) -> str:
        text = request.query.get("query")
        if text is not None and not pattern.fullmatch(text):
            raise self._no("query has the wrong pattern.")
        return text or ""

    # -- messages ----------------------------------------------------------------------------

    async def create_message(self, request: web.Request) -> web.StreamResponse:
        """POST /message."""
        fields = await self._multipart(request, _MESSAGE_FIELDS)
        self._check_message(fields)
        ticket = self._stored(str(fields.get("ticketID", "")))
        if self.stale_reads:
            self._stale[ticket.id] = (self.stale_reads, self._full(ticket))
        note = fields["type"] == self.note_type
        # Whom a channel answers when no address is given is not documented: the worst is assumed.
        to = _people(str(fields.get("toAddress", ""))) or (() if note else (ticket.requester,))
        later = "sendAt" in fields
        outside = {person.email for person in to} - {ticket.requester.email}
        message = self.store.add_message(
            ticket.id,
            type=MessageType.NOTE if note else MessageType.RESPONSE,
            audience=_audience(note=note, outside=bool(outside)),
            author=Party(id=str(fields.get("userID", "0")), name="agent", role=Role.AGENT),
            html=str(fields["message"]),
            text=str(fields.get("plaintext") or fields["message"]),
            mail=not note and not later,
            to=to,
            cc=_people(str(fields.get("ccInput", ""))),
            bcc=_people(str(fields.get("bccInput", ""))),
        )
        if later:
            self.scheduled.append((message.id, str(fields["sendAt"])))
        if fields.get("submitStatus"):
            self.store.update_ticket(ticket.id, status=_STATUSES[str(fields["submitStatus"])])
        return self._accepted()

    def _check_message(self, fields: Mapping[str, Any]) -> None:
        if not _CHANNEL.fullmatch(str(fields.get("type", ""))):
            raise self._no("type has the wrong pattern.")
        if len(str(fields.get("message", ""))) < 5:
            raise self._no("message has at least 5 characters.")
        if "sendAt" in fields and not _SEND_AT.fullmatch(str(fields["sendAt"])):
            raise self._no("sendAt has the wrong pattern.")
        if fields.get("submitStatus", "open") not in _SUBMIT:
            raise self._no("submitStatus is not one of its values.")
        for name in ("ccInput", "bccInput"):
            if fields.get(name) and not _EMAIL.fullmatch(str(fields[name])):
                raise self._no(f"{name} is not an e-mail address.")

    async def create_by_chatbot(self, request: web.Request) -> web.StreamResponse:
        """POST /message/chatbot: a ticket and its message, and no id."""
        fields = await self._multipart(
            request, frozenset(("brandID", "message", "subject", "from"))
        )
        for name in ("brandID", "message", "subject", "from"):
            if not fields.get(name):
                raise self._no(f"{name} is required.")
        ticket = self._new(str(fields["from"]), None, str(fields["subject"]))
        self._inbound(ticket, str(fields["message"]))
        return self._accepted()

    async def inbound_mail(self, request: web.Request) -> web.StreamResponse:
        """POST /email/newInboundMessage."""
        fields = await self._multipart(request, _INBOUND_FIELDS)
        sender = fields.get("fromAddress", {})
        if not isinstance(sender, dict) or not _EMAIL.fullmatch(str(sender.get("address", ""))):
            raise self._no("fromAddress[address] is required.")
        message_id = str(fields.get("messageID", ""))
        if message_id and message_id in self._seen_mails:
            return self._accepted()
        self._seen_mails.add(message_id)
        found = [
            ticket
            for ticket in self.store.tickets.values()
            if _external(ticket) == fields.get("externalID")
        ]
        ticket = (
            found[0]
            if found
            else self._new(str(sender["address"]), sender.get("name"), str(fields.get("subject")))
        )
        files = [
            self.store.file(f"file-{index}", "application/octet-stream", self._decoded(data))
            for index, data in sorted(
                fields.get("attachmentsBase64", {}).items(), key=lambda item: item[0].zfill(4)
            )
        ]
        author = self.store.person(str(sender["address"]), sender.get("name"))
        self._inbound(ticket, str(fields.get("htmlBody", "")), author=author, files=files)
        return self._accepted()

    # -- within ------------------------------------------------------------------------------

    def _keyed(self, handler: Any) -> Any:
        async def checked(request: web.Request) -> web.StreamResponse:
            if "apiKey" in request.query or request.headers.get("apiKey") != self.api_key:
                raise Refusal(401, {"status": "error", "message": "The API key is not valid."})
            answer: web.StreamResponse = await handler(request)
            return answer

        return checked

    def _no(self, message: str) -> Refusal:
        status = 200 if self.errors_as_200 else 400
        return Refusal(status, {"status": "error", "message": message})

    def _accepted(self) -> web.Response:
        if self.success == "empty":
            return web.Response()
        return web.json_response({"type": "result", "message": "Message has been sent."})

    def _stored(self, number: str) -> StoredTicket:
        ticket = self.store.tickets.get(int(number)) if number.isdigit() else None
        if ticket is None or ticket.deleted_at is not None:
            raise self._no("This ticket does not exist.")
        return ticket

    async def _multipart(self, request: web.Request, known: frozenset[str]) -> dict[str, Any]:
        """Return the fields; ``name[0]`` and ``name[key]`` are collected under ``name``."""
        if request.content_type != "multipart/form-data":
            raise self._no("A POST is multipart.")
        fields: dict[str, Any] = {}
        try:
            posted = await multipart_fields(request)
        except ValueError:
            raise self._no("Only text fields are documented.") from None
        for name, value in posted:
            found = _BRACKETS.fullmatch(name)
            key = found[1] if found else name
            if key not in known:
                raise self._no(f"{key} is not documented.")
            if found:
                fields.setdefault(key, {})[found[2]] = value
            elif key in fields:
                raise self._no(f"{key} comes twice.")
            else:
                fields[key] = value
        return fields

    def _decoded(self, data: str) -> bytes:
        try:
            return base64.b64decode(data, validate=True)
        except binascii.Error:
            raise self._no("An attachment is not base64.") from None

    def _new(self, address: str, name: str | None, title: str) -> StoredTicket:
        now = self.store.clock()
        ticket = StoredTicket(
            id=self.store.number(),
            subject=title,
            requester=self.store.person(address, name),
            created_at=now,
            updated_at=now,
            status=Status.NEW,
        )
        self.store.tickets[ticket.id] = ticket
        return ticket

    def _inbound(
        self,
        ticket: StoredTicket,
        html: str,
        *,
        author: Party | None = None,
        files: Sequence[Any] = (),
    ) -> None:
        self.store.add_message(
            ticket.id,
            type=MessageType.REQUEST,
            audience=Audience.EXTERNAL,
            author=author or ticket.requester,
            html=html,
            files=files,
        )

    def _stamp(self, value: datetime | None) -> str | None:
        if value is None:
            return None
        return value.astimezone(self.zone).isoformat(" ", "seconds")[:19]

    def _item(self, ticket: StoredTicket) -> dict[str, Any]:
        channel = ticket.channel or Channel(id=str(_EMAIL_CHANNEL), name="e-mail")
        return {
            "id": ticket.id,
            "title": ticket.subject,
            "status": _word(ticket),
            "priority": "medium",
            "direction": "inbound",
            "channel_id": int(channel.id or _EMAIL_CHANNEL),
            "channel_name": channel.name,
            "channel_account_id": "0",
            "brand_id": int(self.brand),
            "customer_id": int(ticket.requester.id or 0),
            "from": ticket.requester.email,
            "from_name": ticket.requester.name or "",
            "to": "support@helpdesk.example",
            "to_name": "",
            "assigned_group_id": int(ticket.team or 0) if (ticket.team or "0").isdigit() else 0,
            "assigned_user_id": int(ticket.assignee.id or 0) if ticket.assignee else 0,
            "form_id": None,
            "external_id": _external(ticket),
            "created_at": self._stamp(ticket.created_at),
            "last_update": self._stamp(ticket.updated_at),
            "last_update_customer": self._stamp(ticket.last_message_at),
            "closed_at": None,
            "show_timeline": 1,
        }

    def _full(self, ticket: StoredTicket) -> dict[str, Any]:
        opened = {
            "type": "event",
            "id": ticket.id,
            "ticket_id": ticket.id,
            "item_type": "assigned_group_id",
            "item_type_id": "31",
            "description": "Assigned to Support",
            "initiated_by": "trigger: route",
            "created_at": self._stamp(ticket.created_at),
        }
        events = [opened] if ticket.team else []
        timeline = [*events, *(self._entry(message, ticket) for message in ticket.messages)]
        return {**self._item(ticket), "timeline": timeline}

    def _entry(self, message: StoredMessage, ticket: StoredTicket) -> dict[str, Any]:
        note, system = message.type is MessageType.NOTE, message.type is MessageType.SYSTEM
        inbound = message.type is MessageType.REQUEST
        entry = {
            "type": "note" if note else "event" if system else "message",
            "id": str(message.id),
            "ticket_id": ticket.id,
            "content": message.html,
            "user_id": int(message.author.id or 0) if (message.author.id or "0").isdigit() else 0,
            "user_name": message.author.name,
            "user_avatar": "",
            "created_at": self._stamp(message.created_at),
            "pinned": 0,
            "channel_id": 0 if note else _EMAIL_CHANNEL,
            "direction": "" if note else "inbound" if inbound else "outbound",
            "from": message.author.email if inbound else None,
            "to": None if note else ",".join(p.email or "" for p in message.to),
            "from_name": (message.author.name or "") if inbound else "",
            "to_name": "",
            "image": "",
            "external_id": None,
            "meta_data": "[]",
        }
        if system:
            entry |= {"description": message.text, "content": None}
        return entry


def _word(ticket: StoredTicket) -> str:
    return _WORDS.get(ticket.status, "open")


def _external(ticket: StoredTicket) -> str:
    return f"EX{ticket.id}-1"


def _people(text: str) -> tuple[Party, ...]:
    return tuple(Party(email=word) for word in text.split(",") if word)


def _audience(*, note: bool, outside: bool) -> Audience:
    if note:
        return Audience.INTERNAL
    return Audience.FORWARD if outside else Audience.EXTERNAL
