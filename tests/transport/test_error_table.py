"""An answer that says no becomes the error that its code or its status names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from helpdesk_bridge import errors
from helpdesk_bridge.errors import Outcome
from helpdesk_bridge.transport import Explanation, Operation, Response, Transport
from helpdesk_bridge.transport.policies.error_table import BY_STATUS

Connect = Callable[..., Transport]

REFUSED: dict[int, type[errors.HelpdeskError]] = {
    400: errors.ValidationFailed,
    401: errors.AuthenticationError,
    402: errors.ValidationFailed,
    403: errors.PermissionDenied,
    404: errors.NotFound,
    405: errors.ValidationFailed,
    409: errors.Conflict,
    410: errors.NotFound,
    412: errors.Conflict,
    413: errors.PayloadTooLarge,
    418: errors.ValidationFailed,
    419: errors.AuthenticationError,
    422: errors.ValidationFailed,
    429: errors.RateLimited,
    440: errors.AuthenticationError,
    498: errors.AuthenticationError,
}
IN_DOUBT = (408, 420, 444, 460, 499, 500, 501, 502, 503, 504, 520, 599)
OPERATIONS = ("read", "idempotent", "unsafe")
EXPLANATION = Explanation(
    message="Closed by mia@customer.example with key sk_live_0123456789abcdef0123456789abcdef",
    code="CLOSED",
    fields={"ticket.to": ("mia@customer.example is no address",)},
)


@pytest.fixture(params=OPERATIONS)
def operation(request: pytest.FixtureRequest) -> Operation:
    return request.getfixturevalue(request.param)  # type: ignore[no-any-return]


def _explain(_: Response) -> Explanation:
    return EXPLANATION


async def _fails(
    connect: Connect, vendor: Any, operation: Operation, status: int, **table: Any
) -> errors.HelpdeskError:
    headers = table.pop("headers", None)
    vendor.answers(status, headers=headers)
    with pytest.raises(errors.HelpdeskError) as info:
        await connect(vendor, **table).send(operation, "POST", ("t",), json={})
    return info.value


def test_every_status_of_the_table_is_tested_here() -> None:
    assert set(BY_STATUS) <= {*REFUSED, *IN_DOUBT}


@pytest.mark.asyncio
@pytest.mark.parametrize("status", REFUSED)
async def test_a_refusal_is_the_error_of_its_status_and_nothing_was_done(
    connect: Connect, vendor: Any, operation: Operation, status: int
) -> None:
    error = await _fails(connect, vendor, operation, status)
    assert (type(error), error.outcome, error.status, error.attempts) == (
        REFUSED[status],
        Outcome.REJECTED,
        status,
        1,
    )


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [*REFUSED])
async def test_the_vendors_own_code_goes_before_the_status(
    connect: Connect, vendor: Any, operation: Operation, status: int
) -> None:
    table = {"codes": {"CLOSED": errors.TicketClosed}, "explain": _explain}
    error = await _fails(connect, vendor, operation, status, **table)
    assert (type(error), error.outcome, error.status, error.vendor_code) == (
        errors.TicketClosed,
        Outcome.REJECTED,
        status,
        "CLOSED",
    )


@pytest.mark.asyncio
@pytest.mark.parametrize("status", IN_DOUBT)
@pytest.mark.parametrize("name", ["read", "idempotent"])
async def test_a_failing_vendor_is_unavailable_where_repeating_is_safe(
    connect: Connect, vendor: Any, request: pytest.FixtureRequest, status: int, name: str
) -> None:
    error = await _fails(connect, vendor, request.getfixturevalue(name), status)
    assert (type(error), error.outcome, error.status, error.retryable) == (
        errors.VendorUnavailable,
        Outcome.UNKNOWN,
        status,
        status != 501,  # what a server has not implemented now, it has not a second later
    )


@pytest.mark.asyncio
@pytest.mark.parametrize("status", IN_DOUBT)
async def test_a_failing_vendor_leaves_an_unsafe_write_unknown(
    connect: Connect, vendor: Any, unsafe: Operation, status: int
) -> None:
    error = await _fails(connect, vendor, unsafe, status)
    assert isinstance(error, errors.OutcomeUnknown)
    assert (error.cause, error.bytes_sent, error.status, error.attempts, error.retryable) == (
        "VendorUnavailable",
        True,
        status,
        1,
        False,
    )
    assert error.started_at is not None


@pytest.mark.asyncio
async def test_even_a_known_code_does_not_make_a_failing_vendors_answer_a_refusal(
    connect: Connect, vendor: Any, unsafe: Operation
) -> None:
    table = {"codes": {"CLOSED": errors.TicketClosed}, "explain": _explain}
    error = await _fails(connect, vendor, unsafe, 500, **table)
    assert isinstance(error, errors.OutcomeUnknown)
    assert error.vendor_code == "CLOSED"


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_a_2xx_answer_is_no_error(
    connect: Connect, vendor: Any, operation: Operation, status: int
) -> None:
    vendor.answers(status, body=b"")
    assert (await connect(vendor).send(operation, "POST", ("t",), json={})).status == status


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("text", "seconds"), [("0", 0.0), ("7", 7.0), (" 120 ", 120.0)])
async def test_the_wait_a_vendor_asks_for_is_passed_on(
    connect: Connect, vendor: Any, read: Operation, status: int, text: str, seconds: float
) -> None:
    error = await _fails(connect, vendor, read, status, headers={"Retry-After": text})
    assert error.retry_after == seconds


@pytest.mark.asyncio
@pytest.mark.parametrize("text", ["", "soon", "nan", "inf", "-5", "\u0665", "²"], ids=repr)
async def test_a_wait_without_figures_is_ignored(
    connect: Connect, vendor: Any, read: Operation, text: str
) -> None:
    error = await _fails(connect, vendor, read, 429, headers={"Retry-After": text})
    assert (type(error), error.retry_after) == (errors.RateLimited, None)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "text", ["1.5.2", "1e9", "1_0", "9" * 400, "-7, -8"], ids=lambda text: repr(text[:9])
)
async def test_a_wait_with_figures_that_nobody_understands_is_waited_for(
    connect: Connect, vendor: Any, read: Operation, text: str
) -> None:
    error = await _fails(connect, vendor, read, 429, headers={"Retry-After": text})
    assert type(error) is errors.RateLimited
    assert error.retry_after is not None
    assert error.retry_after >= 30


@pytest.mark.asyncio
async def test_an_unsafe_write_in_doubt_does_not_invite_to_try_again(
    connect: Connect, vendor: Any, unsafe: Operation
) -> None:
    error = await _fails(connect, vendor, unsafe, 503, headers={"Retry-After": "7"})
    assert error.retry_after is None


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [400, 422])
async def test_the_refused_fields_are_named_without_their_addresses(
    connect: Connect, vendor: Any, unsafe: Operation, status: int
) -> None:
    error = await _fails(connect, vendor, unsafe, status, explain=_explain)
    assert isinstance(error, errors.ValidationFailed)
    assert error.fields == {"ticket.to": ("<address> is no address",)}


@pytest.mark.asyncio
async def test_the_vendors_sentence_is_shown_without_addresses_and_keys(
    connect: Connect, vendor: Any, operation: Operation
) -> None:
    text = str(await _fails(connect, vendor, operation, 409, explain=_explain))
    assert "Closed by <address> with key <redacted>" in text


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [409, 500])
@pytest.mark.parametrize("code", ["mia@customer.example", "k" * 40, "x y " * 40])
async def test_a_code_that_is_not_in_the_table_is_shown_redacted(
    connect: Connect, vendor: Any, unsafe: Operation, status: int, code: str
) -> None:
    explanation = Explanation(code=code)
    error = await _fails(connect, vendor, unsafe, status, explain=lambda _: explanation)
    assert code not in f"{error} {vars(error)}"
    assert len(error.vendor_code or "") <= 64


def _raises(error: Exception) -> Callable[[Response], Explanation]:
    def explain(_: Response) -> Explanation:
        raise error

    return explain


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "error",
    [
        KeyError("canary"),
        IndexError("canary"),
        TypeError("canary"),
        ValueError("canary"),
        AttributeError("canary"),
        RecursionError("canary"),
        RuntimeError("canary"),
        errors.ProtocolError("canary"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_an_explanation_that_cannot_be_understood_does_not_hide_the_refusal(
    connect: Connect, vendor: Any, unsafe: Operation, error: Exception
) -> None:
    failure = await _fails(connect, vendor, unsafe, 404, explain=_raises(error))
    assert (type(failure), failure.__context__) == (errors.NotFound, None)


WRONG: dict[str, Any] = {
    "nothing": None,
    "a dict": {"message": "canary"},
    "no message": Explanation(message=None),  # type: ignore[arg-type]
    "a number for a code": Explanation(code=404),  # type: ignore[arg-type]
    "fields without names": Explanation(fields=["canary"]),  # type: ignore[arg-type]
    "fields that are no text": Explanation(fields={"a": (1,)}),  # type: ignore[dict-item]
    "a foreign kind": Explanation(kind=KeyError),  # type: ignore[arg-type]
    "no kind": Explanation(kind="NotFound"),  # type: ignore[arg-type]
}


@pytest.mark.asyncio
@pytest.mark.parametrize("wrong", WRONG)
async def test_an_explanation_of_the_wrong_type_does_not_hide_the_refusal(
    connect: Connect, vendor: Any, unsafe: Operation, wrong: str
) -> None:
    failure = await _fails(connect, vendor, unsafe, 404, explain=lambda _: WRONG[wrong])
    assert (type(failure), failure.__context__) == (errors.NotFound, None)
    assert "canary" not in str(failure)


@pytest.mark.asyncio
async def test_a_web_page_as_a_refusal_is_still_that_refusal(
    connect: Connect, vendor: Any, unsafe: Operation, caught: Any
) -> None:
    def explain(response: Response) -> Explanation:
        return Explanation(code=response.json()["code"])

    vendor.answers(403, body=b"<html>canary</html>", headers={"Content-Type": "text/html"})
    error = await caught(connect(vendor, explain=explain).send(unsafe, "POST", ("t",), json={}))
    assert (type(error), "canary" in str(error)) == (errors.PermissionDenied, False)


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["X-Request-Id", "X-Correlation-Id"])
@pytest.mark.parametrize("status", [404, 500])
async def test_the_vendors_name_for_the_request_is_kept_for_its_support(
    connect: Connect, vendor: Any, unsafe: Operation, name: str, status: int
) -> None:
    error = await _fails(connect, vendor, unsafe, status, headers={name: "r-1"})
    assert error.request_id == "r-1"
