"""A file to send has the size that was announced, each time it is read."""

from __future__ import annotations

import asyncio
import copy
import errno
import os
import pickle
from array import array
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model import (
    Upload,
)
from helpdesk_bridge.model.disk import Spool
from tests.forked import in_a_fork, in_a_thread, needs_fork, outcome


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


@pytest.mark.parametrize(
    "name",
    ["", "a\r\nb", "a/b", "a\\b", 'a"b', "a\0", "a\x7f", "a\x85", "a\u2028b", "\ud800"],
)
def test_a_file_name_that_would_break_a_header_or_a_path_is_refused(name: str) -> None:
    with pytest.raises(InvalidArgument, match="attachment's name"):
        Upload(name, data=b"a")


@pytest.mark.parametrize("name", ["a.txt", "Bild 1.png", "日本\u3000語.pdf", "it's (1).tar.gz"])
def test_a_usual_file_name_is_accepted(name: str) -> None:
    assert Upload(name, data=b"a").name == name


@pytest.mark.parametrize("word", ["a\r\nb", "text/plain x", "tëxt/plain", "a\0"])
@pytest.mark.parametrize("field", ["mime_type", "content_id"])
def test_a_header_word_of_a_file_is_clean(field: str, word: str) -> None:
    with pytest.raises(InvalidArgument, match=field):
        Upload("a.txt", data=b"a", **{field: word})


def test_an_empty_content_id_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="content_id"):
        Upload("a.txt", data=b"a", content_id="")


@pytest.mark.parametrize(
    ("name", "mime_type", "kept"),
    [
        ("a.png", "", "image/png"),
        ("a.unheard-of", "", "application/octet-stream"),
        ("a.png", "image/x-own", "image/x-own"),
    ],
)
def test_a_media_type_is_guessed_only_when_left_out(name: str, mime_type: str, kept: str) -> None:
    assert Upload(name, mime_type, b"a").mime_type == kept


@pytest.mark.parametrize("data", ["text", 5, None, [b"a"]])
def test_a_file_is_bytes_a_path_or_an_async_iterable(data: Any) -> None:
    with pytest.raises(InvalidArgument, match="data is bytes"):
        Upload("a.txt", data=data)


def test_a_file_without_data_is_refused_and_an_empty_one_is_sent() -> None:
    with pytest.raises(InvalidArgument, match="data is bytes"):
        Upload("invoice.pdf")
    assert Upload("empty.txt", data=b"").size == 0


@pytest.mark.parametrize("value", [None, 5, b"a.txt"])
@pytest.mark.parametrize("field", ["name", "mime_type"])
def test_a_word_of_a_file_is_a_str(field: str, value: Any) -> None:
    with pytest.raises(InvalidArgument, match=f"{field} must be a str"):
        Upload(**{"name": "a.txt", "data": b"a", field: value})


@pytest.mark.parametrize("size", ["5", 5.0, True])
def test_a_size_is_a_whole_number(size: Any) -> None:
    with pytest.raises(InvalidArgument, match="size must be a whole number"):
        Upload("a.txt", data=b"a", size=size)


@pytest.mark.asyncio
async def test_two_calls_may_read_an_async_iterable_at_once() -> None:
    upload = Upload("a.log", data=chunks(b"ab", b"cd"), size=4)
    assert await asyncio.gather(upload.read(), upload.read()) == [b"abcd", b"abcd"]


def test_an_async_iterable_needs_its_size() -> None:
    with pytest.raises(InvalidArgument, match="needs its size"):
        Upload("a.txt", data=chunks())


@pytest.mark.parametrize("size", [2, 4])
def test_bytes_of_another_size_than_announced_are_refused(size: int) -> None:
    with pytest.raises(InvalidArgument, match=f"3 bytes, and {size} were announced"):
        Upload("a.txt", data=b"abc", size=size)


def test_a_size_below_zero_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="below zero"):
        Upload("a.txt", data=chunks(), size=-1)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
@pytest.mark.asyncio
async def test_bytes_are_measured_and_read_as_they_were(kind: Any) -> None:
    source = bytearray(b"abc")
    upload = Upload("a.txt", data=kind(source))
    source[:] = b"xyz"
    assert (await upload.measure(), await upload.read()) == (3, b"abc")


