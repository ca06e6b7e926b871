"""HelpSpace's HTTP face over the testing Store: strict about what the vendor documents.

A parameter or field that no page names is 422, a missing credential 401. A mail goes into the
Store's outbox only where HelpSpace would send one.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from helpdesk_bridge import kit
from helpdesk_bridge.kit import Audience, Channel, MessageType, Party, Role, Status
from helpdesk_bridge.testing import (
    FakeServer,
    Mail,
    Refusal,
    Store,
    StoredFile,
    StoredMessage,
    StoredTicket,
)

__all__ = ["HelpSpaceFake"]

_WORDS = {
    Status.OPEN: "open",
    Status.NEW: "open",
    Status.PENDING: "waiting",
    Status.ESCALATED: "escalated",
    Status.CLOSED: "closed",
    Status.RESOLVED: "closed",
    Status.SPAM: "spam",
}
_STATUSES = {
    "open": Status.OPEN,
    "waiting": Status.PENDING,
    "escalated": Status.ESCALATED,
    "closed": Status.CLOSED,
    "spam": Status.SPAM,
}
_DEFAULT_TYPES = ("external", "widget", "forward")
_ADDITIONAL = ("internal", "error", "bounce", "event")
_TICKET_PARAMETERS = frozenset(
    (
        *("page", "per-page", "subject[]", "body[]", "subject-or-body[]", "contacts[]"),
        *("assignees[]", "teams[]", "tags[]", "status[]"),
        *("created-between", "last-contact-between"),
    )
)
_PAGE_PARAMETERS = frozenset(("page", "per-page"))
_MESSAGE_PARAMETERS = frozenset(("page", "per-page", "types[]", "additional-types[]"))
_CREATE_FIELDS = MappingProxyType(
    {
        "subject": str,
        "channel": dict,
        "from_contact": dict,
        "message": dict,
        "status": str,
        "assignee": dict,
        "team": dict,
        "tags": list,
        "created_at": str,
        "skip_rules": bool,
        "skip_autoreply": bool,
        "skip_notifications": bool,
    }
)
_UPDATE_FIELDS = MappingProxyType(
    {
        "subject": str,
        "channel": dict,
        "from_contact": dict,
        "status": str,
        "assignee": (dict, type(None)),
        "team": (dict, type(None)),
        "tags": list,
        "created_at": str,
    }
)
_MESSAGE_FIELDS = MappingProxyType(
    {
        "subject": str,
        "from_contact": dict,
        "body": str,
        "type": str,
        "to": list,
        "cc": list,
        "bcc": list,
        "attachments": list,
        "inline_images": list,
        "created_at": str,
        "skip_notifications": bool,
        "send_mail_to_recipients": bool,
    }
)
Test = Callable[[StoredTicket], bool]
_MAX_CHARS = 5_000_000
_DATA_URL = re.compile(r"data:([\w/+.-]+);base64,([A-Za-z0-9+/=]+)")


class HelpSpaceFake(FakeServer):
    """``order`` is how messages are listed (``asc``, ``desc`` or ``mixed``): nobody documents it.

    ``escalated`` is the spelling the account accepts and answers. ``zone`` is the IANA name of the
    time zone of the days in filters, which nobody documents either.
    """

    prefix = "/api/v1"
    token = "fake-helpspace-token"  # noqa: S105 - of a fake
    client_id = "fake-client"

    def __init__(
        self,
        store: Store | None = None,
        *,
        order: str = "asc",
        escalated: str = "escalated",
        zone: str = "UTC",
    ) -> None:
        super().__init__(store)
        self.order = order
        self.escalated = escalated
        self.zone = ZoneInfo(zone)
        self._seed()

    def _seed(self) -> None:
        """Give the account a channel, two agents, two teams and three tags, unless it has any."""
        store = self.store
        store.channels = store.channels or {
            1: Channel(id="1", name="Support", address="support@helpdesk.example", kind="email")
        }
        store.agents = store.agents or [
            Party(id="11", name="Ada", email="ada@helpdesk.example", role=Role.AGENT),
            Party(id="12", name="Bo", email="bo@helpdesk.example", role=Role.AGENT),
        ]
        store.teams = store.teams or {21: "Billing", 22: "Technical"}
        store.tags = store.tags or ["billing", "bug", "vip"]

    def table(self) -> dict[str, Any]:
        """Return the configuration that connects to this fake."""
        return {
            "adapter": "helpspace",
            "base_url": self.base_url,
            "token": self.token,
            "client_id": self.client_id,
            "channel": "1",
        }

    def routes(self) -> Iterable[web.RouteDef]:
        """Return the documented operations on tickets, messages and media, and lists of people."""
        ticket, messages = "/tickets/{ticket}", "/tickets/{ticket}/messages"
        return [
            web.get("/tickets", self._authorised(self.list_tickets, _TICKET_PARAMETERS)),
            web.post("/tickets", self._authorised(self.create_ticket)),
            web.get(ticket, self._authorised(self.get_ticket)),
            web.patch(ticket, self._authorised(self.update_ticket)),
            web.delete(ticket, self._authorised(self.delete_ticket)),
            web.get(messages, self._authorised(self.list_messages, _MESSAGE_PARAMETERS)),
            web.post(messages, self._authorised(self.create_message)),
            web.get(messages + "/{message}", self._authorised(self.get_message)),
            web.get("/agents", self._authorised(self.list_agents, _PAGE_PARAMETERS)),
            web.get("/teams", self._authorised(self.list_teams, _PAGE_PARAMETERS)),
            web.get("/customers", self._authorised(self.list_customers, _PAGE_PARAMETERS)),
            web.get("/media/attachment/{file}", self._authorised(self.get_media)),
            web.get("/media/inline/{file}", self._authorised(self.get_media)),
            web.get("/media/inline/{file}/{size}", self._authorised(self.get_media)),
        ]

    # -- tickets -----------------------------------------------------------------------------

    async def list_tickets(self, request: web.Request) -> web.StreamResponse:
        """GET /tickets."""
        tests = [
            test
            for name, test in self._ticket_tests(request).items()
            if request.query.getall(name, [])
        ]
        found = [
            ticket
            for ticket in self.store.tickets.values()
            if ticket.deleted_at is None and all(test(ticket) for test in tests)
        ]
        return _page(request, found, self._ticket)

    def _ticket_tests(self, request: web.Request) -> dict[str, Test]:
        def asked(name: str) -> list[str]:
            return [value.casefold() for value in request.query.getall(name, [])]

        def bodies(ticket: StoredTicket) -> str:
            return " ".join(message.html for message in ticket.messages).casefold()

        def any_in(name: str, text: str) -> bool:
            return any(value in text.casefold() for value in asked(name))

        def in_days(name: str, time: Callable[[StoredTicket], datetime]) -> Test:
            if name not in request.query:
                return lambda _: True
            begin, over = _days(name, request.query[name], self.zone)
            return lambda t: begin <= time(t) < over

        return {
            "subject[]": lambda t: any_in("subject[]", t.subject),
            "body[]": lambda t: any_in("body[]", bodies(t)),
            "subject-or-body[]": lambda t: any_in("subject-or-body[]", t.subject + " " + bodies(t)),
            "contacts[]": lambda t: any_in("contacts[]", t.requester.email or ""),
            "assignees[]": lambda t: _is_one(t.assignee, asked("assignees[]")),
            "teams[]": lambda t: (t.team or "").casefold() in self._team_names(asked("teams[]")),
            "tags[]": lambda t: set(asked("tags[]")) <= {tag.casefold() for tag in t.tags},
            "status[]": lambda t: self._word(t) in asked("status[]"),
            "created-between": in_days("created-between", lambda t: t.created_at),
            "last-contact-between": in_days(
                "last-contact-between", lambda t: t.last_message_at or t.created_at
            ),
        }

    def _team_names(self, words: Sequence[str]) -> set[str]:
        return {self.store.teams.get(int(w), "").casefold() if w.isdigit() else w for w in words}

    async def create_ticket(self, request: web.Request) -> web.StreamResponse:
        """POST /tickets."""
        body = await _fields(
            request, _CREATE_FIELDS, ("subject", "channel", "from_contact", "message")
        )
        fields = self._ticket_fields(body, by_id_only=True)
        message = body["message"]
        _known(message, {"body": str, "attachments": list}, ("body",), "message.")
        customer = self._contact(body["from_contact"])
        html, images = self._data_urls(message["body"])
        files = [*self._files(message.get("attachments", []), "message.attachments"), *images]
        ticket = self.store.create_ticket(
            subject=body["subject"],
            requester=customer,
            html=html,
            files=files,
            word="external",
            created_at=_instant(body["created_at"]) if "created_at" in body else None,
            **fields,
        )
        if not body.get("skip_autoreply") and customer.email:
            self.store.outbox.append(
                Mail(
                    ticket_id=ticket.id,
                    message_id=None,
                    type=MessageType.SYSTEM,
                    to=(customer.email,),
                    subject="We have received your message",
                )
            )
        return web.json_response({"data": self._ticket(ticket)}, status=201)

    async def get_ticket(self, request: web.Request) -> web.StreamResponse:
        """GET /tickets/{id}."""
        return web.json_response({"data": self._ticket(self._stored(request))})

    async def update_ticket(self, request: web.Request) -> web.StreamResponse:
        """PATCH /tickets/{id}."""
        ticket = self._stored(request)
        body = await _fields(request, _UPDATE_FIELDS, ())
        fields = self._ticket_fields(body, by_id_only=False)
        if "subject" in body:
            fields["subject"] = body["subject"]
        if "from_contact" in body:
            fields["requester"] = self._contact(body["from_contact"])
        return web.json_response(
            {"data": self._ticket(self.store.update_ticket(ticket.id, **fields))}
        )

    async def delete_ticket(self, request: web.Request) -> web.StreamResponse:
        """DELETE /tickets/{id}."""
        self.store.delete_ticket(self._stored(request).id)
        return web.json_response({"message": "Object deleted."})

    # -- messages ----------------------------------------------------------------------------

    async def list_messages(self, request: web.Request) -> web.StreamResponse:
        """GET /tickets/{id}/messages."""
        only = request.query.getall("types[]", [])
        more = request.query.getall("additional-types[]", [])
        if set(only) - {*_DEFAULT_TYPES, "error", "bounce", "event"}:
            raise _invalid("types", "The selected types is invalid.")
        if set(more) - set(_ADDITIONAL):
            raise _invalid("additional-types", "The selected additional-types is invalid.")
        words = only or [*_DEFAULT_TYPES, *more]
        ticket = self._stored(request)
        found = [message for message in ticket.messages if _type_word(message) in words]
        if self.order == "desc":
            found.reverse()
        elif self.order == "mixed":
            found = [*found[1::2], *found[::2]]
        return _page(request, found, self._message)

    async def get_message(self, request: web.Request) -> web.StreamResponse:
        """GET /tickets/{id}/messages/{id}."""
        for message in self._stored(request).messages:
            if str(message.id) == request.match_info["message"]:
                return web.json_response({"data": self._message(message)})
        raise Refusal(404, {"message": "Not Found"})

    async def create_message(self, request: web.Request) -> web.StreamResponse:
        """POST /tickets/{id}/messages."""
        ticket = self._stored(request)
        body = await _fields(request, _MESSAGE_FIELDS, ("subject", "from_contact", "body"))
        word = body.get("type", "external")
        if word not in ("external", "forward", "internal"):
            raise _invalid("type", "The selected type is invalid.")
        author = self._contact(body["from_contact"])
        html, images = self._inline(body["body"], body.get("inline_images", []))
        kind, audience = _kind(word, author, ticket)
        message = self.store.add_message(
            ticket.id,
            type=kind,
            audience=audience,
            author=author,
            html=html,
            subject=body["subject"],
            files=[*self._files(body.get("attachments", []), "attachments"), *images],
            created_at=_instant(body["created_at"]) if "created_at" in body else None,
            # The documented rule, applied to notes too: a fake that protects would hide a leak.
            mail=body.get("send_mail_to_recipients", False),
            word=word,
            to=_people(body.get("to", []), "to"),
            cc=_people(body.get("cc", []), "cc"),
            bcc=_people(body.get("bcc", []), "bcc"),
        )
        return web.json_response({"data": self._message(message)}, status=201)

    async def list_agents(self, request: web.Request) -> web.StreamResponse:
        """GET /agents: those of the account, and who spoke as an agent."""
        agents = list(self.store.agents)
        known = {kit.address_key(agent.email) for agent in agents}
        for ticket in self.store.tickets.values():
            for message in ticket.messages:
                author = message.author
                key = kit.address_key(author.email)
                if author.role is Role.AGENT and key and key not in known:
                    known.add(key)
                    agents.append(author)
        return _page(request, agents, lambda agent: {**_agent_json(agent), "is_agent": True})

    async def list_teams(self, request: web.Request) -> web.StreamResponse:
        """GET /teams: those of the account. Who is a member is nothing that the Store knows."""
        teams = list(self.store.teams.items())
        return _page(request, teams, lambda team: {"id": team[0], "name": team[1], "members": []})

    async def list_customers(self, request: web.Request) -> web.StreamResponse:
        """GET /customers: who asked for something, each once."""
        found: dict[str, Party] = {}
        for ticket in self.store.tickets.values():
            if key := kit.address_key(ticket.requester.email):
                found.setdefault(key, ticket.requester)
        return _page(request, list(found.values()), self._customer)

    async def get_media(self, request: web.Request) -> web.StreamResponse:
        """GET /media/attachment/{id}, /media/inline/{id} and /media/inline/{id}/{size}."""
        number, size = request.match_info["file"], request.match_info.get("size")
        file = self.store.find_file(int(number)) if number.isdigit() else None
        wanted = "/inline/" in request.path
        if file is None or file.inline is not wanted or size not in (None, "medium", "large"):
            raise Refusal(404, {"message": "Not Found"})
        content = file.content if size is None else f"{size}:".encode() + file.content
        return web.Response(body=content, content_type=file.mime_type)

    # -- within ------------------------------------------------------------------------------

    def _authorised(self, handler: Any, parameters: frozenset[str] = frozenset()) -> Any:
        async def checked(request: web.Request) -> web.StreamResponse:
            token = request.headers.get("Authorization")
            client = request.headers.get("Hs-Client-Id")
            if token != f"Bearer {self.token}" or client != self.client_id:
                raise Refusal(401, {"message": "Unauthenticated."})
            _only_parameters(request, parameters)
            answer: web.StreamResponse = await handler(request)
            return answer

        return checked

    def _stored(self, request: web.Request) -> StoredTicket:
        number = request.match_info["ticket"]
        ticket = self.store.tickets.get(int(number)) if number.isdigit() else None
        if ticket is None:
            raise Refusal(404, {"message": "Not Found"})
        return ticket

    def _ticket_fields(self, body: Mapping[str, Any], *, by_id_only: bool) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        if "status" in body:
            spelled = {**_STATUSES, self.escalated: Status.ESCALATED}
            if self.escalated != "escalated":
                del spelled["escalated"]
            if body["status"] not in spelled:
                raise _invalid("status", "The selected status is invalid.")
            fields["status"] = spelled[body["status"]]
        if "channel" in body:
            fields["channel"] = self._channel(body["channel"], by_id_only=by_id_only)
        if "assignee" in body:
            fields["assignee"] = self._agent(body["assignee"], by_id_only=by_id_only)
        if "team" in body:
            fields["team"] = self._team(body["team"])
        if "tags" in body:
            known = {tag.casefold(): tag for tag in self.store.tags}
            wanted = [str(tag).casefold() for tag in body["tags"]]
            fields["tags"] = tuple(known[tag] for tag in wanted if tag in known)
        return fields

    def _channel(self, given: Mapping[str, Any], *, by_id_only: bool) -> Channel:
        for number, channel in self.store.channels.items():
            if given == {"id": number} or (not by_id_only and given == {"email": channel.address}):
                return channel
        raise _invalid("channel", "The selected channel is invalid.")

    def _agent(self, given: Mapping[str, Any] | None, *, by_id_only: bool) -> Party | None:
        if given is None:
            return None
        for agent in self.store.agents:
            if given == {"id": int(agent.id or 0)}:
                return agent
            if not by_id_only and given == {"email": agent.email}:
                return agent
        raise _invalid("assignee", "The selected assignee is invalid.")

    def _team(self, given: Mapping[str, Any] | None) -> str | None:
        if given is None:
            return None
        for number, name in self.store.teams.items():
            if given in ({"id": number}, {"name": name}):
                return name
        raise _invalid("team", "The selected team is invalid.")

    def _contact(self, given: Mapping[str, Any]) -> Party:
        _known(given, {"email": str, "name": str}, ("email",), "from_contact.")
        _people([given["email"]], "from_contact.email")
        return self.store.person(given["email"], given.get("name"))

    def _files(self, given: Sequence[Any], where: str) -> list[StoredFile]:
        return [
            self.store.file(item["name"], item["mime_type"], content, content_id=item.get("cid"))
            for item, content in _decoded(given, where, with_cid=False)
        ]

    def _inline(self, html: str, given: Sequence[Any]) -> tuple[str, list[StoredFile]]:
        """Take in images; one whose cid is not in the body becomes an attachment (MESSAGES)."""
        files = []
        for item, content in _decoded(given, "inline_images", with_cid=True):
            shown = f'"cid:{item["cid"]}"' in html
            file = self.store.file(item["name"], item["mime_type"], content, inline=shown)
            html = html.replace(f'"cid:{item["cid"]}"', f'"cid:{file.id}"')
            files.append(file)
        return html, files

    def _data_urls(self, html: str) -> tuple[str, list[StoredFile]]:
        files: list[StoredFile] = []

        def keep(found: re.Match[str]) -> str:
            content = base64.b64decode(found[2])
            file = self.store.file(f"image-{len(files)}", found[1], content, inline=True)
            files.append(file)
            return f"cid:{file.id}"

        if len(html.encode()) > _MAX_CHARS:
            raise Refusal(413, {"message": "The message is too large."})
        return _DATA_URL.sub(keep, html), files

    def _word(self, ticket: StoredTicket) -> str:
        word = _WORDS.get(ticket.status, "open")
        return self.escalated if word == "escalated" else word

    def _ticket(self, ticket: StoredTicket) -> dict[str, Any]:
        teams = {name: number for number, name in self.store.teams.items()}
        team = ticket.team and {"id": teams.get(ticket.team, 0), "name": ticket.team}
        channel = ticket.channel or next(iter(self.store.channels.values()))
        return {
            "id": ticket.id,
            "subject": ticket.subject,
            "channel": {
                "id": int(channel.id or 0),
                "name": channel.name,
                "value": channel.address,
                "type": channel.kind,
            },
            "from_contact": _contact_json(ticket.requester),
            "status": self._word(ticket),
            "assignee": ticket.assignee and _agent_json(ticket.assignee),
            "team": team,
            "creator": _agent_json(self.store.agents[0]),
            "tags": list(ticket.tags),
            "custom_fields": ticket.custom_fields or [],
            "last_contact": _iso(ticket.last_message_at),
            "created_at": _iso(ticket.created_at),
            "updated_at": _iso(ticket.updated_at),
            "deleted_at": _iso(ticket.deleted_at),
        }

    def _message(self, message: StoredMessage) -> dict[str, Any]:
        return {
            "id": message.id,
            "from_contact": _contact_json(message.author),
            "type": _type_word(message),
            **{
                key: [person.email for person in people]
                for key, people in (("to", message.to), ("cc", message.cc), ("bcc", message.bcc))
            },
            "body": message.html,
            "inline_images": [self._media(f, message) for f in message.files if f.inline],
            "attachments": [self._media(f, message) for f in message.files if not f.inline],
            "created_at": _iso(message.created_at),
        }

    def _customer(self, person: Party) -> dict[str, Any]:
        """Return a customer, whose id is what tickets have as ``user_id`` of their contact."""
        contact = _contact_json(person)
        return {
            "id": contact["user_id"],
            # T29: the endpoint has another name.
            "id_link": f"{self.base_url}/customer/{contact['user_id']}",
            "name": contact["name"],
            "email": person.email,
            **dict.fromkeys(("job_title", "address", "city", "state", "country", "postal_code")),
            **dict.fromkeys(("timezone", "note", "locale", "created_at", "updated_at")),
        }

    def _media(self, file: StoredFile, message: StoredMessage) -> dict[str, Any]:
        return {
            "id": file.id,
            # As in the vendor's example: a foreign host, plain http, and always "inline".
            "url": f"http://api.help/api/v1/media/inline/{file.id}",
            "file_type": file.mime_type.partition("/")[0],
            "file_name": file.name,
            "mime_type": file.mime_type,
            "size": len(file.content),
            "created_at": _iso(message.created_at),
        }


def _invalid(field: str, text: str) -> Refusal:
    return Refusal(422, {"message": "The given data was invalid.", "errors": {field: [text]}})


def _only_parameters(request: web.Request, known: frozenset[str]) -> None:
    for name in request.query:
        if name not in known:
            raise _invalid(name, "The parameter is not documented.")


async def _fields(
    request: web.Request, known: Mapping[str, Any], required: Sequence[str]
) -> dict[str, Any]:
    if request.content_type != "application/json":
        raise Refusal(415, {"message": "Unsupported Media Type"})
    try:
        body = json.loads(await request.read())
    except ValueError:
        raise Refusal(400, {"message": "The body is not valid JSON."}) from None
    if not isinstance(body, dict):
        raise Refusal(400, {"message": "The body is not an object."})
    _known(body, known, required, "")
    return body


def _known(
    body: Mapping[str, Any], known: Mapping[str, Any], required: Sequence[str], prefix: str
) -> None:
    for name in required:
        if not body.get(name):
            raise _invalid(prefix + name, f"The {prefix}{name} field is required.")
    for name, value in body.items():
        if name not in known:
            raise _invalid(prefix + name, "The field is not documented.")
        if not isinstance(value, known[name]):
            raise _invalid(prefix + name, f"The {prefix}{name} field has the wrong type.")


def _decoded(
    given: Sequence[Any], where: str, *, with_cid: bool
) -> list[tuple[dict[str, str], bytes]]:
    names = ("cid", "name", "mime_type", "data") if with_cid else ("name", "mime_type", "data")
    found = []
    for index, item in enumerate(given):
        prefix = f"{where}.{index}."
        if not isinstance(item, dict):
            raise _invalid(prefix, "The file must be an object.")
        _known(item, dict.fromkeys(names, str), names, prefix)
        try:
            found.append((item, base64.b64decode(item["data"], validate=True)))
        except binascii.Error:
            raise _invalid(prefix + "data", "The data is not base64.") from None
    if sum(len(item["data"]) for item, _ in found) > _MAX_CHARS:
        raise Refusal(413, {"message": "The attachments are too large."})
    return found


def _people(given: Sequence[Any], where: str) -> tuple[Party, ...]:
    for address in given:
        if not isinstance(address, str) or not re.fullmatch(r"[^\s@,]+@[^\s@,]+", address):
            raise _invalid(where, f"The {where} must be a valid email address.")
    return tuple(Party(email=address) for address in given)


def _kind(word: str, author: Party, ticket: StoredTicket) -> tuple[MessageType, Audience]:
    if word == "internal":
        return MessageType.NOTE, Audience.INTERNAL
    if word == "forward":
        return MessageType.RESPONSE, Audience.FORWARD
    customer = (author.email or "").casefold() == (ticket.requester.email or "").casefold()
    return (MessageType.REQUEST if customer else MessageType.RESPONSE), Audience.EXTERNAL


def _type_word(message: StoredMessage) -> str:
    if message.word:
        return message.word
    if message.type is MessageType.NOTE:
        return "internal"
    if message.type is MessageType.SYSTEM:
        return "event"
    return "forward" if message.audience is Audience.FORWARD else "external"


def _page(request: web.Request, found: Sequence[Any], show: Callable[[Any], Any]) -> web.Response:
    number, size = _figure(request, "page", 1), _figure(request, "per-page", 20)
    if not 1 <= size <= 50:
        raise _invalid("per-page", "The per-page must be between 1 and 50.")
    last = max(1, math.ceil(len(found) / size))
    part = found[(number - 1) * size : number * size]
    address = str(request.url.with_query({}))
    return web.json_response(
        {
            "data": [show(item) for item in part],
            "links": {
                "first": f"{address}?page=1",
                "last": f"{address}?page={last}",
                "prev": f"{address}?page={number - 1}" if number > 1 else None,
                "next": f"{address}?page={number + 1}" if number < last else None,
            },
            "meta": {
                "current_page": number,
                "from": (number - 1) * size + 1 if part else None,
                "last_page": last,
                "path": address,
                "per_page": str(size),
                "to": (number - 1) * size + len(part) if part else None,
                "total": len(found),
            },
        }
    )


def _figure(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not text.isdigit() or int(text) < 1:
        raise _invalid(name, f"The {name} must be at least 1.")
    return int(text)


def _days(name: str, wanted: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return when the first day that a filter asks for begins, and when the last one is over."""
    try:
        first, last = (datetime.strptime(day, "%Y-%m-%d") for day in wanted.split("/"))  # noqa: DTZ007 - in the zone
        ends = (first, last + timedelta(days=1))
        begin, over = (end.replace(tzinfo=zone).astimezone(UTC) for end in ends)
    except (ValueError, OverflowError):
        raise _invalid(name, "The range must be Y-m-d/Y-m-d.") from None
    return begin, over


def _is_one(person: Party | None, words: Sequence[str]) -> bool:
    return person is not None and any(
        word in ((person.name or "").casefold(), person.id) for word in words
    )


def _instant(text: str) -> datetime:
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise _invalid("created_at", "The created_at is not a valid date.") from None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _iso(value: datetime | None) -> str | None:
    return None if value is None else value.astimezone(UTC).isoformat(timespec="seconds")


def _contact_json(person: Party) -> dict[str, Any]:
    if person.email is None:
        return {}
    number = int(person.id) if person.id else 0
    name = person.name or person.email.partition("@")[0]
    return {
        "id": number,
        # An agent's is the id of the agent, as in the examples; a contact's own is another.
        "user_id": number if person.role is Role.AGENT else number + 500_000,
        "name": name,
        "value": person.email,
        "type": "email",
    }


def _agent_json(person: Party) -> dict[str, Any]:
    return {"id": int(person.id or 0), "name": person.name, "email": person.email}
