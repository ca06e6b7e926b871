"""What a user writes: tickets, changes, messages and files on their way to a helpdesk."""

from __future__ import annotations

import asyncio
import mimetypes
import os
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Mapping
from contextlib import aclosing
from datetime import datetime
from functools import partial
from pathlib import Path
from types import EllipsisType
from typing import Any
from unicodedata import category

from attrs import define, field, frozen

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model.disk import CHUNK, Spool, chunks_of, in_thread
from helpdesk_bridge.model.html_text import html_to_text, text_to_html
from helpdesk_bridge.model.ticket import (
    Channel,
    Message,
    MessageType,
    Party,
    Priority,
    Status,
    Ticket,
    TicketKind,
)

__all__ = [
    "Body",
    "CustomerMessage",
    "Forward",
    "MessageQuery",
    "NewTicket",
    "Note",
    "OutgoingMessage",
    "Reply",
    "SentMessage",
    "TicketChanges",
    "TicketQuery",
    "TicketRef",
    "Upload",
]


@frozen(kw_only=True)
class Body:
    """A body in both forms; the form that was not given is derived from the other."""

    html: str = field(repr=False)
    text: str = field(repr=False)

    @classmethod
    def of(cls, html: str | None, text: str | None) -> Body:
        """Make a body from exactly one of the two; anything else is InvalidArgument."""
        if (html is None) == (text is None):
            raise InvalidArgument("give the body as html= or as text=, one of the two")
        given = html if html is not None else text
        if not isinstance(given, str):
            raise InvalidArgument(f"the body must be a str, not {type(given).__name__}")
        if "\0" in given:
            raise InvalidArgument("the body holds a NUL character")
        try:
            given.encode()
        except UnicodeEncodeError:
            raise InvalidArgument("the body holds half a surrogate pair") from None
        if html is not None:
            body = cls(html=html, text=html_to_text(html))
            empty = not body.text and "<img" not in html.lower()
        else:
            body = cls(html=text_to_html(given), text=given)
            empty = not given.strip()
        if empty:
            raise InvalidArgument("the body is empty")
        return body


Chunks = AsyncIterable[bytes]

_CONTROL = frozenset(("Cc", "Cs", "Zl", "Zp"))


