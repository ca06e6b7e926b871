"""What looks people up goes on in another event loop, and needs none where nothing waits."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge import kit
from helpdesk_bridge.testing import Memory, MemorySettings, Store

BO = hb.Party(id="8", name="Bo", email="bo@desk.example", role=hb.Role.AGENT)


class ById(Memory):
    """A desk in memory that has agents looked up; ``hangs`` has no reading of them end."""

    name = "by-id"
    assignee_by = frozenset(("id",))
    hangs = False
    fails = False
    readings = 0

    async def list_agents(self, cursor: kit.Cursor | None) -> kit.Page[kit.Party]:
        self.readings += 1
        if self.fails:
            raise hb.VendorUnavailable("the list cannot be read.")
        if self.hangs:
            await asyncio.get_running_loop().create_future()
        return await super().list_agents(cursor)


def opened() -> tuple[hb.Helpdesk, ById]:
    desk = hb.Helpdesk(MemorySettings(store=Store(agents=[BO])), adapter=ById)
    assert isinstance(desk.adapter, ById)
    return desk, desk.adapter


def made(desk: hb.Helpdesk) -> Any:
    return desk.create_ticket(
        subject="S", requester="li@customer.example", text="x", assignee="bo@desk.example"
    )


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_loop_that_was_closed_in_the_middle_of_a_look_holds_up_no_other() -> None:
    desk, adapter = opened()
    adapter.hangs = True
    loop = asyncio.new_event_loop()
    tasks = [loop.create_task(made(desk)) for _ in range(2)]
    for _ in range(5):
        loop.run_until_complete(asyncio.sleep(0))
    assert adapter.readings == 1
    loop.close()
    adapter.hangs = False
    ticket = asyncio.run(asyncio.wait_for(made(desk), 5))
    assert ticket.assignee == BO
    for task in tasks:
        task._log_destroy_pending = False  # type: ignore[attr-defined]
    del tasks, task
    gc.collect()


def test_a_list_that_was_read_in_another_loop_is_read_anew() -> None:
    desk, adapter = opened()
    asyncio.run(made(desk))
    adapter.store.agents[0] = hb.Party(id="9", email="bo@desk.example")
    assert asyncio.run(made(desk)).assignee.id == "9"
    assert adapter.readings == 2


def test_a_look_that_waits_for_nothing_can_be_driven_by_hand() -> None:
    desk, adapter = opened()
    for _ in range(2):
        with pytest.raises(StopIteration) as done:
            made(desk).send(None)
        assert done.value.value.assignee == BO
    assert adapter.readings == 1


def test_a_look_that_fails_has_sent_nothing_where_there_is_no_http() -> None:
    desk, adapter = opened()
    ticket = asyncio.run(made(desk))
    adapter.fails = True
    for call in (made, lambda desk: desk.update_ticket(ticket, assignee="no@desk.example")):
        with pytest.raises(hb.VendorUnavailable) as caught:
            asyncio.run(call(desk))
        assert caught.value.outcome is hb.Outcome.NOT_SENT
    assert not desk.interrupted
    assert len(adapter.store.tickets) == 1
