"""The program of docs/changes.md that shows the tickets until a signal: for type checkers."""

import asyncio
import signal
from contextlib import suppress

import helpdesk_bridge as hb


async def main() -> None:
    task = asyncio.current_task()
    assert task is not None  # this is one
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    tickets: dict[str, hb.Ticket] = {}
    is_whole = False
    config = {"desks": {"support": {"adapter": "memory", "path": "desk.db"}}}
    async with hb.connect("support", config=config) as desk:  # and closes it when it is cancelled
        async for batch in desk.follow(every=30, messages=False):
            tickets |= {ticket.id: ticket for ticket in batch.tickets}
            for ticket_id in batch.deleted:
                tickets.pop(ticket_id, None)
            is_whole = is_whole or batch.caught_up
            if is_whole:
                print(len(tickets), "tickets", flush=True)


with suppress(asyncio.CancelledError):
    asyncio.run(main())
