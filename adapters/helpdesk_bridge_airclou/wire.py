"""Airclou's JSON as we read it. No I/O.

Two APIs on one host: tickets (the public API: camelCase in a wrapper object) and messages (the
session API: snake_case out, camelCase in). ``trap N`` are those of docs/vendors/airclou.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import field, frozen

from helpdesk_bridge import kit
from helpdesk_bridge.kit import (
    AnyId,
    Audience,
    JsonRecord,
    Memo,
    MessageType,
    Priority,
    Role,
    Status,
    TicketKind,
    Timestamp,
    belongs,
    created_id,
    errors,
    fast_attachment,
    fast_message,
    fast_party,
    fast_ticket,
    given_id,
    numbered,
    read,
)

# -- words (page "tickets") ------------------------------------------------------------------

STATUS = kit.Vocabulary(
    reads={
        "new": Status.NEW,
        "open": Status.OPEN,
        "pending": Status.PENDING,
        "resolved": Status.RESOLVED,
        "closed": Status.CLOSED,
    },
    writes={  # trap 5: closed is set by automations only (CLOSED_STATUS_SYSTEM_ONLY)
        Status.NEW: "new",
        Status.OPEN: "open",
        Status.PENDING: "pending",
        Status.RESOLVED: "resolved",
    },
    unknown=Status.UNKNOWN,
)
FILTERABLE = STATUS.writable() | {Status.CLOSED}
PRIORITY: kit.Vocabulary[Priority] = kit.Vocabulary(
    reads={p.value: p for p in Priority if p is not Priority.UNKNOWN},
    writes={p: p.value for p in Priority if p is not Priority.UNKNOWN},
    unknown=Priority.UNKNOWN,
)
KIND: kit.Vocabulary[TicketKind] = kit.Vocabulary(
    reads={k.value: k for k in TicketKind if k is not TicketKind.UNKNOWN},
    writes={k: k.value for k in TicketKind if k is not TicketKind.UNKNOWN},
    unknown=TicketKind.UNKNOWN,
)
# page "messages", "Message types". Trap 2: nothing marks a forward on reading.
# Trap 9: an author is only an id; agent or customer follows from the type.
TYPES: Mapping[str, tuple[MessageType, Audience, Role]] = {
    "request": (MessageType.REQUEST, Audience.EXTERNAL, Role.CUSTOMER),
    "response": (MessageType.RESPONSE, Audience.EXTERNAL, Role.AGENT),
    "note": (MessageType.NOTE, Audience.INTERNAL, Role.AGENT),
}
_UNKNOWN = (MessageType.UNKNOWN, Audience.UNKNOWN, Role.UNKNOWN)
_LONGEST_PATH = 200
_LIKE_AN_ID = re.compile(r"[^\s\d]*\d\S*")
TICKET = "ticketId"
"""The field of a message that tells its ticket."""

ERRORS: Mapping[str, type[errors.HelpdeskError]] = {  # page "errors", and "messages" for the last
    "INVALID_API_KEY": errors.AuthenticationError,
    "MISSING_WORKSPACE": errors.AuthenticationError,
    "INSUFFICIENT_API_PERMISSION": errors.PermissionDenied,
    "BAD_REQUEST": errors.ValidationFailed,
    "NOT_FOUND": errors.NotFound,
    "VALIDATION_ERROR": errors.ValidationFailed,
    "CONFLICT": errors.Conflict,
    "RATE_LIMIT_EXCEEDED": errors.RateLimited,
    "IMMUTABLE_FIELD": errors.ValidationFailed,
    "SYSTEM_FIELD": errors.ValidationFailed,
    "INVALID_FIELD_TYPE": errors.ValidationFailed,
    "TOO_MANY_OPTIONS": errors.ValidationFailed,
    "OPTION_IN_USE": errors.ValidationFailed,
    "DUPLICATE_OPTION_VALUE": errors.Conflict,
    "TICKET_CLOSED": errors.TicketClosed,  # trap 4: 403, like a missing right
    "CLOSED_STATUS_SYSTEM_ONLY": errors.StatusNotAllowed,
}

# -- reading ---------------------------------------------------------------------------------


def camel(name: str) -> str:
    """Return the vendor's spelling of an attribute: ``created_at`` is ``createdAt``."""
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)


