"""Makes random calls on a kept memory desk until it is killed, telling each before and after."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import random
import signal
import sqlite3
import sys
import zlib
from typing import Any

from helpdesk_bridge import to_dict
from helpdesk_bridge.desk import Helpdesk
from helpdesk_bridge.kit import Feed
from helpdesk_bridge.memory import MemorySettings
from helpdesk_bridge.model import Status, Ticket, Upload

KINDS = ("create", "note", "reply", "silent reply", "forward", "request", "update", "delete")
STATUSES = ("open", "pending", "resolved")


def tell(line: dict[str, Any]) -> None:
    """Write a line at once; one this short is never torn by a kill."""
    os.write(1, json.dumps(line).encode() + b"\n")


async def call(desk: Helpdesk, about: dict[str, Any]) -> str:
    """Make the call that ``about`` describes and return the id of its ticket."""
    words, number = about["words"], about.get("ticket", "")
    files = [Upload("ü.bin", data=base64.b64decode(text)) for text in about["files"]]
    body = {"text": words, "attachments": files}
    status = Status(about["status"])
    match about["kind"]:
        case "create":
            made = await desk.create_ticket(
                subject=words, requester=about["person"], status=status, **body
            )
            return made.id
        case "note":
            await desk.note(number, status=status, **body)
        case "reply":
            await desk.reply(number, send_email=True, status=status, **body)
        case "silent reply":
            await desk.reply(number, send_email=False, **body)
        case "forward":
            await desk.forward(number, to=about["person"], **body)
        case "request":
            await desk.add_request(number, author=about["person"], **body)
        case "update":
            await desk.update_ticket(number, subject=words, status=status, tags=[words])
        case _:
            await desk.delete_ticket(number)
    return str(number)


def print_of(ticket: Ticket) -> str:
    """Return a short text that differs where tickets do; "gone" of a deleted one."""
    return "gone" if ticket.deleted_at else f"{zlib.crc32(repr(to_dict(ticket)).encode()):08x}"


def told_by(feed: Feed) -> dict[str, str]:
    """Return what a feed tells, by the ids of the tickets."""
    tickets = {ticket.id: print_of(ticket) for ticket in feed.tickets}
    return tickets | dict.fromkeys(feed.deleted, "gone")


async def work(desk: Helpdesk, worker: str, chance: random.Random) -> None:
    """Make calls, one after the other, on tickets that no other worker touches."""
    tickets: list[str] = []
    place: str | None = None
    for number in itertools.count():
        kind = chance.choice(KINDS) if tickets else "create"
        words = f"{worker} call {number}: grüße 💶"
        sizes = [chance.choice((0, 10, 9000)) for _ in range(chance.choice((0, 0, 1, 2)))]
        about: dict[str, Any] = {
            "worker": worker,
            "kind": kind,
            "words": words,
            "status": chance.choice(STATUSES),
            "person": f"{chance.randrange(10**6)}@customer.example",
            "files": [base64.b64encode(chance.randbytes(size)).decode() for size in sizes],
        }
        if kind != "create":
            about["ticket"] = chance.choice(tickets)
        tell({"begin": about})
        ticket = await call(desk, about)
        tell({"done": ticket, "worker": worker})
        if kind == "create":
            tickets.append(ticket)
        feed = await desk.adapter.read_feed(place)
        place = feed.place
        tell({"read": told_by(feed), "place": place, "worker": worker})


def die_after(instructions: int) -> None:
    """Have this process kill itself after so many instructions of SQLite's machine."""
    connect = sqlite3.connect
    left = itertools.count(instructions, -1)

    def step() -> None:
        if next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def connected(*args: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*args, **options)
        connection.set_progress_handler(step, 1)
        return connection

    sqlite3.connect = connected  # type: ignore[assignment]


async def main(path: str, prefix: str, seed: str, workers: int, how: str, number: int) -> None:
    """Work until killed: from outside, or after a number of instructions or microseconds."""
    tell({"ready": True})
    if how == "instructions":
        die_after(number)
    elif how == "microseconds":
        signal.setitimer(signal.ITIMER_REAL, number / 1e6)  # nobody handles its signal: it kills
    async with Helpdesk(MemorySettings(path=path)) as desk, asyncio.TaskGroup() as tasks:
        for worker in range(workers):
            chance = random.Random(f"{seed} {worker}")
            tasks.create_task(work(desk, f"{prefix} worker {worker}", chance))


if __name__ == "__main__":
    where, prefix, seed, workers, how, number = sys.argv[1:]
    asyncio.run(main(where, prefix, seed, int(workers), how, int(number)))
