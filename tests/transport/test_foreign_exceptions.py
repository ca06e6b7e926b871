"""Each exception of aiohttp and the system becomes a deliberately chosen error of ours."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from multidict import CIMultiDict
from yarl import URL

from helpdesk_bridge import errors
from helpdesk_bridge.errors import Outcome
from helpdesk_bridge.transport.http.failures import failure_for

_KEY = SimpleNamespace(host="canary.example", port=443, is_ssl=True, ssl=True)
_INFO: Any = SimpleNamespace(
    real_url=URL("https://canary.example/?token=canary"),
    headers=CIMultiDict({"Authorization": "canary"}),
    method="GET",
)


def _plain(kind: type[BaseException]) -> BaseException:
    return kind("canary")


def _connector(kind: Any) -> BaseException:
    return kind(_KEY, OSError(1, "canary"))  # type: ignore[no-any-return]


def _response(kind: Any) -> BaseException:
    return kind(_INFO, (), status=400, message="canary")  # type: ignore[no-any-return]


def _unix(kind: Any) -> BaseException:
    return kind("/canary", _KEY, OSError(1, "canary"))  # type: ignore[no-any-return]


def _fingerprint(kind: Any) -> BaseException:
    return kind(b"canary", b"canary", "canary", 1)  # type: ignore[no-any-return]


_CONNECT, _ARGUMENT = errors.ConnectFailed, errors.InvalidArgument
_DOWN, _BAD, _CUT = errors.VendorUnavailable, errors.ProtocolError, errors.TruncatedBody

Make = Callable[[Any], BaseException]
CHOSEN: dict[str, tuple[Make, type[errors.HelpdeskError], type[errors.HelpdeskError]]] = {
    # the exception: how it is made, ours before a byte was sent, ours after
    "ClientConnectionError": (_plain, _CONNECT, _DOWN),
    "ClientConnectionResetError": (_plain, _CONNECT, _DOWN),
    "ClientConnectorCertificateError": (_connector, _CONNECT, _DOWN),
    "ClientConnectorDNSError": (_connector, _CONNECT, _DOWN),
    "ClientConnectorError": (_connector, _CONNECT, _DOWN),
    "ClientConnectorSSLError": (_connector, _CONNECT, _DOWN),
    "ClientHttpProxyError": (_response, _CONNECT, _BAD),
    "ClientOSError": (_plain, _CONNECT, _DOWN),
    "ClientPayloadError": (_plain, _CONNECT, _CUT),
    "ClientProxyConnectionError": (_connector, _CONNECT, _DOWN),
    "ClientResponseError": (_response, _CONNECT, _BAD),
    "ClientSSLError": (_connector, _CONNECT, _DOWN),
    "ConnectionTimeoutError": (_plain, _CONNECT, _DOWN),
    "ContentTypeError": (_response, _CONNECT, _BAD),
    "InvalidURL": (_plain, _ARGUMENT, _DOWN),
    "InvalidUrlClientError": (_plain, _ARGUMENT, _DOWN),
    "InvalidUrlRedirectClientError": (_plain, _ARGUMENT, _DOWN),
    "NonHttpUrlClientError": (_plain, _CONNECT, _DOWN),
    "NonHttpUrlRedirectClientError": (_plain, _CONNECT, _DOWN),
    "RedirectClientError": (_plain, _CONNECT, _DOWN),
    "ServerConnectionError": (_plain, _CONNECT, _DOWN),
    "ServerDisconnectedError": (_plain, _CONNECT, _DOWN),
    "ServerFingerprintMismatch": (_fingerprint, _CONNECT, _DOWN),
    "ServerTimeoutError": (_plain, _CONNECT, _DOWN),
    "SocketTimeoutError": (_plain, _CONNECT, _DOWN),
    "TooManyRedirects": (_response, _CONNECT, _BAD),
    "UnixClientConnectorError": (_unix, _CONNECT, _DOWN),
    "UploadAbortedError": (_plain, _CONNECT, _DOWN),
    "WSServerHandshakeError": (_response, _CONNECT, _BAD),
}

FOREIGN: dict[str, tuple[BaseException, type[errors.HelpdeskError], type[errors.HelpdeskError]]] = {
    "OSError": (OSError(1, "canary"), _CONNECT, _DOWN),
    "TimeoutError": (TimeoutError("canary"), _CONNECT, _DOWN),
    "ConnectionResetError": (ConnectionResetError("canary"), _CONNECT, _DOWN),
    "SSLError": (ssl.SSLError("canary"), _CONNECT, _DOWN),
    "ValueError": (ValueError("canary"), _ARGUMENT, _BAD),
    "TypeError": (TypeError("canary"), _ARGUMENT, _BAD),
    "UnicodeEncodeError": (UnicodeEncodeError("ascii", "canary", 0, 1, "x"), _ARGUMENT, _BAD),
    "RuntimeError": (RuntimeError("canary"), _CONNECT, _BAD),
}


def _family(kind: type[BaseException]) -> Iterator[type[BaseException]]:
    for one in kind.__subclasses__():
        if one.__module__.startswith("aiohttp"):
            yield one
            yield from _family(one)


ALL = {kind.__name__: kind for kind in _family(aiohttp.ClientError)}


def test_every_exception_of_aiohttp_has_been_thought_about() -> None:
    assert set(ALL) == set(CHOSEN)


@pytest.mark.parametrize("name", CHOSEN)
def test_before_a_byte_is_sent_the_chosen_error_says_not_sent(name: str) -> None:
    make, before, _ = CHOSEN[name]
    failure = failure_for(make(ALL[name]), bytes_sent=False)
    assert (type(failure), failure.outcome) == (before, Outcome.NOT_SENT)


@pytest.mark.parametrize("name", CHOSEN)
def test_once_bytes_are_sent_the_chosen_error_says_unknown(name: str) -> None:
    make, _, after = CHOSEN[name]
    failure = failure_for(make(ALL[name]), bytes_sent=True)
    assert (type(failure), failure.outcome) == (after, Outcome.UNKNOWN)


@pytest.mark.parametrize("name", CHOSEN)
@pytest.mark.parametrize("bytes_sent", [True, False])
def test_nothing_of_the_foreign_exception_is_in_ours(name: str, bytes_sent: bool) -> None:
    failure = failure_for(CHOSEN[name][0](ALL[name]), bytes_sent=bytes_sent)
    assert "canary" not in f"{failure!s}{failure!r}{vars(failure)}"


@pytest.mark.parametrize("name", FOREIGN)
def test_exceptions_of_the_system_become_ours_as_well(name: str) -> None:
    error, before, after = FOREIGN[name]
    assert type(failure_for(error, bytes_sent=False)) is before
    assert type(failure_for(error, bytes_sent=True)) is after


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("ClientConnectorCertificateError", "certificate"),
        ("ClientConnectorSSLError", "TLS"),
        ("ClientConnectorDNSError", "host name"),
        ("ClientProxyConnectionError", "proxy"),
        ("ClientHttpProxyError", "proxy"),
        ("ConnectionTimeoutError", "in time"),
        ("ServerFingerprintMismatch", "certificate"),
    ],
)
def test_a_failed_connection_says_which_part_failed(name: str, word: str) -> None:
    assert word in str(failure_for(CHOSEN[name][0](ALL[name]), bytes_sent=False))


def test_a_malformed_answer_is_never_reported_as_the_vendors_400() -> None:
    assert failure_for(_response(aiohttp.ClientResponseError), bytes_sent=True).status is None
