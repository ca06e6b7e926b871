"""Fixtures for the tests of every adapter; each folder has a ``fake`` of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from typing import Any

import pytest
import pytest_asyncio

from helpdesk_bridge import Helpdesk, HelpdeskError, connect
from helpdesk_bridge.testing import FakeServer, StoredTicket
from tests.adapters.doubles import Caught, Connect, new_ticket


@pytest_asyncio.fixture
async def connect_to() -> AsyncIterator[Connect]:
    """Open desks that are closed after the test; settings given as None are left out.

    They send each request once: what is tested here is how one answer is read. What is sent again
    is the transport's, and tested with it.
    """
    made: list[Helpdesk] = []

    def open_desk(fake: FakeServer, **settings: Any) -> Helpdesk:
        given = {**fake.table(), "transport": {"max_attempts": 1}, **settings}
        table = {k: v for k, v in given.items() if v is not None}
        made.append(connect(config={"desks": {"support": table}}))
        return made[-1]

    yield open_desk
    for desk in made:
        await desk.aclose()


@pytest.fixture
def desk(fake: FakeServer, connect_to: Connect) -> Helpdesk:
    return connect_to(fake)


@pytest.fixture
def stored(fake: FakeServer) -> StoredTicket:
    """A ticket of a customer; the customer's first message is its only one."""
    return new_ticket(fake.store)


@pytest.fixture
def caught() -> Caught:
    """Await something that must fail with one of our errors, and return the error."""

    async def catch(awaitable: Awaitable[Any]) -> HelpdeskError:
        with pytest.raises(HelpdeskError) as info:
            await awaitable
        return info.value

    return catch
