"""An error of ours says which foreign exception was its cause, and holds nothing of it."""

from __future__ import annotations

import errno
import pickle
import socket
import sqlite3
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from helpdesk_bridge import errors
from helpdesk_bridge.errors import Cause, HelpdeskError
from helpdesk_bridge.transport import Operation, Response, Transport
from helpdesk_bridge.transport.shared_limits import FileLimiter
from tests.canary import chain

Connect = Callable[..., Transport]

ANSWERS: dict[str, tuple[bytes, str]] = {
    "dropped": (b"", "ServerDisconnectedError"),
    "malformed": (b"kanarienvogel\r\n\r\n", "ClientResponseError"),
    "cut": (b"HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\n{}", "ClientPayloadError"),
    "damaged": (
        b"HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        "error",  # zlib's
    ),
    "another shape": (b"HTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\n{}", "KeyError"),
}


def _read(response: Response) -> Any:
    return response.read(lambda data: data["kanarienvogel"])


async def failure(transport: Transport, operation: Operation, **body: Any) -> Any:
    async def call() -> None:
        _read(await transport.send(operation, "POST", ("t",), **body))

    with pytest.raises(HelpdeskError) as info:
        await call()
    return info.value


def _is_clean(error: HelpdeskError) -> bool:
    """Say whether all that hangs on an error is of ours."""
    return all(isinstance(one, (HelpdeskError, Cause)) for one in chain(error))


@pytest.mark.asyncio
@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("name", ["read", "unsafe"])
async def test_an_error_names_the_exception_that_caused_it(
    connect: Connect, vendor: Any, request: pytest.FixtureRequest, answer: str, name: str
) -> None:
    raw, cause = ANSWERS[answer]
    vendor.plays(raw)
    error = await failure(connect(vendor), request.getfixturevalue(name), json={})
    assert isinstance(error.__cause__, Cause)
    assert error.__cause__.name == cause
    assert _is_clean(error)
    assert "kanarienvogel" not in "".join(traceback.format_exception_only(error.__cause__))


@pytest.mark.asyncio
async def test_the_traceback_of_a_failed_connection_has_the_number_of_the_fault(
    connect: Connect, read: Operation
) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        error = await failure(connect(f"http://127.0.0.1:{one.getsockname()[1]}"), read)
    told = "".join(traceback.format_exception(error))
    assert f"Cause: ClientConnectorError, errno {errno.ECONNREFUSED}\n" in told
    assert "127.0.0.1" not in told
    assert _is_clean(error)


@pytest.mark.asyncio
async def test_a_download_that_breaks_names_its_cause(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    vendor.plays(b"HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\n{}")
    with pytest.raises(errors.TruncatedBody) as info:
        async with connect(vendor).stream(read, ("f",)) as chunks:
            [chunk async for chunk in chunks]
    assert (str(info.value.__cause__), _is_clean(info.value)) == ("ClientPayloadError", True)


@pytest.mark.asyncio
async def test_a_shared_limit_that_cannot_be_asked_names_its_cause(tmp_path: Path) -> None:
    (tmp_path / "limit").write_bytes(b"this is no database, and long enough to be seen as none")
    limiter = FileLimiter("5/hour", tmp_path / "limit")
    with pytest.raises(errors.ConnectFailed) as info:
        await limiter.acquire()
    limiter.close()
    assert (str(info.value.__cause__), _is_clean(info.value)) == ("DatabaseError", True)
    assert issubclass(sqlite3.DatabaseError, sqlite3.Error)


def test_a_cause_keeps_a_class_and_a_number() -> None:
    cause = Cause.of(OSError(2, "kanarienvogel", "/kanarienvogel"))
    assert (str(cause), cause.args) == ("FileNotFoundError, errno 2", ("FileNotFoundError", 2))
    assert str(Cause.of(ValueError("kanarienvogel"))) == "ValueError"
    odd = ValueError()
    odd.errno = "kanarienvogel"  # type: ignore[attr-defined]
    assert str(Cause.of(odd)) == "ValueError"
    copy = pickle.loads(pickle.dumps(cause))
    assert (type(copy), copy.name, copy.errno) == (Cause, "FileNotFoundError", 2)
