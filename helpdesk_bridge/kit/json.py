"""Read a vendor's JSON, strictly, into classes that say what the vendor sends.

::

    class PersonJson(JsonRecord, frozen=True, rename="camel"):
        id: AnyId
        name: str | None = None
        joined: Timestamp | None = None

    person = read(data, PersonJson)

msgspec does the work. It refuses what does not fit: null only where the class says so, no number
from a text, no text from a number. Fields nobody declared are ignored, and kept in ``raw``. Only
times are converted; what needs a conversion of its own is declared as the vendor sends it, and
converted by a method of the class, which raises :class:`WrongType` with its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_args

import msgspec

from helpdesk_bridge.errors import HelpdeskError, ProtocolError
from helpdesk_bridge.model import Problem

__all__ = [
    "AnyId",
    "Digits",
    "EmptyList",
    "JsonRecord",
    "Number",
    "Timestamp",
    "WrongType",
    "as_id",
    "as_number",
    "created_id",
    "instant",
    "json_name",
    "member",
    "read",
    "read_each",
    "read_one",
    "read_record",
    "read_records",
    "require_id",
]

R = TypeVar("R", bound="JsonRecord")
T = TypeVar("T")

AnyId = int | Annotated[str, msgspec.Meta(min_length=1)]
"""A vendor's id: an integer or a text that is not empty. ``str(value)`` is ours."""
Timestamp = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time in ISO 8601 with its offset from UTC, which may be another than zero here."""
Digits = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,18}\Z")]
"""A whole number written as text; ``int(value)`` is the number."""
Number = int | Digits
"""A whole number, also one written as text; :func:`as_number` is ours."""
EmptyList = Annotated[list[Any], msgspec.Meta(max_length=0)]
"""What PHP makes of an object without keys."""


class JsonRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Base of a vendor's objects. ``rename=`` of a class gives the JSON's keys of its fields.

    ``raw`` is the decoded object itself; None in an object that is part of another.
    """

    if TYPE_CHECKING:
        raw: Any = None
    else:  # to msgspec nothing but None, so that no key of the vendor's can fill it
        raw: None = msgspec.field(default=None, name="(the object itself)")

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class WrongType(ValueError):
    """A JSON value is not what its field needs; the text names types, never the value.

    ``place`` is where it is in the object that is being read, like ``.files[1].size``.

    ``text`` names the types, never the value.
    """

    def __init__(self, text: str, place: str = "") -> None:
        super().__init__(text)
        self.place = place


_JSON_NAMES = {
    type(None): "null",
    bool: "a boolean",
    int: "an integer",
    float: "a number with a fraction",
    str: "a string",
    list: "a list",
    dict: "an object",
}


def json_name(kind: type) -> str:
    """Return what JSON calls a value of this Python type."""
    return _JSON_NAMES.get(kind, "something else")


def as_id(value: int | str | None) -> str | None:
    """Return a vendor's id, ``value``, as ours; None for None."""
    return None if value is None else str(value)


def as_number(value: int | str | None) -> int | None:
    """Return a vendor's number, ``value``, as ours; None for None."""
    return None if value is None else int(value)


def instant(value: str, place: str = "") -> datetime:
    """Return a time in UTC. Any form of ISO 8601 will do, but not without the offset."""
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        raise WrongType("expected a date and time in ISO 8601", place) from None
    if read.utcoffset() is None:
        raise WrongType("expected a date and time with its offset from UTC", place)
    try:
        return read.astimezone(UTC)
    except (OverflowError, ValueError):
        raise WrongType("expected a date and time within the years 1 to 9999", place) from None


def read_record(value: Any, kind: type[R]) -> R:
    """Return a decoded JSON object as ``kind``, or raise WrongType."""
    try:
        made = msgspec.convert(value, kind)
    except msgspec.ValidationError:
        made = None
    if made is None:
        made = _read_with_odd_times(value, kind)
    msgspec.structs.force_setattr(made, "raw", value)
    return made


def _read_with_odd_times(value: Any, kind: type[R]) -> R:
    """Read again what msgspec refused, with times that are ISO 8601 and not RFC 3339.

    Only those of the object itself: objects inside it are not searched.
    """
    if type(value) is dict:
        value = dict(value)
        for field in msgspec.structs.fields(kind):
            text = value.get(field.encode_name)
            if type(text) is str and Timestamp in (field.type, *get_args(field.type)):
                value[field.encode_name] = instant(text, f".{field.encode_name}")
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        refusal = str(error)
    raise _explained(refusal)


_PARTS = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<place>.*)`)?", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<name>.*)`")
_TYPES = re.compile(r"`(\w+(?: \| \w+)*)`")
_WORDS = {
    "str": "a string",
    "int": "an integer",
    "float": "a number with a fraction",
    "bool": "a boolean",
    "datetime": "a date and time",
    "array": "a list",
    "object": "an object",
}


def _explained(refusal: str) -> WrongType:
    """Return the error for a sentence of msgspec's, which names types and no value."""
    found = _PARTS.fullmatch(refusal)
    what, place = (found["what"], found["place"] or "") if found else ("", "")
    missing = _MISSING.fullmatch(what)
    if missing:
        return WrongType("a required field is missing", f"{place}.{missing['name']}")
    if not what.startswith("Expected "):
        return WrongType("the value is not acceptable", place)
    return WrongType(_TYPES.sub(_in_words, what).replace("Expected", "expected"), place)


