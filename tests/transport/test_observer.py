"""An observer is told of each attempt, of nothing secret, and can break no request."""

from __future__ import annotations

import asyncio
import gzip
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from attrs import asdict, define, field
from helpdesk_bridge_helpspace import HelpSpaceSettings

import helpdesk_bridge as hb
from helpdesk_bridge.errors import HelpdeskError, InvalidArgument, Outcome, Reason
from helpdesk_bridge.secret import Secret
from helpdesk_bridge.testing import Answer, FaultServer, MemorySettings
from helpdesk_bridge.transport import (
    Attempt,
    AttemptResult,
    Effect,
    Explanation,
    Handler,
    HeaderAuth,
    Observer,
    Operation,
    Repetition,
    Request,
    Response,
    Transport,
    TransportOptions,
)
from helpdesk_bridge.transport.policies.observe import Observe, Observers
from helpdesk_bridge.transport.urls import base_url

Watched = Callable[..., Transport]
CANARY = "kanarienvogel"


@define(eq=False)
class Notes(Observer):
    """Keeps what it is told."""

    told: list[tuple[str, Attempt, Any]] = field(factory=list)

    def attempt_started(self, attempt: Attempt) -> None:
        self.told.append(("started", attempt, None))

    def attempt_ended(self, attempt: Attempt, result: AttemptResult) -> None:
        self.told.append(("ended", attempt, result))

    def retrying(self, attempt: Attempt, repetition: Repetition) -> None:
        self.told.append(("retrying", attempt, repetition))

    @property
    def results(self) -> list[AttemptResult]:
        return [value for what, _, value in self.told if what == "ended"]


class Broken(Observer):
    """Raises at everything."""

    def attempt_started(self, attempt: Attempt) -> None:
        raise ValueError(CANARY)

    def attempt_ended(self, attempt: Attempt, result: AttemptResult) -> None:
        raise KeyError(CANARY)

    def retrying(self, attempt: Attempt, repetition: Repetition) -> None:
        raise KeyError(CANARY)


@pytest_asyncio.fixture
async def watched(vendor: Any) -> AsyncIterator[Watched]:
    """Make transports to ``vendor`` with observers."""
    made: list[Transport] = []

    def make(*observers: Observer, to: str = "", **options: Any) -> Transport:
        transport = Transport(
            base_url(to or vendor.url),
            TransportOptions(**{"deadline": 20.0, "max_attempts": 1, **options}),
            desk="support",
            vendor="acme",
            auth=HeaderAuth({"Authorization": Secret(f"Bearer {CANARY}")}),
            error_codes={},
            explain=lambda _: Explanation(message=CANARY),
            observers=observers,
        )
        made.append(transport)
        return transport

    yield make
    for transport in made:
        await transport.aclose()


async def failed(awaitable: Awaitable[object]) -> HelpdeskError:
    with pytest.raises(HelpdeskError) as info:
        await awaitable
    return info.value


@pytest.mark.asyncio
async def test_an_attempt_that_goes_well_is_told_from_start_to_end(
    watched: Watched, vendor: Any, read: Operation
) -> None:
    vendor.answers(body=b'{"a": 1}', headers={"Date": "Mon, 02 Mar 2026 08:00:00 GMT", "Age": "30"})
    notes = Notes()
    await watched(notes).send(read, "GET", ("contacts", "li@customer.example"), query=[("q", "x")])
    [(first, attempt, _), (last, same, result)] = notes.told
    assert (first, last, attempt is same) == ("started", "ended", True)
    assert asdict(attempt) == {
        "desk": "support",
        "vendor": "acme",
        "operation": "list_tickets",
        "call": None,
        "operation_id": None,
        "effect": Effect.READ,
        "attempt": 1,
        "method": "GET",
        "path": "/contacts/<address>",
    }
    assert result.seconds >= 0
    assert asdict(result) == {
        "status": 200,
        "bytes_received": 8,
        "error": None,
        "outcome": None,
        "reason": None,
        "seconds": result.seconds,
        "vendor_time": datetime(2026, 3, 2, 8, 0, 30, tzinfo=UTC),
    }


@pytest.mark.asyncio
async def test_each_attempt_and_each_repetition_is_told(
    watched: Watched, vendor: Any, read: Operation
) -> None:
    vendor.answers(429, headers={"Retry-After": "0"}, body=b"{} ")
    vendor.drops()
    notes = Notes()
    await watched(notes, max_attempts=3).send(read, "GET", ("t",))
    assert [(what, attempt.attempt) for what, attempt, _ in notes.told] == [
        *(("started", 1), ("ended", 1), ("retrying", 1)),
        *(("started", 2), ("ended", 2), ("retrying", 2)),
        *(("started", 3), ("ended", 3)),
    ]
    assert [attempt for _, attempt, _ in notes.told[:3]] == [notes.told[0][1]] * 3
    limited, dropped, done = notes.results
    assert (limited.status, limited.bytes_received, limited.error) == (429, 3, "RateLimited")
    assert (limited.outcome, limited.reason) == (Outcome.REJECTED, Reason.RATE_LIMIT)
    assert (dropped.status, dropped.bytes_received, dropped.error) == (None, 0, "VendorUnavailable")
    assert (dropped.outcome, dropped.reason) == (Outcome.UNKNOWN, Reason.DROPPED)
    assert (done.status, done.error, done.vendor_time) == (200, None, None)
    first, second = [value for what, _, value in notes.told if what == "retrying"]
    assert (first.wait, first.requests, first.status) == (0.0, 1, 429)
    assert (second.requests, second.error, second.reason) == (
        2,
        "VendorUnavailable",
        Reason.DROPPED,
    )


