"""The transport options of a desk, the same for every vendor: times, sizes and limits."""

from __future__ import annotations

import math
import ssl
from collections.abc import Callable
from typing import Any, Self

from attrs import field, fields, frozen

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.errors.frames import sealed
from helpdesk_bridge.transport.rate_limits import WRITTEN, Limiter, Rate
from helpdesk_bridge.transport.urls import is_proxy, user_of

__all__ = ["CHECK", "TransportOptions", "allowed_per_second"]

CHECK = "helpdesk_bridge.check"
"""The key of a field's metadata under which its check is: it says what is wrong with a value."""


def _seconds(given: Any) -> Any:
    """Return a number of seconds as a float; what is none is refused by its check."""
    if isinstance(given, (str, bytes, bool)):
        return given
    try:
        return float(given)
    except (TypeError, ValueError, OverflowError):
        return given


def _is_time(value: object) -> str:
    fits = isinstance(value, float) and value > 0
    return "" if fits else "must be a number of seconds above zero"


def _is_finite_time(value: object) -> str:
    """Refuse infinity, too, with which aiohttp makes no connection."""
    return _is_time(value) or ("must be a number that is finite" if value == math.inf else "")


def _is_count(value: object) -> str:
    fits = isinstance(value, int) and not isinstance(value, bool) and value > 0
    return "" if fits else "must be a whole number above zero"


def _is_rate(value: object) -> str:
    try:
        if value is not None:
            Rate.parse(value)  # type: ignore[arg-type]  # whatever was given
    except InvalidArgument:
        return WRITTEN
    return ""


def _is_limiter(value: object) -> str:
    fits = value is None or (isinstance(value, Limiter) and not isinstance(value, type))
    return "" if fits else "must be an object with acquire and release"


def _is_proxy(value: object) -> str:
    fits = value is None or is_proxy(value)
    return "" if fits else "must be a URL like http://proxy.example:3128"


def _is_context(value: object) -> str:
    fits = value is None or isinstance(value, ssl.SSLContext)
    return "" if fits else "must be an ssl.SSLContext"


def _option(
    default: Any,
    check: Callable[[object], str],
    converter: Callable[[Any], Any] | None = None,
    *,
    repr: bool = True,  # noqa: A002 - the name that attrs has for it
) -> Any:
    return field(default=default, converter=converter, metadata={CHECK: check}, repr=repr)


@sealed
@frozen(kw_only=True)
class TransportOptions:
    """The options of a desk's requests; a value that is not acceptable is InvalidArgument.

    With a proxy's name or password they cannot be pickled, which is a TypeError.
    """

    deadline: float = _option(60.0, _is_time, _seconds)
    """Seconds for a whole call: all its requests, every wait and every attempt. A download has
    them up to its first byte."""
    connect: float = _option(10.0, _is_finite_time, _seconds)
    """Seconds for making a connection, TLS included."""
    read_gap: float = _option(30.0, _is_time, _seconds)
    """Seconds of silence that are borne within an answer."""
    max_attempts: int = _option(3, _is_count)
    """How often a request is sent in all if it fails in a way that allows it; 1: never again."""
    concurrency: int = _option(8, _is_count)
    """How many requests of the desk may be under way at once."""
    rate_limit: str | None = _option(None, _is_rate)
    """What the vendor allows, as in ``"400/minute"`` or ``"10/second, 1000/hour"``; it holds for
    this desk in this process. None: only the vendor's own 429 holds requests back."""
    limiter: Limiter | None = _option(None, _is_limiter)
    """A rate limit that is shared with others; it holds beside ``rate_limit``. None: no such."""
    max_body: int = _option(16 * 1024 * 1024, _is_count)
    """How many bytes an answer may have once it is decoded."""
    proxy: str | None = _option(None, _is_proxy, repr=False)
    """The URL of a proxy, such as ``http://proxy.example:3128``, with a name and a password if it
    wants them; None: no proxy. Those of the environment and ``.netrc`` are not used."""
    tls: ssl.SSLContext | None = _option(None, _is_context)
    """An SSLContext that trusts a private CA; None: the usual verification. Verification cannot be
    disabled."""

    def __attrs_post_init__(self) -> None:
        for option in fields(TransportOptions):
            trouble = option.metadata[CHECK](getattr(self, option.name))
            if trouble:
                raise InvalidArgument(f"the transport option {option.name} {trouble}.")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce_ex__(self, protocol: Any) -> Any:
        if self.proxy is not None and any(user_of(self.proxy)):
            raise TypeError("options with a proxy's password cannot be pickled")
        return object.__reduce_ex__(self, protocol)


def allowed_per_second(options: TransportOptions) -> float | None:
    """Return how many requests a second a feed may make by the rate limits, beside the reserve.

    It is the tightest of the rates of ``rate_limit`` and of a ``limiter`` that tells its ``rates``,
    as those of this library do. What others use, and that a permit counts until a period after the
    answer, makes it less.

    Args:
        options: those of a desk.

    Returns:
        Requests a second; None: no rate is known.
    """
    own = () if options.rate_limit is None else Rate.parse(options.rate_limit)
    rates = (*own, *getattr(options.limiter, "rates", ()))
    return min((rate.yielding / rate.period for rate in rates), default=None)
