"""Each error has one meaning and one advice: the table, row by row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from helpdesk_bridge import errors
from helpdesk_bridge.cli.doctor.diagnosis import (
    CheckResult,
    Trouble,
    classify,
    clock,
    diagnose,
    skew_of,
)
from helpdesk_bridge.errors import HelpdeskError
from helpdesk_bridge.transport import decode
from helpdesk_bridge.transport.http import failures as client

NOW = datetime(2026, 3, 2, 8, 0, 0, tzinfo=UTC)

MEANING = {
    "AuthenticationError": Trouble.CREDENTIALS,
    "ConfigurationError": Trouble.SETTING,
    "Conflict": Trouble.ANSWER,
    "ConnectFailed": Trouble.CONNECTION,
    "DeadlineExceeded": Trouble.TIMEOUT,
    "DeskClosed": Trouble.ADAPTER,
    "HelpdeskError": Trouble.ANSWER,
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
        context["failure"] = errors.NotFound("gone.")
    error: HelpdeskError = kind(message, **context)
    return error


def test_every_error_there_is_has_a_meaning() -> None:
    listed = {name: getattr(errors, name) for name in errors.__all__}
    kinds = {n for n, k in listed.items() if isinstance(k, type) and issubclass(k, HelpdeskError)}
    assert set(MEANING) == kinds


@pytest.mark.parametrize(("name", "trouble"), MEANING.items())
def test_an_error_means(name: str, trouble: Trouble) -> None:
    assert classify(made(name)) is trouble


@pytest.mark.parametrize(
    ("name", "status", "trouble"),
    [
        ("ValidationFailed", 405, Trouble.ADDRESS),
        ("ValidationFailed", 407, Trouble.PROXY),
        ("VendorUnavailable", 408, Trouble.TIMEOUT),
        ("VendorUnavailable", 503, Trouble.VENDOR),
        ("ValidationFailed", 400, Trouble.ANSWER),
        ("ProtocolError", 304, Trouble.ANSWER),
    ],
)
def test_a_status_says_more_than_the_error(name: str, status: int, trouble: Trouble) -> None:
    assert classify(made(name, status=status)) is trouble


CONNECTING = {
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
    "the answer is not proper HTTP": Trouble.ANSWER,
    "the connection was dropped": Trouble.CONNECTION,
    "the connection broke": Trouble.CONNECTION,
    "the connection failed": Trouble.CONNECTION,
}


def test_the_sentences_are_those_of_the_transport() -> None:
    assert {sentence for _, _, sentence in client._CONNECT} == set(CONNECTING)
    assert {sentence for *_, sentence in client._AFTER} == set(ANSWERING)


@pytest.mark.parametrize(("sentence", "trouble"), CONNECTING.items())
def test_a_failed_connection_means(sentence: str, trouble: Trouble) -> None:
    assert classify(errors.ConnectFailed(f"{sentence}.")) is trouble


@pytest.mark.parametrize(
    ("kind", "sentence"), [(kind, sentence) for _, kind, _, sentence in client._AFTER]
)
def test_a_failed_answer_means(kind: type[HelpdeskError], sentence: str) -> None:
    assert classify(kind(f"{sentence}.")) is ANSWERING[sentence]


@pytest.mark.parametrize(
    ("content", "trouble"),
    [(b"<html>", Trouble.ADDRESS), (b"", Trouble.ANSWER), (b"{", Trouble.ANSWER)],
)
def test_an_unreadable_answer_means(content: bytes, trouble: Trouble) -> None:
    with pytest.raises(errors.ProtocolError) as info:
        decode.decode_json(content)
    assert classify(info.value.fill(status=200)) is trouble


def test_a_vendors_sentence_about_something_else_is_not_mistaken_for_the_transports() -> None:
    said = "the vendor failed to answer properly (database connection lost)."
    assert classify(errors.VendorUnavailable(said, status=500)) is Trouble.VENDOR


def test_the_advice_names_the_settings_with_credentials() -> None:
    error = errors.AuthenticationError("the credentials were not accepted.", status=401)
    found = diagnose("tickets", error, keys=["token", "client_id"])
    assert (found.check, found.verdict, found.trouble) == (
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
    some = [made(name) for name in MEANING]
    some += [errors.ConnectFailed(sentence) for sentence in CONNECTING]
    found = [diagnose("x", error) for error in some if classify(error) is trouble]
    assert found
    assert all(one.advice.endswith(".") and "{" not in one.advice for one in found)


@pytest.mark.parametrize(
    ("message", "trouble"),
    [
        ("adapter 'x' of y cannot be loaded (ImportError: z)", Trouble.ADAPTER),
        ("adapter 'x' is claimed by y and z", Trouble.ADAPTER),
        ("there is no adapter 'x'; did you mean 'y'?", Trouble.SETTING),
    ],
)
def test_an_adapter_that_is_broken_is_no_wrong_setting(message: str, trouble: Trouble) -> None:
    assert classify(errors.ConfigurationError(f"helpdesk.toml: {message}")) is trouble


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
    ("date", "age", "ahead"),
    [
        ("Mon, 02 Mar 2026 08:00:00 GMT", "", 0),
        ("Mon, 02 Mar 2026 08:01:30 GMT", "", 90),
        ("Mon, 02 Mar 2026 07:58:30 GMT", "", -90),
        ("Mon, 02 Mar 2026 10:00:00 +0200", "", 0),
        ("Mon, 02 Mar 2026 08:00:00 -0000", "", 0),
        ("Mon, 02 Mar 2026 07:58:30 GMT", "90", 0),
        ("Mon, 02 Mar 2026 08:00:00 GMT", "soon", 0),
        ("Mon, 02 Mar 2026 08:00:00 GMT", "-90", 0),
        ("Mon, 02 Mar 2026 08:00:00 GMT", "9" * 400, 0),
    ],
)
def test_the_date_of_an_answer_is_compared_with_ours(date: str, age: str, ahead: int) -> None:
    assert skew_of(date, age, NOW) == timedelta(seconds=ahead)


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Mar 2026 08:00:00 GMT", "0", "\0"])
def test_a_date_that_cannot_be_read_says_nothing(date: str) -> None:
    assert skew_of(date, "", NOW) is None


@pytest.mark.parametrize(
    ("ahead", "verdict", "says"),
    [
        (0, CheckResult.OK, "within 1 s of"),
        (60, CheckResult.OK, "within 60 s of"),
        (-60, CheckResult.OK, "within 60 s of"),
        (61, CheckResult.WRONG, "this machine is 61 s behind the vendor."),
        (-61, CheckResult.WRONG, "this machine is 61 s ahead of the vendor."),
        (86_400, CheckResult.WRONG, "86400 s behind"),
    ],
)
def test_more_than_a_minute_is_a_finding(ahead: int, verdict: CheckResult, says: str) -> None:
    found = clock(timedelta(seconds=ahead))
    assert (found.verdict, says in found.says) == (verdict, True)
    assert bool(found.advice) == (found.trouble is Trouble.CLOCK) == (verdict is CheckResult.WRONG)


def test_without_a_date_the_clock_is_not_checked() -> None:
    assert clock(None).verdict is CheckResult.UNCHECKED
