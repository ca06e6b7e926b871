"""One search for a lost write while it is under way: what was seen, and how long it lasts."""

from __future__ import annotations

from attrs import define, field

from helpdesk_bridge.delivery.entry import LedgerEntry
from helpdesk_bridge.delivery.evidence import Evidence, Search
from helpdesk_bridge.errors import Moment, OutcomeUnknown
from helpdesk_bridge.model import Message, Ticket
from helpdesk_bridge.transport import pause

__all__ = ["Inquiry"]

_MOST_WALKS = 12
"""Walks through a list that does not hold still, once the vendor has had its time."""


@define
class Inquiry:
    """One reconcile: what is asked for, and what is known of it so far."""

    unknown: OutcomeUnknown
    search: Search
    patience: float
    """Seconds after the failure for which the vendor may still be at it, or may not show it."""
    own: LedgerEntry | None = None
    """What the ledger or the memory has of this very write."""
    begun: Moment = field(factory=Moment.now)
    slept: float = 0.0
    seen: dict[str, Message | Ticket] = field(factory=dict)
    """Whatever was listed at any look, as it was last."""
    walks: list[tuple[frozenset[str], int]] = field(factory=list)
    """Ids and unreadable records of each walk that began when the vendor had had its time."""

    @property
    def passed(self) -> float:
        """The seconds since it failed, whatever is done to the machine's time meanwhile.

        A failure on another machine counts from when it was first asked for here.
        """
        ago = self.unknown.failed.age
        return max((self.begun.age or 0.0) if ago is None else ago, self.slept)

    @property
    def is_due(self) -> bool:
        """Whether the vendor has had its time."""
        return self.passed >= self.patience

    @property
    def holds_still(self) -> bool:
        """Whether nothing more is to be learnt by walking again."""
        last = [ids for ids, _ in self.walks[-2:]]
        return (len(last) == 2 and last[0] == last[1]) or len(self.walks) >= _MOST_WALKS

    async def pause(self, seconds: float) -> None:
        """Wait, and count that as time passed."""
        await pause(seconds)
        self.slept += seconds

    @property
    def evidence(self) -> Evidence:
        """How well it was looked for."""
        return Evidence(
            walks=[ids for ids, _ in self.walks],
            problems=sum(problems for _, problems in self.walks[-2:]),
            passed=self.passed,
            patience=self.patience,
        )

    @property
    def operation_id(self) -> str:
        """The id of the call that wrote; "": it had none."""
        return self.unknown.operation_id or ""

    @property
    def is_step(self) -> bool:
        """Whether it is only the later step of a call, whose first one was done."""
        return self.unknown.operation not in (None, self.search.mark.operation)
