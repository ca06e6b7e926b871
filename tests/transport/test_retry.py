"""What is sent again, how often, after which wait; on a virtual clock, for all sequences."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_bridge import errors
from helpdesk_bridge.errors import HelpdeskError, Outcome
from helpdesk_bridge.transport import CURRENT_CALL, Call, Effect, Operation, Request, Response
from helpdesk_bridge.transport.policies.retry import MAX_WAIT, Budget, backoff, may_repeat
from tests.transport.virtual import IDEMPOTENT, READ, UNSAFE, Step, Wire, desk, now, run, send

SECONDS = st.sampled_from([0.0, 0.01, 0.5, 3.0, 29.0, 70.0])
STATUS = st.sampled_from([200, 401, 404, 408, 422, 429, 500, 501, 503, 505, None, 0])
ASKED = st.sampled_from(["0", "1", "7", "60", "119", "120", "121", "86400", "soon", ""])
STEPS = st.lists(
    st.builds(
        lambda status, asked, connecting, answering: Step(
            status=status,
            headers={"Retry-After": asked} if asked else {},
            connecting=connecting,
            answering=answering,
        ),
        STATUS,
        ASKED,
        SECONDS,
        SECONDS,
    ),
    min_size=1,
    max_size=8,
)


async def _sent(wire: Wire, operation: Operation, options: dict[str, Any]) -> Any:
    began = now()
    try:
        answer: Any = await send(desk(wire, **options), operation)
    except HelpdeskError as error:
        answer = error
    return answer, now() - began


@settings(max_examples=400, deadline=None)
@given(
    steps=STEPS,
    operation=st.sampled_from([READ, IDEMPOTENT, UNSAFE]),
    deadline=st.sampled_from([0.3, 5.0, 60.0, 200.0, 1000.0]),
    max_attempts=st.integers(1, 5),
)
def test_whatever_happens_a_call_keeps_its_limits(
    steps: list[Step], operation: Operation, deadline: float, max_attempts: int
) -> None:
    wire = Wire(steps)
    answer, took = run(_sent(wire, operation, {"deadline": deadline, "max_attempts": max_attempts}))
    played = [*steps, *[steps[-1]] * max_attempts][: len(wire.started)]
    assert took <= deadline + 1e-6
    assert 1 <= len(wire.started) <= max_attempts
    for step, ended, began in zip(played, wire.ended, wire.started[1:], strict=False):
        wait = step.headers.get("Retry-After", "")
        if step.status in (408, 429, 500, 503) and wait.isdigit():
            assert float(wait) <= MAX_WAIT
            assert began - ended == pytest.approx(float(wait), abs=1e-6)
        elif step.status == 429:  # it does not say: the gate is closed for a second
            assert 1.0 - 1e-6 <= began - ended <= 2 ** (max_attempts - 1)
        else:
            assert began - ended <= 0.5 * 2 ** (max_attempts - 1)
        assert step.status in (0, 408, 429, 500, 503, None)
    assert operation is not UNSAFE or not any(wire.doubts[:-1])
    if isinstance(answer, HelpdeskError):
        assert answer.attempts in (None, len(wire.started))
        if operation is not READ:
            assert (answer.outcome is Outcome.UNKNOWN) == any(wire.doubts)


@pytest.mark.parametrize("operation", [READ, IDEMPOTENT])
@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, None, 0])
def test_what_is_safe_to_repeat_is_repeated(operation: Operation, status: int | None) -> None:
    wire = Wire([Step(status=status), Step(status=status), Step()])
    answer, _ = run(_sent(wire, operation, {}))
    assert (answer.status, len(wire.started)) == (200, 3)


@pytest.mark.parametrize("operation", [READ, IDEMPOTENT, UNSAFE])
@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 409, 413, 422, 501, 505])
def test_what_would_fail_again_is_not_repeated(operation: Operation, status: int) -> None:
    wire = Wire([Step(status=status), Step()])
    answer, _ = run(_sent(wire, operation, {}))
    assert (answer.status, len(wire.started)) == (status, 1)


@pytest.mark.parametrize(("status", "requests"), [(0, 3), (429, 3), (408, 1), (500, 1), (None, 1)])
def test_an_unsafe_write_is_repeated_only_when_it_was_not_done(
    status: int | None, requests: int
) -> None:
    wire = Wire([Step(status=status), Step(status=status), Step()])
    answer, _ = run(_sent(wire, UNSAFE, {}))
    assert len(wire.started) == requests
    assert (requests == 3) == (answer.status == 200 and not isinstance(answer, HelpdeskError))


@pytest.mark.parametrize(("operation", "requests"), [(READ, 3), (IDEMPOTENT, 3), (UNSAFE, 1)])
def test_the_effect_counts_where_an_error_was_not_settled(
    operation: Operation, requests: int
) -> None:
    """Below the retry an unknown outcome is OutcomeUnknown; it does not rely on that."""

    class Careless(Wire):
        async def _play(self, request: Request, step: Step) -> Response:
            await super()._play(request, step)
            raise errors.VendorUnavailable("dropped.", outcome=Outcome.UNKNOWN)

    wire = Careless()
    run(_sent(wire, operation, {}))
    assert len(wire.started) == requests


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("kind", [errors.RateLimited, errors.VendorUnavailable, errors.Conflict])
def test_an_error_says_whether_its_request_may_be_repeated(
    kind: type[HelpdeskError], outcome: Outcome
) -> None:
    refused = kind is errors.RateLimited and outcome is Outcome.REJECTED
    for retryable in (True, False):
        error = kind("x", outcome=outcome, retryable=retryable)
        assert may_repeat(error, unsafe=False) is retryable
        unsafe = retryable and (refused or outcome is Outcome.NOT_SENT)
        assert may_repeat(error, unsafe=True) is unsafe


@pytest.mark.parametrize("last", [0, 401, 404, 409, 422, 429])
@pytest.mark.parametrize("lost", [None, 500, 408])
def test_a_write_of_which_one_attempt_is_in_doubt_is_in_doubt(lost: int | None, last: int) -> None:
    wire = Wire([Step(status=lost), Step(status=last)])
    error, _ = run(_sent(wire, IDEMPOTENT, {}))
    assert error.outcome is Outcome.UNKNOWN
    assert "nothing was changed" not in str(error)


def test_a_read_is_refused_as_its_last_answer_says() -> None:
    error, _ = run(_sent(Wire([Step(status=None), Step(status=404)]), READ, {}))
    assert (type(error), error.outcome) == (errors.NotFound, Outcome.REJECTED)


def test_a_write_whose_deadline_passes_after_a_lost_answer_is_in_doubt() -> None:
    wire = Wire([Step(status=None), Step(connecting=90.0)])
    error, took = run(_sent(wire, IDEMPOTENT, {}))
    assert (type(error), error.outcome, took) == (
        errors.DeadlineExceeded,
        Outcome.UNKNOWN,
        pytest.approx(60.0),
    )
    assert "dropped" in str(error)  # why it was being tried again


def test_an_unsafe_write_that_was_refused_and_then_ran_out_of_time_is_not_sent() -> None:
    wire = Wire([Step(status=429), Step(connecting=90.0)])
    error, _ = run(_sent(wire, UNSAFE, {}))
    assert (type(error), error.outcome) == (errors.DeadlineExceeded, Outcome.NOT_SENT)


@pytest.mark.parametrize(("asked", "requests"), [("120", 2), ("121", 1), ("86400", 1)])
def test_a_wait_of_two_minutes_is_kept_and_a_longer_one_is_the_callers(
    asked: str, requests: int
) -> None:
    wire = Wire([Step(status=503, headers={"Retry-After": asked}), Step()])
    answer, took = run(_sent(wire, READ, {"deadline": 100_000}))
    assert len(wire.started) == requests
    if requests == 1:
        assert (type(answer), answer.retry_after, took) == (
            errors.VendorUnavailable,
            float(asked),
            0.0,
        )
    else:
        assert took == pytest.approx(120.0)


def test_a_wait_longer_than_the_call_is_not_begun() -> None:
    wire = Wire([Step(status=429, headers={"Retry-After": "60"})])
    error, took = run(_sent(wire, UNSAFE, {"deadline": 60}))
    assert (type(error), error.outcome, error.retry_after, took, len(wire.started)) == (
        errors.RateLimited,
        Outcome.REJECTED,
        60.0,
        0.0,
        1,
    )


def test_a_call_shares_one_deadline_among_all_it_asks_for() -> None:
    async def call(wire: Wire) -> HelpdeskError:
        CURRENT_CALL.set(Call(operation="tickets", operation_id="1", ends_at=now() + 10))
        transport = desk(wire, deadline=600)
        await send(transport)
        with pytest.raises(HelpdeskError) as info:
            await send(transport)
        return info.value

    wire = Wire([Step(answering=8.0), Step(status=503, headers={"Retry-After": "3"})])
    assert isinstance(run(call(wire)), errors.VendorUnavailable)
    assert len(wire.started) == 2


@pytest.mark.parametrize(
    ("attempt", "limited", "longest"),
    [
        (1, False, 0.5),
        (2, False, 1.0),
        (6, False, 16.0),
        (7, False, 20.0),
        (1, True, 1.0),
        (2, True, 2.0),
        (6, True, 20.0),
        (10**9, True, 20.0),
    ],
)
def test_waits_are_drawn_from_nothing_up_to_a_doubling_limit(
    attempt: int, limited: bool, longest: float
) -> None:
    assert backoff(attempt, limited=limited, rand=lambda: 0.0) == 0.0
    assert backoff(attempt, limited=limited, rand=lambda: 0.5) == longest / 2
    assert backoff(attempt, limited=limited, rand=lambda: 1.0) == longest


def test_waits_are_random() -> None:
    async def waits() -> set[float]:
        found = set()
        for _ in range(5):
            wire = Wire([Step(status=500), Step()])
            await send(desk(wire))
            found.add(wire.started[1] - wire.ended[0])
        return found

    assert len(run(waits())) > 1


def test_the_budget_pays_for_thirty_five_repetitions() -> None:
    budget = Budget()
    assert [budget.take(limited=False) for _ in range(36)] == [14] * 35 + [0]


def test_the_budget_pays_for_a_hundred_repetitions_after_429() -> None:
    budget = Budget()
    assert [budget.take(limited=True) for _ in range(101)] == [5] * 100 + [0]


def test_the_budget_never_grows_above_its_capacity() -> None:
    budget = Budget()
    budget.give(1000)
    assert budget.tokens == 500


@pytest.mark.parametrize(
    ("steps", "left"),
    [
        ([Step()], 101),  # one that works at once earns a token
        ([Step(status=500), Step()], 100),  # one that works at last gets back what it cost
        ([Step(status=500), Step(status=429), Step()], 100),
        ([Step(status=500)], 72),
        ([Step(status=404)], 100),
        ([Step(status=None), Step(status=404)], 100),  # a vendor that refuses is alive
        ([Step(status=500), Step(status=501)], 86),
        ([Step(status=429)], 90),
    ],
)
def test_calls_earn_and_spend_tokens(steps: list[Step], left: int) -> None:
    budgets: list[Budget] = []
    original = Budget.__attrs_post_init__

    def poor(self: Budget) -> None:
        original(self)
        self.tokens = 100
        budgets.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Budget, "__attrs_post_init__", poor)
        run(_sent(Wire(steps), READ, {}))
    assert [budget.tokens for budget in budgets] == [left]


def test_a_repetition_is_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "helpdesk_bridge")
    run(_sent(Wire([Step(status=500), Step()]), Operation("list_tickets", Effect.READ), {}))
    (record,) = caplog.records
    assert record.getMessage().startswith(
        "list_tickets: VendorUnavailable after 1 requests, trying again in 0."
    )
