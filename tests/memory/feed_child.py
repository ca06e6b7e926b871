"""Takes turns at a kept memory desk with other processes: writes, and reads on in the feed."""

from __future__ import annotations

import asyncio
import json
import os
import sys

from helpdesk_bridge.desk import Helpdesk
from helpdesk_bridge.errors import ConfigurationError
from helpdesk_bridge.memory import MemorySettings


async def main(path: str, turns: int) -> None:
    """Take turns at the desk, whenever it is free; tell of each what was read, and where."""
    place: str | None = None
    for _ in range(turns):
        while True:
            try:
                async with Helpdesk(MemorySettings(path=path)) as desk:
                    made = await desk.create_ticket(
                        subject="s", requester="li@customer.example", text="t"
                    )
                    feed = await desk.adapter.read_feed(place)
            except ConfigurationError:  # it is open in another process
                os.sched_yield()
            else:
                break
        place, told = feed.place, [ticket.id for ticket in feed.tickets]
        line = json.dumps({"made": made.id, "told": told, "place": place})
        os.write(1, line.encode() + b"\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
