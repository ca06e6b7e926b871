"""Read a vendor's JSON, strictly, into classes that say what the vendor sends.

::

    class PersonJson(JsonRecord, frozen=True, rename="camel"):
        id: AnyId
        name: str | None = None
        joined: Timestamp | None = None

    person = read(data, PersonJson)  # helpdesk_bridge.kit.reading

msgspec does the work. It refuses what does not fit: null only where the class says so, no number
from a text, no text from a number. Fields nobody declared are ignored, and kept in ``raw``. Only
times are converted; what needs a conversion of its own is declared as the vendor sends it, and
converted by a method of the class, which raises :class:`WrongType` with its place.

PHP's ``json_encode`` has one type for lists and objects, and tells them apart by their keys. So at
any depth of a record ``[]`` is read as an empty object where there must be one (as null where that
may be, too), and ``{"0": …, "2": …}``, which is a list that something was taken out of, as a list
in the order of its keys. ``{}`` is no list: nothing says that it is one, and a list that is not
there must not look like an empty one.

An id or a time that may be null is so where ``""`` is written, and a time also where the date is
that of a database for none (``0000-00-00``, ``-0001-11-30``).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, Union, get_args, get_origin

import msgspec
from attrs import frozen

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
    "given_id",
    "instant",
    "is_no_time",
    "json_name",
    "numbered",
    "read_record",
]

R = TypeVar("R", bound="JsonRecord")

AnyId = int | Annotated[str, msgspec.Meta(min_length=1)]
"""A vendor's id: an integer or a text that is not empty. ``str(value)`` is ours."""
_TEXT_ID = get_args(AnyId)[1]
Timestamp = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time in ISO 8601 with its offset from UTC, which may be another than zero here."""
Digits = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,18}\Z")]
"""A whole number of 1 to 18 digits written as text, no sign; ``int(value)`` is the number."""
Number = int | Digits
"""A whole number, also one written as text (see Digits); :func:`as_number` is ours."""
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


def given_id(value: int | str | None) -> str | None:
    """Return the id of what may be nobody or nothing, ``value``; None for None, "", 0 and "0"."""
    return None if value in (None, "", 0, "0") else str(value)


def as_number(value: int | str | None) -> int | None:
    """Return a vendor's number, ``value``, as ours; None for None."""
    return None if value is None else int(value)


def is_no_time(value: str) -> bool:
    """Say whether ``value`` stands for no time: "", or what databases and PHP make of a zero date.

    That is a date of zeros, or one of a year below 0, such as ``-0001-11-30``.
    """
    return not value or value.startswith("0000-00-00") or _BELOW_ZERO.match(value) is not None


_BELOW_ZERO = re.compile(r"-[0-9]{4,6}-[0-9]{2}-[0-9]{2}")


def instant(value: str) -> datetime:
    """Return a time in UTC. Any form of ISO 8601 will do, but not without the offset."""
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        raise WrongType("expected a date and time in ISO 8601") from None
    if read.utcoffset() is None:
        raise WrongType("expected a date and time with its offset from UTC")
    try:
        return read.astimezone(UTC)
    except (OverflowError, ValueError):
        raise WrongType("expected a date and time within the years 1 to 9999") from None


def read_record(value: Any, kind: type[R]) -> R:
    """Return a decoded JSON object as ``kind``, or raise WrongType."""
    try:
        made = msgspec.convert(value, kind)
    except msgspec.ValidationError:
        made = None
    if made is None:
        made = _read_adapted(value, kind)
    msgspec.structs.force_setattr(made, "raw", value)
    return made


def _read_adapted(value: Any, kind: type[R]) -> R:
    """Read again what msgspec refused: ISO 8601 that is not RFC 3339, nothing, PHP's arrays."""
    try:
        return msgspec.convert(_adapted(value, _form_of(kind), top=True), kind)
    except msgspec.ValidationError as error:
        refusal = str(error)
    raise _explained(refusal)


_LEFT_ALONE = frozenset((type(None), bool, int, float))
"""Values that no type needs otherwise."""


@frozen
class _Form:
    """What a value of a type may be, worked out once for each type."""

    is_time: bool
    is_text_id: bool
    is_null: bool
    item: Any
    """The type of the items of a list; None where it may be none."""
    member: Any
    """The type of the members of an object without declared fields; None for another."""
    fields: tuple[tuple[str, Any], ...] | None
    """The keys and types of a declared object; None for another."""

    @property
    def is_object(self) -> bool:
        return self.member is not None or self.fields is not None


