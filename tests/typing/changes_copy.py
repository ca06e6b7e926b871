"""The copy of docs/changes.md, as the page shows it."""

import asyncio
from contextlib import closing
from sqlite3 import Connection, connect

import helpdesk_bridge as hb

TABLES = """
create table if not exists tickets (id text primary key, record text);
create table if not exists messages (ticket text, id text, record text, primary key (ticket, id));
create table if not exists place (one integer primary key check (one = 1), checkpoint text);
"""


def store(copy: Connection, batch: hb.ChangeBatch) -> None:
    """Store all of a batch, or nothing of it."""
    with copy:  # a transaction
        for ticket in batch.tickets:
            copy.execute("replace into tickets values (?, ?)", (ticket.id, hb.to_json(ticket)))
        for message in batch.messages:
            row = (message.ticket_id, message.id, hb.to_json(message))
            copy.execute("replace into messages values (?, ?, ?)", row)
        for ticket_id in batch.deleted:
            copy.execute("delete from tickets where id = ?", (ticket_id,))
            copy.execute("delete from messages where ticket = ?", (ticket_id,))
        copy.execute("replace into place values (1, ?)", (batch.checkpoint,))


async def bring_up_to_date(desk: hb.Helpdesk, path: str) -> None:
    """Bring the copy in a file up to date; run it as often as you like."""
    with closing(connect(path)) as copy:
        copy.executescript(TABLES)
        found = copy.execute("select checkpoint from place").fetchone()
        async for batch in desk.changes(found[0] if found else None, messages=True):
            store(copy, batch)
            for problem in batch.problems:
                print(f"not read, and tried again the next time: {problem.error}")


async def main() -> None:
    # or the path of a helpdesk.toml
    config = {"desks": {"support": {"adapter": "memory", "path": "desk.db"}}}
    async with hb.connect("support", config=config) as desk:
        await desk.create_ticket(subject="Export", requester="li@customer.example", text="Why?")
        await bring_up_to_date(desk, "copy.db")


asyncio.run(main())
