"""Where the next poll begins, judged by the vendor's times alone."""

from __future__ import annotations

import asyncio
import heapq
import math
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

from attrs import define, field

from helpdesk_bridge.model import Ticket

__all__ = [
    "Beginning",
    "Latest",
    "Settling",
    "SpokenFloor",
    "earlier",
    "floor_of",
    "is_before",
    "newest",
    "next_floor",
]

_OUTLIER = timedelta(hours=1)
"""Times that are so much later than all others may have been set ahead: the others count."""
_OUTLIERS = 5
_FIRST = datetime.min.replace(tzinfo=UTC)
_MOST = 5000
"""Tickets of which it is known when they were seen."""


def newest(tickets: Iterable[Ticket]) -> datetime | None:
    """Return the newest time of a change that the vendor's clock had surely come to; None: none.

    Of a ticket that tells no time of a change it is that of its last message.

    An earlier time than the newest one is always safe: more is read than needs be.
    """
    return _settled(_times(tickets))


def newest_since(before: datetime | None, tickets: Iterable[Ticket]) -> datetime | None:
    """Return the :func:`newest` time of tickets that changed behind others.

    Args:
        before: that of the others; None: there were none, or they have none.
        tickets: the tickets, few of which may be stamped ahead.
    """
    times = _times(tickets)
    if not times:
        return before
    if before is None or max(times) < before:  # a clock was put back, or it was one that was ahead
        return _settled(times)
    return _settled([*times, before])


def _times(tickets: Iterable[Ticket]) -> list[datetime]:
    return [*filter(None, (one.updated_at or one.last_message_at for one in tickets))]


def _settled(given: Iterable[datetime]) -> datetime | None:
    times = sorted(given, reverse=True)
    for ahead in range(min(_OUTLIERS, len(times) - 1), 0, -1):
        if times[ahead - 1] - times[ahead] > _OUTLIER:
            return times[ahead]
    return times[0] if times else None


def floor_of(at: datetime | None, overlap: timedelta) -> datetime | None:
    """Return the time before which nothing can show any more once a change at ``at`` does."""
    return None if at is None else earlier(at, overlap)


def earlier(at: datetime, by: timedelta) -> datetime:
    """Return the time so much before ``at``; the first one there is where that is before it."""
    try:
        return at - by
    except OverflowError:
        return _FIRST


def is_before(at: datetime | None, floor: datetime | None) -> bool:
    """Say whether a change at ``at`` is surely older than ``floor``: one at it may not be told."""
    return at is not None and floor is not None and at < floor


def next_floor(now: datetime | None, fresh: datetime | None, overlap: timedelta) -> datetime | None:
    """Return the floor behind a poll that was complete.

    Args:
        now: the floor of this poll.
        fresh: the newest time of what it brought, as of its beginning; None: it brought nothing.
        overlap: how much later than by its time a change may show.
    """
    if fresh is None:
        return now
    found = earlier(fresh, overlap)
    if now is None or fresh < now:  # a clock was put back, or the floor was one that was ahead
        return found
    return max(now, found)


@define
class SpokenFloor:
    """From when on messages are asked for, where the vendor lists tickets by their last one.

    Such a list has no order, so a time that it brings counts for the question after the next one.
    """

    at: datetime | None = None
    """What came before it was told; None: it is not known yet."""
    _newest: datetime | None = None

    def renew(self, fresh: Iterable[datetime], overlap: timedelta) -> None:
        """Take note of the times of what one question brought."""
        self.at = floor_of(self._newest, overlap) or self.at
        self._newest = _settled(fresh) or self._newest


@define
class Settling:
    """Tells when the newest second is over, by how much time passed in this process.

    A poll that begins ``overlap`` after another one had ended, and brings nothing new, has seen all
    that will ever bear the times that were seen. Only durations count, never the time of our clock.
    """

    ended_at: float | None = None
    """When the last poll that brought something ended (loop time); None: there was none here."""
    _seen_at: dict[int, tuple[int, float]] = field(factory=dict)
    """The version of each ticket that changed last, and when it was seen (loop time; infinite: its
    conversation was read when nothing more could come with its time)."""

    def saw(self, ticket: int, version: int, now: float) -> None:
        """Take note of a version of a ticket that is told now."""
        self._seen_at[ticket] = (version, now)

    def is_due(
        self, ticket: int, version: int, now: float, overlap: timedelta, *, leaves: bool
    ) -> bool:
        """Say whether the conversation of a ticket is to be read once more, and note that it is.

        A message may have come with the time that the ticket bears already. One more reading tells
        it, once nothing more can come with that time.

        Args:
            ticket: the digest of its id.
            version: its version, which was told.
            now: when the poll began (loop time).
            overlap: how long something may still come with its time.
            leaves: whether no later poll will look at it.
        """
        said, at = self._seen_at.get(ticket, (None, now))
        if said != version:  # another process told it
            self._seen_at[ticket] = (version, now)
            return True
        if at == math.inf or not (leaves or now - at > overlap.total_seconds()):
            return False
        self._seen_at[ticket] = (version, math.inf)
        return True

    def drop(self, ticket: int) -> None:
        """Forget a ticket that is gone: it may come back as it was."""
        self._seen_at.pop(ticket, None)

    def knows(self, ticket: int, version: int) -> bool:
        """Say whether a version was told in this process."""
        return self._seen_at.get(ticket, (None, 0.0))[0] == version

    def is_open(self, ticket: int, version: int) -> bool:
        """Say whether a version was told in this process, and its conversation read once only."""
        said, at = self._seen_at.get(ticket, (None, math.inf))
        return said == version and at != math.inf

    def keep(self, tickets: Collection[int]) -> None:
        """Forget all but these and those that are to be read once more."""
        self._seen_at = {
            one: (version, at)
            for one, (version, at) in self._seen_at.items()
            if one in tickets or at != math.inf
        }
        for one in list(self._seen_at)[: max(0, len(self._seen_at) - _MOST)]:
            del self._seen_at[one]

    def is_over(self, began_at: float, overlap: timedelta) -> bool:
        """Say whether a poll that began then and brought nothing shows that it is over."""
        return self.ended_at is not None and began_at - self.ended_at > overlap.total_seconds()


@define
class Latest:
    """The newest time of a change in a list, but for a few that may have been set ahead."""

    _times: list[datetime] = field(factory=list, init=False)

    @property
    def at(self) -> datetime | None:
        """What it is (UTC); None: no ticket told one."""
        return _settled(self._times)

    def note(self, tickets: Iterable[Ticket]) -> None:
        """Take note of tickets of the list."""
        told = [one.updated_at for one in tickets if one.updated_at is not None]
        self._times = heapq.nlargest(_OUTLIERS + 1, [*self._times, *told])


@define
class Beginning(Latest):
    """Tells by the vendor's times when the reading of a list began, at the latest.

    It is the newest time that the list shows, less the time that the reading took. Where the list
    begins with old tickets, its first ones alone would tell a time long before.
    """

    _began_at: float = field(factory=lambda: asyncio.get_running_loop().time(), init=False)

    def floor(self, least: datetime | None, overlap: timedelta) -> datetime | None:
        """Return the time before which all is told once the list is; ``least`` if that is later."""
        at = self.at
        if at is None or least is None:
            return least
        took = timedelta(seconds=asyncio.get_running_loop().time() - self._began_at)
        return max(least, earlier(at, took + overlap))
