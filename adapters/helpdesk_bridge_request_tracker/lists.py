"""Request Tracker's lists, each read to an end that is proved.

``T1`` … as in :mod:`helpdesk_bridge_request_tracker.wire`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from json import dumps
from typing import Any

from attrs import field, frozen

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
    require_complete,
    require_page,
)
from helpdesk_bridge_request_tracker import attached_mail, outgoing, wire
from helpdesk_bridge_request_tracker.messages import Known, TransactionJson, speaking
from helpdesk_bridge_request_tracker.mime_tree import Node, can_be_words, tree
from helpdesk_bridge_request_tracker.parts import (
    BodyJson,
    ParentJson,
    PartJson,
    batches,
    to_part,
)

__all__ = ["API", "MAX_EMPTY", "PAGE", "Lists", "endless", "is_refused", "more_of", "unseen"]

API = ("REST", "2.0")
PAGE = 100
"""The most that RT gives on a page."""
BY_ID = (("id", "ASC"),)
MAX_EMPTY = 1000
"""Pages in a row that show nothing, before a list is given up as one that cannot be read."""
BODY_BYTES = 4 * 1024 * 1024
"""How much text is asked for at once; JSON may write it larger."""


Odd = dict[str, errors.HelpdeskError]
"""Why messages cannot be read, by their ids."""


@frozen
class Lists:
    """Reads lists for one operation, which names the requests in logs and errors."""

    transport: Transport
    operation: Operation
    _lacking: list[str] = field(factory=list, init=False, repr=False)
    """Where RT, or what is between, says of a list that was read that records are missing."""

    @property
    def lacking(self) -> str | None:
        """Where it is said of any list that was read that it is incomplete; None: nowhere."""
        return next(iter(self._lacking), None)

    def _note(self, listing: wire.Listing, *, goes_on: bool) -> None:
        """Take note of what a page says of records that are missing from its list."""
        where = listing.told.lacking(goes_on=goes_on)
        if where is not None:
            self._lacking.append(where)

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
        orders: Sequence[tuple[str, str]] = BY_ID,
        json: Any = None,
    ) -> wire.Listing:
        """Return a page of a list, by default of ids. A long query goes by POST, as ``json``."""
        places = [("orderby", name) for name, _ in orders]
        places += [("page", str(page)), ("per_page", str(per_page))]
        if any(direction != "ASC" for _, direction in orders):
            places += [("order", direction) for _, direction in orders]
        answer = await self.transport.send(
            self.operation,
            "GET" if json is None else "POST",
            (*API, *path),
            query=[*places, *pairs],
            json=json,
        )
        listing = answer.read(lambda data: read(data, wire.Listing))
        require_page(listing.told.page, page)
        if orders[0][0] == "id":
            listing.require_order(descending=orders[0][1] == "DESC")
        self._note(listing, goes_on=True)
        return listing

    async def found(
        self,
        sql: str,
        *,
        page: int = 1,
        per_page: int = PAGE,
        orders: Sequence[tuple[str, str]] = BY_ID,
    ) -> wire.Listing:
        """Return a page of a search for tickets, which tells how many there are."""
        pairs = [("query", sql), *outgoing.TICKET_FIELDS]
        listing = await self.page(("tickets",), pairs, page=page, per_page=per_page, orders=orders)
        if listing.told.is_silent:
            raise errors.ProtocolError(
                "$.total: RT does not tell how many tickets there are, nor where a list ends."
                " Is $UseSQLForACLChecks off there?",
                path="$.total",
            )
        return listing

    async def search(self, sql: str, size: int = PAGE) -> tuple[wire.Listing, Following]:
        """Return the first page of a search that shows a ticket, and whether there are more."""
        for number in range(1, MAX_EMPTY + 1):
            listing = await self.found(sql, page=number, per_page=size)
            # The pages before this one, if any, showed nothing: by their size is all that is known.
            came = max(listing.told.per_page or size, len(listing.items))
            more = more_of(listing, number, (number - 1) * came, asked=size)
            if listing.items or not more.is_there:
                return listing, more
        raise endless()

    async def rows(self, ticket_id: str, after: int) -> wire.Listing:
        """Return the next rows of the history that the account may see: at least one."""
        pairs = [("query", dumps(outgoing.above(after))), *outgoing.HISTORY_FIELDS]
        for number in range(1, MAX_EMPTY + 1):
            path = ("ticket", ticket_id, "history")
            rows = await self.page(path, pairs, page=number)
            if rows.items:
                if rows.last_id <= after:
                    raise errors.ProtocolError("$.items: rows that were not asked for.")
                return rows
        raise endless()

    async def row(
        self, ticket_id: str, message_id: str, fields: Sequence[tuple[str, str]]
    ) -> Sequence[Any]:
        """Return the row of one message, alone in a list; no row where the account sees none."""
        pairs = [("query", dumps(outgoing.above(int(message_id) - 1))), *fields]
        rows = await self.page(("ticket", ticket_id, "history"), pairs, per_page=1)
        return rows.items if rows.items and str(rows.last_id) == message_id else ()

    async def newest(self, ticket_id: str) -> int:
        """Return the id of the newest transaction that the account may see, by the history itself.

        For what is between RT and this program may take the ETag away, or make another of it.
        """
        newest = await self.highest(("ticket", ticket_id, "history"))
        if newest is None:
            raise endless()
        return newest

    async def highest(
        self, path: tuple[str, ...], *, json: Any = None, pages: int | None = None
    ) -> int | None:
        """Return the highest id of a list that the account may see; None if so many show none.

        The pages are read from the end. ``pages`` is how many at most; None is MAX_EMPTY.
        """
        for number in range(1, (pages or MAX_EMPTY) + 1):
            rows = await self.page(path, (), page=number, orders=[("id", "DESC")], json=json)
            if rows.items:
                return rows.last_id
        return None

    async def messages(
        self, ticket: wire.TicketJson, rows: Sequence[Any], agents: frozenset[str]
    ) -> tuple[tuple[Message, ...], tuple[Problem, ...]]:
        """Return the messages that rows of the history stand for, with bodies and files."""
        odd: Odd = {}
        path = ("ticket", ticket.number, "attachments")
        parts = await self.parts(path, speaking(rows), odd)
        roots = await self.trees(path, parts, odd)
        words = [part for own in roots.values() for part in can_be_words(own)]
        known = Known(
            ticket=ticket,
            agents=agents,
            roots=roots,
            bodies=await self.bodies(ticket.number, words, odd),
        )

        def convert(entry: TransactionJson) -> Message:
            if str(entry.id) in odd:
                raise odd[str(entry.id)]
            return entry.to_message(known)

        return read_records(list(rows), TransactionJson, convert, "$.items")

    async def parts(
        self, path: tuple[str, ...], transactions: Sequence[str], odd: Odd
    ) -> list[PartJson]:
        """Return all parts of transactions that were seen: RT hides none of those.

        One that cannot be read goes into ``odd``, as the error of its message.
        """
        found: list[PartJson] = []
        query = outgoing.matching("TransactionId", transactions)
        records = await self.whole(path, outgoing.PART_FIELDS, query) if transactions else []
        for record in records:
            try:
                found.append(to_part(record))
            except errors.ProtocolError as error:
                odd[_one_of(record, "TransactionId", transactions, error)] = error
        if not {part.message for part in found} <= set(transactions):
            raise errors.ProtocolError("$.items: parts that were not asked for.", path="$.items")
        return found

    async def trees(
        self, path: tuple[str, ...], parts: Sequence[PartJson], odd: Odd
    ) -> dict[str, list[Node]]:
        """Return the outermost parts of each message, which hold the others.

        A holder that cannot be read goes into ``odd``, as the error of its message.
        T16: RT answers 500 to the question for the holder of a part that none holds.
        """
        by_message: dict[str, list[PartJson]] = {}
        for part in parts:
            by_message.setdefault(part.message, []).append(part)
        several = [message for message, own in by_message.items() if len(own) > 1]
        parents: dict[str, str] = {}
        messages = {part.number: part.message for part in parts}
        if several:
            query = [*outgoing.matching("TransactionId", several), *outgoing.HELD]
            for record in await self.whole(path, outgoing.PARENT_FIELDS, query):
                try:
                    held = read(record, ParentJson)
                    parents[str(held.id)] = str(held.parent.id)
                except errors.ProtocolError as error:
                    odd[messages[_one_of(record, "id", [*messages], error)]] = error
        return {message: tree(own, parents) for message, own in by_message.items()}

    async def whole(
        self, path: tuple[str, ...], fields: Sequence[tuple[str, str]], query: Any
    ) -> list[Any]:
        """Return all records of a list, read to where RT counts them all or has none left.

        T1: RT tells no total to most accounts. A short page is then no end: what is between may
        cap pages at fewer than RT says, and words would be missing without a sign.
        """
        found: dict[str, Any] = {}
        for number in range(1, MAX_EMPTY + 1):
            listing = await self.page(path, fields, page=number, json=query)
            rows = {_key(row): row for row in listing.items}
            if rows and found.keys() >= rows.keys():
                raise errors.PaginationLoop("RT's list of attachments leads back to itself.")
            more, total = more_of(listing, number, len(found)), listing.told.total
            self._note(listing, goes_on=more.is_sure)
            found |= rows
            if not more.is_there or (not rows and (total is None or total <= len(found))):
                return [*found.values()]
        raise endless()

    async def bodies(self, ticket_id: str, parts: Sequence[PartJson], odd: Odd) -> dict[str, str]:
        """Return the words of those parts that are bodies; of files only their names are read.

        Words that cannot be read go into ``odd``, as the error of their message.
        """
        messages = {part.number: part.message for part in parts}
        found: dict[str, str] = {}
        messages = {part.number: part.message for part in parts}
        path = ("ticket", ticket_id, "attachments")
        for batch in batches(parts, most=PAGE, size=BODY_BYTES):
            left = batch
            while left:
                query = outgoing.matching("id", left)
                listing = await self.page(path, outgoing.BODY_FIELDS, json=query)
                for record in listing.items:
                    try:
                        text = read(record, BodyJson)
                        found[str(text.id)] = text.content or ""
                    except errors.ProtocolError as error:
                        number = _one_of(record, "id", left, error)
                        odd[messages[number]], found[number] = error, ""
                before, left = left, [one for one in left if one not in found]
                if len(left) == len(before):
                    raise errors.ProtocolError("$.items: a body is missing.", path="$.items")
        return found

    async def attached_mail(self, attachment_id: str, message_id: str) -> Node:
        """Return an attached mail with its parts; NotFound where RT keeps none of them."""
        path = ("attachments",)
        odd: Odd = {}
        parts = await self.parts(path, [message_id], odd)
        trees = await self.trees(path, parts, odd)
        if odd:
            raise odd[message_id]
        waiting: list[Node] = [*trees.get(message_id, ())]
        while waiting:
            node = waiting.pop()
            if node.part.number == attachment_id and attached_mail.is_kept(node):
                return node
            waiting += node.children
        require_complete(self.lacking)
        raise errors.NotFound(
            "Request Tracker keeps none of this attached mail: it came in an encoding that it does"
            " not read, or the account may not see it."
        )

    async def is_agent(self, login: str) -> bool:
        """Say whether RT shows that somebody is an agent: a privileged user, as GET /user tells.

        False where it does not tell: lists of users leave it out, and an account that is not
        privileged itself may not ask for others.
        """
        try:
            answer = await self.transport.send(self.operation, "GET", (*API, "user", login))
        except errors.HelpdeskError as error:
            if is_refused(error):
                return False
            raise
        person = answer.read(lambda data: read(data, wire.PersonJson))
        return person.is_privileged and (person.label or "").lower() == login.lower()


_REFUSALS = frozenset(range(400, 500)) - {401, 429}
"""Answers that say for good that this will not be told."""


def is_refused(error: errors.HelpdeskError) -> bool:
    """Say whether an answer says for good that this will not be told to the account."""
    return error.status in _REFUSALS and error.outcome is errors.Outcome.REJECTED


def more_of(listing: wire.Listing, number: int, before: int, *, asked: int = PAGE) -> Following:
    """Return whether a page of a list, behind so many records, is followed by another."""
    told, count = listing.told, len(listing.items)
    return following(told, count=count, asked=asked, before=before, number=number)


def _key(row: Any) -> str:
    """Return what tells a row from others: its id, or all of it where it has none."""
    number = row.get("id") if isinstance(row, Mapping) else None
    return repr(row) if number is None else str(number)


def _one_of(record: Any, name: str, known: Sequence[str], error: errors.HelpdeskError) -> str:
    """Return the id that an unreadable record names; raise ``error`` if it names none of those."""
    told = str(record.get(name)) if isinstance(record, Mapping) else ""
    if told not in known:
        raise error
    return told


def endless() -> errors.HelpdeskError:
    """Return the error of a list that shows nothing on too many pages."""
    return errors.ProtocolError(
        f"{MAX_EMPTY} pages in a row show nothing that the account may see: the list cannot be"
        " read to its end."
    )


def unseen(count: int, what: str) -> Problem:
    """Return what is wrong with a list that counts ``what``, and shows none of them."""
    return Problem(
        index=0,
        error=errors.IncompleteList(
            f"RT counts {count} more {what}, and shows none of them.", listed=count, came=0
        ),
    )
