"""From an error to what is wrong and what to do about it: tables and pure functions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

from attrs import frozen

from helpdesk_bridge import errors
from helpdesk_bridge.errors import HelpdeskError

__all__ = ["CheckResult", "Finding", "Trouble", "classify", "clock", "diagnose", "skew_of"]

_TOLERANCE = timedelta(seconds=60)


class CheckResult(StrEnum):
    """How a check ended."""

    OK = "ok"
    WRONG = "wrong"
    UNCHECKED = "not checked"


class Trouble(StrEnum):
    """What can be wrong with a desk."""

    SETTING = "missing or wrong setting"
    HOST = "wrong host name"
    CONNECTION = "no connection"
    TLS = "TLS trouble"
    PROXY = "proxy trouble"
    CREDENTIALS = "wrong credentials"
    RIGHT = "missing right"
    ADDRESS = "wrong base_url"
    RATE_LIMIT = "rate limit"
    TIMEOUT = "timeout"
    CLOCK = "wrong clock"
    VENDOR = "the vendor fails"
    ANSWER = "unexpected answer"
    ADAPTER = "broken adapter"


@frozen(kw_only=True)
class Finding:
    """One line of the doctor's: what was checked, how it ended, and what to do."""

    check: str
    verdict: CheckResult
    says: str
    advice: str = ""
    trouble: Trouble | None = None


# Told apart by their sentences only.
_BY_TEXT: tuple[tuple[type[HelpdeskError], str, Trouble], ...] = (
    (errors.ConfigurationError, "cannot be loaded", Trouble.ADAPTER),
    (errors.ConfigurationError, "is claimed by", Trouble.ADAPTER),
    (errors.ConnectFailed, "certificate", Trouble.TLS),
    (errors.ConnectFailed, "TLS connection", Trouble.TLS),
    (errors.ConnectFailed, "host name", Trouble.HOST),
    (errors.ConnectFailed, "proxy", Trouble.PROXY),
    (errors.ConnectFailed, "in time", Trouble.TIMEOUT),
    (errors.VendorUnavailable, "fell silent", Trouble.TIMEOUT),
    (errors.VendorUnavailable, "connection", Trouble.CONNECTION),
    (errors.ProtocolError, "web page", Trouble.ADDRESS),
    (errors.ProtocolError, "redirect", Trouble.ADDRESS),
)

_BY_STATUS: Mapping[int, Trouble] = {
    405: Trouble.ADDRESS,
    407: Trouble.PROXY,
    408: Trouble.TIMEOUT,
}

_BY_KIND: tuple[tuple[type[HelpdeskError], Trouble], ...] = (
    (errors.ConfigurationError, Trouble.SETTING),
    (errors.InvalidArgument, Trouble.SETTING),
    (errors.ResponseTooLarge, Trouble.SETTING),
    (errors.ConnectFailed, Trouble.CONNECTION),
    (errors.TruncatedBody, Trouble.CONNECTION),
    (errors.AuthenticationError, Trouble.CREDENTIALS),
    (errors.PermissionDenied, Trouble.RIGHT),
    (errors.NotFound, Trouble.ADDRESS),
    (errors.UnsafeURL, Trouble.ADDRESS),
    (errors.RateLimited, Trouble.RATE_LIMIT),
    (errors.DeadlineExceeded, Trouble.TIMEOUT),
    (errors.PoolTimeout, Trouble.TIMEOUT),
    (errors.VendorUnavailable, Trouble.VENDOR),
    (errors.UnsupportedCapability, Trouble.ADAPTER),
    (errors.DeskClosed, Trouble.ADAPTER),
    (HelpdeskError, Trouble.ANSWER),
)

