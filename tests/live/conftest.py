"""Servers of others that run on this machine; tests are skipped where they cannot be had."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.live import request_tracker as rt
from tests.live import roundup as ru


@pytest.fixture(scope="session")
def request_tracker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[rt.RequestTracker]:
    """A Request Tracker 5 with a database of its own, for the whole run."""
    if why := rt.missing():
        pytest.skip(why)
    with rt.started(tmp_path_factory.mktemp("request-tracker")) as server:
        yield server


@pytest.fixture(scope="session")
def roundup_programs() -> Iterator[Path]:
    """Roundup in a virtual environment of its own, kept where the variable says."""
    with TemporaryDirectory() as made:
        # The server is no longer root when it imports the rest of its modules.
        Path(made).chmod(0o755)
        programs = ru.installed(Path(os.environ.get(ru.ENVIRONMENT) or made))
        if isinstance(programs, str):
            pytest.skip(programs)
        yield programs


@pytest.fixture
def roundup(roundup_programs: Path) -> Iterator[ru.Roundup]:
    """A Roundup that grants three calls an hour, and has granted none yet."""
    with ru.started(roundup_programs, calls=3, seconds=3600) as server:
        yield server


@pytest.fixture
def brisk_roundup(roundup_programs: Path) -> Iterator[ru.Roundup]:
    """A Roundup that grants three calls in 30 seconds, and has granted none yet."""
    with ru.started(roundup_programs, calls=3, seconds=30) as server:
        yield server