class FieldValueJson(JsonRecord, frozen=True, rename=camel):
    """A custom field of a ticket; what its value is depends on the field."""

    id: AnyId
    value: Any = None


class TicketJson(JsonRecord, frozen=True, rename=camel):
    """Page "tickets"."""

    id: AnyId
    subject: str | None = None
    status: str | None = None
    priority: str | None = None
    type: str | None = None
    assignee_id: AnyId | None = None
    requester_email: str | None = None
    requester_name: str | None = None
    tags: tuple[str, ...] | None = None
    custom_fields: tuple[FieldValueJson, ...] | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None

    def to_ticket(self) -> kit.Ticket:
        """Return the neutral ticket."""
        assignee = given_id(self.assignee_id)
        return fast_ticket(
            id=str(self.id),
            subject=self.subject or "",
            status=STATUS.read(self.status or ""),
            vendor_status=self.status or "",
            priority=None if self.priority is None else PRIORITY.read(self.priority),
            kind=None if self.type is None else KIND.read(self.type),
            requester=_person(self.requester_email, self.requester_name, Role.CUSTOMER),
            assignee=fast_party(id=assignee, role=Role.AGENT) if assignee else None,
            tags=self.tags or (),
            custom_fields={str(item.id): item.value for item in self.custom_fields or ()},
            created_at=self.created_at,
            updated_at=self.updated_at,
            raw=self.raw,
        )


def _person(email: str | None, name: str | None, role: Role = Role.UNKNOWN) -> kit.Party:
    """Return a person; what is not surely an address is the name of one who has no other."""
    told = kit.read_person(email or "", role)
    return fast_party(email=told.email, name=name or told.name, role=role)


class PersonJson(JsonRecord, frozen=True, rename=camel):
    """A copy's recipient. Trap 8: other addresses have other shapes."""

    email: str | None = None
    name: str | None = None


class MessageJson(JsonRecord, frozen=True, rename=camel):
    """Page "messages", "The message object"."""

    id: AnyId
    ticket_id: AnyId | None = None
    type: str | None = None
    content: str | None = None
    text_content: str | None = None
    author_id: AnyId | None = None
    attachments: list[Any] | None = None
    ccs: tuple[PersonJson | str, ...] | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None

    def of(self, ticket_id: str, people: People) -> kit.Message:
        """As :meth:`to_message`, for a message that was asked for: WrongType for another's."""
        belongs(self.raw, ticket_id, TICKET)
        return self.to_message(ticket_id, people)

    def to_message(self, ticket_id: str, people: People | None = None) -> kit.Message:
        """Return the neutral message; who reads many of them gives the ``people`` of all."""
        shared = people or People()
        word = self.type or ""
        kind, audience, author = shared.speakers[word, self.author_id]
        return fast_message(
            id=str(self.id),
            ticket_id=given_id(self.ticket_id) or ticket_id,
            type=kind,
            audience=audience,
            vendor_type=word,
            author=author,
            cc=shared.copies[self.ccs] if self.ccs else (),
            html=self.content,
            text=self.text_content,
            attachments=tuple([_attachment(file, self.content) for file in self.attachments or ()]),
            created_at=self.created_at,
            updated_at=self.updated_at,
            raw=self.raw,
        )


Speaker = tuple[MessageType, Audience, kit.Party]
"""What a message is, and who wrote it."""


@frozen
class People:
    """Who takes part in the messages of one answer, each made once."""

    speakers: Memo[tuple[str, AnyId | None], Speaker] = field(factory=lambda: Memo(_speaker))
    """What a message of some type is, and its author, by the type and the author's id."""
    copies: Memo[tuple[PersonJson | str, ...], tuple[kit.Party, ...]] = field(
        factory=lambda: Memo(_copies)
    )
    """Who got a copy."""


def _speaker(key: tuple[str, AnyId | None]) -> Speaker:
    word, author_id = key
    kind, audience, role = TYPES.get(word, _UNKNOWN)
    return kind, audience, fast_party(id=given_id(author_id), role=role)


