"""What is the same for every vendor: times, sizes and limits of a desk's requests."""

from __future__ import annotations

import ssl

from attrs import field, frozen

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.transport.rate_limits import Limiter, Rate

__all__ = ["TransportOptions"]


@frozen(kw_only=True)
class TransportOptions:
    """What is the same for every vendor. Times are in seconds, sizes in bytes.

    ``deadline`` covers a whole call with all it has to ask for (of a download: up to its first
    byte), with every wait and every attempt; ``connect`` one connection with TLS, ``read_gap`` the
    longest silence within an answer. ``max_attempts`` is how often a request is sent in all when
    it fails in a way that allows it (1: never again), ``concurrency`` how many are under way at
    once, ``max_body`` the decoded size of an answer. ``rate_limit`` is what the vendor allows, as
    in ``"400/minute"`` or ``"10/second, 1000/hour"``; None is no limit but the vendor's own 429.
    It holds for this desk in this process; ``limiter`` is one that is shared with others.
    ``proxy`` is a URL; the environment's proxies and ``.netrc`` are never used. ``tls`` takes the
    place of the usual verification of the vendor's certificate, for an authority of one's own;
    there is no switch to do without.
    """

    deadline: float = field(default=60.0, converter=float)
    connect: float = field(default=10.0, converter=float)
    read_gap: float = field(default=30.0, converter=float)
    max_attempts: int = 3
    concurrency: int = 8
    rate_limit: str | None = None
    limiter: Limiter | None = None
    max_body: int = 16 * 1024 * 1024
    proxy: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = None

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
