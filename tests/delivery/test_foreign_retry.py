"""Somebody's retry decorator around a reply does not mail a customer twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import stamina
import tenacity
from aiohttp import web

import helpdesk_bridge as hb
from helpdesk_bridge.testing import Store
from tests.delivery.places import CUSTOMER, FAKES, WORDS, Trouble, connected

pytestmark = pytest.mark.asyncio
USUAL = (OSError, TimeoutError, ConnectionError, aiohttp.ClientError)
Call = Callable[[], Awaitable[Any]]


async def by_stamina(call: Call) -> None:
    await stamina.retry(on=USUAL, attempts=3, wait_initial=0, wait_jitter=0)(call)()


async def by_tenacity(call: Call) -> None:
    async for attempt in tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception_type(USUAL),
        stop=tenacity.stop_after_attempt(3),
        reraise=True,
    ):
        with attempt:
            await call()


async def by_celery(call: Call) -> None:
    """What ``autoretry_for=(OSError, …), max_retries=2`` comes to."""
    for _ in range(2):
        try:
            await call()
        except USUAL:
            continue
        return
    await call()


async def drop(request: web.Request) -> Any:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def reset(request: web.Request) -> Any:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def hang(request: web.Request) -> Any:
    await asyncio.Event().wait()


async def broken(request: web.Request) -> Any:
    return web.Response(status=500, text="Oops")


async def malformed(request: web.Request) -> Any:
    assert request.transport is not None
    request.transport.write(b"HTTP/1.1 two hundred\r\n\r\n")
    request.transport.close()
    return web.Response()


async def page(request: web.Request) -> Any:
    return web.Response(text="<html>Please log in</html>", content_type="text/html")


@asynccontextmanager
async def desk_of(
    adapter: str, fault: Any, *, trouble: Trouble | None = None
) -> AsyncIterator[tuple[hb.Helpdesk, Store, hb.Ticket]]:
    """Open a desk whose vendor does what it is asked, and then answers by ``fault`` if it mailed.

    What only reads is answered well: some vendors have reads that are POST too.
    """
    store = Store()
    fake = FAKES[adapter](store)
    around = fake._around

    @web.middleware
    async def faulty(request: web.Request, handler: Any) -> Any:
        mails = len(store.outbox)
        answer = await around(request, handler)
        return await fault(request) if len(store.outbox) > mails else answer

    fake._around = faulty  # type: ignore[method-assign]
    options = hb.TransportOptions(read_gap=0.05)
    async with fake, connected(fake, trouble or Trouble(), options=options) as desk:
        ticket = await desk.create_ticket(subject="S", requester=CUSTOMER, text="Help me please.")
        yield desk, store, ticket


@pytest.mark.parametrize("adapter", FAKES)
@pytest.mark.parametrize("fault", [drop, reset, hang, broken, malformed, page])
@pytest.mark.parametrize("again", [by_stamina, by_tenacity, by_celery])
async def test_a_reply_is_mailed_once(adapter: str, fault: Any, again: Any) -> None:
    async with desk_of(adapter, fault) as (desk, store, ticket):
        tries: list[int] = []

        async def reply() -> None:
            tries.append(1)
            await desk.reply(ticket, text=WORDS, send_email=True)

        with pytest.raises(hb.OutcomeUnknown) as caught:
            await again(reply)
        assert (len(store.outbox), len(tries)) == (1, 1)
        assert not isinstance(caught.value, USUAL)
        assert (await desk.reconcile(caught.value)).verdict is hb.Verdict.SENT


@pytest.mark.parametrize("again", [by_stamina, by_tenacity, by_celery])
@pytest.mark.parametrize(
    "error",
    [OSError("metrics"), TimeoutError(), ConnectionResetError(), hb.VendorUnavailable("metrics.")],
)
async def test_what_a_middleware_raises_after_the_send_does_not_get_it_sent_again(
    again: Any, error: Exception
) -> None:
    async def fails(request: Any, handler: Any) -> Any:
        await handler(request)
        raise error

    trouble = Trouble()
    async with desk_of("helpspace", page, trouble=trouble) as (desk, store, ticket):
        desk_fault = store.outbox
        trouble.plan = [fails] * 3
        with pytest.raises(hb.OutcomeUnknown) as caught:
            await again(lambda: desk.reply(ticket, text=WORDS, send_email=True))
        assert len(desk_fault) == 1
        assert not caught.value.retryable
        assert caught.value.fingerprint is not None
        assert caught.value.started_at is not None
        assert (await desk.reconcile(caught.value)).verdict is hb.Verdict.SENT


async def test_what_a_middleware_raises_before_the_send_is_its_own() -> None:
    async def fails(request: Any, handler: Any) -> Any:
        raise OSError("metrics")

    trouble = Trouble()
    async with desk_of("helpspace", page, trouble=trouble) as (desk, store, ticket):
        trouble.plan = [fails]
        with pytest.raises(OSError, match="metrics"):
            await desk.reply(ticket, text=WORDS, send_email=True)
        assert len(store.outbox) == 0
