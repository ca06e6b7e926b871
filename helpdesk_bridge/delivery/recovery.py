"""Settle what a crash, or a lost answer, has left open in the ledger."""

from __future__ import annotations

import asyncio

from attrs import define

from helpdesk_bridge.delivery.entry import OPEN, LedgerEntry
from helpdesk_bridge.delivery.lease import LEASE
from helpdesk_bridge.delivery.reconcile import Reconciler
from helpdesk_bridge.delivery.sender import Sender
from helpdesk_bridge.delivery.verdict import Reconciliation, Verdict
from helpdesk_bridge.transport import pause

__all__ = ["Recovery"]

_AT_ONCE = 8
"""How many writes are looked for at the same time."""
_LONGEST_GAP = 8.0
"""Seconds between two looks whether a writer lives."""
_UNDER_WAY = "the process that writes it is still at it, or may be."


@define(eq=False)
class Recovery:
    """Goes through the ledger of one desk: ``reconciler`` looks for what nobody is at any more."""

    sender: Sender
    reconciler: Reconciler

    async def recover(self, settle: float | None, *, wait: bool) -> list[Reconciliation]:
        """Settle what is open in the ledger, but for what somebody may still be at."""
        room = asyncio.Semaphore(_AT_ONCE)
        with self.reconciler.limit():
            entries = await self.sender.unresolved()
        return list(
            await asyncio.gather(*(self._recovered(one, settle, wait, room) for one in entries))
        )

    async def _recovered(
        self, entry: LedgerEntry, settle: float | None, wait: bool, room: asyncio.Semaphore
    ) -> Reconciliation:
        """Settle one entry, or say why it is left alone."""
        if entry.vendor != self.sender.vendor:
            return self._left(entry, f"it was written through the adapter {entry.vendor}.")
        while (life := self.sender.watch.life(entry)).ended is None or not (
            await self._taken_over(entry)
        ):
            if life.under_way and not (life.known_in and wait and not self.reconciler.gave_up()):
                return self._left(entry, _UNDER_WAY, retry_after=life.known_in or LEASE)
            await pause(min(life.known_in, _LONGEST_GAP))
            again = await self._again(entry)
            if again is None or again.state not in OPEN:
                became = "it is not in the ledger any more" if again is None else again.state
                return self._left(entry, f"it was settled meanwhile: {became}.")
            if life.ended is not None and again == entry:
                return self._left(entry, "the ledger does not give it away.")
            entry = again
        async with room:
            error = entry.as_error(life.ended)
            return await self.reconciler.reconcile(error, settle, within=None if wait else 0.0)

    async def _taken_over(self, entry: LedgerEntry) -> bool:
        with self.reconciler.limit():
            return await self.sender.has_taken_over(entry)

    async def _again(self, entry: LedgerEntry) -> LedgerEntry | None:
        with self.reconciler.limit():
            return await self.sender.entry(entry.operation_id)

    def _left(
        self, entry: LedgerEntry, reason: str, retry_after: float | None = None
    ) -> Reconciliation:
        return Reconciliation(
            verdict=Verdict.STILL_UNKNOWN,
            operation_id=entry.operation_id,
            operation=entry.operation,
            key=entry.key,
            ticket_id=entry.ticket_id,
            reason=f"It was left alone: {reason}",
            under_way=retry_after is not None,
            retry_after=retry_after,
        )
