"""The base of what can leave the process: to_dict and from_dict know it, and so does pydantic."""

from __future__ import annotations

from typing import Any

__all__ = ["Value"]


class Value:
    """A value of the model. Its shape is read from its fields: see ``model/shapes.py``.

    Pydantic asks these two methods, and only then is anything of pydantic imported.
    """

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from helpdesk_bridge.model.pydantic_schema import core_schema

        return core_schema(source)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> Any:
        from helpdesk_bridge.model.pydantic_schema import json_schema

        return json_schema(schema, handler)
