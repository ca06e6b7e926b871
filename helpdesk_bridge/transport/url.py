"""Addresses: one origin, checked segments, nothing that leads anywhere else."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from yarl import URL

from helpdesk_bridge.errors import ConfigurationError, InvalidArgument

__all__ = ["SLASH", "base_url", "check_header", "join"]


class _Slash(str):
    __slots__ = ()


SLASH = _Slash("/")
"""The end of a path that ends in a slash. Known by identity: no id that is "/" can pass for it."""

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_FORBIDDEN = frozenset('/\\?#%;"<>')


def base_url(text: str) -> URL:
    """Return the address a desk's credentials may be sent to.

    https is required except on loopback; user, query and fragment are refused.
    """
    try:
        url = URL(text)
        host, scheme = url.host, url.scheme
    except (ValueError, TypeError):
        url, host, scheme = URL(), None, ""
    parts = url.user or url.password or url.query_string or url.fragment
    if not host or scheme not in ("http", "https"):
        raise ConfigurationError(
            "base_url must be an address like https://help.example.com.", key="base_url"
        )
    if scheme == "http" and not _is_loopback(host):
        raise ConfigurationError(
            "base_url must be https: credentials would travel in clear.", key="base_url"
        )
    if parts or any(segment in (".", "..") for segment in url.parts):
        raise ConfigurationError(
            "base_url must be scheme, host, port and path only.", key="base_url"
        )
    # The raw path: decoding it and encoding it again would turn %2F into a separator.
    return url.with_path(url.raw_path.rstrip("/"), encoded=True)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def join(base: URL, path: Iterable[str], query: Iterable[tuple[str, str]] = ()) -> URL:
    """Return the address of ``path`` below ``base``; no segment can change the path's shape.

    A path that ends in :data:`SLASH` ends in a slash, which some APIs insist on.
    """
    parts = list(path)
    slash = [""] if parts and parts[-1] is SLASH else []
    segments = [_segment(part) for part in parts[: len(parts) - len(slash)]] + slash
    url = base.joinpath(*segments) if segments else base
    return url.with_query([(_clean(name), _clean(value)) for name, value in query])


def _segment(part: str) -> str:
    if (
        not isinstance(part, str)
        or not part
        or part in (".", "..")
        or not part.isprintable()
        or _FORBIDDEN.intersection(part)
    ):
        raise InvalidArgument("an id or path segment holds characters that cannot be part of one.")
    return part


def _clean(text: str) -> str:
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise InvalidArgument("a query holds a NUL character or half a surrogate pair.")
    return text


def check_header(name: str, value: str) -> str:
    """Return a header value that is printable ASCII without surrounding blanks, or raise."""
    if not _TOKEN.fullmatch(name):  # aiohttp sends a name with a blank or a colon in it as it is
        raise InvalidArgument("the name of a header is empty or holds forbidden characters.")
    if not value or value != value.strip() or not (value.isascii() and value.isprintable()):
        raise InvalidArgument(f"the value of header {name} is empty or holds forbidden characters.")
    return value
