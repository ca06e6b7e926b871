"""Files are read while they are sent: a chunk at a time, anew for each attempt, all or nothing."""

from __future__ import annotations

import gc
import json
from base64 import b64encode
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from helpdesk_bridge import errors
from helpdesk_bridge.model import Upload
from helpdesk_bridge.model.disk import CHUNK
from helpdesk_bridge.transport import (
    Base64,
    Handler,
    Operation,
    Part,
    Request,
    Response,
    Source,
    Transport,
)
from helpdesk_bridge.transport.http.bodies import in_pieces

Connect = Callable[..., Transport]
KINDS = ["bytes", "path", "iterable"]
KEY = "file-made-up"


async def twice(request: Request, handler: Handler) -> Response:
    await handler(request)
    return await handler(request)


def upload(kind: str, content: bytes, folder: Path) -> Upload:
    if kind == "bytes":
        return Upload("a.bin", data=content)
    if kind == "path":
        (folder / "a.bin").write_bytes(content)
        return Upload("a.bin", data=folder / "a.bin")

    async def parts() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 1000):
            yield content[start : start + 1000]

    return Upload("a.bin", data=parts(), size=len(content))


def content_of(size: int) -> bytes:
    return bytes(number * 7 % 251 for number in range(size))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 2])
@pytest.mark.asyncio
async def test_a_file_in_json_arrives_as_base64_each_time(
    connect: Connect, vendor: Any, unsafe: Operation, tmp_path: Path, kind: str, size: int
) -> None:
    file = upload(kind, content_of(size), tmp_path)
    await connect(vendor, middlewares=[twice]).send(
        unsafe,
        "POST",
        ("t",),
        json={"text": "ä", "file": KEY, "html": f"<img src='data:;base64,{KEY}'>"},
        files={KEY: Base64(file)},
    )
    data = b64encode(content_of(size)).decode()
    for seen in vendor.seen:
        assert json.loads(seen.body) == {
            "text": "ä",
            "file": data,
            "html": f"<img src='data:;base64,{data}'>",
        }
        assert seen.headers["Content-Length"] == str(len(seen.body))
        assert seen.headers["Content-Type"] == "application/json; charset=utf-8"
        assert "Transfer-Encoding" not in seen.headers
    assert len(vendor.seen) == 2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.asyncio
async def test_a_file_in_multipart_arrives_as_it_is_each_time(
    connect: Connect, vendor: Any, unsafe: Operation, tmp_path: Path, kind: str
) -> None:
    content = content_of(CHUNK + 1)
    file = upload(kind, content, tmp_path)
    parts = [
        Part(name="text", content="ä"),
        Part(name="file", content=file, filename="Prüfung ✓.pdf", mime_type="application/pdf"),
        Part(name="plain", content=file, filename="a.bin"),
        Part(name="encoded", content=Base64(file)),
    ]
    await connect(vendor, middlewares=[twice]).send(unsafe, "POST", ("t",), multipart=parts)
    assert len(vendor.seen) == 2
    for seen in vendor.seen:
        assert seen.headers["Content-Length"] == str(len(seen.body))
        boundary = seen.headers["Content-Type"].partition("boundary=")[2].strip('"').encode()
        _, _, *files, end = seen.body.split(b"--" + boundary)
        heads, bodies = zip(*(file.split(b"\r\n\r\n", 1) for file in files), strict=True)
        assert bodies == (content + b"\r\n", content + b"\r\n", b64encode(content) + b"\r\n")
        assert (b'filename="' in heads[2], end) == (False, b"--\r\n")
        assert b"Content-Type: application/pdf" in heads[0]
        assert 'filename="Prüfung ✓.pdf"'.encode() in heads[0]
        assert b"Content-Type: application/octet-stream" in heads[1]
        assert b"Content-Type: text/plain; charset=utf-8" in heads[2]


class Counted:
    """A source that notes when it is read."""

    def __init__(self, log: list[str]) -> None:
        self.log = log

    async def ready(self) -> int:
        return 9

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        for _ in range(3):
            self.log.append("read")
            yield b"abc"


@pytest.mark.parametrize("wrap", [lambda source: source, Base64], ids=["as it is", "base64"])
@pytest.mark.asyncio
async def test_no_more_than_a_chunk_is_held(wrap: Callable[[Source], Source]) -> None:
    log: list[str] = []

    class Writer:
        async def write(self, chunk: bytes) -> None:
            log.append(f"write {len(chunk)}")

    payload = await in_pieces([b"{", wrap(Counted(log)), b"}"], "text/plain")
    await payload.write(Writer())
    size = 3 if wrap is not Base64 else 4
    assert log == ["write 1", *["read", f"write {size}"] * 3, "write 1"]
    assert payload.size == 2 + 3 * size


