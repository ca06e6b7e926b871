"""What a Content-Encoding says of the bytes, and what says nothing."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_bridge import errors
from helpdesk_bridge.errors import Reason
from helpdesk_bridge.transport import Operation, Transport
from helpdesk_bridge.transport.coding import is_packed

Connect = Callable[..., Transport]

NO_CODING = [
    *("", " ", ",", "identity", "IDENTITY", "none", "None", "null", "binary", "7bit", "8bit"),
    *("utf-8", "UTF-8", "utf8", "UTF-16LE", "us-ascii", "iso-8859-1", "ISO_8859-15:1998"),
    *("windows-1252", "cp1252", "latin1", "koi8-r", "Shift_JIS", "gb18030", "charset=utf-8"),
    *('charset="UTF-8"', "text", "text/html", "application/json", "application/vnd.api+json"),
    *("application/json; charset=utf-8", "identity, identity", "utf-8, none", "chunked", "plain"),
    *("utf-8;q=1", "identity;q=1", "charset:utf-8", "json; charset=utf-8", '""', "aws-chunked"),
    *("amz-1.0", "base64", "quoted-printable", "en", "de-DE", "uncompressed", "unknown", "*"),
    *(";", ";gzip", "application/gzip", "canary", "gzipped?"),
]
OTHERS = ["br", "BR", "deflate", "zstd", "compress", "dcb", '"br"', "br;q=1.0", "xz", "x-bzip2"]
OTHERS += ["gzip, gzip", "gzip, br", "br, identity", "br;level=4, aws-chunked"]


@pytest.mark.parametrize("encoding", NO_CODING)
def test_what_names_no_coding_leaves_the_bytes_plain(encoding: str) -> None:
    assert not is_packed([encoding])
    assert is_packed([encoding, "gzip"])
    assert is_packed(["X-GZIP", encoding])
    assert is_packed([encoding, "gzip;q=1"])


def test_no_header_leaves_the_bytes_plain() -> None:
    assert not is_packed([])


@pytest.mark.parametrize("encoding", OTHERS)
def test_a_coding_that_was_not_asked_for_is_an_error(encoding: str) -> None:
    with pytest.raises(errors.ProtocolError) as info:
        is_packed([encoding])
    assert info.value.reason is Reason.BAD_ENCODING
    with pytest.raises(errors.ProtocolError):
        is_packed(["utf-8", encoding])


@pytest.mark.parametrize("encoding", ["gzip", "GZIP ; q=1", '"gzip"', "x-gzip;level=9", "gzip;"])
def test_gzip_is_gzip_with_parameters_and_in_quotes(encoding: str) -> None:
    assert is_packed([encoding])


def test_the_error_names_a_coding_that_is_known_and_no_other_text() -> None:
    with pytest.raises(errors.ProtocolError, match=r"\(zstd\)"):
        is_packed(["zstd; canary", "canary"])


@given(st.lists(st.text(max_size=30), max_size=4))
def test_no_header_raises_anything_but_a_protocol_error(values: list[str]) -> None:
    with suppress(errors.ProtocolError):
        is_packed(values)


def test_a_header_of_100_kb_is_judged_in_one_pass() -> None:
    assert not is_packed(["application/" + "a-+." * 25_000])
    with pytest.raises(errors.ProtocolError):
        is_packed([", ".join(["gzip"] * 10_000)])


@pytest.mark.asyncio
@pytest.mark.parametrize("encoding", ["UTF-8", "binary", "none", "", "identity, 8bit"])
async def test_reads_writes_and_downloads_take_plain_bytes_as_they_are(
    connect: Connect, vendor: Any, read: Operation, unsafe: Operation, encoding: str
) -> None:
    for _ in range(3):
        vendor.answers(body=b'{"id": 1}', headers={"Content-Encoding": encoding})
    transport = connect(vendor)
    assert (await transport.send(read, "GET", ("t",))).json() == {"id": 1}
    assert (await transport.send(unsafe, "POST", ("t",), json={})).json() == {"id": 1}
    async with transport.stream(read, ("file",)) as chunks:
        assert b"".join([chunk async for chunk in chunks]) == b'{"id": 1}'


@pytest.mark.asyncio
async def test_two_headers_count_as_one_list(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    body = gzip.compress(b'{"id": 1}', mtime=0)
    lines = b"Content-Encoding: utf-8\r\nContent-Encoding: gzip\r\nContent-Length: %d" % len(body)
    vendor.plays(b"HTTP/1.1 200 X\r\n%s\r\n\r\n%s" % (lines, body))
    assert (await connect(vendor).send(read, "GET", ("t",))).json() == {"id": 1}


@pytest.mark.asyncio
@pytest.mark.parametrize("size", [0, 1, 700, 300_000])
async def test_a_packed_download_may_have_zeros_behind_it(
    connect: Connect, vendor: Any, read: Operation, size: int
) -> None:
    body = gzip.compress(b"words", mtime=0) + bytes(size)
    vendor.answers(body=body, headers={"Content-Encoding": "gzip"})
    async with connect(vendor).stream(read, ("file",)) as chunks:
        assert b"".join([chunk async for chunk in chunks]) == b"words"


@pytest.mark.asyncio
async def test_an_empty_file_labelled_as_gzip_is_empty(
    connect: Connect, vendor: Any, read: Operation
) -> None:
    for headers in ({"Content-Length": "0"}, {"Transfer-Encoding": "chunked"}):
        body = b"0\r\n\r\n" if "Transfer-Encoding" in headers else b""
        vendor.answers(body=body, headers={"Content-Encoding": "gzip", **headers})
        async with connect(vendor).stream(read, ("file",)) as chunks:
            assert [chunk async for chunk in chunks] == []


UNREADABLE: dict[str, tuple[str, bytes]] = {
    "another coding": ("br", b"\x0b\x02\x80{}\x03"),
    "deflate": ("deflate", b"x\x9c\x03\x00\x00\x00\x00\x01"),
    "gzip that is plain": ("gzip", b'{"message": "no"}'),
    "gzip that is cut": ("gzip", gzip.compress(b'{"message": "no such ticket"}', mtime=0)[:20]),
    "gzip with garbage behind it": ("gzip", gzip.compress(b"{}", mtime=0) + b"x" * 300_000),
}
REFUSED = {401: errors.AuthenticationError, 404: errors.NotFound, 422: errors.ValidationFailed}


@pytest.mark.asyncio
@pytest.mark.parametrize("case", UNREADABLE)
@pytest.mark.parametrize("status", REFUSED)
@pytest.mark.parametrize("framing", ["Content-Length", "chunked"])
async def test_a_refusal_whose_whole_body_cannot_be_read_is_that_refusal(
    connect: Connect, vendor: Any, unsafe: Operation, caught: Any, case: str, status: int,
    framing: str,
) -> None:  # fmt: skip
    encoding, body = UNREADABLE[case]
    headers = {"Content-Encoding": encoding}
    if framing == "chunked":
        headers["Transfer-Encoding"] = "chunked"
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    vendor.answers(status, body, headers)
    error = await caught(connect(vendor).send(unsafe, "POST", ("t",), json={}))
    assert (type(error), error.outcome) == (REFUSED[status], errors.Outcome.REJECTED)


@pytest.mark.asyncio
@pytest.mark.parametrize("case", UNREADABLE)
async def test_a_429_whose_body_cannot_be_read_is_waited_for(
    connect: Connect, vendor: Any, unsafe: Operation, case: str
) -> None:
    encoding, body = UNREADABLE[case]
    vendor.answers(429, body, {"Content-Encoding": encoding, "Retry-After": "0"})
    answer = await connect(vendor, max_attempts=2).send(unsafe, "POST", ("t",), json={})
    assert (answer.status, len(vendor.seen)) == (200, 2)


@pytest.mark.asyncio
@pytest.mark.parametrize("case", UNREADABLE)
async def test_a_refusal_that_is_not_whole_or_a_success_stays_in_doubt(
    connect: Connect, vendor: Any, unsafe: Operation, caught: Any, case: str
) -> None:
    encoding, body = UNREADABLE[case]
    labelled = {"Content-Encoding": encoding}
    head = f"HTTP/1.1 404 X\r\nContent-Encoding: {encoding}\r\n\r\n".encode()
    for script in (
        lambda: vendor.answers(404, body, labelled, length=len(body) + 1),
        lambda: vendor.plays(head + body),  # its end is that of the connection
        lambda: vendor.answers(200, body, labelled),
    ):
        script()
        error = await caught(connect(vendor).send(unsafe, "POST", ("t",), json={}))
        assert type(error) is errors.OutcomeUnknown