@pytest.mark.asyncio
async def test_bytes_are_counted_as_they_came_and_of_a_cut_answer_what_came(
    watched: Watched, vendor: Any, read: Operation
) -> None:
    packed = gzip.compress(b"[" + b" " * 1000 + b"]")
    vendor.answers(body=packed, headers={"Content-Encoding": "gzip"})
    vendor.answers(body=packed[:9], length=len(packed))
    notes = Notes()
    transport = watched(notes)
    await transport.send(read, "GET", ("t",))
    await failed(transport.send(read, "GET", ("t",)))
    whole, cut = notes.results
    assert (whole.bytes_received, whole.reason) == (len(packed), None)
    assert (cut.bytes_received, cut.status, cut.reason) == (9, 200, Reason.TRUNCATED)


@pytest.mark.asyncio
async def test_a_write_in_doubt_is_told_as_one(
    watched: Watched, vendor: Any, unsafe: Operation
) -> None:
    vendor.drops()
    notes = Notes()
    await failed(watched(notes).send(unsafe, "POST", ("t",), json={}))
    [result] = notes.results
    assert (result.error, result.outcome, result.reason) == (
        "OutcomeUnknown",
        Outcome.UNKNOWN,
        Reason.DROPPED,
    )


@pytest.mark.asyncio
async def test_a_cancelled_attempt_is_told_as_one(
    watched: Watched, vendor: Any, read: Operation
) -> None:
    vendor.hangs()
    notes = Notes()
    task = asyncio.create_task(watched(notes).send(read, "GET", ("t",)))
    await vendor.arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    [result] = notes.results
    assert (result.error, result.reason, result.outcome) == (
        "CancelledError",
        Reason.CANCELLED,
        Outcome.UNKNOWN,
    )


@pytest.mark.asyncio
async def test_a_call_of_a_desk_is_told_with_its_name_and_id() -> None:
    notes = Notes()
    async with FaultServer(default=Answer.json({}, 404)) as server:
        settings = HelpSpaceSettings(token="t", client_id="c", base_url=server.url)
        async with hb.Helpdesk(settings, name="support", observers=[notes]) as desk:
            error = await failed(desk.ticket("7"))
    [(_, attempt, _), _] = notes.told
    assert (attempt.desk, attempt.vendor, attempt.call) == ("support", "helpspace", "ticket")
    assert attempt.operation_id == error.operation_id
    assert notes.results[0].reason is error.reason is Reason.NOT_FOUND


@pytest.mark.asyncio
async def test_connect_hands_observers_on() -> None:
    notes = Notes()
    async with FaultServer(default=Answer.json({}, 404)) as server:
        table = {"adapter": "helpspace", "token": "t", "client_id": "c", "base_url": server.url}
        config = {"desks": {"support": table}}
        async with hb.connect(config=config, observers=[notes]) as desk:
            await failed(desk.ticket("7"))
    assert len(notes.results) == 1


@pytest.mark.asyncio
async def test_a_download_ends_its_attempt_with_the_head(
    watched: Watched, vendor: Any, read: Operation
) -> None:
    vendor.answers(body=b"file")
    notes = Notes()
    async with watched(notes).stream(read, ("f",)) as chunks:
        assert [value.status for value in notes.results] == [200]
        assert b"".join([chunk async for chunk in chunks]) == b"file"
    assert [value.bytes_received for value in notes.results] == [0]


@pytest.mark.asyncio
async def test_nothing_that_is_told_holds_a_secret_a_query_a_body_or_a_host(
    watched: Watched, vendor: Any, unsafe: Operation
) -> None:
    vendor.answers(422, body=b'{"message": "kanarienvogel"}', headers={"X-Canary": CANARY})
    notes = Notes()
    await failed(
        watched(notes).send(
            unsafe, "POST", ("t",), query=[("q", CANARY)], json={"t": CANARY}, headers={"X": CANARY}
        )
    )
    assert CANARY not in repr(notes.told)
    assert "127.0.0.1" not in repr(notes.told)


