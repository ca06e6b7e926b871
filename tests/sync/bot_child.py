"""Runs the bot of docs/changes.md, and is killed at one of its steps."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from typing import Any

import helpdesk_bridge as hb
from tests.sync.bot import Steps, bot


async def answer(ticket: hb.Ticket, message: hb.Message) -> str:
    """Answer in other words each time, as a model or a person would."""
    return f"Answer to {message.id} by {os.getpid()}"


async def main(given: dict[str, Any]) -> None:
    """Answer everything, or die."""
    ledger = hb.SqliteLedger(given["ledger"])
    async with hb.connect("it", config={"desks": {"it": given["table"]}}, ledger=ledger) as desk:
        run = bot()(desk, answer, given["kept"], every=None)
        await Steps(run, given["step"], lambda: os.kill(os.getpid(), signal.SIGKILL))
    await ledger.aclose()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
