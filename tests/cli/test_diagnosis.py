"""Each reason has one meaning and one advice: the table, row by row."""

from __future__ import annotations

from datetime import timedelta
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from helpdesk_bridge import errors
from helpdesk_bridge.cli.doctor.diagnosis import MEANING, CheckResult, Trouble, clock, diagnose
from helpdesk_bridge.config import load_config, registry
from helpdesk_bridge.errors import HelpdeskError, Reason
from helpdesk_bridge.transport import Effect, Explanation, Operation, Request, Response, decode
from helpdesk_bridge.transport.http import failures
from helpdesk_bridge.transport.policies.error_table import ErrorTable

REASONS = {
    Trouble.SETTING: {"settings", "invalid_argument", "response_too_large"},
    Trouble.HOST: {"host_not_found"},
    Trouble.CONNECTION: {"connection_refused", "no_connection", "dropped", "truncated"},
    Trouble.TLS: {"certificate", "tls"},
    Trouble.PROXY: {"proxy"},
    Trouble.CREDENTIALS: {"credentials", "session"},
    Trouble.RIGHT: {"permission"},
    Trouble.ADDRESS: {"not_found", "wrong_method", "unsafe_address", "redirect", "web_page"},
    Trouble.RATE_LIMIT: {"rate_limit"},
    Trouble.LIMITER: {"limiter"},
    Trouble.STORAGE: {"storage"},
    Trouble.TIMEOUT: {"connect_timeout", "pool_timeout", "deadline", "silence", "request_timeout"},
    Trouble.CLOCK: set(),  # it is no error that tells
    Trouble.VENDOR: {"vendor_failure"},
    Trouble.ANSWER: {
        *("conflict", "validation", "too_large", "ticket_closed", "status_not_allowed"),
        *("not_json", "not_the_file", "unexpected", "bad_http", "bad_encoding"),
        "pagination_loop",
        *("cancelled", "unknown", "process_ended", "incomplete_list"),
    },
    Trouble.ADAPTER: {
        "broken_adapter",
        "unsupported",
        "conversation_moved",
        "in_progress",
        "desk_closed",
        "crashed",
    },
}
KINDS = {
    "AuthenticationError": Trouble.CREDENTIALS,
    "ConfigurationError": Trouble.SETTING,
    "Conflict": Trouble.ANSWER,
    "ConnectFailed": Trouble.CONNECTION,
    "DeadlineExceeded": Trouble.TIMEOUT,
    "DeskClosed": Trouble.ADAPTER,
    "HelpdeskError": Trouble.ANSWER,
    "ConversationMoved": Trouble.ADAPTER,
    "IncompleteList": Trouble.ANSWER,
    "InProgress": Trouble.ADAPTER,
    "InvalidArgument": Trouble.SETTING,
    "NotFound": Trouble.ADDRESS,
    "OutcomeUnknown": Trouble.ANSWER,
    "PaginationLoop": Trouble.ANSWER,
    "PartlyDone": Trouble.ANSWER,
    "PayloadTooLarge": Trouble.ANSWER,
    "PermissionDenied": Trouble.RIGHT,
    "PoolTimeout": Trouble.TIMEOUT,
    "ProtocolError": Trouble.ANSWER,
    "RateLimited": Trouble.RATE_LIMIT,
    "ResponseTooLarge": Trouble.SETTING,
    "StatusNotAllowed": Trouble.ANSWER,
    "TicketClosed": Trouble.ANSWER,
    "TruncatedBody": Trouble.CONNECTION,
    "UnsafeURL": Trouble.ADDRESS,
    "UnsupportedCapability": Trouble.ADAPTER,
    "ValidationFailed": Trouble.ANSWER,
    "VendorUnavailable": Trouble.VENDOR,
}


def made(name: str, message: str = "something happened.", **context: object) -> HelpdeskError:
    kind = getattr(errors, name)
    if kind is errors.PartlyDone:
        context["failure"] = errors.Conflict("changed.")
    error: HelpdeskError = kind(message, **context)
    return error


