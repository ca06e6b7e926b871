"""The SQLite file of a memory desk: read whole, and written in one transaction a change.

Everything here blocks, and is called from one thread. The file is locked for as long as it is
open: by SQLite, and by a lock that no reader in this process drops (``model/file_lock.py``).
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from cattrs import BaseValidationError, Converter
from cattrs.gen import make_dict_unstructure_fn, override

from helpdesk_bridge.kit import errors
from helpdesk_bridge.memory.store import Store
from helpdesk_bridge.memory.stored import Mail, StoredFile, StoredMessage, StoredTicket
from helpdesk_bridge.model import forks
from helpdesk_bridge.model.file_lock import FileLock, LockBarred

__all__ = ["Database"]

T = TypeVar("T")

_APPLICATION = 0x68640001
"""What SQLite's ``application_id`` says of our files: another program's is never written to."""
_VERSION = 2
"""The format, in ``user_version``. Raise it, and bring the older ones to it as ``_SINCE_1`` does,
when the tables change."""
_TABLES = """
CREATE TABLE desk (last_number INTEGER NOT NULL, saves INTEGER NOT NULL,
                   last_change INTEGER NOT NULL, identity TEXT NOT NULL);
CREATE TABLE people (address TEXT PRIMARY KEY, number INTEGER NOT NULL);
CREATE TABLE tickets (id INTEGER PRIMARY KEY, fields TEXT NOT NULL, change INTEGER NOT NULL);
CREATE TABLE messages (id INTEGER PRIMARY KEY, ticket INTEGER NOT NULL, fields TEXT NOT NULL);
CREATE TABLE files (id INTEGER PRIMARY KEY, message INTEGER NOT NULL, fields TEXT NOT NULL,
                    content BLOB NOT NULL);
CREATE TABLE outbox (id INTEGER PRIMARY KEY, fields TEXT NOT NULL);
INSERT INTO desk VALUES (1000, 0, 0, '')
"""
_SINCE_1 = """
ALTER TABLE desk ADD COLUMN last_change INTEGER NOT NULL DEFAULT 0;
ALTER TABLE desk ADD COLUMN identity TEXT NOT NULL DEFAULT '';
ALTER TABLE tickets ADD COLUMN change INTEGER NOT NULL DEFAULT 0;
UPDATE tickets SET change = id;
UPDATE desk SET last_change = last_number
"""
"""What brings a file of the format 1, which has no changes, to this one: ids are numbers already,
each one's own, and none is above ``last_number``."""
_ADVICE = {
    sqlite3.SQLITE_BUSY: "it is open in another desk or process already: close that one, or give"
    " this desk a file of its own",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened: it must be a file in a folder that exists and"
    " that this process may write to",
    sqlite3.SQLITE_READONLY: "this process may not write to it",
    sqlite3.SQLITE_NOTADB: "it is not a database: give the name of a new file, or of one that a"
    " memory desk has made",
    sqlite3.SQLITE_CORRUPT: "it is damaged: put a copy in its place",
    sqlite3.SQLITE_FULL: "the disk is full",
}


def _converter() -> Converter:
    converter = Converter()
    converter.register_unstructure_hook(datetime, datetime.isoformat)
    converter.register_structure_hook(datetime, lambda value, _: datetime.fromisoformat(value))
    kept_elsewhere: tuple[tuple[type[Any], tuple[str, ...]], ...] = (
        (StoredTicket, ("messages", "change")),
        (StoredMessage, ("files",)),
        (StoredFile, ("content",)),
    )
    for kind, names in kept_elsewhere:
        omitted = {name: override(omit=True) for name in names}
        hook = make_dict_unstructure_fn(kind, converter, **omitted)  # type: ignore[arg-type]
        converter.register_unstructure_hook(kind, hook)
    return converter


_CONVERTER = _converter()


def _fields(stored: object) -> str:
    return json.dumps(_CONVERTER.unstructure(stored))


def _read(kind: type[T], fields: str, **more: object) -> T:
    return _CONVERTER.structure({**json.loads(fields), **more}, kind)


def _advice(error: Exception) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the higher bits only go into detail
    return _ADVICE.get(code, str(error))


