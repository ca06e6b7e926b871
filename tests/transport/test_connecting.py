"""A connection that cannot be made is said to be that: nothing was sent, and it may be repeated."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from helpdesk_bridge import errors
from helpdesk_bridge.errors import Outcome
from helpdesk_bridge.transport import Operation, Transport, TransportOptions

Connect = Callable[..., Transport]
NOT_SENT = (errors.ConnectFailed, Outcome.NOT_SENT, True)
NEVER = (errors.ConnectFailed, Outcome.NOT_SENT, False)  # what another attempt would meet again


def _known(error: errors.HelpdeskError) -> tuple[type[object], Outcome, bool]:
    return type(error), error.outcome, error.retryable


@pytest.fixture
def closed_port() -> Any:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets it meanwhile
        yield one.getsockname()[1]


@pytest.mark.asyncio
async def test_a_refused_port_is_not_sent(
    connect: Connect, closed_port: int, unsafe: Operation, caught: Any
) -> None:
    transport = connect(f"http://127.0.0.1:{closed_port}")
    assert _known(await caught(transport.send(unsafe, "POST", ("t",), json={}))) == NOT_SENT


@pytest.mark.asyncio
async def test_a_refused_proxy_is_not_sent(
    connect: Connect, vendor: Any, closed_port: int, unsafe: Operation, caught: Any
) -> None:
    transport = connect(vendor, proxy=f"http://user:canary@127.0.0.1:{closed_port}")
    error = await caught(transport.send(unsafe, "POST", ("t",), json={}))
    assert (*_known(error), "proxy" in str(error), "canary" in str(error)) == (
        *NOT_SENT,
        True,
        False,
    )


@pytest.mark.asyncio
async def test_a_proxy_that_refuses_the_tunnel_is_not_sent(
    connect: Connect, vendor: Any, unsafe: Operation, caught: Any
) -> None:
    vendor.answers(407)
    transport = connect("https://helpdesk.invalid", proxy=vendor.origin)
    assert _known(await caught(transport.send(unsafe, "POST", ("t",), json={}))) == NEVER


@pytest.mark.asyncio
async def test_a_name_that_cannot_be_resolved_is_not_sent(
    connect: Connect, unsafe: Operation, caught: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    transport = connect("https://helpdesk.invalid")
    error = await caught(transport.send(unsafe, "POST", ("t",), json={}))
    assert (*_known(error), "host name" in str(error)) == (*NOT_SENT, True)


@pytest.mark.asyncio
async def test_tls_with_a_server_that_speaks_plain_text_is_not_sent(
    connect: Connect, vendor: Any, unsafe: Operation, caught: Any
) -> None:
    vendor.greeting = b"HTTP/1.1 400 Bad Request\r\n\r\n"
    transport = connect(vendor.url.replace("http:", "https:"))
    assert _known(await caught(transport.send(unsafe, "POST", ("t",), json={}))) == NOT_SENT


def _made(folder: Path, name: str, address: str) -> tuple[Path, ssl.SSLContext]:
    """Make a certificate that vouches for itself; return its file and a server's context."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("there is no openssl to make a certificate with")
    key, certificate = folder / f"{name}.key", folder / f"{name}.pem"
    subprocess.run(
        [
            *(program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", f"/CN={name}", "-addext", f"subjectAltName={address}"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return certificate, context


@pytest.fixture(scope="session")
def certified(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    return _made(tmp_path_factory.mktemp("tls"), "vendor", "IP:127.0.0.1")


@pytest.fixture
def self_signed(certified: tuple[Path, ssl.SSLContext]) -> ssl.SSLContext:
    return certified[1]


@pytest.mark.asyncio
async def test_a_certificate_that_the_given_context_vouches_for_is_accepted(
    connect: Connect, vendors: Any, read: Operation, unsafe: Operation, certified: Any
) -> None:
    vendor = vendors()
    vendor.scheme = "https"
    await vendor.start(certified[1])
    transport = connect(vendor, tls=ssl.create_default_context(cafile=certified[0]))
    await transport.send(read, "GET", ("t",))
    await transport.send(unsafe, "POST", ("t",), json={})
    assert len(vendor.seen) == 2


@pytest.mark.asyncio
async def test_a_certificate_of_another_host_is_not_accepted(
    connect: Connect, vendors: Any, unsafe: Operation, caught: Any, tmp_path: Path
) -> None:
    certificate, server = _made(tmp_path, "other", "DNS:other.example")
    vendor = vendors()
    vendor.scheme = "https"
    await vendor.start(server)
    transport = connect(vendor, tls=ssl.create_default_context(cafile=certificate))
    error = await caught(transport.send(unsafe, "POST", ("t",), json={}))
    assert (*_known(error), "certificate" in str(error), vendor.seen) == (*NEVER, True, [])


@pytest.mark.parametrize("tls", [False, True, "no", 0])
def test_verification_cannot_be_switched_off(tls: Any) -> None:
    with pytest.raises(errors.InvalidArgument, match="tls must be an"):
        TransportOptions(tls=tls)


@pytest.mark.asyncio
async def test_a_certificate_that_nobody_vouches_for_is_not_accepted(
    connect: Connect, vendors: Any, unsafe: Operation, caught: Any, self_signed: ssl.SSLContext
) -> None:
    vendor = vendors()
    vendor.scheme = "https"
    await vendor.start(self_signed)
    error = await caught(connect(vendor).send(unsafe, "POST", ("t",), json={}))
    assert (*_known(error), "certificate" in str(error), vendor.seen) == (*NEVER, True, [])


@pytest.mark.asyncio
async def test_a_server_that_never_greets_is_not_sent(
    connect: Connect, unsafe: Operation, caught: Any, vendors: Any
) -> None:
    silent = vendors()
    await silent.start()  # waits for a whole request line, which no TLS greeting contains
    silent.scheme = "https"
    error = await caught(connect(silent, connect=0.05).send(unsafe, "POST", ("t",), json={}))
    assert (*_known(error), "in time" in str(error)) == (*NOT_SENT, True)


@pytest.mark.asyncio
async def test_a_failed_connection_does_not_cost_the_next_call_its_slot(
    connect: Connect, closed_port: int, read: Operation, caught: Any
) -> None:
    transport = connect(f"http://127.0.0.1:{closed_port}", concurrency=1)
    for _ in range(3):
        error = await caught(transport.send(read, "GET", ("t",)))
        assert type(error) is errors.ConnectFailed
