"""The bot of docs/changes.md, as the page shows it."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import closing
from sqlite3 import Connection, connect

import helpdesk_bridge as hb

Answer = Callable[[hb.Ticket, hb.Message], Awaitable[str]]
TABLES = """create table if not exists texts (event text primary key, text text);
create table if not exists place (one integer primary key check (one = 1), checkpoint text);"""


async def beginning(desk: hb.Helpdesk, kept: Connection) -> str:
    if found := kept.execute("select checkpoint from place").fetchone():
        return str(found[0])
    told = [(one.checkpoint, one.problems) async for one in desk.changes(messages=True)]
    for problem in (problem for _, problems in told for problem in problems):
        raise problem.error  # a new bot begins behind all questions that are there
    kept.execute("replace into place values (1, ?)", (told[-1][0],))
    return told[-1][0]


async def say(desk: hb.Helpdesk, answer: Answer, event: hb.Event, kept: Connection) -> None:
    if event.ticket is not None and event.message is not None:  # with MESSAGE_RECEIVED they are
        found = kept.execute("select text from texts where event = ?", (event.id,)).fetchone()
        text = str(found[0]) if found else await answer(event.ticket, event.message)
        kept.execute("insert or ignore into texts values (?, ?)", (event.id, text))
        await desk.reply(event.ticket, text=text, send_email=True, key=event.id)


async def run_bot(desk: hb.Helpdesk, answer: Answer, path: str, every: float | None = 30) -> None:
    with closing(connect(path, isolation_level=None)) as kept:  # all is stored at once
        kept.executescript(TABLES)
        async for event in desk.events(await beginning(desk, kept), every=every):
            try:
                if event.kind is hb.EventKind.MESSAGE_RECEIVED:
                    await say(desk, answer, event, kept)
            except (hb.TicketClosed, hb.NotFound, hb.PermissionDenied) as error:
                logging.warning("ticket %s is for a person: %s", event.ticket_id, error)
            kept.execute("replace into place values (1, ?)", (event.checkpoint,))
