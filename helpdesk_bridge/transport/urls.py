"""Addresses: one origin, checked segments, nothing that leads anywhere else."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from urllib.parse import quote, quote_plus

from yarl import URL

from helpdesk_bridge.errors import ConfigurationError, InvalidArgument, UnsafeURL

__all__ = [
    "SLASH",
    "base_url",
    "check_file_host",
    "check_header",
    "file_url",
    "is_loopback",
    "is_proxy",
    "is_public",
    "join",
    "redirected",
    "same_origin",
    "user_of",
]


class _Slash(str):
    __slots__ = ()


SLASH = _Slash("/")
"""The end of a path that ends in a slash. Known by identity: no id that is "/" can pass for it."""

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_FORBIDDEN = frozenset('/\\?#%;"<>')
_PLAIN = "!$&'()*+,:=@"
"""What a segment may hold as it is, besides letters, digits, "-", ".", "_" and "~" (RFC 3986)."""
_PLAIN_IN_QUERY = "!$'()*,/:?@"
_FILE_URL = re.compile(r"https?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]+)?(?:[/?#].*)?")
_LONGEST = 16 * 1024
"""Characters of an address; to read the host of a very long one takes its time."""
_NOT_A_URL = (ValueError, TypeError, IndexError)
"""What yarl raises for a text that is none; IndexError (yarl 1.25) for ``http://]@``."""
_INTERNET_V6 = ipaddress.IPv6Network("2000::/3")


def base_url(text: str) -> URL:
    """Return the address a desk's credentials may be sent to.

    https is required except on loopback; user, query and fragment are refused.

    ``text`` is the address as it is configured; ConfigurationError for one that is not acceptable.
    """
    try:
        url = URL(text)
        host, scheme = url.host, url.scheme
    except _NOT_A_URL:
        url, host, scheme = URL(), None, ""
    parts = url.user or url.password or url.query_string or url.fragment
    if not host or scheme not in ("http", "https"):
        raise ConfigurationError(
            "base_url must be an address like https://help.example.com.", key="base_url"
        )
    if scheme == "http" and not is_loopback(host):
        raise ConfigurationError(
            "base_url must be https: credentials would travel in clear.", key="base_url"
        )
    if parts or any(segment in (".", "..") for segment in url.parts):
        raise ConfigurationError(
            "base_url must be scheme, host, port and path only.", key="base_url"
        )
    # The raw path: decoding it and encoding it again would turn %2F into a separator.
    return url.with_path(url.raw_path.rstrip("/"), encoded=True)


def is_proxy(text: object) -> bool:
    """Say whether ``text`` is the address of a proxy: scheme, host and port, perhaps with a user.

    It may hold a password, and is not to be shown.
    """
    if not isinstance(text, str) or not text.isprintable() or " " in text:
        return False
    try:
        url = URL(text)
        named = url.scheme in ("http", "https") and url.host and url.port
    except _NOT_A_URL:
        return False
    return bool(named) and url.path in ("", "/") and not (url.query_string or url.fragment)


def is_loopback(host: str) -> bool:
    """Say whether ``host`` names this machine: ``localhost`` or a loopback address."""
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
    end = "/" if parts and parts[-1] is SLASH else ""
    if end:
        parts.pop()
    encoded = base.raw_path.rstrip("/")
    for part in parts:
        # Almost all are plain: to ask here costs less than a call.
        plain = type(part) is str and part.isascii() and part.isalnum()
        encoded += "/" + (part if plain else _segment(part))
    return URL.build(
        scheme=base.scheme,
        authority=base.raw_authority,
        path=encoded + end,
        query_string="&".join([f"{_queried(name)}={_queried(value)}" for name, value in query]),
        encoded=True,
    )


def _segment(part: str) -> str:
    """Return a segment as it stands in an address, or raise InvalidArgument."""
    if (
        not isinstance(part, str)
        or not part
        or part in (".", "..")
        or not part.isprintable()
        or _FORBIDDEN.intersection(part)
    ):
        raise InvalidArgument(
            "an id or path segment holds characters that cannot be part of one: a path is given"
            ' segment by segment, as "tickets", "17"; parameters go into query=.'
            if isinstance(part, str) and {"/", "?"}.intersection(part)
            else "an id or path segment holds characters that cannot be part of one."
        )
    return quote(part, safe=_PLAIN)


