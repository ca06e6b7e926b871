"""The sandbox keeps the promises of the desks that it stands in for."""

from __future__ import annotations

import pytest

import helpdesk_bridge as hb
from tests.delivery.places import CUSTOMER, WORDS, Trouble
from tests.vendors import FAKES


@pytest.mark.asyncio
@pytest.mark.parametrize("name", FAKES)
@pytest.mark.parametrize(
    ("lost", "verdict"), [("answer", hb.Verdict.SENT), ("request", hb.Verdict.NOT_SENT)]
)
async def test_what_became_of_a_reply_is_told_as_on_a_real_desk(
    name: str, lost: str, verdict: hb.Verdict
) -> None:
    """A helpdesk on another clock would have a mail that was sent called unsent."""
    trouble = Trouble()
    async with (
        hb.Sandbox() as box,
        hb.connect(name, config=box.config(), middlewares=[trouble]) as desk,
    ):
        ticket = await desk.create_ticket(subject="S", requester=CUSTOMER, text="Hello there.")
        box.store.outbox.clear()
        trouble.plan = [lost]
        with pytest.raises(hb.OutcomeUnknown) as caught:
            await desk.reply(ticket, text=WORDS, send_email=True)
        found = await desk.reconcile(caught.value, settle=0)
        assert (found.verdict, len(box.store.outbox)) == (verdict, int(lost == "answer"))


@pytest.mark.asyncio
async def test_each_agent_of_a_sandbox_is_found_by_the_address() -> None:
    """No two have the same one, also where a vendor's fake has an agent of its own."""
    async with hb.Sandbox() as box:
        for name in box.fakes:
            async with hb.connect(name, config=box.config()) as desk:
                if not desk.capabilities.supports(hb.Capability.LIST_AGENTS):
                    continue
                agents = [agent async for agent in desk.agents()]
                assert len({agent.email for agent in agents}) == len(agents) > 1
                for agent in agents:
                    assert list(await desk.tickets(assignee=agent.email)) == []
