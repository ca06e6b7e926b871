"""A limiter whose file is read by its own program lets no other process in meanwhile."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from helpdesk_bridge.errors import ConnectFailed, Reason
from helpdesk_bridge.transport import shared_limits as limits
from helpdesk_bridge.transport.shared_limits import FileLimiter
from tests.locks import bar, lock_of
from tests.vendors import ROOT

_ACQUIRE = """
import asyncio, sys
from helpdesk_bridge.transport import shared_limits as limits
limits._PATIENCE = 0.1
async def main():
    try:
        print(await limits.FileLimiter("1/hour", sys.argv[1])._take() <= 0)
    except Exception as error:
        print(type(error).__name__)
asyncio.run(main())
"""


def _elsewhere(path: Path) -> str:
    command = [sys.executable, "-c", _ACQUIRE, str(path)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps its locks")
@pytest.mark.asyncio
async def test_a_copy_within_a_transaction_gives_one_permit_to_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, told = tmp_path / "rate.db", []
    taken = limits._File._taken

    def copied(self: Any, *given: Any) -> float:
        wait = taken(self, *given)
        path.read_bytes()
        told.append(_elsewhere(path))
        return wait

    monkeypatch.setattr(limits._File, "_taken", copied)
    limiter = FileLimiter("1/hour", path)
    await limiter.acquire()
    assert told == ["ConnectFailed\n"]
    assert _elsewhere(path) == "False\n"
    limiter.release(used=True)
    limiter.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps its locks")
@pytest.mark.asyncio
async def test_a_lock_that_cannot_be_taken_is_told_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "_PATIENCE", 0.05)
    path, other = tmp_path / "rate.db", tmp_path / "other.db"
    bar(path, monkeypatch)
    lock_of(other).write_bytes(b"mine")
    for file, why in (
        (path, f"another user has the lock {lock_of(path)}, which"),
        (other, f"{lock_of(other)}, the place of its lock, holds something else"),
    ):
        limiter = FileLimiter("1/hour", file)
        with pytest.raises(ConnectFailed) as caught:
            await limiter.acquire()
        assert f"the shared rate limit cannot be asked: {why}" in caught.value.message
        assert caught.value.reason is Reason.LIMITER
        limiter.close()
    assert lock_of(other).read_bytes() == b"mine"
