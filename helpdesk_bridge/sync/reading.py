"""``Helpdesk.changes``: from a checkpoint to everything that is known now."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any
from weakref import WeakKeyDictionary

from helpdesk_bridge.desk.call import CallContext
from helpdesk_bridge.desk.helpdesk import Helpdesk
from helpdesk_bridge.errors import InvalidArgument, UnsupportedCapability
from helpdesk_bridge.model import Capability, ChangeBatch, ChangeKind, Support
from helpdesk_bridge.sync.checkpoint import State
from helpdesk_bridge.sync.poll import Polls, Settled

__all__ = ["opened", "read_changes"]


_KEPT: WeakKeyDictionary[Helpdesk, dict[str | None, Settled]] = WeakKeyDictionary()
"""What polls of a desk have found out for good, by the checkpoint that they ended with: who goes on
from it in this process need not find it out anew."""
_MOST_KEPT = 4


def opened(desk: Helpdesk, checkpoint: Any, *, messages: Any, takes_up: bool = True) -> State:
    """Return the state to go on from; InvalidArgument for a checkpoint that cannot be gone on from.

    Args:
        desk: the desk.
        checkpoint: as the caller gave it; None begins.
        messages: whether messages are told.
        takes_up: whether a lineage that has told none may begin to.
    """
    if not isinstance(messages, bool):
        raise InvalidArgument("messages= is True or False.")
    if messages:
        desk.capabilities.require(Capability.LIST_MESSAGES)
        _require_seen(desk.capabilities[Capability.CHANGES])
    if checkpoint is None:
        return State.begin(desk, messages=messages)
    state = State.read(checkpoint, desk, messages=messages)
    if state.took_up_messages and not takes_up:
        raise InvalidArgument(
            "the checkpoint was made with messages=False: it does not know the statuses of tickets,"
            " which events need. Give one that was made by events(), by follow() as it is, or by"
            " changes(checkpoint, messages=True); or None to begin."
        )
    return state


def _require_seen(changes: Support) -> None:
    if ChangeKind.MESSAGES not in (changes.limits.sees or ()):
        raise UnsupportedCapability(
            "the changes of this desk do not tell of messages: a new one need not move its ticket,"
            f" and would be missed. Give messages=False. {changes.reason}",
            capability=Capability.CHANGES.value,
        )


async def read_changes(
    desk: Any, call: CallContext, checkpoint: str | None, *, messages: bool, sweep: bool
) -> AsyncGenerator[ChangeBatch, None]:
    """Yield what changed since ``checkpoint``; see ``Helpdesk.changes``."""
    with call.part():
        if not isinstance(sweep, bool):
            raise InvalidArgument("sweep= is True or False.")
        state = opened(desk, checkpoint, messages=messages)
    polls = Polls(desk, call, state)
    kept = _KEPT.setdefault(desk, {})
    polls.take_up(kept.pop(checkpoint, None))  # once: who does not store it reads it anew
    async with aclosing(polls.read(sweep=sweep)) as batches:
        async for batch in batches:
            if batch.caught_up:
                kept[batch.checkpoint] = polls.settled
                for old in [*kept][:-_MOST_KEPT]:
                    del kept[old]
            yield batch