@lru_cache(maxsize=1024)
def _form_of(kind: Any) -> _Form:
    kinds = _alternatives(kind)
    items = [get_args(one)[0] for one in kinds if _is_list(one)]
    objects = [one for one in kinds if _is_object(one)]
    member: Any = None
    fields: tuple[tuple[str, Any], ...] | None = None
    if objects and isinstance(objects[0], type) and issubclass(objects[0], msgspec.Struct):
        found = msgspec.structs.fields(objects[0])
        fields = tuple([(field.encode_name, field.type) for field in found])
    elif objects:
        member = get_args(objects[0])[1]
    return _Form(
        is_time=Timestamp in kinds,
        is_text_id=_TEXT_ID in kinds,
        is_null=type(None) in kinds,
        item=items[0] if items else None,
        member=member,
        fields=fields,
    )


def _adapted(value: Any, form: _Form, *, top: bool = False) -> Any:
    """Return ``value`` as ``form`` needs it, at any depth: with its times read, and its arrays.

    ``top`` says that it is the record itself, which is no empty list.
    """
    kind = type(value)
    if kind is str:
        return _adapted_text(value, form)
    if kind is list and not value:
        wanted = form.is_object and form.item is None and not top
        return (None if form.is_null else {}) if wanted else value
    if kind is dict and form.item is not None and not form.is_object:
        value = numbered(value) or value
    if type(value) is list and form.item is not None:
        return _all_adapted(value, form.item)
    if type(value) is dict and value:
        return _adapted_members(value, form)
    return value


def _adapted_text(value: str, form: _Form) -> datetime | str | None:
    if form.is_time:
        return None if form.is_null and is_no_time(value) else instant(value)
    return None if form.is_null and form.is_text_id and not value else value


def _all_adapted(values: list[Any], kind: Any) -> list[Any]:
    """Return the items of a list as ``kind`` needs them."""
    form = _form_of(kind)
    made: list[Any] = []
    try:
        made.extend(_adapted(value, form) for value in values)
    except WrongType as error:
        failure = error
    else:
        return made
    raise WrongType(str(failure), f"[{len(made)}]{failure.place}")


def _adapted_members(value: dict[str, Any], form: _Form) -> dict[str, Any]:
    """Return an object whose members are as ``form`` needs them: the same if nothing changes."""
    names = form.fields or () if form.member is None else [(name, form.member) for name in value]
    adapted, at = value, ""
    try:
        for name, kind in names:
            told = value.get(name)
            if type(told) not in _LEFT_ALONE:
                at = name
                made = _adapted(told, _form_of(kind))
                if made is not told:
                    adapted = dict(value) if adapted is value else adapted
                    adapted[name] = made
    except WrongType as error:
        failure = error
    else:
        return adapted
    place = f".{at}" if form.member is None else "[...]"
    raise WrongType(str(failure), f"{place}{failure.place}")


def numbered(value: Any) -> list[Any] | None:
    """Return the values of an object whose keys are numbers, as a list in their order, or None.

    That is what PHP makes of a list that something was taken out of. ``{}`` is none, and neither is
    a ``value`` that is no object.
    """
    if type(value) is not dict or not all(map(_INDEX.fullmatch, value)):
        return None
    return [value[key] for key in sorted(value, key=int)] or None


_INDEX = re.compile(r"0|[1-9][0-9]{0,17}")


def _is_list(kind: Any) -> bool:
    return get_origin(kind) in (list, tuple) and bool(get_args(kind))


def _is_object(kind: Any) -> bool:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return True
    return get_origin(kind) is dict


def _alternatives(kind: Any) -> tuple[Any, ...]:
    """Return the members of a union; of another type, that type."""
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)


_PARTS = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<place>.*)`)?", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<name>.*)`")
_TYPES = re.compile(r"`(\w+(?: \| \w+)*)`")
_DIGITS = "`str` matching regex '^[0-9]{1,18}\\\\Z'"
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
    what = what.replace(_DIGITS, "`int`")
    if " matching regex " in what:
        return WrongType("the text is not of the form that it must have", place)
    if not what.startswith("Expected "):
        return WrongType("the value is not acceptable", place)
    return WrongType(_TYPES.sub(_in_words, what).replace("Expected", "expected"), place)


def _in_words(types: re.Match[str]) -> str:
    return " or ".join(_WORDS.get(name, name) for name in types[1].split(" | "))
