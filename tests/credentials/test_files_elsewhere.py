"""A file on another host is read without anything of the desk's own, or not at all."""

from __future__ import annotations

import gzip
import pickle
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import ClassVar

import pytest
from attrs import frozen

import helpdesk_bridge as hb
from helpdesk_bridge import errors, kit
from helpdesk_bridge.errors import Outcome
from helpdesk_bridge.testing import Answer
from helpdesk_bridge.transport import Effect, Operation, Request
from tests.credentials.places import CANARY, Connect, Serve, download, refusal, saw_secrets

FILE = Answer.of(200, b"bytes", {"Set-Cookie": "session=1; Path=/"})
STATUSES = [301, 302, 303, 307, 308]


@pytest.mark.asyncio
async def test_a_file_on_the_desks_own_origin_is_asked_for_with_credentials(
    connect: Connect, serve: Serve, read: Operation
) -> None:
    vendor = await serve(FILE, path="/api/v1")
    url = f"{vendor.origin}/files/7?sig=a%2Bb"
    assert await download(connect(vendor), read, url) == b"bytes"
    (request,) = vendor.requests
    assert (request.target, request.headers["apikey"]) == ("/files/7?sig=a%2Bb", CANARY)


@pytest.mark.asyncio
async def test_a_file_on_another_host_is_read_without_credentials(
    connect: Connect, serve: Serve, read: Operation
) -> None:
    vendor, other = await serve(), await serve(FILE)
    transport = connect(vendor, "127.0.0.1")
    assert await download(transport, read, f"{other.origin}/f?sig=1") == b"bytes"
    assert (vendor.requests, other.requests[0].target) == ([], "/f?sig=1")
    assert other.requests[0].headers.keys() == {
        "host",
        "accept",
        "accept-encoding",
        "user-agent",
        "connection",
    }


@pytest.mark.asyncio
@pytest.mark.parametrize("status", STATUSES)
async def test_a_redirect_of_a_download_to_another_host_loses_the_credentials(
    connect: Connect, serve: Serve, read: Operation, status: int
) -> None:
    other = await serve(FILE)
    vendor = await serve(Answer.redirect(f"{other.origin}/f?sig=1", status))
    assert await download(connect(vendor, "127.0.0.1"), read) == b"bytes"
    assert (saw_secrets(vendor), saw_secrets(other)) == (True, False)


@pytest.mark.asyncio
@pytest.mark.parametrize("start", ["own", "given"])
async def test_credentials_do_not_come_back_with_a_redirect_home(
    connect: Connect, serve: Serve, read: Operation, start: str
) -> None:
    vendor = await serve()
    other = await serve(Answer.redirect(f"{vendor.origin}/delete-everything"))
    if start == "own":
        vendor.plays(Answer.redirect(other.url))
    vendor.plays(FILE)
    transport = connect(vendor, "127.0.0.1")
    assert await download(transport, read, None if start == "own" else other.url) == b"bytes"
    home = vendor.requests[-1]
    assert (home.target, "apikey" in home.headers) == ("/delete-everything", False)


@pytest.mark.asyncio
async def test_cookies_of_another_host_are_not_sent_back(
    connect: Connect, serve: Serve, read: Operation
) -> None:
    vendor, other = await serve(), await serve(default=FILE)
    transport = connect(vendor, "localhost")
    url = other.url.replace("127.0.0.1", "localhost")
    await download(transport, read, url)
    await download(transport, read, url)
    assert (len(other.requests), saw_secrets(other)) == (2, False)


@pytest.mark.asyncio
async def test_another_host_gets_no_connection_of_the_desks_own(
    connect: Connect, serve: Serve, read: Operation
) -> None:
    other = await serve(default=FILE)
    vendor = await serve(default=FILE)
    transport = connect(vendor, "127.0.0.1")
    await download(transport, read)
    await download(transport, read, other.url)
    await download(transport, read, other.url)
    assert (vendor.connections, other.connections) == (1, 2)


@pytest.mark.asyncio
async def test_a_host_that_the_adapter_does_not_name_sees_nothing(
    connect: Connect, serve: Serve, read: Operation
) -> None:
    vendor, other = await serve(), await serve()
    error = await refusal(download(connect(vendor), read, other.url))
    assert (type(error), error.outcome) == (errors.UnsafeURL, Outcome.NOT_SENT)
    assert (vendor.connections, other.connections) == (0, 0)


