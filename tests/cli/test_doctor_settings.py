"""The doctor says of each setting that names something at a vendor whether it is there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import pytest
from helpdesk_bridge_airclou.fake import AirclouFake
from helpdesk_bridge_helpspace.fake import HelpSpaceFake
from helpdesk_bridge_omnidesk.fake import OmnideskFake

from helpdesk_bridge.config import registry
from helpdesk_bridge.kit.contract import Adapter
from helpdesk_bridge.model import Role
from helpdesk_bridge.testing import FakeServer, Store
from tests.cli.conftest import Ran, Write

Beside: TypeAlias = Callable[..., Awaitable[Ran]]

pytestmark = pytest.mark.asyncio


def filled() -> Store:
    store = Store()
    store.agents.append(store.person("ada@desk.example", "Ada", Role.AGENT))
    store.create_ticket(
        subject="Export stops",
        requester=store.person("li@customer.example"),
        html="<p>It stops.</p>",
    )
    return store


@pytest.fixture
def told(run_beside: Beside, write: Write) -> Callable[..., Awaitable[tuple[int, list[str]]]]:
    """Return what the doctor says of the settings of a fake's desk, and how it exits."""

    async def call(fake: FakeServer, **settings: Any) -> tuple[int, list[str]]:
        write(support={**fake.table(), **settings})
        done = await run_beside("doctor")
        lines = [" ".join(line.split()) for line in done.out.splitlines()]
        return done.status, [line for line in lines if " configured " in line]

    return call


async def test_an_agent_who_is_there_is_found_and_the_rest_is_not_called_well(told: Any) -> None:
    async with OmnideskFake(filled()) as fake:
        (agent,) = fake.store.agents
        status, lines = await told(fake, user_id=agent.id)
    assert status == 0
    assert lines[0] == "ok configured user_id: it is there."
    for name, line in zip(("brand_id", "channel", "note_type", "sender"), lines[1:], strict=True):
        assert line.startswith(f"not checked configured {name}: Omnidesk ")
        assert "https://docs.omnidesk.io/" in line


async def test_an_agent_who_is_not_there_is_named(told: Any) -> None:
    async with OmnideskFake(filled()) as fake:
        status, lines = await told(fake, user_id="999999")
    assert status == 1
    assert lines[0].startswith(
        "wrong configured missing or wrong setting: user_id: there is no agent with the id"
        ' "999999" that this key may see.'
    )


async def test_a_setting_that_is_left_out_is_not_spoken_of(told: Any) -> None:
    async with HelpSpaceFake(filled()) as fake:
        status, lines = await told(fake, channel=7, sender="support@desk.example")
        assert status == 0
        named = "not checked configured"
        assert lines[0].startswith(f"{named} channel: HelpSpace documents no list of channels (")
        assert lines[1].startswith(f"{named} sender: HelpSpace documents no list of the addresses")
        _, lines = await told(fake)
        assert len(lines) == 1


async def test_a_workspace_is_not_called_well_and_a_wrong_one_is_named(
    told: Any, run_beside: Beside
) -> None:
    async with AirclouFake(filled()) as fake:
        status, (line,) = await told(fake)
        assert status == 0
        assert line.startswith("not checked configured workspace_id: Airclou documents no call ")
        await told(fake, workspace_id="ws_other")
        done = await run_beside("doctor")
        assert done.status == 1
        assert "Check api_key, workspace_id, " in done.line("tickets")


@pytest.mark.parametrize("name", ["airclou", "helpspace", "memory", "omnidesk"])
async def test_what_an_adapter_names_are_settings_of_its_own(name: str) -> None:
    kind: type[Adapter] = registry.load(name)
    assert set(kind.named_settings) <= {*kind.settings_type.__annotations__}
