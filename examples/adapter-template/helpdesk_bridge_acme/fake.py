"""Acme's API over the testing Store, strict about API.md: what is not on that page is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, TypeVar

from aiohttp import web
from helpdesk_bridge.kit import Audience, MessageType, Party, Role, Status
from helpdesk_bridge.testing import FakeServer, Refusal, StoredMessage, StoredTicket

__all__ = ["AcmeFake"]

T = TypeVar("T", StoredTicket, StoredMessage)
_STATUSES = MappingProxyType(
    {"open": Status.OPEN, "waiting": Status.PENDING, "done": Status.RESOLVED}
)
_WORDS = MappingProxyType({status: word for word, status in _STATUSES.items()})
_KINDS = MappingProxyType(
    {
        "agent": (MessageType.RESPONSE, Audience.EXTERNAL),
        "internal": (MessageType.NOTE, Audience.INTERNAL),
    }
)
_AGENT = Party(id="1", name="Agent", email="agent@acme.example", role=Role.AGENT)
_FIELDS = MappingProxyType(
    {"subject": str, "customer": str, "html": str, "status": str, "kind": str, "notify": bool}
)


class AcmeFake(FakeServer):
    """Acme Desk: ``async with AcmeFake() as fake``."""

    prefix = "/v1"
    token = "acme-0123456789"  # noqa: S105 - of a fake

    def table(self) -> dict[str, Any]:
        """Return the configuration that connects to this fake."""
        return {"adapter": "acme", "base_url": self.base_url, "token": self.token}

    def routes(self) -> Iterable[web.RouteDef]:
        """Return what API.md lists."""
        one = "/tickets/{ticket}"
        return [
            web.get("/tickets", self._signed(self.list_tickets)),
            web.post("/tickets", self._signed(self.create_ticket)),
            web.get(one, self._signed(self.get_ticket)),
            web.patch(one, self._signed(self.update_ticket)),
            web.get(one + "/messages", self._signed(self.list_messages)),
            web.post(one + "/messages", self._signed(self.create_message)),
        ]

    def refusal(self, status: int) -> Any:
        """Return the body for an address or a method that is not there."""
        return {"error": {"message": f"There is nothing here ({status})."}}

    # -- tickets -----------------------------------------------------------------------------

    async def list_tickets(self, request: web.Request) -> web.Response:
        """GET /tickets."""
        word = request.query.get("status")
        status = None if word is None else _status(word)

        def fits(ticket: StoredTicket) -> bool:
            return ticket.deleted_at is None and status in (None, _STATUSES[_word(ticket)])

        return _page(request, self.store.tickets.values(), "T", _ticket, fits, "status")

    async def get_ticket(self, request: web.Request) -> web.Response:
        """GET /tickets/{id}."""
        return web.json_response(_ticket(self._stored(request)))

    async def create_ticket(self, request: web.Request) -> web.Response:
        """POST /tickets."""
        body = await _body(request, "subject", "customer", "html", optional=("status",))
        if "@" not in body["customer"]:
            raise _invalid("customer is no address")
        ticket = self.store.create_ticket(
            subject=body["subject"],
            requester=self.store.person(body["customer"]),
            html=body["html"],
            status=_status(body.get("status", "open")),
        )
        return web.json_response(_ticket(ticket), status=201)

    async def update_ticket(self, request: web.Request) -> web.Response:
        """PATCH /tickets/{id}."""
        ticket = self._stored(request)
        changes: dict[str, Any] = await _body(request, optional=("subject", "status"))
        if "status" in changes:
            changes["status"] = _status(changes["status"])
        return web.json_response(_ticket(self.store.update_ticket(ticket.id, **changes)))

    # -- messages ----------------------------------------------------------------------------

    async def list_messages(self, request: web.Request) -> web.Response:
        """GET /tickets/{id}/messages."""
        return _page(request, self._stored(request).messages, "M", _message, lambda _: True)

    async def create_message(self, request: web.Request) -> web.Response:
        """POST /tickets/{id}/messages: mailed unless told not to, whatever its kind."""
        ticket = self._stored(request)
        body = await _body(request, "kind", "html", optional=("notify",))
        if body["kind"] not in _KINDS:
            raise _invalid("kind cannot be posted")
        kind, audience = _KINDS[body["kind"]]
        message = self.store.add_message(
            ticket.id,
            type=kind,
            audience=audience,
            author=_AGENT,
            html=body["html"],
            to=(ticket.requester,),
            mail=body.get("notify", True),
        )
        return web.json_response(_message(message), status=201)

    # -- within ------------------------------------------------------------------------------

    def _signed(self, handler: Any) -> Any:
        async def checked(request: web.Request) -> web.StreamResponse:
            if request.headers.get("X-Acme-Token") != self.token:
                raise _error(401, "The token is missing or wrong.")
            answer: web.StreamResponse = await handler(request)
            return answer

        return checked

    def _stored(self, request: web.Request) -> StoredTicket:
        kind, _, number = request.match_info["ticket"].partition("-")
        ticket = self.store.tickets.get(int(number)) if kind == "T" and number.isdigit() else None
        if ticket is None or ticket.deleted_at is not None:
            raise _error(404, "There is no such ticket.")
        return ticket


def _error(status: int, message: str) -> Refusal:
    return Refusal(status, {"error": {"message": message}})


def _invalid(message: str) -> Refusal:
    return _error(422, message)


def _status(word: str) -> Status:
    if word not in _STATUSES:
        raise _invalid("there is no such status")
    return _STATUSES[word]


def _word(ticket: StoredTicket) -> str:
    return _WORDS.get(ticket.status, "open")


async def _body(
    request: web.Request, *required: str, optional: Sequence[str] = ()
) -> dict[str, Any]:
    try:
        body = json.loads(await request.read())
    except ValueError:
        body = None
    if request.content_type != "application/json" or not isinstance(body, dict) or not body:
        raise _invalid("the body is no JSON object with a field")
    for name in required:
        if not body.get(name):
            raise _invalid(f"{name} is missing")
    for name, value in body.items():
        if name not in (*required, *optional) or type(value) is not _FIELDS[name]:
            raise _invalid(f"{name} is unknown here, or of the wrong type")
    return body


def _page(
    request: web.Request,
    everything: Iterable[T],
    letter: str,
    show: Callable[[T], dict[str, Any]],
    fits: Callable[[T], bool],
    *filters: str,
) -> web.Response:
    query = request.query
    if not set(query) <= {"limit", "after", *filters}:
        raise _invalid("there is no such parameter")
    limit, after = query.get("limit", "25"), query.get("after")
    if not limit.isdigit() or not 1 <= int(limit) <= 100:
        raise _invalid("limit is from 1 to 100")
    # A cursor holds its place also when its record is no longer among what is asked for.
    ordered = sorted(everything, key=lambda each: (each.created_at, each.id))
    places = {f"{letter}-{each.id}": place for place, each in enumerate(ordered)}
    if after is not None and after not in places:
        raise _invalid("after names nothing in this list")
    left = [each for each in ordered[places[after] + 1 if after else 0 :] if fits(each)]
    part = left[: int(limit)]
    following = f"{letter}-{part[-1].id}" if len(left) > len(part) else None
    return web.json_response(
        {
            "items": [show(each) for each in part],
            "next": following,
            "next_url": following and f"https://elsewhere.example{request.path}?after={following}",
        }
    )


def _ticket(ticket: StoredTicket) -> dict[str, Any]:
    return {
        "id": f"T-{ticket.id}",
        "subject": ticket.subject,
        "status": _word(ticket),
        "customer": ticket.requester.email,
        "created_at": _iso(ticket.created_at),
    }


def _message(message: StoredMessage) -> dict[str, Any]:
    posted = {type_: kind for kind, (type_, _) in _KINDS.items()}
    kind = "customer" if message.type is MessageType.REQUEST else posted.get(message.type)
    return {
        "id": f"M-{message.id}",
        "kind": kind or "internal",
        "html": message.html,
        "author": message.author.email,
        "created_at": _iso(message.created_at),
    }


def _iso(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
