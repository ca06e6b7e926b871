"""Rate limits that several processes share: ``TransportOptions(limiter=…)``.

A vendor counts an account's requests, not a process's. :class:`FileLimiter` is for the processes
of one machine, :class:`RedisLimiter` for several machines. Both are exact windows, as the one
within a process is: a permit counts from when it is taken until one period after its request was
answered, so there are never more than the rate allows in any period by the vendor's own count.

Within a process it is first come first served; between processes it is whoever asks first. Those
who yield come after all others, of whatever process. The
permit of a process that dies counts for two minutes and a period, so no request should take longer
than two minutes.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import time
import uuid
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from helpdesk_bridge.errors import Cause, ConfigurationError
from helpdesk_bridge.errors.frames import sealed
from helpdesk_bridge.model.disk import OwnThread, path_of
from helpdesk_bridge.model.disk_threads import NoThread
from helpdesk_bridge.model.file_lock import FileLock, LockBarred, LockReplaced
from helpdesk_bridge.model.slots import Slots
from helpdesk_bridge.transport import clock
from helpdesk_bridge.transport.log import attributes
from helpdesk_bridge.transport.rate_limits import Limiter, Rate, SlidingWindow, unasked
from helpdesk_bridge.transport.redis_store import RedisStore

__all__ = ["FileLimiter", "Limiter", "Rate", "RedisLimiter", "SlidingWindow"]

log = logging.getLogger(__name__)

_LONGEST = 120.0
"""How long a request may take (seconds) before its process counts as dead."""
_POLL = 1.0
"""How often at least (seconds) a waiting process looks whether another gave a permit back."""
_MARK = 2 * _POLL
"""How long (seconds) a process that waits counts as waiting after it has asked."""
_PATIENCE = 5.0
"""How long (seconds) the file or Redis may take to answer."""


class _Store(Protocol):
    """Where the permits of all processes are written down; its methods block."""

    def take(self, permit: str, *, yields: bool = False) -> float:
        """Take ``permit`` and return 0, or return the seconds until it is worth asking again.

        One that ``yields`` is not given while another process waits for one that does not.
        """
        raise NotImplementedError

    def give_back(self, permit: str, *, used: bool) -> None:
        """End ``permit``: at once, or when ``used`` in a period."""


class _SharedLimiter:
    """A limiter over a store that blocks, which is asked in a thread of its own."""

    rates: tuple[Rate, ...] = ()
    """What it allows."""

    def __init__(self, store: _Store) -> None:
        self._store = store
        self._held: deque[str] = deque()
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[Slots, Slots]]
        self._turns = WeakKeyDictionary()
        """Two turns for each event loop, the second for those who yield: those who wait are woken
        by their own loop."""
        self._process = os.getpid()
        self._thread = OwnThread("helpdesk_bridge limiter")

    async def acquire(self, *, yields: bool = False) -> None:
        """Wait for a permit and take it; ConnectFailed when the store cannot be asked.

        ``yields`` is as :class:`Limiter` has it.
        """
        if self._process != os.getpid():  # what the other process holds it gives back itself
            self._process, self._held = os.getpid(), deque()
        loop = asyncio.get_running_loop()
        turns = self._turns.get(loop)
        if turns is None:
            turns = self._turns[loop] = Slots(1), Slots(1)
        turn, last_turn = turns
        async with last_turn if yields else turn:
            while True:
                while yields and not turn.free:  # others wait: behind them
                    async with turn:
                        pass
                wait = await self._take(yields=yields)
                if wait <= 0:
                    return
                await clock.pause(min(wait, _POLL))

    def release(self, *, used: bool) -> None:
        """Give the longest held permit back; does not wait until that is written down.

        ``used`` says whether its request was sent.
        """
        self._end(self._held.popleft(), used=used)

    def close(self) -> None:
        """Wait until what was given back is written down. The limiter may be used again."""
        self._thread.close(wait=True)

    async def _take(self, *, yields: bool = False) -> float:
        permit = uuid.uuid4().hex
        trouble: Cause
        try:
            asked = self._thread.submit(partial(self._store.take, permit, yields=yields))
        except NoThread as error:
            trouble = Cause.of(error)
        else:
            return await self._answer(permit, asked)
        raise unasked("no thread can be started") from trouble

    async def _answer(self, permit: str, asked: Future[float]) -> float:
        try:
            wait = await asyncio.wrap_future(asked)
        except asyncio.CancelledError:
            self._end(permit, used=False)  # the thread may have taken it all the same
            raise
        if wait <= 0:
            self._held.append(permit)
        return wait

    def _end(self, permit: str, *, used: bool) -> None:
        ended = partial(self._store.give_back, permit, used=used)
        try:
            self._thread.submit(ended).add_done_callback(_heard)
        except NoThread:
            _complain()


def _heard(done: Future[Any]) -> None:
    if not done.cancelled() and done.exception() is not None:
        _complain()


def _complain() -> None:
    log.warning(
        "a permit could not be given back: it counts for %g s more", _LONGEST, extra=attributes()
    )


@sealed
class FileLimiter(_SharedLimiter):
    """A rate limit that the processes of one machine share through a file.

    ``rate`` is written as in ``TransportOptions.rate_limit``; ``path`` is a file that this class
    alone writes (one per vendor account, on a local disk). A relative one begins at the working
    directory of the moment in which it is given. It may be deleted while nobody uses it.

    ConfigurationError for a folder that does not exist, for what is no regular file, such as a pipe
    or a device, for a URL, and for what is neither a str nor a Path.
    """

    def __init__(self, rate: str, path: str | Path) -> None:
        file = path_of(path, "FileLimiter's path")
        if not file.parent.is_dir():
            raise ConfigurationError("the folder of FileLimiter's file does not exist.")
        if file.exists() and not (
            file.is_file() or file.is_dir()
        ):  # to open a pipe may take for ever
            raise ConfigurationError("FileLimiter's path leads to no regular file.")
        self.rates = Rate.parse(rate)
        super().__init__(_File(self.rates, file))


@sealed
class RedisLimiter(_SharedLimiter):
    """A rate limit that the processes of several machines share through Redis 5 or later.

    ``rate`` is written as in ``TransportOptions.rate_limit``, ``name`` is that of the vendor
    account, ``url`` is ``redis://…`` or ``rediss://…``. Redis's clock is the only one that counts.
    Needs ``pip install "helpdesk-bridge[redis]"``.

    Args:
        rate: written as in ``TransportOptions.rate_limit``.
        url: ``redis://…``, ``rediss://…`` or ``unix://…``.
        name: that of the vendor account, the same in all processes.

    Raises:
        ConfigurationError: the extra is not installed, or ``url`` is none.
    """

    def __init__(self, rate: str, url: str, *, name: str) -> None:
        self.rates = Rate.parse(rate)
        super().__init__(
            RedisStore(self.rates, url, name, longest=_LONGEST, mark=_MARK, patience=_PATIENCE)
        )


class _File:
    """The permits of each rate, and until when they count (seconds since 1970).

    Of a permit that yields, the spread has a row of its own, whose period is negative. The row with
    the period 0 is the mark of whoever waits, and counts as long as it says.
    """

    def __init__(self, rates: tuple[Rate, ...], path: Path) -> None:
        self._rates = rates
        self._path = path

    def take(self, permit: str, *, yields: bool = False) -> float:
        taken = self._taken_last if yields else self._taken
        return self._ask(lambda db, now: taken(db, now, permit))

    def give_back(self, permit: str, *, used: bool) -> None:
        self._ask(lambda db, now: self._ended(db, now, permit, used=used))

    def _taken(self, db: sqlite3.Connection, now: float, permit: str) -> float:
        wait = 0.0
        for rate in self._rates:
            longest = now + rate.period + _LONGEST  # what is later was written by a wrong clock
            db.execute(
                "DELETE FROM permits WHERE period = ? AND (ends_at <= ? OR ends_at > ?)",
                (rate.period, now, longest),
            )
            held, first = db.execute(
                "SELECT count(*), min(ends_at) FROM permits WHERE period = ?", (rate.period,)
            ).fetchone()
            if held >= rate.count:
                wait = max(wait, first - now)
        for rate in self._rates if wait <= 0 else ():
            _write(db, permit, rate.period, now + rate.period + _LONGEST)
        if wait > 0:
            _write(db, "waiting", 0.0, now + _MARK)
        return wait

    def _taken_last(self, db: sqlite3.Connection, now: float, permit: str) -> float:
        spreads = [rate.spread for rate in self._rates if rate.spread is not None]
        wait = max(
            _room_in(db, now, 1, 0.0, _MARK),
            *(_room_in(db, now, one.count, -one.period, one.period) for one in spreads),
            *(
                _room_in(db, now, one.yielding, one.period, one.period + _LONGEST)
                for one in self._rates
            ),
        )
        if wait <= 0:
            for rate in self._rates:
                _write(db, permit, rate.period, now + rate.period + _LONGEST)
            for spread in spreads:
                _write(db, permit, -spread.period, now + spread.period)
        return wait

    def _ended(self, db: sqlite3.Connection, now: float, permit: str, *, used: bool) -> float:
        db.execute("DELETE FROM permits WHERE permit = ? AND period > 0", (permit,))
        for rate in self._rates if used else ():
            _write(db, permit, rate.period, now + rate.period)
        return 0.0

    def _ask(self, change: Callable[[sqlite3.Connection, float], float]) -> float:
        try:
            # A connection for each question: nothing to close, nothing that outlives a fork.
            # SQLite's own lock is dropped when anything in this process closes the file.
            with (
                FileLock(self._path).held(_PATIENCE),
                closing(sqlite3.connect(self._path, timeout=_PATIENCE, isolation_level=None)) as db,
            ):
                db.execute("PRAGMA synchronous = OFF")  # a power cut ends all requests, too
                db.execute("BEGIN IMMEDIATE")
                db.execute(
                    "CREATE TABLE IF NOT EXISTS permits"
                    " (permit TEXT, period REAL, ends_at REAL, PRIMARY KEY (permit, period))"
                )
                answer = change(db, time.time())  # the time within the lock: entries are in order
                db.execute("COMMIT")
                return answer
        except (LockBarred, LockReplaced) as error:
            cause, trouble = Cause.of(error), unasked(error.strerror or "")
        except (sqlite3.Error, OSError) as error:
            cause, trouble = Cause.of(error), unasked("its file does not answer")
        raise trouble from cause


def _write(db: sqlite3.Connection, permit: str, period: float, ends_at: float) -> None:
    db.execute("INSERT OR REPLACE INTO permits VALUES (?, ?, ?)", (permit, period, ends_at))


def _room_in(
    db: sqlite3.Connection, now: float, count: int, period: float, longest: float
) -> float:
    """Return the seconds until fewer than ``count`` rows of ``period`` count; 0: it is so.

    None counts more than ``longest`` seconds: what says so was written by a wrong clock.
    """
    db.execute(
        "DELETE FROM permits WHERE period = ? AND (ends_at <= ? OR ends_at > ?)",
        (period, now, now + longest),
    )
    found = db.execute(
        "SELECT ends_at FROM permits WHERE period = ? ORDER BY ends_at DESC LIMIT 1 OFFSET ?",
        (period, count - 1),
    ).fetchone()
    return 0.0 if found is None else float(found[0] - now)