def _queried(text: str) -> str:
    """Return a name or a value as it stands in a query, or raise InvalidArgument."""
    if text.isascii() and text.isalnum():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        text = "\0"
    if "\0" in text:
        raise InvalidArgument("a query holds a NUL character or half a surrogate pair.")
    return quote_plus(text, safe=_PLAIN_IN_QUERY)


def same_origin(target: URL, base: URL) -> bool:
    """Say whether ``target`` is on the scheme, host and port of ``base``.

    An address with a name or password is not: they would take the place of the desk's own.
    """
    return (target.scheme, target.host, target.port, target.user, target.password) == (
        base.scheme,
        base.host,
        base.port,
        None,
        None,
    )


def redirected(url: URL, location: str) -> URL:
    """Return where a redirect from ``url`` leads: an empty address when ``location`` is none."""
    try:
        return _readable(url.join(URL(location))) if len(location) <= _LONGEST else URL()
    except _NOT_A_URL:
        return URL()


def _readable(url: URL) -> URL:
    """Return ``url``; ValueError for a host that yarl takes and cannot read, such as ``xn--``."""
    _ = url.host
    return url


def file_url(text: str) -> URL:
    """Return the address of a file as a vendor gave it, or raise UnsafeURL.

    It is absolute, http or https, and its host is written in plain ASCII: no user, no backslash,
    no blank, nothing that two readers could take for two hosts.
    """
    try:
        plain = text.isprintable() and not {" ", "\\"}.intersection(text)
        if plain and len(text) <= _LONGEST and _FILE_URL.fullmatch(text):
            return _readable(URL(text))
    except (*_NOT_A_URL, AttributeError):
        pass
    raise UnsafeURL("the address that the vendor gives for a file is not a plain https address.")


def check_file_host(url: URL, base: URL, hosts: Collection[str]) -> None:
    """Raise UnsafeURL unless files may be read at ``url``, which is not on the desk's own origin.

    The scheme is https and the host one of ``hosts`` or below it. A host that is an address is
    refused, and so is this machine, unless the desk itself is on it over http (a fake, in tests).
    """
    host = url.host or ""
    near = base.scheme == "http" and url.scheme == "http" and is_loopback(host)
    if not any(host == one or host.endswith(f".{one}") for one in hosts):
        raise UnsafeURL("a file is on a host that this adapter does not take files from.")
    if not near and (url.scheme != "https" or is_loopback(host) or _is_address(host)):
        raise UnsafeURL("a file is not on a public host over https.")
    if url.user is not None or url.password is not None:
        raise UnsafeURL("the address of a file holds a name or a password.")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def is_public(address: str) -> bool:
    """Say whether an IP address is one of the public Internet.

    Not public are private, shared, link-local (the metadata of clouds), loopback, multicast and
    reserved ones, and IPv6 addresses that stand for an IPv4 one (mapped, NAT64, 6to4, Teredo).
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and (
        ip not in _INTERNET_V6 or ip.sixtofour is not None
    ):
        return False
    return ip.is_global and not ip.is_multicast


def check_header(name: str, value: str) -> str:
    """Return a header value that is printable ASCII without surrounding blanks, or raise.

    ``name`` is the header's name, ``value`` its value; InvalidArgument for what no header can
    carry.
    """
    if not _is_token(name):  # aiohttp sends a name with a blank or a colon in it as it is
        raise InvalidArgument("the name of a header is empty or holds forbidden characters.")
    clean = value and value.isascii() and value.isprintable()
    if not clean or value[0] == " " or value[-1] == " ":
        raise InvalidArgument(f"the value of header {name} is empty or holds forbidden characters.")
    return value


@lru_cache  # the names of headers are few, and nobody's secret
def _is_token(name: str) -> bool:
    return bool(_TOKEN.fullmatch(name))


def user_of(address: str) -> tuple[str, str]:
    """Return the name and the password in ``address`` as they stand there; "" where is none."""
    authority = re.split(r"[/?#\\]", address.partition("://")[2] or address, maxsplit=1)[0]
    name, _, password = authority.rpartition("@")[0].partition(":")
    return name, password
