"""Locks beside files that cannot be taken: another user's, and what is none."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

__all__ = ["bar", "lock_of"]


def lock_of(path: Path) -> Path:
    """Return the file of the lock of the file at ``path``."""
    return path.with_name(f"{path.name}-lock")


def bar(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave a lock beside ``path`` that this process may not open, though it be root's."""
    lock_of(path).touch()
    opened = os.open

    def refused(place: Any, *given: Any, **named: Any) -> int:
        if place == lock_of(path):
            raise PermissionError(13, "Permission denied")
        return opened(place, *given, **named)

    monkeypatch.setattr(os, "open", refused)
