"""What pydantic is told of a value of the model, once it asks."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, get_args

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model.json_schema import DEFINITIONS, body_of
from helpdesk_bridge.model.pydantic_dump import dump
from helpdesk_bridge.model.serialise import from_dict
from helpdesk_bridge.model.shapes import origin_of
from helpdesk_bridge.model.value import Value

__all__ = ["core_schema", "json_schema"]

_SOURCE = "helpdesk_bridge"


def core_schema(source: Any) -> Any:
    """Return how pydantic validates and writes a class: as from_dict and to_dict do."""
    schemas: Any = import_module("pydantic_core").core_schema
    return schemas.no_info_plain_validator_function(
        _validator(source),
        ref=_reference_of(source),
        serialization=schemas.plain_serializer_function_ser_schema(dump, info_arg=True),
        metadata={_SOURCE: source},
    )


def _reference_of(source: Any) -> str:
    """Return what pydantic knows a class by, in its own form: two may be called alike."""
    cls = origin_of(source)
    of = ",".join(_reference_of(one) for one in get_args(source))
    name = f"{cls.__module__}.{cls.__qualname__}:{id(cls)}"
    return f"{name}[{of}]" if of else name


def _validator(source: Any) -> Callable[[Any], Any]:
    refusal: Any = import_module("pydantic_core").PydanticCustomError

    def validate(value: Any) -> Any:
        try:
            return from_dict(source, value)
        except InvalidArgument as error:
            raise refusal("helpdesk_bridge", "{why}", {"why": error.message}) from None

    return validate


def json_schema(schema: Any, handler: Any) -> dict[str, Any]:
    """Return the JSON Schema of a class, which refers to others as pydantic has it."""
    needed: dict[str, Any] = {}
    body = body_of(schema["metadata"][_SOURCE], needed)
    places = {DEFINITIONS + name: _reference(one, handler) for name, one in needed.items()}
    found: dict[str, Any] = _referring(body, places)
    return found


def _reference(kind: Any, handler: Any) -> dict[str, Any]:
    """Return what refers to ``kind`` where pydantic puts its schema; that of an error is here."""
    if not issubclass(origin_of(kind), Value):
        return body_of(kind, {})
    schemas: Any = import_module("pydantic_core").core_schema
    inner = import_module("pydantic").TypeAdapter(kind).core_schema
    place: dict[str, Any] = handler(schemas.list_schema(inner))["items"]  # by itself it has none
    return place


def _referring(part: Any, places: dict[str, dict[str, Any]]) -> Any:
    if isinstance(part, dict):
        if "$ref" in part:
            return places[part["$ref"]]
        return {key: _referring(value, places) for key, value in part.items()}
    return [_referring(one, places) for one in part] if isinstance(part, list) else part