def _copies(told: tuple[PersonJson | str, ...]) -> tuple[kit.Party, ...]:
    people: list[kit.Party] = []
    for one in told:
        if isinstance(one, str):
            people += kit.read_people(one)
        else:
            people.append(_person(one.email, one.name))
    return tuple(people)


def _attachment(file: Any, html: str | None) -> kit.Attachment:
    """Read what can be read of a file: its shape is not documented (page "messages")."""
    told = file if type(file) is dict else {"id": file}
    number, size = told.get("id"), told.get("size")
    cid = _word(told.get("contentId")) or _word(told.get("cid"))
    return fast_attachment(
        id=str(number) if type(number) is int else _word(number) or _word(told.get("token")) or "",
        name=_word(told.get("name")),
        mime_type=_word(told.get("mimeType")),
        size=size if type(size) is int else None,
        inline=cid is not None and kit.normal_cid(cid) in kit.cids_shown(html or ""),
        content_id=cid,
    )


def _word(value: Any) -> str | None:
    return value if type(value) is str and value else None


class FieldJson(JsonRecord, frozen=True, rename=camel):
    """Page "ticket-fields"."""

    id: AnyId
    title: str | None = None
    field_key: str | None = None
    type: str | None = None
    active: bool | None = None
    required_for_agents: bool | None = None
    options: list[Any] | None = None

    def to_field(self) -> kit.CustomField:
        """Return the neutral definition."""
        return kit.CustomField(
            id=str(self.id),
            name=self.title or self.field_key or str(self.id),
            kind=self.type or "",
            active=self.active is not False,
            required=self.required_for_agents,
            options=tuple(filter(None, map(_option, self.options or ()))),
            raw=self.raw,
        )


def _option(option: Any) -> str | None:
    """Read a choice; whether it is a word or an object was not to be seen."""
    if isinstance(option, Mapping):
        option = option.get("value")
    return option if isinstance(option, str) else None


def listed(data: Any, *keys: str) -> tuple[list[Any], str]:
    """Return the records of a list and their JSON path; the envelope is not documented."""
    if type(data) is list:
        return data, "$"
    present = [key for key in keys if key in data] if type(data) is dict else []
    for key in present:
        records = data[key] if type(data[key]) is list else numbered(data[key])
        if records is not None:
            return records, f"$.{key}"
    path = f"$.{present[0]}" if present else "$"
    raise errors.ProtocolError(f"{path}: no list of records.", path=path)


_OF_RECORDS = frozenset(
    (*TicketJson.__struct_encode_fields__, *MessageJson.__struct_encode_fields__)
) - {"id", "type", "status"}
"""Members that only a record has, and no envelope."""


def single(data: Any, *keys: str) -> tuple[Any, str]:
    """Return the object of an answer and its JSON path: in a wrapper, or bare.

    Beside a wrapper that holds no object an ``id`` may be the request's: only what has a member of
    a record is a bare one.
    """
    present = [key for key in keys if key in data] if type(data) is dict else []
    for key in present:
        if type(data[key]) is dict:
            return data[key], f"$.{key}"
    if present and _OF_RECORDS.isdisjoint(data):
        return data[present[0]], f"$.{present[0]}"
    return data, "$"


def _says(value: Any) -> bool:
    """Say whether ``value`` is words, and no id: an id has a figure, and no blank."""
    return type(value) is str and _LIKE_AN_ID.fullmatch(value.strip()) is None


def one_ticket(data: Any, ticket_id: str) -> kit.Ticket:
    """Return the ticket ``ticket_id`` of an answer, in a wrapper or bare; no other will do."""
    record, path = single(data, "ticket", "data")
    ticket = read(record, TicketJson, path).to_ticket()
    kit.require_id(ticket.id, ticket_id, f"{path}.id")
    return ticket


def one_message(data: Any, ticket_id: str) -> kit.Message | None:
    """Return the message of an answer, in a wrapper or bare; None for one of another ticket."""
    record, path = single(data, "message", "data")
    message = read(record, MessageJson, path)
    try:
        return message.of(ticket_id, People())
    except kit.WrongType:
        return None


