"""Writes a download to a new file: nothing is overwritten, and nothing is left half done.

Until it is whole a file has a temporary name beside its own: ``invoice.pdf.1f0c9a3e.part``. A
process that is killed leaves that behind, and never a part of a file under its own name. On a disk
without hard links it may leave an empty file there.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import secrets
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

from attrs import define

from helpdesk_bridge.errors import HelpdeskError, InvalidArgument
from helpdesk_bridge.model.disk import begun_in_thread
from helpdesk_bridge.transport import to_its_end, waiting_for
from helpdesk_bridge.transport.log import attributes

__all__ = ["save"]

log = logging.getLogger("helpdesk_bridge.desk")

T = TypeVar("T")

_Identity = tuple[int, int]
"""What a file or a folder is known by, whatever its name: device and inode."""

_BY_DESCRIPTOR = {os.open, os.stat, os.link, os.unlink, os.rename} <= os.supports_dir_fd
_NEW = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)

_MAX_TRIES = 1000
_PATIENCE = 1.0
"""Seconds for which a failed download waits for its file to be deleted."""
_MAX_NAME = 255
"""Bytes in a file name, on the file systems in use."""
_PART = ".part"
"""How a file is called that is not whole yet."""
_MARK = 9
"""How long that is by which the names of such files differ: a dot and eight digits."""


async def save(
    chunks: AsyncIterator[bytes],
    directory: Path,
    name: str,
    step: Callable[[], AbstractContextManager[Any]] = nullcontext,
) -> Path:
    """Write ``chunks`` to a new file in ``directory`` and return its path.

    The disk is only touched off the event loop, and each time within ``step()``, which may end it.
    A directory that cannot be written to, and a disk that fails or is full, is InvalidArgument, and
    so is a ``name`` that is a path; whatever fails leaves no file behind. A directory that is
    replaced meanwhile, by a link for one, is InvalidArgument; nothing is written or deleted where
    the link leads. Where the directory lets nobody delete what there is, the error of the download
    stays what it is and says how the half file is called.
    """
    if name in ("", ".", "..") or {"/", "\\", "\0"}.intersection(name):
        raise InvalidArgument("the name of a file cannot be a path.")
    file = _NewFile(directory, name)
    try:
        await _created(step, file, directory)
        async for chunk in chunks:
            await _done(step, partial(file.write, chunk), directory)
        return await _done(step, file.close, directory)
    except OSError as error:
        failure = InvalidArgument(f"the file cannot be written: {error.strerror}.")
        failure.message += await _discarded(file, directory)
    except BaseException as error:
        told = await _discarded(file, directory)
        if isinstance(error, HelpdeskError):
            error.message += told
        elif told:
            error.add_note(told.strip())
        raise
    raise failure


async def _done(
    step: Callable[[], AbstractContextManager[Any]], action: Callable[[], T], directory: Path
) -> T:
    with step(), waiting_for("the disk"):
        return await to_its_end(begun_in_thread(action, directory))


async def _created(
    step: Callable[[], AbstractContextManager[Any]], file: _NewFile, directory: Path
) -> None:
    try:
        return await _done(step, file.create, directory)
    except FileNotFoundError:
        trouble = "does not exist: make it first"
    except NotADirectoryError:
        trouble = "is not a directory"
    raise InvalidArgument(f"the file cannot be written: directory= {trouble}.")


async def _discarded(file: _NewFile, directory: Path) -> str:
    """Have the file deleted, and return a sentence on what is left of it, if that is known.

    A disk that takes long does it when nobody waits any more.
    """
    try:
        work = begun_in_thread(file.discard, directory)
        done, _ = await asyncio.wait((work,), timeout=_PATIENCE)
        for one in done:
            one.result()
    except OSError as error:
        return file.left_behind(error.strerror)
    return ""


class _NewFile:
    def __init__(self, directory: Path, name: str) -> None:
        self._directory = directory
        self._name = name
        self._folder: _Folder | None = None
        self._kept: str | None = None
        """The name in the folder that it has now; None: it was not made yet."""
        self._identity: _Identity | None = None
        self._descriptor: int | None = None
        self._discarded = False
        self._used = threading.Lock()
        """Who no longer waits for one step may ask for the next."""

    def create(self) -> None:
        with self._used:
            if not self._discarded:
                self._create()

    def _create(self) -> None:
        self._folder = _Folder.opened(self._directory)
        for _ in range(_MAX_TRIES):
            temporary = _with_suffix(self._name, f".{secrets.token_hex(4)}{_PART}")
            try:
                self._descriptor = self._folder.create(temporary)
            except FileExistsError:
                continue
            self._kept, self._identity = temporary, _identity_of(self._descriptor)
            return
        raise InvalidArgument("the file cannot be written: there are too many of this name.")

    def write(self, chunk: bytes) -> None:
        with self._used:
            assert self._descriptor is not None  # noqa: S101 - create comes first
            view = memoryview(chunk)
            while view:
                view = view[os.write(self._descriptor, view) :]

    def close(self) -> Path:
        """Have the bytes reach the disk, then give the file its own name, and return its path."""
        with self._used:
            assert self._folder is not None  # noqa: S101 - create comes first
            assert self._descriptor is not None  # noqa: S101
            assert self._identity is not None  # noqa: S101
            _synced(self._descriptor)
            self._close_file()  # Windows renames no open file
            name = self._named(self._folder)
            if not self._folder.holds(name, self._identity):
                raise InvalidArgument("the file cannot be written: it was replaced meanwhile.")
            if not self._folder.is_at(self._directory):
                raise InvalidArgument(
                    "the file cannot be written: the directory was replaced meanwhile."
                )
            self._close_folder()
            return self._directory / name

    def _named(self, folder: _Folder) -> str:
        assert self._kept is not None  # noqa: S101 - create comes first
        for number in range(_MAX_TRIES):
            name = _numbered(self._name, number) if number else self._name
            try:
                folder.rename(self._kept, name)
            except FileExistsError:
                continue
            self._kept = name
            return name
        raise InvalidArgument("the file cannot be written: there are too many of this name.")

    def _close_file(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _close_folder(self) -> None:
        folder, self._folder = self._folder, None
        if folder is not None:
            folder.close()

    def discard(self) -> None:
        """Delete what there is of it, if it is still where it was made."""
        self._discarded = True
        with self._used:
            try:
                self._close_file()
            finally:
                self._delete()

    def left_behind(self, reason: str | None) -> str:
        """Return a sentence on the file that cannot be deleted for this ``reason``.

        The vendor's part of its name may be a customer's words.
        """
        if self._kept is None:
            return ""
        own = self._kept.rpartition(_PART)
        name = f"…{own[0][-_MARK:]}{_PART}" if own[1] else "the name of the attachment"
        return f" What is left of it cannot be deleted ({reason}): {name} in the directory."

    def _delete(self) -> None:
        try:
            if self._kept is not None and self._identity is not None:
                self._folder = self._folder or _Folder.opened(self._directory)
                self._folder.delete(self._kept, self._identity)
        finally:
            self._close_folder()


def _numbered(name: str, number: int) -> str:
    """Return ``name`` with a number before its suffix, cut to what a file name may have."""
    return _with_suffix(Path(name).stem, f"-{number}{Path(name).suffix}")


def _with_suffix(name: str, suffix: str) -> str:
    """Return ``name`` and ``suffix``, the first cut to what a file name may have."""
    room = max(_MAX_NAME - len(suffix.encode()), 0)
    return name.encode()[:room].decode(errors="ignore") + suffix


def _identity_of(descriptor: int) -> _Identity:
    """Return what the open file or folder is known by."""
    found = os.fstat(descriptor)
    return found.st_dev, found.st_ino


def _synced(descriptor: int) -> None:
    """Have what was written reach the disk, where the file system can do that."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS):
            raise


