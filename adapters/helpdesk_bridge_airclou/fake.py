"""Airclou's two APIs over the testing Store: roles, expiring sessions, a rate limit, an outbox.

Strict about what the vendor documents. Every response is mailed unless ``send_email`` is false.
"""

from __future__ import annotations

import base64
import heapq
import json
import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from types import MappingProxyType
from typing import Any

from aiohttp import web

from helpdesk_bridge.kit import (
    Audience,
    MessageType,
    Party,
    Priority,
    Role,
    Status,
    TicketKind,
)
from helpdesk_bridge.testing import FakeServer, Refusal, Store, StoredMessage, StoredTicket

__all__ = ["AirclouFake"]

_LEVELS = ("read", "write", "admin")
_ROLES = ("viewer", "agent")
_STATUSES = ("new", "open", "pending", "resolved", "closed")
_PRIORITIES = ("low", "normal", "high", "urgent")
_KINDS = ("question", "incident", "problem", "task")
_LIST_PARAMETERS = frozenset(
    ("status", "priority", "assignee_id", "page_size", "after", "sort_by", "sort_order")
)
_TICKET_FIELDS = MappingProxyType(
    {
        "subject": str,
        "status": str,
        "priority": str,
        "type": str,
        "requesterEmail": str,
        "requesterName": str,
        "assigneeId": (str, type(None)),
        "tags": list,
        "customFields": list,
    }
)
_MESSAGE_FIELDS = MappingProxyType(
    {
        "ticket_id": str,
        "type": str,
        "content": str,
        "text_content": str,
        "recipients": list,
        "ccs": list,
        "attachments": list,
        "send_email": bool,
        "is_forward": bool,
        "ticket_update": dict,
    }
)


