"""Errors say what is known, survive a pickle, and carry nothing that is secret."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from helpdesk_bridge import errors
from helpdesk_bridge.errors import HelpdeskError, NotFound, Outcome
from helpdesk_bridge.transport.redaction import redact

CLASSES: list[type[HelpdeskError]] = [
    kind
    for name in errors.__all__
    if isinstance(kind := getattr(errors, name), type) and issubclass(kind, HelpdeskError)
]
SPECIAL: dict[type[HelpdeskError], dict[str, Any]] = {
    errors.ConfigurationError: {"key": "token"},
    errors.UnsupportedCapability: {"capability": "forward"},
    errors.ValidationFailed: {"fields": {"contact.email": ["is taken", "is odd"]}},
    errors.ProtocolError: {"path": "$.data"},
    errors.IncompleteList: {"listed": 120, "came": 118},
    errors.OutcomeUnknown: {
        "ticket_id": "7",
        "started_at": datetime(2024, 5, 1, tzinfo=UTC),
        "bytes_sent": True,
        "cause": "TruncatedBody",
    },
    errors.PartlyDone: {
        "failure": NotFound("gone.", status=404),
        "ticket_id": "7",
        "message_id": "8",
    },
}
COPIES: dict[str, Callable[[Any], Any]] = {
    "pickle": lambda error: pickle.loads(pickle.dumps(error)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


def plain(error: HelpdeskError) -> dict[str, Any]:
    """Return all that an error knows, with nested errors as their own dictionaries."""
    return {
        key: plain(value) if isinstance(value, HelpdeskError) else value
        for key, value in vars(error).items()
    }


def full(kind: type[HelpdeskError]) -> HelpdeskError:
    error = kind(
        "it failed.",
        vendor="memory",
        desk="support",
        operation="reply",
        operation_id="0a1b",
        status=418,
        vendor_code="teapot",
        request_id="r-1",
        retry_after=2.5,
        attempts=3,
        outcome=Outcome.UNKNOWN,
        retryable=True,
        **SPECIAL.get(kind, {}),
    )
    error.items_read, error.cursor = 12, "page-2"
    return error


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("kind", CLASSES)
def test_a_copy_of_an_error_knows_all_that_the_error_knew(
    kind: type[HelpdeskError], way: str
) -> None:
    error = full(kind)
    twin = COPIES[way](error)
    assert (type(twin), str(twin), plain(twin)) == (kind, str(error), plain(error))


@pytest.mark.parametrize("way", COPIES)
def test_a_note_added_to_an_error_survives_a_copy(way: str) -> None:
    error = NotFound("gone.")
    error.add_note("seen by the night shift")
    assert COPIES[way](error).__notes__ == ["seen by the night shift"]


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_that_is_not_sent_or_refused_says_so(kind: type[HelpdeskError]) -> None:
    error = kind("it failed.", **SPECIAL.get(kind, {}))
    said = {
        Outcome.NOT_SENT: "Nothing was sent." in str(error) or kind is errors.ConfigurationError,
        Outcome.REJECTED: "The helpdesk refused it; nothing was changed." in str(error),
        Outcome.UNKNOWN: "Nothing was sent" not in str(error) and "refused" not in str(error),
    }
    assert said[error.outcome]


REASONLESS = {HelpdeskError, errors.OutcomeUnknown}
"""Of these only what happened tells the reason."""


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_has_a_reason_of_its_own(kind: type[HelpdeskError]) -> None:
    reason = kind("it failed.", **SPECIAL.get(kind, {})).reason
    assert isinstance(reason, errors.Reason)
    assert (reason is errors.Reason.UNKNOWN) == (kind in REASONLESS)


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_may_be_given_another_reason(kind: type[HelpdeskError]) -> None:
    error = kind("it failed.", reason=errors.Reason.CRASHED, **SPECIAL.get(kind, {}))
    assert error.reason is errors.Reason.CRASHED


def test_a_write_of_unknown_outcome_is_no_error_that_a_retry_decorator_catches() -> None:
    assert not issubclass(errors.OutcomeUnknown, (OSError, TimeoutError))


@pytest.mark.parametrize("kind", [errors.OutcomeUnknown, errors.PartlyDone])
def test_what_may_have_been_done_is_not_called_retryable(kind: type[HelpdeskError]) -> None:
    assert not kind("?", **SPECIAL[kind]).retryable


@pytest.mark.parametrize("kind", [errors.ConfigurationError, errors.InvalidArgument])
def test_an_error_about_the_callers_values_is_a_value_error(kind: type[HelpdeskError]) -> None:
    assert issubclass(kind, ValueError)


def test_an_error_names_the_call_the_desk_the_status_and_the_way_on() -> None:
    error = errors.RateLimited(
        "too many requests", operation="tickets", desk="a", vendor="v", status=429, retry_after=2.0
    )
    error.items_read = 5
    assert str(error) == (
        "tickets on desk 'a' (v): too many requests. HTTP 429. 5 items had been read; go on with"
        " cursor=error.cursor. The helpdesk refused it; nothing was changed."
        " Try again in 2 seconds."
    )


def test_a_sentence_without_a_full_stop_gets_one_when_others_follow() -> None:
    assert str(errors.InvalidArgument("the body is empty")) == (
        "the body is empty. Nothing was sent."
    )


def test_a_status_that_the_message_names_is_not_named_twice() -> None:
    assert str(errors.VendorUnavailable("HTTP 503 from the vendor.", status=503)).count("503") == 1


def test_the_fields_a_vendor_refused_are_named() -> None:
    error = errors.ValidationFailed("no.", fields={"a.b": ["is odd", "is long"]})
    assert str(error).endswith("Fields: a.b: is odd is long")


@pytest.mark.parametrize(
    ("operation", "status", "advised"),
    [
        ("tickets", 404, True),
        ("tickets", 410, False),
        ("tickets", None, False),
        ("messages", 404, False),
        ("ticket", 404, False),
    ],
)
def test_a_list_of_tickets_that_is_not_there_is_a_wrong_address(
    operation: str, status: int | None, advised: bool
) -> None:
    error = NotFound("there is no such object.", operation=operation, status=status)
    assert ("check base_url" in str(error)) == advised


@pytest.mark.parametrize("reason", [errors.Reason.TLS, errors.Reason.HOST_NOT_FOUND])
def test_where_no_connection_is_made_the_doctor_is_named(reason: errors.Reason) -> None:
    error = errors.ConnectFailed("no connection.", reason=reason)
    assert str(error).endswith("Nothing was sent. `helpdesk-bridge doctor` says more.")


def test_fill_keeps_what_is_known() -> None:
    error = NotFound("gone.", desk="first").fill(desk="second", vendor="memory")
    assert (error.desk, error.vendor) == ("first", "memory")


def test_the_repr_shows_the_class_and_the_text() -> None:
    assert repr(errors.DeskClosed("closed.")) == "<DeskClosed: closed. Nothing was sent.>"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("ask jo@acme.example now", "ask <address> now"),
        ("Jo<jo@acme.example>; mailto:jo@acme.example", "Jo<<address>>; mailto:<address>"),
        ('"jo doe"@acme.example', "<address>"),
        ("jürgen@exämple.de", "<address>"),
        ("key " + "k" * 32, "key <redacted>"),
        ("short-key", "short-key"),
        ("two\r\nlines\tand\x85more", "two lines and more"),
        ("bell\x07 \x1b[31mred \u202eright", "bell [31mred right"),
        ("no @ sign", "no @ sign"),
    ],
)
def test_a_vendors_sentence_is_redacted(said: str, kept: str) -> None:
    assert redact(said) == kept


@pytest.mark.parametrize(("limit", "kept"), [(4, "a b…"), (5, "a b c")])
def test_a_vendors_sentence_is_shortened_to_the_limit(limit: int, kept: str) -> None:
    assert redact("a b c", limit) == kept


@pytest.mark.parametrize("operation", ["create_ticket", "reply"])
def test_the_advice_on_a_new_ticket_says_that_its_queue_may_not_be_there(operation: str) -> None:
    error = errors.PermissionDenied("no.", status=403, operation=operation)
    assert ("may not be there" in str(error)) is (operation == "create_ticket")
    assert "Give the account of this desk the right to do it" in str(error)
