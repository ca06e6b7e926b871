"""A PostgreSQL that cannot be used: which one it is and why, without role, password or options."""

from __future__ import annotations

import asyncio
import errno
import socket
from contextlib import aclosing
from typing import NoReturn
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped]
import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.delivery.database_trouble import place_of, why
from helpdesk_bridge.delivery.sql_database import understood
from tests.canary import CANARY
from tests.delivery.ledgers import entry
from tests.postgres import Postgres

pytestmark = pytest.mark.asyncio


async def told(url: str, *, retryable: bool) -> str:
    """Return what a ledger says of its database."""
    async with aclosing(hb.SqlLedger(url)) as ledger:
        with pytest.raises(hb.ConfigurationError) as caught:
            await ledger.begin(entry("a"))
    assert caught.value.reason is hb.Reason.STORAGE
    assert caught.value.retryable is retryable
    assert CANARY not in str(caught.value)
    return caught.value.message


async def test_nobody_listens() -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
        url = f"postgresql://{CANARY}:{CANARY}@127.0.0.1:{port}/acme"
        message = await told(url, retryable=True)
    assert message == (
        f"the ledger's database acme at 127.0.0.1:{port} cannot be used:"
        " nobody listens there (ConnectionRefusedError)."
    )


async def test_a_name_that_nobody_has(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object, **__: object) -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", fail)
    message = await told(f"postgresql://{CANARY}:{CANARY}@db.invalid/acme", retryable=True)
    assert message.startswith("the ledger's database acme at db.invalid:5432 cannot be used: there")
    assert "no such host" in message


async def test_there_is_no_such_database(postgres: Postgres) -> None:
    message = await told(postgres.url("nowhere"), retryable=False)
    assert f"database nowhere at {postgres.folder}:5432 cannot be used: there is no such" in message


async def test_there_is_no_such_role(postgres: Postgres, postgres_url: str) -> None:
    message = await told(postgres_url.replace("tester", CANARY), retryable=False)
    assert "a wrong role or password" in message


async def test_a_role_without_rights(postgres: Postgres, postgres_url: str) -> None:
    postgres.sql("do $$ begin create role guest login; exception when others then end $$")
    postgres.sql("revoke create on schema public from public", urlsplit(postgres_url).path[1:])
    message = await told(postgres_url.replace("tester", "guest"), retryable=False)
    assert "the role may not use the table helpdesk_bridge_writes" in message
    assert "guest" not in message


async def test_a_server_that_hangs_up() -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        message = await told(f"postgresql://u@127.0.0.1:{port}/acme", retryable=True)
    assert "the connection was lost" in message


REFUSED = f"[Errno {errno.ECONNREFUSED}] Connect call failed"


@pytest.mark.parametrize(
    ("error", "says", "retryable"),
    [
        (OSError(f"Multiple exceptions: {REFUSED}, {REFUSED}"), "nobody listens", True),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "no connection", True),
        (TimeoutError(), "does not answer in time", True),
        (PermissionError(), "may not use its socket", False),
        (ConnectionError("PostgreSQL server rejected SSL upgrade"), "agree to TLS", False),
        (asyncpg.InvalidPasswordError("x"), "wrong role or password", False),
        (asyncpg.TooManyConnectionsError("x"), "takes no more connections", True),
        (asyncpg.DiskFullError("x"), "disk is full", True),
        (asyncpg.CannotConnectNowError("x"), "starting", True),
        (asyncpg.ReadOnlySQLTransactionError("x"), "only be read", True),
        (asyncpg.UndefinedColumnError("x"), "is no ledger's", False),
        (asyncpg.ConnectionDoesNotExistError("x"), "lost", True),
        (LookupError("x"), "refuses", False),
    ],
)
async def test_what_an_error_says(error: Exception, says: str, retryable: bool) -> None:
    found = why(error, undone=False)
    assert says in found.says
    assert found.retryable is retryable


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgresql://u:p@db.example/acme", " acme at db.example:5432"),
        ("postgresql://u:p@[::1]:77/acme", " acme at [::1]:77"),
        ("postgresql:///acme?host=/run/pg&port=7&user=u&password=p", " acme at /run/pg:7"),
        ("postgresql:///acme?host=a:1,b:2", " acme at a:1,b:2"),
        ("postgresql://u:p@db.example", " at db.example:5432"),
        ("postgresql:///acme", " acme"),
        ("postgresql://u:p@ss@db.example/acme", ""),
        ("postgresql://u:p@s/s@db.example/acme", ""),
    ],
)
async def test_a_database_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str, place: str
) -> None:
    for name in ("PGHOST", "PGPORT"):
        monkeypatch.delenv(name, raising=False)
    assert place_of(understood(url), url) == f"the ledger's database{place}"
