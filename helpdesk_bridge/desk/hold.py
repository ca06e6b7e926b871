"""Keep a pager's cursor behind what was handed out of it, though more of it was read."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from helpdesk_bridge.desk.standing import Mark
from helpdesk_bridge.errors import HelpdeskError

__all__ = ["FREE", "Hold"]


class Hold:
    """What is read of a list by somebody who hands it out later, item by item.

    This one is of a list that has no cursor.
    """

    def read(self) -> None:
        """Note that an item was read."""

    def handed_out(self) -> None:
        """Note that the item read first of those that are left was handed out."""

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
        """Note that an item was read."""
        self._read.append(self._mark())

    def handed_out(self) -> None:
        """Note that the item read first of those that are left was handed out."""
        self.at = self._read.popleft()

    def locate(self, error: HelpdeskError) -> None:
        """Have an error say how far the list was handed out."""
        error.items_read, error.cursor = self.at.items_read, self.at.cursor()

    def let_go(self) -> None:
        """Note that no more of what was read is handed out."""
        self._end(self)