@pytest.mark.asyncio
async def test_an_observer_that_raises_breaks_nothing_and_is_named_once(
    watched: Watched, vendor: Any, read: Operation, caplog: pytest.LogCaptureFixture
) -> None:
    vendor.answers(503)
    notes = Notes()
    with caplog.at_level(logging.WARNING, "helpdesk_bridge"):
        transport = watched(Broken(), notes, Broken(), max_attempts=2)
        await transport.send(read, "GET", ("t",))
        await transport.send(read, "GET", ("t",))
    assert len(notes.results) == 3
    assert [record.getMessage() for record in caplog.records] == [
        "support: observer Broken raised ValueError; no request is harmed, and this is said once"
    ] * 2
    assert CANARY not in caplog.text


@pytest.mark.asyncio
async def test_a_path_that_is_none_is_refused_as_it_is_without_an_observer(
    watched: Watched, read: Operation
) -> None:
    notes = Notes()
    error = await failed(watched(notes).send(read, "GET", (7,)))  # type: ignore[arg-type]
    assert (type(error), notes.results[0].reason) == (InvalidArgument, Reason.INVALID_ARGUMENT)


@pytest.mark.parametrize("given", [[Notes], Notes(), 5])
def test_what_is_no_observer_is_refused(given: Any) -> None:
    with pytest.raises(InvalidArgument, match="Observer"):
        hb.Helpdesk(MemorySettings(), observers=given)


@pytest.mark.asyncio
async def test_an_attempt_that_the_desk_ends_is_not_told_as_cancelled_by_its_caller(
    watched: Watched, vendor: Any, read: Operation
) -> None:
    vendor.hangs()
    notes = Notes()
    transport = watched(notes)
    task = asyncio.create_task(transport.send(read, "GET", ("t",)))
    await vendor.arrived.wait()
    await transport.aclose()
    with pytest.raises(hb.DeskClosed):
        await task
    assert [result.reason for result in notes.results] == [Reason.DESK_CLOSED]


@pytest.mark.asyncio
async def test_an_attempt_that_its_deadline_ends_is_told_as_one(
    watched: Watched, vendor: Any, read: Operation
) -> None:
    vendor.hangs()
    notes = Notes()
    transport = watched(notes)
    task = asyncio.create_task(transport.send(read, "GET", ("t",)))
    await vendor.arrived.wait()
    for deadline in list(transport._running._deadlines):
        deadline.expire()
    with pytest.raises(hb.DeadlineExceeded):
        await task
    assert [result.reason for result in notes.results] == [Reason.DEADLINE]


@pytest.mark.asyncio
async def test_while_nobody_observes_a_request_is_handed_on_as_it_is(
    read: Operation, caplog: pytest.LogCaptureFixture
) -> None:
    request = Request(operation=read, method="GET", path=("t",))

    async def handler(_: Request) -> Response:
        raise AssertionError

    handed = handler(request)
    handle: Handler = lambda _: handed  # noqa: E731
    with caplog.at_level(logging.INFO, "helpdesk_bridge.transport"):
        assert Observe(Observers("support"))(request, handle) is handed
    handed.close()
    assert request.progress.observed is None


@pytest.mark.asyncio
async def test_log_records_carry_the_figures_of_their_line(
    watched: Watched, vendor: Any, read: Operation, caplog: pytest.LogCaptureFixture
) -> None:
    vendor.answers(503, headers={"Retry-After": "0"})
    with caplog.at_level(logging.DEBUG, "helpdesk_bridge.transport"):
        await watched(max_attempts=2).send(read, "GET", ("t",))
    failed, again, done = caplog.records
    names = ("desk", "vendor", "operation", "call", "operation_id", "attempt", "status")
    for record, attempt, status in ((failed, 1, 503), (again, 1, 503), (done, 2, 200)):
        told = [vars(record)[name] for name in names]
        assert told == ["support", "acme", "list_tickets", None, None, attempt, status]
    assert (failed.outcome, failed.reason, failed.error) == (  # type: ignore[attr-defined]
        "unknown",
        "vendor_failure",
        "VendorUnavailable",
    )
    assert failed.seconds >= 0  # type: ignore[attr-defined]
    assert (again.wait, again.outcome) == (0.0, "unknown")  # type: ignore[attr-defined]
    assert (done.outcome, done.reason) == (None, None)  # type: ignore[attr-defined]


@pytest.mark.asyncio
async def test_at_info_a_repetition_is_a_record_with_its_figures(
    watched: Watched, vendor: Any, read: Operation, caplog: pytest.LogCaptureFixture
) -> None:
    vendor.answers(503, headers={"Retry-After": "0"})
    with caplog.at_level(logging.INFO, "helpdesk_bridge.transport"):
        await watched(max_attempts=2).send(read, "GET", ("t",))
    [record] = caplog.records
    assert (record.attempt, record.status) == (1, 503)  # type: ignore[attr-defined]
    assert record.getMessage() == (
        "list_tickets: VendorUnavailable after 1 requests, trying again in 0.0 s [-]"
    )
