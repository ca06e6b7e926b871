"""The mark of the write that is being made: what a vendor may keep with a message."""

from __future__ import annotations

import uuid

from helpdesk_bridge.transport.call import CURRENT_CALL

__all__ = ["write_mark"]


def write_mark() -> str:
    """Return the mark of the write that this is awaited for, 32 hexadecimal digits.

    Give it to vendors that keep a word of ours with a message, or that notice a repetition by one,
    and read it in ``Adapter.mark_of``: a lost answer's message is then known whatever else was
    changed in it.

    Returns:
        The same at each attempt, and for each call with the same ``key``; without a key it is the
        id of the call. Outside of any call it is a new one.
    """
    call = CURRENT_CALL.get()
    return uuid.uuid4().hex if call is None else call.mark or call.operation_id
