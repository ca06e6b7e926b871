"""The bytes of a download, in pieces: of the file that was asked for, and of nothing else."""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence

import aiohttp
from attrs import define, field

from helpdesk_bridge.errors import HelpdeskError, ProtocolError
from helpdesk_bridge.transport.beginning import judged
from helpdesk_bridge.transport.coding import is_packed
from helpdesk_bridge.transport.decode import BodyReader
from helpdesk_bridge.transport.download import (
    Announced,
    is_told_by_beginning,
    no_file,
    stays_packed,
)
from helpdesk_bridge.transport.http.failures import failure_for
from helpdesk_bridge.transport.http.received import encodings_of, is_end_announced
from helpdesk_bridge.transport.request import Progress, Request

__all__ = ["file_chunks"]

_CHUNK = 64 * 1024
_MOST_HELD = 64 * 1024
"""How many bytes are held back to see what is packed in them; a file that tells later stays as it
comes. A gzip header, with the name of a file, has some hundred."""
_PACKED = re.compile(
    rb"\x1f\x8b\x08"
    rb"|\x1f\x9d[\x09-\x10\x89-\x90]"
    rb"|BZh[1-9](?:1AY&SY|\x17rE8P\x90)"
    rb"|\xfd7zXZ\0"
    rb"|(?:\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18)"
    rb"|\]\0\0..(?:\xff{8}|.{5}\0{3})",
    re.DOTALL,
)
"""How gzip, compress, bzip2, xz, Zstandard and lzma begin: all by which their programs know them,
because a table may begin with BZ. An lzma file has no more than the usual figures of its head."""
_LONGEST = 13
"""How long the longest of these is."""


def file_chunks(
    answer: aiohttp.ClientResponse, request: Request, *, redirected: bool
) -> AsyncGenerator[bytes, None]:
    """Return the bytes of the file that ``answer`` brings; raise for an answer that is none.

    ``redirected`` says whether the answer comes from where a redirect led.
    """
    announced = request.announced
    failure = no_file(answer.status, answer.headers, announced, redirected=redirected)
    if failure and not is_told_by_beginning(
        answer.status, answer.headers, announced, redirected=redirected
    ):
        raise failure
    beginning = _Beginning(answer.headers, announced, failure)
    return _streamed(answer, _Unpacking.of(answer, announced), beginning, request.progress)


@define
class _Unpacking:
    """Gives the pieces of a body, packed or unpacked as the file is to be."""

    reader: BodyReader | None
    """What gives the bytes; None: it is not known yet whether they are to be unpacked."""
    ended: bool
    """Whether the end of the body is told by more than the end of the connection."""
    held: bytearray = field(factory=bytearray, init=False)
    """What came before that was known."""
    inside: _Inside = field(factory=lambda: _Inside(), init=False)

    @classmethod
    def of(cls, answer: aiohttp.ClientResponse, announced: Announced | None) -> _Unpacking:
        encodings = encodings_of(answer)
        ended = is_end_announced(answer)
        stays = stays_packed(answer.headers, announced) if any(encodings) else False
        if stays is None and _are_gzip(encodings):
            return cls(None, ended)
        return cls(BodyReader(encodings if stays is False else ()), ended)

    def pieces(self, chunk: bytes) -> Iterable[bytes]:
        """Return what ``chunk`` gives."""
        if self.reader is None:
            self.held += chunk
            encoding = self.inside.encoding(chunk)
            if encoding is None and len(self.held) <= _MOST_HELD:
                return ()
            chunk, self.held = bytes(self.held), bytearray()
            self.reader = BodyReader(encoding or "")
        return self.reader.pieces(chunk)

    def finish(self) -> bytes:
        """Return what was held back; raise TruncatedBody for what ended before its end."""
        if self.reader is not None:
            self.reader.finish(announced=self.ended)
        return bytes(self.held)


def _are_gzip(encodings: Sequence[str]) -> bool:
    try:
        return is_packed(encodings)
    except ProtocolError:  # another encoding
        return False


@define
class _Inside:
    """Finds out whether a file that is packed was packed once more on its way.

    It was if what comes out of it is packed still. Each byte is unpacked once.
    """

    inflate: zlib._Decompress = field(factory=lambda: zlib.decompressobj(wbits=31), init=False)
    begun: bytes = field(default=b"", init=False)

    def encoding(self, chunk: bytes) -> str | None:
        """Return the encoding to take off; "" is none, None: more has to come to tell it."""
        try:
            self.begun += self.inflate.decompress(chunk, _LONGEST - len(self.begun))
        except zlib.error:
            return ""
        if len(self.begun) < _LONGEST and not self.inflate.eof:
            return None
        return "gzip" if _PACKED.match(self.begun) else ""


@define
class _Beginning:
    """Holds back the first bytes while they may be those of something in place of the file."""

    headers: Mapping[str, str]
    announced: Announced | None
    doubt: HelpdeskError | None
    """The error for what does not begin as the file that was announced; None: there is no doubt."""
    held: bytes = field(default=b"", init=False)
    passed: bool = field(default=False, init=False)

    def checked(self, piece: bytes, *, whole: bool = False) -> bytes:
        """Return what may be given away; raise the error for what is not the file.

        ``whole`` says that nothing follows.
        """
        if self.passed:
            return piece
        self.held += piece
        found = judged(self.held, self.headers, self.announced, whole=whole, doubt=self.doubt)
        if isinstance(found, HelpdeskError):
            raise found
        if not found:
            return b""
        self.passed = True
        held, self.held = self.held, b""
        return held


async def _streamed(
    answer: aiohttp.ClientResponse, unpacking: _Unpacking, beginning: _Beginning, progress: Progress
) -> AsyncGenerator[bytes, None]:
    failure: HelpdeskError | None = None
    try:
        async for chunk in answer.content.iter_chunked(_CHUNK):
            for number, piece in enumerate(unpacking.pieces(chunk)):
                if number:
                    await asyncio.sleep(0)
                if given := beginning.checked(piece):
                    yield given
        if given := beginning.checked(unpacking.finish(), whole=True):
            yield given
    except HelpdeskError as error:
        failure = error
    except Exception as error:  # noqa: BLE001 - no foreign exception leaves this module
        failure = failure_for(error, bytes_sent=True)
    finally:
        answer.close()
    if failure is not None:
        raise failure.fill(attempts=progress.attempts, status=answer.status)
