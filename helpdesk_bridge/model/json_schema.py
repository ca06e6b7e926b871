"""The JSON Schema of what is written of a value of the model."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from helpdesk_bridge.model.shapes import TABLES, Entry, entries, is_value, name_of, origin_of

__all__ = ["DEFINITIONS", "body_of", "schema_of"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DEFINITIONS = "#/$defs/"
_TIME = (
    r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?Z$"
)
_NOTE = {  # a rule of Message
    "if": {"properties": {"type": {"const": "note"}}, "required": ["type"]},
    "then": {"properties": {"audience": {"const": "internal"}}, "required": ["audience"]},
}
_PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time", "pattern": _TIME},
    type(None): {"type": "null"},
    Any: {},
}


def schema_of(kind: Any) -> dict[str, Any]:
    """Return the whole schema of a class, with what it refers to."""
    needed: dict[str, Any] = {}
    body = body_of(kind, needed)
    definitions: dict[str, Any] = {}
    while len(definitions) < len(needed):
        for name, one in list(needed.items()):
            if name not in definitions:
                definitions[name] = body_of(one, needed)
    whole = {"$schema": DIALECT, **body}
    return {**whole, "$defs": dict(sorted(definitions.items()))} if definitions else whole


def body_of(kind: Any, needed: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a class; what it refers to by name is added to ``needed``."""
    words, one_of_it = TABLES.get(origin_of(kind), ((), None))
    if one_of_it is not None:
        fields = [Entry(one.value, one.value, one_of_it, is_required=False) for one in words]
    else:
        fields = list(entries(kind))
    text = inspect.getdoc(origin_of(kind)) or ""
    body: dict[str, Any] = {
        "title": name_of(kind),
        "description": " ".join(text.partition("\n\n")[0].split()),
        "type": "object",
        "properties": {one.key: _of(one.type, needed) for one in fields},
    }
    required = [one.key for one in fields if one.is_required]
    if "derived_body" in body["properties"]:
        body["properties"]["derived_body"] = {"enum": ["html", "text", None]}
        body |= _NOTE
    return {**body, "required": required} if required else body


def _of(kind: Any, needed: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of the type of a field."""
    plain = _PLAIN.get(getattr(kind, "__supertype__", kind))
    if plain is not None:
        return dict(plain)
    if isinstance(kind, TypeVar) or get_origin(kind) is Mapping:
        return {"type": "object"}
    if is_value(kind):
        return {"$ref": DEFINITIONS + _named(kind, needed)}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"type": "string", "enum": [one.value for one in kind]}
    arguments = get_args(kind)
    if get_origin(kind) in (Union, UnionType):
        return {"anyOf": [_of(one, needed) for one in arguments]}
    several = {"type": "array", "items": _of(arguments[0], needed)}
    return {**several, "uniqueItems": True} if get_origin(kind) is frozenset else several


def _named(kind: Any, needed: dict[str, Any]) -> str:
    """Return the name of a class under which it is in ``needed``: two may be called alike."""
    name = name_of(kind)
    while needed.setdefault(name, kind) != kind:
        name += "_"
    return name
