"""From what was seen of a desk to what its account may do: pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import define

from helpdesk_bridge.cli.doctor.diagnosis import ADVICE, CheckResult, Finding, Trouble
from helpdesk_bridge.model import Capabilities, Capability

__all__ = ["Seen", "judge"]

_LISTS: Mapping[str, Capability] = {
    "agents": Capability.LIST_AGENTS,
    "teams": Capability.LIST_TEAMS,
}
_WRITES: Mapping[str, Capability] = {
    "new tickets": Capability.CREATE_TICKET,
    "changes": Capability.UPDATE_TICKET,
    "replies": Capability.REPLY,
    "notes": Capability.NOTE,
}


@define(kw_only=True)
class Seen:
    """What came when a desk was read.

    ``tickets`` is how many, ``unreadable`` how many of them could not be read; ``messages`` and
    ``notes`` are whether any came (None: nothing was read). ``counts`` is how many agents and teams
    the first page had, ``refused`` are those of the two that the account may not list, ``alone``
    is whether the agents are nobody but the account itself.
    """

    tickets: int = 0
    unreadable: int = 0
    messages: bool | None = None
    notes: bool | None = None
    counts: dict[str, int]
    refused: set[str]
    alone: bool = False


def judge(seen: Seen, able: Capabilities, *, is_remote: bool) -> Finding:
    """Return the finding about the rights of an account: what it was seen to do, and what not.

    To list people or teams is no right to tickets. One that sees nothing but itself may have no
    right at all: vendors answer it with empty lists. A desk in this process has no accounts, and
    may be empty.
    """
    if is_remote and not seen.tickets:
        return _without_tickets(seen)
    return Finding(check="rights", result=CheckResult.OK, says=" ".join(_sentences(seen, able)))


def _without_tickets(seen: Seen) -> Finding:
    """Tell a desk that may be empty from an account that is shown nothing at all."""
    asked = [name for name in _LISTS if name in seen.counts or name in seen.refused]
    listed = [name for name, count in seen.counts.items() if count]
    # Where there are no teams, one may be the only agent of a new desk.
    if asked and (not listed or (seen.alone and "teams" in asked and listed == ["agents"])):
        lists = [f"no {name}" for name in asked]
        if seen.alone:
            lists[asked.index("agents")] += " but itself"
        nothing = _words(["no ticket", *lists], "and")
        return Finding(
            check="rights",
            result=CheckResult.WRONG,
            trouble=Trouble.RIGHT,
            says=f"it sees {nothing}, as an account without any right would.",
            advice=ADVICE[Trouble.RIGHT],
        )
    says = "no ticket to be seen: the desk is empty, or the account may not see any."
    if listed:
        says += f" It lists {_words(listed, 'and')}, which is no right to tickets."
    return Finding(check="rights", result=CheckResult.UNCHECKED, says=says)


def _sentences(seen: Seen, able: Capabilities) -> Iterable[str]:
    reads = ["tickets"] if seen.tickets > seen.unreadable else []
    reads += ["messages"] if seen.messages else []
    reads += ["notes"] if seen.notes else []
    lists = [name for name, count in seen.counts.items() if count]
    told = [f"reads {_words(reads, 'and')}"] if reads else []
    if seen.tickets and not reads:
        told.append("sees tickets")
    told += [f"lists {_words(lists, 'and')}"] if lists else []
    yield f"{'; '.join(told)}." if told else "there is nothing yet that it could read."
    if seen.refused:
        yield f"It may not list {_words(sorted(seen.refused), 'or')}."
    if seen.messages and not seen.notes:
        yield "No note was among what was read."
    writes = [name for name, capability in _WRITES.items() if able.supports(capability)]
    if writes:
        yield f"Whether it may write ({', '.join(writes)}) is not tried."


def _words(words: list[str], last: str) -> str:
    *some, end = words
    return f"{', '.join(some)} {last} {end}" if some else end
