"""How often a lost answer can be told, by simulation: ``python -m tests.delivery.simulation``.

Each case is a reply whose answer was lost, on a ticket on which others write meanwhile. It prints
the table of docs/reliability.md. What decides is the library's own; only the helpdesk is made up.
"""

from __future__ import annotations

import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

from attrs import define, evolve, field, frozen

from helpdesk_bridge import Audience, Message, MessageType, Verdict
from helpdesk_bridge.delivery.entry import EntryState, LedgerEntry
from helpdesk_bridge.delivery.evidence import Evidence, Finding, Search, doubt_of_absence
from helpdesk_bridge.delivery.matching import judge_messages
from helpdesk_bridge.model.fingerprint import Fingerprint

__all__ = ["MOST_WRITERS", "Tally", "simulate", "table"]

BEGAN = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PATIENCE = 300.0
WALKS = (0.5, 1.5, 3.5, 15.0, 45.0, 105.0, 165.0, 225.0, 285.0, 300.0, 301.0)
"""Seconds after the failure at which the ticket is read; the last two count."""
MOST_WRITERS = 5
_NAMES = ("none", "one", "two", "three", "four", "five")
SIGNATURE = "\n-- \nThe team"
KINDS = (
    (MessageType.RESPONSE, Audience.EXTERNAL),
    (MessageType.RESPONSE, Audience.EXTERNAL),
    (MessageType.NOTE, Audience.INTERNAL),
    (MessageType.REQUEST, Audience.EXTERNAL),
)
SHIFTS = (0.0, 0.0, 0.0, 3600.0, -3600.0, -10.0, -172_800.0, 19_800.0)


@frozen
class Vendor:
    """What a helpdesk does to what it is sent."""

    signs: bool = False
    shift: float = 0.0
    drops_times: bool = False
    takes: float = 5.0
    """The most seconds after which it shows a message."""

    @classmethod
    def odd(cls, random: Random) -> Vendor:
        return cls(
            signs=random.random() < 0.5,
            shift=random.choice(SHIFTS),
            drops_times=random.random() < 0.2,
            takes=random.choice((5.0, 60.0, 295.0)),
        )

    def shows(self, message: Message, seconds: float) -> Message:
        agents = message.type is MessageType.RESPONSE
        text = f"{message.text}{SIGNATURE if self.signs and agents else ''}"
        made_at = BEGAN + timedelta(seconds=seconds + self.shift)
        return evolve(message, text=text, created_at=None if self.drops_times else made_at)


@define
class Case:
    """One lost answer: what the vendor has, each with the seconds at which it is to be seen."""

    arrived: bool
    mark: Fingerprint
    there: list[tuple[float, Message]] = field(factory=list)
    others: list[LedgerEntry] = field(factory=list)

    def verdict(self, offset: float | None) -> Verdict:
        """Look as ``reconcile`` does, and decide as it does."""
        seen: dict[str, Message] = {}
        walks: list[frozenset[str]] = []
        finding = Finding()
        search = Search(mark=self.mark, began=BEGAN, now=BEGAN, offset=offset)
        for at in WALKS:
            listed = {one.id: one for seconds, one in self.there if seconds <= at}
            seen |= listed
            walks += [frozenset(listed)] if at >= PATIENCE else []
            now = BEGAN + timedelta(seconds=at)
            search = evolve(search, now=now, others=tuple(self.others))
            finding = judge_messages(search, seen.values())
            if finding.sure is not None:
                return Verdict.SENT
        proof = Evidence(walks=walks, passed=WALKS[-1], patience=PATIENCE)
        if doubt_of_absence(search, finding, proof):
            return Verdict.STILL_UNKNOWN
        return Verdict.NOT_SENT


