"""Calls one method of a ledger many times at once, when it is told to."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from helpdesk_bridge.delivery.entry import EntryState, LedgerEntry
from tests.delivery.ledgers import entry, make


async def main(given: dict[str, Any]) -> None:
    """Print, for each list of arguments, what the method returned."""
    ledger = make(given["kind"], given["where"])

    async def begin(operation_id: str, key: str | None) -> Any:
        return await ledger.begin(entry(operation_id, key=key))

    async def claim(operation_id: str, made_id: str) -> Any:
        return await ledger.record_result(operation_id, EntryState.SENT, made_id)

    async def give_up(operation_id: str) -> Any:
        return await ledger.record_result(operation_id, EntryState.NOT_SENT)

    async def take_over(operation_id: str, beat: int) -> Any:
        return await ledger.take_over(operation_id, beat)

    method = {"take_over": take_over, "begin": begin, "claim": claim, "give_up": give_up}[
        given["method"]
    ]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)
    told = await asyncio.gather(*(method(*one) for one in given["calls"]))
    await ledger.aclose()
    json.dump(
        [one.operation_id if isinstance(one, LedgerEntry) else one for one in told], sys.stdout
    )


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
