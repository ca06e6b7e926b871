"""Every adapter of ours keeps the promises that others are held to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from attrs import evolve
from helpdesk_bridge_airclou.fake import AirclouFake
from helpdesk_bridge_helpspace.fake import HelpSpaceFake
from helpdesk_bridge_omnidesk.fake import OmnideskFake
from helpdesk_bridge_request_tracker.fake import RequestTrackerFake

from helpdesk_bridge.model import Party, Role
from helpdesk_bridge.testing import Store
from helpdesk_bridge.testing.conformance import (
    Account,
    AdapterSuite,
    fake_account,
    memory_account,
)

ADA, BO, *SAME = (
    Party(id=number, name=name, email=f"agent{number}@desk.example", role=Role.AGENT)
    for number, name in (("12", "Ada"), ("13", "Bo"), ("14", "Cy"), ("15", "Cy"))
)


def agents(more: int = 0) -> list[Party]:
    """Return two agents, two of one name, and more."""
    numbers = range(100, 100 + more)
    others = [
        evolve(ADA, id=f"{n}", name=f"Agent {n}", email=f"a{n}@desk.example") for n in numbers
    ]
    return [ADA, BO, *SAME, *others]


class TestMemory(AdapterSuite):
    @asynccontextmanager
    async def account(self) -> AsyncIterator[Account]:
        yield memory_account()


class TestHelpSpace(AdapterSuite):
    @asynccontextmanager
    async def account(self) -> AsyncIterator[Account]:
        teams = {21: "Billing", 22: "Technical", **{n: f"Team {n}" for n in range(200, 260)}}
        async with HelpSpaceFake(Store(agents=agents(60), teams=teams)) as fake:
            yield fake_account(fake, stranger={"token": "wrong"})


class TestAirclou(AdapterSuite):
    @asynccontextmanager
    async def account(self) -> AsyncIterator[Account]:
        async with AirclouFake() as fake:
            people = {"agent": Party(id="usr_7"), "agents": [Party(id="usr_8")]}
            yield fake_account(fake, stranger={"api_key": "aclou_wrong"}, **people)


class TestOmnidesk(AdapterSuite):
    @asynccontextmanager
    async def account(self) -> AsyncIterator[Account]:
        async with OmnideskFake(Store(agents=agents(60))) as fake:
            teams = {"team": "31", "teams": ["32"]}
            yield fake_account(fake, stranger={"api_key": "wrong"}, **teams)


class TestRequestTracker(AdapterSuite):
    @asynccontextmanager
    async def account(self) -> AsyncIterator[Account]:
        others = [evolve(one, id=f"login{one.id}") for one in agents()]
        async with RequestTrackerFake(Store(agents=others)) as fake:
            yield fake_account(
                fake,
                stranger={"token": "1-99-wrong"},
                agent=fake.agent,
                me=fake.agent,
                team="Billing",
                teams=["General"],
            )
