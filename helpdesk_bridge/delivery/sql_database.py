"""The PostgreSQL database of a ledger: its connections, its table, its retention, its errors."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

import asyncpg  # type: ignore[import-untyped]
from attrs import define, field, frozen
from sqlalchemy import URL, Row, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from helpdesk_bridge.delivery.database_trouble import driver_error, number_of, why
from helpdesk_bridge.errors import Cause, ConfigurationError, HelpdeskError, Reason
from helpdesk_bridge.model.home import Home
from helpdesk_bridge.model.slots import Slots
from helpdesk_bridge.model.text import is_encodable
from helpdesk_bridge.secret import Secret

__all__ = ["Database", "Repeat", "Transaction", "understood"]

T = TypeVar("T")

_DRIVER = "postgresql+asyncpg"
_SCHEMES = ("postgresql", "postgres", _DRIVER)
_OPTIONS = ("host", "port", "user", "password", "ssl", "sslmode")
"""What may stand behind the question mark of an address; anything else is refused."""
_PORT = 5432
_PATIENCE = 10.0
"""How long (seconds) the database may take to answer, and to give a connection."""
_ATTEMPTS = 10
_HOUR = 3600.0
_MOST = 10_000
"""How many old entries are dropped in one go; who comes next drops the next ones."""
_TROUBLE = (
    SQLAlchemyError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    OSError,
    EOFError,
    LookupError,
    TypeError,
    ValueError,
)

_LOCAL = text(
    "select set_config('idle_in_transaction_session_timeout', '10s', true),"
    " set_config('synchronous_commit',"
    " replace(current_setting('synchronous_commit'), 'off', 'on'), true)"
)
"""For one transaction: what is committed is on the disk, whatever the server's setting, and a
machine that is lost in the middle does not keep others from its key."""

_EXISTS = text(
    "select exists (select from pg_catalog.pg_class as found"
    " where relname = 'helpdesk_bridge_writes' and pg_catalog.pg_table_is_visible(found.oid))"
)
"""``to_regclass`` goes on saying no from its cache after the wait for who makes the table."""
_ALONE = text("select pg_advisory_xact_lock(4846722811904817526)")
"""Two that run ``create table if not exists`` at once are an error to one of them."""
_TABLE = (
    """
    create table helpdesk_bridge_writes (
        operation_id text collate "C" primary key,
        desk text collate "C" not null,
        key text collate "C",
        place text collate "C" not null,
        state text collate "C" not null,
        made_id text collate "C",
        finished boolean not null,
        beat bigint not null,
        boot text collate "C" not null,
        uptime double precision not null,
        started_at timestamptz not null default now(),
        entry text collate "C" not null
    )
    """,
    "create unique index helpdesk_bridge_writes_key on helpdesk_bridge_writes (desk, key)",
    """
    create unique index helpdesk_bridge_writes_made
    on helpdesk_bridge_writes (desk, place, made_id)
    """,
    """
    create index helpdesk_bridge_writes_open on helpdesk_bridge_writes (desk, started_at)
    where state in ('pending', 'unknown')
    """,
    "create index helpdesk_bridge_writes_age on helpdesk_bridge_writes (started_at)",
)
"""The collation is "C", because a system's new collations would break the unique indexes."""

_DROP = text(
    """
    delete from helpdesk_bridge_writes where operation_id in (
        select operation_id from helpdesk_bridge_writes
        where state not in ('pending', 'unknown')
            and started_at < now() - cast(:keep as interval)
            and (
                select cast(min(started_at) at time zone 'UTC' as date)
                    <> cast(max(started_at) at time zone 'UTC' as date)
                from helpdesk_bridge_writes
                where started_at between now() - cast(:keep as interval) and now()
            )
        limit :most for update skip locked
    )
    """
)
"""Nothing is dropped before entries of two days lie within ``keep``: a clock that jumps ahead by
months would otherwise take all keys with it."""


class Repeat(Exception):
    """Somebody else was faster: roll the transaction back and run it again."""


@frozen
class Transaction:
    """One transaction, as a piece of work sees it."""

    _connection: AsyncConnection = field(repr=False)

    async def rows(self, statement: str, **values: Any) -> list[Row[Any]]:
        """Return the rows that a statement selects."""
        return list((await self._connection.execute(text(statement), values)).all())

    async def count(self, statement: str, **values: Any) -> int:
        """Return how many rows a statement changes."""
        return (await self._connection.execute(text(statement), values)).rowcount


