"""What the fake of Request Tracker keeps, and how REST 2.0 shows it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from aiohttp import web
from attrs import define, frozen

from helpdesk_bridge.kit import (
    Audience,
    MessageType,
    Party,
    Priority,
    Role,
    Status,
    html_to_text,
    same_address,
)
from helpdesk_bridge.testing import FakeServer, Store, StoredMessage, StoredTicket
from helpdesk_bridge_request_tracker import fake_ticketsql as ticketsql
from helpdesk_bridge_request_tracker.fake_requests import names_of

__all__ = [
    "JSON",
    "NOBODY",
    "PRIORITIES",
    "SYSTEM",
    "WORDS",
    "Event",
    "Kept",
    "Records",
    "json_answer",
    "login_of",
    "parts_of",
    "stamp",
    "word_of",
]


WORDS = {
    Status.NEW: "new",
    Status.OPEN: "open",
    Status.ON_HOLD: "stalled",
    Status.RESOLVED: "resolved",
    Status.CLOSED: "rejected",
    Status.DELETED: "deleted",
}
_STEPS = (
    ("new", "open", "Open It", "Respond"),
    ("new", "resolved", "Resolve", "Comment"),
    ("new", "rejected", "Reject", "Respond"),
    ("new", "deleted", "Delete", ""),
    ("open", "stalled", "Stall", "Comment"),
    ("open", "resolved", "Resolve", "Comment"),
    ("open", "rejected", "Reject", "Respond"),
    ("stalled", "open", "Open It", ""),
    ("resolved", "open", "Re-open", "Comment"),
    ("rejected", "open", "Re-open", "Comment"),
    ("deleted", "open", "Undelete", ""),
)
"""What the default lifecycle offers on a ticket: from, to, label, by which message."""
PRIORITIES = {Priority.LOW: 0, Priority.NORMAL: 50, Priority.HIGH: 100}
USER_NUMBERS = 4_831_925
"""What is below may be somebody's login; the account is the seventh user."""
NOBODY = Party(id="Nobody", name="Nobody in particular", role=Role.SYSTEM)
SYSTEM = Party(id="RT_System", name="The RT System itself", role=Role.SYSTEM)
_UNSET = "1970-01-01T00:00:00Z"
JSON = 'application/json; charset="utf-8"'


@define(kw_only=True)
class Event(StoredMessage):
    """A transaction without words: ``word`` is its type, ``subject`` its data."""

    field: str = ""
    old: str = ""
    new: str = ""


@define
class Kept:
    """What RT keeps of a ticket and the Store does not."""

    creator: Party
    changed_by: Party
    priority: int | None = None
    started: datetime | None = None
    resolved: datetime | None = None
    told: datetime | None = None


@frozen
class Part:
    """An attachment in RT's sense: a body, a file, or the multipart that holds both."""

    id: int
    message: StoredMessage
    parent: int
    kind: str
    content: bytes
    name: str = ""
    subject: str = ""

    @property
    def is_text(self) -> bool:
        return self.kind.startswith("text/")

    @property
    def headers(self) -> str:
        named = f'; name="{self.name}"' if self.name else ""
        place = f'; filename="{self.name}"' if self.name else ""
        charset = '; charset="utf-8"' if self.is_text else ""
        lines = [f"Content-Type: {self.kind}{charset}{named}", f"Content-Length: {self.size}"]
        if not self.kind.startswith("multipart/") and self.content:
            lines.append(f"Content-Disposition: inline{place}")
        return "\n".join([*lines, *([f"Subject: {self.subject}"] if self.subject else [])])

    @property
    def size(self) -> int:
        return len(self.content)


