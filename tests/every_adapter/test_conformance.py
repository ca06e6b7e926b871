"""Every adapter of ours keeps the promises that others are held to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from helpdesk_bridge_airclou.fake import AirclouFake
from helpdesk_bridge_helpspace.fake import HelpSpaceFake
from helpdesk_bridge_omnidesk.fake import OmnideskFake
from helpdesk_bridge_request_tracker.fake import RequestTrackerFake

from helpdesk_bridge.model import Party
from helpdesk_bridge.testing import Store
from helpdesk_bridge.testing.conformance import (
    Account,
    AdapterSuite,
    fake_account,
    memory_account,
)


class TestMemory(AdapterSuite):
    @asynccontextmanager
    async def account(self) -> AsyncIterator[Account]:
        yield memory_account()


class TestHelpSpace(AdapterSuite):
    @asynccontextmanager
    async def account(self) -> AsyncIterator[Account]:
        async with HelpSpaceFake() as fake:
            yield fake_account(fake, stranger={"token": "wrong"})


class TestAirclou(AdapterSuite):
    @asynccontextmanager
    async def account(self) -> AsyncIterator[Account]:
        async with AirclouFake() as fake:
            yield fake_account(fake, stranger={"api_key": "aclou_wrong"}, agent=Party(id="usr_7"))


class TestOmnidesk(AdapterSuite):
    @asynccontextmanager
    async def account(self) -> AsyncIterator[Account]:
        ada = Party(id="12", name="Ada", email="ada@desk.example")
        async with OmnideskFake(Store(agents=[ada])) as fake:
            yield fake_account(fake, stranger={"api_key": "wrong"}, agent=ada, team="31")


class TestRequestTracker(AdapterSuite):
    @asynccontextmanager
    async def account(self) -> AsyncIterator[Account]:
        async with RequestTrackerFake() as fake:
            wrong = {"token": "1-99-wrong"}
            yield fake_account(fake, stranger=wrong, agent=fake.agent, team="Billing")
