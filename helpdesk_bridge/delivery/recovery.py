"""Settle what a crash, or a lost answer, has left open in the ledger."""

from __future__ import annotations

import asyncio

from attrs import define

from helpdesk_bridge.delivery.entry import LedgerEntry
from helpdesk_bridge.delivery.lease import LEASE
from helpdesk_bridge.delivery.reconcile import Reconciler
from helpdesk_bridge.delivery.sender import Sender
from helpdesk_bridge.delivery.takeover import take_over
from helpdesk_bridge.delivery.verdict import Reconciliation, Verdict
from helpdesk_bridge.model.slots import Slots
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
        room = Slots(_AT_ONCE)
        with self.reconciler.limit():
            entries = await self.sender.unresolved()
        works = [asyncio.create_task(self._recovered(one, settle, wait, room)) for one in entries]
        try:
            return list(await asyncio.gather(*works))
        finally:  # the error of one ends the others, which nobody waits for any more
            for work in works:
                work.cancel()
            await asyncio.gather(*works, return_exceptions=True)

    async def _recovered(
        self, entry: LedgerEntry, settle: float | None, wait: bool, room: Slots
    ) -> Reconciliation:
        """Settle one entry, or say why it is left alone."""
        if entry.vendor != self.sender.vendor:
            return self._left(entry, f"it was written through the adapter {entry.vendor}.")
        done = await take_over(
            self.sender,
            entry,
            waits=lambda life: bool(life.known_in and wait and not self.reconciler.gave_up()),
            pause=lambda seconds: pause(min(seconds, _LONGEST_GAP)),
            asking=self.reconciler.limit,
        )
        if done.under_way is not None:
            return self._left(entry, _UNDER_WAY, retry_after=done.under_way.known_in or LEASE)
        if done.is_settled:
            now = done.entry
            became = "it is not in the ledger any more" if now is None else now.state
            return self._left(entry, f"it was settled meanwhile: {became}.")
        if done.ended is None:
            return self._left(entry, "the ledger does not give it away.")
        async with room:
            error = (done.entry or entry).as_error(done.ended)
            return await self.reconciler.reconcile(error, settle, within=None if wait else 0.0)

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
