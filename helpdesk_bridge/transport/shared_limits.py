"""Rate limits that several processes share: ``TransportOptions(limiter=…)``.

A vendor counts an account's requests, not a process's. :class:`FileLimiter` is for the processes
of one machine, :class:`RedisLimiter` for several machines. Both are exact windows, as the one
within a process is: a permit counts from when it is taken until one period after its request was
answered, so there are never more than the rate allows in any period by the vendor's own count.

Within a process it is first come first served; between processes it is whoever asks first. The
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
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from helpdesk_bridge.errors import Cause, ConfigurationError, ConnectFailed, Outcome, Reason
from helpdesk_bridge.errors.frames import sealed
from helpdesk_bridge.model.disk import OwnThread, path_of
from helpdesk_bridge.model.disk_threads import NoThread
from helpdesk_bridge.model.file_lock import FileLock, LockBarred, LockReplaced
from helpdesk_bridge.model.slots import Slots
from helpdesk_bridge.transport import clock
from helpdesk_bridge.transport.log import attributes
from helpdesk_bridge.transport.rate_limits import Limiter, Rate, SlidingWindow

__all__ = ["FileLimiter", "Limiter", "Rate", "RedisLimiter", "SlidingWindow"]

log = logging.getLogger(__name__)

_LONGEST = 120.0
"""How long a request may take (seconds) before its process counts as dead."""
_POLL = 1.0
"""How often at least (seconds) a waiting process looks whether another gave a permit back."""
_PATIENCE = 5.0
"""How long (seconds) the file or Redis may take to answer."""


class _Store(Protocol):
    """Where the permits of all processes are written down; its methods block."""

    def take(self, permit: str) -> float:
        """Take ``permit`` and return 0, or return the seconds until it is worth asking again."""
        raise NotImplementedError

    def give_back(self, permit: str, *, used: bool) -> None:
        """End ``permit``: at once, or when ``used`` in a period."""


class _SharedLimiter:
    """A limiter over a store that blocks, which is asked in a thread of its own."""

    def __init__(self, store: _Store) -> None:
        self._store = store
        self._held: deque[str] = deque()
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, Slots] = WeakKeyDictionary()
        """A turn for each event loop: those who wait are woken by their own."""
        self._process = os.getpid()
        self._thread = OwnThread("helpdesk_bridge limiter")

    async def acquire(self) -> None:
        """Wait for a permit and take it; ConnectFailed when the store cannot be asked."""
        if self._process != os.getpid():  # what the other process holds it gives back itself
            self._process, self._held = os.getpid(), deque()
        loop = asyncio.get_running_loop()
        async with self._turns.setdefault(loop, Slots(1)):
            while (wait := await self._take()) > 0:
                await clock.pause(min(wait, _POLL))

    def release(self, *, used: bool) -> None:
        """Give the longest held permit back; does not wait until that is written down.

        ``used`` says whether its request was sent.
        """
        self._end(self._held.popleft(), used=used)

    def close(self) -> None:
        """Wait until what was given back is written down. The limiter may be used again."""
        self._thread.close(wait=True)

    async def _take(self) -> float:
        permit = uuid.uuid4().hex
        trouble: Cause
        try:
            asked = self._thread.submit(partial(self._store.take, permit))
        except NoThread as error:
            trouble = Cause.of(error)
        else:
            return await self._answer(permit, asked)
        raise _unasked("no thread can be started") from trouble

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
        super().__init__(_File(Rate.parse(rate), file))


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
        super().__init__(_Redis(Rate.parse(rate), url, name))


def _unreachable(where: str) -> ConnectFailed:
    return _unasked(f"{where} does not answer")


def _unasked(why: str) -> ConnectFailed:
    return ConnectFailed(
        f"the shared rate limit cannot be asked: {why}.",
        outcome=Outcome.NOT_SENT,
        reason=Reason.LIMITER,
    )


class _File:
    """The permits of each rate, and until when they count (seconds since 1970)."""

    def __init__(self, rates: tuple[Rate, ...], path: Path) -> None:
        self._rates = rates
        self._path = path

    def take(self, permit: str) -> float:
        return self._ask(lambda db, now: self._taken(db, now, permit))

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
            db.execute(
                "INSERT OR REPLACE INTO permits VALUES (?, ?, ?)",
                (permit, rate.period, now + rate.period + _LONGEST),
            )
        return wait

    def _ended(self, db: sqlite3.Connection, now: float, permit: str, *, used: bool) -> float:
        db.execute("DELETE FROM permits WHERE permit = ?", (permit,))
        for rate in self._rates if used else ():
            db.execute(
                "INSERT OR REPLACE INTO permits VALUES (?, ?, ?)",
                (permit, rate.period, now + rate.period),
            )
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
            cause, trouble = Cause.of(error), _unasked(error.strerror or "")
        except (sqlite3.Error, OSError) as error:
            cause, trouble = Cause.of(error), _unreachable("its file")
        raise trouble from cause


_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local wait = 0
for i, key in ipairs(KEYS) do
  local longest = now + ARGV[3 * i + 2]
  redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', now))
  redis.call('ZREMRANGEBYSCORE', key, string.format('(%.0f', longest), '+inf')
  if redis.call('ZCARD', key) >= tonumber(ARGV[3 * i]) then
    wait = math.max(wait, redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2] - now)
  end
end
if wait > 0 then
  return wait
end
for i, key in ipairs(KEYS) do
  redis.call('ZADD', key, string.format('%.0f', now + ARGV[3 * i + 2]), ARGV[1])
  redis.call('PEXPIRE', key, math.ceil(ARGV[3 * i + 2] / 1000))
end
return 0
"""
"""KEYS: for each rate a sorted set of permits by when they end (microseconds since 1970).
ARGV: the permit, whether it was used, and of each rate its count, its period and how long a permit
may count at most (microseconds). What would count longer was written by a wrong clock."""

