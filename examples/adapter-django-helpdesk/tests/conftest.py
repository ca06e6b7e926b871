"""The servers of these tests, one of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from live import Server, serve


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a django-helpdesk with the package's defaults."""
    with serve(folder(tmp_path_factory), strict=False) as server:
        yield server


@pytest.fixture(scope="session")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a django-helpdesk with tokens, and notes that mail nobody."""
    with serve(folder(tmp_path_factory), strict=True) as server:
        yield server


def folder(factory: pytest.TempPathFactory) -> Path:
    """Return an empty folder."""
    return factory.mktemp("desk")
