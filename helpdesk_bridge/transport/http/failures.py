"""Turn the exceptions of aiohttp, the system and the TLS library into errors of ours."""

from __future__ import annotations

import errno
import ssl

import aiohttp

from helpdesk_bridge import errors
from helpdesk_bridge.errors import Cause, HelpdeskError, Reason
from helpdesk_bridge.transport.http.connector import SecondTry
from helpdesk_bridge.transport.outcome import judge
from helpdesk_bridge.transport.rate_headers import retry_after

__all__ = ["failure_for", "refused_away"]

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
    # aiohttp reports a malformed answer as "400 Bad Request": the request may well be done.
    (
        aiohttp.ClientResponseError,
        errors.ProtocolError,
        Reason.BAD_HTTP,
        "the answer is not proper HTTP",
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


def failure_for(error: BaseException, *, bytes_sent: bool) -> HelpdeskError:
    """Return our error for an exception of aiohttp, the system or the TLS library.

    Of the exception itself it keeps a :class:`~helpdesk_bridge.errors.Cause`.
    """
    failure = _translated(error, bytes_sent=bytes_sent)
    failure.__cause__ = Cause.of(error)
    return failure


def _translated(error: BaseException, *, bytes_sent: bool) -> HelpdeskError:
    outcome = judge(bytes_sent=bytes_sent)
    if isinstance(error.__cause__, errors.InvalidArgument):  # a file that changed meanwhile
        return errors.InvalidArgument(error.__cause__.message, outcome=outcome)
    if not bytes_sent:
        for kind, reason, sentence in _CONNECT:
            if isinstance(error, kind):
                if (
                    reason is Reason.NO_CONNECTION
                    and getattr(error, "errno", None) == errno.ECONNREFUSED
                ):
                    reason = Reason.CONNECTION_REFUSED
                return errors.ConnectFailed(
                    f"{sentence}.",
                    outcome=outcome,
                    reason=reason,
                    retryable=not isinstance(error, _FOR_GOOD),
                )
        if isinstance(error, (ValueError, TypeError)):
            return errors.InvalidArgument("the request cannot be put into HTTP.")
        return errors.ConnectFailed("the request could not be started.", outcome=outcome)
    for kind, made, reason, sentence in _AFTER:
        if isinstance(error, kind):
            return made(f"{sentence}.", outcome=outcome, reason=reason)
    return errors.ProtocolError(
        "the answer could not be read.", outcome=outcome, reason=Reason.BAD_HTTP
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
