"""Values of the model to plain dicts and back, by cattrs: each type in both directions.

cattrs finds what converts a type, unions with None included. Its own conversions of plain types
are not used: a number would become a string, and an unknown word an error.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, get_args, get_origin

from cattrs import Converter

from helpdesk_bridge.errors import HelpdeskError, InvalidArgument
from helpdesk_bridge.model.capabilities import Capabilities, Capability, Support
from helpdesk_bridge.model.message import Message
from helpdesk_bridge.model.plain import Misfit, each, expected, json_value
from helpdesk_bridge.model.shapes import Entry, entries, is_value, origin_of
from helpdesk_bridge.model.ticket import Ticket
from helpdesk_bridge.model.value import Value

__all__ = ["converter"]

_ONE_OF = Message | Ticket
_A_TIME = "a date and time in ISO 8601 with its offset from UTC"
_SHAPES = {list: list, tuple: tuple, frozenset: frozenset}
_Hook = Callable[[Any, Any], Any]


@cache
def converter(raw: bool) -> Converter:
    """Return what converts in both directions; it writes the vendor's own records with ``raw``."""
    made = Converter(detailed_validation=False)
    for kind in (str, int, bool, float, datetime):
        made.register_structure_hook(kind, _READ[kind])
        made.register_unstructure_hook(kind, _WRITE[kind])
    made.register_structure_hook_func(_is_object, lambda value, _: _object(value))
    made.register_unstructure_hook_func(_is_object, _object)
    made.register_structure_hook_func(lambda kind: kind is Any, lambda value, _: json_value(value))
    made.register_unstructure_hook_func(lambda kind: kind is Any, json_value)
    made.register_structure_hook_func(lambda kind: kind == _ONE_OF, _one_of(made))
    made.register_unstructure_hook_func(lambda kind: kind == _ONE_OF, _found_by_its_class(made))
    made.register_unstructure_hook_func(_is_variable, _found_by_its_class(made))
    made.register_structure_hook_func(_is_variable, _of_what)
    made.register_structure_hook_factory(_is_several, _reads_several)
    made.register_unstructure_hook_factory(_is_several, _writes_several)
    made.register_structure_hook_factory(is_value, _reads_value)
    made.register_unstructure_hook_factory(is_value, _writes_value(raw))
    made.register_structure_hook_func(_is_capabilities, _reads_capabilities(made))
    made.register_unstructure_hook_func(_is_capabilities, _writes_capabilities(made))
    return made


# -- plain types -------------------------------------------------------------------------------


def _exactly(kind: type, what: str) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        if type(value) is not kind:
            if isinstance(value, kind) and kind is str:
                return str.__str__(value)
            raise expected(what, value)
        return value

    return convert


def _number(value: Any) -> int | float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise expected("a finite number", value)
    number: int | float = value
    return number


def _written_time(value: Any) -> str:
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise expected("an aware datetime", value)
    try:
        return value.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"
    except OverflowError:
        raise Misfit("a datetime that is before the year 1 or after 9999 in UTC") from None


def _read_time(value: Any) -> datetime:
    try:
        read = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise Misfit(f"expected {_A_TIME}") from None
    if not isinstance(read, datetime) or read.utcoffset() is None:
        raise expected(_A_TIME, value)
    return read


_WRITE: dict[type, Callable[[Any], Any]] = {
    str: _exactly(str, "a string"),
    int: _exactly(int, "a whole number"),
    bool: _exactly(bool, "a boolean"),
    float: _number,
    datetime: _written_time,
}


def _read(convert: Callable[[Any], Any]) -> _Hook:
    return lambda value, _: convert(value)


_READ = {kind: _read(convert) for kind, convert in {**_WRITE, datetime: _read_time}.items()}


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise expected("an object", value)
    made: dict[str, Any] = json_value(value)
    return made


def _is_object(kind: Any) -> bool:
    return get_origin(kind) is Mapping


def _reads_word(kind: type[Enum]) -> _Hook:
    unknown = getattr(kind, "UNKNOWN", None) or getattr(kind, "STILL_UNKNOWN", None)

    def read(value: Any, _: Any) -> Any:
        if not isinstance(value, str):
            raise expected("a string", value)
        try:
            return kind(value)
        except ValueError:
            if unknown is None:
                raise Misfit(f"expected a word of {kind.__name__}") from None
            return unknown

    return read


def _writes_word(kind: type[Enum]) -> Callable[[Any], str]:
    def write(value: Any) -> str:
        if not isinstance(value, kind):
            raise expected(f"a member of {kind.__name__}", value)
        word: str = value.value
        return word

    return write


# -- several -----------------------------------------------------------------------------------


def _is_several(kind: Any) -> bool:
    return get_origin(kind) in _SHAPES


def _reads_several(kind: Any, made: Converter) -> _Hook:
    into, item = _SHAPES[get_origin(kind)], get_args(kind)[0]
    read = made.get_structure_hook(_known(item, made))

    def read_all(value: Any, _: Any) -> Any:
        if not isinstance(value, (list, tuple, frozenset)):
            raise expected("a list", value)
        return into(each(value, lambda one: read(one, item)))

    return read_all


def _writes_several(kind: Any, made: Converter) -> Callable[[Any], list[Any]]:
    from_, item = _SHAPES[get_origin(kind)], get_args(kind)[0]
    write = made.get_unstructure_hook(_known(item, made))

    def write_all(value: Any) -> list[Any]:
        if not isinstance(value, from_):
            raise expected(f"a {from_.__name__}", value)
        done = each(value, write)
        return sorted(done) if from_ is frozenset else done

    return write_all


# -- values of the model -----------------------------------------------------------------------


