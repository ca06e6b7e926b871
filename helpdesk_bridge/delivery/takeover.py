"""The wait for the end of an entry's writer, after which another may settle the entry."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from attrs import frozen

from helpdesk_bridge.delivery.entry import OPEN, LedgerEntry
from helpdesk_bridge.delivery.lease import Life
from helpdesk_bridge.errors import Moment

if TYPE_CHECKING:
    from helpdesk_bridge.delivery.sender import Sender

__all__ = ["Takeover", "take_over"]


@frozen
class Takeover:
    """What the wait came to. With none of the three the ledger does not give the entry away."""

    entry: LedgerEntry | None
    """The entry as it is now; None: the ledger has it no more."""
    ended: Moment | None = None
    """When its writer ended: it sends nothing any more."""
    under_way: Life | None = None
    """What is known of a writer that lives, or may live, and was not waited for."""

    @property
    def is_settled(self) -> bool:
        """Whether somebody has settled the entry meanwhile, or dropped it."""
        return self.entry is None or self.entry.state not in OPEN


async def take_over(
    sender: Sender,
    entry: LedgerEntry,
    *,
    waits: Callable[[Life], bool],
    pause: Callable[[float], Awaitable[None]],
    asking: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> Takeover:
    """Wait until the writer of an open entry has ended, and make sure that it sends nothing.

    ``waits`` says whether to wait for a writer that may live, ``pause`` waits for at most so many
    seconds, ``asking`` is entered for each question to the ledger.
    """
    while entry.state in OPEN:
        life = sender.watch.life(entry)
        if life.ended is not None:
            with asking():
                is_ours = await sender.has_taken_over(entry)
            if is_ours:
                return Takeover(entry, ended=life.ended)
        if life.under_way and not waits(life):
            return Takeover(entry, under_way=life)
        await pause(life.known_in)
        with asking():
            again = await sender.entry(entry.operation_id)
        if again is None:
            return Takeover(None)
        if life.ended is not None and again == entry:
            return Takeover(entry)
        entry = again
    return Takeover(entry)