def meaning(error: Exception) -> Trouble | None:
    return diagnose("x", error).trouble


def test_every_reason_there_is_has_a_meaning() -> None:
    assert set(MEANING) == set(Reason)


@pytest.mark.parametrize("trouble", Trouble)
def test_trouble_has_its_reasons(trouble: Trouble) -> None:
    assert {reason for reason, found in MEANING.items() if found is trouble} == REASONS[trouble]


def test_every_error_there_is_has_a_meaning() -> None:
    listed = {name: getattr(errors, name) for name in errors.__all__}
    kinds = {n for n, k in listed.items() if isinstance(k, type) and issubclass(k, HelpdeskError)}
    assert set(KINDS) == kinds


@pytest.mark.parametrize(("name", "trouble"), KINDS.items())
def test_an_error_means(name: str, trouble: Trouble) -> None:
    assert meaning(made(name)) is trouble


@pytest.mark.parametrize("reason", Reason)
def test_the_reason_says_more_than_the_error(reason: Reason) -> None:
    assert meaning(made("VendorUnavailable", reason=reason)) is MEANING[reason]


@pytest.mark.parametrize(
    ("status", "trouble"),
    [
        (405, Trouble.ADDRESS),
        (407, Trouble.PROXY),
        (408, Trouble.TIMEOUT),
        (503, Trouble.VENDOR),
        (400, Trouble.ANSWER),
        (301, Trouble.ADDRESS),
        (304, Trouble.ANSWER),
    ],
)
@pytest.mark.asyncio
async def test_a_status_says_what_it_means(status: int, trouble: Trouble) -> None:
    async def answer(request: Request) -> Response:
        return Response(request=request, status=status, headers={})

    table = ErrorTable({}, lambda _: Explanation())
    request = Request(operation=Operation("x", Effect.READ), method="GET", path=())
    with pytest.raises(HelpdeskError) as info:
        await table(request, answer)
    assert meaning(info.value) is trouble


CONNECTING = {
    "the host speaks before it is asked, as no web server does: check base_url": Trouble.ANSWER,
    "the server's TLS certificate was not accepted": Trouble.TLS,
    "no TLS connection could be made": Trouble.TLS,
    "the host name of base_url cannot be resolved": Trouble.HOST,
    "the proxy cannot be reached": Trouble.PROXY,
    "the proxy refused the connection": Trouble.PROXY,
    "the host did not accept a connection in time": Trouble.TIMEOUT,
    "the server's TLS certificate is not the expected one": Trouble.TLS,
    "no connection to the host could be made": Trouble.CONNECTION,
}
ANSWERING = {
    "the vendor fell silent": Trouble.TIMEOUT,
    "the answer ends before its announced end": Trouble.CONNECTION,
    "the connection was dropped": Trouble.CONNECTION,
    "the connection broke": Trouble.CONNECTION,
    "the connection failed": Trouble.CONNECTION,
}


def test_each_fault_of_the_transport_means_what_its_sentence_says() -> None:
    assert {said: MEANING[reason] for _, reason, said in failures._CONNECT} == CONNECTING
    assert {said: MEANING[reason] for *_, reason, said in failures._AFTER} == ANSWERING


@pytest.mark.parametrize(
    ("content", "trouble"),
    [(b"<html>", Trouble.ADDRESS), (b"", Trouble.ANSWER), (b"{", Trouble.ANSWER)],
)
def test_an_unreadable_answer_means(content: bytes, trouble: Trouble) -> None:
    with pytest.raises(errors.ProtocolError) as info:
        decode.decode_json(content)
    assert meaning(info.value.fill(status=200)) is trouble


def test_a_vendors_sentence_about_something_else_is_not_mistaken_for_the_transports() -> None:
    said = "the vendor failed to answer properly (database connection lost)."
    assert meaning(errors.VendorUnavailable(said, status=500)) is Trouble.VENDOR


