"""The lists of the fake of Request Tracker: how they are sorted, cut into pages, and shown."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode

from aiohttp import web

from helpdesk_bridge.kit import Audience, MessageType
from helpdesk_bridge.testing import Refusal, StoredTicket
from helpdesk_bridge_request_tracker import fake_ticketsql as ticketsql
from helpdesk_bridge_request_tracker.fake_records import WORDS, Event, Records, json_answer, word_of
from helpdesk_bridge_request_tracker.fake_requests import Row, names_of, unknown

__all__ = ["Listings"]

T = TypeVar("T")
_PARAMETERS = re.compile(r"query|fields(\[\w+\])?|orderby|order|page|per_page|find_disabled_rows")
_GONE = re.compile(
    r"ObjectType = 'RT::Ticket' AND TicketType = 'ticket' AND \("
    r"\(Type = 'Status' AND NewValue = 'deleted'\)"
    r" OR \(Type = 'AddLink' AND Field = 'MergedInto'\)\)(?: AND id < (\d+))?"
)
"""The one search for transactions that is known here. Nothing is merged here."""
_BY: dict[str, Callable[[StoredTicket], Any]] = {
    "id": attrgetter("id"),
    "Created": lambda ticket: ticket.created_at.replace(microsecond=0),
    "LastUpdated": lambda ticket: ticket.updated_at.replace(microsecond=0),
}
"""What tickets are sorted by."""
_TIMES: dict[str, Callable[[StoredTicket], datetime]] = {
    "Created": attrgetter("created_at"),
    "LastUpdated": attrgetter("updated_at"),
}


class _Asked(NamedTuple):
    """The page that a request asks for."""

    orders: Sequence[tuple[str, bool]]
    """The fields to sort by, and whether each is descending."""
    number: int
    size: int

    @classmethod
    def of(cls, request: web.Request, known: Iterable[str]) -> _Asked:
        query = request.query
        strange = [name for name in query if not _PARAMETERS.fullmatch(name)]
        fields = query.getall("orderby", ["id"])
        if strange or not set(known).issuperset(fields):
            raise unknown(", ".join(strange) or "this order")
        orders = [*query.getall("order", []), *[""] * len(fields)]
        size, number = min(_count(query.get("per_page"), 20), 100), _count(query.get("page"), 1)
        falling = [order.upper() == "DESC" for order in orders]
        return cls([*zip(fields, falling, strict=False)], number, size)

    def cut(self, rows: Iterable[T], by: Callable[[str], Callable[[T], Any]]) -> list[T]:
        """Return the rows of the page; ``by`` tells what a field is sorted by."""
        ordered = self.sorted(rows, by)
        return ordered[(self.number - 1) * self.size : self.number * self.size]

    def sorted(self, rows: Iterable[T], by: Callable[[str], Callable[[T], Any]]) -> list[T]:
        """Return rows in the order that is asked for."""
        ordered = list(rows)
        for field, falling in reversed(self.orders):
            ordered.sort(key=by(field), reverse=falling)
        return ordered


class Listings(Records):
    """Lists of tickets, of the transactions by which tickets were deleted, and of other rows."""

    async def search(self, request: web.Request) -> web.StreamResponse:
        """GET /tickets: deleted ones are never found, and no query finds nothing."""
        sql = request.query.get("query", "")
        try:
            test = ticketsql.parse(sql) if sql else lambda _: False
        except ticketsql.WrongQuery as error:
            raise Refusal(400, {"message": f"{error}\n"}) from None
        asked = _Asked.of(request, _BY)
        tickets = self.store.tickets.values()
        there = [t for t in tickets if word_of(t) != "deleted" and self.may_find(t)]
        found = [t for t in there if test(self.record(t))] if sql != "id > 0" else there
        rows = [
            (ticket.id, "ticket", self.ticket_json(ticket, request, alone=False))
            for ticket in _page_of(found, asked)
        ]
        return self._page(request, asked, rows, total=len(found))

    async def deletions(self, request: web.Request) -> web.StreamResponse:
        """GET /transactions by which tickets were deleted; no total is told."""
        wanted = _GONE.fullmatch(request.query.get("query", ""))
        if wanted is None:
            raise unknown("this search for transactions")
        asked = _Asked.of(request, ["id"])
        below = int(wanted[1]) if wanted[1] else None
        found = [
            (ticket, event)
            for ticket, event in self._deleted()
            if below is None or event.id < below
        ]
        rows = [
            (
                event.id,
                "transaction",
                {
                    **self.transaction_json(ticket, event, request),
                    "ObjectId": str(ticket.id),
                    "ObjectType": "RT::Ticket",
                },
            )
            for ticket, event in asked.cut(found, lambda _: lambda pair: pair[1].id)
        ]
        return self._page(request, asked, rows, total=None)

    def _deleted(self) -> list[tuple[StoredTicket, Event]]:
        """Return the events that made tickets deleted, with the tickets that the account may see.

        A ticket that the Store deleted by itself has none yet, and gets it.
        """
        tickets = self.store.tickets
        gone = [(t.deleted_at, t.id) for t in tickets.values() if t.deleted_at is not None]
        known = {ticket_id: event.created_at for ticket_id, event in self.deletings}
        for at, ticket_id in sorted(gone):
            if ticket_id not in known or known[ticket_id] < at:
                self.deletings.append((ticket_id, self._deleting(tickets[ticket_id], at)))
        found = [(tickets[ticket_id], event) for ticket_id, event in self.deletings]
        return [pair for pair in found if self.may_find(pair[0])]

    def _deleting(self, ticket: StoredTicket, at: datetime) -> Event:
        event = Event(
            id=self.store.number(),
            type=MessageType.SYSTEM,
            audience=Audience.INTERNAL,
            author=self.agent,
            html="",
            created_at=at,
            word="Status",
            field="Status",
            old=WORDS.get(ticket.status, "open"),
            new="deleted",
        )
        ticket.messages.append(event)
        return event

    def listed(
        self, request: web.Request, rows: Sequence[Row], *, total: int | None = None
    ) -> web.Response:
        """Return a page of a list by id. Rows that the account may not see leave a gap in it."""
        asked = _Asked.of(request, ["id"])
        return self._page(request, asked, asked.cut(rows, lambda _: lambda row: row[0]), total)

    def _page(
        self, request: web.Request, asked: _Asked, rows: Sequence[Row], total: int | None
    ) -> web.Response:
        names = names_of(request, "fields")
        items = [
            {
                **self.ref(kind, values["Name"] if kind == "user" else key),
                **{name: values.get(name, "") for name in names},
            }
            for key, kind, values in rows
            if kind
        ]
        size, number = asked.size, asked.number
        answer: dict[str, Any] = {
            "count": len(items),
            "total": total,
            "per_page": size,
            "page": number,
        }
        pages = None if total is None else -(-total // size)
        if pages and number < pages:
            answer["next_page"] = self._page_url(request, number + 1)
        if pages and number > 1:
            answer["prev_page"] = self._page_url(request, min(number - 1, pages))
        return json_answer({**answer, "items": items, "pages": 0.0 if pages == 0 else pages})

    def _page_url(self, request: web.Request, number: int) -> str:
        path = request.path.removeprefix(self.prefix)
        pairs = [pair for pair in request.query.items() if pair[0] != "page"]
        return f"{self.base_url}{path}?{urlencode([*pairs, ('page', number)])}"


def _page_of(found: Sequence[StoredTicket], asked: _Asked) -> list[StoredTicket]:
    """Return the tickets of a page. Of many, only those of its first and last second are sorted."""
    (field, falling), *_ = asked.orders
    first, last = (asked.number - 1) * asked.size, min(asked.number * asked.size, len(found))
    if not (field in _TIMES and falling and first < last):
        return asked.cut(found, _BY.__getitem__)
    of = _TIMES[field]
    times = sorted(map(of, found))
    oldest = times[-last].replace(microsecond=0)
    newest = times[-first - 1].replace(microsecond=0) + timedelta(seconds=1)
    above = len(times) - bisect_left(times, newest)
    ordered = asked.sorted((t for t in found if oldest <= of(t) < newest), _BY.__getitem__)
    return ordered[first - above : last - above]


def _count(text: str | None, default: int) -> int:
    return int(text) if text and text.isdecimal() and int(text) else default
