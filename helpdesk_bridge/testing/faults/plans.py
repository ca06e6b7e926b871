"""The faults that the proxy can cause, each after a given number of bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from enum import Enum

from attrs import field, frozen
from attrs.validators import ge

from helpdesk_bridge.testing.faults.loopback import End, size_of, yield_once

__all__ = ["Cut", "Drip", "Fault", "Hold", "Insert", "Side"]


class Side(Enum):
    """Which bytes a fault counts."""

    REQUEST = "request"
    """What the client sends."""
    ANSWER = "answer"
    """What the client receives."""


@frozen
class Fault:
    """Something that happens to one direction after ``after`` of its bytes have passed.

    With ``after=0`` it happens when the first byte is about to pass. The base of the faults.
    """

    side: Side
    after: int = field(default=0, validator=ge(0))


@frozen
class Cut(Fault):
    """Ends the connection after exactly ``after`` bytes, for the client as ``by`` says.

    On the side of the request, exactly so many bytes are handed to the upstream, and no byte of
    an answer to them reaches the client (but what an upstream answers early). When they are the
    whole request, its answer is read first. On the side of the answer, exactly so many bytes reach
    the client; the upstream gets the whole request and its whole answer is read before the client
    is cut. So in both cases a vendor that got the whole request has certainly acted on it when the
    client notices.

    ``upstream`` is how the upstream's connection ends; HANG leaves it open.

    ``side`` is the direction, ``after`` how many of its bytes pass before.
    """

    by: End = field(default=End.FIN, kw_only=True)
    upstream: End = field(default=End.FIN, kw_only=True)


@frozen
class Hold(Fault):
    """Stops this direction until the event is set. Meanwhile nothing is read from its sender.

    ``side`` is the direction, ``after`` how many of its bytes pass before. ``until`` is the event.
    """

    until: asyncio.Event = field(kw_only=True)


@frozen
class Drip(Fault):
    """From here on ``size`` bytes at a time, with a ``pause`` after each piece.

    ``side`` is the direction, ``after`` how many of its bytes pass before.
    """

    size: int = field(default=1, kw_only=True, validator=ge(1))
    pause: Callable[[], Awaitable[object]] = field(default=yield_once, kw_only=True, repr=False)


@frozen
class Insert(Fault):
    """Passes bytes on that nobody sent. They are not counted.

    ``side`` is the direction, ``after`` how many of its bytes pass before. ``data`` is the bytes.
    """

    data: bytes = field(kw_only=True, repr=size_of)
