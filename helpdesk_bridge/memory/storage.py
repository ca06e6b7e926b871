"""Keeps a Store and its database equal: one change after another, each one completed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from helpdesk_bridge.kit import errors
from helpdesk_bridge.memory.store import Store
from helpdesk_bridge.model.disk import OwnThread
from helpdesk_bridge.model.home import Home
from helpdesk_bridge.model.slots import Slots
from helpdesk_bridge.transport import to_its_end, waiting_for

if TYPE_CHECKING:
    from helpdesk_bridge.memory.database import Database

__all__ = ["Storage", "plain"]

T = TypeVar("T")


class Storage:
    """A Store that is kept at ``path``; the file is opened by the first call, in its own thread.

    ``store`` holds what is on the disk, never more and never less: a change is tried in a branch
    of it, written, and only then merged. What is changed in ``store`` itself is not kept.
    """

    def __init__(self, path: Path) -> None:
        self.store = Store()
        self._path = path.absolute()
        self._lock = Slots(1)
        self._home = Home(may_move=True)
        self._thread = OwnThread("helpdesk-bridge-memory")
        self._database: Database | None = None
        self._running: asyncio.Future[None] | None = None
        self._closed = False

    async def read(self) -> Store:
        """Return the Store as it is on the disk."""
        if self._database is None:
            async with self._turn():
                await self._open()
        self._check_home()
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

    async def write(self, ticket_id: int | None, change: Callable[[Store], T]) -> T:
        """Return ``change(branch)`` once all of it is on the disk, or keep nothing of it.

        ``change`` may touch only this ticket (None: make new ones). A cancellation while it is
        written waits for that, and is raised then; the deadline of the call does not wait. Raises
        what ``change`` raises, VendorUnavailable when nothing could be written, OutcomeUnknown when
        that cannot be told; the Store is then read from the disk again.
        """
        async with self._turn():
            database = await self._open()
            branch = self.store.branch(ticket_id)
            since = branch.last_number
            result = change(branch)
            await self._run(
                lambda: database.save(branch, since), lambda _: self.store.merge(branch)
            )
            return result

    async def aclose(self) -> None:
        """Close the database after what is being written; may be called again."""
        async with self._turn():
            self._closed = True
            database, self._database = self._database, None
            try:
                if database is not None:
                    await self._run(database.close, lambda _: None)
            finally:
                self._thread.close()

    async def _open(self) -> Database:
        if self._closed:  # a call that waited for the lock while the desk was being closed
            raise errors.DeskClosed("the desk is closed.")
        if self._database is None:
            await self._run(self._load, self._loaded)
        assert self._database is not None  # noqa: S101 - set by _loaded
        return self._database

    def _load(self) -> tuple[Database, Store]:
        from helpdesk_bridge.memory.database import Database  # imports sqlite3

        database = Database(self._path)
        return database, database.load()

    def _loaded(self, found: tuple[Database, Store]) -> None:
        self._database, store = found
        self.store.replace(store)

    async def _run(self, action: Callable[[], T], then: Callable[[T], None]) -> None:
        """Run ``action`` in the database's thread and ``then`` here, cancelled meanwhile or not."""
        self._running = asyncio.ensure_future(self._run_through(action, then))
        with waiting_for("the database"):
            await to_its_end(self._running)

    async def _run_through(self, action: Callable[[], T], then: Callable[[T], None]) -> None:
        try:
            then(await self._thread.run(action))
        except errors.OutcomeUnknown:
            self._database = None  # it is closed; the next call reads it again
            raise

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Hold the lock, also for what is still running when nobody waits for it any more."""
        self._check_home()
        await self._lock.acquire()
        try:
            yield
        finally:
            if self._running is None or self._running.done():
                self._lock.release()
            else:
                self._running.add_done_callback(lambda _: self._lock.release())


def plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return custom fields as they will be after a restart; InvalidArgument if JSON has no such."""
    try:
        found: dict[str, Any] = json.loads(json.dumps(fields))
    except (TypeError, ValueError, RecursionError):
        pass
    else:
        return found
    raise errors.InvalidArgument(
        "custom_fields can hold only what JSON has: text, numbers, booleans, None, lists, mappings."
    )