_ADVICE: Mapping[Trouble, str] = {
    Trouble.SETTING: "Correct it in the configuration.",
    Trouble.HOST: "Check the host in base_url, and whether this machine can resolve names.",
    Trouble.CONNECTION: "Check host and port in base_url, and whether a firewall is in between or a"
    " proxy is needed (proxy in the desk's transport table).",
    Trouble.TLS: "Check host and port in base_url. Where a proxy opens TLS connections, make its"
    " certificate known to this machine (SSL_CERT_FILE).",
    Trouble.PROXY: "Check proxy in the desk's transport table, with its name and password; the"
    " environment's proxies are not used.",
    Trouble.CREDENTIALS: "Check {keys} for a slip, an expiry or another workspace; make a new key"
    " at the vendor if need be.",
    Trouble.RIGHT: "Give the account or key of this desk the right to read this.",
    Trouble.ADDRESS: "Check base_url, its path too: the vendor's page says what it is for an API.",
    Trouble.RATE_LIMIT: "Wait {wait} and try again; look for other programs that use this account.",
    Trouble.TIMEOUT: "Try again; if it stays so, check host and port in base_url, or raise the"
    " times in the desk's transport table.",
    Trouble.CLOCK: "Set this machine's clock (NTP): signed links and session tokens fail by it.",
    Trouble.VENDOR: "Look at the vendor's status page and try again later.",
    Trouble.ANSWER: "Check base_url first. If it is right, the vendor answers otherwise than it"
    " documents: report it to the makers of the adapter.",
    Trouble.ADAPTER: "See `helpdesk-bridge adapters`, and tell the makers of this one.",
}


def classify(error: HelpdeskError) -> Trouble:
    """Return what ``error`` says is wrong."""
    status = error.status or 0
    if status < 400:  # whatever a vendor says in an error answer is its own sentence
        for kind, fragment, trouble in _BY_TEXT:
            if isinstance(error, kind) and fragment in error.message:
                return trouble
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return next(trouble for kind, trouble in _BY_KIND if isinstance(error, kind))


def diagnose(check: str, error: Exception, *, keys: Collection[str] = ()) -> Finding:
    """Return the finding for an error that ended ``check``.

    ``keys`` are the settings that hold this desk's credentials. Of an exception that is not ours
    only the class is told: its text may hold anything.
    """
    if not isinstance(error, HelpdeskError):
        says = f"it raised {type(error).__name__}."
        return _wrong(check, Trouble.ADAPTER, says, _ADVICE[Trouble.ADAPTER])
    trouble = classify(error)
    says = error.message if error.message.endswith((".", "?", "!")) else f"{error.message}."
    if error.status is not None:
        says += f" HTTP {error.status}."
    wait = f"{error.retry_after:g} seconds" if error.retry_after is not None else "a while"
    advice = _ADVICE[trouble].format(keys=", ".join(keys) or "the credentials", wait=wait)
    return _wrong(check, trouble, says, advice)


def skew_of(date: str, age: str, now: datetime) -> timedelta | None:
    """Return how far the clock of an answer is ahead of ours; None if its Date cannot be read.

    ``age`` is the header of that name: how many seconds the answer lay in a cache.
    """
    try:
        told = parsedate_to_datetime(date)
    except ValueError:
        return None
    told = told.replace(tzinfo=UTC) if told.tzinfo is None else told
    if age.isascii() and age.isdigit() and len(age) < 9:
        told += timedelta(seconds=int(age))
    return told - now


def clock(skew: timedelta | None) -> Finding:
    """Return the finding about our clock; ``skew`` is how far the vendor's is ahead of it."""
    if skew is None:
        return Finding(
            check="clock", verdict=CheckResult.UNCHECKED, says="the vendor's answers have no date."
        )
    seconds = round(abs(skew).total_seconds())
    if abs(skew) <= _TOLERANCE:
        says = f"within {max(seconds, 1)} s of the vendor's."
        return Finding(check="clock", verdict=CheckResult.OK, says=says)
    direction = "behind" if skew > timedelta() else "ahead of"
    says = f"this machine is {seconds} s {direction} the vendor."
    return _wrong("clock", Trouble.CLOCK, says, _ADVICE[Trouble.CLOCK])


def _wrong(check: str, trouble: Trouble, says: str, advice: str) -> Finding:
    return Finding(
        check=check, verdict=CheckResult.WRONG, trouble=trouble, says=says, advice=advice
    )
