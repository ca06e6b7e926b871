"""A download lands in its directory under a new name, whole, or leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from helpdesk_bridge.desk import download as files
from helpdesk_bridge.errors import HelpdeskError, InvalidArgument, TruncatedBody


async def chunks(*parts: bytes | Exception) -> AsyncIterator[bytes]:
    for part in parts:
        if isinstance(part, Exception):
            raise part
        yield part


def left(directory: Path) -> dict[str, bytes]:
    """Return what is in a directory."""
    return {path.name: path.read_bytes() for path in directory.iterdir()}


@pytest.mark.asyncio
async def test_a_download_is_written_whole(tmp_path: Path) -> None:
    path = await files.save(chunks(b"ab", b"", b"c"), tmp_path, "a.txt")
    assert (path, path.read_bytes()) == (tmp_path / "a.txt", b"abc")


@pytest.mark.asyncio
async def test_an_existing_file_is_never_written_over(tmp_path: Path) -> None:
    for number in range(3):
        await files.save(chunks(b"%d" % number), tmp_path, "a.tar.gz")
    assert left(tmp_path) == {
        "a.tar.gz": b"0",
        "a.tar-1.gz": b"1",
        "a.tar-2.gz": b"2",
    }


@pytest.mark.parametrize("name", ["é" * 125 + "x.txt", "a" * 255])
@pytest.mark.asyncio
async def test_the_longest_name_can_be_numbered_too(tmp_path: Path, name: str) -> None:
    await files.save(chunks(b"0"), tmp_path, name)
    second = await files.save(chunks(b"1"), tmp_path, name)
    assert (second.suffix, second.read_bytes()) == (Path(name).suffix, b"1")


@pytest.mark.asyncio
async def test_a_link_of_that_name_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").symlink_to(tmp_path / "elsewhere")
    await files.save(chunks(b"a"), tmp_path / "in", "a.txt")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
@pytest.mark.asyncio
async def test_a_download_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = await files.save(chunks(b"a"), tmp_path, "a.txt")
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.asyncio
async def test_a_directory_that_is_missing_is_an_invalid_argument(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="cannot be written"):
        await files.save(chunks(b"a"), tmp_path / "gone", "a.txt")


@pytest.mark.asyncio
async def test_too_many_files_of_a_name_are_an_invalid_argument(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_MAX_TRIES", 1)
    await files.save(chunks(b"a"), tmp_path, "a.txt")
    with pytest.raises(InvalidArgument, match="too many of this name"):
        await files.save(chunks(b"a"), tmp_path, "a.txt")


@pytest.mark.asyncio
async def test_a_download_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(TruncatedBody):
        await files.save(chunks(b"ab", TruncatedBody("short.")), tmp_path, "a.txt")
    assert left(tmp_path) == {}


@pytest.mark.asyncio
async def test_a_disk_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int, data: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "write", full)
    with pytest.raises(InvalidArgument, match="No space left"):
        await files.save(chunks(b"ab"), tmp_path, "a.txt")
    assert left(tmp_path) == {}


def _sealed_by(patch: pytest.MonkeyPatch) -> None:
    """Have directories let nobody delete anything any more, an administrator neither."""

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    patch.setattr(files.os, "unlink", refused)


@pytest.mark.parametrize("failure", [TruncatedBody("short."), OSError(28, "No space left")])
@pytest.mark.asyncio
async def test_a_half_file_that_cannot_be_deleted_is_told_with_the_first_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    with monkeypatch.context() as patch:
        _sealed_by(patch)
        with pytest.raises(HelpdeskError) as caught:
            await files.save(chunks(b"ab", failure), tmp_path, "Li bill.txt")
    ((name, content),) = left(tmp_path).items()
    told = caught.value.message
    kind = TruncatedBody if failure.args == ("short.",) else InvalidArgument
    assert type(caught.value) is kind
    assert "short." in told or "cannot be written: No space left." in told
    other = name.removeprefix("Li bill.txt")
    assert f"cannot be deleted (Permission denied): …{other} in the directory." in told
    assert "bill" not in told
    assert content == b"ab"


@pytest.mark.asyncio
async def test_a_cancelled_download_notes_what_cannot_be_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cut() -> AsyncIterator[bytes]:
        yield b"ab"
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        _sealed_by(patch)
        with pytest.raises(asyncio.CancelledError) as caught:
            await files.save(cut(), tmp_path, "a.txt")
    assert "cannot be deleted" in caught.value.__notes__[0]


@pytest.mark.asyncio
async def test_a_whole_file_whose_first_name_cannot_be_deleted_is_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patch:
        _sealed_by(patch)
        path = await files.save(chunks(b"ab"), tmp_path, "a.txt")
    assert path == tmp_path / "a.txt"
    (other,) = left(tmp_path).keys() - {"a.txt"}
    (record,) = [one for one in caplog.records if one.levelname == "WARNING"]
    assert f"ends with {other.removeprefix('a.txt')} cannot be deleted" in record.getMessage()


@pytest.mark.asyncio
async def test_a_short_write_is_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(files.os, "write", lambda fd, data: write(fd, bytes(data[:1])))
    assert (await files.save(chunks(b"abc"), tmp_path, "a")).read_bytes() == b"abc"


@pytest.mark.parametrize("call", ["open", "write", "close"])
@pytest.mark.asyncio
async def test_the_disk_is_touched_off_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    real, threads = getattr(os, call), set()

    def watched(*given: object, **named: object) -> object:
        threads.add(threading.current_thread())
        return real(*given, **named)

    monkeypatch.setattr(files.os, call, watched)
    await files.save(chunks(b"a"), tmp_path, "a.txt")
    monkeypatch.undo()
    assert threads
    assert threading.main_thread() not in threads


@pytest.mark.parametrize("everything", [False, True])
@pytest.mark.parametrize("call", ["open", "write"])
@pytest.mark.asyncio
async def test_a_cancelled_download_waits_for_the_disk_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, *, everything: bool
) -> None:
    real, begun, go_on = getattr(os, call), asyncio.Event(), threading.Event()
    loop, order = asyncio.get_running_loop(), []
    close = os.close

    def slow(*given: object, **named: object) -> object:
        loop.call_soon_threadsafe(begun.set)
        go_on.wait(30)
        order.append(call)
        return real(*given, **named)

    def closed(descriptor: int) -> None:
        order.append("close")
        close(descriptor)

    monkeypatch.setattr(files.os, call, slow)
    monkeypatch.setattr(files.os, "close", closed)
    saving = asyncio.create_task(files.save(chunks(b"a"), tmp_path, "a.txt"))
    await begun.wait()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others if everything else {saving}:  # all of them: as asyncio.run does at its end
        task.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    assert not saving.done()
    assert not any(task.done() for task in others)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await saving
    monkeypatch.undo()
    done = [call] * (2 if call == "open" else 1)  # the folder and the file
    assert (order, left(tmp_path)) == ([*done, "close", "close"], {})


@pytest.mark.parametrize(
    ("name", "trouble"),
    [("gone", "does not exist"), ("a-file", "is not a directory"), ("a-file/in", "is not a")],
)
@pytest.mark.asyncio
async def test_what_is_no_directory_is_called_so(tmp_path: Path, name: str, trouble: str) -> None:
    (tmp_path / "a-file").write_bytes(b"kept")
    with pytest.raises(InvalidArgument, match=rf"directory= {trouble}") as caught:
        await files.save(chunks(b"a"), tmp_path / name, "a.txt")
    assert name not in str(caught.value)
    assert left(tmp_path) == {"a-file": b"kept"}
