"""Threads for what may wait for a disk: apart from all others, and a number for each folder."""

from __future__ import annotations

import errno
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from attrs import define, field

from helpdesk_bridge.model import forks

__all__ = ["AT_ONCE", "DISK_THREADS", "DiskThreads", "NoThread"]

T = TypeVar("T")

AT_ONCE = 32
"""How many threads one folder may have."""
_IDLE = 1.0
"""Seconds for which a thread without work waits for more."""


class NoThread(OSError):
    """The system starts no more threads for this process; what was asked for is not done."""

    def __init__(self) -> None:
        super().__init__(errno.EAGAIN, "no thread can be started")


@define(eq=False)
class _Folder:
    """What is to be done in one folder, and how many are at it."""

    changed: threading.Condition
    work: deque[tuple[Future[Any], Callable[[], Any]]] = field(factory=deque, init=False)
    threads: int = field(default=0, init=False)
    idle: int = field(default=0, init=False)


class DiskThreads:
    """Does work on folders, each in threads of its own.

    A disk that hangs, a network's for one, holds the threads that use it. The event loop's own
    threads also look up the names of hosts, so that a few files would stop every request. Here such
    a folder holds up itself alone. A process that ends waits for none of these threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._folders: dict[str, _Folder] = {}
        forks.watch(self)

    def forked(self) -> None:
        """Begin anew: the threads are the parent's."""
        self._lock, self._folders = threading.Lock(), {}

    def submit(self, folder: str, action: Callable[[], T]) -> Future[T]:
        """Have ``action`` done in a thread of ``folder``, and return the future of its result.

        NoThread if none can be started.
        """
        future: Future[T] = Future()
        with self._lock:
            here = self._folders.get(folder)
            if here is None:
                here = self._folders[folder] = _Folder(threading.Condition(self._lock))
            here.work.append((future, action))
            if len(here.work) <= here.idle:
                here.changed.notify()
            elif here.threads < AT_ONCE:
                self._start(folder, here)
        return future

    def _start(self, folder: str, here: _Folder) -> None:
        thread = threading.Thread(
            target=self._serve, args=(folder, here), name="helpdesk_bridge disk", daemon=True
        )
        here.threads += 1
        try:
            thread.start()
        except RuntimeError:
            here.threads -= 1
            if here.threads:
                return  # another one will come to it
            del self._folders[folder]
            raise NoThread from None

    def _serve(self, folder: str, here: _Folder) -> None:
        while True:
            with here.changed:
                here.idle += 1
                here.changed.wait_for(lambda: here.work, _IDLE)
                here.idle -= 1
                if not here.work:
                    here.threads -= 1
                    if not here.threads:
                        del self._folders[folder]
                    return
                future, action = here.work.popleft()
            _do(future, action)
            del future, action  # a thread without work holds nothing


def _do(future: Future[T], action: Callable[[], T]) -> None:
    try:
        if future.set_running_or_notify_cancel():
            future.set_result(action())
    except BaseException as error:  # noqa: BLE001 - whoever waits gets it
        future.set_exception(error)
    finally:
        del future, action  # the error leads here, and would hold itself


DISK_THREADS = DiskThreads()
"""Those of this process."""
