"""The calls that read the vendor's own records, without any request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helpdesk_bridge.desk.arguments import kind_of
from helpdesk_bridge.desk.parts import Desk
from helpdesk_bridge.errors import InvalidArgument, ProtocolError
from helpdesk_bridge.model import Message, Ticket
from helpdesk_bridge.model.text import with_whole_characters

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
        ProtocolError: the record cannot be read, or does not show that it is a ticket's: it may be
            a message, a person or an envelope; ``path`` is the place of what is wrong.
        InvalidArgument: it is no mapping with str keys.
        DeskClosed: the desk was closed.
    """
    with self._calls.begin("parse_ticket"):
        record = _record(raw)
        ticket = self.adapter.parse_ticket(record)
        _require_id(self, ticket.id, record)
        return self._origin.mark(ticket)


def parse_message(self: Desk, raw: Mapping[str, Any], ticket: Ticket | str) -> Message:
    """Read the vendor's own record of a message; nothing is requested, as by :meth:`parse_ticket`.

    Args:
        raw: the record, such as a :attr:`Message.raw` that was kept.
        ticket: the Ticket that it is one of, or its id.

    Returns:
        The message as far as the record tells of it.

    Raises:
        UnsupportedCapability: this adapter cannot.
        ProtocolError: the record cannot be read, does not show that it is a message's, or tells of
            another ticket; ``path`` is the place of what is wrong.
        InvalidArgument: it is no mapping with str keys, or ``ticket`` is no ticket of this desk.
        DeskClosed: the desk was closed.
    """
    with self._calls.begin("parse_message") as call:
        ref = self._guard.ticket(ticket)
        call.ticket_id = ref.id
        record = _record(raw)
        message = self.adapter.parse_message(record, ref.id)
        _require_id(self, message.id, record)
        if message.ticket_id != ref.id:
            raise ProtocolError("$: a message of another ticket than the one given.", path="$")
        return self._origin.mark(message)


def _record(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a record as a dict, the one that was given if it is one: it becomes the ``raw``.

    Half of a character becomes U+FFFD, as in what a vendor answers: JSON can hold one, and no UTF-8
    does.
    """
    if not isinstance(raw, Mapping):
        raise InvalidArgument(f"raw must be the vendor's own record, a dict, not {kind_of(raw)}.")
    if not all(isinstance(key, str) for key in raw):
        raise InvalidArgument("raw must be the vendor's own record, whose keys are str.")
    try:
        record: Mapping[str, Any] = with_whole_characters(raw if type(raw) is dict else dict(raw))
    except RecursionError:
        pass
    else:
        return record
    raise ProtocolError("$: it is nested too deeply.", path="$")


def _require_id(desk: Desk, found: str, record: Mapping[str, Any]) -> None:
    """Raise ProtocolError for an id that no record of this vendor has: it would go into a path."""
    if not desk._guard.ids.fullmatch(found):
        path = "$.id" if "id" in record else "$"
        raise ProtocolError(f"{path}: no id of this vendor.", path=path)