@pytest.mark.asyncio
async def test_a_file_on_disk_is_measured_and_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"abc")
    upload = Upload("a.txt", data=path)
    assert (await upload.measure(), await upload.read(), await upload.read()) == (3, b"abc", b"abc")


@pytest.mark.parametrize("way", ["measure", "read"])
@pytest.mark.asyncio
async def test_a_file_that_is_missing_is_named_without_its_path(tmp_path: Path, way: str) -> None:
    with pytest.raises(InvalidArgument, match="cannot be read") as caught:
        await getattr(Upload("a.txt", data=tmp_path / "gone"), way)()
    assert "gone" not in str(caught.value)


@pytest.mark.parametrize("way", ["measure", "read"])
@pytest.mark.asyncio
async def test_a_file_of_another_size_than_announced_is_refused(tmp_path: Path, way: str) -> None:
    (tmp_path / "a.txt").write_bytes(b"abc")
    with pytest.raises(InvalidArgument, match="3 bytes, and 5"):
        await getattr(Upload("a.txt", data=tmp_path / "a.txt", size=5), way)()


@pytest.mark.asyncio
async def test_a_file_that_grew_after_it_was_measured_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"abc")
    upload = Upload("a.txt", data=path)
    await upload.measure()
    path.write_bytes(b"abcd")
    with pytest.raises(InvalidArgument, match="4 bytes, and 3"):
        await upload.read()


@pytest.mark.asyncio
async def test_an_async_iterable_gives_the_same_bytes_again() -> None:
    upload = Upload("a.txt", data=chunks(b"ab", b"c"), size=3)
    assert (await upload.measure(), await upload.read(), await upload.read()) == (3, b"abc", b"abc")


@pytest.mark.parametrize("parts", [(b"ab",), (b"ab", b"cd")])
@pytest.mark.asyncio
async def test_an_async_iterable_of_another_size_is_refused(parts: tuple[bytes, ...]) -> None:
    with pytest.raises(InvalidArgument, match="3 were announced"):
        await Upload("a.txt", data=chunks(*parts), size=3).read()


@pytest.mark.parametrize("chunk", ["ab", 2, [1, 2], None])
@pytest.mark.asyncio
async def test_a_chunk_that_is_not_bytes_is_named_by_its_type(chunk: Any) -> None:
    upload = Upload("a.txt", data=chunks(chunk), size=2)
    with pytest.raises(InvalidArgument, match=f"gave {type(chunk).__name__}: its chunks are bytes"):
        await upload.read()


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
@pytest.mark.asyncio
async def test_each_kind_of_chunk_is_counted_in_bytes(kind: Any) -> None:
    numbers = array("i", [1, 2, 3])
    upload = Upload("a.bin", data=chunks(kind(numbers)), size=len(numbers.tobytes()))
    assert await upload.read() == numbers.tobytes()


@pytest.mark.parametrize("kind", [ConnectionResetError, TimeoutError, RuntimeError])
@pytest.mark.asyncio
async def test_what_an_iterable_raises_is_raised_as_it_is(kind: type[Exception]) -> None:
    raised = kind("its own")

    async def source() -> AsyncIterator[bytes]:
        yield b"ab"
        raise raised

    with pytest.raises(kind) as caught:
        await Upload("a.txt", data=source(), size=3).read()
    assert caught.value is raised


@pytest.mark.asyncio
async def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(spool: Spool, chunk: bytes) -> None:
        del spool, chunk
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Spool, "add", full)
    with pytest.raises(InvalidArgument, match="cannot be kept: No space left on device"):
        await Upload("a.txt", data=chunks(b"abc"), size=3).read()


@pytest.mark.asyncio
async def test_an_endless_iterable_is_read_no_further_than_announced() -> None:
    asked = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal asked
        while True:
            asked += 1
            yield b"ab"

    with pytest.raises(InvalidArgument):
        await Upload("a.txt", data=endless(), size=3).read()
    assert asked == 2