class AirclouFake(FakeServer):
    """``level`` is the API key's, ``role`` that of new sessions; ``limit`` requests a minute.

    ``envelope`` is the key that wraps messages (``messages``, ``data``, ``items``, or "" for a
    bare list): nobody documents it. ``clock`` (seconds since 1970) judges sessions and the limit.
    """

    prefix = "/helpdesk"
    api_key = "aclou_0123456789abcdef"
    workspace_id = "ws_fake"

    def __init__(
        self,
        store: Store | None = None,
        *,
        level: str = "admin",
        role: str = "agent",
        limit: int = 400,
        envelope: str = "messages",
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(store)
        self.level = level
        self.role = role
        self.limit = limit
        self.envelope = envelope
        self.clock = clock
        self.fields: list[dict[str, Any]] = []
        self._sessions: dict[str, tuple[str, float]] = {}
        self._recent: deque[float] = deque()

    def issue(self, *, lifetime: float = 3600.0, role: str | None = None) -> str:
        """Return a new session token, as the vendor's sign-in would."""
        expires = self.clock() + lifetime
        claims = {"exp": int(expires), "n": self.store.number()}
        parts = [{"alg": "none"}, claims, {}]
        token = ".".join(
            base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
            for part in parts
        )
        self._sessions[token] = (role or self.role, expires)
        return token

    def revoke_all(self) -> None:
        """End every session."""
        self._sessions.clear()

    def table(self) -> dict[str, Any]:
        """Return the configuration that connects to both APIs."""
        return {
            "adapter": "airclou",
            "base_url": self.base_url,
            "api_key": self.api_key,
            "workspace_id": self.workspace_id,
            "session_token": self.issue(),
            # Of a fake it is known: the Store notes a message as a change of its ticket.
        }

    def routes(self) -> Iterable[web.RouteDef]:
        """Return the operations of both APIs."""
        one, messages = "/api/v1/tickets/{ticket}", "/api/messages"
        return [
            web.get("/api/v1/tickets", self._keyed("read", self.list_tickets)),
            web.post("/api/v1/tickets", self._keyed("write", self.create_ticket)),
            web.get(one, self._keyed("read", self.get_ticket)),
            web.put(one, self._keyed("write", self.update_ticket)),
            web.delete(one, self._keyed("write", self.delete_ticket)),
            web.get("/api/v1/ticket_fields", self._keyed("read", self.list_fields)),
            web.get(messages, self._in_session("viewer", self.list_messages)),
            web.post(messages, self._in_session("agent", self.create_message)),
            web.get(messages + "/{message}", self._in_session("viewer", self.get_message)),
        ]

    def refusal(self, status: int) -> Any:
        """Return the body for a path or method that is not there."""
        return _error(status, "NOT_FOUND" if status == 404 else "BAD_REQUEST", "Not found").body

    # -- tickets -----------------------------------------------------------------------------

    async def list_tickets(self, request: web.Request) -> web.StreamResponse:
        """GET /api/v1/tickets."""
        _only_parameters(request, _LIST_PARAMETERS)
        query = request.query
        _one_of(query, "status", _STATUSES)
        _one_of(query, "priority", _PRIORITIES)
        _one_of(query, "sort_by", tuple(_ORDERS))
        _one_of(query, "sort_order", ("asc", "desc"))
        shown = {"status": _status, "priority": _priority, "assignee_id": _assignee}
        tests = [(of, query[name]) for name, of in shown.items() if name in query]
        found = (
            ticket
            for ticket in self.store.tickets.values()
            if ticket.deleted_at is None and all(of(ticket) == word for of, word in tests)
        )
        return self._listed(request, found)

    def _listed(self, request: web.Request, found: Iterable[StoredTicket]) -> web.Response:
        """Return the page that is asked for; only what is on it is sorted."""
        order = _ORDERS[request.query.get("sort_by", "created_at")]
        falling = request.query.get("sort_order", "desc") == "desc"
        size, after = _page_size(request), request.query.get("after")
        if after is not None:
            # A cursor holds its place also when its ticket is no longer among what is asked for.
            place = order(self._at(after))
            found = (
                one for one in found if (order(one) < place if falling else order(one) > place)
            )
        part = (heapq.nlargest if falling else heapq.nsmallest)(size + 1, found, key=order)
        return _page(request, "tickets", part, size, _ticket_id, self._ticket)

    def _at(self, cursor: str) -> StoredTicket:
        """Return the ticket that a cursor stands behind, which may be deleted by now."""
        found = re.fullmatch(r"tkt_([0-9]+)", cursor)
        ticket = self.store.tickets.get(int(found[1])) if found else None
        if ticket is None:
            raise _no_cursor()
        return ticket

    async def get_ticket(self, request: web.Request) -> web.StreamResponse:
        """GET /api/v1/tickets/:id."""
        return web.json_response(
            {"ticket": self._ticket(self._stored(request.match_info["ticket"]))}
        )

    async def create_ticket(self, request: web.Request) -> web.StreamResponse:
        """POST /api/v1/tickets; the ticket has no message yet."""
        body = await self._ticket_body(request, ("subject", "requesterEmail"))
        now = self.store.clock()
        ticket = StoredTicket(
            id=self.store.number(),
            subject=body["subject"],
            requester=self.store.person(body["requesterEmail"], body.get("requesterName")),
            created_at=now,
            updated_at=now,
        )
        self.store.tickets[ticket.id] = ticket
        self.store.update_ticket(ticket.id, **_changes(body))
        return web.json_response({"ticket": self._ticket(ticket)}, status=201)

    async def update_ticket(self, request: web.Request) -> web.StreamResponse:
        """PUT /api/v1/tickets/:id."""
        ticket = self._stored(request.match_info["ticket"])
        body = await self._ticket_body(request, ())
        fields = _changes(body)
        if "subject" in body:
            fields["subject"] = body["subject"]
        return web.json_response(
            {"ticket": self._ticket(self.store.update_ticket(ticket.id, **fields))}
        )

    async def delete_ticket(self, request: web.Request) -> web.StreamResponse:
        """DELETE /api/v1/tickets/:id."""
        self.store.delete_ticket(self._stored(request.match_info["ticket"]).id)
        return web.Response(status=204)

    async def list_fields(self, request: web.Request) -> web.StreamResponse:
        """GET /api/v1/ticket_fields."""
        _only_parameters(
            request, frozenset(("active", "page_size", "after", "sort_by", "sort_order"))
        )
        names, after = [str(field["id"]) for field in self.fields], request.query.get("after")
        if after is not None and after not in names:
            raise _no_cursor()
        left = self.fields[0 if after is None else names.index(after) + 1 :]
        size = _page_size(request)
        return _page(request, "ticketFields", left, size, lambda field: str(field["id"]), dict)

    async def _ticket_body(self, request: web.Request, required: Sequence[str]) -> dict[str, Any]:
        body = await _json(request)
        ticket = body.get("ticket")
        if set(body) != {"ticket"} or not isinstance(ticket, dict):
            raise _error(400, "BAD_REQUEST", "The body must be wrapped in ticket")
        _known(ticket, _TICKET_FIELDS, required)
        _one_of(ticket, "status", _STATUSES)
        _one_of(ticket, "priority", _PRIORITIES)
        _one_of(ticket, "type", _KINDS)
        _not_closed(ticket)
        return ticket

    # -- messages ----------------------------------------------------------------------------

    async def list_messages(self, request: web.Request) -> web.StreamResponse:
        """GET /api/messages."""
        _only_parameters(request, frozenset(("ticket_id", "page", "limit", "sort_order")))
        ticket = self._stored(request.query.get("ticket_id", ""))
        page, limit = _figure(request, "page", 1), _figure(request, "limit", 50)
        if limit > 100:
            raise _error(422, "VALIDATION_ERROR", "limit is at most 100")
        found = sorted(ticket.messages, key=lambda message: (message.created_at, message.id))
        if request.query.get("sort_order", "asc") == "desc":
            found.reverse()
        shown = [self._message(m, ticket) for m in found[(page - 1) * limit : page * limit]]
        if not self.envelope:
            return web.json_response(shown)
        figures = {"page": page, "limit": limit, "total": len(found)}
        return web.json_response({self.envelope: shown, **figures})

    async def get_message(self, request: web.Request) -> web.StreamResponse:
        """GET /api/messages/:messageId."""
        for ticket in self.store.tickets.values():
            for message in ticket.messages:
                if f"msg_{message.id}" == request.match_info["message"]:
                    return web.json_response({"message": self._message(message, ticket)})
        raise _error(404, "NOT_FOUND", "Message not found")

    async def create_message(self, request: web.Request) -> web.StreamResponse:
        """POST /api/messages."""
        body = await _json(request)
        _known(body, _MESSAGE_FIELDS, ("ticket_id", "type", "content"))
        _one_of(body, "type", ("request", "response", "note"))
        update = body.get("ticket_update", {})
        _known(update, {"status": str, "priority": str, "type": str}, (), "ticket_update.")
        ticket = self._stored(body["ticket_id"])
        if ticket.status is Status.CLOSED:
            raise _error(403, "TICKET_CLOSED", "Cannot add messages to closed tickets")
        _not_closed(update)
        kind = MessageType(body["type"])
        forward = bool(body.get("is_forward"))
        recipients = _people(body.get("recipients", []), "recipients")
        message = self.store.add_message(
            ticket.id,
            type=kind,
            audience=_audience(kind, forward=forward),
            author=ticket.requester if kind is MessageType.REQUEST else _AGENT,
            html=body["content"],
            text=body.get("text_content"),
            to=recipients or ((ticket.requester,) if kind is MessageType.RESPONSE else ()),
            cc=_people(body.get("ccs", []), "ccs"),
            mail=kind is MessageType.RESPONSE and body.get("send_email", True),
        )
        if update:
            self.store.update_ticket(ticket.id, **_changes(update))
        return web.json_response({"message": self._message(message, ticket)}, status=201)

    # -- within ------------------------------------------------------------------------------

    def _keyed(self, needed: str, handler: Any) -> Any:
        async def checked(request: web.Request) -> web.StreamResponse:
            key = request.headers.get("Authorization", "").removeprefix("Bearer ")
            if key != self.api_key and request.headers.get("X-API-Key") != self.api_key:
                raise _error(401, "INVALID_API_KEY", "The API key is invalid")
            if request.headers.get("X-Workspace-Id") != self.workspace_id:
                raise _error(400, "MISSING_WORKSPACE", "X-Workspace-Id is missing")
            figures = self._count()
            if _LEVELS.index(self.level) < _LEVELS.index(needed):
                raise _error(403, "INSUFFICIENT_API_PERMISSION", f"{needed} is required")
            answer: web.StreamResponse = await handler(request)
            answer.headers.update(figures)
            return answer

        return checked

    def _count(self) -> dict[str, str]:
        now = self.clock()
        while self._recent and self._recent[0] <= now - 60:
            self._recent.popleft()
        left = self.limit - len(self._recent)
        reset = self._recent[0] + 60 - now if self._recent else 60.0
        figures = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(0, left - 1)),
            "X-RateLimit-Reset": str(int(now + reset)),
        }
        if left < 1:
            wait = {"Retry-After": str(max(1, int(reset)))}
            raise _error(429, "RATE_LIMIT_EXCEEDED", "Too many requests", headers=figures | wait)
        self._recent.append(now)
        return figures

    def _in_session(self, needed: str, handler: Any) -> Any:
        async def checked(request: web.Request) -> web.StreamResponse:
            token = request.headers.get("Authorization", "").removeprefix("Bearer ")
            role, expires = self._sessions.get(token, ("", 0.0))
            if self.clock() >= expires:
                raise Refusal(401, {"error": {"message": "The session has expired"}})
            if _ROLES.index(role) < _ROLES.index(needed):
                raise _error(403, "INSUFFICIENT_PERMISSION", f"The {needed} role is required")
            answer: web.StreamResponse = await handler(request)
            return answer

        return checked

    def _stored(self, word: str) -> StoredTicket:
        found = re.fullmatch(r"tkt_([0-9]+)", word)
        ticket = self.store.tickets.get(int(found[1])) if found else None
        if ticket is None or ticket.deleted_at is not None:
            raise _error(404, "NOT_FOUND", "Ticket not found")
        return ticket

    def _ticket(self, ticket: StoredTicket) -> dict[str, Any]:
        return {
            "id": _ticket_id(ticket),
            "subject": ticket.subject,
            "status": _status(ticket),
            "priority": _priority(ticket),
            "type": (ticket.kind or TicketKind.QUESTION).value,
            "assigneeId": _assignee(ticket),
            "requesterEmail": ticket.requester.email,
            "requesterName": ticket.requester.name,
            "tags": list(ticket.tags),
            "customFields": [
                {"id": name, "value": value} for name, value in ticket.custom_fields.items()
            ],
            "createdAt": _iso(ticket.created_at),
            "updatedAt": _iso(ticket.updated_at),
        }

    def _message(self, message: StoredMessage, ticket: StoredTicket) -> dict[str, Any]:
        kind = message.type if message.type in _WRITTEN else MessageType.NOTE
        return {
            "id": f"msg_{message.id}",
            "ticketId": _ticket_id(ticket),
            "type": kind.value,
            "content": message.html,
            "textContent": message.text,
            "authorId": f"usr_{message.author.id}",
            "attachments": [
                {
                    "id": f"att_{file.id}",
                    "name": file.name,
                    "size": len(file.content),
                    "mimeType": file.mime_type,
                }
                for file in message.files
            ],
            "ccs": [{"email": person.email, "name": person.name} for person in message.cc],
            "createdAt": _iso(message.created_at),
            "updatedAt": _iso(message.created_at),
        }


