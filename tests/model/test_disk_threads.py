"""A folder whose disk hangs holds up itself alone."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from helpdesk_bridge.desk.download import save
from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model import Upload
from helpdesk_bridge.model.disk import in_thread
from helpdesk_bridge.model.disk_threads import AT_ONCE, DiskThreads
from tests.forked import in_a_fork, needs_fork, outcome

HUNG, GOOD = Path("hung"), Path("good")


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


@pytest.mark.asyncio
async def test_a_folder_that_hangs_holds_up_no_other() -> None:
    go, begun, loop = threading.Event(), asyncio.Semaphore(0), asyncio.get_running_loop()
    running = 0

    def hang() -> None:
        nonlocal running
        running += 1
        loop.call_soon_threadsafe(begun.release)
        assert go.wait(60)

    works = [asyncio.create_task(in_thread(hang, HUNG)) for _ in range(AT_ONCE + 5)]
    for _ in range(AT_ONCE):
        await begun.acquire()
    assert await in_thread(lambda: "done", GOOD) == "done"
    assert await loop.getaddrinfo("localhost", 80)
    assert running == AT_ONCE
    works[-1].cancel()
    await asyncio.gather(works[-1], return_exceptions=True)
    go.set()
    await asyncio.gather(*works[:-1])
    assert running == AT_ONCE + 4  # who gave up waiting for a thread needs none


@pytest.mark.asyncio
async def test_the_threads_of_the_event_loop_touch_no_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any) -> Any:
        raise AssertionError("these threads are for names of hosts")

    (tmp_path / "a").write_bytes(b"abc")
    monkeypatch.setattr(asyncio.get_running_loop(), "run_in_executor", refused)
    assert await Upload("a", data=tmp_path / "a").read() == b"abc"
    assert await Upload("a", data=chunks(b"ab", b"c"), size=3).read() == b"abc"
    assert (await save(chunks(b"abc"), tmp_path, "b")).read_bytes() == b"abc"


@pytest.mark.asyncio
async def test_a_thread_is_used_again() -> None:
    threads = {await in_thread(threading.current_thread, GOOD) for _ in range(50)}
    assert len(threads) < 10
    assert all(thread.daemon for thread in threads)


@pytest.mark.asyncio
async def test_an_error_is_that_of_the_action() -> None:
    def fail() -> None:
        raise OSError(5, "x")

    with pytest.raises(OSError, match="x"):
        await in_thread(fail, GOOD)


@needs_fork
def test_a_fork_has_threads_of_its_own() -> None:
    async def main() -> int:
        return await in_thread(os.getpid, GOOD)

    assert asyncio.run(main()) == os.getpid()
    told = in_a_fork(lambda: f"{outcome(main)} {os.getpid()}")
    assert told.split()[1] == told.split()[2] != str(os.getpid())


@pytest.mark.asyncio
async def test_a_system_without_threads_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    (tmp_path / "a").write_bytes(b"abc")
    monkeypatch.setattr(threading.Thread, "start", refused)
    with pytest.raises(InvalidArgument, match="no thread can be started"):
        await Upload("a", data=tmp_path / "a").measure()
    monkeypatch.undo()
    assert await Upload("a", data=tmp_path / "a").measure() == 3


def test_threads_that_have_nothing_to_do_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("helpdesk_bridge.model.disk_threads._IDLE", 0.01)
    own = DiskThreads()
    thread = own.submit("x", threading.current_thread).result(30)
    thread.join(30)
    assert own._folders == {}
    assert own.submit("x", int).result(30) == 0


def test_the_end_of_a_process_waits_for_no_disk() -> None:
    program = """
import asyncio, threading
from pathlib import Path
from helpdesk_bridge.model.disk import in_thread

async def main():
    begun = threading.Event()
    def hang():
        begun.set()
        threading.Event().wait()
    task = asyncio.create_task(in_thread(hang, Path("x")))
    await asyncio.to_thread(begun.wait)

asyncio.run(main())
print("ended")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "ended\n", "")
