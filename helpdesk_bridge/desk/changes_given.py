"""Check what a ticket is to be changed to; a value that will not do is InvalidArgument."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from helpdesk_bridge.desk import arguments
from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model import Priority, Status, TicketKind

__all__ = ["checked_changes"]

_NEVER_NONE = {
    "subject": "give one line",
    "status": "a ticket has always one, so name it",
    "tags": "give [] for no tags",
    "custom_fields": "name the fields to change",
}
"""What a change cannot set to None, and what to do in place of it."""


def checked_changes(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changes of a ticket, checked; None clears a field that can be cleared."""
    checked = dict(given)
    _check_cleared([name for name, value in checked.items() if value is None])
    if "subject" in checked:
        checked["subject"] = arguments.required_line(checked["subject"], "subject")
    if "status" in checked:
        checked["status"] = arguments.required_member(Status, checked["status"], "status")
    if "priority" in checked:
        checked["priority"] = arguments.member(Priority, checked["priority"], "priority")
    if "kind" in checked:
        checked["kind"] = arguments.member(TicketKind, checked["kind"], "kind")
    if checked.get("assignee") is not None:
        checked["assignee"] = arguments.party(checked["assignee"], "assignee")
    if "team" in checked:
        checked["team"] = arguments.line(checked["team"], "team")
    if "tags" in checked:
        checked["tags"] = arguments.words(checked["tags"], "tags")
    if "custom_fields" in checked:
        checked["custom_fields"] = arguments.mapping(checked["custom_fields"], "custom_fields")
    return checked


def _check_cleared(names: Iterable[str]) -> None:
    """Raise InvalidArgument for the name of a field that cannot be cleared."""
    for name in names:
        if name in _NEVER_NONE:
            raise InvalidArgument(
                f"{name} cannot be None: {_NEVER_NONE[name]}, or leave it out to keep it."
            )
