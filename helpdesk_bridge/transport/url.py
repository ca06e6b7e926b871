"""Addresses: one origin, checked segments, nothing that leads anywhere else."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from yarl import URL

from helpdesk_bridge.errors import ConfigurationError, InvalidArgument

__all__ = ["base_url", "check_header", "join"]

_FORBIDDEN = frozenset('/\\?#%;"<>')


def base_url(text: str) -> URL:
    """Return the address a desk's credentials may be sent to.

    https is required except on loopback; user, query and fragment are refused.
    """
    try:
        url = URL(text)
        host, scheme = url.host, url.scheme
        parts = bool(url.user or url.password or url.query_string or url.fragment)
    except (ValueError, TypeError):
        host, scheme, parts = None, "", False
    if not host or scheme not in ("http", "https"):
        raise ConfigurationError("base_url must be an address like https://…", key="base_url")
    if scheme == "http" and not _is_loopback(host):
        raise ConfigurationError(
            "base_url must be https: credentials would travel in clear", key="base_url"
        )
    if parts or any(segment in (".", "..") for segment in url.parts):
        raise ConfigurationError(
            "base_url must be scheme, host, port and path only", key="base_url"
        )
    return url.with_path(url.path.rstrip("/"))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def join(base: URL, path: Iterable[str], query: Iterable[tuple[str, str]] = ()) -> URL:
    """Return the address of ``path`` below ``base``; no segment can change the path's shape."""
    segments = [_segment(part) for part in path]
    url = base.joinpath(*segments) if segments else base
    return url.with_query([(name, _clean(value)) for name, value in query])


def _segment(part: str) -> str:
    if (
        not isinstance(part, str)
        or not part
        or part in (".", "..")
        or not part.isprintable()
        or _FORBIDDEN.intersection(part)
    ):
        raise InvalidArgument("an id or path segment holds characters that cannot be part of one")
    return part


def _clean(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidArgument("a query value holds half a surrogate pair") from None
    if "\0" in value:
        raise InvalidArgument("a query value holds a NUL character")
    return value


def check_header(name: str, value: str) -> str:
    """Return a header value that is printable ASCII without surrounding blanks, or raise."""
    if not value or value != value.strip() or not (value.isascii() and value.isprintable()):
        raise InvalidArgument(f"the value of header {name} is empty or holds forbidden characters")
    return value
