"""Where the time goes: the same conversation, each row with one step more than the one before."""

from __future__ import annotations

from typing import Any

from helpdesk_bridge_helpspace.wire import Conversation, MessageJson

from benchmarks.desks import TICKETS, desk
from benchmarks.pages import PAGES, PER_PAGE
from benchmarks.peers import Read, peers
from benchmarks.reading import Rounds, conversation, cost, settle_heap
from helpdesk_bridge.kit.json import read_record
from helpdesk_bridge.kit.reading import read_records
from helpdesk_bridge.transport import Effect, Operation

__all__ = ["STEPS", "steps"]

STEPS = {
    "C HelpSpace": "aiohttp + orjson to dicts (C)",
    "dicts": "through the transport, to dicts",
    "records": "and checked",
    "messages": "and made messages",
    "list": "and handed out as the list of a ticket",
}
_LIST = Operation("list_messages", Effect.READ)


async def steps(origin: str, rounds: int) -> Rounds:
    """Return the CPU seconds per message of every step, for each round."""
    ticket = TICKETS["HelpSpace"]
    async with peers(origin) as by_hand, desk("HelpSpace", origin) as opened:
        send = opened.adapter.transport.send

        async def page(number: int) -> list[Any]:
            query = [("page", str(number)), ("per-page", str(PER_PAGE))]
            path = ("tickets", ticket.id, "messages")
            answer = await send(_LIST, "GET", path, query=query)
            found: list[Any] = answer.json()["data"]
            return found

        async def dicts() -> int:
            kept: list[Any] = []
            for number in range(1, PAGES + 1):
                kept += await page(number)
            return len(kept)

        async def records() -> int:
            kept: list[Any] = []
            for number in range(1, PAGES + 1):
                found = await page(number)
                for one in found:
                    read_record(one, MessageJson)
                kept += found
            return len(kept)

        async def messages() -> int:
            kept: list[Any] = []
            shared = Conversation.of(ticket)
            for number in range(1, PAGES + 1):
                kept += read_records(
                    await page(number),
                    MessageJson,
                    lambda record: record.to_message(ticket, shared),
                    "$.data",
                )[0]
            return len(kept)

        rows: dict[str, Read] = {
            "C HelpSpace": by_hand["C HelpSpace"],
            "dicts": dicts,
            "records": records,
            "messages": messages,
            "list": conversation(opened, ticket),
        }
        settle_heap()
        return [{name: await cost(read) for name, read in rows.items()} for _ in range(rounds)]
