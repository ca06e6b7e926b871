"""An error holds neither the answer nor itself: what is dropped is freed, without the collector."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, TypeAlias

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.errors import HelpdeskError
from helpdesk_bridge.testing import Answer, FaultServer
from helpdesk_bridge.testing.sandbox import fake_of
from helpdesk_bridge.transport import Response, clock
from tests.vendors import FAKES

_CAP = 64 * 1024
_BODY = b"x" * (_CAP - 16)
Call: TypeAlias = Callable[[hb.Helpdesk], Awaitable[Any]]


def _json(words: bytes) -> bytes:
    return b'{"message": "' + words[:-32] + b'"}'


def _answer(
    status: int, body: bytes, length: int | None = None, kind: bytes = b"application/json"
) -> Answer:
    head = b"HTTP/1.1 %d Said\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
    return Answer(head % (status, kind, len(body) if length is None else length) + body)


ANSWERS = {
    "too large": lambda: _answer(200, _BODY * 2),
    "no JSON": lambda: _answer(200, _BODY),
    "another shape": lambda: _answer(200, _json(_BODY)),
    "cut off": lambda: _answer(200, _BODY, len(_BODY) + 10).cut(200 + len(_BODY) // 2),
    "refused": lambda: _answer(422, _json(_BODY)),
    "failed": lambda: _answer(500, _json(_BODY)),
    "web page": lambda: _answer(200, b"<html>" + _BODY),
    "forbidden by a web page": lambda: _answer(403, b"<html>" + _BODY, kind=b"text/html"),
    "not there in plain text": lambda: _answer(404, _BODY, kind=b"text/plain"),
    "failed with a web page": lambda: _answer(502, b"<html>" + _BODY, kind=b"text/html"),
}


async def _list(desk: hb.Helpdesk) -> None:
    async for _ in desk.tickets():
        pass


CALLS: dict[str, Call] = {
    "a ticket": lambda desk: desk.ticket("1"),
    "a list": _list,
    "a note": lambda desk: desk.note("1", text="x"),
    "a new ticket": lambda desk: desk.create_ticket(
        subject="S", requester="li@customer.example", text="x"
    ),
    "raw": lambda desk: desk.raw("GET", "tickets"),
}


@asynccontextmanager
async def _desk(adapter: str, *answers: Answer, **transport: Any) -> AsyncIterator[hb.Helpdesk]:
    """Open a desk of this adapter on a server that gives these answers, and then the last one."""
    kind = fake_of(adapter)
    assert kind is not None
    async with FaultServer(*answers, default=answers[-1]) as server:
        table = {**kind().table(), "base_url": server.url}
        limits = {"max_body": _CAP, "max_attempts": 2, "deadline": 5.0, **transport}
        config = {"desks": {"it": {**table, "transport": limits}}}
        async with hb.connect("it", config=config) as desk:
            yield desk


async def _error(desk: hb.Helpdesk, call: Call) -> HelpdeskError:
    try:
        await call(desk)
    except HelpdeskError as error:
        return error
    raise AssertionError("it went well")


def _chain(error: BaseException | None, seen: set[int]) -> Iterator[BaseException]:
    if error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        yield from _chain(error.__cause__, seen)
        yield from _chain(error.__context__, seen)
        yield from _chain(getattr(error, "failure", None), seen)


def _locals(trace: TracebackType | None) -> Iterator[tuple[str, Any]]:
    while trace is not None:
        for name, value in trace.tb_frame.f_locals.items():
            yield f"{trace.tb_frame.f_code.co_name}: {name}", value
        trace = trace.tb_next


def _bodies(value: Any, seen: set[int], depth: int = 8) -> bool:
    """Say whether something that is as large as the answer can be reached from a value."""
    if id(value) in seen or depth == 0:
        return False
    seen.add(id(value))
    if isinstance(value, (bytes, bytearray, str)):
        return len(value) > _CAP // 4
    if isinstance(value, (int, float, type, hb.Helpdesk, FaultServer)) or callable(value):
        return False
    return any(_bodies(one, seen, depth - 1) for one in gc.get_referents(value))


@pytest.mark.asyncio
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("adapter", FAKES)
async def test_an_error_is_freed_when_it_is_dropped_and_holds_no_answer(
    adapter: str, answer: str, call: str
) -> None:
    async with _desk(adapter, ANSWERS[answer]()) as desk:
        if (call, answer) == ("raw", "another shape"):
            return  # whatever is JSON is an answer to it
        try:
            error = await _error(desk, CALLS[call])
        except AssertionError:
            return  # the documented answer of this vendor is empty or anything
        kept = [
            name
            for one in _chain(error, set())
            for name, value in _locals(one.__traceback__)
            if not name.startswith(("_error:", "test_")) and _bodies(value, set())
        ]
        assert kept == []
        gc.collect()
        before = _responses()
        gc.disable()
        try:
            dropped = weakref.ref(await _error(desk, CALLS[call]))
            await asyncio.sleep(0)  # what the event loop was about to call
            assert dropped() is None, "only the garbage collector would free it"
            assert _responses(before) == []
        finally:
            gc.enable()


@pytest.mark.asyncio
@pytest.mark.parametrize("answer", ["failed", "failed with a web page"])
async def test_an_attempt_that_failed_leaves_nothing_when_the_next_one_works(answer: str) -> None:
    answers = [ANSWERS[answer](), Answer.json({"data": {"id": 1, "subject": "S"}})]
    async with _desk("helpspace", *answers, *answers, max_attempts=2) as desk:
        await desk.raw("GET", "tickets")
        gc.collect()
        before = _responses()
        gc.disable()
        try:
            await desk.raw("GET", "tickets")
            await asyncio.sleep(0)
            assert _responses(before) == []
        finally:
            gc.enable()


def _responses(before: Sequence[Response] = ()) -> list[Response]:
    """Return the answers that are alive, without those of earlier tests ``before``."""
    known = {id(one) for one in before}
    return [one for one in gc.get_objects() if type(one) is Response and id(one) not in known]


@pytest.fixture(autouse=True)
def few_objects() -> Iterator[None]:
    """Leave what was there before the test to itself: collecting then takes a tenth of the time."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have nobody wait between two attempts."""
    monkeypatch.setattr(clock, "pause", lambda _: asyncio.sleep(0))


@pytest.mark.asyncio
@pytest.mark.parametrize("answer", ANSWERS)
async def test_many_answers_that_are_errors_leave_no_memory_behind(answer: str) -> None:
    """Others hold exceptions of theirs as well, such as aiohttp with the answer it could not read.

    Which adapter it is plays no part in that.
    """
    async with _desk("helpspace", ANSWERS[answer]()) as desk:
        await _error(desk, CALLS["a note"])
        gc.collect()
        gc.disable()
        tracemalloc.start()
        try:
            for _ in range(20):
                await _error(desk, CALLS["a note"])
            await asyncio.sleep(0)
            held, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
            gc.enable()
        assert held < 12 * _CAP  # and not 20 answers


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", FAKES)
async def test_a_call_that_is_ended_in_the_middle_of_an_answer_leaves_nothing_either(
    adapter: str,
) -> None:
    sent = asyncio.Event()

    async def never() -> None:
        sent.set()
        await asyncio.Event().wait()

    async with _desk(adapter, _answer(200, _BODY).dripped(40_000, never)) as desk:
        gc.collect()
        gc.disable()
        try:
            reading = asyncio.create_task(_error(desk, CALLS["a ticket"]))
            await sent.wait()
            await desk.aclose()
            dropped = weakref.ref(await reading)
            del reading
            assert dropped() is None
        finally:
            gc.enable()
