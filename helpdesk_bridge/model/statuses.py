"""What each status is at one desk: whether it can be set, and what it reads as afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import frozen

from helpdesk_bridge.errors import UnsupportedCapability
from helpdesk_bridge.model.capabilities import Capability
from helpdesk_bridge.model.value import Value
from helpdesk_bridge.model.words import Status

__all__ = ["StatusUse", "Statuses"]

_DONE = (Status.RESOLVED, Status.CLOSED)
"""What means that a matter is done, the better one first: where a vendor has both, only its own
rules may close, or its word for closed says that nothing was done."""
_NO_WORK = (*_DONE, Status.SPAM, Status.DELETED)
"""What nobody has to do anything about any more."""


@frozen(kw_only=True)
class StatusUse(Value):
    """What one status is at one desk, as its adapter's table and its capabilities have it."""

    status: Status
    """The status that this is about."""
    on_update: bool
    """Whether ``update_ticket(status=)`` takes it."""
    on_reply: bool
    """Whether ``reply(status=)`` and ``note(status=)`` take it."""
    on_create: bool
    """Whether ``create_ticket(status=)`` takes it."""
    as_filter: bool
    """Whether ``tickets(status=)`` takes it; UNKNOWN where statuses are told by what is read."""
    written_as: str | None
    """The vendor's word that is sent for it; None: it cannot be set, or the adapter has no table of
    words."""
    reads_as: Status | None
    """What a ticket reads as once it is set, which differs where another status stands in; None as
    for ``written_as``. What rules of the account make of it at once is not in it."""
    note: str = ""
    """What the vendor does besides when it is set, or why it cannot be set; empty: nothing is known
    of that."""

    @property
    def is_writable(self) -> bool:
        """Whether any call can set it."""
        return self.on_update or self.on_reply or self.on_create


class Statuses(Value, Mapping[Status, StatusUse]):
    """What each :class:`Status` is at one desk, by itself.

    Args:
        uses: what is known of them; one that is missing can neither be set nor asked for.
    """

    def __init__(self, uses: Mapping[Status, StatusUse]) -> None:
        self._uses = {status: uses.get(status) or _unused(status) for status in Status}

    def __getitem__(self, status: Status) -> StatusUse:
        return self._uses[status]

    def __iter__(self) -> Iterator[Status]:
        return iter(self._uses)

    def __len__(self) -> int:
        return len(self._uses)

    def __repr__(self) -> str:
        return f"<Statuses: {', '.join(s for s, use in self._uses.items() if use.is_writable)}>"

    @property
    def open(self) -> frozenset[Status]:
        """All statuses but those of a matter that is done: ``tickets(status=desk.statuses.open)``.

        That is all that can be asked for, but RESOLVED, CLOSED, SPAM and DELETED. UNKNOWN, which is
        any word of the vendor's that this library does not know, is in it where it can be asked
        for. UnsupportedCapability where no status can.
        """
        found = {status for status, use in self._uses.items() if use.as_filter}
        if found:
            return frozenset(found.difference(_NO_WORK))
        raise UnsupportedCapability(
            "tickets cannot be listed by status here.", capability=Capability.FILTER_STATUS.value
        )

    @property
    def closing(self) -> Status:
        """The status to set when a matter is done: RESOLVED where it can be set, else CLOSED.

        One that ``update_ticket`` takes is preferred to one that only a reply takes. What it reads
        as afterwards, and what the vendor does with it, is in its :class:`StatusUse`.
        UnsupportedCapability where neither can be set.
        """
        done = [self._uses[status] for status in _DONE]
        settable = [use for use in done if use.on_update] or [use for use in done if use.on_reply]
        if settable:
            return settable[0].status
        raise UnsupportedCapability(
            "no status that means that a matter is done can be set here.",
            capability=Capability.UPDATE_TICKET.value,
        )


def _unused(status: Status) -> StatusUse:
    return StatusUse(
        status=status,
        on_update=False,
        on_reply=False,
        on_create=False,
        as_filter=False,
        written_as=None,
        reads_as=None,
    )