@pytest.mark.asyncio
@pytest.mark.parametrize("hosts", [(), ("files.example",)])
async def test_a_redirect_to_a_host_that_the_adapter_does_not_name_is_refused(
    connect: Connect, serve: Serve, read: Operation, hosts: tuple[str, ...]
) -> None:
    other = await serve()
    vendor = await serve(Answer.redirect(other.url))
    error = await refusal(download(connect(vendor, *hosts), read))
    assert (type(error), error.outcome, error.attempts) == (errors.UnsafeURL, Outcome.UNKNOWN, 1)
    assert other.connections == 0


@pytest.mark.asyncio
async def test_only_downloads_are_sent_on_to_another_host(
    connect: Connect, serve: Serve, read: Operation
) -> None:
    other = await serve()
    vendor = await serve(Answer.redirect(other.url))
    error = await refusal(connect(vendor, "127.0.0.1").send(read, "GET", ("t",)))
    assert (type(error), other.connections) == (errors.UnsafeURL, 0)


@pytest.mark.asyncio
async def test_three_hops_are_followed_and_no_fourth(
    connect: Connect, serve: Serve, read: Operation
) -> None:
    vendor, other = await serve(), await serve()
    transport = connect(vendor, "127.0.0.1")
    other.plays(*[Answer.redirect("/next")] * 3, FILE)
    assert await download(transport, read, other.url) == b"bytes"
    other.plays(*[Answer.redirect("/next")] * 4, FILE)
    error = await refusal(download(transport, read, other.url))
    assert (type(error), len(other.requests), saw_secrets(other)) == (
        errors.ProtocolError,
        8,
        False,
    )


HOSTILE = [
    "//evil.example/f",
    "https://evil.example/f",
    "http://files.example/f",
    "https://files.example.evil.example/f",
    "https://evilfiles.example/f",
    "https://files.example@evil.example/f",
    "https://127.0.0.1:{port}@files.example/f",
    "https://user:pw@files.example/f",
    "https://files.example\\@evil.example/f",
    "https:\\\\evil.example/f",
    "https://files.example%2f@evil.example/f",
    "https://fil\u0435s.example/f",  # a Cyrillic letter
    "https://169.254.169.254/latest/meta-data/",
    "http://169.254.169.254/latest/meta-data/",
    "https://[::ffff:169.254.169.254]/",
    "https://2852039166/",
    "https://10.0.0.1/",
    "https://localhost:{port}/",
    "http://localhost:{port}/",
    "https://127.0.0.1:{port}/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "data:text/plain,x",
    "http://[",
    "https://]@",
    "",
]


@pytest.mark.asyncio
@pytest.mark.parametrize("location", HOSTILE[:-1])
async def test_each_hop_is_checked_like_the_first(
    connect: Connect, serve: Serve, read: Operation, dialled: list[str], location: str
) -> None:
    other = await serve()
    vendor = await serve(
        Answer.redirect(location.format(port=other.port).encode().decode("latin-1"))
    )
    error = await refusal(download(connect(vendor, "files.example"), read))
    assert type(error) is errors.UnsafeURL
    assert (dialled, other.connections) == (["127.0.0.1"], 0)


@pytest.mark.asyncio
@pytest.mark.parametrize("url", HOSTILE)
async def test_an_address_that_leads_elsewhere_is_refused_unsent(
    connect: Connect, serve: Serve, read: Operation, dialled: list[str], url: str
) -> None:
    vendor = await serve()
    error = await refusal(
        download(connect(vendor, "files.example"), read, url.format(port=vendor.port))
    )
    assert (type(error), error.outcome, dialled) == (errors.UnsafeURL, Outcome.NOT_SENT, [])


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "expected", "retryable"),
    [
        (Answer.of(401), errors.NotFound, False),
        (Answer.of(403, b"<Error>expired</Error>"), errors.NotFound, False),
        (Answer.of(404), errors.NotFound, False),
        (Answer.of(410), errors.NotFound, False),
        (Answer.of(418), errors.ProtocolError, False),
        (Answer.of(204), errors.ProtocolError, False),
        (Answer.of(206, b"byt"), errors.TruncatedBody, True),
        (Answer.of(304), errors.ProtocolError, False),
        (Answer.too_many_requests(7), errors.VendorUnavailable, True),
        (Answer.of(503), errors.VendorUnavailable, True),
        (Answer.truncated(), errors.TruncatedBody, True),
        (Answer.truncated_gzip(b"x" * 999), errors.TruncatedBody, True),
        (Answer.of(200, b"x", {"Content-Encoding": "br"}), errors.ProtocolError, False),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_what_another_host_answers_has_its_own_error(
    connect: Connect,
    serve: Serve,
    read: Operation,
    answer: Answer,
    expected: type[errors.HelpdeskError],
    retryable: bool,
) -> None:
    vendor, other = await serve(), await serve(answer)
    error = await refusal(download(connect(vendor, "127.0.0.1"), read, other.url))
    assert (type(error), error.retryable) == (expected, retryable)
    assert error.status == int(answer.data.split()[1])
    assert "account" not in str(error)


@pytest.mark.asyncio
async def test_the_limits_and_the_clock_of_another_host_are_not_the_vendors(
    connect: Connect, serve: Serve, read: Operation
) -> None:
    loud = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "99"}
    late = {"Date": "Sat, 01 Jan 2000 00:00:00 GMT", "Retry-After": "99"}
    vendor = await serve()
    other = await serve(
        Answer.of(200, b"", {**loud, **late}), Answer.of(429, b"", {**loud, **late})
    )
    transport = connect(vendor, "127.0.0.1", deadline=9)
    await download(transport, read, other.url)
    await refusal(download(transport, read, other.url))
    assert (await transport.send(read, "GET", ("t",))).status == 200
    assert transport.clock_offset() is None