class Database:
    """The file at ``path``, open. Raises ConfigurationError that says why it cannot be used."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._saves = 0
        self._lock = FileLock(path)
        failure: str | None = None
        try:
            self._lock.acquire()
        except LockBarred as error:
            failure = error.strerror
        except BlockingIOError:
            failure = _ADVICE[sqlite3.SQLITE_BUSY]
        except OSError:
            pass  # SQLite says why the file cannot be used, or uses it without
        if failure is None:
            try:
                self._sql = sqlite3.connect(path, timeout=0, isolation_level=None)
            except (sqlite3.Error, ValueError) as error:
                failure = _advice(error)
        if failure is not None:
            self._lock.release()
            raise self._unusable(failure)
        forks.watch(self)

    def _unusable(self, why: str) -> errors.ConfigurationError:
        return errors.ConfigurationError(
            f"the database {self._path}: {why}", key="path", reason=errors.Reason.STORAGE
        )

    def load(self) -> Store:
        """Lock the file, make its tables if it is new, and return all it holds.

        Raises ConfigurationError, and then the database is closed.
        """
        failure: str
        try:
            self._sql.execute("PRAGMA locking_mode = EXCLUSIVE")  # a lock is kept until close
            self._sql.execute("PRAGMA synchronous = FULL")
            self._sql.execute("BEGIN EXCLUSIVE")
            self._check_format()
            self._sql.execute("UPDATE desk SET saves = saves")  # fails if it may not be written
            store = self._stored()
            self._sql.execute("COMMIT")
        except errors.ConfigurationError:
            self.close()
            raise
        except sqlite3.Error as error:
            failure = _advice(error)
        except (BaseValidationError, KeyError, TypeError, ValueError) as error:
            failure = f"it holds what cannot be read ({type(error).__name__}): put a copy in"
            failure += " its place"
        else:
            return store
        self.close()
        raise self._unusable(failure)

    def _check_format(self) -> None:
        application, version = self._pragma("application_id"), self._pragma("user_version")
        if self._one("SELECT count(*) FROM sqlite_master") == application == version == 0:
            self._make(_TABLES)
            self._sql.execute(f"PRAGMA application_id = {_APPLICATION}")
        elif application != _APPLICATION:
            raise self._unusable("it belongs to another program: give the name of a new file")
        elif version == 1:
            self._make(_SINCE_1)
        elif version != _VERSION:
            raise self._unusable(
                f"its format is {version}, and this version of helpdesk_bridge knows {_VERSION}:"
                " install a newer one"
            )

    def _make(self, statements: str) -> None:
        """Bring the file to this format, and give it an identity."""
        for statement in statements.split(";"):
            self._sql.execute(statement)
        self._sql.execute("UPDATE desk SET identity = ?", (secrets.token_hex(8),))
        self._sql.execute(f"PRAGMA user_version = {_VERSION}")

    def _pragma(self, name: str) -> int:
        return self._one(f"PRAGMA {name}")

    def _one(self, question: str) -> int:
        (answer,) = self._sql.execute(question).fetchone()
        return int(answer)

    def _stored(self) -> Store:
        query = "SELECT saves, last_number, last_change, identity FROM desk"
        self._saves, number, change, identity = self._sql.execute(query).fetchone()
        store = Store(last_number=number, last_change=change, identity=identity)
        store.people.update(self._sql.execute("SELECT address, number FROM people"))
        for fields, change in self._rows("SELECT fields, change FROM tickets ORDER BY id"):
            ticket = _read(StoredTicket, fields, change=change)
            store.tickets[ticket.id] = ticket
        messages: dict[int, StoredMessage] = {}
        for ticket_id, fields in self._rows("SELECT ticket, fields FROM messages ORDER BY id"):
            message = _read(StoredMessage, fields)
            messages[message.id] = message
            store.tickets[ticket_id].messages.append(message)
        query = "SELECT message, fields, content FROM files ORDER BY id"
        for message_id, fields, content in self._rows(query):
            messages[message_id].files.append(_read(StoredFile, fields, content=content))
        for (fields,) in self._rows("SELECT fields FROM outbox ORDER BY id"):
            store.outbox.append(_read(Mail, fields))
        return store

    def _rows(self, query: str) -> Iterator[Any]:
        return self._sql.execute(query)

    def save(self, branch: Store, since: int) -> None:
        """Write what was done in ``branch``: whole or not at all, and on the disk on return.

        ``since`` is the last number given away before: what is newer has no row yet. Raises
        VendorUnavailable (nothing is written) or OutcomeUnknown (then the database is closed).
        """
        failure: str
        try:
            self._sql.execute("BEGIN IMMEDIATE")
            self._write(branch, since)
            self._sql.execute("COMMIT")
        except (sqlite3.Error, OverflowError, ValueError) as error:
            failure = _advice(error)
        else:
            self._saves += 1
            return
        if not self._was_saved(failure):
            raise errors.VendorUnavailable(
                f"the database {self._path} could not be written: {failure}.",
                outcome=errors.Outcome.NOT_SENT,
                reason=errors.Reason.STORAGE,
            )

    def _write(self, branch: Store, since: int) -> None:
        run = self._sql.execute
        for address, number in branch.people.maps[0].items():
            run("INSERT INTO people VALUES (?, ?)", (address, number))
        for ticket in branch.tickets.values():
            values = (ticket.id, _fields(ticket), ticket.change)
            run("INSERT OR REPLACE INTO tickets (id, fields, change) VALUES (?, ?, ?)", values)
            for message in ticket.messages:
                if message.id > since:
                    row = (message.id, ticket.id, _fields(message))
                    run("INSERT INTO messages VALUES (?, ?, ?)", row)
                    for file in message.files:
                        content = (file.id, message.id, _fields(file), file.content)
                        run("INSERT INTO files VALUES (?, ?, ?, ?)", content)
        for mail in branch.outbox:
            run("INSERT INTO outbox (fields) VALUES (?)", (_fields(mail),))
        numbers = (branch.last_number, branch.last_change, self._saves + 1)
        run("UPDATE desk SET last_number = ?, last_change = ?, saves = ?", numbers)

    def _was_saved(self, failure: str) -> bool:
        """Say, after an error, what became of the transaction: the file knows better than we."""
        try:
            if self._sql.in_transaction:
                self._sql.execute("ROLLBACK")
            found = self._one("SELECT saves FROM desk")
        except sqlite3.Error:
            self.close()
        else:
            saved, self._saves = found == self._saves + 1, found
            return saved
        raise errors.OutcomeUnknown(
            f"the database {self._path} failed in the middle: {failure}.",
            cause=errors.VendorUnavailable.__name__,
            reason=errors.Reason.STORAGE,
        )

    def close(self) -> None:
        """Close and unlock the file; may be called again."""
        self._sql.close()
        self._lock.release()

    def forked(self) -> None:
        """Leave the file to the process that this one was forked from."""
        forks.leave_to_parent(self._sql)