def _known(kind: Any, made: Converter) -> Any:
    """Return ``kind`` once the words in it are registered: as strings they would be taken else."""
    for one in (kind, *get_args(kind)):
        if isinstance(one, type) and issubclass(one, Enum):
            made.register_structure_hook(one, _reads_word(one))
            made.register_unstructure_hook(one, _writes_word(one))
    return kind


def _reads_value(kind: Any, made: Converter) -> _Hook:
    cls = origin_of(kind)
    fields = [(entry, made.get_structure_hook(_known(entry.type, made))) for entry in entries(kind)]
    build = _error if issubclass(cls, HelpdeskError) else cls
    prepared = _as_given if issubclass(cls, Message) else _as_it_is

    def read(value: Any, _: Any) -> Any:
        if isinstance(value, cls):
            return value
        if not isinstance(value, Mapping):
            raise expected("an object", value)
        given: dict[str, Any] = {}
        for entry, convert in fields:
            if entry.key in value:
                try:
                    given[entry.key] = convert(value[entry.key], entry.type)
                except Misfit as misfit:
                    raise misfit.within(entry.key) from None
            elif entry.is_required:
                raise Misfit("it is missing").within(entry.key)
        try:
            return build(**prepared(given))
        except InvalidArgument as error:  # a rule of the class
            raise Misfit(str(error.message).removesuffix(".")) from None

    return read


def _writes_value(raw: bool) -> Callable[[Any, Converter], Callable[[Any], dict[str, Any]]]:
    def factory(kind: Any, made: Converter) -> Callable[[Any], dict[str, Any]]:
        cls = origin_of(kind)
        if issubclass(cls, HelpdeskError):
            return _writes_fields(cls, entries(cls), made, _shown_error)
        fields = [one for one in entries(kind) if raw or one.name != "raw"]
        return _writes_fields(cls, fields, made, _shown if issubclass(cls, Message) else None)

    return factory


def _writes_fields(
    cls: type,
    fields: Any,
    made: Converter,
    special: Callable[[Any], Mapping[str, Any]] | None,
) -> Callable[[Any], dict[str, Any]]:
    hooks: list[tuple[Entry, Callable[[Any], Any]]] = [
        (entry, made.get_unstructure_hook(_known(entry.type, made))) for entry in fields
    ]

    def write(value: Any) -> dict[str, Any]:
        if not isinstance(value, cls):
            raise expected(f"a {cls.__name__}", value)
        other = special(value) if special else {}
        done: dict[str, Any] = {}
        for entry, convert in hooks:
            key = entry.key
            try:
                done[key] = convert(other[key] if key in other else getattr(value, entry.name))
            except Misfit as misfit:
                raise misfit.within(key) from None
        return done

    return write


# -- messages and errors -----------------------------------------------------------------------


def _shown(message: Message) -> dict[str, Any]:
    """Return the bodies that a reader shows, and what is needed to have the given ones again."""
    html, text = message.html, message.text
    shown = {"html": html, "text": text, "derived_body": None, "replaced_body": None}
    if html != message.given_html:
        return {**shown, "derived_body": "html", "replaced_body": message.given_html}
    if text != message.given_text:
        return {**shown, "derived_body": "text", "replaced_body": message.given_text}
    return shown


def _as_given(fields: dict[str, Any]) -> dict[str, Any]:
    derived, replaced = fields.pop("derived_body", None), fields.pop("replaced_body", None)
    if derived in ("html", "text"):
        fields[derived] = replaced
    return fields


def _as_it_is(fields: dict[str, Any]) -> dict[str, Any]:
    return fields


def _shown_error(error: HelpdeskError) -> dict[str, Any]:
    return {"type": type(error).__name__, "message": str(error.message)}


def _error(
    *,
    message: str,
    ticket_id: str | None = None,
    message_id: str | None = None,
    **given: Any,
) -> HelpdeskError:
    """Return an error as it was told. The classes have more than that: it is none of them."""
    given.pop("type", None)
    return HelpdeskError(message, **given).fill(ticket_id=ticket_id, message_id=message_id)


# -- what only a class tells -------------------------------------------------------------------


def _is_variable(kind: Any) -> bool:
    return isinstance(kind, TypeVar)


def _found_by_its_class(made: Converter) -> Callable[[Any], Any]:
    def write(value: Any) -> Any:
        if not isinstance(value, Value):
            raise expected("a value of the model", value)
        return made.unstructure(value, unstructure_as=type(value))

    return write


def _of_what(*_: Any) -> Any:
    raise Misfit("it is not said of what: give Page[Ticket], say, and not Page alone")


def _one_of(made: Converter) -> _Hook:
    def read(value: Any, _: Any) -> Any:
        if isinstance(value, (Message, Ticket)):
            return value
        is_message = isinstance(value, Mapping) and "ticket_id" in value
        return made.structure(value, Message if is_message else Ticket)

    return read


def _is_capabilities(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Capabilities)


def _writes_capabilities(made: Converter) -> Callable[[Any], dict[str, Any]]:
    def write(value: Any) -> dict[str, Any]:
        if not isinstance(value, Capabilities):
            raise expected("Capabilities", value)
        return {one.value: made.unstructure(support, Support) for one, support in value.items()}

    return write


def _reads_capabilities(made: Converter) -> _Hook:
    known = {one.value: one for one in Capability}

    def read(value: Any, _: Any) -> Capabilities:
        if isinstance(value, Capabilities):
            return value
        if not isinstance(value, Mapping):
            raise expected("an object", value)
        declared: dict[Capability, Support] = {}
        for key, support in value.items():
            if key in known:
                try:
                    declared[known[key]] = made.structure(support, Support)
                except Misfit as misfit:
                    raise misfit.within(key) from None
        return Capabilities(declared)

    return read
