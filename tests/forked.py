"""Runs something in a forked process and hears what came of it."""

from __future__ import annotations

import asyncio
import os
import threading
import warnings
from collections.abc import Awaitable, Callable

import pytest

__all__ = ["in_a_fork", "in_a_thread", "needs_fork", "outcome"]

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


def outcome(work: Callable[[], Awaitable[object]]) -> str:
    """Return what ``work()`` comes to in an event loop of its own, in words."""

    async def main() -> object:
        return await work()

    try:
        return f"returned {asyncio.run(main())!r}"
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is told
        return f"{type(error).__name__}: {error}"


def in_a_fork(work: Callable[[], str]) -> str:
    """Return what ``work()`` returns in a process that is forked from here."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # From Python 3.12 on it is warned of threads, which is why all this must be tried.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            os.write(writing, work().encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read().decode()
    os.waitpid(child, 0)
    return told


def in_a_thread(work: Callable[[], str]) -> str:
    """Return what ``work()`` returns in another thread."""
    told: list[str] = []
    thread = threading.Thread(target=lambda: told.append(work()))
    thread.start()
    thread.join()
    return told[0]