@pytest.mark.asyncio
async def test_a_file_that_has_no_place_in_the_body_is_refused_unsent(
    connect: Connect, vendor: Any, unsafe: Operation, caught: Any
) -> None:
    files = {KEY: Base64(Upload("a.bin", data=b"abc"))}
    error = await caught(connect(vendor).send(unsafe, "POST", ("t",), json={}, files=files))
    assert (type(error), vendor.seen) == (errors.InvalidArgument, [])


@pytest.mark.parametrize("gone", [True, False])
@pytest.mark.asyncio
async def test_a_file_that_changed_before_it_was_sent_is_refused_unsent(
    connect: Connect, vendor: Any, unsafe: Operation, caught: Any, tmp_path: Path, gone: bool
) -> None:
    file = upload("path", b"abc", tmp_path)
    await file.ready()
    path = tmp_path / "a.bin"
    path.unlink() if gone else path.write_bytes(b"abcd")
    part = Part(name="file", content=file, filename="a.bin")
    error = await caught(connect(vendor).send(unsafe, "POST", ("t",), multipart=[part]))
    assert (type(error), vendor.connections) == (errors.InvalidArgument, 0)
    assert error.outcome is errors.Outcome.NOT_SENT


class Changing:
    """A source of another size than it said."""

    def __init__(self, *parts: bytes) -> None:
        self.parts = parts

    async def ready(self) -> int:
        return 6

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        for part in self.parts:
            yield part
        raise errors.InvalidArgument("an attachment has changed while it was read.")


@pytest.mark.parametrize("parts", [(), (b"abc",)])
@pytest.mark.asyncio
async def test_a_file_that_changes_while_it_is_sent_leaves_the_outcome_open(
    connect: Connect, vendor: Any, unsafe: Operation, caught: Any, parts: tuple[bytes, ...]
) -> None:
    part = Part(name="file", content=Changing(*parts), filename="a.bin")
    error = await caught(connect(vendor).send(unsafe, "POST", ("t",), multipart=[part]))
    assert isinstance(error, errors.OutcomeUnknown)
    assert "has changed" in error.message
    assert (vendor.seen, vendor.connections) == ([], 1)


class Lying:
    """A source of another size than it said, which it does not notice."""

    def __init__(self, *parts: bytes) -> None:
        self.parts = parts

    async def ready(self) -> int:
        return 6

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        for part in self.parts:
            yield part


@pytest.mark.parametrize("wrap", [lambda source: source, Base64], ids=["as it is", "base64"])
@pytest.mark.parametrize("parts", [(), (b"abc",), (b"abcdefghij",), (b"abc", b"def", b"g")])
@pytest.mark.asyncio
async def test_no_more_and_no_less_is_sent_of_a_file_than_announced(
    connect: Connect,
    vendor: Any,
    unsafe: Operation,
    caught: Any,
    parts: tuple[bytes, ...],
    wrap: Callable[[Source], Source],
) -> None:
    files = {KEY: wrap(Lying(*parts))}
    sending = connect(vendor).send(unsafe, "POST", ("t",), json={"file": KEY}, files=files)
    error = await caught(sending)
    assert isinstance(error, errors.OutcomeUnknown)
    assert "has changed" in error.message
    assert (vendor.seen, vendor.connections) == ([], 1)


@pytest.mark.asyncio
async def test_a_file_that_grew_for_another_call_is_not_sent_beyond_its_size(
    tmp_path: Path,
) -> None:
    written = bytearray()

    class Writer:
        async def write(self, chunk: bytes) -> None:
            written.extend(chunk)

    file = upload("path", b"abc", tmp_path)
    payload = await in_pieces([file], "text/plain")
    (tmp_path / "a.bin").write_bytes(b"abcdef")
    await file.measure()  # as any call does that begins meanwhile
    with pytest.raises(errors.InvalidArgument, match="has changed"):
        await payload.write(Writer())
    assert len(written) <= 3


@pytest.mark.parametrize("now", [b"", b"a" * CHUNK, b"a" * 3 * CHUNK])
@pytest.mark.asyncio
async def test_a_file_is_never_yielded_beyond_its_size(tmp_path: Path, now: bytes) -> None:
    file = upload("path", b"a" * 2 * CHUNK, tmp_path)
    chunks = file.chunks()
    came = len(await anext(chunks))
    with (tmp_path / "a.bin").open("r+b") as changed:
        changed.truncate(0)
        changed.write(now)

    async def rest() -> None:
        nonlocal came
        async for chunk in chunks:
            came += len(chunk)

    with pytest.raises(errors.InvalidArgument, match="has changed"):
        await rest()
    assert came <= 2 * CHUNK


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.asyncio
async def test_reading_that_is_broken_off_leaves_nothing_open(tmp_path: Path, kind: str) -> None:
    file = upload(kind, content_of(3 * CHUNK), tmp_path)
    chunks = file.chunks()
    await anext(chunks)
    await chunks.aclose()
    del file, chunks
    gc.collect()  # an open file would be a ResourceWarning, which is an error here
