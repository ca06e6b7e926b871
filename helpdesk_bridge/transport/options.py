"""The transport options of a desk, the same for every vendor: times, sizes and limits."""

from __future__ import annotations

import ssl

from attrs import field, frozen

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.errors.frames import sealed
from helpdesk_bridge.transport.rate_limits import Limiter, Rate

__all__ = ["TransportOptions"]


@sealed
@frozen(kw_only=True)
class TransportOptions:
    """The options of a desk's requests; a value that is not acceptable is InvalidArgument."""

    deadline: float = field(default=60.0, converter=float)
    """Seconds for a whole call: all its requests, every wait and every attempt. A download has
    them up to its first byte."""
    connect: float = field(default=10.0, converter=float)
    """Seconds for making a connection, TLS included."""
    read_gap: float = field(default=30.0, converter=float)
    """Seconds of silence that are borne within an answer."""
    max_attempts: int = 3
    """How often a request is sent in all if it fails in a way that allows it; 1: never again."""
    concurrency: int = 8
    """How many requests of the desk may be under way at once."""
    rate_limit: str | None = None
    """What the vendor allows, as in ``"400/minute"`` or ``"10/second, 1000/hour"``; it holds for
    this desk in this process. None: only the vendor's own 429 holds requests back."""
    limiter: Limiter | None = None
    """A rate limit that is shared with others; it holds beside ``rate_limit``. None: no such."""
    max_body: int = 16 * 1024 * 1024
    """How many bytes an answer may have once it is decoded."""
    proxy: str | None = field(default=None, repr=False)
    """The URL of a proxy; None: no proxy. Those of the environment and ``.netrc`` are not used."""
    tls: ssl.SSLContext | None = None
    """An SSLContext that trusts a private CA; None: the usual verification. Verification cannot be
    disabled."""

    def __attrs_post_init__(self) -> None:
        for name in ("deadline", "connect", "read_gap", "max_attempts", "concurrency", "max_body"):
            if not getattr(self, name) > 0:
                raise InvalidArgument(f"the transport option {name} must be above zero.")
        if self.rate_limit is not None:
            Rate.parse(self.rate_limit)
        if self.limiter is not None and not isinstance(self.limiter, Limiter):
            raise InvalidArgument("the transport option limiter needs acquire and release.")
        if self.tls is not None and not isinstance(self.tls, ssl.SSLContext):
            raise InvalidArgument("the transport option tls is an ssl.SSLContext.")
