"""Why the SQLite file of a ledger cannot be used, in words: from SQLite's code and the folder."""

from __future__ import annotations

import errno
import os
import sqlite3
import tempfile
from pathlib import Path

from helpdesk_bridge.delivery.trouble import Trouble
from helpdesk_bridge.errors import ConfigurationError, Reason
from helpdesk_bridge.model.disk_threads import NoThread
from helpdesk_bridge.model.file_lock import LockBarred, LockReplaced

__all__ = ["can_be_made", "check_regular", "unusable", "why"]

_SAYS = {
    sqlite3.SQLITE_BUSY: "another process has locked it",
    sqlite3.SQLITE_LOCKED: "another process has locked it",
    sqlite3.SQLITE_PROTOCOL: "another process has locked it",
    sqlite3.SQLITE_CORRUPT: "it is damaged",
    sqlite3.SQLITE_NOTADB: "it is no SQLite file",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "its disk fails at reading or writing",
    sqlite3.SQLITE_ERROR: "it does not have the table of a ledger",
    sqlite3.SQLITE_PERM: "this process may not write it",
    sqlite3.SQLITE_READONLY: "this process may not write it",
    sqlite3.SQLITE_READONLY_DBMOVED: "it was moved or deleted while it was open",
    sqlite3.SQLITE_NOMEM: "there is no memory left",
}
"""What each code means; where an extended one is missing, its lowest byte counts."""
_PASSING = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_CANTOPEN,
)
"""What may go away by itself, unless the file system tells why it does not. Without such a reason
SQLITE_CANTOPEN is a process with too many open files."""


def unusable(path: Path, error: Exception) -> ConfigurationError:
    """Return what is raised for an error of SQLite or the system, or an entry that is damaged."""
    if isinstance(error, (sqlite3.Error, OSError)):
        trouble = why(path, error) if isinstance(error, sqlite3.Error) else _of_the_system(error)
        says = f"cannot be used: {trouble.says}."
    else:
        trouble = Trouble(type(error).__name__, retryable=False)
        says = f"holds an entry that cannot be read ({trouble.says})."
    return ConfigurationError(
        f"the ledger {path} {says}", reason=Reason.STORAGE, retryable=trouble.retryable
    )


def why(path: Path, error: sqlite3.Error) -> Trouble:
    """Return why the file at ``path`` cannot be used, with SQLite's own name of the error."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    kind = code & 0xFF
    seen: str | None = None
    if kind in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR):
        seen = _of_the_path(path)
    if kind == sqlite3.SQLITE_CANTOPEN and seen is None:
        seen = _of_the_folder(path.parent)
    says = seen or _SAYS.get(code) or _SAYS.get(kind) or "SQLite refuses it"
    name = getattr(error, "sqlite_errorname", None) or type(error).__name__
    return Trouble(f"{says} ({name})", retryable=seen is None and kind in _PASSING)


def _of_the_system(error: OSError) -> Trouble:
    """Return why there is no thread for the file, or no lock beside it."""
    if isinstance(error, (NoThread, LockBarred, LockReplaced)):
        return Trouble(error.strerror or "", retryable=not isinstance(error, LockReplaced))
    if isinstance(error, BlockingIOError):
        return Trouble(_SAYS[sqlite3.SQLITE_BUSY], retryable=True)
    name = errno.errorcode.get(error.errno or 0, type(error).__name__)
    return Trouble(f"the file beside it cannot be locked ({name})", retryable=_may_pass(error))


def _may_pass(error: OSError) -> bool:
    """Say whether it lacks only what others will give back."""
    return error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.ENOMEM)


def check_regular(path: Path) -> None:
    """Raise ConfigurationError for a pipe, a device or a socket, which must not be opened.

    To open one may take for ever, or do something to it.
    """
    try:
        is_other = path.exists() and not (path.is_file() or path.is_dir())
    except (OSError, ValueError):  # SQLite says why
        is_other = False
    if is_other:
        raise ConfigurationError(
            f"the ledger {path} cannot be used: it is no regular file.",
            reason=Reason.STORAGE,
        )


def can_be_made(path: Path) -> bool:
    """Say whether there is nothing at ``path`` yet, and a file can be made there."""
    return not os.access(path, os.F_OK) and _of_the_path(path) is None


def _of_the_folder(folder: Path) -> str | None:
    """Return why no file can be made in ``folder``, from trying; None: one can, or soon can."""
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        if not _may_pass(error):
            return f"no file can be made in the folder {folder}"
    return None


def _of_the_path(path: Path) -> str | None:
    """Return what the file system has against ``path``; None: nothing that can be seen."""
    folder = path.parent
    try:
        if path.is_dir():
            return "it is a folder"
        if path.exists() and not path.is_file():
            return "it is no regular file"
        if not folder.exists():
            return f"there is no folder {folder}"
        if not folder.is_dir():
            return f"{folder} is no folder"
    except OSError:
        return f"this process may not look into the folder {folder}"
    if os.access(path, os.F_OK) and not os.access(path, os.R_OK | os.W_OK):
        return "this process may not read and write it"
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"this process may not write into the folder {folder}"
    return None
