"""An unsafe write as the sender is given it, and what an earlier call with its key has done."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from enum import Enum
from typing import Any, Generic, TypeVar

from attrs import asdict, frozen

from helpdesk_bridge.delivery.entry import LedgerEntry
from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model import Upload

__all__ = ["Earlier", "Write", "content_of", "given_of"]

T = TypeVar("T")

_LEFT_OUT = ("attachments", "send_at", "created_at")
_SETS = ("to", "cc", "bcc", "tags")
_LOOP = "a value is nested too deeply, or leads back to itself."


async def _not_read() -> None:
    """Return that it is not known what is there before a write."""


@frozen(kw_only=True)
class Write(Generic[T]):
    """One unsafe write: how it is made, and what is remembered of it."""

    do: Callable[[], Awaitable[T]]
    """Makes it."""
    made_id: Callable[[T], str | None]
    """Tells the id of what was made; None where the vendor tells none."""
    ticket_id: str | None
    """The ticket that is written to; None: the write creates one."""
    body: str
    """The text of its body."""
    files: Sequence[str] = ()
    """The names of its files."""
    subject: str | None = None
    """A new ticket's subject; None for a message."""
    requester: str | None = None
    """A new ticket's requester, an e-mail address; None for a message."""
    due: datetime | None = None
    """The aware time given as ``created_at`` or ``send_at``; None: none was given."""
    before: Callable[[], Awaitable[Iterable[str] | None]] = _not_read
    """Reads the ids of the messages that are on the ticket before it; None: they were not read."""
    is_last: bool = True
    """Whether it is the only step of its call, or the last one."""
    key: str | None = None
    """The application's own name for it; None: it gave none."""
    content: bytes | None = None
    """All that was given to the call, to tell another write with its key; None: it has no key."""


@frozen
class Earlier:
    """What an earlier call with the same key has done."""

    entry: LedgerEntry


def given_of(made: Any, **more: Any) -> dict[str, Any]:
    """Return what a message or new ticket was ``made`` of, for :func:`content_of`, and ``more``.

    Times are left out: who computes them anew after a crash means the same. The order of recipients
    and tags does not count: a set has another one in each process.
    """
    try:
        given = asdict(made, filter=lambda one, _: one.name not in _LEFT_OUT)
    except RecursionError:
        given = None
    if given is None:
        raise InvalidArgument(_LOOP)
    sets = {name: set(map(repr, given[name])) for name in _SETS if name in given}
    return {**given, **sets, **more}


async def content_of(given: Mapping[str, Any], files: Iterable[Upload]) -> bytes:
    """Return all that makes a write what it is: what was ``given``, and the files' contents.

    Two processes get the same of the same: the order of a set or a mapping does not count. Raises
    InvalidArgument for a file that cannot be read, or for a value that leads back to itself.
    """
    digests = []
    for file in files:
        await file.ready()
        found = hashlib.sha256()
        async with aclosing(file.chunks()) as chunks:
            async for chunk in chunks:
                found.update(chunk)
        digests.append([file.name, file.content_id, found.hexdigest()])
    try:
        return repr(_plain({**given, "files": digests})).encode("utf-8", "surrogatepass")
    except RecursionError:
        pass
    raise InvalidArgument(_LOOP)


def _plain(value: Any) -> Any:
    """Return a value as one whose ``repr`` is the same in every process."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return sorted(((repr(_plain(key)), _plain(one)) for key, one in value.items()), key=_name)
    if isinstance(value, (set, frozenset)):
        return sorted((_plain(one) for one in value), key=repr)
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value


def _name(pair: tuple[str, Any]) -> str:
    return pair[0]
