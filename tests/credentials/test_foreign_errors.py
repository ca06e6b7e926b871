"""What leaves a call keeps no credential in its frames, whatever class it is of."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.config import settings
from helpdesk_bridge.errors.frames import chain
from helpdesk_bridge.testing import Answer, FaultServer
from helpdesk_bridge.transport.pipeline import Handler
from tests.credentials.spelled import shows

SECRET = "hs_live_Zq7XvB2m-Kp9LwT4sRdYc8"


async def with_timeout(request: hb.Request, handler: Handler) -> hb.Response:
    async with asyncio.timeout(0.1):
        return await handler(request)


async def waited_for(request: hb.Request, handler: Handler) -> hb.Response:
    return await asyncio.wait_for(handler(request), 0.1)


async def hedged(request: hb.Request, handler: Handler) -> hb.Response:
    sent = asyncio.ensure_future(handler(request))
    await asyncio.wait({sent}, timeout=0.1)
    sent.cancel()
    return await sent


async def translated(request: hb.Request, handler: Handler) -> hb.Response:
    try:
        return await asyncio.wait_for(handler(request), 0.1)
    except TimeoutError as error:
        raise RuntimeError("of our own") from error


async def grouped(request: hb.Request, handler: Handler) -> hb.Response:
    try:
        return await asyncio.wait_for(handler(request), 0.1)
    except TimeoutError as error:
        raise ExceptionGroup("several", [ExceptionGroup("one", [error])]) from None


MIDDLEWARES = [with_timeout, waited_for, hedged, translated, grouped]
CALLS: dict[str, Callable[[hb.Helpdesk], Awaitable[object]]] = {
    "a read": lambda desk: desk.ticket("1"),
    "raw": lambda desk: desk.raw("POST", "tickets", json={"a": 1}),
    "a reply": lambda desk: desk.reply("1", text="Words.", send_email=True),
    "a list": lambda desk: _read(desk.tickets()),
}


async def _read(items: hb.Pager[hb.Ticket]) -> list[hb.Ticket]:
    return [item async for item in items]


def kept_by(error: BaseException) -> Iterator[str]:
    """Yield what the frames of an error hold, but for the test's own."""
    for one in chain(error, failures=True):
        for frame, _ in traceback.walk_tb(one.__traceback__):
            if not frame.f_code.co_name.startswith("test_"):  # which is running still
                for value in list(frame.f_locals.values()):
                    yield repr(value)


@pytest.mark.asyncio
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("middleware", MIDDLEWARES)
async def test_an_error_of_a_middleware_keeps_no_signed_request(
    middleware: hb.Middleware, call: str
) -> None:
    async with FaultServer(default=Answer.hang()) as server:
        given = settings.HelpSpaceSettings(token=SECRET, client_id="7", base_url=server.url)
        async with hb.Helpdesk(given, middlewares=[middleware]) as desk:
            with pytest.raises(BaseException) as caught:  # noqa: PT011 - whatever it is
                await CALLS[call](desk)
    kept = [text for text in kept_by(caught.value) if shows(text, SECRET)]
    assert kept == []


@pytest.mark.asyncio
async def test_a_middleware_that_keeps_an_error_for_others_goes_on() -> None:
    kept: list[Exception] = []
    done: list[str] = []
    first_keeps, other_is_done = asyncio.Event(), asyncio.Event()

    async def breaker(request: hb.Request, handler: Handler) -> hb.Response:
        if kept:
            raise kept[0]
        try:
            return await handler(request)
        except hb.HelpdeskError as error:
            kept.append(error)
            first_keeps.set()
        await other_is_done.wait()
        done.append("went on")
        raise kept[0]

    async with FaultServer(default=Answer.json({}, 404)) as server:
        given = settings.HelpSpaceSettings(token=SECRET, client_id="7", base_url=server.url)
        async with hb.Helpdesk(given, middlewares=[breaker]) as desk:
            first = asyncio.create_task(desk.ticket("1"))
            await first_keeps.wait()
            with pytest.raises(hb.HelpdeskError):
                await desk.ticket("2")
            other_is_done.set()
            with pytest.raises(hb.HelpdeskError):
                await asyncio.wait_for(first, 20)
    assert done == ["went on"]


@pytest.mark.asyncio
async def test_a_call_that_waits_goes_on_though_another_one_raises_its_error() -> None:
    """What waits here is a coroutine of the library: the sender, which tells the ledger."""
    waits, other_is_done = asyncio.Event(), asyncio.Event()
    kept: list[Exception] = []

    class SlowLedger(hb.MemoryLedger):
        async def record_result(self, *args: Any, **kwargs: Any) -> None:
            waits.set()
            await other_is_done.wait()
            await super().record_result(*args, **kwargs)

    async def breaker(request: hb.Request, handler: Handler) -> hb.Response:
        if kept:
            raise kept[0]
        try:
            return await handler(request)
        except hb.HelpdeskError as error:
            kept.append(error)
            raise

    async with FaultServer(default=Answer.json({"message": "no"}, 403)) as server:
        given = settings.HelpSpaceSettings(token=SECRET, client_id="7", base_url=server.url)
        ledger = SlowLedger()
        async with hb.Helpdesk(given, middlewares=[breaker], ledger=ledger) as desk:
            first = asyncio.create_task(desk.reply("1", text="Words.", send_email=True))
            await waits.wait()
            with pytest.raises(hb.PermissionDenied):
                await desk.ticket("2")
            other_is_done.set()
            with pytest.raises(hb.PermissionDenied) as caught:
                await asyncio.wait_for(first, 20)
    assert caught.value.outcome is hb.Outcome.REJECTED