@define
class _Folder:
    """A folder by its descriptor; by its path on a system that cannot do that (Windows).

    All methods raise OSError as the system has it.
    """

    path: Path
    descriptor: int | None = None

    @classmethod
    def opened(cls, path: Path) -> Self:
        """Hold the folder at ``path`` open; a link that is there already is followed."""
        if not _BY_DESCRIPTOR:
            return cls(path)
        # With O_PATH also one that may be written to and not be read.
        flags = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC
        return cls(path, os.open(path, flags))

    def close(self) -> None:
        """Let go of it."""
        descriptor, self.descriptor = self.descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def create(self, name: str) -> int:
        """Make a file for its owner only and return its descriptor; FileExistsError if it is."""
        return os.open(self._at(name), _NEW, 0o600, dir_fd=self.descriptor)

    def rename(self, old: str, new: str) -> None:
        """Give a file another name in one step; FileExistsError where something has that name."""
        at = {"src_dir_fd": self.descriptor, "dst_dir_fd": self.descriptor}
        if os.name == "nt":
            os.rename(self._at(old), self._at(new))  # noqa: PTH104 - this one never replaces
            return
        try:
            os.link(self._at(old), self._at(new), follow_symlinks=False, **at)
        except FileExistsError:
            raise
        except OSError:  # FAT has no links, and each file system says so in its own way
            # Taken by an empty file first. A kill between the two leaves that, and nothing half.
            os.close(self.create(new))
            try:
                os.rename(self._at(old), self._at(new), **at)  # noqa: PTH104 - by descriptor
            except OSError:
                os.unlink(self._at(new), dir_fd=self.descriptor)
                raise
        else:
            try:
                os.unlink(self._at(old), dir_fd=self.descriptor)
            except OSError as error:  # the file is whole, and has its name
                log.warning(
                    "a file that ends with %s cannot be deleted (%s): a download has its own name"
                    " and this one",
                    old[-_MARK - len(_PART) :],
                    error.strerror,
                    extra=attributes(),
                )

    def holds(self, name: str, identity: _Identity) -> bool:
        """Say whether the file of this name is this very one."""
        try:
            found = os.stat(self._at(name), dir_fd=self.descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return (found.st_dev, found.st_ino) == identity

    def delete(self, name: str, identity: _Identity) -> None:
        """Delete the file of this name if it is this very one."""
        if self.holds(name, identity):
            os.unlink(self._at(name), dir_fd=self.descriptor)

    def is_at(self, path: Path) -> bool:
        """Say whether ``path`` leads here still."""
        if self.descriptor is None:
            return True
        try:
            found = path.stat()
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == _identity_of(self.descriptor)

    def _at(self, name: str) -> str:
        return name if self.descriptor is not None else str(self.path / name)
