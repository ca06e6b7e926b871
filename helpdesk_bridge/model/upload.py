"""Files to send with a message; they are read while they are sent."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import AsyncGenerator, AsyncIterable, Callable
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import TypeVar
from unicodedata import category

from attrs import define, field

from helpdesk_bridge.errors import ConfigurationError, InvalidArgument
from helpdesk_bridge.model.disk import (
    CHUNK,
    TEMPORARY,
    Spool,
    chunks_of,
    from_root,
    in_thread,
    open_file,
)
from helpdesk_bridge.model.home import Home
from helpdesk_bridge.model.media_types import media_type_of
from helpdesk_bridge.model.slots import Slots

__all__ = ["Upload"]

T = TypeVar("T")
Chunks = AsyncIterable[bytes]

_BYTES = (bytes, bytearray, memoryview)
_TEXT = ", not a str: give the bytes of a text by its .encode(), and a file on disk by Path(…)."
_CONTROL = frozenset(("Cc", "Cs", "Zl", "Zp"))
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_MEDIA_TYPE = re.compile(
    rf"{_WORD}/{_WORD}"
    rf'(?:[ \t]*+;[ \t]*+(?:{_WORD}=(?:{_WORD}|"(?:[ !#-\[\]-~]|\\[ -~])*+"))?+)*+'
)
"""RFC 9110, section 8.3.1: a type, and parameters with blanks around the semicolon."""

_ENTERING = threading.Lock()
"""For a moment, by who begins or ends to have an async iterable read: several threads may."""


@define(eq=False)
class Upload:
    """A file to send with a message.

    A file on disk is read while it is sent, a chunk at a time. An async iterable is written to a
    temporary file before anything is sent, so that a second attempt sends the same bytes. Until
    that is done it is of use in one event loop only; elsewhere it is InvalidArgument. A value that
    is not acceptable is InvalidArgument.
    """

    name: str = field(repr=False)
    """The file name: no path, no quotation mark and no control character."""
    mime_type: str = ""
    """The media type, such as ``text/plain; charset=utf-8``; empty: it is guessed from the name.
    That of a packed file is the packing's:
    ``log.csv.gz`` is application/gzip."""
    data: bytes | Path | Chunks = field(default=None, repr=False)
    """The content: bytes, the Path of a regular file, or an async iterable of bytes, which needs
    ``size``. A relative Path begins at the working directory of the moment in which the Upload is
    made. It has no default: a file that is meant to be empty is ``b""``."""
    size: int | None = None
    """The size in bytes; None: that of ``data``. A file that has another size is InvalidArgument
    when it is sent."""
    content_id: str | None = None
    """The name by which the HTML shows an inline image, ``<img src="cid:…">``; None: it is an
    ordinary attachment."""
    _place: int | None = field(default=None, init=False, repr=False)
    """Which of several files of a call it is, from 1 on; None: it is the only one."""
    _announced: bool = field(default=False, init=False, repr=False)
    _spool: Spool | None = field(default=None, init=False, repr=False)
    _turn: Slots = field(factory=lambda: Slots(1), init=False, repr=False)
    _home: Home = field(factory=Home, init=False, repr=False)
    """Where it is being written to a temporary file; nowhere when nobody is at it."""
    _calls: int = field(default=0, init=False, repr=False)
    """How many are at it, or wait for that."""

    def __attrs_post_init__(self) -> None:
        _check_types(self)
        self._announced = self.size is not None
        self.mime_type = self.mime_type or media_type_of(self.name)
        if not self.name or any(c in '/\\"' or category(c) in _CONTROL for c in self.name):
            raise InvalidArgument(
                "an attachment's name is empty or holds path or control characters."
            )
        if not _MEDIA_TYPE.fullmatch(self.mime_type):
            raise InvalidArgument("an attachment's mime_type is not a media type.")
        if self.content_id is not None and not _clean_word(self.content_id):
            raise InvalidArgument("an attachment's content_id holds spaces or control characters.")
        if self.size is not None and self.size < 0:
            raise InvalidArgument("an attachment's size is below zero.")
        if isinstance(self.data, _BYTES):
            self.data = bytes(self.data)
            self._expect(len(self.data))
        elif isinstance(self.data, str) or not isinstance(self.data, (Path, AsyncIterable)):
            hint = _TEXT if isinstance(self.data, str) else "."
            raise InvalidArgument(
                f"an attachment's data is bytes, a Path or an async iterable{hint}"
            )
        elif isinstance(self.data, Path):
            self.data = _from_root(self.data)
        elif self.size is None:
            raise InvalidArgument("an attachment given as an async iterable needs its size.")

    @property
    def _called(self) -> str:
        """What errors call it; its name is the caller's and not shown."""
        return "an attachment" if self._place is None else f"attachment {self._place}"

    def _expect(self, found: int) -> None:
        if self.size is not None and self.size != found:
            before = "announced" if self._announced else "there before"
            raise InvalidArgument(
                f"{self._called} has {found} bytes, and {self.size} were {before}."
            )
        self.size = found

    async def measure(self) -> int:
        """Return the size in bytes without reading the file.

        InvalidArgument if the file cannot be opened, or has another size than ``size`` said.
        """
        if isinstance(self.data, Path):
            found = await self._size_of(self.data)
            if not self._announced:
                self.size = None  # it may have changed since an earlier call
            self._expect(found)
        assert self.size is not None  # noqa: S101 - an async iterable has one, see above
        return self.size

    async def ready(self) -> int:
        """Make sure that the content can be read more than once; return its size in bytes.

        An async iterable is written to a temporary file here, and what it raises is raised as it
        is. InvalidArgument if the content cannot be read or kept, is not of bytes, or has another
        size than ``size`` said.
        """
        if isinstance(self.data, Path):
            self._expect(await self._size_of(self.data))
        elif not isinstance(self.data, bytes):
            self._spool = self._spool or await self._kept(self.data)
        assert self.size is not None  # noqa: S101 - see above
        return self.size

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield the content in chunks, the same bytes each time.

        InvalidArgument if it cannot be read, or if its size has changed.
        """
        size, came = await self.ready(), 0
        try:
            async with aclosing(self._stored()) as stored:
                async for chunk in stored:
                    came += len(chunk)
                    if came > size:
                        break
                    yield chunk
        except OSError as error:
            raise InvalidArgument(f"{self._called} cannot be read: {error.strerror}.") from None
        if came != size:
            raise InvalidArgument(f"{self._called} has changed while it was read.")

    async def read(self) -> bytes:
        """Return the whole content, the same bytes each time; InvalidArgument as in ``chunks``."""
        if isinstance(self.data, bytes):
            return self.data
        async with aclosing(self.chunks()) as chunks:
            return b"".join([chunk async for chunk in chunks])

    async def _size_of(self, path: Path) -> int:
        """Return the size of a file that can be read."""

        def opened() -> int:
            with open_file(path) as file:
                return os.fstat(file.fileno()).st_size

        try:
            return await in_thread(opened, path.parent)
        except OSError as error:
            reason = error.strerror
        raise InvalidArgument(f"{self._called} cannot be read: {reason}.")

    def _stored(self) -> AsyncGenerator[bytes, None]:
        if isinstance(self.data, bytes):
            return _slices(self.data)
        if isinstance(self.data, Path):
            return chunks_of(self.data)
        assert self._spool is not None  # noqa: S101 - see ready
        return self._spool.chunks()

    async def _kept(self, chunks: Chunks) -> Spool:
        """Return the content in a temporary file, written once for all who ask meanwhile."""
        with _ENTERING:
            trouble = self._home.trouble()
            if trouble:
                raise InvalidArgument(
                    f"an attachment {trouble} until its content was read: give each its own."
                )
            self._calls += 1
        try:
            async with self._turn:
                self._spool = self._spool or await self._spooled(chunks)
                return self._spool
        finally:
            with _ENTERING:
                self._calls -= 1
                if not self._calls:
                    self._home.leave()

    async def _spooled(self, chunks: Chunks) -> Spool:
        """Return the content in a temporary file; what the iterable raises, it raises as it is."""
        spool, came = await self._disk(Spool), 0
        async for chunk in chunks:
            if not isinstance(chunk, _BYTES):
                raise InvalidArgument(
                    f"{self._called} gave {type(chunk).__name__}: its chunks are bytes."
                )
            data = bytes(chunk)
            came += len(data)
            if self.size is not None and came > self.size:
                break
            await self._disk(partial(spool.add, data))
        self._expect(came)
        return spool

    async def _disk(self, action: Callable[[], T]) -> T:
        """Return ``action()``, which uses a temporary file."""
        try:
            return await in_thread(action, TEMPORARY)
        except OSError as error:
            reason = error.strerror
        raise InvalidArgument(f"{self._called} cannot be kept: {reason}.")


def _check_types(upload: Upload) -> None:
    """Raise InvalidArgument for a field of a wrong type, of which nothing could be told."""
    for name in ("name", "mime_type", "content_id"):
        value = getattr(upload, name)
        if not isinstance(value, str) and (name != "content_id" or value is not None):
            hint = ": give the content as data=." if isinstance(value, _BYTES) else "."
            raise InvalidArgument(
                f"an attachment's {name} must be a str, not {type(value).__name__}{hint}"
            )
    if upload.size is not None and (
        not isinstance(upload.size, int) or isinstance(upload.size, bool)
    ):
        raise InvalidArgument("an attachment's size must be a whole number of bytes, or None.")


def _from_root(path: Path) -> Path:
    try:
        return from_root(path)
    except ConfigurationError as error:
        message = error.message
    raise InvalidArgument(f"an attachment cannot be found: {message}")


async def _slices(data: bytes) -> AsyncGenerator[bytes, None]:
    for start in range(0, len(data), CHUNK):
        yield data[start : start + CHUNK]


def _clean_word(word: str) -> bool:
    return bool(word) and word.isascii() and word.isprintable() and " " not in word
