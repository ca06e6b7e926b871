"""Whatever hangs ends at its limit, and says what was under way by then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from helpdesk_bridge import errors
from helpdesk_bridge.errors import Outcome
from helpdesk_bridge.transport import (
    CURRENT_CALL,
    Call,
    Handler,
    Operation,
    Request,
    Response,
    Transport,
)

Connect = Callable[..., Transport]
HALF = b"HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\n{}"


@pytest.mark.asyncio
@pytest.mark.parametrize("played", [b"", b"HTTP/1.1 200 X\r\n", HALF])
async def test_a_read_without_a_whole_answer_exceeds_its_deadline(
    connect: Connect, vendor: Any, read: Operation, caught: Any, played: bytes
) -> None:
    vendor.plays(played, hold=True)
    error = await caught(connect(vendor, deadline=0.2).send(read, "GET", ("t",)))
    assert (type(error), error.outcome, error.attempts) == (
        errors.DeadlineExceeded,
        Outcome.UNKNOWN,
        1,
    )


@pytest.mark.asyncio
@pytest.mark.parametrize("played", [b"", b"HTTP/1.1 200 X\r\n", HALF])
async def test_an_unsafe_write_without_a_whole_answer_is_unknown(
    connect: Connect, vendor: Any, unsafe: Operation, caught: Any, played: bytes
) -> None:
    vendor.plays(played, hold=True)
    error = await caught(connect(vendor, deadline=0.2).send(unsafe, "POST", ("t",), json={}))
    assert (type(error), error.cause, error.bytes_sent, error.attempts) == (
        errors.OutcomeUnknown,
        "DeadlineExceeded",
        True,
        1,
    )
    assert error.started_at is not None


@pytest.mark.asyncio
@pytest.mark.parametrize("played", [b"", HALF])
async def test_silence_within_an_answer_ends_a_read_before_its_deadline(
    connect: Connect, vendor: Any, read: Operation, caught: Any, played: bytes
) -> None:
    vendor.plays(played, hold=True)
    error = await caught(connect(vendor, read_gap=0.1).send(read, "GET", ("t",)))
    assert type(error) is errors.VendorUnavailable


@pytest.mark.asyncio
async def test_a_deadline_that_ends_before_anything_is_sent_is_not_sent(
    connect: Connect, vendors: Any, unsafe: Operation, caught: Any
) -> None:
    silent = vendors()
    await silent.start()
    silent.scheme = "https"  # the TLS greeting is never answered
    error = await caught(connect(silent, deadline=0.2).send(unsafe, "POST", ("t",), json={}))
    assert (type(error), error.outcome) == (errors.DeadlineExceeded, Outcome.NOT_SENT)


@pytest.mark.asyncio
async def test_a_request_belongs_to_the_deadline_of_its_call(
    connect: Connect, vendor: Any, read: Operation, caught: Any
) -> None:
    vendor.hangs()
    ends_at = asyncio.get_running_loop().time() + 0.1
    token = CURRENT_CALL.set(Call(operation="tickets", operation_id="1", ends_at=ends_at))
    try:
        error = await caught(connect(vendor, deadline=600).send(read, "GET", ("t",)))
    finally:
        CURRENT_CALL.reset(token)
    assert type(error) is errors.DeadlineExceeded


@pytest.mark.asyncio
async def test_nothing_is_sent_for_a_call_whose_time_is_over(
    connect: Connect, vendor: Any, idempotent: Operation, caught: Any
) -> None:
    transport = connect(vendor)
    await transport.send(idempotent, "PUT", ("t",))  # leaves a kept-alive connection
    ends_at = asyncio.get_running_loop().time()
    token = CURRENT_CALL.set(Call(operation="tickets", operation_id="1", ends_at=ends_at))
    try:
        error = await caught(transport.send(idempotent, "PUT", ("t",)))
    finally:
        CURRENT_CALL.reset(token)
    assert (type(error), error.outcome, len(vendor.seen)) == (
        errors.DeadlineExceeded,
        Outcome.NOT_SENT,
        1,
    )


@pytest.mark.asyncio
async def test_waiting_for_a_busy_desk_is_a_pool_timeout_and_not_sent(
    connect: Connect, vendor: Any, unsafe: Operation, read: Operation, caught: Any
) -> None:
    vendor.hangs()
    transport = connect(vendor, concurrency=1, deadline=0.2)
    first = asyncio.create_task(caught(transport.send(read, "GET", ("t",))))
    await vendor.arrived.wait()
    ends_at = asyncio.get_running_loop().time() + 0.05
    token = CURRENT_CALL.set(Call(operation="reply", operation_id="1", ends_at=ends_at))
    try:
        error = await caught(transport.send(unsafe, "POST", ("t",), json={}))
    finally:
        CURRENT_CALL.reset(token)
    assert (type(error), error.outcome, len(vendor.seen)) == (
        errors.PoolTimeout,
        Outcome.NOT_SENT,
        1,
    )
    await first


async def _cancelled_while_hanging(transport: Transport, vendor: Any, operation: Any) -> None:
    vendor.hangs()
    task = asyncio.create_task(transport.send(operation, "GET", ("t",)))
    await vendor.arrived.wait()
    vendor.arrived.clear()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.asyncio
async def test_a_cancelled_request_gives_its_slot_back(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    transport = connect(vendor, concurrency=1)
    for _ in range(3):
        await _cancelled_while_hanging(transport, vendor, read)
    assert (await transport.send(read, "GET", ("t",))).status == 200


@pytest.mark.asyncio
async def test_a_cancelled_request_closes_its_connection(
    connect: Connect, vendor: Any, unsafe: Operation
) -> None:
    await _cancelled_while_hanging(connect(vendor), vendor, unsafe)
    await vendor.ended.wait()


@pytest.mark.asyncio
async def test_a_cancelled_wait_for_a_slot_takes_none(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    transport = connect(vendor, concurrency=1)
    vendor.hangs()
    first = asyncio.create_task(transport.send(read, "GET", ("t",)))
    await vendor.arrived.wait()
    second = asyncio.create_task(transport.send(read, "GET", ("t",)))
    await asyncio.sleep(0)
    for task in (second, first):
        task.cancel()
    await asyncio.gather(first, second, return_exceptions=True)
    assert (await transport.send(read, "GET", ("t",))).status == 200


@pytest.mark.asyncio
async def test_no_more_requests_are_under_way_than_concurrency_allows(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    transport = connect(vendor, concurrency=2)
    await asyncio.gather(*(transport.send(read, "GET", ("t",)) for _ in range(20)))
    assert (len(vendor.seen), vendor.connections) == (20, 2)


@pytest.mark.asyncio
async def test_the_callers_own_timeout_stays_a_timeout_error(
    connect: Connect, vendor: Any, unsafe: Operation
) -> None:
    vendor.hangs()
    with pytest.raises(TimeoutError) as info:
        async with asyncio.timeout(0.1):
            await connect(vendor).send(unsafe, "POST", ("t",), json={})
    assert not isinstance(info.value, errors.HelpdeskError)


@pytest.mark.asyncio
async def test_a_timeout_error_of_a_users_middleware_is_not_mistaken_for_the_deadline(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    async def impatient(request: Request, handler: Handler) -> Response:
        raise TimeoutError("mine")

    with pytest.raises(TimeoutError, match="mine"):
        await connect(vendor, middlewares=[impatient]).send(read, "GET", ("t",))


@pytest.mark.asyncio
async def test_a_transport_that_is_closed_meanwhile_leaves_an_unsafe_write_unknown(
    connect: Connect, vendor: Any, unsafe: Operation, caught: Any
) -> None:
    vendor.hangs()
    transport = connect(vendor)
    task = asyncio.create_task(caught(transport.send(unsafe, "POST", ("t",), json={})))
    await vendor.arrived.wait()
    await transport.aclose()
    assert type(await task) is errors.OutcomeUnknown


@pytest.mark.asyncio
async def test_a_request_still_waiting_when_the_transport_is_closed_is_not_sent(
    connect: Connect, vendor: Any, read: Operation, unsafe: Operation, caught: Any
) -> None:
    vendor.hangs()
    transport = connect(vendor, concurrency=1)
    first = asyncio.create_task(caught(transport.send(read, "GET", ("t",))))
    await vendor.arrived.wait()
    second = asyncio.create_task(caught(transport.send(unsafe, "POST", ("t",), json={})))
    await asyncio.sleep(0)
    await transport.aclose()
    await first
    assert (type(await second), len(vendor.seen)) == (errors.DeskClosed, 1)


@pytest.mark.asyncio
async def test_a_proxy_that_is_silent_has_sent_nothing_on(
    connect: Connect, vendor: Any, unsafe: Operation, caught: Any
) -> None:
    """Its CONNECT has arrived; it holds nothing of the request."""
    vendor.hangs()
    transport = connect("https://127.0.0.1:9/api", deadline=0.2, proxy=vendor.origin)
    error = await caught(transport.send(unsafe, "POST", ("t",), json={}))
    assert (type(error), error.outcome) == (errors.DeadlineExceeded, Outcome.NOT_SENT)
    assert [seen.method for seen in vendor.seen] == ["CONNECT"]


@pytest.mark.asyncio
async def test_a_deadline_in_the_wait_after_a_refusal_is_not_sent(
    connect: Connect, vendor: Any, unsafe: Operation, caught: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from helpdesk_bridge.transport import clock

    async def endless(seconds: float) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(clock, "pause", endless)
    vendor.answers(429, headers={"Retry-After": "0"})
    transport = connect(vendor, deadline=0.2, max_attempts=3)
    error = await caught(transport.send(unsafe, "POST", ("t",), json={}))
    assert (type(error), error.outcome, len(vendor.seen)) == (
        errors.DeadlineExceeded,
        Outcome.NOT_SENT,
        1,
    )
