"""Adapters whose changes are wrong, by each mode; each with the promise that names its fault."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any, ClassVar

from attrs import evolve

import helpdesk_bridge as hb
from helpdesk_bridge.kit import (
    Adapter,
    Capability,
    CapabilityLimits,
    ChangeKind,
    ChangeMode,
    Cursor,
    Feed,
    Page,
    native,
)
from helpdesk_bridge.memory.wire import to_ticket
from helpdesk_bridge.testing import Memory

PAGE = 50
EVERYTHING = frozenset(ChangeKind)


def by(mode: ChangeMode, sees: frozenset[ChangeKind]) -> Any:
    """Return offers whose changes are found like this."""
    limits = CapabilityLimits(mode=mode, sees=sees, resolution=1.0)
    return {**Memory.offers, Capability.CHANGES: native(limits=limits)}


class Windowed(Memory):
    """A sound one that lists by the time of the last change."""

    offers: ClassVar = by(ChangeMode.WINDOW, EVERYTHING)
    read_feed = Adapter.read_feed

    async def list_changed(self, cursor):
        return self._newest([one for one in self._stored() if one.deleted_at is None], cursor)

    async def list_deleted(self, cursor):
        return self._newest([one for one in self._stored() if one.deleted_at], cursor)

    def _stored(self):
        return sorted(self.store.tickets.values(), key=lambda t: t.updated_at, reverse=True)

    def _newest(self, stored, cursor):
        start = int(cursor or 0)
        items = tuple(to_ticket(one) for one in stored[start : start + PAGE])
        more = len(stored) > start + PAGE
        return Page(items=items, next=Cursor(str(start + PAGE)) if more else None, moves=True)


class Scanned(Memory):
    """A sound one that lists all tickets, and nothing else."""

    offers: ClassVar = by(ChangeMode.SCAN, frozenset((ChangeKind.FIELDS, ChangeKind.MESSAGES)))
    read_feed = Adapter.read_feed


class ScannedByFields(Scanned):
    """A sound one whose tickets do not show messages."""

    offers: ClassVar = by(ChangeMode.SCAN, frozenset((ChangeKind.FIELDS,)))


class AlwaysTellsTheFirstPage(Memory):
    async def read_feed(self, place):
        feed = await super().read_feed(None)
        return evolve(feed, place=place or feed.place, caught_up=True)


class NeverMovesItsPlace(Memory):
    async def read_feed(self, place):
        if place is not None:
            return Feed(place=place, caught_up=True)
        return await super().read_feed(place)


class IsCaughtUpTooEarly(Memory):
    async def read_feed(self, place):
        return evolve(await super().read_feed(place), caught_up=True)


class IsCaughtUpTooEarlyLater(Memory):
    async def read_feed(self, place):
        feed = await super().read_feed(place)
        return feed if place is None else evolve(feed, caught_up=True)


class SkipsAPage(Memory):
    async def read_feed(self, place):
        feed = await super().read_feed(place)
        if feed.caught_up:
            return feed
        skipped = await super().read_feed(feed.place)
        return evolve(feed, place=skipped.place, caught_up=skipped.caught_up)


class SkipsAPageOfNews(Memory):
    async def read_feed(self, place):
        feed = await super().read_feed(place)
        if place is None or feed.caught_up:
            return feed
        skipped = await super().read_feed(feed.place)
        return evolve(feed, place=skipped.place, caught_up=skipped.caught_up)


class KnowsItsPlacesInOneProcess(Memory):
    def __init__(self, settings, transport):
        super().__init__(settings, transport)
        self.given: set[str] = set()

    async def read_feed(self, place):
        if place is not None and place not in self.given:
            return Feed(place=place, caught_up=True)
        feed = await super().read_feed(place)
        self.given.add(feed.place)
        return feed


class TellsEachChangeOnce(Memory):
    """As a queue does, which forgets what was fetched."""

    fetched: ClassVar = defaultdict(str)

    async def read_feed(self, place):
        last = self.fetched[self.store.identity]
        feed = await super().read_feed(max(last, place or "", key=number) or None)
        self.fetched[self.store.identity] = feed.place
        return feed


class TellsFieldsAsTheyWere(Memory):
    first: ClassVar = {}

    async def read_feed(self, place):
        feed = await super().read_feed(place)
        known = [
            (one, self.first.setdefault((self.store.identity, one.id), one)) for one in feed.tickets
        ]
        old = tuple(evolve(one, status=was.status, assignee=was.assignee) for one, was in known)
        return evolve(feed, tickets=old)


class TellsNoAssignee(TellsFieldsAsTheyWere):
    """The same; each has one promise to break."""


class TellsAnotherStatusOfAll(Memory):
    async def read_feed(self, place):
        feed = await super().read_feed(None)
        statuses = {one.status for one in feed.tickets}
        if place is None or len(statuses) < 2:
            return feed
        changed = max(self.store.tickets.values(), key=lambda one: one.updated_at).status
        return evolve(feed, tickets=tuple(evolve(one, status=changed) for one in feed.tickets))


class TellsTheTimeOfTheReading(Memory):
    async def read_feed(self, place):
        feed = await super().read_feed(None)
        now = datetime.now(UTC)
        return evolve(feed, tickets=tuple(evolve(one, updated_at=now) for one in feed.tickets))


class TellsOfNobody(Memory):
    async def read_feed(self, place):
        feed = await super().read_feed(place)
        return evolve(feed, tickets=tuple(evolve(t, requester=hb.Party()) for t in feed.tickets))


class KnowsNoMessages(Memory):
    async def read_feed(self, place):
        feed = await super().read_feed(place)
        if place is None:
            return feed
        new = [one for one in feed.tickets if len(self.store.tickets[int(one.id)].messages) == 1]
        return evolve(feed, tickets=tuple(new))


class NumbersMessagesAnew(Memory):
    read: ClassVar = []

    async def list_messages(self, ticket, query, cursor):
        page = await super().list_messages(ticket, query, cursor)
        self.read.append(ticket.id)
        anew = tuple(evolve(one, id=f"{one.id}.{len(self.read)}") for one in page.items)
        return evolve(page, items=anew)


class KnowsNoDeletions(Memory):
    async def read_feed(self, place):
        return evolve(await super().read_feed(place), deleted=())


class TellsAnotherAsDeleted(Memory):
    async def read_feed(self, place):
        feed = await super().read_feed(place)
        others = tuple(str(one) for one in self.store.tickets) if feed.deleted else ()
        return evolve(feed, deleted=others)


class ListsOnePageOfChanges(Windowed):
    async def list_changed(self, cursor):
        return evolve(await super().list_changed(cursor), next=None)


class ListsTheNewestTicketFirst(Windowed):
    def _stored(self):
        return sorted(self.store.tickets.values(), key=lambda t: t.created_at, reverse=True)


class ListsNoDeletions(Windowed):
    async def list_deleted(self, cursor):
        return Page(items=())


class ListsNoSignOfNews(Windowed):
    """What others wrote shows by no time, wherever a ticket is listed."""

    async def list_changed(self, cursor):
        return without_times(await super().list_changed(cursor))

    async def list_tickets(self, query, cursor):
        return without_times(await super().list_tickets(query, cursor))


class DropsAPageOfAll(Scanned):
    async def list_tickets(self, query, cursor):
        return evolve(await super().list_tickets(query, cursor), next=None)


class ListsNoSignOfMessages(Scanned):
    async def list_tickets(self, query, cursor):
        return without_times(await super().list_tickets(query, cursor))


class ReadsWhatIsGone(Scanned):
    async def get_ticket(self, ticket_id):
        ticket = await super().get_ticket(ticket_id)
        return evolve(ticket, status=hb.Status.OPEN, deleted_at=None)


class ListsFieldsAsTheyWere(Scanned):
    async def list_tickets(self, query, cursor):
        page = await super().list_tickets(query, cursor)
        return evolve(page, items=tuple(evolve(t, status=hb.Status.OPEN) for t in page.items))


def without_times(page: Any) -> Any:
    """Return tickets that tell no time but that of their creation."""
    old = [evolve(one, updated_at=one.created_at, last_message_at=None) for one in page.items]
    return evolve(page, items=tuple(old))


def number(place: str) -> int:
    """Return the number in a place of the memory's feed."""
    return int(place.rpartition(".")[2] or 0)