def _in_words(types: re.Match[str]) -> str:
    return " or ".join(_WORDS.get(name, name) for name in types[1].split(" | "))


class _CreatedId(JsonRecord, frozen=True):
    id: AnyId


def created_id(data: Any, path: str = "$") -> str:
    """Return the id of what was made: all that must be understood of the answer to a write.

    ``data`` is the decoded object that stands at ``path`` in the answer. ProtocolError without an
    id.
    """
    return str(read(data, _CreatedId, path).id)


def member(data: Any, key: str, path: str = "$") -> tuple[Any, str]:
    """Return a member of a decoded object and its path; ProtocolError where there is none.

    Args:
        data: a decoded object.
        key: the name of the member.
        path: where ``data`` stands in the answer.

    Returns:
        The member as it was decoded, and its path.

    Raises:
        ProtocolError: ``data`` is no object, or has no such member.
    """
    if type(data) is not dict:
        raise _odd(path, f"expected an object, got {json_name(type(data))}")
    if key not in data:
        raise _odd(f"{path}.{key}", "a required field is missing")
    return data[key], f"{path}.{key}"


def require_id(found: str, wanted: str, path: str) -> None:
    """Raise ProtocolError for the record of another id than was asked for.

    Whoever is written to would be taken from the wrong ticket.

    Args:
        found: the id of the record that came.
        wanted: the id that was asked for.
        path: where ``found`` stands in the answer.
    """
    if found != wanted:
        raise _odd(path, "another one than was asked for")


def read(data: Any, into: type[R], path: str = "$") -> R:
    """Return a decoded object as ``into``, or raise ProtocolError naming the JSON path.

    Args:
        data: what was decoded.
        into: a class of JsonRecord.
        path: where ``data`` stands in the answer.

    Returns:
        The record; its ``raw`` is ``data`` itself.

    Raises:
        ProtocolError: ``data`` does not fit.
    """
    return read_one(data, into, _as_it_is, path)


def _as_it_is(record: R) -> R:
    return record


def read_one(data: Any, into: type[R], convert: Callable[[R], T], path: str = "$") -> T:
    """Convert a record once it is checked, or raise ProtocolError naming the JSON path.

    ``convert`` may raise WrongType with the place of what it does not take.

    Args:
        data: what was decoded.
        into: a class of JsonRecord.
        convert: what makes of the record what is wanted.
        path: where ``data`` stands in the answer.

    Returns:
        What ``convert`` returns.

    Raises:
        ProtocolError: ``data`` does not fit, or ``convert`` raised WrongType.
    """
    try:
        return convert(read_record(data, into))
    except WrongType as error:
        place, what = error.place, str(error)
    raise _odd(path + place, what)


def read_records(
    data: Any, into: type[R], convert: Callable[[R], T], path: str
) -> tuple[tuple[T, ...], tuple[Problem, ...]]:
    """Convert each record of a list; one that cannot be read does not lose the others.

    Not by :func:`read_each`: to name the place of each record, also of those that are right, takes
    a tenth of reading it.

    Args:
        data: the decoded list.
        into: the class of its records.
        convert: what makes of each record what is wanted.
        path: where ``data`` stands in the answer.

    Returns:
        The items, and the problems with their places among the records.

    Raises:
        ProtocolError: ``data`` is no list.
    """
    items: list[T] = []
    problems: list[Problem] = []
    for index, record in enumerate(_listed(data, path)):
        failure: HelpdeskError
        try:
            items.append(convert(read_record(record, into)))
            continue
        except WrongType as error:
            failure = _odd(f"{path}[{index}]{error.place}", str(error))
        except HelpdeskError as error:
            failure = error
        problems.append(Problem(index=index, error=failure, raw=record))
    return tuple(items), tuple(problems)


def read_each(
    data: Any, convert: Callable[[Any, str], T], path: str
) -> tuple[tuple[T, ...], tuple[Problem, ...]]:
    """Convert each record of a list; one that cannot be read does not lose the others.

    ``convert`` is given a record and its path. Where the records are of one class,
    :func:`read_records` takes less time.

    Args:
        data: the decoded list.
        convert: what makes of a decoded record and its path what is wanted.
        path: where ``data`` stands in the answer.

    Returns:
        The items, and the problems with their places among the records.

    Raises:
        ProtocolError: ``data`` is no list.
    """
    items: list[T] = []
    problems: list[Problem] = []
    for index, record in enumerate(_listed(data, path)):
        try:
            items.append(convert(record, f"{path}[{index}]"))
        except HelpdeskError as error:
            problems.append(Problem(index=index, error=error, raw=record))
    return tuple(items), tuple(problems)


def _listed(data: Any, path: str) -> list[Any]:
    if type(data) is not list:
        raise _odd(path, f"expected a list, got {json_name(type(data))}")
    return data


def _odd(path: str, what: str) -> ProtocolError:
    return ProtocolError(f"{path}: {what}.", path=path)