_GIVE_BACK = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
for i, key in ipairs(KEYS) do
  if ARGV[2] == '1' then
    redis.call('ZADD', key, string.format('%.0f', now + ARGV[3 * i + 1]), ARGV[1])
    redis.call('PEXPIRE', key, math.ceil(ARGV[3 * i + 2] / 1000))
  else
    redis.call('ZREM', key, ARGV[1])
  end
end
"""


class _Redis:
    """The same in sorted sets, changed by scripts that run whole or not at all."""

    def __init__(self, rates: tuple[Rate, ...], url: str, name: str) -> None:
        try:
            import redis
            from redis.backoff import NoBackoff
            from redis.retry import Retry
        except ImportError:
            raise ConfigurationError(
                'RedisLimiter needs the extra "redis": pip install "helpdesk-bridge[redis]"'
            ) from None
        self._trouble: type[Exception] = redis.RedisError
        client: redis.Redis | None = None
        with suppress(
            ValueError, TypeError, AttributeError
        ):  # its text may hold the URL, and so a password
            f"{url}{name}".encode()  # half of a surrogate pair has no form in UTF-8
            asked = redis.Redis.from_url(
                url,
                socket_timeout=_PATIENCE,
                socket_connect_timeout=_PATIENCE,
                retry=Retry(NoBackoff(), 1),  # a kept connection may be dead; the rest is ours
            )
            asked.connection_pool.make_connection()  # sees to the options of the URL
            client = asked
        if client is None:
            raise ConfigurationError("the url of RedisLimiter is redis://…, rediss://… or unix://…")
        # In braces: all the keys lie on one node of a cluster.
        self._keys = [f"helpdesk_bridge:{{{name}}}:{rate.period:g}" for rate in rates]
        self._figures = [
            figure
            for rate in rates
            for figure in (rate.count, _micro(rate.period), _micro(rate.period + _LONGEST))
        ]
        self._take = client.register_script(_TAKE)
        self._give_back = client.register_script(_GIVE_BACK)

    def take(self, permit: str) -> float:
        return self._run(self._take, permit, used=False) / 1_000_000

    def give_back(self, permit: str, *, used: bool) -> None:
        self._run(self._give_back, permit, used=used)

    def _run(self, script: Callable[..., Any], permit: str, *, used: bool) -> int:
        try:
            return int(script(keys=self._keys, args=[permit, int(used), *self._figures]) or 0)
        except self._trouble as error:
            cause = Cause.of(error)
        raise _unreachable("Redis") from cause


def _micro(seconds: float) -> int:
    return round(seconds * 1_000_000)
