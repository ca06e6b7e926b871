"""Errors after which nothing was sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from helpdesk_bridge.errors.base import HelpdeskError, Outcome
from helpdesk_bridge.errors.plain import plain
from helpdesk_bridge.errors.reason import Reason

__all__ = [
    "ConfigurationError",
    "ConnectFailed",
    "ConversationMoved",
    "DeskClosed",
    "InProgress",
    "InvalidArgument",
    "PoolTimeout",
    "UnsafeURL",
    "UnsupportedCapability",
]


class ConfigurationError(HelpdeskError, ValueError):
    """The configuration cannot work; the text names the file, the table and the key.

    ``key`` is the setting that is wrong (None: not one alone).
    """

    outcome = Outcome.NOT_SENT
    reason = Reason.SETTINGS

    def __init__(self, message: str, *, key: str | None = None, **context: Any) -> None:
        super().__init__(message, **context)
        self.key = None if key is None else plain(key)

    def _sent(self) -> str:
        # Most of them come while the desk is made, when nothing could be.
        return super()._sent() if self.operation is not None else ""


class InvalidArgument(HelpdeskError, ValueError):
    """A value given to the call is not acceptable; no connection was made."""

    outcome = Outcome.NOT_SENT
    reason = Reason.INVALID_ARGUMENT


class ConversationMoved(HelpdeskError):
    """The customer has written since the message given as ``if_last``, or it cannot be told.

    Read the conversation again, and decide what to answer now.

    Args:
        message: the sentence that says what failed.
        newer: the ids of what the customer has written since, oldest first; empty where it cannot
            be told. ``last_message_id`` is the last of them, or None.
    """

    outcome = Outcome.NOT_SENT
    reason = Reason.CONVERSATION_MOVED

    def __init__(self, message: str, *, newer: Sequence[str] = (), **context: Any) -> None:
        super().__init__(message, **context)
        self.newer = tuple(newer)
        self.last_message_id = self.newer[-1] if self.newer else None


class UnsupportedCapability(HelpdeskError):
    """This desk cannot do what was asked, by its vendor or by its settings.

    ``capability`` is the word of the :class:`Capability` (None: not told).
    """

    outcome = Outcome.NOT_SENT
    reason = Reason.UNSUPPORTED

    def __init__(self, message: str, *, capability: str | None = None, **context: Any) -> None:
        super().__init__(message, **context)
        self.capability = capability


class UnsafeURL(HelpdeskError):
    """Following this address would have carried credentials or data to another origin."""

    outcome = Outcome.NOT_SENT
    reason = Reason.UNSAFE_ADDRESS


class DeskClosed(HelpdeskError):
    """The desk is closed, or was closed while the call was under way."""

    outcome = Outcome.NOT_SENT
    reason = Reason.DESK_CLOSED


class ConnectFailed(HelpdeskError):
    """No connection could be made (name lookup, network, TLS or proxy)."""

    outcome = Outcome.NOT_SENT
    reason = Reason.NO_CONNECTION
    retryable = True
    advice = "`helpdesk-bridge doctor` says more."


class PoolTimeout(HelpdeskError):
    """All connections of this desk stayed busy until the deadline."""

    outcome = Outcome.NOT_SENT
    reason = Reason.POOL_TIMEOUT
    retryable = True
    advice = "Make fewer calls at once, or raise the desk's concurrency or deadline."


class InProgress(HelpdeskError):
    """Another call, perhaps of another process, is at the write with this key.

    Make the same call again in a while: it then returns what that one did, or does it. ``key`` is
    the key (None: the write has none), ``retry_after`` the seconds after which to try.
    """

    outcome = Outcome.NOT_SENT
    reason = Reason.IN_PROGRESS
    retryable = True
    advice = "Make the same call again later; it is done once."

    def __init__(self, message: str, *, key: str | None = None, **context: Any) -> None:
        super().__init__(message, **context)
        self.key = key
