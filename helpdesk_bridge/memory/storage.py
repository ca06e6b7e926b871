"""Keeps a Store and its database equal: one change after another, each one completed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Future
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from helpdesk_bridge.kit import errors
from helpdesk_bridge.memory.store import Store
from helpdesk_bridge.model.disk import OwnThread
from helpdesk_bridge.model.disk_threads import NoThread
from helpdesk_bridge.model.home import Home
from helpdesk_bridge.model.slots import Slots
from helpdesk_bridge.transport import held_back, to_its_end, waiting_for

if TYPE_CHECKING:
    from helpdesk_bridge.memory.database import Database

__all__ = ["Storage", "plain"]

T = TypeVar("T")

_PATIENCE = 30.0
"""Seconds that closing waits for the disk."""
_MOST_LEVELS = 200
"""How deep the values of custom fields are: each level takes several frames to write and read."""


class Storage:
    """A Store that is kept at ``path``; the file is opened by the first call, in its own thread.

    ``store`` holds what is on the disk, never more and never less: a change is tried in a branch
    of it, written, and only then merged. What is changed in ``store`` itself is not kept.

    The work in the thread is no task, and what ends all tasks, or the event loop, does not end it.
    Where nobody was left to hear what came of it, the file is read again.
    """

    def __init__(self, path: Path) -> None:
        self.store = Store()
        self._path = path
        self._lock = Slots(1)
        self._home = Home(may_move=True, on_move=self._moved)
        self._thread = OwnThread("helpdesk-bridge-memory")
        self._database: Database | None = None
        """The open file. Its thread alone sets it, so that none is left open for nobody."""
        self._is_read = False
        """Whether ``store`` holds what is on the disk."""
        self._running: asyncio.Future[None] | None = None
        self._closed = False

    async def read(self) -> Store:
        """Return the Store as it is on the disk."""
        self._check_home()
        if not self._is_read:
            async with self._turn():
                await self._open()
        return self.store

    def _check_home(self) -> None:
        trouble = self._home.trouble()
        if trouble:
            raise errors.ConfigurationError(
                f"the database {self._path} {trouble}: make a desk with a file of its own in each"
                " event loop, thread and process.",
                key="path",
                reason=errors.Reason.STORAGE,
            )

    def _moved(self) -> None:
        """Begin anew in another event loop: the calls of the closed one have gone with it."""
        self._lock = Slots(1)
        if self._running is not None:  # what came of it was told to nobody
            self._running, self._is_read = None, False

    async def write(self, ticket_id: int | None, change: Callable[[Store], T]) -> T:
        """Return ``change(branch)`` once all of it is on the disk, or keep nothing of it.

        ``change`` may touch only this ticket (None: make new ones). A cancellation while it is
        written waits for that, and is raised then; the deadline of the call does not wait. Raises
        what ``change`` raises, VendorUnavailable when nothing could be written, OutcomeUnknown when
        that cannot be told; the Store is then read from the disk again. A call that ends before
        it has its turn has written nothing.
        """
        with held_back() as begin:
            async with self._turn():
                await self._open()
                branch = self.store.branch(ticket_id)
                since = branch.last_number
                result = change(branch)
                branch.number_changes()
                begin()
                await self._run(
                    lambda: self._save(branch, since), lambda _: self.store.merge(branch)
                )
                return result

    async def aclose(self) -> None:
        """Close the database after what is being written; may be called again.

        A disk that is silent for long is not waited for: its thread closes the file later.
        """
        self._check_home()
        self._closed = True
        try:
            if self._thread.started:
                closing = asyncio.wrap_future(self._thread.submit(self._close))
                done, _ = await asyncio.wait((closing,), timeout=_PATIENCE)
                for one in done:
                    one.result()
        finally:
            self._thread.close()

    async def _open(self) -> None:
        self._check_open()
        if not self._is_read:
            await self._run(self._load, self._loaded)
            self._check_open()

    def _check_open(self) -> None:
        if self._closed:  # a call that waited while the desk was being closed
            raise errors.DeskClosed("the desk is closed.")

    def _load(self) -> Store:
        from helpdesk_bridge.memory.database import Database  # imports sqlite3

        self._close()
        self._database = Database(self._path)
        return self._database.load()

    def _loaded(self, store: Store) -> None:
        self.store.replace(store)
        self._is_read = True

    def _save(self, branch: Store, since: int) -> None:
        assert self._database is not None  # noqa: S101 - it was read before
        self._database.save(branch, since)

    def _close(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            database.close()

    async def _run(self, action: Callable[[], T], then: Callable[[T], None]) -> None:
        """Run ``action`` in the database's thread and ``then`` here, cancelled meanwhile or not."""
        work = asyncio.wrap_future(self._submitted(action))
        ended = self._running = asyncio.get_running_loop().create_future()

        def end(work: asyncio.Future[T]) -> None:
            self._running = None
            try:
                then(work.result())
            except BaseException as error:  # noqa: BLE001 - whoever waits gets it
                if not isinstance(error, errors.VendorUnavailable):  # which wrote nothing
                    self._is_read = False
                ended.set_exception(error)
            else:
                ended.set_result(None)

        work.add_done_callback(end)
        with waiting_for("the database"):
            await to_its_end(ended)

    def _submitted(self, action: Callable[[], T]) -> Future[T]:
        try:
            return self._thread.submit(action)
        except NoThread as error:
            trouble = error.strerror
        raise errors.VendorUnavailable(
            f"the database {self._path} cannot be used: {trouble}.",
            outcome=errors.Outcome.NOT_SENT,
            reason=errors.Reason.STORAGE,
        )

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Hold the lock, also for what is still running when nobody waits for it any more."""
        self._check_home()
        lock = self._lock
        with waiting_for("its turn at the database"):
            await lock.acquire()
        try:
            yield
        finally:
            if self._running is None:
                lock.release()
            else:
                self._running.add_done_callback(lambda _: lock.release())


def plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return custom fields as they will be after a restart.

    InvalidArgument if JSON has no such value, or if it is too deep to be read again.
    """
    try:
        found: dict[str, Any] = json.loads(json.dumps(fields))
    except (TypeError, ValueError, RecursionError):
        pass
    else:
        if not _is_deep(found):
            return found
    raise errors.InvalidArgument(
        "custom_fields can hold only what JSON has: text, numbers, booleans, None, lists, mappings,"
        f" at most {_MOST_LEVELS} levels deep."
    )


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_MOST_LEVELS + 1):
        inner = [one.values() if isinstance(one, dict) else one for one in level]
        level = [one for some in inner for one in some if isinstance(one, (dict, list))]
        if not level:
            return False
    return True
