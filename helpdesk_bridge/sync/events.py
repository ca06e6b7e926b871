"""To be written."""

from __future__ import annotations

from typing import Any


async def read_events(*args: Any, **kwargs: Any) -> Any:
    raise NotImplementedError
    yield