@pytest.mark.asyncio
async def test_a_file_may_grow_between_two_calls(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(b"abc")
    upload = Upload("log.txt", data=path)
    assert await upload.measure() == 3
    path.write_bytes(b"abcdef")
    assert (await upload.measure(), await upload.read()) == (6, b"abcdef")


def test_text_in_the_place_of_content_is_told_the_way() -> None:
    with pytest.raises(InvalidArgument) as caught:
        Upload("a.txt", data="hello")  # type: ignore[arg-type]
    assert ".encode()" in caught.value.message
    assert "Path(" in caught.value.message
    assert "hello" not in caught.value.message


def test_content_in_the_place_of_a_type_is_told_the_way() -> None:
    with pytest.raises(InvalidArgument, match=r"must be a str, not bytes: give .* as data=\."):
        Upload("a.txt", b"hello")  # type: ignore[arg-type]


@pytest.mark.parametrize("way", ["measure", "read"])
@pytest.mark.asyncio
async def test_one_of_several_files_is_told_by_its_place(tmp_path: Path, way: str) -> None:
    upload = Upload("secret-name.txt", data=tmp_path / "gone")
    upload._place = 2
    with pytest.raises(InvalidArgument) as caught:
        await getattr(upload, way)()
    assert caught.value.message.startswith("attachment 2 cannot be read: ")
    assert "secret-name" not in str(caught.value)
    upload._place = None
    with pytest.raises(InvalidArgument, match=r"^an attachment cannot be read"):
        await getattr(upload, way)()


@needs_fork
def test_what_a_fork_reads_of_a_kept_file_moves_nothing_for_the_other_process() -> None:
    content = bytes(range(256)) * 2000
    upload = Upload("a.bin", data=chunks(content[:7], content[7:]), size=len(content))
    assert asyncio.run(upload.read()) == content
    assert upload._spool is not None
    file = upload._spool._file.fileno()
    os.lseek(file, 5, os.SEEK_SET)

    async def whole() -> bool:
        return await upload.read() == content

    assert in_a_fork(lambda: outcome(whole)) == "returned True"
    assert os.lseek(file, 0, os.SEEK_CUR) == 5
    assert asyncio.run(whole())


class Held:
    """An async iterable that waits in the middle until it is told to go on."""

    def __init__(self, *parts: bytes) -> None:
        self.parts = parts
        self.reached, self.go = asyncio.Event(), asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.reached.set()
        await self.go.wait()
        for part in self.parts:
            yield part


@pytest.mark.parametrize("where", [in_a_thread, pytest.param(in_a_fork, marks=needs_fork)])
@pytest.mark.asyncio
async def test_what_is_being_read_in_one_place_is_refused_in_another(where: Any) -> None:
    held = Held(b"ab", b"c")
    upload = Upload("a.txt", data=held, size=3)
    reading = [asyncio.create_task(upload.read()) for _ in range(2)]
    await held.reached.wait()
    told = where(lambda: outcome(upload.ready))
    assert told.startswith("InvalidArgument: an attachment was ")
    assert "until its content was read: give each its own." in told
    assert InvalidArgument.outcome.value == "not_sent"
    held.go.set()
    assert await asyncio.gather(*reading) == [b"abc", b"abc"]
    assert where(lambda: outcome(upload.read)) == "returned b'abc'"


@pytest.mark.asyncio
async def test_what_could_not_be_read_in_one_place_may_be_tried_in_another() -> None:
    held = Held(b"ab")
    upload = Upload("a.txt", data=held, size=2)
    reading = asyncio.create_task(upload.read())
    await held.reached.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    upload.data = chunks(b"ab")
    assert in_a_thread(lambda: outcome(upload.read)) == "returned b'ab'"


@pytest.mark.asyncio
async def test_an_upload_that_nobody_reads_can_be_copied() -> None:
    upload = Upload("a.txt", data=b"abc")
    assert await copy.deepcopy(upload).read() == b"abc"
    assert await pickle.loads(pickle.dumps(upload)).read() == b"abc"


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain; charset=utf-8",
        "text/plain;charset=utf-8",
        'multipart/x \t; boundary="a b";',
        "application/vnd.ms-excel",
    ],
)
def test_a_media_type_is_taken_in_every_spelling_of_http(kind: str) -> None:
    assert Upload(name="a.txt", data=b"x", mime_type=kind).mime_type == kind


@pytest.mark.parametrize(
    "kind", ["pdf", "text/", "/plain", "text/plain; a b", "a/b\r\nX: y", "a/b;c"]
)
def test_what_is_no_media_type_is_refused(kind: str) -> None:
    with pytest.raises(InvalidArgument, match="media type"):
        Upload(name="a.txt", data=b"x", mime_type=kind)