def test_the_advice_names_the_settings_with_credentials() -> None:
    error = errors.AuthenticationError("the credentials were not accepted.", status=401)
    found = diagnose("tickets", error, keys=["token", "client_id"])
    assert (found.check, found.result, found.trouble) == (
        "tickets",
        CheckResult.WRONG,
        Trouble.CREDENTIALS,
    )
    assert found.says == "the credentials were not accepted. HTTP 401."
    assert "Check token, client_id for" in found.advice


def test_without_such_settings_the_advice_is_still_a_sentence() -> None:
    found = diagnose("tickets", errors.AuthenticationError("no."))
    assert "Check the credentials for" in found.advice


@pytest.mark.parametrize(("wait", "said"), [(30.0, "Wait 30 seconds"), (None, "Wait a while")])
def test_the_advice_says_how_long_to_wait(wait: float | None, said: str) -> None:
    found = diagnose("tickets", errors.RateLimited("too many requests.", retry_after=wait))
    assert said in found.advice


@pytest.mark.parametrize("trouble", set(Trouble) - {Trouble.CLOCK})
def test_all_trouble_has_an_advice(trouble: Trouble) -> None:
    some = [made("HelpdeskError", reason=reason) for reason in Reason]
    found = [one for error in some if (one := diagnose("x", error)).trouble is trouble]
    assert found
    assert all(one.advice.endswith(".") and "{" not in one.advice for one in found)


class Broken:
    """Stands in for what an entry point of a broken distribution leads to."""

    name = "x"
    value = "nowhere:Nothing"
    dist = None

    def load(self) -> None:
        raise ImportError


@pytest.mark.parametrize(
    ("entries", "trouble"),
    [
        ([Broken()], Trouble.ADAPTER),
        ([Broken(), EntryPoint("x", "elsewhere:X", registry.GROUP)], Trouble.ADAPTER),
        ([], Trouble.SETTING),
    ],
)
def test_an_adapter_that_is_broken_is_no_wrong_setting(
    entries: list[Any], trouble: Trouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "entry_points", lambda **_: entries)
    config = load_config({"desks": {"support": {"adapter": "x"}}}, environ={})
    with pytest.raises(errors.ConfigurationError) as info:
        config.desk()
    assert meaning(info.value) is trouble


@pytest.mark.parametrize(
    ("message", "says"), [("no", "no."), ("no.", "no."), ("did you mean 'x'?", "did you mean 'x'?")]
)
def test_what_is_said_is_a_sentence(message: str, says: str) -> None:
    assert diagnose("settings", errors.ConfigurationError(message)).says == says


def test_of_a_foreign_exception_only_the_class_is_told() -> None:
    found = diagnose("tickets", RuntimeError("canary"))
    assert (found.trouble, found.says) == (Trouble.ADAPTER, "it raised RuntimeError.")
    assert "canary" not in repr(found)


@pytest.mark.parametrize(
    ("ahead", "result", "says"),
    [
        (0, CheckResult.OK, "within 1 s of"),
        (60, CheckResult.OK, "within 60 s of"),
        (-60, CheckResult.OK, "within 60 s of"),
        (61, CheckResult.WRONG, "this machine is 61 s behind the vendor."),
        (-61, CheckResult.WRONG, "this machine is 61 s ahead of the vendor."),
        (86_400, CheckResult.WRONG, "86400 s behind"),
    ],
)
def test_more_than_a_minute_is_a_finding(ahead: int, result: CheckResult, says: str) -> None:
    found = clock(timedelta(seconds=ahead))
    assert (found.result, says in found.says) == (result, True)
    assert bool(found.advice) == (found.trouble is Trouble.CLOCK) == (result is CheckResult.WRONG)


def test_without_a_date_the_clock_is_not_checked() -> None:
    assert clock(None).result is CheckResult.UNCHECKED
