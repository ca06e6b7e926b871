"""A process that is killed leaves no half file under its name; a folder that is swapped is safe."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from helpdesk_bridge.desk import download
from helpdesk_bridge.errors import InvalidArgument, TruncatedBody

CHILD = Path(__file__).with_name("kill_download_child.py")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and links as POSIX has them")
TEMPORARY = re.compile(r"invoice\.pdf\.[0-9a-f]{8}\.part")
WHOLE = b"half" * 100_000


def kept(folder: Path) -> dict[str, bytes]:
    """Return what is in a folder, with the temporary name as ``.part``."""
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    return {".part" if TEMPORARY.fullmatch(name) else name: files[name] for name in files}


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("half", {".part": WHOLE[: len(WHOLE) // 2]}),
        ("before fsync", {".part": WHOLE}),
        ("before link", {".part": WHOLE}),
        ("after link", {".part": WHOLE, "invoice.pdf": WHOLE}),
        ("after unlink", {"invoice.pdf": WHOLE}),
        ("before rename", {".part": WHOLE, "invoice.pdf": b""}),
        ("after rename", {"invoice.pdf": WHOLE}),
    ],
)
def test_a_killed_download_leaves_no_half_file_under_its_name(
    tmp_path: Path, moment: str, expected: dict[str, bytes]
) -> None:
    command = [sys.executable, str(CHILD), str(tmp_path), moment]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"reached\n"
        child.kill()
    assert child.returncode == -9
    assert kept(tmp_path) == expected


async def swapped(swap: Callable[[], None], end: Exception | None) -> AsyncIterator[bytes]:
    yield b"first "
    swap()
    yield b"second"
    if end is not None:
        raise end


def _by_a_link(folder: Path, elsewhere: Path) -> None:
    folder.rename(folder.with_name("moved"))
    folder.symlink_to(elsewhere)


def _by_a_folder(folder: Path, elsewhere: Path) -> None:
    folder.rename(folder.with_name("moved"))
    elsewhere.rename(folder)
    elsewhere.symlink_to(folder)


def _by_nothing(folder: Path, elsewhere: Path) -> None:
    assert elsewhere.exists()
    folder.rename(folder.with_name("moved"))


@pytest.mark.parametrize("swap", [_by_a_link, _by_a_folder, _by_nothing])
@pytest.mark.parametrize("end", [None, TruncatedBody("short.")], ids=["whole", "cut"])
@pytest.mark.asyncio
async def test_a_folder_that_is_swapped_has_nothing_written_or_deleted_elsewhere(
    tmp_path: Path, swap: Callable[[Path, Path], None], end: Exception | None
) -> None:
    folder, elsewhere = tmp_path / "in", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    (elsewhere / "invoice.pdf").write_bytes(b"somebody's")

    def swap_now() -> None:
        (temporary,) = folder.iterdir()
        (elsewhere / temporary.name).write_bytes(b"somebody's, too")
        swap(folder, elsewhere)

    expected = InvalidArgument if end is None else type(end)
    with pytest.raises(expected, match="replaced meanwhile" if end is None else "short"):
        await download.save(swapped(swap_now, end), folder, "invoice.pdf")
    assert kept(elsewhere) == {"invoice.pdf": b"somebody's", ".part": b"somebody's, too"}
    assert kept(tmp_path / "moved") == {}


@pytest.mark.parametrize("end", [None, TruncatedBody("short.")], ids=["whole", "cut"])
@pytest.mark.asyncio
async def test_a_temporary_file_that_was_replaced_is_neither_the_file_nor_deleted(
    tmp_path: Path, end: Exception | None
) -> None:
    def replace() -> None:
        (temporary,) = tmp_path.iterdir()
        temporary.rename(tmp_path / "taken away")
        temporary.write_bytes(b"somebody's")

    with pytest.raises(InvalidArgument if end is None else TruncatedBody, match=r"meanwhile|short"):
        await download.save(swapped(replace, end), tmp_path, "invoice.pdf")
    somebodys = "invoice.pdf" if end is None else ".part"
    assert kept(tmp_path) == {somebodys: b"somebody's", "taken away": b"first second"}


@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.EACCES])
@pytest.mark.asyncio
async def test_a_file_system_without_links_is_written_to_and_nothing_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(code, "refused")

    monkeypatch.setattr(os, "link", refused)
    for number in range(2):
        path = await download.save(swapped(lambda: None, None), tmp_path, "invoice.pdf")
        assert path.name == ("invoice-1.pdf" if number else "invoice.pdf")
    whole = b"first second"
    assert kept(tmp_path) == {"invoice.pdf": whole, "invoice-1.pdf": whole}


@pytest.mark.parametrize(("code", "fails"), [(errno.EINVAL, False), (errno.EIO, True)])
@pytest.mark.asyncio
async def test_a_disk_that_cannot_keep_what_was_written_fails_the_download(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, fails: bool
) -> None:
    def refused(_: int) -> None:
        raise OSError(code, "refused")

    monkeypatch.setattr(os, "fsync", refused)
    if fails:
        with pytest.raises(InvalidArgument, match="refused"):
            await download.save(swapped(lambda: None, None), tmp_path, "invoice.pdf")
        assert kept(tmp_path) == {}
        return
    await download.save(swapped(lambda: None, None), tmp_path, "invoice.pdf")
    assert kept(tmp_path) == {"invoice.pdf": b"first second"}


@pytest.mark.asyncio
async def test_a_system_without_folder_descriptors_works_by_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "_BY_DESCRIPTOR", False)
    for _ in range(2):
        await download.save(swapped(lambda: None, None), tmp_path, "invoice.pdf")
    with pytest.raises(TruncatedBody):
        await download.save(swapped(lambda: None, TruncatedBody("short.")), tmp_path, "a.pdf")
    assert sorted(kept(tmp_path)) == ["invoice-1.pdf", "invoice.pdf"]


@pytest.mark.parametrize("name", ["é" * 127, "a" * 255, "invoice.pdf"])
@pytest.mark.asyncio
async def test_the_temporary_name_fits_and_is_known_as_unfinished(
    tmp_path: Path, name: str
) -> None:
    seen: list[str] = []
    note = lambda: seen.extend(path.name for path in tmp_path.iterdir())  # noqa: E731
    await download.save(swapped(note, None), tmp_path, name)
    assert len(seen[0].encode()) <= 255
    assert re.search(r"\.[0-9a-f]{8}\.part$", seen[0])
    assert list(kept(tmp_path)) == [name]


@pytest.mark.skipif(not hasattr(os, "O_PATH"), reason="a folder that cannot be read needs O_PATH")
@pytest.mark.asyncio
async def test_a_folder_that_may_only_be_written_to_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    real = os.open

    def opened(path: object, flags: int, *rest: int, **named: int) -> int:
        asked.append(flags)
        return real(path, flags, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", opened)
    await download.save(swapped(lambda: None, None), tmp_path, "invoice.pdf")
    assert asked[0] & os.O_PATH


@pytest.mark.parametrize("end", [None, TruncatedBody("short.")], ids=["whole", "cut"])
@pytest.mark.asyncio
async def test_a_file_is_closed_before_it_is_renamed_or_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: Exception | None
) -> None:
    """Windows renames and deletes no open file."""
    order: list[str] = []
    for name in ("close", "link", "unlink"):
        real = getattr(os, name)

        def noted(*given: object, _real: object = real, _name: str = name, **named: object) -> None:
            order.append(_name)
            _real(*given, **named)  # type: ignore[operator]

        monkeypatch.setattr(os, name, noted)
    if end is None:
        await download.save(swapped(lambda: None, end), tmp_path, "invoice.pdf")
    else:
        with pytest.raises(TruncatedBody):
            await download.save(swapped(lambda: None, end), tmp_path, "invoice.pdf")
    made = ["link"] if end is None else []
    assert order == ["close", *made, "unlink", "close"]
