"""Accounts that are ready: one behind a fake, and one in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from helpdesk_bridge.desk import Helpdesk, connect
from helpdesk_bridge.memory import MemorySettings
from helpdesk_bridge.memory.store import Store
from helpdesk_bridge.model import Party, Role
from helpdesk_bridge.testing.conformance.account import Account, StoreWitness
from helpdesk_bridge.testing.fake import FakeServer

__all__ = ["fake_account", "memory_account"]


def fake_account(
    fake: FakeServer, *, stranger: Mapping[str, Any] | None = None, **has: Any
) -> Account:
    """Return the account behind a fake. Agents, teams and tags are those of its Store.

    Args:
        fake: the vendor; its Store is the witness.
        stranger: the keys of its table that make the credentials wrong; None: none are known.
        has: what else :class:`Account` takes.
    """
    table, store = fake.table(), fake.store
    known: dict[str, Any] = {
        "witness": StoreWitness(store, fake.journal),
        "agent": store.agents[0] if store.agents else None,
        "team": next(iter(store.teams.values()), None),
        "tags": tuple(store.tags[:2]),
        "agents": tuple(one for one in store.agents if one.email),
        "teams": tuple(store.teams.values()),
        "sets_times": True,
    }

    def opens(changed: Mapping[str, Any]) -> Callable[[], Helpdesk]:
        return lambda: connect("it", config={"desks": {"it": {**table, **changed}}})

    return Account(
        open=opens({}),
        stranger=None if stranger is None else opens(stranger),
        **{**known, **has},
    )


def memory_account(open_desk: Callable[[MemorySettings], Helpdesk] = Helpdesk) -> Account:
    """Return an account in memory; ``open_desk`` may put another adapter on it."""
    called = {7: "Ada", 8: "Bo", 9: "Cy", 10: "Cy", **{n: f"Agent {n}" for n in range(100, 160)}}
    agents = [
        Party(id=str(n), name=name, email=f"{word}@helpdesk.example", role=Role.AGENT)
        for n, name in called.items()
        for word in [name.lower() if n < 9 else f"agent{n}"]
    ]
    teams = {31: "Billing", 32: "Sales", **{n: f"Team {n}" for n in range(200, 260)}}
    store = Store(agents=agents, teams=teams)

    async def delete(ticket_id: str) -> None:
        store.delete_ticket(int(ticket_id))

    return Account(
        open=lambda: open_desk(MemorySettings(store=store)),
        witness=StoreWitness(store),
        agent=agents[0],
        team="Billing",
        tags=("vip", "bug"),
        agents=agents,
        teams=(*teams.values(),),
        me=Party(id="1000", email="support@helpdesk.example"),
        sets_times=True,
        delete=delete,
    )
