"""The id of the public call that is being made: what a vendor may keep with a message."""

from __future__ import annotations

import uuid

from helpdesk_bridge.transport.call import CURRENT_CALL

__all__ = ["operation_id"]


def operation_id() -> str:
    """Return the id of the public call that this is awaited for, 32 hexadecimal digits.

    Give it to vendors that keep a word of ours with a message, and read it in
    ``Adapter.operation_of``: a lost answer's message is then known whatever else was changed in it.

    Returns:
        The id of the call, the same at each attempt; outside of any call a new one.
    """
    call = CURRENT_CALL.get()
    return uuid.uuid4().hex if call is None else call.operation_id
