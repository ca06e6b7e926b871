"""Turn the exceptions of aiohttp, the system and the TLS library into errors of ours."""

from __future__ import annotations

import errno
import ssl

import aiohttp

from helpdesk_bridge import errors
from helpdesk_bridge.errors import Cause, HelpdeskError, Outcome, Reason
from helpdesk_bridge.errors.frames import forget_locals
from helpdesk_bridge.transport.http.connector import SecondTry, SpokeFirst
from helpdesk_bridge.transport.http.one_answer import (
    MAX_HEAD,
    MAX_INTERIM,
    HeadTooLarge,
    TooManyInterim,
)
from helpdesk_bridge.transport.outcome import judge
from helpdesk_bridge.transport.rate_headers import retry_after

__all__ = ["failure_for", "no_answer", "refused_away"]


_CONNECT: tuple[tuple[type[BaseException], Reason, str], ...] = (
    (
        aiohttp.ClientConnectorCertificateError,
        Reason.CERTIFICATE,
        "the server's TLS certificate was not accepted",
    ),
    (ssl.SSLError, Reason.TLS, "no TLS connection could be made"),
    (aiohttp.ClientSSLError, Reason.TLS, "no TLS connection could be made"),
    (
        aiohttp.ClientConnectorDNSError,
        Reason.HOST_NOT_FOUND,
        "the host name of base_url cannot be resolved",
    ),
    (aiohttp.ClientProxyConnectionError, Reason.PROXY, "the proxy cannot be reached"),
    (aiohttp.ClientHttpProxyError, Reason.PROXY, "the proxy refused the connection"),
    (
        aiohttp.ConnectionTimeoutError,
        Reason.CONNECT_TIMEOUT,
        "the host did not accept a connection in time",
    ),
    (
        aiohttp.ServerFingerprintMismatch,
        Reason.CERTIFICATE,
        "the server's TLS certificate is not the expected one",
    ),
    (
        SpokeFirst,
        Reason.BAD_HTTP,
        "the host speaks before it is asked, as no web server does: check base_url",
    ),
    (aiohttp.ClientConnectorError, Reason.NO_CONNECTION, "no connection to the host could be made"),
    (OSError, Reason.NO_CONNECTION, "no connection to the host could be made"),
)

_FOR_GOOD = (
    aiohttp.ClientConnectorCertificateError,
    aiohttp.ServerFingerprintMismatch,
    aiohttp.ClientHttpProxyError,
)
"""What another attempt would meet again."""

_AFTER: tuple[tuple[type[BaseException], type[HelpdeskError], Reason, str], ...] = (
    (
        aiohttp.SocketTimeoutError,
        errors.VendorUnavailable,
        Reason.SILENCE,
        "the vendor fell silent",
    ),
    (
        aiohttp.ClientPayloadError,
        errors.TruncatedBody,
        Reason.TRUNCATED,
        "the answer ends before its announced end",
    ),
    (
        aiohttp.ServerDisconnectedError,
        errors.VendorUnavailable,
        Reason.DROPPED,
        "the connection was dropped",
    ),
    (SecondTry, errors.VendorUnavailable, Reason.DROPPED, "the connection was dropped"),
    (OSError, errors.VendorUnavailable, Reason.DROPPED, "the connection broke"),
    (aiohttp.ClientError, errors.VendorUnavailable, Reason.DROPPED, "the connection failed"),
)


_SHORTER = "have what stands before the helpdesk send fewer or shorter ones"
_HEADS = (
    (
        HeadTooLarge,
        f"the headers of the answer are over the limit of {MAX_HEAD // 1024} KiB: {_SHORTER}",
    ),
    (
        TooManyInterim,
        f"more than {MAX_INTERIM} interim answers (1xx) came, and no answer",
    ),
)
"""What is wrong with the head of an answer, where that is known."""


def failure_for(error: BaseException, *, bytes_sent: bool, kept: bool = False) -> HelpdeskError:
    """Return our error for an exception of aiohttp, the system or the TLS library.

    Of the exception itself it keeps a :class:`~helpdesk_bridge.errors.Cause`.

    ``bytes_sent`` is whether a byte of the request may have left. ``kept`` is whether its
    connection had carried another request before: what came may then belong to that one.
    """
    failure = _translated(error, bytes_sent=bytes_sent, kept=kept)
    failure.__cause__ = Cause.of(error)
    forget_locals(error)  # aiohttp keeps it with the answer, and with it all that was read of that
    return failure


def _translated(error: BaseException, *, bytes_sent: bool, kept: bool) -> HelpdeskError:
    outcome = judge(bytes_sent=bytes_sent)
    if isinstance(error.__cause__, errors.InvalidArgument):  # a file that changed meanwhile
        return errors.InvalidArgument(error.__cause__.message, outcome=outcome)
    if not bytes_sent:
        return _not_begun(error)
    if isinstance(error, aiohttp.ClientResponseError):
        # aiohttp reports a malformed answer as "400 Bad Request": the request may well be done.
        told = next((said for kind, said in _HEADS if isinstance(error.__cause__, kind)), None)
        return errors.ProtocolError(
            f"{told or 'the answer is not proper HTTP'}.",
            outcome=outcome,
            reason=Reason.BAD_HTTP,
            retryable=kept and told is None,
        )
    for kind, made, reason, sentence in _AFTER:
        if isinstance(error, kind):
            return made(f"{sentence}.", outcome=outcome, reason=reason)
    return errors.ProtocolError(
        "the answer could not be read.", outcome=outcome, reason=Reason.BAD_HTTP
    )


def _not_begun(error: BaseException) -> HelpdeskError:
    """Return the error for a request of which no byte has left."""
    for kind, reason, sentence in _CONNECT:
        if isinstance(error, kind):
            if reason is Reason.NO_CONNECTION and getattr(error, "errno", 0) == errno.ECONNREFUSED:
                reason = Reason.CONNECTION_REFUSED
            return errors.ConnectFailed(
                f"{sentence}.",
                outcome=Outcome.NOT_SENT,
                reason=reason,
                retryable=not isinstance(error, _FOR_GOOD),
            )
    if isinstance(error, (ValueError, TypeError)):
        return errors.InvalidArgument("the request cannot be put into HTTP.")
    return errors.ConnectFailed("the request could not be started.", outcome=Outcome.NOT_SENT)


def no_answer(answer: aiohttp.ClientResponse) -> HelpdeskError:
    """Return the error for a status below 200; the connection is of no more use.

    aiohttp skips interim answers, but not 101 (Switching Protocols), which nobody asked for, and
    no number below 100, which HTTP does not have (RFC 9110, section 15).
    """
    answer.close()
    return errors.ProtocolError(
        f"the vendor answered with status {answer.status:03}, which is no answer to a request.",
        reason=Reason.BAD_HTTP,
    )


def refused_away(answer: aiohttp.ClientResponse) -> HelpdeskError:
    """Return the error for a file that its host does not give; the status is filled in later."""
    if answer.status in (401, 403, 404, 410):  # 403 is also S3's word for a file that is gone
        return errors.NotFound("the file is not there any more, or its address has expired.")
    if answer.status == 429 or answer.status >= 500:
        return errors.VendorUnavailable(
            "the file's host failed to answer properly.", retry_after=retry_after(answer.headers)
        )
    return errors.ProtocolError("the file's host answered with neither a file nor an error.")
