"""Checkpoints of earlier versions: the desks that they were made on, and what makes new ones.

``python -m tests.sync.kept`` writes those of the present version that are not there yet. One that
is there is never written again: programs out there have stored its like.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import helpdesk_bridge as hb
from helpdesk_bridge.memory import Store, TickingClock
from helpdesk_bridge.model import Audience, MessageType, Status
from tests.sync.costs import APART, START, desk_on

__all__ = ["DESKS", "FOLDER", "happens", "place_of"]

FOLDER = Path(__file__).with_name("checkpoints")
VERSION = 1
DESKS = {
    "cursor": "memory",
    "window": "airclou",
    "window_deleted": "request_tracker",
    "scan": "helpspace",
}
"""An adapter for each way in which changes are found."""


@asynccontextmanager
async def place_of(adapter: str) -> AsyncIterator[tuple[hb.Helpdesk, Store]]:
    """Open a desk as it was when the checkpoints were made."""
    store = Store(clock=TickingClock(START, APART), identity="0123456789abcdef")
    asker = store.person("li@customer.example")
    for number in range(5):
        store.create_ticket(
            subject=f"Export {number}", requester=asker, html="<p>Why?</p>", status=Status.OPEN
        )
    async with desk_on(adapter, store) as (desk, _):
        yield desk, store


def happens(store: Store) -> None:
    """Have one ticket change, one get a question, and one be new."""
    asker, (_, second, third, *_) = store.person("li@customer.example"), sorted(store.tickets)
    store.update_ticket(second, subject="Import 1", status=Status.RESOLVED)
    store.add_message(
        third,
        type=MessageType.REQUEST,
        audience=Audience.EXTERNAL,
        author=asker,
        html="<p>And now?</p>",
    )
    store.create_ticket(subject="New", requester=asker, html="<p>Why me?</p>", status=Status.OPEN)


async def main() -> None:
    """Write the checkpoints that are missing."""
    FOLDER.mkdir(exist_ok=True)
    for mode, adapter in DESKS.items():
        file = FOLDER / f"v{VERSION}-{mode}.json"
        if file.exists():
            continue
        async with place_of(adapter) as (desk, store):
            places = [event.checkpoint async for event in desk.events()]
            store.update_ticket(min(store.tickets), subject="Import 0")
            places = [event.checkpoint async for event in desk.events(places[-1])]
        file.write_text(json.dumps(json.loads(places[-1] or ""), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
