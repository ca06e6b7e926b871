"""Keep a pager's cursor behind what was handed out of it, though more of it was read."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from operator import attrgetter

from helpdesk_bridge.desk.standing import Mark
from helpdesk_bridge.errors import HelpdeskError

__all__ = ["FREE", "Hold", "PagerHold", "PagerHolds"]


class Hold:
    """What is read of a list by somebody who hands it out later, one after the other.

    This one is of a list that has no cursor.
    """

    def read(self) -> None:
        """Note that an item was read, or that the list failed."""

    def handed_out(self) -> None:
        """Note that what was read first of what is left was handed out, or raised."""

    def locate(self, error: HelpdeskError) -> None:
        """Have an error say how far the list was handed out."""

    def let_go(self) -> None:
        """Note that no more of what was read is handed out."""


FREE = Hold()
"""That of a list without a cursor: all share it."""


class PagerHold(Hold):
    """The same of a pager.

    Args:
        at: how far the pager has come by now.
        mark: what tells how far it has come.
        end: what is called at the end.
    """

    def __init__(
        self, at: Mark, mark: Callable[[], Mark], end: Callable[[PagerHold], None]
    ) -> None:
        self.at = at
        """How far it was handed out."""
        self._mark = mark
        self._end = end
        self._read: deque[Mark] = deque()

    @property
    def last(self) -> Mark | None:
        """How far it was read; None: all that was read was handed out."""
        return self._read[-1] if self._read else None

    def read(self) -> None:
        """Note that an item was read, or that the list failed."""
        self._read.append(self._mark())

    def handed_out(self) -> None:
        """Note that what was read first of what is left was handed out, or raised."""
        self.at = self._read.popleft()

    def locate(self, error: HelpdeskError) -> None:
        """Have an error say how far the list was handed out."""
        error.items_read, error.cursor = self.at.items_read, self.at.cursor()

    def let_go(self) -> None:
        """Note that no more of what was read is handed out."""
        self._end(self)


class PagerHolds:
    """Those of one pager, as long as its cursor is to stay behind them."""

    def __init__(self) -> None:
        self._all: list[PagerHold] = []

    def add(self, hold: PagerHold) -> PagerHold:
        """Have the cursor stay behind another one; return it."""
        self._all.append(hold)
        return hold

    def first(self) -> Mark | None:
        """Return how far the one that has come least far has; None: there is none."""
        return min((hold.at for hold in self._all), key=attrgetter("items_read"), default=None)

    def end(self, hold: PagerHold, items_read: int | None) -> bool:
        """Say whether the pager is to go back to where a hold has ended, which is over then.

        Args:
            hold: the hold.
            items_read: how many items the pager has handed out; None: others are reading it.
        """
        last = hold.last
        if last is None or hold.at.exhausted:
            self._all.remove(hold)
        elif self._all == [hold] and last.items_read == items_read:
            self._all.clear()
            return True
        return False