class Records(FakeServer):
    """The Store's tickets and messages as RT's records, and what RT keeps besides."""

    agent = Party(id="ada", name="Ada Byron", email="ada@helpdesk.example", role=Role.AGENT)

    def __init__(
        self, store: Store | None = None, *, may_not: Iterable[str] = (), may: Iterable[str] = ()
    ) -> None:
        super().__init__(store)
        self.may_not = frozenset(may_not)
        self.may = frozenset(may)
        self.queues = {"General": 1, "Billing": 2}
        """The queues and their ids."""
        self.hidden_queues: set[str] = set()
        """The names of queues that the account may not see, nor the tickets in them."""
        self.deletings: list[tuple[int, Event]] = []
        """The transactions by which tickets were deleted, with the tickets' ids."""
        self._kept: dict[int, Kept] = {}

    def may_see(self, message: StoredMessage) -> bool:
        """Say whether the account may see a message."""
        rights = {"Comment": "ShowTicketComments", "EmailRecord": "ShowOutgoingEmail"}
        return rights.get(_type(message, first=False)) not in self.may_not

    def may_find(self, ticket: StoredTicket) -> bool:
        """Say whether the account may see a ticket."""
        return not self.hidden_queues or self.team(ticket) not in self.hidden_queues

    def may_set(self, status: str) -> bool:
        """Say whether the account may set a status."""
        right = "DeleteTicket" if status == "deleted" else "ModifyTicket"
        return right not in self.may_not

    def of(self, ticket: StoredTicket) -> Kept:
        """Return what is kept of a ticket besides."""
        return self._kept.setdefault(ticket.id, Kept(ticket.requester, ticket.requester))

    def messages(self, number: str | None = None) -> list[tuple[StoredTicket, StoredMessage]]:
        """Return the messages and events of one ticket, or of all."""
        tickets = self.store.tickets
        chosen = tickets.values() if number is None else filter(None, [tickets.get(int(number))])
        return [(ticket, message) for ticket in chosen for message in ticket.messages]

    def event(
        self,
        ticket: StoredTicket,
        word: str,
        *,
        by: Party | None = None,
        data: str = "",
        field: str = "",
        old: str = "",
        new: str = "",
        html: str = "",
    ) -> Event:
        """Add a transaction without words, by default the account's."""
        event = Event(
            id=self.store.number(),
            type=MessageType.SYSTEM,
            audience=Audience.INTERNAL,
            author=by or self.agent,
            html=html,
            created_at=self.store.clock(),
            subject=data,
            word=word,
            field=field,
            old=old,
            new=new,
        )
        ticket.messages.append(event)
        if (word, new) == ("Status", "deleted"):
            self.deletings.append((ticket.id, event))
        ticket.updated_at = event.created_at
        self.of(ticket).changed_by = self.agent
        return event

    def team(self, ticket: StoredTicket) -> str:
        """Return the name of a ticket's queue."""
        name = ticket.team or "General"
        self.queues.setdefault(name, len(self.queues) + 1)
        return name

    def priority(self, ticket: StoredTicket) -> int:
        """Return a ticket's priority as RT's number."""
        kept = self.of(ticket).priority
        return PRIORITIES.get(ticket.priority or Priority.LOW, 0) if kept is None else kept

    def login(self, user: Party) -> str:
        """Return the login of whoever has the address: one person is one user."""
        agents = (self.agent, *self.store.agents)
        return login_of(next((a for a in agents if same_address(a.email, user.email)), user))

    def principal(self, user: Party) -> str:
        """Return the number that RT's events have for a user."""
        own = {"RT_System": 1, "Nobody": 6, str(self.agent.id): 7}.get(self.login(user))
        number = own or int(self.store.person(self.login(user)).id or 0) + 1000
        return str(USER_NUMBERS + number)

    def etag(self, ticket: StoredTicket) -> str:
        """Return the id of the newest transaction that the account may see, as an ETag."""
        seen = [message.id for message in ticket.messages if self.may_see(message)]
        return f'"{max(seen)}"' if seen else f'"{stamp(ticket.updated_at)}"'

    def ref(self, kind: str, key: object) -> dict[str, Any]:
        """Return a reference to a record."""
        return {"type": kind, "id": str(key), "_url": f"{self.base_url}/{kind}/{key}"}

    def alone(
        self, kind: str, number: int, links: Iterable[Mapping[str, Any]] = ()
    ) -> dict[str, Any]:
        """Return the id and the links of a record that is shown by itself."""
        this = {**self.ref(kind, number), "id": number, "ref": "self"}
        return {"id": number, "_hyperlinks": [this, *links]}

    def user(self, user: Party, request: web.Request, field: str) -> dict[str, Any]:
        """Return a reference to a user, with what the request asks for of him."""
        login = self.login(user)
        told = {"Name": login, "EmailAddress": user.email or "", "RealName": user.name or ""}
        names = names_of(request, f"fields[{field}]")
        return {**self.ref("user", login), **{name: told.get(name, "") for name in names}}

    def record(self, ticket: StoredTicket) -> ticketsql.Record:
        """Return what searches look at: each value is made when it is looked at."""
        return _Searched(self, ticket)

    def ticket_json(
        self, ticket: StoredTicket, request: web.Request, *, alone: bool
    ) -> dict[str, Any]:
        """Return a ticket, as it is ``alone`` or in a list."""
        kept, queue = self.of(ticket), self.team(ticket)
        named = {"Name": queue} if "Name" in names_of(request, "fields[Queue]") else {}
        field = "" if alone else "Requestor"
        asked = ticket.requester
        data: dict[str, Any] = {
            "Subject": ticket.subject,
            "Status": word_of(ticket),
            "Type": "ticket",
            "Priority": str(self.priority(ticket)),
            **dict.fromkeys(("InitialPriority", "FinalPriority"), "0"),
            **dict.fromkeys(("TimeEstimated", "TimeLeft", "TimeWorked"), "0"),
            "Queue": {**self.ref("queue", self.queues[queue]), **named},
            "Owner": self.user(ticket.assignee or NOBODY, request, "Owner"),
            "Requestor": [self.user(asked, request, field)] if asked.email else [],
            "Cc": [],
            "AdminCc": [],
            "Creator": self.user(kept.creator, request, "Creator"),
            "LastUpdatedBy": self.user(kept.changed_by, request, "LastUpdatedBy"),
            "Created": stamp(ticket.created_at),
            "LastUpdated": stamp(ticket.updated_at),
            "Started": stamp(kept.started),
            "Resolved": stamp(kept.resolved),
            "Starts": _UNSET,
            "Due": _UNSET,
            "Told": stamp(kept.told),
            "EffectiveId": str(ticket.id),
            "CustomFields": "",
        }
        if not alone:
            return data
        if kept.told is None:
            del data["Told"]
        data |= {"EffectiveId": self.ref("ticket", ticket.id), "CustomFields": []}
        return {**data, **self.alone("ticket", ticket.id, self._links(ticket))}

    def _links(self, ticket: StoredTicket) -> list[dict[str, Any]]:
        url = self.ref("ticket", ticket.id)["_url"]
        messages = ["history", "correspond", "comment"]
        if {"CommentOnTicket", "ModifyTicket"} <= self.may_not:
            messages.remove("comment")
        paths = {"Respond": "/correspond", "Comment": "/comment", "": ""}
        return [
            *({"ref": ref, "_url": f"{url}/{ref}"} for ref in messages),
            *(
                {
                    "ref": "lifecycle",
                    "_url": url + paths[update],
                    "label": label,
                    "from": old,
                    "to": new,
                    **({"update": update} if update else {}),
                }
                for old, new, label, update in _STEPS
                if old == word_of(ticket) and self.may_set(new)
            ),
        ]

    def transaction_json(
        self, ticket: StoredTicket, message: StoredMessage, request: web.Request
    ) -> dict[str, Any]:
        """Return a message or an event."""
        kind, data = _type(message, first=message is ticket.messages[0]), ""
        if isinstance(message, Event):
            data = message.subject or ""
        elif kind != "Create":
            data = f"{message.subject}\n" if message.subject else "No Subject"
        event = message if isinstance(message, Event) else None
        return {
            "id": str(message.id),
            "Type": kind,
            "Creator": self.user(self.creator(ticket, message), request, "Creator"),
            "Created": stamp(message.created_at),
            "Data": data,
            "Field": event.field if event else "",
            "OldValue": event.old if event else "",
            "NewValue": event.new if event else "",
        }

    def creator(self, ticket: StoredTicket, message: StoredMessage) -> Party:
        """Return who wrote it; whoever created the ticket wrote its first words, as RT sees it."""
        return self.of(ticket).creator if message is ticket.messages[0] else message.author

    def file_json(self, ticket: StoredTicket, part: Part, request: web.Request) -> dict[str, Any]:
        """Return a part by itself, its bytes in base64."""
        content = base64.encodebytes(part.content).decode()
        return {
            "Content": None if part.kind.startswith("multipart/") else content,
            "ContentType": part.kind,
            "Created": stamp(part.message.created_at),
            "Creator": self.user(self.creator(ticket, part.message), request, "Creator"),
            **({"Filename": part.name} if part.name else {}),
            "Headers": part.headers,
            "MessageId": "" if part.parent else f"rt-5.0.3-{part.id}@helpdesk.example",
            "Parent": self.ref("attachment", part.parent) if part.parent else "0",
            "Subject": part.subject,
            "TransactionId": self.ref("transaction", part.message.id),
            **self.alone("attachment", part.id),
        }

    def listed_part(self, part: Part) -> dict[str, Any]:
        """Return a part as lists have it: text is decoded, other bytes are letters of latin-1."""
        return {
            "id": str(part.id),
            "TransactionId": str(part.message.id),
            "Parent": self.ref("attachment", part.parent) if part.parent else "",
            "Filename": part.name,
            "ContentType": part.kind,
            "ContentLength": str(part.size),
            "Subject": part.subject,
            "Headers": part.headers,
            "Content": part.content.decode("utf-8" if part.is_text else "latin-1"),
        }

    def person_json(self, user: Party, *, privileged: bool) -> dict[str, Any]:
        """Return a user by himself, as far as RT shows it to others."""
        number = int(self.principal(user))
        told = {
            "Name": self.login(user),
            "EmailAddress": "" if user is NOBODY else user.email,
            "RealName": user.name,
            "Privileged": int(privileged),
        }
        if user is not self.agent:
            return {**told, "_hyperlinks": self.alone("user", number)["_hyperlinks"]}
        history = {"ref": "history", "_url": f"{self.ref('user', number)['_url']}/history"}
        first = stamp(datetime(2026, 1, 1, tzinfo=UTC))
        return {
            **told,
            **dict.fromkeys(("Created", "LastUpdated"), first),
            **dict.fromkeys(("Creator", "LastUpdatedBy"), self.ref("user", "RT_System")),
            "CustomFields": [],
            "Disabled": "0",
            "Memberships": [],
            **self.alone("user", number, [history]),
        }


