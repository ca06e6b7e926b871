"""Sends replies, and is killed at one step of the first."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from typing import Any

from aiohttp.http_writer import StreamWriter

import helpdesk_bridge as hb
from helpdesk_bridge.delivery.entry import EntryState, LedgerEntry
from helpdesk_bridge.delivery.sqlite_ledger import SqliteLedger


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Ledger(SqliteLedger):
    """Dies before or after one of its methods."""

    step = ""

    async def begin(self, entry: LedgerEntry) -> LedgerEntry | None:
        if self.step == "before begin":
            die()
        other = await super().begin(entry)
        if self.step == "after begin":
            die()
        return other

    async def record_result(
        self,
        operation_id: str,
        state: EntryState,
        made_id: str | None = None,
        *,
        finished: bool | None = None,
    ) -> bool:
        if self.step == "before record_result":
            die()
        done = await super().record_result(operation_id, state, made_id, finished=finished)
        if self.step == "after record_result":
            die()
        return done


def die_half_sent() -> None:
    """Die when half of the request's bytes have been handed to the system."""
    write = StreamWriter._write

    def half(self: Any, chunk: Any) -> None:
        data = bytes(chunk)
        if b"POST" in data:
            write(self, data[: len(data) // 2])
            die()
        write(self, chunk)

    StreamWriter._write = half  # type: ignore[method-assign]
    StreamWriter._writelines = lambda self, chunks: half(self, b"".join(chunks))  # type: ignore[method-assign]


async def main(given: dict[str, Any]) -> None:
    """Reply."""
    box = Ledger(given["ledger"])
    async with hb.connect("it", config={"desks": {"it": given["table"]}}, ledger=box) as desk:
        ticket = await desk.ticket(given["ticket"])
        box.step = given["step"]
        if box.step == "half sent":
            die_half_sent()
        if given["microseconds"]:
            signal.setitimer(signal.ITIMER_REAL, given["microseconds"] / 1e6)
        for text in given["texts"]:
            await desk.reply(ticket, text=text, send_email=True, key=given["key"])
            if box.step == "after reply":
                die()
        await asyncio.sleep(given["linger"])
    await box.aclose()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
