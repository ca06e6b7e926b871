"""Faults that no other file of this folder is about, each by the number of docs/reliability.md."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from helpdesk_bridge import errors
from helpdesk_bridge.errors import Outcome
from helpdesk_bridge.testing import Answer, End, FaultServer
from helpdesk_bridge.transport import Operation, Response, Transport
from helpdesk_bridge.transport.decode import decode_json
from tests.transport.virtual import desk

Connect = Callable[..., Transport]
LARGE = {"file": "x" * (16 * 1024 * 1024)}


@pytest.mark.asyncio
@pytest.mark.parametrize("end", [None, End.FIN], ids=["read on", "closed"])
async def test_12_a_413_in_the_middle_of_the_upload_is_a_refusal(
    connect: Connect, unsafe: Operation, caught: Any, end: End | None
) -> None:
    answer = Answer.json({"message": "Too Large"}, 413, {"Connection": "close"})
    answer = answer if end is None else answer.cut(len(answer.data), end)
    async with FaultServer(default=answer, wait_for_body=False) as server:
        error = await caught(connect(server.url).send(unsafe, "POST", ("t",), json=LARGE))
        assert len(server.requests) == 1
    assert (type(error), error.outcome, error.status) == (
        errors.PayloadTooLarge,
        Outcome.REJECTED,
        413,
    )


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["read", "unsafe"])
async def test_15_an_answer_that_drips_ends_with_the_call(
    connect: Connect, caught: Any, request: pytest.FixtureRequest, name: str
) -> None:
    """A byte now and then is no silence, so that ``read_gap`` alone would wait for ever."""
    drip = Answer.of(200, b" " * 10**6).dripped(pause=lambda: asyncio.sleep(0.001))
    async with FaultServer(default=drip) as server:
        transport = connect(server.url, deadline=0.1, read_gap=10)
        error = await caught(transport.send(request.getfixturevalue(name), "GET", ("t",)))
        assert len(server.requests) == 1
    expected = {"read": errors.DeadlineExceeded, "unsafe": errors.OutcomeUnknown}
    assert (type(error), error.outcome) == (expected[name], Outcome.UNKNOWN)


@pytest.mark.asyncio
async def test_16_a_name_that_is_never_resolved_ends_with_the_call_and_nothing_was_sent(
    connect: Connect, unsafe: Operation, caught: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", hang)
    transport = connect("https://helpdesk.invalid", deadline=0.05)
    error = await caught(transport.send(unsafe, "POST", ("t",), json={}))
    assert error.outcome is Outcome.NOT_SENT
    assert type(error) in (errors.DeadlineExceeded, errors.ConnectFailed)


@pytest.mark.asyncio
async def test_17_a_thousand_tasks_share_the_connections_in_their_order(read: Operation) -> None:
    started: list[int] = []
    most = under_way = 0

    class Wire:
        clock_offset = None

        async def __call__(self, request: Any) -> Response:
            nonlocal most, under_way
            under_way += 1
            most = max(most, under_way)
            started.append(int(request.path[0]))
            await asyncio.sleep(0)
            under_way -= 1
            return Response(request=request, status=200, headers={}, content=b"{}")

        def abandon(self) -> bool:
            return False

    transport = desk(Wire(), concurrency=7, deadline=1000)  # type: ignore[arg-type]
    tasks = [
        asyncio.create_task(transport.send(read, "GET", (str(number),))) for number in range(1000)
    ]
    await asyncio.sleep(0)
    for task in tasks[100::10]:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    answered = [number for number, one in enumerate(ended) if isinstance(one, Response)]
    assert (most, started) == (7, answered)  # bounded, and first come first served
    assert len(answered) == 910
    assert (await transport.send(read, "GET", ("1000",))).status == 200  # no slot was lost


def test_23_of_a_key_that_comes_twice_the_last_value_counts() -> None:
    assert decode_json(b'{"id": 1, "id": 2}') == {"id": 2}
