"""What each value of the model looks like outside of the process: its keys and their types.

Writing, reading and the JSON Schema go by it alike.
"""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import attrs
from attrs import frozen

from helpdesk_bridge.errors import HelpdeskError, Outcome, Reason, Stage
from helpdesk_bridge.model.capabilities import Capabilities, Capability, Support
from helpdesk_bridge.model.message import Message
from helpdesk_bridge.model.page import Page
from helpdesk_bridge.model.statuses import Statuses, StatusUse
from helpdesk_bridge.model.value import Value
from helpdesk_bridge.model.words import Status

__all__ = ["ERROR", "TABLES", "TOLD_LATER", "Entry", "entries", "is_value", "name_of", "origin_of"]

_LEFT_OUT: dict[Any, frozenset[str]] = {
    Page: frozenset(
        ("ahead", "unsure", "doubted", "beyond", "shifts", "moves", "anchored", "behind", "lacking")
    ),
}
"""What a page tells the pager that reads the list is of no use once it was read."""


TABLES: dict[Any, tuple[Any, Any]] = {
    Capabilities: (Capability, Support),
    Statuses: (Status, StatusUse),
}
"""Values with an entry for each word of a vocabulary: the words, and what an entry is."""


@frozen
class Entry:
    """One key of a value."""

    name: str
    """The attribute."""
    key: str
    """The key, and the parameter of the class."""
    type: Any
    """What its type is, resolved."""
    is_required: bool
    """Whether it has no default."""


TOLD_LATER: dict[str, Any] = {
    "ticket_id": str | None,
    "message_id": str | None,
    "items_read": int | None,
    "cursor": str | None,
    "stage": Stage | None,
    "step": str | None,
    "path": str | None,
}
"""What is set on an error once it was made, as an attribute."""
ERROR = (
    Entry("type", "type", str, is_required=False),
    Entry("message", "message", str, is_required=True),
    Entry("reason", "reason", Reason, is_required=False),
    Entry("outcome", "outcome", Outcome, is_required=False),
    Entry("retryable", "retryable", bool, is_required=False),
    *(
        Entry(name, name, kind, is_required=False)
        for name, kind in {
            "retry_after": float | None,
            "status": int | None,
            "vendor_code": str | None,
            "request_id": str | None,
            "attempts": int | None,
            "operation": str | None,
            "operation_id": str | None,
            "desk": str | None,
            "vendor": str | None,
            **TOLD_LATER,
            "text": str | None,
        }.items()
    ),
)
"""What is told of an error: ``type`` is the name of its class, ``text`` all that it says."""

_OF_MESSAGES = (
    Entry("derived_body", "derived_body", str | None, is_required=False),
    Entry("replaced_body", "replaced_body", str | None, is_required=False),
)
"""Which of html and text was derived from the other, and what the vendor gave in its place."""


def origin_of(kind: Any) -> Any:
    """Return the class of ``kind``: Page of Page[Ticket]."""
    return get_origin(kind) or kind


def is_value(kind: Any) -> bool:
    """Say whether ``kind`` is a class of the model that can leave the process."""
    origin = origin_of(kind)
    return isinstance(origin, type) and issubclass(origin, (Value, HelpdeskError))


def name_of(kind: Any) -> str:
    """Return the name of ``kind`` for people and for a JSON Schema: Page[Ticket]."""
    of = ", ".join(name_of(one) for one in get_args(kind))
    name: str = origin_of(kind).__name__
    return f"{name}[{of}]" if of else name


@cache
def entries(kind: Any) -> tuple[Entry, ...]:
    """Return the keys of a class of the model, such as Ticket or Page[Ticket]."""
    cls = origin_of(kind)
    if issubclass(cls, HelpdeskError):
        return ERROR
    types = get_type_hints(cls)
    if not attrs.has(cls):
        return tuple(
            Entry(one.name, one.name, types[one.name], is_required=one.default is one.empty)
            for one in inspect.signature(cls).parameters.values()
        )
    variables: tuple[TypeVar, ...] = getattr(cls, "__parameters__", ())
    given = dict(zip(variables, get_args(kind), strict=False))
    found = tuple(
        Entry(
            one.name,
            one.alias or one.name,
            _filled(types[one.name], given),
            is_required=one.default is attrs.NOTHING,
        )
        for one in attrs.fields(cls)
        if one.name not in _LEFT_OUT.get(cls, ())
    )
    return found + _OF_MESSAGES if issubclass(cls, Message) else found


def _filled(kind: Any, given: dict[TypeVar, Any]) -> Any:
    """Return a type with what stands for its type variables: tuple[T, …] is tuple[Ticket, …]."""
    if given and any(variable in given for variable in getattr(kind, "__parameters__", ())):
        return kind[tuple(given[variable] for variable in kind.__parameters__)]
    return kind
