"""Values of the model to plain dicts and back, by cattrs: each type in both directions.

cattrs finds what converts a type, unions with None included. Its own conversions of plain types
are not used: a number would become a string, and an unknown word an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, get_args, get_origin

from cattrs import Converter

from helpdesk_bridge.errors import HelpdeskError, InvalidArgument
from helpdesk_bridge.model.capabilities import Level, Support, none
from helpdesk_bridge.model.conversion_plain import (
    READS,
    WRITES,
    a_time,
    reads_word,
    word_or_none,
    writes_word,
)
from helpdesk_bridge.model.message import Message
from helpdesk_bridge.model.page import Page
from helpdesk_bridge.model.plain import Misfit, each, expected, json_value
from helpdesk_bridge.model.shapes import TABLES, TOLD_LATER, Entry, entries, is_value, origin_of
from helpdesk_bridge.model.ticket import Ticket
from helpdesk_bridge.model.value import Value

__all__ = ["converter"]

_ONE_OF = Message | Ticket
_SHAPES = {list: list, tuple: tuple, frozenset: frozenset}
_Hook = Callable[[Any, Any], Any]


class _Converter(Converter):
    """Converts in both directions."""

    as_python = False
    """Whether times, words and tuples are written as they are."""


@cache
def converter(raw: bool, as_python: bool = False) -> Converter:
    """Return what converts in both directions.

    It writes the vendor's own records with ``raw``; times, words and tuples stay as they are with
    ``as_python``, which no JSON has.
    """
    made = _Converter(detailed_validation=False)
    made.as_python = as_python
    for kind in (str, int, bool, float, datetime):
        made.register_structure_hook(kind, READS[kind])
        is_kept = as_python and kind is datetime
        made.register_unstructure_hook(kind, a_time if is_kept else WRITES[kind])
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
    for table, (words, one) in TABLES.items():
        made.register_structure_hook_func(_is_a(table), _reads_table(table, words, one, made))
        made.register_unstructure_hook_func(_is_a(table), _writes_table(table, one, made))
    return made


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise expected("an object", value)
    made: dict[str, Any] = json_value(value)
    return made


def _is_object(kind: Any) -> bool:
    return get_origin(kind) is Mapping


def _keeps(made: Converter) -> bool:
    return isinstance(made, _Converter) and made.as_python


# -- several -----------------------------------------------------------------------------------


def _is_several(kind: Any) -> bool:
    return get_origin(kind) in _SHAPES


def _reads_several(kind: Any, made: Converter) -> _Hook:
    into, item = _SHAPES[get_origin(kind)], get_args(kind)[0]
    read = made.get_structure_hook(_known(item, made))

    words = (
        item if into is frozenset and isinstance(item, type) and issubclass(item, Enum) else None
    )

    def read_all(value: Any, _: Any) -> Any:
        if not isinstance(value, (list, tuple, frozenset)):
            raise expected("a list", value)
        if words is not None:  # of what is possible, a word that is not known says nothing
            value = [one for one in value if not isinstance(one, str) or word_or_none(words, one)]
        return into(each(value, lambda one: read(one, item)))

    return read_all


def _writes_several(kind: Any, made: Converter) -> Callable[[Any], Any]:
    from_, item = _SHAPES[get_origin(kind)], get_args(kind)[0]
    write = made.get_unstructure_hook(_known(item, made))

    def write_all(value: Any) -> Any:
        if not isinstance(value, from_):
            raise expected(f"a {from_.__name__}", value)
        done = each(value, write)
        if _keeps(made):
            return from_(done)
        return sorted(done) if from_ is frozenset else done

    return write_all


# -- values of the model -----------------------------------------------------------------------


def _known(kind: Any, made: Converter) -> Any:
    """Return ``kind`` once the words in it are registered: as strings they would be taken else."""
    for one in (kind, *get_args(kind)):
        if isinstance(one, type) and issubclass(one, Enum):
            made.register_structure_hook(one, reads_word(one))
            made.register_unstructure_hook(one, writes_word(one, _keeps(made)))
    return kind


def _reads_value(kind: Any, made: Converter) -> _Hook:
    cls = origin_of(kind)
    fields = [(entry, made.get_structure_hook(_known(entry.type, made))) for entry in entries(kind)]
    build: Callable[..., Any] = _error if issubclass(cls, HelpdeskError) else cls
    if issubclass(cls, Message):
        build = _with_bodies(cls)

    def read(value: Any, _: Any) -> Any:
        if isinstance(value, cls):
            _require_items(value, kind)
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
            return build(**given)
        except InvalidArgument as error:  # a rule of the class
            raise Misfit(str(error.message).removesuffix(".")) from None

    return read


def _require_items(value: Any, kind: Any) -> None:
    """Raise Misfit for a Page of Messages where one of Tickets is wanted."""
    if isinstance(value, Page):
        for at, (one, item) in enumerate((a, b) for a in get_args(kind) for b in value.items):
            if is_value(one) and not isinstance(item, origin_of(one)):
                raise expected(f"a {origin_of(one).__name__}", item).within(at).within("items")


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


def _with_bodies(cls: type[Message]) -> Callable[..., Message]:
    """Return what makes a message that shows the bodies it is given.

    One that was derived is derived anew. It is kept as it is where that would give another: its
    source was left out, or either was changed since, by who removes a number from it, say.
    """

    def build(
        derived_body: str | None = None, replaced_body: str | None = None, **given: Any
    ) -> Message:
        if derived_body not in ("html", "text"):
            return cls(**given)
        made = cls(**{**given, derived_body: replaced_body})
        is_same = derived_body not in given or getattr(made, derived_body) == given[derived_body]
        return made if is_same else cls(**given)

    return build


def _shown_error(error: HelpdeskError) -> dict[str, Any]:
    return {
        "type": type(error).__name__,
        "message": str(error.message),
        "text": str(error),
        "path": getattr(error, "path", None),
    }


def _error(*, message: str, text: str | None = None, **given: Any) -> HelpdeskError:
    """Return an error as it was told. The classes have more than that: it is none of them."""
    given.pop("type", None)
    later = {name: given.pop(name, None) for name in TOLD_LATER}
    error = HelpdeskError(message, **given).fill(**later)
    error.as_told = text
    return error


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


def _is_a(table: type) -> Callable[[Any], bool]:
    return lambda kind: isinstance(kind, type) and issubclass(kind, table)


def _writes_table(table: type, one: type, made: Converter) -> Callable[[Any], dict[str, Any]]:
    def write(value: Any) -> dict[str, Any]:
        if not isinstance(value, table):
            raise expected(table.__name__, value)
        done: dict[str, Any] = {}
        for key, entry in value.items():  # type: ignore[attr-defined]
            try:
                done[key.value] = made.unstructure(entry, one)
            except Misfit as misfit:
                raise misfit.within(key.value) from None
        return done

    return write


def _reads_table(table: Any, words: type[Enum], one: Any, made: Converter) -> _Hook:
    known = {word.value: word for word in words}

    def read(value: Any, _: Any) -> Any:
        if isinstance(value, table):
            return value
        if not isinstance(value, Mapping):
            raise expected("an object", value)
        found: dict[Any, Any] = {}
        for key, entry in value.items():
            if key in known:
                try:
                    found[known[key]] = _read_entry(entry, one, made)
                except Misfit as misfit:
                    raise misfit.within(key) from None
        return table(found)

    return read


def _read_entry(told: Any, kind: Any, made: Converter) -> Any:
    """Return an entry of a table; a level of a later version cannot be relied upon."""
    level = told.get("level") if kind is Support and isinstance(told, Mapping) else None
    if isinstance(level, str) and word_or_none(Level, level) is None:
        return none("Its level is a word that this version does not know.")
    return made.structure(told, kind)
