"""What aiohttp does when nobody stops it, and what this library does with the same answers.

The first half of each pair is why the other half is needed: when a new aiohttp makes it fail, its
guard here may go.
"""

from __future__ import annotations

import aiohttp
import pytest

from helpdesk_bridge import errors
from helpdesk_bridge.testing import Answer
from helpdesk_bridge.transport import Effect, Operation
from tests.credentials.places import CANARY, Connect, Serve, refusal, saw_secrets

KEYS = {"Authorization": CANARY, "apiKey": CANARY, "Hs-Client-Id": CANARY}
WRITE = Operation("reply", Effect.UNSAFE_WRITE)
SAME_TWICE = Operation("update_ticket", Effect.IDEMPOTENT_WRITE)


@pytest.mark.asyncio
async def test_plain_aiohttp_takes_keys_and_body_to_the_foreign_host_of_a_redirect(
    serve: Serve,
) -> None:
    foreign = await serve()
    vendor = await serve(Answer.redirect(foreign.url, 307))
    async with (
        aiohttp.ClientSession(headers=KEYS) as session,
        session.post(vendor.url, data=b"Dear Li") as answer,
    ):
        assert answer.status == 200
    (request,) = foreign.requests
    assert (request.headers["apikey"], request.headers["hs-client-id"], request.body) == (
        CANARY,
        CANARY,
        b"Dear Li",
    )


@pytest.mark.asyncio
async def test_ours_takes_nothing_there(connect: Connect, serve: Serve) -> None:
    foreign = await serve()
    vendor = await serve(Answer.redirect(foreign.url, 307))
    await refusal(connect(vendor).send(WRITE, "POST", ("reply",), json={"text": "Dear Li"}))
    assert (saw_secrets(vendor), foreign.connections) == (True, 0)


@pytest.mark.asyncio
async def test_plain_aiohttp_returns_a_cut_gzip_body_as_a_success(serve: Serve) -> None:
    vendor = await serve(Answer.truncated_gzip(b'{"id": 1}' * 1000))
    async with aiohttp.ClientSession() as session, session.get(vendor.url) as answer:
        assert (answer.status, len(await answer.read()) < 9000) == (200, True)


@pytest.mark.asyncio
async def test_ours_raises_truncated_body(connect: Connect, serve: Serve, read: Operation) -> None:
    vendor = await serve(Answer.truncated_gzip(b'{"id": 1}' * 1000))
    error = await refusal(connect(vendor).send(read, "GET", ("t",)))
    assert type(error) is errors.TruncatedBody


@pytest.mark.asyncio
async def test_plain_aiohttp_sends_a_put_twice_when_the_answer_is_lost(serve: Serve) -> None:
    vendor = await serve(default=Answer.nothing())
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await session.put(vendor.url, data=b"x")
    assert [request.method for request in vendor.requests] == ["PUT", "PUT"]


@pytest.mark.asyncio
@pytest.mark.parametrize("operation", [WRITE, SAME_TWICE])
async def test_ours_sends_it_once(connect: Connect, serve: Serve, operation: Operation) -> None:
    vendor = await serve(default=Answer.nothing())
    await refusal(connect(vendor).send(operation, "PUT", ("t",), json={}))
    assert [request.method for request in vendor.requests] == ["PUT"]
