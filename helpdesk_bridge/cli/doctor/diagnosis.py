"""From an error to what is wrong and what to do about it: tables and pure functions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from enum import StrEnum

from attrs import frozen

from helpdesk_bridge.errors import ConfigurationError, HelpdeskError, Reason, reason_of

__all__ = ["ADVICE", "MEANING", "CheckResult", "Finding", "Trouble", "clock", "diagnose"]

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
    LIMITER = "shared rate limit"
    STORAGE = "storage trouble"
    TIMEOUT = "timeout"
    CLOCK = "wrong clock"
    VENDOR = "the vendor fails"
    ANSWER = "unexpected answer"
    ADAPTER = "broken adapter"


@frozen(kw_only=True)
class Finding:
    """One line of the doctor's: what was checked, how it ended, and what to do."""

    check: str
    result: CheckResult
    says: str
    advice: str = ""
    trouble: Trouble | None = None


MEANING: Mapping[Reason, Trouble] = {
    Reason.SETTINGS: Trouble.SETTING,
    Reason.BROKEN_ADAPTER: Trouble.ADAPTER,
    Reason.INVALID_ARGUMENT: Trouble.SETTING,
    Reason.UNSUPPORTED: Trouble.ADAPTER,
    Reason.CONVERSATION_MOVED: Trouble.ADAPTER,
    Reason.UNSAFE_ADDRESS: Trouble.ADDRESS,
    Reason.DESK_CLOSED: Trouble.ADAPTER,
    Reason.HOST_NOT_FOUND: Trouble.HOST,
    Reason.CONNECTION_REFUSED: Trouble.CONNECTION,
    Reason.NO_CONNECTION: Trouble.CONNECTION,
    Reason.CONNECT_TIMEOUT: Trouble.TIMEOUT,
    Reason.CERTIFICATE: Trouble.TLS,
    Reason.TLS: Trouble.TLS,
    Reason.PROXY: Trouble.PROXY,
    Reason.POOL_TIMEOUT: Trouble.TIMEOUT,
    Reason.LIMITER: Trouble.LIMITER,
    Reason.IN_PROGRESS: Trouble.ADAPTER,
    Reason.STORAGE: Trouble.STORAGE,
    Reason.CREDENTIALS: Trouble.CREDENTIALS,
    Reason.SESSION: Trouble.CREDENTIALS,
    Reason.PERMISSION: Trouble.RIGHT,
    Reason.NOT_FOUND: Trouble.ADDRESS,
    Reason.WRONG_METHOD: Trouble.ADDRESS,
    Reason.CONFLICT: Trouble.ANSWER,
    Reason.VALIDATION: Trouble.ANSWER,
    Reason.TOO_LARGE: Trouble.ANSWER,
    Reason.RATE_LIMIT: Trouble.RATE_LIMIT,
    Reason.TICKET_CLOSED: Trouble.ANSWER,
    Reason.STATUS_NOT_ALLOWED: Trouble.ANSWER,
    Reason.DEADLINE: Trouble.TIMEOUT,
    Reason.SILENCE: Trouble.TIMEOUT,
    Reason.DROPPED: Trouble.CONNECTION,
    Reason.TRUNCATED: Trouble.CONNECTION,
    Reason.CANCELLED: Trouble.ANSWER,
    Reason.VENDOR_FAILURE: Trouble.VENDOR,
    Reason.REQUEST_TIMEOUT: Trouble.TIMEOUT,
    Reason.REDIRECT: Trouble.ADDRESS,
    Reason.WEB_PAGE: Trouble.ADDRESS,
    Reason.NOT_JSON: Trouble.ANSWER,
    Reason.NOT_THE_FILE: Trouble.ANSWER,
    Reason.UNEXPECTED: Trouble.ANSWER,
    Reason.BAD_HTTP: Trouble.ANSWER,
    Reason.BAD_ENCODING: Trouble.ANSWER,
    Reason.RESPONSE_TOO_LARGE: Trouble.SETTING,
    Reason.PAGINATION_LOOP: Trouble.ANSWER,
    Reason.INCOMPLETE_LIST: Trouble.ANSWER,
    Reason.CRASHED: Trouble.ADAPTER,
    Reason.PROCESS_ENDED: Trouble.ANSWER,
    Reason.UNKNOWN: Trouble.ANSWER,
}
"""What each reason of an error says is wrong with a desk that is only read."""

ADVICE: Mapping[Trouble, str] = {
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
    Trouble.LIMITER: "Check that the file or the Redis of limiter can be reached from here.",
    Trouble.STORAGE: "Check the path of the file, its folder and their rights, and who else has it"
    " open; of a database its address, its role, and whether it runs.",
    Trouble.TIMEOUT: "Try again; if it stays so, check host and port in base_url, or raise the"
    " times in the desk's transport table.",
    Trouble.CLOCK: "Set this machine's clock (NTP): signed links and session tokens fail by it.",
    Trouble.VENDOR: "Look at the vendor's status page and try again later.",
    Trouble.ANSWER: "Check base_url first. If it is right, the vendor answers otherwise than it"
    " documents: report it to the makers of the adapter.",
    Trouble.ADAPTER: "See `helpdesk-bridge adapters`, and tell the makers of this one.",
}


def diagnose(check: str, error: Exception, *, keys: Collection[str] = ()) -> Finding:
    """Return the finding for an error that ended ``check``.

    ``keys`` are the settings that hold this desk's credentials. Of an exception that is not ours
    only the class is told: its text may hold anything.
    """
    trouble = MEANING[reason_of(error)]
    if not isinstance(error, HelpdeskError):
        return _wrong(check, trouble, f"it raised {type(error).__name__}.", ADVICE[trouble])
    says = error.message if error.message.endswith((".", "?", "!")) else f"{error.message}."
    if error.status is not None:
        says += f" HTTP {error.status}."
    if isinstance(error, ConfigurationError) and error.reason is Reason.SETTINGS:
        return _wrong(check, trouble, says)  # it names the place, and says what belongs there
    wait = f"{error.retry_after:g} seconds" if error.retry_after is not None else "a while"
    advice = ADVICE[trouble].format(keys=", ".join(keys) or "the credentials", wait=wait)
    return _wrong(check, trouble, says, advice)


def clock(skew: timedelta | None) -> Finding:
    """Return the finding about our clock; ``skew`` is how far the vendor's is ahead of it."""
    if skew is None:
        return Finding(
            check="clock", result=CheckResult.UNCHECKED, says="the vendor's answers have no date."
        )
    seconds = round(abs(skew).total_seconds())
    if abs(skew) <= _TOLERANCE:
        says = f"within {max(seconds, 1)} s of the vendor's."
        return Finding(check="clock", result=CheckResult.OK, says=says)
    direction = "behind" if skew > timedelta() else "ahead of"
    says = f"this machine is {seconds} s {direction} the vendor."
    return _wrong("clock", Trouble.CLOCK, says, ADVICE[Trouble.CLOCK])


def _wrong(check: str, trouble: Trouble, says: str, advice: str = "") -> Finding:
    return Finding(check=check, result=CheckResult.WRONG, trouble=trouble, says=says, advice=advice)
