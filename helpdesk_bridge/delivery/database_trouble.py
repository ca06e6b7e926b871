"""Why the PostgreSQL database of a ledger cannot be used, in words, and which one it is."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from collections.abc import Callable

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolIsEmpty

from helpdesk_bridge.delivery.trouble import Trouble

__all__ = ["driver_error", "number_of", "place_of", "why"]

_TABLE = "helpdesk_bridge_writes"


_NO_SUCH_HOST = Trouble("there is no such host, or names cannot be resolved here")
_NOBODY = Trouble("nobody listens there")
_LOST = Trouble("the connection was lost")
_BUSY = Trouble("others were in the way, time after time")
_ROLE = Trouble("a wrong role or password, or the server does not let it in", retryable=False)
_NO_TLS = Trouble("it does not agree to TLS as the address asks for it", retryable=False)

_NUMBERS = {
    "3D000": Trouble("there is no such database", retryable=False),
    "42501": Trouble(f"the role may not use the table {_TABLE}, or not make it", retryable=False),
    "25006": Trouble("it can only be read, as a standby can"),
    "53100": Trouble("its disk is full"),
    "53300": Trouble("it takes no more connections"),
    "57P01": Trouble("it is being shut down"),
    "57P02": Trouble("it is being shut down"),
    "57P03": Trouble("it is starting, or being shut down"),
    "08": _LOST,
    "25": _LOST,
    "28": _ROLE,
    "40": _BUSY,
    "42": Trouble(f"its table {_TABLE} is no ledger's", retryable=False),
    "53": Trouble("it lacks memory or disk"),
    "57": Trouble("it ended the work"),
}
"""What PostgreSQL's numbers mean; where one is missing, its class (two characters) counts."""

_Is = Callable[[BaseException], bool]
_KINDS: tuple[tuple[_Is, Trouble], ...] = (
    (lambda error: isinstance(error, socket.gaierror), _NO_SUCH_HOST),
    (
        lambda error: isinstance(error, PoolIsEmpty),
        Trouble("all connections of this process are in use"),
    ),
    (
        lambda error: isinstance(error, (TimeoutError, asyncio.TimeoutError)),
        Trouble("it does not answer in time"),
    ),
    (lambda error: _is_refused(error), _NOBODY),
    (
        lambda error: isinstance(error, PermissionError),
        Trouble("this process may not use its socket", retryable=False),
    ),
    (
        lambda error: isinstance(error, ssl.SSLError) or _is_refused_tls(error),
        _NO_TLS,
    ),
    (
        lambda error: isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError),
        Trouble("its address has an option that the driver refuses", retryable=False),
    ),
    (
        lambda error: isinstance(error, (ConnectionError, EOFError, asyncpg.InterfaceError)),
        _LOST,
    ),
    (lambda error: isinstance(error, OSError), Trouble("no connection can be made")),
)
"""What an error without a number means; the first that fits counts."""


def why(error: BaseException, *, undone: bool) -> Trouble:
    """Return what an error says of the database; ``undone``: others were faster each time."""
    if undone:
        return _BUSY
    own = driver_error(error)
    number = number_of(error)
    if number is not None:
        found = _NUMBERS.get(number) or _NUMBERS.get(number[:2])
        if found is not None:
            return found
    for fits, trouble in _KINDS:
        if fits(own):
            return trouble
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return _LOST
    return Trouble("it refuses what was asked", retryable=False)


def driver_error(error: BaseException) -> BaseException:
    """Return what the driver raised."""
    first: BaseException | None = error.orig if isinstance(error, DBAPIError) else None
    return (first and first.__cause__) or first or error


def number_of(error: BaseException) -> str | None:
    """Return PostgreSQL's number of an error; None: it has none."""
    for one in (getattr(error, "orig", None), driver_error(error)):
        number = getattr(one, "sqlstate", None)
        if isinstance(number, str):
            return number
    return None


def place_of(url: URL, text: str) -> str:
    """Return which database a ledger has: its name, host and port.

    Neither role, password nor option is told. Where ``text``, the address as it was written, has
    more than one @, a part of the password may pass for a host or a name, and nothing is told.
    """
    if text.count("@") > 1:
        return "the ledger's database"
    host = url.query.get("host") or url.host or os.environ.get("PGHOST")
    port = url.query.get("port") or url.port or os.environ.get("PGPORT") or 5432
    name = f"the ledger's database {url.database}" if url.database else "the ledger's database"
    if not host:
        return name
    if "," in host:  # several, each with its own port
        return f"{name} at {host}"
    return f"{name} at [{host}]:{port}" if ":" in host else f"{name} at {host}:{port}"


def _is_refused(error: BaseException) -> bool:
    """Say whether nobody listens: at one address, or at each that a name has."""
    if isinstance(error, (ConnectionRefusedError, FileNotFoundError)):
        return True
    return isinstance(error, OSError) and f"[Errno {errno.ECONNREFUSED}]" in str(error)


def _is_refused_tls(error: BaseException) -> bool:
    return type(error) is ConnectionError and "SSL" in str(error)
