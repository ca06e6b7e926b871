"""Request Tracker's lists, each read to an end that is proved.

``T1`` … as in :mod:`helpdesk_bridge_request_tracker.wire`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen

from helpdesk_bridge.kit import (
    Following,
    Message,
    Operation,
    Problem,
    Transport,
    errors,
    following,
    read,
    read_records,
    require_page,
)
from helpdesk_bridge_request_tracker import outgoing, wire

__all__ = ["API", "PAGE", "Lists"]

API = ("REST", "2.0")
PAGE = 100
"""The most that RT gives on a page."""
MAX_EMPTY = 1000
"""Pages in a row that show nothing, before a list is given up as one that cannot be read."""
BODY_BYTES = 4 * 1024 * 1024
"""How much text is asked for at once; JSON may write it larger."""


@frozen
class Lists:
    """Reads lists for one operation, which names the requests in logs and errors."""

    transport: Transport
    operation: Operation

    async def known(self, ticket_id: str) -> tuple[wire.TicketJson, str | None]:
        """GET /ticket/{id}: who its requestors are, and its ETag."""
        answer = await self.transport.send(
            self.operation, "GET", (*API, "ticket", ticket_id), query=[("fields[Queue]", "Name")]
        )
        ticket = answer.read(lambda data: read(data, wire.TicketJson))
        if ticket.number != ticket_id:
            raise errors.NotFound(f"the ticket was merged into {ticket.number}.")
        return ticket, answer.headers.get("ETag")

    async def page(
        self,
        path: tuple[str, ...],
        pairs: Sequence[tuple[str, str]],
        *,
        page: int = 1,
        per_page: int = PAGE,
        json: Any = None,
    ) -> wire.Listing:
        """Return a page of a list in the order of ids. A long query goes by POST, as ``json``."""
        places = [("orderby", "id"), ("page", str(page)), ("per_page", str(per_page))]
        answer = await self.transport.send(
            self.operation,
            "GET" if json is None else "POST",
            (*API, *path),
            query=[*places, *pairs],
            json=json,
        )
        listing = answer.read(lambda data: read(data, wire.Listing))
        require_page(listing.told.page, page)
        return listing

    async def search(self, sql: str) -> tuple[wire.Listing, Following]:
        """Return the first page of a search that shows a ticket, and whether there are more."""
        pairs = [("query", sql), *outgoing.TICKET_FIELDS]
        for number in range(1, MAX_EMPTY + 1):
            listing = await self.page(("tickets",), pairs, page=number)
            told = listing.told
            if told.is_silent:
                raise errors.ProtocolError(
                    "$.total: RT does not tell how many tickets there are, nor where a list ends."
                    " Is $UseSQLForACLChecks off there?",
                    path="$.total",
                )
            more = _following(listing, number)
            if listing.items or not more.is_there:
                return listing, more
        raise _endless()

    async def rows(self, ticket_id: str, after: int) -> wire.Listing:
        """Return the next rows of the history that the account may see: at least one."""
        pairs = [("query", outgoing.above(after)), *outgoing.HISTORY_FIELDS]
        for number in range(1, MAX_EMPTY + 1):
            path = ("ticket", ticket_id, "history")
            rows = await self.page(path, pairs, page=number)
            if rows.items:
                if rows.last_id <= after:
                    raise errors.ProtocolError("$.items: rows that were not asked for.")
                return rows
        raise _endless()

    async def messages(
        self, ticket: wire.TicketJson, rows: Sequence[Any]
    ) -> tuple[tuple[Message, ...], tuple[Problem, ...]]:
        """Return the messages that rows of the history stand for, with bodies and files."""
        parts = await self.parts(ticket.number, wire.speaking(rows))
        bodies = await self.bodies(ticket.number, parts)

        def convert(transaction: wire.TransactionJson) -> Message:
            own = [part for part in parts if part.message == str(transaction.id)]
            return transaction.to_message(ticket, own, bodies)

        return read_records(list(rows), wire.TransactionJson, convert, "$.items")

    async def parts(self, ticket_id: str, transactions: Sequence[str]) -> list[wire.PartJson]:
        """Return all parts of transactions that were seen: RT hides none of those."""
        found: list[wire.PartJson] = []
        path, query = (
            ("ticket", ticket_id, "attachments"),
            outgoing.matching("TransactionId", transactions),
        )
        number, goes_on = 1, bool(transactions)
        while goes_on:
            listing = await self.page(path, outgoing.PART_FIELDS, page=number, json=query)
            parts = [wire.to_part(record) for record in listing.items]
            known = {part.number for part in found}
            if parts and known.issuperset(part.number for part in parts):
                raise errors.PaginationLoop("RT's list of attachments leads back to itself.")
            found += [part for part in parts if part.number not in known]
            more = _following(listing, number)
            # RT hides none of these, so that a page below its own size is the last.
            size = listing.told.per_page or PAGE
            goes_on = more.is_there and not (more.unsure and len(parts) < size)
            number += 1
        if not {part.message for part in found} <= set(transactions):
            raise errors.ProtocolError("$.items: parts that were not asked for.", path="$.items")
        return found

    async def bodies(self, ticket_id: str, parts: Sequence[wire.PartJson]) -> dict[str, str]:
        """Return the words of those parts that are bodies; of files only their names are read."""
        found: dict[str, str] = {}
        path = ("ticket", ticket_id, "attachments")
        for batch in wire.batches(wire.bodies_of(parts), most=PAGE, size=BODY_BYTES):
            left = batch
            while left:
                query = outgoing.matching("id", left)
                listing = await self.page(path, outgoing.BODY_FIELDS, json=query)
                texts = [read(record, wire.BodyJson) for record in listing.items]
                found.update((str(text.id), text.content or "") for text in texts)
                before, left = left, [one for one in left if one not in found]
                if len(left) == len(before):
                    raise errors.ProtocolError("$.items: a body is missing.", path="$.items")
        return found


def _following(listing: wire.Listing, number: int) -> Following:
    told, count = listing.told, len(listing.items)
    size = max(told.per_page or PAGE, count)
    return following(told, count=count, asked=size, before=(number - 1) * size, number=number)


def _endless() -> errors.HelpdeskError:
    return errors.ProtocolError(
        f"{MAX_EMPTY} pages in a row show nothing that the account may see: the list cannot be"
        " read to its end."
    )