@define(eq=False)
class Database:
    """A PostgreSQL database with the table of a ledger, which is made when it is first used.

    It belongs to the event loop and the process that use it first, until it is closed.
    """

    _url: URL = field(repr=False)
    _keep: timedelta
    place: str = "the ledger's database"
    """What errors call it."""
    _engine: AsyncEngine | None = field(default=None, init=False, repr=False)
    _home: Home = field(factory=Home, init=False, repr=False)
    _turn: Slots = field(factory=lambda: Slots(1), init=False, repr=False)
    _drop_at: float = field(default=0.0, init=False)

    async def run(
        self,
        work: Callable[[Transaction], Awaitable[T]],
        *,
        clash: T | None = None,
        repeatable: bool = False,
    ) -> T:
        """Return what ``work`` returns, when its transaction is committed and on the disk.

        ``clash`` is returned where a unique index refuses the change; None: the work is done again.
        ``repeatable`` work is done again when the connection is lost, though it may have been done.
        """
        self._belong()
        cause: Exception = Repeat()
        for _ in range(_ATTEMPTS):
            try:
                engine = await self._opened()
                return await _transaction(engine, work)
            except Repeat:
                continue
            except HelpdeskError:
                raise
            except _TROUBLE as error:
                cause = error
            if number_of(cause) == "23505":
                if clash is not None:
                    return clash
                continue  # whoever was faster is seen by the next attempt
            if not _is_passing(cause) and not (repeatable and _is_lost(cause)):
                break
            repeatable = repeatable and not _is_lost(cause)  # once
        name = type(driver_error(cause)).__name__
        trouble = why(cause, undone=isinstance(cause, Repeat) or number_of(cause) == "23505")
        cause = Cause(name)
        raise ConfigurationError(
            f"{self.place} cannot be used: {trouble.says} ({name}).",
            reason=Reason.STORAGE,
            retryable=trouble.retryable,
        ) from cause

    async def aclose(self) -> None:
        """Close all connections; in another event loop or process only forget them."""
        engine, self._engine = self._engine, None
        is_elsewhere = bool(self._home.trouble())
        self._home.leave()
        self._turn, self._drop_at = Slots(1), 0.0
        if engine is None:
            return
        if not is_elsewhere:
            await engine.dispose()
        else:
            engine.sync_engine.dispose(close=False)

    def _belong(self) -> None:
        trouble = self._home.trouble()
        if trouble:
            raise ConfigurationError(
                f"this SqlLedger {trouble}: make one in each event loop, thread and process, or"
                " aclose() it there before.",
                reason=Reason.STORAGE,
            )

    async def _opened(self) -> AsyncEngine:
        now = asyncio.get_running_loop().time()
        async with self._turn:
            if self._engine is None:
                engine = _engine(self._url)
                try:
                    await _make_table(engine)
                except BaseException:
                    await engine.dispose()
                    raise
                self._engine, self._drop_at = engine, now
            if now >= self._drop_at:
                self._drop_at = now + _HOUR
                async with self._engine.begin() as connection:
                    dropped = await connection.execute(_DROP, {"keep": self._keep, "most": _MOST})
                if dropped.rowcount == _MOST:
                    self._drop_at = now
            return self._engine


def understood(url: str | Secret) -> URL:
    """Return an address as the driver understands it; no error names any part of it."""
    if not is_encodable(Secret(url).reveal()):
        raise ConfigurationError("the address of SqlLedger has a character that is none in UTF-8.")
    try:
        found = make_url(Secret(url).reveal())
    except (ArgumentError, ValueError):
        found = URL.create("none")
    if found.drivername.partition("+")[0] == "sqlite":
        raise ConfigurationError(
            "SqlLedger is for PostgreSQL; of a SQLite file give the path itself, without sqlite:"
            ' SqliteLedger("writes.db"), in a configuration ledger = "writes.db".'
        )
    if found.drivername not in _SCHEMES:
        raise ConfigurationError(
            "the address of SqlLedger is postgresql://… or postgresql+asyncpg://…;"
            " there is no ledger in any other database."
        )
    options = dict(found.query)
    if not all(name in _OPTIONS and isinstance(value, str) for name, value in options.items()):
        allowed = ", ".join(_OPTIONS)
        raise ConfigurationError(
            f"behind the question mark of SqlLedger's address there may be {allowed}, each once."
        )
    ports = [found.port, *str(options.get("port", _PORT)).split(",")]
    if not all(port is None or _is_port(str(port)) for port in ports):
        raise ConfigurationError("the port in SqlLedger's address is none: it is 1 to 65535.")
    if "user" in options:
        found = found.set(username=str(options.pop("user")))
    if "password" in options:  # it is hidden only where one is expected
        found = found.set(password=str(options.pop("password")))
    if "sslmode" in options:
        options["ssl"] = options.pop("sslmode")
    return found.set(drivername=_DRIVER, query=options)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 6 and 0 < int(text) < 65536


def _engine(url: URL) -> AsyncEngine:
    return create_async_engine(
        url,
        isolation_level="READ COMMITTED",
        pool_pre_ping=True,
        pool_size=5,
        max_overflow=0,
        pool_timeout=_PATIENCE,
        hide_parameters=True,
        connect_args={"timeout": _PATIENCE, "command_timeout": _PATIENCE},
    )


async def _make_table(engine: AsyncEngine) -> None:
    """Make the table where there is none; who may not make one can use one that is there."""
    async with engine.begin() as connection:
        if (await connection.execute(_EXISTS)).scalar_one():
            return
        await connection.execute(_ALONE)
        if (await connection.execute(_EXISTS)).scalar_one():
            return
        for statement in _TABLE:
            await connection.execute(text(statement))


async def _transaction(engine: AsyncEngine, work: Callable[[Transaction], Awaitable[T]]) -> T:
    async with engine.begin() as connection:
        await connection.execute(_LOCAL)
        return await work(Transaction(connection))


def _is_passing(error: BaseException) -> bool:
    """Say whether PostgreSQL asks to run the transaction again: it was undone for another."""
    return number_of(error) in ("40001", "40P01")


def _is_lost(error: BaseException) -> bool:
    """Say whether the connection is lost; what was asked may have been done."""
    return isinstance(error, DBAPIError) and error.connection_invalidated