_AGENT = Party(id="1", name="Agent", role=Role.AGENT)
_WRITTEN = (MessageType.REQUEST, MessageType.RESPONSE, MessageType.NOTE)


def _error(
    status: int,
    code: str,
    message: str,
    *,
    details: Mapping[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Refusal:
    body: dict[str, Any] = {"code": code, "message": message, "status": status}
    if details:
        body["details"] = details
    return Refusal(status, {"error": body}, headers)


def _invalid(field: str, message: str) -> Refusal:
    details = {field: [{"code": "invalid", "message": message}]}
    return _error(422, "VALIDATION_ERROR", "Validation failed", details=details)


def _only_parameters(request: web.Request, known: frozenset[str]) -> None:
    for name in request.query:
        if name not in known:
            raise _invalid(name, "is not documented")


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.read())
    except ValueError:
        body = None
    if not isinstance(body, dict) or request.content_type != "application/json":
        raise _error(400, "BAD_REQUEST", "The body is not a JSON object")
    return body


def _known(
    body: Mapping[str, Any], known: Mapping[str, Any], required: Sequence[str], prefix: str = ""
) -> None:
    for name in required:
        if not body.get(name):
            raise _invalid(prefix + name, "is required")
    for name, value in body.items():
        if name not in known or not isinstance(value, known[name]):
            raise _invalid(prefix + name, "is not documented, or has the wrong type")


def _one_of(body: Mapping[str, Any], name: str, words: Sequence[str]) -> None:
    if name in body and body[name] not in words:
        raise _invalid(name, f"must be one of {', '.join(words)}")


def _not_closed(body: Mapping[str, Any]) -> None:
    if body.get("status") == "closed":
        raise _error(
            403,
            "CLOSED_STATUS_SYSTEM_ONLY",
            "Closed status can only be set by system automations",
        )


def _changes(body: Mapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if "status" in body:
        fields["status"] = Status(body["status"])
    if "priority" in body:
        fields["priority"] = Priority(body["priority"])
    if "type" in body:
        fields["kind"] = TicketKind(body["type"])
    if "assigneeId" in body:
        agent = body["assigneeId"]
        fields["assignee"] = Party(id=agent, role=Role.AGENT) if agent else None
    if "tags" in body:
        fields["tags"] = tuple(body["tags"])
    if "customFields" in body:
        fields["custom_fields"] = {item["id"]: item["value"] for item in body["customFields"]}
    return fields


def _people(given: Sequence[Any], where: str) -> tuple[Party, ...]:
    for index, person in enumerate(given):
        if not isinstance(person, dict) or "@" not in str(person.get("email")):
            raise _invalid(f"{where}.{index}.email", "must be an e-mail address")
    return tuple(Party(email=person["email"], name=person.get("name")) for person in given)


def _audience(kind: MessageType, *, forward: bool) -> Audience:
    if kind is MessageType.NOTE:
        return Audience.INTERNAL
    return Audience.FORWARD if forward else Audience.EXTERNAL


def _figure(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not text.isdigit() or int(text) < 1:
        raise _invalid(name, "must be at least 1")
    return int(text)


def _page_size(request: web.Request) -> int:
    size = _figure(request, "page_size", 25)
    if size > 100:
        raise _invalid("page_size", "is at most 100")
    return size


def _no_cursor() -> Refusal:
    return _error(400, "BAD_REQUEST", "The cursor is unknown")


def _page(
    request: web.Request,
    key: str,
    left: Sequence[Any],
    size: int,
    identity: Callable[[Any], str],
    show: Callable[[Any], Any],
) -> web.Response:
    """Return the first ``size`` of what is ``left`` of a list."""
    part, more = left[:size], len(left) > size
    cursor = identity(part[-1]) if more else None
    # As in the vendor's sample: the link lacks the first part of the path.
    link = f"/api/v1/{request.path.rpartition('/')[2]}?after={cursor}" if more else None
    return web.json_response(
        {
            key: [show(item) for item in part],
            "meta": {"pageSize": size, "hasMore": more},
            "links": {"next": link},
        }
    )


def _ticket_id(ticket: StoredTicket) -> str:
    return f"tkt_{ticket.id}"


def _assignee(ticket: StoredTicket) -> str | None:
    return ticket.assignee.id if ticket.assignee else None


def _status(ticket: StoredTicket) -> str:
    return ticket.status.value if ticket.status.value in _STATUSES else "open"


def _priority(ticket: StoredTicket) -> str:
    return (ticket.priority or Priority.NORMAL).value


_ORDERS: Mapping[str, Callable[[StoredTicket], tuple[Any, int]]] = MappingProxyType(
    {
        "created_at": attrgetter("created_at", "id"),
        "updated_at": attrgetter("updated_at", "id"),
        "status": lambda ticket: (_STATUSES.index(_status(ticket)), ticket.id),
        "priority": lambda ticket: (_PRIORITIES.index(_priority(ticket)), ticket.id),
    }
)


def _iso(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
