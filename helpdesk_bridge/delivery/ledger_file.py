"""The SQLite file of a ledger: how it is opened, and whose turn it is to use it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from helpdesk_bridge.model.file_lock import FileLock

__all__ = ["connected", "transaction"]

_TABLES = """
create table if not exists writes (
    operation_id text primary key, desk text not null, key text, ticket_id text,
    state text not null, made_id text, finished integer not null, beat integer not null,
    boot text not null, uptime real not null, noted real not null, started_at text not null,
    entry text not null
) without rowid;
create table if not exists clock (
    one integer primary key check (one = 1), passed real not null,
    boot text not null, uptime real not null, wall text not null
);
create unique index if not exists writes_key on writes (desk, key);
create index if not exists writes_ticket on writes (desk, ticket_id, made_id);
create index if not exists writes_state on writes (desk, state);
"""
_PATIENCE = 10.0
"""Seconds for which another process may use the file."""


def connected(path: Path) -> sqlite3.Connection:
    """Open the file at ``path``, and make its tables if it is new."""
    try:
        file = sqlite3.connect(
            path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
        )
    except ValueError:
        raise sqlite3.OperationalError("no file has such a name") from None
    try:
        file.execute("pragma synchronous = extra")
        with transaction(path, file):
            for statement in _TABLES.split(";"):
                file.execute(statement)
            file.execute("update writes set beat = beat where 0")  # may it be written?
    except BaseException:
        file.close()
        raise
    return file


@contextmanager
def transaction(path: Path, file: sqlite3.Connection) -> Iterator[None]:
    """Have the body change ``file``, whole or not at all, and nobody else meanwhile.

    SQLite's locks alone do not keep others out: a program that reads the file at ``path`` drops
    them. Without the lock beside the file nothing is done; why SQLite would not have done it
    either is told first, because that says more. OSError if there is no such lock,
    BlockingIOError if another one keeps it.
    """
    lock, refused = FileLock(path), None
    try:
        lock.acquire(_PATIENCE)
    except BlockingIOError:
        raise
    except OSError as error:
        refused = error
    try:
        with file:
            file.execute("begin immediate")
            if refused is not None:
                raise refused
            yield
    finally:
        lock.release()
