"""The address that was checked is the one that is dialled; one that is not public never is."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from helpdesk_bridge import errors
from helpdesk_bridge.errors import Outcome
from helpdesk_bridge.testing import Answer
from helpdesk_bridge.transport import Operation, urls
from tests.credentials.places import Connect, Serve, download, refusal, saw_secrets

NAME = "files.example.com"
METADATA = "169.254.169.254"
Resolve = Callable[..., list[str]]


@pytest.fixture
def resolves(monkeypatch: pytest.MonkeyPatch) -> Resolve:
    """Have the system's resolver give one set of addresses after the other; gives the questions."""

    def play(*answers: tuple[str, ...]) -> list[str]:
        asked, rest = [], iter(answers)

        def look_up(host: str, port: int, *_: object, **__: object) -> list[Any]:
            if host == "127.0.0.1":  # the connection of the event loop to a number
                return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]
            asked.append(host)
            return [_entry(address, port) for address in next(rest)]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        return asked

    return play


def _entry(address: str, port: int) -> Any:
    if ":" in address:
        return (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0))
    return (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "found",
    [
        (METADATA,),
        ("127.0.0.1",),
        ("10.0.0.7",),
        ("100.64.0.1",),
        ("0.0.0.0",),
        ("::1",),
        ("fe80::1",),
        ("fd00:ec2::254",),
        ("::ffff:169.254.169.254",),
        ("64:ff9b::a9fe:a9fe",),
        ("2002:a9fe:a9fe::1",),
        ("8.8.8.8", METADATA),
    ],
)
@pytest.mark.parametrize("by", ["the vendor's answer", "a redirect"])
async def test_a_name_with_an_address_that_is_not_public_is_never_dialled(
    connect: Connect,
    serve: Serve,
    read: Operation,
    resolves: Resolve,
    dialled: list[str],
    found: tuple[str, ...],
    by: str,
) -> None:
    url, asked = f"https://{NAME}/latest/meta-data/", resolves(found)
    vendor = await serve(Answer.redirect(url))
    transport = connect(vendor, "example.com")
    redirected = by == "a redirect"
    error = await refusal(download(transport, read, None if redirected else url))
    assert (type(error), asked) == (errors.UnsafeURL, [NAME])
    assert dialled == (["127.0.0.1"] if redirected else [])


@pytest.mark.asyncio
async def test_a_name_of_this_machine_is_not_found_by_the_back_door(
    connect: Connect, serve: Serve, read: Operation, resolves: Resolve, dialled: list[str]
) -> None:
    vendor, asked = await serve(), resolves(("127.0.0.1",))
    error = await refusal(download(connect(vendor, NAME), read, f"https://{NAME}:{vendor.port}/"))
    assert (type(error), asked, dialled) == (errors.UnsafeURL, [NAME], [])


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a key and a certificate for the name."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("there is no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            *(program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"),
            *("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")),
        ],
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture
def public(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Have loopback count as public, trust the certificate, and give the server's TLS."""
    trusting = ssl.create_default_context(cafile=certificate / "cert.pem")
    trusting.set_alpn_protocols(("http/1.1",))
    monkeypatch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", trusting)
    monkeypatch.setattr(urls, "is_public", lambda address: address == "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    return context


@pytest.mark.asyncio
async def test_a_name_that_changes_its_address_is_dialled_where_it_was_checked(
    connect: Connect,
    serve: Serve,
    read: Operation,
    resolves: Resolve,
    dialled: list[str],
    public: ssl.SSLContext,
) -> None:
    vendor, other = await serve(), await serve(Answer.of(200, b"bytes"), tls=public)
    asked = resolves(("127.0.0.1",), (METADATA,))
    transport = connect(vendor, "example.com")
    url = f"https://{NAME}:{other.port}/f"
    assert await download(transport, read, url) == b"bytes"
    assert (asked, dialled, saw_secrets(other)) == ([NAME], ["127.0.0.1"], False)


@pytest.mark.asyncio
async def test_a_name_that_changes_its_address_is_checked_again_when_it_is_dialled_again(
    connect: Connect,
    serve: Serve,
    read: Operation,
    resolves: Resolve,
    dialled: list[str],
    public: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vendor, other = await serve(), await serve(default=Answer.of(503), tls=public)
    asked = resolves(("127.0.0.1",), (METADATA,))
    transport = connect(vendor, "example.com")
    url = f"https://{NAME}:{other.port}/f"
    await refusal(download(transport, read, url))
    monkeypatch.setattr(aiohttp.connector._DNSCacheTable, "expired", lambda *_: True)
    error = await refusal(download(transport, read, url))
    assert (type(error), asked, dialled) == (errors.UnsafeURL, [NAME, NAME], ["127.0.0.1"])


@pytest.mark.asyncio
async def test_another_host_must_prove_its_name(
    connect: Connect, serve: Serve, read: Operation, resolves: Resolve, public: ssl.SSLContext
) -> None:
    vendor, other = await serve(), await serve(tls=public)
    resolves(("127.0.0.1",))
    error = await refusal(
        download(connect(vendor, "example.com"), read, f"https://other.example.com:{other.port}/f")
    )
    assert (type(error), error.retryable, other.requests) == (errors.ConnectFailed, False, [])


@pytest.mark.asyncio
async def test_a_host_without_an_address_is_not_sent(
    connect: Connect, serve: Serve, read: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    vendor = await serve()
    error = await refusal(download(connect(vendor, NAME), read, f"https://{NAME}/f"))
    assert (type(error), error.outcome) == (errors.ConnectFailed, Outcome.NOT_SENT)


@pytest.mark.asyncio
async def test_with_a_proxy_the_proxy_resolves_and_the_host_is_still_checked(
    connect: Connect, serve: Serve, read: Operation, resolves: Resolve
) -> None:
    vendor, proxy = await serve(), await serve(default=Answer.of(403))
    asked = resolves(("127.0.0.1",))
    transport = connect(vendor, "example.com", proxy=f"http://proxy.internal:{proxy.port}")
    await refusal(download(transport, read, f"https://{NAME}/f"))
    await refusal(download(transport, read, "https://evil.example/f"))
    assert ([request.target for request in proxy.requests], saw_secrets(proxy)) == (
        [f"{NAME}:443"],
        False,
    )
    assert asked == ["proxy.internal"]