@pytest.mark.asyncio
async def test_a_download_that_is_tried_again_begins_at_the_vendor(
    connect: Connect, serve: Serve, read: Operation, pauses: list[float]
) -> None:
    other = await serve(Answer.of(503), FILE)
    vendor = await serve(default=Answer.redirect(other.url))  # a new signature each time
    assert await download(connect(vendor, "127.0.0.1", max_attempts=2), read) == b"bytes"
    assert (len(vendor.requests), len(other.requests), len(pauses)) == (2, 2, 1)


@pytest.mark.asyncio
async def test_a_file_that_is_packed_all_the_same_is_unpacked(
    connect: Connect, serve: Serve, read: Operation
) -> None:
    vendor = await serve()
    other = await serve(
        Answer.of(200, gzip.compress(b"bytes", mtime=0), {"Content-Encoding": "gzip"})
    )
    assert await download(connect(vendor, "127.0.0.1"), read, other.url) == b"bytes"


@pytest.mark.asyncio
async def test_a_part_of_a_file_is_not_taken_for_the_whole(
    connect: Connect, serve: Serve, read: Operation
) -> None:
    vendor = await serve(Answer.of(206, b"byt"))
    assert type(await refusal(download(connect(vendor), read))) is errors.TruncatedBody


@pytest.mark.asyncio
async def test_a_signed_address_is_in_no_error_and_no_repr(
    connect: Connect, serve: Serve, read: Operation, caplog: pytest.LogCaptureFixture
) -> None:
    vendor, other = await serve(), await serve(default=Answer.of(503))
    transport = connect(vendor, "127.0.0.1")
    caplog.set_level("DEBUG", "helpdesk_bridge")
    for host in (f"{other.origin}/{CANARY}", f"https://evil.example/{CANARY}", f"x:{CANARY}"):
        error = await refusal(download(transport, read, f"{host}?sig={CANARY}"))
        assert CANARY not in f"{error}{error!r}{pickle.dumps(error)!r}"
    request = Request(operation=read, method="GET", path=(), url=f"https://a.example/{CANARY}")
    assert (CANARY in repr(request), CANARY in caplog.text) == (False, False)


@frozen(kw_only=True)
class AcmeSettings:
    """The settings of an adapter whose vendor gives absolute addresses."""

    adapter = "acme"
    base_url: str


class Acme(kit.Adapter):
    """Takes the id of a file for a path on the vendor's other host."""

    name = "acme"
    settings_type = AcmeSettings
    offers: ClassVar = {kit.Capability.OPEN_ATTACHMENT: kit.native()}
    file_hosts = frozenset({"127.0.0.1"})
    other = ""

    def open_attachment(
        self, attachment: hb.Attachment, size: str | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        operation = Operation("open_attachment", Effect.READ)
        return self.transport.stream_url(operation, f"{self.other}/{attachment.id}")


@pytest.mark.asyncio
async def test_a_desk_takes_files_from_the_hosts_that_its_adapter_names(
    serve: Serve, tmp_path: Path
) -> None:
    vendor, other = await serve(), await serve(FILE)
    Acme.other = other.url
    async with hb.Helpdesk(AcmeSettings(base_url=vendor.url), adapter=Acme) as desk:
        path = await desk.save_attachment(hb.Attachment(id="7", name="../a.txt"), tmp_path)
    assert (path, path.read_bytes()) == (tmp_path / "a.txt", b"bytes")