FIRST = "test_the_first_reading_of_changes_tells_every_ticket"
MANY = "test_more_new_tickets_than_a_page_holds_are_told"
OLD = "test_what_is_new_is_told_beside_many_that_are_old"
STILL = "test_a_desk_that_is_still_has_no_news"
OPENED = "test_a_ticket_that_a_customer_opens_is_told"
STATUS = "test_a_status_that_others_set_is_told"
ASSIGNEE = "test_an_assignee_that_others_set_is_told"
ONCE = "test_each_message_is_told_once"
REFUSED = "test_messages_are_refused_where_changes_do_not_show_them"
GONE = "test_a_ticket_that_is_deleted_is_told_as_gone"
AGAIN = "test_a_checkpoint_tells_the_same_however_often_it_is_read"

PROMISES = (FIRST, MANY, OLD, STILL, OPENED, STATUS, ASSIGNEE, ONCE, REFUSED, GONE, AGAIN)
SOUND = (Memory, Windowed, Scanned, ScannedByFields)
MUTANTS: dict[type[Memory], str] = {
    AlwaysTellsTheFirstPage: FIRST,
    NeverMovesItsPlace: OPENED,
    IsCaughtUpTooEarly: FIRST,
    IsCaughtUpTooEarlyLater: MANY,
    SkipsAPage: FIRST,
    SkipsAPageOfNews: MANY,
    KnowsItsPlacesInOneProcess: MANY,
    TellsEachChangeOnce: AGAIN,
    TellsFieldsAsTheyWere: STATUS,
    TellsNoAssignee: ASSIGNEE,
    TellsAnotherStatusOfAll: STATUS,
    TellsTheTimeOfTheReading: STILL,
    TellsOfNobody: OPENED,
    KnowsNoMessages: ONCE,
    NumbersMessagesAnew: ONCE,
    KnowsNoDeletions: GONE,
    TellsAnotherAsDeleted: GONE,
    ListsOnePageOfChanges: MANY,
    ListsTheNewestTicketFirst: OLD,
    ListsNoDeletions: GONE,
    ListsNoSignOfNews: OLD,
    DropsAPageOfAll: FIRST,
    ListsNoSignOfMessages: OLD,
    ReadsWhatIsGone: GONE,
    ListsFieldsAsTheyWere: STATUS,
}
