"""Turn the values of a configuration into settings: strictly, with exact paths.

cattrs does the work. Its default coercions do not: null never becomes ``"None"``, a string never
a boolean or a list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar, get_origin

import attrs
from cattrs import BaseValidationError, ClassValidationError, Converter, IterableValidationError
from cattrs.cols import homogenous_tuple_structure_factory, list_structure_factory
from cattrs.errors import IterableValidationNote
from cattrs.gen import make_dict_structure_fn

from helpdesk_bridge.errors import ProtocolError
from helpdesk_bridge.kit.json import WrongType, instant, json_name

__all__ = ["StrictConverter"]

T = TypeVar("T")


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


def _instant(value: Any, _: Any) -> datetime:
    if type(value) is not str:
        raise _wrong("a date and time", value)
    return instant(value)


class StrictConverter:
    """A strict converter for attrs classes: null only where a field says ``| None``."""

    def __init__(self) -> None:
        self._converter = converter = Converter(detailed_validation=True)
        for kind in (str, int, bool):
            converter.register_structure_hook(kind, _exactly(kind))
        converter.register_structure_hook(float, _number)
        converter.register_structure_hook(datetime, _instant)
        converter.register_structure_hook_func(
            lambda cls: _is_mapping(get_origin(cls)), _exactly(dict)
        )
        lists: Any = self._list_hook
        classes: Any = self._class_hook
        converter.register_structure_hook_factory(_is_list, lists)
        converter.register_structure_hook_factory(attrs.has, classes)

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
        raise ProtocolError(f"{where}: {what}.", path=where)

    def _class_hook(self, cls: type[Any], converter: Any) -> Callable[[Any, Any], Any]:
        build = make_dict_structure_fn(cls, converter)

        def structure(value: Any, kind: Any) -> Any:
            if type(value) is not dict:
                raise _wrong("an object", value)
            return build(value, kind)

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
                return self._locate(found, f"{path}.{note.name}")
            return self._locate(outer[0], path)
        if isinstance(error, KeyError):
            return path, "a required field is missing"
        if isinstance(error, WrongType):
            return path + error.place, str(error)
        return path, "the value is not acceptable"


def _is_list(cls: Any) -> bool:
    return get_origin(cls) in (tuple, list)


def _is_mapping(origin: Any) -> bool:
    """Say whether a generic's origin is a mapping."""
    return isinstance(origin, type) and issubclass(origin, Mapping)
