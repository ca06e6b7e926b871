"""Checks of the arguments of public calls; a value that will not do is InvalidArgument."""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeAlias, TypeVar
from unicodedata import category

from attrs import evolve

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model import (
    Channel,
    MessageType,
    Party,
    Status,
    TicketOrder,
    Upload,
)
from helpdesk_bridge.transport.body import require_finite

__all__ = ["AddressLike", "Addresses"]

AddressLike: TypeAlias = Party | str
"""A person: a Party, an e-mail address, ``"Li <li@customer.example>"``, or the vendor's id."""
Addresses: TypeAlias = Party | str | Iterable[Party | str]
"""One or several people with e-mail addresses."""

E = TypeVar("E", bound=StrEnum)

_LONGEST = 1e9
"""Seconds that a call may be told to wait: thirty years."""
_ADDRESS = re.compile(r"[^\s@,;:<>()\[\]\"\\]{1,64}@[^\s@,;:<>()\[\]\"\\]{1,253}")
_MAILBOX = re.compile(r'\s*(?:"((?:[^"\\]|\\.){0,500})"|([^"<>@;:\\]{0,500}))\s*<([^<>\s]+)>\s*')
"""RFC 5322, section 3.4: a name, in quotes or not, and an address in angle brackets."""
_SEPARATOR = re.compile("[,;]")
_IN_QUOTES = re.compile(r"\\(.)")
_TIMES = (
    "such as datetime(2026, 1, 31, 9, 30, tzinfo=UTC), or, from a text,"
    ' datetime.fromisoformat("2026-01-31T09:30:00+00:00")'
)


def kind_of(value: object) -> str:
    """Return what ``value`` is, for an error: the name of its class."""
    return "None" if value is None else type(value).__name__