def make(random: Random, vendor: Vendor, writers: int, *, noted: bool) -> Case:
    """Return a case: a history, a reply that arrived or did not, and what others write."""
    words = f"Your refund of {random.randint(1, 99)} is on its way."
    old: list[Message] = []
    for number in range(random.randint(1, 5)):
        kind, audience = random.choice(KINDS)
        text = words if random.random() < 0.1 else f"Message {number} of the past."
        made = Message(id=f"old{number}", ticket_id="7", type=kind, audience=audience, text=text)
        old.append(vendor.shows(made, -86_400.0 * random.randint(2, 60)))
    mark = Fingerprint.of(
        "reply", salt="s", body=words, before=[one.id for one in old] if noted else None
    )
    arrived = random.random() < 0.5
    case = Case(arrived, mark, [(-1.0, one) for one in old])
    reply = Message(
        id="", ticket_id="7", type=MessageType.RESPONSE, audience=Audience.EXTERNAL, text=words
    )
    if arrived:
        mine = vendor.shows(evolve(reply, id="mine"), random.random() * 2)
        case.there.append((random.random() * vendor.takes, mine))
    for number in range(writers):
        _write(random, vendor, case, evolve(reply, id=f"w{number}"))
    return case


def _write(random: Random, vendor: Vendor, case: Case, message: Message) -> None:
    """Have somebody else write: an agent, the customer, or a worker that shares the ledger."""
    at = random.uniform(0.0, 290.0)
    shares = random.random() < 0.25
    if not shares:
        kind, audience = random.choice(KINDS)
        message = evolve(message, type=kind, audience=audience, text=f"Of {message.id}.")
    elif random.random() < 0.8:
        message = evolve(message, text=f"A worker's {message.id}.")
    state = random.choice((EntryState.SENT, EntryState.SENT, EntryState.UNKNOWN))
    made = state is EntryState.SENT or random.random() < 0.5
    if made or not shares:
        case.there.append((at + random.random() * 5, vendor.shows(message, at)))
    if not shares:
        return
    entry = LedgerEntry(
        desk="it",
        vendor="v",
        operation="reply",
        operation_id=message.id,
        ticket_id="7",
        fingerprint=Fingerprint.of("reply", salt="s", body=message.text or ""),
    )
    made_id = message.id if state is EntryState.SENT else None
    begun = BEGAN + timedelta(seconds=at)
    case.others.append(evolve(entry, state=state, made_id=made_id, started_at=begun))


@define
class Tally:
    """What was said of the replies that arrived, and of those that did not."""

    arrived: Counter[Verdict] = field(factory=Counter)
    absent: Counter[Verdict] = field(factory=Counter)

    @property
    def false(self) -> int:
        return self.arrived[Verdict.NOT_SENT] + self.absent[Verdict.SENT]

    def __str__(self) -> str:
        arrived = self.arrived[Verdict.SENT] / max(1, self.arrived.total())
        absent = self.absent[Verdict.NOT_SENT] / max(1, self.absent.total())
        return f"{arrived:.0%} / {absent:.0%}"


def simulate(cases: int, *, odd: bool, noted: bool, seed: int = 15) -> list[Tally]:
    """Return a tally for each number of other writers, of ``cases`` lost answers in all."""
    random = Random(f"{seed} {odd} {noted}")
    tallies = [Tally() for _ in range(MOST_WRITERS + 1)]
    for number in range(cases):
        writers = number % (MOST_WRITERS + 1)
        vendor = Vendor.odd(random) if odd else Vendor()
        case = make(random, vendor, writers, noted=noted)
        # The vendor's Date agrees with our clock, or is not there, or is that of a cache.
        offset = random.choice((0.0, None, -259_200.0)) if odd else 0.0
        tally = tallies[writers]
        (tally.arrived if case.arrived else tally.absent)[case.verdict(offset)] += 1
    return tallies


def table(cases: int) -> str:
    """Return the table of docs/reliability.md."""
    kinds = [(odd, noted) for noted in (True, False) for odd in (False, True)]
    columns = [simulate(cases, odd=odd, noted=noted) for odd, noted in kinds]
    if any(tally.false for column in columns for tally in column):
        raise AssertionError("a false verdict")
    return "\n".join(
        f"| {_NAMES[writers]} | {' | '.join(str(column[writers]) for column in columns)} |"
        for writers in range(MOST_WRITERS + 1)
    )


if __name__ == "__main__":
    sys.stdout.write(table(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000) + "\n")
