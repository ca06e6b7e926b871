"""The adapter of the tests' own helpdesk: no HTTP, and a point at each request to break in at."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, ClassVar

from attrs import frozen

import helpdesk_bridge as hb
from helpdesk_bridge import kit
from helpdesk_bridge.kit import Capability, ChangeKind, ChangeMode, errors, native
from tests.sync.helpdesk import Case, Row, Setup, VendorDesk, mixed

__all__ = ["VendorSettings", "opened"]

Break = Callable[[str], Awaitable[None]]
"""What is awaited before and behind each answer, with the name of the request; it may raise."""
Key = tuple[int | str, ...]
"""The place of a record in a list."""


async def _nothing(_: str) -> None:
    """Let the reader be."""


@frozen(kw_only=True)
class VendorSettings:
    """The helpdesk to read, and what happens while it is read."""

    adapter: ClassVar[str] = "model"
    desk: VendorDesk
    account: str = "one"
    breaks: Break = _nothing


class _Model(kit.Adapter):
    """What all of them have."""

    settings: VendorSettings
    settings_type = VendorSettings
    account_by = frozenset(("account",))

    @property
    def desk(self) -> VendorDesk:
        """The helpdesk."""
        return self.settings.desk

    async def list_tickets(
        self, query: kit.TicketQuery, cursor: kit.Cursor | None
    ) -> kit.Page[kit.Ticket]:
        """Return a page of the plain list, in its order."""
        await self.settings.breaks("list_tickets")
        marked = self.desk.setup.deletions == "marked"
        rows = [(c, r) for c, r in self.desk.listed() if marked or r.gone is None]
        page = self._page(rows, self._order, cursor, moves=self.desk.setup.order == "changed")
        await self.settings.breaks("listed")
        return page

    async def get_ticket(self, ticket_id: str) -> kit.Ticket:
        """Return a ticket; one that was deleted only where deletions are marked."""
        await self.settings.breaks("get_ticket")
        case, row = self._found(ticket_id)
        if case.spoilt:
            raise errors.ProtocolError("$: a record that cannot be read.", path="$")
        ticket = self.desk.ticket(case, row)
        await self.settings.breaks("got")
        return ticket

    async def list_messages(
        self, ticket: kit.TicketRef, query: kit.MessageQuery, cursor: kit.Cursor | None
    ) -> kit.Page[kit.Message]:
        """Return a page of a conversation."""
        await self.settings.breaks("list_messages")
        case, row = self._found(ticket.id)
        if case.silent:
            raise errors.ProtocolError("$: a conversation that cannot be read.", path="$")
        told = self.desk.conversation(case, row)
        if query.types is not None:
            told = [message for message in told if message.type in query.types]
        start = 0 if cursor is None else int(cursor)
        behind = start + self.desk.setup.page_size
        page = kit.Page(
            items=tuple(told[start:behind]),
            next=kit.Cursor(str(behind)) if behind < len(told) else None,
            listed=len(told) if self.desk.setup.counted else None,
        )
        await self.settings.breaks("messages")
        return page

    def _found(self, ticket_id: str) -> tuple[Case, Row]:
        case = self.desk.case(ticket_id)
        row = None if case is None else self.desk.row(case)
        if case is None or row is None:
            raise errors.NotFound("there is no such ticket.", status=404)
        if row.gone is not None and self.desk.setup.deletions != "marked":
            raise errors.NotFound("it was deleted.", status=404)
        return case, row

    def _order(self, case: Case, row: Row) -> Key:
        order = self.desk.setup.order
        if order == "newest":
            return (-int(row.created.timestamp()), -case.number)
        if order == "changed":
            return self._newest_change(case, row)
        return (mixed(case.number) if order == "random" else case.number,)

    def _newest_change(self, case: Case, row: Row) -> Key:
        return (-int(row.updated.timestamp()), mixed(case.number))

    def _newest_deletion(self, case: Case, row: Row) -> Key:
        assert row.gone is not None
        return (-int(row.gone.timestamp()), mixed(case.number))

    def _page(
        self,
        rows: Sequence[tuple[Case, Row]],
        key: Callable[[Case, Row], Key],
        cursor: kit.Cursor | None,
        *,
        moves: bool,
    ) -> kit.Page[kit.Ticket]:
        """Return what is at a place of a list of these rows."""
        setup = self.desk.setup
        keyed = sorted(((key(*row), row) for row in rows), key=lambda one: one[0])
        place: Any = None if cursor is None else json.loads(cursor)
        if setup.anchored:
            left = [one for one in keyed if place is None or one[0] > tuple(place)]
            shown, more = left[: setup.page_size], len(left) > setup.page_size
            following = shown[-1][0] if more else None
        else:
            start = place or 0
            shown = keyed[start : start + setup.page_size]
            following = start + setup.page_size if start + len(shown) < len(keyed) else None
        items, problems = [], []
        for index, (_, (case, row)) in enumerate(shown):
            if case.spoilt:
                error = errors.ProtocolError("$: a record that cannot be read.", path="$")
                raw = {"id": self.desk.ticket_id(case)}
                problems.append(kit.Problem(index=index, error=error, raw=raw))
            else:
                items.append(self.desk.ticket(case, row))
        return kit.Page(
            items=tuple(items),
            problems=tuple(problems),
            next=None if following is None else kit.Cursor(json.dumps(following)),
            listed=len(keyed) if setup.counted else None,
            anchored=setup.anchored and not moves,
            shifts=not setup.anchored,
            moves=moves,
        )


class _ByWindow(_Model):
    async def list_changed(self, cursor: kit.Cursor | None) -> kit.Page[kit.Ticket]:
        """Return a page of what changed last."""
        await self.settings.breaks("list_changed")
        marked = self.desk.setup.deletions == "marked"
        rows = [(c, r) for c, r in self.desk.listed() if marked or r.gone is None]
        page = self._page(rows, self._newest_change, cursor, moves=True)
        await self.settings.breaks("changed")
        return page


class _ByWindowAndDeletions(_ByWindow):
    async def list_deleted(self, cursor: kit.Cursor | None) -> kit.Page[kit.Ticket]:
        """Return a page of what was deleted last."""
        await self.settings.breaks("list_deleted")
        rows = [(c, r) for c, r in self.desk.listed() if r.gone is not None]
        page = self._page(rows, self._newest_deletion, cursor, moves=True)
        await self.settings.breaks("deleted")
        return page


class _ByCursor(_Model):
    async def read_feed(self, place: str | None) -> kit.Feed:
        """Return what the log has behind a place, each ticket once and as it is now."""
        await self.settings.breaks("read_feed")
        setup, start = self.desk.setup, int(place or 0)
        log = self.desk.log()
        part = log[start : start + setup.page_size]
        latest = {case.number: row for case, row in self.desk.listed()}
        tickets, deleted, problems = [], [], []
        for case in {case.number: case for case, _ in part}.values():
            row = latest[case.number]
            if row.gone is not None and setup.deletions != "marked":
                deleted += [self.desk.ticket_id(case)] if setup.sees_deletions else []
            elif case.spoilt:
                error = errors.ProtocolError("$: a record that cannot be read.", path="$")
                raw = {"id": self.desk.ticket_id(case)}
                problems.append(kit.Problem(index=len(problems), error=error, raw=raw))
            else:
                tickets.append(self.desk.ticket(case, row))
        feed = kit.Feed(
            tickets=tuple(tickets),
            deleted=tuple(deleted),
            problems=tuple(problems),
            place=str(start + len(part)),
            caught_up=start + len(part) == len(log),
        )
        await self.settings.breaks("fed")
        return feed


class _ByScan(_Model):
    pass


class _ByScanAndSpoken(_Model):
    async def list_spoken(self, since: datetime, cursor: kit.Cursor | None) -> kit.Page[kit.Ticket]:
        """Return a page of the tickets with a message since then."""
        await self.settings.breaks("list_spoken")
        rows = [(c, r) for c, r in self.desk.listed() if r.gone is None and r.spoken >= since]
        page = self._page(rows, self._order, cursor, moves=False)
        await self.settings.breaks("spoken")
        return page


def _base(setup: Setup) -> type[_Model]:
    if setup.mode is ChangeMode.CURSOR:
        return _ByCursor
    if setup.mode is ChangeMode.WINDOW:
        return _ByWindowAndDeletions if setup.deletions == "apart" else _ByWindow
    return _ByScanAndSpoken if setup.spoken else _ByScan


@cache
def _adapter(setup: Setup) -> type[_Model]:
    """Return the class of the adapter of such a vendor: what it declares is its class's."""
    sees = {ChangeKind.MESSAGES, ChangeKind.FIELDS}
    limits = kit.CapabilityLimits(
        mode=setup.mode,
        sees=frozenset(sees | {ChangeKind.DELETIONS} if setup.sees_deletions else sees),
        resolution=setup.unit,
        lag=setup.lag or None,
    )
    able = (Capability.LIST_TICKETS, Capability.GET_TICKET, Capability.LIST_MESSAGES)
    body = {
        "name": "model",
        "offers": {one: native() for one in able} | {Capability.CHANGES: native(limits=limits)},
        "message_ids_grow": setup.ids_grow,
        "tells_last_message": setup.tells_last,
    }
    return type("Model", (_base(setup),), body)


def opened(desk: VendorDesk, breaks: Break = _nothing) -> hb.Helpdesk:
    """Return a desk that reads this helpdesk."""
    settings = VendorSettings(desk=desk, breaks=breaks)
    return hb.Helpdesk(settings, adapter=_adapter(desk.setup))