def json_answer(
    data: Any, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Return an answer in JSON, as RT labels it."""
    body = json.dumps(data).encode()
    return web.Response(body=body, status=status, headers={"Content-Type": JSON, **(headers or {})})


def parts_of(message: StoredMessage) -> list[Part]:
    """Return the parts of a message. Their ids are made of its own, and no others' in between."""
    first, subject = message.id * 1000, message.subject or ""
    if message.word == "EmailRecord":
        html = message.html.encode()
        return [
            Part(first, message, 0, "multipart/alternative", b""),
            Part(first + 1, message, first, "text/plain", html_to_text(message.html).encode()),
            Part(first + 2, message, first, "text/html", html),
        ]
    if message.type is MessageType.SYSTEM:
        return []
    kind = message.word if "/" in message.word else "text/html"
    content = message.html if kind == "text/html" else message.text or ""
    if not message.files:
        body = Part(first, message, 0, kind, content.encode(), subject=subject)
        return [body] if content or message.word else []
    return [
        Part(first, message, 0, "multipart/mixed", b"", subject=subject),
        Part(first + 1, message, first, kind, content.encode()),
        *(
            Part(first + 2 + index, message, first, file.mime_type, file.content, file.name)
            for index, file in enumerate(message.files)
        ),
    ]


def _type(message: StoredMessage, *, first: bool) -> str:
    """Return RT's word for the type of a transaction."""
    if message.type is MessageType.SYSTEM:
        return message.word if isinstance(message, Event) else "Set"
    if message.type is MessageType.NOTE:
        return "Comment"
    if first:
        return "Create"
    return "Forward Transaction" if message.audience is Audience.FORWARD else "Correspond"


def word_of(ticket: StoredTicket) -> str:
    """Return RT's word for a ticket's status."""
    return "deleted" if ticket.deleted_at else WORDS.get(ticket.status, "open")


def login_of(user: Party) -> str:
    """Return a login: for customers their address."""
    given = (user.email, user.id) if user.role is Role.CUSTOMER else (user.id, user.email)
    return given[0] or given[1] or ""


class _Searched(Mapping[str, tuple[Any, ...]]):
    """The values of a ticket by the names of TicketSQL."""

    __slots__ = ("_records", "_ticket")

    def __init__(self, records: Records, ticket: StoredTicket) -> None:
        self._records, self._ticket = records, ticket

    def __getitem__(self, name: str) -> tuple[Any, ...]:
        return _SEARCHED[name](self._records, self._ticket)

    def __iter__(self) -> Iterator[str]:
        return iter(_SEARCHED)

    def __len__(self) -> int:
        return len(_SEARCHED)


def _person(
    user: Callable[[StoredTicket], Party], *attributes: str
) -> Callable[[Records, StoredTicket], tuple[str, ...]]:
    def values(records: Records, ticket: StoredTicket) -> tuple[str, ...]:
        found = user(ticket)
        told = {"Name": records.login(found), "EmailAddress": found.email}
        return tuple(value for name in attributes if (value := told[name]))

    return values


def _owner(ticket: StoredTicket) -> Party:
    return ticket.assignee or NOBODY


_REQUESTER = attrgetter("requester")
_SEARCHED: Mapping[str, Callable[[Records, StoredTicket], tuple[Any, ...]]] = {
    "id": lambda _, ticket: (ticket.id,),
    "Priority": lambda records, ticket: (records.priority(ticket),),
    "Status": lambda _, ticket: (word_of(ticket),),
    "Subject": lambda _, ticket: (ticket.subject,),
    "Queue": lambda records, ticket: (records.team(ticket),),
    ticketsql.QUEUE_NUMBER: lambda records, ticket: (records.queues[records.team(ticket)],),
    "Owner": _person(_owner, "Name", "EmailAddress"),
    "Owner.Name": _person(_owner, "Name"),
    "Owner.EmailAddress": _person(_owner, "EmailAddress"),
    "Requestor": _person(_REQUESTER, "Name", "EmailAddress"),
    "Requestor.Name": _person(_REQUESTER, "Name"),
    "Requestor.EmailAddress": _person(_REQUESTER, "EmailAddress"),
    "Created": lambda _, ticket: (ticket.created_at.replace(microsecond=0),),
    "LastUpdated": lambda _, ticket: (ticket.updated_at.replace(microsecond=0),),
}
"""What each name of TicketSQL has of a ticket: made when it is looked at, for that takes time."""


def stamp(value: datetime | None) -> str:
    """Return a time as RT writes it; the beginning of 1970 is none."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if value else _UNSET
