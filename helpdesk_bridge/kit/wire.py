"""Read a vendor's JSON into attrs classes: strictly, with open vocabularies and exact paths.

cattrs does the work. Its default coercions do not: null never becomes ``"None"``, a string never
a boolean or a list, and null is accepted only where a field says ``| None``. Fields nobody
declared are ignored, and kept in ``raw``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Generic, NewType, TypeVar, get_origin

import attrs
from attrs import field, frozen
from cattrs import BaseValidationError, ClassValidationError, Converter, IterableValidationError
from cattrs.cols import homogenous_tuple_structure_factory, list_structure_factory
from cattrs.errors import IterableValidationNote
from cattrs.gen import make_dict_structure_fn, override

from helpdesk_bridge.errors import HelpdeskError, InvalidArgument, ProtocolError
from helpdesk_bridge.kit.records import JsonRecord, WrongType, instant, json_name, read_record
from helpdesk_bridge.model import Problem

__all__ = [
    "CreatedId",
    "Id",
    "Vocabulary",
    "Wire",
    "WireFormat",
    "WrongType",
    "extra_query",
    "merge_extra",
    "read_one",
    "read_records",
    "refuse_extra",
]

T = TypeVar("T")
E = TypeVar("E")
R = TypeVar("R", bound=JsonRecord)

Id = NewType("Id", str)
"""A vendor's id: an integer or a non-empty string in JSON, always a str here."""


@frozen(kw_only=True, repr=False)
class Wire:
    """Base of a vendor's JSON objects. ``raw`` is the decoded object itself, not a copy."""

    raw: Mapping[str, Any] = field(factory=dict, eq=False)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.__repr__ = Wire.__repr__  # type: ignore[method-assign]  # attrs would write its own

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


@frozen(kw_only=True, repr=False)
class CreatedId(Wire):
    """All that must be understood of the answer to a write: the id of what was made."""

    id: Id


def _wrong(expected: str, value: Any) -> WrongType:
    return WrongType(f"expected {expected}, got {json_name(type(value))}")


def _exactly(kind: type[T]) -> Callable[[Any, Any], T]:
    def structure(value: Any, _: Any) -> T:
        if type(value) is not kind:
            raise _wrong(json_name(kind), value)
        result: T = value
        return result

    return structure


def _number(value: Any, _: Any) -> float:
    if type(value) not in (int, float):
        raise _wrong("a number", value)
    try:
        return float(value)
    except OverflowError:
        raise WrongType("expected a number of usual size") from None


def _id(value: Any, _: Any) -> str:
    if type(value) is int:
        return str(value)
    if type(value) is not str:
        raise _wrong("an id", value)
    if not value:
        raise WrongType("expected an id, got an empty string")
    return value


def _instant(value: Any, _: Any) -> datetime:
    if type(value) is not str:
        raise _wrong("a date and time", value)
    return instant(value)


class WireFormat:
    """A strict converter. ``json_name`` gives the JSON key of an attribute (default: the same)."""

    def __init__(self, json_name: Callable[[str], str] = str) -> None:
        self._json_name = json_name
        self._converter = converter = Converter(detailed_validation=True)
        for kind in (str, int, bool):
            converter.register_structure_hook(kind, _exactly(kind))
        converter.register_structure_hook(float, _number)
        converter.register_structure_hook(datetime, _instant)
        converter.register_structure_hook_func(lambda cls: cls is Id, _id)
        converter.register_structure_hook_func(
            lambda cls: _is_mapping(get_origin(cls)), _exactly(dict)
        )
        lists: Any = self._list_hook
        classes: Any = self._class_hook
        converter.register_structure_hook_factory(_is_list, lists)
        converter.register_structure_hook_factory(attrs.has, classes)
        converter.register_structure_hook_func(_is_record, read_record)

    def hook(self, kind: Any, read: Callable[[Any], Any]) -> None:
        """Have ``read`` turn JSON values into ``kind`` (a class or a NewType).

        It raises :class:`WrongType` for a value it does not take.
        """
        if isinstance(kind, type):  # a subclass of str would find the hook of str first
            self._converter.register_structure_hook(kind, lambda value, _: read(value))
        else:
            self._converter.register_structure_hook_func(
                lambda cls: cls is kind, lambda value, _: read(value)
            )

    def read(self, data: Any, into: type[T], path: str = "$") -> T:
        """Return ``data`` as ``into``, or raise ProtocolError naming the JSON path."""
        try:
            return self._converter.structure(data, into)
        except (BaseValidationError, WrongType) as error:
            where, what = self._locate(error, path)
        raise _odd(where, what)

    def read_each(
        self, data: Any, convert: Callable[[Any, str], T], path: str
    ) -> tuple[tuple[T, ...], tuple[Problem, ...]]:
        """Convert each record of a list; one that cannot be read does not lose the others."""
        items: list[T] = []
        problems: list[Problem] = []
        for index, record in enumerate(_listed(data, path)):
            try:
                items.append(convert(record, f"{path}[{index}]"))
            except HelpdeskError as error:
                problems.append(Problem(index=index, error=error, raw=record))
        return tuple(items), tuple(problems)

    def _class_hook(self, cls: type[Any], converter: Any) -> Callable[[Any, Any], Any]:
        keeps_raw = issubclass(cls, Wire)
        overrides = {
            a.name: override(rename=self._json_name(a.name), omit=keeps_raw and a.name == "raw")
            for a in attrs.fields(cls)
        }
        build = make_dict_structure_fn(cls, converter, **overrides)  # type: ignore[arg-type]

        def structure(value: Any, kind: Any) -> Any:
            if type(value) is not dict:
                raise _wrong("an object", value)
            made = build(value, kind)
            if keeps_raw:
                object.__setattr__(made, "raw", value)
            return made

        return structure

    def _list_hook(self, cls: Any, converter: Any) -> Callable[[Any, Any], Any]:
        mutable = get_origin(cls) is list
        factory = list_structure_factory if mutable else homogenous_tuple_structure_factory
        build: Callable[[Any, Any], Any] = factory(cls, converter)

        def structure(value: Any, kind: Any) -> Any:
            if type(value) is not list:
                raise _wrong("a list", value)
            return build(value, kind)

        return structure

    def _locate(self, error: BaseException, path: str) -> tuple[str, str]:
        if isinstance(error, (ClassValidationError, IterableValidationError)):
            inner, outer = error.group_exceptions()
            if inner:
                found, note = inner[0]
                if isinstance(note, IterableValidationNote):
                    return self._locate(found, f"{path}[{note.index}]")
                return self._locate(found, f"{path}.{self._json_name(note.name)}")
            return self._locate(outer[0], path)
        if isinstance(error, KeyError):
            return path, "a required field is missing"
        if isinstance(error, WrongType):
            return path + error.place, str(error)
        return path, "the value is not acceptable"