@define(eq=False)
class Upload:
    """A file to send.

    ``data`` is bytes, a path, or an async iterable of bytes, which needs ``size`` (in bytes).
    The file is read while it is sent, a chunk at a time. An async iterable is written to a
    temporary file before anything is sent, so that a second attempt sends the same bytes.
    With ``content_id`` it is an inline image that the HTML shows as ``<img src="cid:…">``.
    ``mime_type`` is guessed from the name when left out.
    """

    name: str = field(repr=False)
    mime_type: str = ""
    data: bytes | Path | Chunks = field(default=b"", repr=False)
    size: int | None = None
    content_id: str | None = None
    _announced: bool = field(default=False, init=False, repr=False)
    _spool: Spool | None = field(default=None, init=False, repr=False)
    _spooling: asyncio.Lock | None = field(default=None, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._announced = self.size is not None
        self.mime_type = self.mime_type or _guess_type(self.name)
        if not self.name or any(c in '/\\"' or category(c) in _CONTROL for c in self.name):
            raise InvalidArgument(
                "an attachment's name is empty or holds path or control characters"
            )
        if not _clean_word(self.mime_type):
            raise InvalidArgument("an attachment's mime_type is not a media type")
        if self.content_id is not None and not _clean_word(self.content_id):
            raise InvalidArgument("an attachment's content_id holds spaces or control characters")
        if self.size is not None and self.size < 0:
            raise InvalidArgument("an attachment's size is below zero")
        if isinstance(self.data, (bytes, bytearray, memoryview)):
            self.data = bytes(self.data)
            self._expect(len(self.data))
        elif isinstance(self.data, str) or not isinstance(self.data, (Path, AsyncIterable)):
            raise InvalidArgument("an attachment's data is bytes, a Path or an async iterable")
        elif self.size is None and not isinstance(self.data, Path):
            raise InvalidArgument("an attachment given as an async iterable needs its size")

    def _expect(self, found: int) -> None:
        if self.size is not None and self.size != found:
            before = "announced" if self._announced else "there before"
            raise InvalidArgument(f"an attachment has {found} bytes, and {self.size} were {before}")
        self.size = found

    async def measure(self) -> int:
        """Return the size in bytes without reading the file."""
        if isinstance(self.data, Path):
            found = await _size_of(self.data)
            if not self._announced:
                self.size = None  # it may have changed since an earlier call
            self._expect(found)
        assert self.size is not None  # noqa: S101 - an async iterable has one, see above
        return self.size

    async def ready(self) -> int:
        """Return the size in bytes once it is sure that the file can be read, more than once.

        InvalidArgument if it cannot, or has another size than it was said to have.
        """
        if isinstance(self.data, Path):
            self._expect(await _size_of(self.data))
        elif not isinstance(self.data, bytes):
            self._spooling = self._spooling or asyncio.Lock()
            async with self._spooling:  # two calls may send the same upload at once
                self._spool = self._spool or await self._spooled(self.data)
        assert self.size is not None  # noqa: S101 - see above
        return self.size

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield the content, the same bytes each time; InvalidArgument if its size has changed."""
        size, came = await self.ready(), 0
        try:
            async with aclosing(self._stored()) as stored:
                async for chunk in stored:
                    came += len(chunk)
                    if came > size:
                        break
                    yield chunk
        except OSError as error:
            raise InvalidArgument(f"an attachment cannot be read: {error.strerror}") from None
        if came != size:
            raise InvalidArgument("an attachment has changed while it was read.")

    async def read(self) -> bytes:
        """Return the whole content, the same bytes each time."""
        if isinstance(self.data, bytes):
            return self.data
        async with aclosing(self.chunks()) as chunks:
            return b"".join([chunk async for chunk in chunks])

    def _stored(self) -> AsyncGenerator[bytes, None]:
        if isinstance(self.data, bytes):
            return _slices(self.data)
        if isinstance(self.data, Path):
            return chunks_of(self.data)
        assert self._spool is not None  # noqa: S101 - see ready
        return self._spool.chunks()

    async def _spooled(self, chunks: Chunks) -> Spool:
        spool, came = Spool(), 0
        try:
            async for chunk in chunks:
                came += len(chunk)
                if self.size is not None and came > self.size:
                    break
                await in_thread(partial(spool.add, chunk))
        except OSError as error:
            raise InvalidArgument(f"an attachment cannot be kept: {error.strerror}") from None
        self._expect(came)
        return spool


async def _size_of(path: Path) -> int:
    """Return the size of a file that can be read."""

    def opened() -> int:
        with path.open("rb") as file:
            return os.fstat(file.fileno()).st_size

    try:
        return await asyncio.to_thread(opened)
    except OSError as error:
        reason = error.strerror
    raise InvalidArgument(f"an attachment cannot be read: {reason}")


async def _slices(data: bytes) -> AsyncGenerator[bytes, None]:
    for start in range(0, len(data), CHUNK):
        yield data[start : start + CHUNK]


def _guess_type(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _clean_word(word: str) -> bool:
    return bool(word) and word.isascii() and word.isprintable() and " " not in word


@frozen(kw_only=True)
class _Outgoing:
    body: Body
    attachments: tuple[Upload, ...] = ()
    extra: Mapping[str, Any] = field(factory=dict, repr=False)
    """Put into the vendor's body as it is."""


@frozen(kw_only=True)
class Reply(_Outgoing):
    """A message to the customer. Without ``to`` it goes to the ticket's requester.

    ``send_email`` False records it without mailing anybody. ``status``, ``priority`` and ``kind``
    change the ticket in the same step; they are given only where the vendor can do that.
    """

    send_email: bool
    to: tuple[Party, ...] = ()
    cc: tuple[Party, ...] = ()
    bcc: tuple[Party, ...] = ()
    status: Status | None = None
    priority: Priority | None = None
    kind: TicketKind | None = None
    send_at: datetime | None = None


@frozen(kw_only=True)
class Note(_Outgoing):
    """A message between agents. It has no recipients at all, so it cannot be mailed by mistake."""

    status: Status | None = None
    priority: Priority | None = None
    kind: TicketKind | None = None


@frozen(kw_only=True)
class Forward(_Outgoing):
    """A message to third parties."""

    to: tuple[Party, ...]
    cc: tuple[Party, ...] = ()
    bcc: tuple[Party, ...] = ()


@frozen(kw_only=True)
class CustomerMessage(_Outgoing):
    """The customer's own words, brought in from another channel; nobody is mailed."""

    author: Party
    created_at: datetime | None = None


OutgoingMessage = Reply | Note | Forward | CustomerMessage


@frozen(kw_only=True)
class NewTicket:
    """A ticket to create. Its body is the requester's first message; nobody is mailed.

    None (and an empty tuple or mapping) means: leave it to the vendor.
    """

    subject: str = field(repr=False)
    requester: Party
    body: Body
    status: Status | None = None
    priority: Priority | None = None
    kind: TicketKind | None = None
    assignee: Party | None = None
    team: str | None = None
    tags: tuple[str, ...] = ()
    channel: Channel | None = None
    custom_fields: Mapping[str, Any] = field(factory=dict, repr=False)
    attachments: tuple[Upload, ...] = ()
    created_at: datetime | None = None
    extra: Mapping[str, Any] = field(factory=dict, repr=False)


@frozen(kw_only=True)
class TicketChanges:
    """What to change on a ticket: ``...`` keeps a field, None clears it."""

    subject: str | EllipsisType = field(default=..., repr=False)
    status: Status | EllipsisType = ...
    priority: Priority | EllipsisType | None = ...
    kind: TicketKind | EllipsisType | None = ...
    assignee: Party | EllipsisType | None = ...
    team: str | EllipsisType | None = ...
    tags: tuple[str, ...] | EllipsisType = ...
    custom_fields: Mapping[str, Any] | EllipsisType = field(default=..., repr=False)
    extra: Mapping[str, Any] = field(factory=dict, repr=False)


@frozen(kw_only=True)
class TicketQuery:
    """Which tickets to list; None does not filter. Times are aware."""

    status: Status | None = None
    assignee: Party | None = None
    team: str | None = None
    tag: str | None = None
    requester: Party | None = None
    text: str | None = field(default=None, repr=False)
    created_since: datetime | None = None
    updated_since: datetime | None = None
    limit: int | None = None
    """A hint: the caller wants no more than this many."""
    extra: Mapping[str, Any] = field(factory=dict, repr=False)

    def matches(self, ticket: Ticket) -> bool:
        """Say whether ``ticket`` is one that was asked for; ``text`` and ``extra`` are not judged.

        For what a vendor cannot filter, filters too widely or might ignore. People match by
        address if both have one, else by id, else by name; a ticket without a time is rather
        shown than lost. An assignee of whom the vendor tells only the id, and the caller only the
        address, cannot be judged: InvalidArgument, since the list would end up empty without a
        word.
        """
        tag = None if self.tag is None else self.tag.casefold()
        return (
            (self.status is None or ticket.status is self.status)
            and _is_agent(ticket.assignee, self.assignee)
            and (self.team is None or ticket.team == self.team)
            and (tag is None or tag in (known.casefold() for known in ticket.tags))
            and _is_person(ticket.requester, self.requester)
            and _not_before(ticket.created_at, self.created_since)
            and _not_before(ticket.updated_at, self.updated_since)
        )


def _is_agent(person: Party | None, wanted: Party | None) -> bool:
    told_by_id = person is not None and person.email is None and person.id is not None
    if told_by_id and wanted is not None and wanted.email is not None and wanted.id is None:
        raise InvalidArgument("this desk tells only the ids of assignees: give Party(id=…).")
    return _is_person(person, wanted)


def _is_person(person: Party | None, wanted: Party | None) -> bool:
    if wanted is None or person is None:
        return wanted is None
    if wanted.email is not None and (person.email is not None or wanted.id is None):
        return (person.email or "").casefold() == wanted.email.casefold()
    return wanted.id == person.id if wanted.id is not None else wanted.name == person.name


def _not_before(instant: datetime | None, since: datetime | None) -> bool:
    return since is None or instant is None or instant >= since


@frozen(kw_only=True)
class MessageQuery:
    """Which messages to list; ``types`` None means the whole conversation."""

    types: frozenset[MessageType] | None = None

    def matches(self, message: Message) -> bool:
        """Say whether ``message`` is one that was asked for."""
        return self.types is None or message.type in self.types


@define(eq=False)
class TicketRef:
    """A ticket as the caller knows it: by id, perhaps with the ticket itself."""

    id: str
    ticket: Ticket | None = None
    fresh: bool = False
    """Whether the adapter itself has read ``ticket`` for this very call."""

    async def full(self, read: Callable[[str], Awaitable[Ticket]]) -> Ticket:
        """Return the ticket, reading it once if only its id is known."""
        if self.ticket is None:
            self.ticket = await read(self.id)
        return self.ticket


@frozen(kw_only=True)
class SentMessage:
    """A message the vendor accepted.

    ``id`` is None where the vendor gives none, ``message`` where it does not answer with the
    message itself. ``operation_id`` is the id of the call in log lines.
    """

    ticket_id: str
    id: str | None = None
    message: Message | None = None
    operation_id: str = ""
    trace: Mapping[str, Any] = field(factory=dict, repr=False, eq=False)
    """What the adapter needs to find a message without an id again; no words of the message."""
