"""Whose turn it is to make the write with a key: what an earlier call with it has come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from helpdesk_bridge.delivery.entry import OPEN, EntryState, LedgerEntry
from helpdesk_bridge.delivery.takeover import take_over
from helpdesk_bridge.delivery.write import Write
from helpdesk_bridge.errors import InProgress, InvalidArgument, Moment
from helpdesk_bridge.transport import clock

if TYPE_CHECKING:
    from helpdesk_bridge.delivery.sender import Sender, SendingCall

__all__ = ["is_done"]

_LIVES = 5.0
"""Seconds after which to ask again for a write whose writer lives."""
_LOOK_EVERY = 2.0
"""Seconds between two looks whether another process is still at a write."""


async def is_done(
    sender: Sender, call: SendingCall, write: Write[Any], earlier: LedgerEntry
) -> bool:
    """Say whether the write with this key was made; False: it is for this call to make it."""
    if earlier.state is EntryState.NOT_SENT:  # nothing of it is there: the key is free
        return False
    content, is_same = write.content, earlier.vendor == sender.vendor
    if content is None or not is_same or not earlier.fingerprint.has_content(content):
        raise InvalidArgument(
            "this key belongs to another write (its call, its ticket, its words, its recipients,"
            f" its status, its files or its vendor are others): {earlier.operation} of"
            f" {earlier.started_at:%Y-%m-%d}."
        )
    if earlier.state is EntryState.SENT:
        return True
    ended = await _end_of_writer(sender, call, earlier)
    found = None
    if ended is not None and sender.settle is not None:
        found = await sender.settle(earlier, ended, call.seconds_left)
    earlier = await sender.again(earlier)
    if earlier.state not in OPEN:  # settled, by this call or by another
        return earlier.state is EntryState.SENT
    if earlier.state is EntryState.PENDING:
        raise _in_progress()
    unknown = earlier.as_error(ended or Moment.now())
    unknown.message = "an earlier call with this key may have been carried out. " + (
        found.reason if found else "This desk cannot be looked through."
    )
    unknown.retry_after = found.retry_after if found else None
    raise unknown


async def _end_of_writer(sender: Sender, call: SendingCall, entry: LedgerEntry) -> Moment | None:
    """Return when the writer of an open entry ended; None: the entry was settled meanwhile.

    It waits until that can be told, and raises InProgress for a writer that lives.
    """
    done = await take_over(
        sender,
        entry,
        waits=lambda life: 0 < life.known_in <= call.seconds_left,
        pause=lambda seconds: clock.pause(min(seconds, _LOOK_EVERY)),
    )
    if done.ended is None and not done.is_settled:
        raise _in_progress(done.under_way.known_in if done.under_way else None)
    return done.ended


def _in_progress(retry_after: float | None = None) -> InProgress:
    return InProgress(
        "another call is at the write with this key.", retry_after=retry_after or _LIVES
    )