def made(
    data: Any, wrapper: str, pattern: str, ticket_id: str | None = None
) -> tuple[Any, str, str]:
    """Return the record of what was made, its path, and its id, all that must be understood.

    Its id looks like ``pattern``. A message must not be one of another ticket than ``ticket_id``.
    A sentence in a member of a wrapper's name (``"message": "Message sent"``) wraps nothing;
    whether it is a yes has been judged before (``Response.accepted``).
    """
    keys = [key for key in (wrapper, "data") if type(data) is dict and not _says(data.get(key))]
    record, path = single(data, *keys)
    return record, path, created_id(record, path, ticket_id, pattern=pattern, declared=TICKET)


def next_cursor(
    told: kit.Told, *, count: int, asked: int, after: str | None
) -> tuple[str | None, bool]:
    """Return the cursor of the next page, never an address to follow, and whether that is in doubt.

    Trap 6: the vendor's pages disagree on the names; any is understood. Trap 7: the link lacks a
    part of the path, so only the cursor in it is used. A list that goes on without saying where,
    or whose first page does not say whether it does, is an error: it would end short otherwise.
    A later page without a cursor is the last; nothing but its size confirms that. So is an empty
    one that gives the cursor it was asked for by.

    Args:
        told: what the envelope says.
        count: how many records are on the page.
        asked: how many were asked for.
        after: the cursor of this page; None is the first page, whose records a total can be
            compared with.
    """
    first, denied, link = after is None, told.more is False, told.link_cursor()
    loose = None if told.loose == after else told.loose
    cursor = told.cursor or link or loose
    is_place = link is not None or count >= min(asked, kit.SMALLEST_PAGE)
    if cursor == after and not count and not told.more:
        return None, False
    if cursor and (not denied or is_place):
        return cursor, denied
    total, last, page = told.total, told.last_page, told.page or (1 if first else None)
    goes_on = told.more is True
    goes_on |= last is not None and page is not None and last > page
    if not denied:
        goes_on |= told.link is not None
        goes_on |= first and total is not None and total > count
    ends = denied or told.closed or told.left == 0 or (last is not None and last == page)
    ends |= told.omits_next or (told.names_first and not first)
    ends |= (first and total == count) or (told.loose == "" and count < asked)
    if goes_on or (told.left and not ends):
        where = told.where
        raise errors.ProtocolError(
            f"{where}: the list goes on, and does not say where.", path=where
        )
    if ends:
        return None, told.link is not None and count > 0
    if told.odd is not None:
        raise errors.ProtocolError(f"{told.odd}: does not say where the list ends.", path=told.odd)
    if first and count and told.unknown is not None:
        raise errors.ProtocolError(
            f"{told.unknown}: may say that the list goes on, and nothing else says where it ends.",
            path=told.unknown,
        )
    if first and count >= kit.SMALLEST_PAGE:
        raise errors.ProtocolError("$: a page that does not say whether it is the last.", path="$")
    return None, count >= kit.SMALLEST_PAGE


def explain(data: Any) -> kit.Explanation:
    """Read ``{"error": {code, message, details}}`` (page "errors")."""
    error = data.get("error")
    if not isinstance(error, Mapping):
        return kit.Explanation(message=str(data.get("message") or error or ""))
    code = error.get("code")
    fields, left_out = kit.first_fields(_fields(error.get("details")))
    return kit.Explanation(
        message=str(error.get("message") or ""),
        code=code if isinstance(code, str) else None,
        fields=fields,
        fields_left_out=left_out,
    )


def _fields(details: Any) -> Iterator[tuple[str, list[Any]]]:
    """Yield dotted path -> messages; the messages are a list of {code, message}."""
    pending = [("", details)]
    while pending:
        path, told = pending.pop()
        if isinstance(told, dict) and not isinstance(told.get("message"), str):
            begin = f"{path[:_LONGEST_PATH]}." if path else ""
            pending += [(f"{begin}{name}", value) for name, value in reversed(told.items())]
        elif path:
            told = told if isinstance(told, list) else [told]
            found = [t.get("message") or t.get("code") if isinstance(t, dict) else t for t in told]
            yield path, [text for text in found if text]
