"""Strategies for any value of the model, read off its fields, so that a new field is tried."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import attrs
from hypothesis import strategies as st

import helpdesk_bridge as hb
from helpdesk_bridge.errors import HelpdeskError, NotFound, ProtocolError
from helpdesk_bridge.model.fingerprint import Fingerprint

ROUND_TRIPS: list[Any] = [
    *(hb.Ticket, hb.Message, hb.Party, hb.Team, hb.Attachment, hb.Channel, hb.CustomField),
    *(hb.SentMessage, hb.Reconciliation, hb.Support, hb.CapabilityLimits, hb.Capabilities),
    *(Fingerprint, hb.Page[hb.Ticket], hb.Page[hb.Message], hb.Page[hb.Party], hb.Page[hb.Team]),
    *(hb.Conversation, hb.StatusUse, hb.Statuses, hb.ChangeBatch, hb.Event),
]
"""Every class of the model that a desk returns."""

BODIES = [
    None,
    "",
    " \n",
    "Hello,\n\nworld",
    "<p>Hello</p>",
    "<p></p>",
    "<img src=x>",
    "ü 💶",
    "&nbsp;",
]
_TEXT = st.text(max_size=20) | st.sampled_from(["", "ünïcode 💶", "\x00", "\u2028", "<p>a</p>"])
_ZONES = [UTC, timezone(timedelta(hours=5, minutes=45)), timezone(timedelta(hours=-11))]
_TIMES = st.datetimes(
    min_value=datetime(1, 1, 3),  # noqa: DTZ001 - the zone is added
    max_value=datetime(9999, 12, 29),  # noqa: DTZ001
    timezones=st.sampled_from(_ZONES),
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)
_OBJECTS = st.dictionaries(_TEXT, JSON, max_size=3)
_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: _TEXT,
    int: st.integers(),
    bool: st.booleans(),
    float: st.floats(allow_nan=False, allow_infinity=False) | st.integers(),
    datetime: _TIMES,
    type(None): st.none(),
    Any: JSON,
}


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for the values of a type: a class of the model, or the type of a field."""
    kind = getattr(kind, "__supertype__", kind)
    if kind in _PLAIN:
        return _PLAIN[kind]
    made = _SPECIAL.get(get_origin(kind) or kind)
    if made is not None:
        return made(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(list(kind))
    if get_origin(kind) in (Union, UnionType):
        return st.one_of([values(one) for one in get_args(kind)])
    if get_origin(kind) is Mapping:
        return _OBJECTS
    if get_origin(kind) in (tuple, frozenset, list):
        return st.lists(values(get_args(kind)[0]), max_size=3).map(get_origin(kind))
    return _by_fields(kind)


def _by_fields(kind: Any) -> st.SearchStrategy[Any]:
    types = get_type_hints(kind)
    return st.builds(kind, **{_key(one): values(types[one.name]) for one in attrs.fields(kind)})


def _key(field: attrs.Attribute[Any]) -> str:
    return field.alias or field.name


def _messages(kind: Any) -> st.SearchStrategy[Any]:
    types = get_type_hints(kind)
    given = {_key(one): values(types[one.name]) for one in attrs.fields(kind)}
    body = st.sampled_from(BODIES) | st.none() | _TEXT
    others = {**given, "html": body, "text": body}
    notes = {"type": st.just(hb.MessageType.NOTE), "audience": st.just(hb.Audience.INTERNAL)}
    open_types = [one for one in hb.MessageType if one is not hb.MessageType.NOTE]
    return st.builds(kind, **{**others, "type": st.sampled_from(open_types)}) | st.builds(
        kind, **{**others, **notes}
    )


def _pages(kind: Any) -> st.SearchStrategy[Any]:
    return st.builds(
        hb.Page,
        items=st.lists(values(get_args(kind)[0]), max_size=3).map(tuple),
        next=st.none() | _TEXT,
        total=st.none() | st.integers(),
        listed=st.none() | st.integers(),
        filtered=st.lists(_TEXT, max_size=2).map(tuple),
    )


def _capabilities(_: Any) -> st.SearchStrategy[Any]:
    declared = st.dictionaries(st.sampled_from(list(hb.Capability)), values(hb.Support), max_size=3)
    return st.builds(hb.Capabilities, declared)


def _statuses(_: Any) -> st.SearchStrategy[Any]:
    uses = st.dictionaries(st.sampled_from(list(hb.Status)), values(hb.StatusUse), max_size=3)
    return st.builds(hb.Statuses, uses)


def _conversations(_: Any) -> st.SearchStrategy[Any]:
    return st.builds(
        hb.Conversation, values(hb.Ticket), st.lists(values(hb.Message), max_size=2), st.none()
    )


def _batches(_: Any) -> st.SearchStrategy[Any]:
    types = get_type_hints(hb.ChangeBatch)
    given = {
        one.name: values(types[one.name])
        for one in attrs.fields(hb.ChangeBatch)
        if one.name != "problems"
    }
    return st.builds(hb.ChangeBatch, **given)


_SPECIAL: dict[Any, Any] = {
    hb.Message: _messages,
    hb.Page: _pages,
    hb.Capabilities: _capabilities,
    hb.Statuses: _statuses,
    hb.Conversation: _conversations,
    hb.ChangeBatch: _batches,
}


def everything_of(value: Any) -> Any:
    """Return all that is in a value, fields that do not count for equality too."""
    if isinstance(value, hb.Page):
        return [everything_of(one) for one in (value.items, value.next, value.total, value.listed)]
    if isinstance(value, (hb.Capabilities, hb.Statuses)):
        return {key: everything_of(one) for key, one in value.items()}
    if isinstance(value, hb.Conversation):
        return [everything_of(value.ticket), everything_of(value.messages)]
    if isinstance(value, (tuple, list)):
        return type(value)(everything_of(one) for one in value)
    if attrs.has(type(value)):
        found = {
            one.name: everything_of(getattr(value, one.name)) for one in attrs.fields(type(value))
        }
        shown = {"html": value.html, "text": value.text} if isinstance(value, hb.Message) else {}
        return type(value).__name__, found, shown
    return value


ERRORS: list[HelpdeskError] = [
    NotFound("there is no such ticket.", status=404, desk="support").fill(ticket_id="7"),
    ProtocolError("$.id: expected a string.", path="$.id"),
]