def read_one(data: Any, into: type[R], convert: Callable[[R], T], path: str = "$") -> T:
    """Convert a record once it is checked, or raise ProtocolError naming the JSON path.

    ``convert`` may raise WrongType with the place of what it does not take.
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

    Not by :meth:`WireFormat.read_each`: to name the place of each record, also of those that are
    right, takes a tenth of reading it.
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


def _listed(data: Any, path: str) -> list[Any]:
    if type(data) is not list:
        raise _odd(path, str(_wrong("a list", data)))
    return data


def _odd(path: str, what: str) -> ProtocolError:
    return ProtocolError(f"{path}: {what}.", path=path)


def _is_record(cls: Any) -> bool:
    return isinstance(cls, type) and issubclass(cls, JsonRecord)


def _is_list(cls: Any) -> bool:
    return get_origin(cls) in (tuple, list)


def _is_mapping(origin: Any) -> bool:
    """Say whether a generic's origin is a mapping."""
    return isinstance(origin, type) and issubclass(origin, Mapping)


class Vocabulary(Generic[E]):
    """A table between a vendor's words and ours, both ways.

    ``reads`` may know several spellings of one thing; ``writes`` says the one to send. A word that
    is in no table reads as ``unknown``; a value that has no word is refused when written.
    """

    def __init__(self, *, reads: Mapping[str, E], writes: Mapping[E, str], unknown: E) -> None:
        self.reads = dict(reads)
        self.writes = dict(writes)
        self._unknown = unknown

    def read(self, word: str) -> E:
        """Return our value for the vendor's ``word``, whatever its case."""
        return self.reads.get(word) or self.reads.get(word.lower(), self._unknown)

    def write(self, value: E) -> str:
        """Return the vendor's word for ``value``, or raise InvalidArgument."""
        try:
            return self.writes[value]
        except KeyError:
            known = ", ".join(str(key) for key in self.writes)
        raise InvalidArgument(f"the vendor has no word for {value}; it knows {known}.")

    def writable(self) -> frozenset[E]:
        """Return the values that can be written."""
        return frozenset(self.writes)


def merge_extra(body: dict[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Put the caller's ``extra`` into ``body``; a key the model set is InvalidArgument."""
    twice = sorted(set(body) & set(extra))
    if twice:
        raise InvalidArgument(f"extra sets {', '.join(twice)}, which the call sets already.")
    return {**body, **extra}


def refuse_extra(extra: Mapping[str, Any], names: Iterable[str]) -> None:
    """Raise InvalidArgument if ``extra`` has one of ``names``, such as a note's recipients."""
    named = sorted(set(names) & set(extra))
    if named:
        raise InvalidArgument(f"extra must not set {', '.join(named)} here.")


def extra_query(extra: Mapping[str, Any], taken: Iterable[str]) -> list[tuple[str, str]]:
    """Return the caller's own query parameters as pairs: a value is a str, a number or a list.

    A parameter the call sets already, or a value that is none of these, is InvalidArgument.
    """
    refuse_extra(extra, taken)
    pairs: list[tuple[str, str]] = []
    for name, given in extra.items():
        values = given if isinstance(given, (list, tuple)) else [given]
        if not all(isinstance(value, (str, int)) for value in values):
            raise InvalidArgument(f"extra gives {name} neither a str nor a list of them.")
        pairs += [(name, str(value)) for value in values]
    return pairs
