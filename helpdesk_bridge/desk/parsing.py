"""The calls that read the vendor's own records, without any request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helpdesk_bridge.desk.arguments import kind_of
from helpdesk_bridge.desk.parts import Desk
from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model import Message, Ticket

__all__ = ["parse_message", "parse_ticket"]


def parse_ticket(self: Desk, raw: Mapping[str, Any]) -> Ticket:
    """Read the vendor's own record of a ticket; nothing is requested, and no event loop is needed.

    Args:
        raw: the record, such as a :attr:`Ticket.raw` that was kept, or a part of what
            :meth:`raw` returned.

    Returns:
        The ticket as far as the record tells of it: a call that reads a ticket may ask for more.

    Raises:
        UnsupportedCapability: this adapter cannot.
        ProtocolError: the record cannot be read; ``path`` is the place of what is wrong.
        InvalidArgument: it is no mapping with str keys.
        DeskClosed: the desk was closed.
    """
    with self._calls.begin("parse_ticket"):
        return self._origin.mark(self.adapter.parse_ticket(_record(raw)))


def parse_message(self: Desk, raw: Mapping[str, Any], ticket: Ticket | str) -> Message:
    """Read the vendor's own record of a message; nothing is requested, as by :meth:`parse_ticket`.

    Args:
        raw: the record, such as a :attr:`Message.raw` that was kept.
        ticket: the Ticket that it is one of, or its id.

    Returns:
        The message as far as the record tells of it.

    Raises:
        UnsupportedCapability: this adapter cannot.
        ProtocolError: the record cannot be read; ``path`` is the place of what is wrong.
        InvalidArgument: it is no mapping with str keys, or ``ticket`` is no ticket of this desk.
        DeskClosed: the desk was closed.
    """
    with self._calls.begin("parse_message") as call:
        ref = self._guard.ticket(ticket)
        call.ticket_id = ref.id
        return self._origin.mark(self.adapter.parse_message(_record(raw), ref.id))


def _record(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a record as a dict, the one that was given if it is one: it becomes the ``raw``."""
    if not isinstance(raw, Mapping):
        raise InvalidArgument(f"raw must be the vendor's own record, a dict, not {kind_of(raw)}.")
    if not all(isinstance(key, str) for key in raw):
        raise InvalidArgument("raw must be the vendor's own record, whose keys are str.")
    return raw if type(raw) is dict else dict(raw)