def _printable(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise InvalidArgument(f"{name} must be a str, not {kind_of(value)}.")
    if any(category(c) in ("Cc", "Cs", "Zl", "Zp") for c in value):
        raise InvalidArgument(f"{name} holds a line break or another control character.")
    return value


def _without_tabs(value: object, name: str) -> str:
    """Return a text with blanks for its tabs; a line break is refused, as anywhere."""
    return _printable(value.replace("\t", " ") if isinstance(value, str) else value, name)


def line(value: str | None, name: str) -> str | None:
    """Return a single line of text, or None."""
    return None if value is None else required_line(value, name)


def required_line(value: str, name: str) -> str:
    """Return a single line of text that is not blank."""
    if not _printable(value, name).strip():
        raise InvalidArgument(f"{name} is empty.")
    return value


def sought(value: str | None, name: str) -> str | None:
    """Return a single line to look for without the blanks around it, or None."""
    return None if value is None else required_line(value, name).strip()


def sought_person(value: AddressLike | None, name: str) -> Party | None:
    """Return a person to look for, without blanks around the id or the name; or None."""
    if value is None:
        return None
    if isinstance(value, str):
        value = required_line(value, name).strip()
    person = party(value, name)
    return evolve(person, id=sought(person.id, name), name=person.name and person.name.strip())


def words(values: Iterable[str], name: str) -> tuple[str, ...]:
    """Return several single lines; one str is not a list of its letters."""
    if isinstance(values, str):
        raise InvalidArgument(f'{name} must be a list of str, such as ["one", "two"], not one str.')
    return tuple(
        required_line(value, f"{name}[{at}]") for at, value in enumerate(_several(values, name))
    )


def _several(values: Iterable[Any], name: str) -> Iterable[Any]:
    if values is None:
        raise InvalidArgument(f"{name} must be a collection, not None: leave it out, or give one.")
    if not isinstance(values, Iterable):
        raise InvalidArgument(f"{name} must be a collection, not {kind_of(values)}.")
    return values


def address(value: str, name: str) -> str:
    """Return one bare e-mail address."""
    if not _ADDRESS.fullmatch(_printable(value, name)):
        raise InvalidArgument(f"{name} is not one e-mail address, bare or as in 'Name <address>'.")
    return value


def party(value: AddressLike, name: str) -> Party:
    """Return a person known by address or by id."""
    if isinstance(value, str):
        value = _person(value, name)
    elif not isinstance(value, Party):
        raise InvalidArgument(f"{name} must be a Party or a str.")
    if value.email is not None:
        address(value.email, name)
    if value.id is not None:
        required_line(value.id, name)
    if value.name is not None:  # vendors hand out names with tabs
        value = evolve(value, name=_without_tabs(value.name, name))
    if value.email is None and value.id is None and _is_blank(value.name or ""):
        raise InvalidArgument(f"{name} has neither an address nor an id nor a name.")
    return value


def _is_blank(text: str) -> bool:
    """Say whether nothing of ``text`` is seen: blanks, and marks that have no width."""
    return all(one.isspace() or category(one) == "Cf" for one in text)


def _person(text: str, name: str) -> Party:
    """Return a person given as an address, as a name and an address, or as an id."""
    if "@" not in text:
        return Party(id=required_line(text, name))
    found = _MAILBOX.fullmatch(_printable(text, name))
    if found is None:
        return Party(email=text)
    quoted, plain, email = found.groups()
    words = _IN_QUOTES.sub(r"\1", quoted) if quoted is not None else plain
    return Party(email=email, name=words.strip() or None)


def correspondent(value: AddressLike, name: str) -> Party:
    """Return a person with an e-mail address."""
    person = party(value, name)
    if person.email is None:
        raise InvalidArgument(f"{name} has no e-mail address.")
    return person


def parties(values: Addresses, name: str) -> tuple[Party, ...]:
    """Return people with e-mail addresses."""
    if isinstance(values, (str, Party)):
        return (_one_of_several(values, name, name),)
    return tuple(
        _one_of_several(value, f"{name}[{at}]", name)
        for at, value in enumerate(_several(values, name))
    )


def _one_of_several(value: AddressLike, place: str, name: str) -> Party:
    """Return the person at ``place``; several in one str are told how to be given."""
    try:
        return correspondent(value, place)
    except InvalidArgument:
        if not isinstance(value, str) or value.count("@") < 2 or not _SEPARATOR.search(value):
            raise
    raise InvalidArgument(
        f"{place} has several addresses in one str: give several as a list:"
        f' {name}=["a@x.example", "b@x.example"].'
    )


def recipients(values: Addresses, name: str) -> tuple[Party, ...]:
    """Return people with e-mail addresses, at least one: an empty list may be a caller's mistake.

    Nobody must be mailed in place of those whom the caller failed to find.
    """
    found = parties(values, name)
    if not found:
        raise InvalidArgument(f"{name}= is empty: it needs somebody, or must be left out.")
    return found


def channel(value: Channel | str) -> Channel:
    """Return a channel known by id or by address."""
    if isinstance(value, str):
        required_line(value, "channel")
        return Channel(address=address(value, "channel")) if "@" in value else Channel(id=value)
    if not isinstance(value, Channel) or not (value.id or value.address or value.kind):
        raise InvalidArgument("channel must be a Channel, its id or its address.")
    for text in (value.id, value.name, value.address, value.kind):
        line(text, "channel")
    return value


def member(kind: type[E], value: E | None, name: str) -> E | None:
    """Return a member of one of our vocabularies, or None."""
    return None if value is None else required_member(kind, value, name)


def required_member(kind: type[E], value: object, name: str, *, unknown: bool = False) -> E:
    """Return a member of one of our vocabularies; UNKNOWN only where it can be asked for."""
    try:
        found = kind(str(value))
    except ValueError:
        found = None
    if found is None and isinstance(value, Iterable) and not isinstance(value, str):
        raise InvalidArgument(
            f"{name} must be one {kind.__name__}, not {kind_of(value)}: give one in each call."
        )
    if found is None or (found.value == "unknown" and not unknown):
        known = ", ".join(m.value for m in kind if m.value != "unknown")
        raise InvalidArgument(f"{name} is none of {known}.")
    return found


def types(values: Iterable[MessageType] | None) -> frozenset[MessageType] | None:
    """Return the message types asked for."""
    if values is None:
        return None
    if isinstance(values, str):
        return frozenset((required_member(MessageType, values, "types", unknown=True),))
    found = frozenset(
        required_member(MessageType, value, f"types[{at}]", unknown=True)
        for at, value in enumerate(_several(values, "types"))
    )
    if not found:
        raise InvalidArgument("types is empty: name a MessageType, or leave it out for all.")
    return found


def statuses(value: Status | Iterable[Status] | None) -> frozenset[Status] | None:
    """Return the statuses asked for, one or several; None is any."""
    if value is None:
        return None
    if isinstance(value, str) or not isinstance(value, Iterable):
        return frozenset((required_member(Status, value, "status", unknown=True),))
    found = frozenset(
        required_member(Status, one, f"status[{at}]", unknown=True) for at, one in enumerate(value)
    )
    if not found:
        raise InvalidArgument("status is empty: name a Status, or leave it out for all.")
    return found


def order(value: str | None) -> TicketOrder | None:
    """Return an order of tickets, or None."""
    return None if value is None else required_member(TicketOrder, value, "order_by")


def aware(value: datetime | None, name: str) -> datetime | None:
    """Return a datetime that knows its zone, in UTC, or None."""
    if value is None:
        return None
    if not isinstance(value, datetime):
        raise InvalidArgument(f"{name} must be an aware datetime, not {kind_of(value)}: {_TIMES}.")
    if value.utcoffset() is None:
        raise InvalidArgument(f"{name} must be an aware datetime: give it a time zone, {_TIMES}.")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        pass
    raise InvalidArgument(f"{name} is not within the years 1 to 9999 in UTC.")


def limit(value: int | None) -> int | None:
    """Return a number of items, or None."""
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
        raise InvalidArgument("limit must be a whole number above zero, or None.")
    return value


def seconds(value: float | None, name: str) -> float | None:
    """Return a number of seconds, 0 or more, or None."""
    if value is None:
        return None
    instance(value, (int, float), name)
    if isinstance(value, bool) or not 0 <= value <= _LONGEST:
        raise InvalidArgument(f"{name} must be a number of seconds, 0 or more.")
    return value


def delays(values: Iterable[float]) -> tuple[float, ...]:
    """Return several numbers of seconds."""
    checked = tuple(seconds(value, "each delay") for value in _several(values, "delays"))
    if not checked:
        raise InvalidArgument("delays is empty: it needs at least one wait, which may be 0.")
    return tuple(value for value in checked if value is not None)


def uploads(values: Iterable[Upload]) -> tuple[Upload, ...]:
    """Return the files to send."""
    found = (values,) if isinstance(values, Upload) else tuple(_several(values, "attachments"))
    for place, value in enumerate(found, 1):
        if not isinstance(value, Upload):
            raise InvalidArgument(
                f"attachments is a list of Upload, and number {place} is {kind_of(value)}."
            )
        value._place = place if len(found) > 1 else None
    return found


def instance(value: object, kind: type | tuple[type, ...], name: str) -> None:
    """Raise unless ``value`` is one of these."""
    if not isinstance(value, kind):
        raise InvalidArgument(f"{name} must not be {kind_of(value)}.")


def mapping(value: Mapping[str, Any] | None, name: str) -> dict[str, Any]:
    """Return a mapping with str keys and without NaN or infinity, empty for None."""
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise InvalidArgument(f"{name} must be a mapping with str keys.")
    require_finite(value, name)
    return dict(value)


def cursor(value: str | None) -> str | None:
    """Return a place in a list, or None."""
    if value is not None and (not isinstance(value, str) or not value):
        raise InvalidArgument(
            "cursor must be the cursor of a pager, or None: an empty text is none, and None begins"
            " at the beginning."
        )
    return value


def concurrency(value: int) -> int:
    """Return how many to read at once."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise InvalidArgument("concurrency must be a whole number above zero.")
    return value


def tickets(value: Any) -> Any:
    """Return tickets or ids to iterate over; one str is not a list of its letters."""
    if isinstance(value, str) or not isinstance(value, (Iterable, AsyncIterable)):
        raise InvalidArgument("tickets must be an iterable of tickets or ids.")
    return value


def query(value: Any) -> list[tuple[str, str]]:
    """Return query parameters; numbers become text."""
    pairs: list[tuple[Any, Any]] = [(None, None)]
    with suppress(TypeError, ValueError):
        pairs = list(value.items()) if isinstance(value, Mapping) else [(k, v) for k, v in value]
    checked = [
        (name, str(given))
        for name, given in pairs
        if isinstance(name, str) and isinstance(given, (str, int)) and not isinstance(given, bool)
    ]
    if len(checked) != len(pairs):
        raise InvalidArgument(
            "query must be a mapping or pairs of str and str (or int): write any other value as the"
            ' vendor\'s text, such as "0".'
        )
    return checked


def given(**options: object) -> list[str]:
    """Return the names of the optional arguments that were given a value."""
    return [name for name, value in options.items() if value is not None and value not in ((), {})]
