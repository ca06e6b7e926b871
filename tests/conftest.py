"""Fixtures every test may use."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from unittest.mock import Mock

import aiohttp
import pytest
from aioresponses import aioresponses, core

pytest_plugins = ["helpdesk_bridge.testing.plugin"]


class _Response(aiohttp.ClientResponse):
    """Gives aioresponses 0.7.9 the argument that aiohttp requires since 3.14."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        kwargs.setdefault("stream_writer", Mock(output_size=0))
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]


@pytest.fixture
def responses(monkeypatch: pytest.MonkeyPatch) -> Iterator[aioresponses]:
    """Answers requests without a socket; for mapping tests only, since it bypasses the client."""
    if "stream_writer" in inspect.signature(aiohttp.ClientResponse.__init__).parameters:
        monkeypatch.setattr(core, "ClientResponse", _Response)
    with aioresponses() as mocked:
        yield mocked
