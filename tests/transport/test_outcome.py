"""What is known about a failed call follows from what was sent and what came back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from helpdesk_bridge import errors
from helpdesk_bridge.errors import Outcome
from helpdesk_bridge.transport.outcome import judge, with_outcome

STARTED = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize("status", [None, 200, 307, 400, 408, 500])
@pytest.mark.parametrize("complete", [True, False])
def test_nothing_sent_is_not_sent_whatever_else_is_said(status: int | None, complete: bool) -> None:
    assert judge(bytes_sent=False, status=status, complete=complete) is Outcome.NOT_SENT


REFUSALS = (
    *(*range(400, 408), *range(409, 419), *range(421, 427), 428, 429, 431, 451),
    *(419, 440, 498),
)
"""What IANA's registry has of 4xx but 408, and how others say that a session has ended."""


@pytest.mark.parametrize("status", [*REFUSALS, 307, 308])
def test_a_complete_refusal_is_rejected(status: int) -> None:
    assert judge(bytes_sent=True, status=status, complete=True) is Outcome.REJECTED


@pytest.mark.parametrize("status", [400, 404, 429, 307])
def test_an_incomplete_refusal_is_unknown(status: int) -> None:
    assert judge(bytes_sent=True, status=status, complete=False) is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "status",
    [
        *(None, *range(200, 209), *range(300, 307), 309, *range(500, 600)),
        *(status for status in range(400, 500) if status not in REFUSALS),
    ],
)
def test_every_other_status_is_unknown(status: int | None) -> None:
    assert judge(bytes_sent=True, status=status, complete=True) is Outcome.UNKNOWN


def test_an_answer_of_which_the_end_was_not_seen_refuses_nothing() -> None:
    assert judge(bytes_sent=True, status=400) is Outcome.UNKNOWN


def test_an_unknown_outcome_of_an_unsafe_write_becomes_outcome_unknown() -> None:
    error = errors.VendorUnavailable(
        "the vendor failed.", status=502, vendor_code="X", request_id="r1", attempts=1
    )
    settled = with_outcome(error, unsafe=True, bytes_sent=True, started_at=STARTED)
    assert isinstance(settled, errors.OutcomeUnknown)
    assert settled.message == error.message
    assert (settled.cause, settled.bytes_sent, settled.started_at) == (
        "VendorUnavailable",
        True,
        STARTED,
    )
    assert (settled.status, settled.vendor_code, settled.request_id, settled.attempts) == (
        502,
        "X",
        "r1",
        1,
    )


def test_outcome_unknown_is_never_retryable() -> None:
    error = errors.VendorUnavailable("the vendor failed.")
    settled = with_outcome(error, unsafe=True, bytes_sent=True, started_at=STARTED)
    assert (error.retryable, settled.retryable) == (True, False)


@pytest.mark.parametrize(
    "error",
    [
        errors.ConnectFailed("no."),
        errors.InvalidArgument("no."),
        errors.NotFound("no."),
        errors.RateLimited("no."),
        errors.OutcomeUnknown("no."),
        errors.ProtocolError("no.", outcome=Outcome.REJECTED),
        errors.DeadlineExceeded("no.", outcome=Outcome.NOT_SENT),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_known_outcome_stays_the_error_it_is(error: errors.HelpdeskError) -> None:
    assert with_outcome(error, unsafe=True, bytes_sent=True, started_at=STARTED) is error


def test_a_read_keeps_its_error_whatever_the_outcome() -> None:
    error = errors.ProtocolError("no.")
    assert with_outcome(error, unsafe=False, bytes_sent=True, started_at=STARTED) is error
