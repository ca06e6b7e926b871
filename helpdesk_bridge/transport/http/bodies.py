"""Write a request's body the way aiohttp wants it, anew for each attempt."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

import aiohttp

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.transport.body import FormBody, JsonBody, Multipart, Part, Source, put_in
from helpdesk_bridge.transport.call import waiting_for

__all__ = ["encoded", "in_pieces"]

_TEXT = "text/plain; charset=utf-8"
_BINARY = "application/octet-stream"


class _Pieces(aiohttp.Payload):
    """A body that is read while it is sent; its size is known beforehand.

    aiohttp does not count: bytes too many would be the vendor's next request, and with too few of
    them it would wait for the rest.
    """

    _autoclose = True  # a file is open only while it is written

    def __init__(
        self, pieces: Sequence[bytes | Source], sizes: Sequence[int], content_type: str
    ) -> None:
        super().__init__(None, content_type=content_type)
        self._pieces = pieces
        self._sizes = sizes
        self._size = sum(sizes)

    async def write(self, writer: Any) -> None:
        for piece, left in zip(self._pieces, self._sizes, strict=True):
            if isinstance(piece, bytes):
                await writer.write(piece)
            else:
                await _write_file(writer, piece, left)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:  # noqa: ARG002
        raise TypeError("a file is sent and never decoded")


async def _write_file(writer: Any, file: Source, left: int) -> None:
    """Write the ``left`` bytes that were announced of a file, or raise InvalidArgument.

    The last of them are written when the file is known to end there. A vendor that has them all may
    answer and close the connection, which must not come upon somebody who is still reading.
    """
    last = b""
    async with aclosing(file.chunks()) as chunks:
        async for chunk in chunks:
            left -= len(chunk)
            if left < 0:
                break
            if left:
                await writer.write(chunk)
            else:
                last = last or chunk
    if left:
        raise InvalidArgument("a file has changed while it was sent.")
    if last:
        await writer.write(last)


async def in_pieces(pieces: Sequence[bytes | Source], content_type: str) -> aiohttp.Payload:
    """Return a body that is read while it is sent; InvalidArgument if a file cannot be had."""
    with waiting_for("the files to send"):
        sizes = [len(one) if isinstance(one, bytes) else await one.ready() for one in pieces]
    return _Pieces(pieces, sizes, content_type)


async def _form(parts: Sequence[Part]) -> aiohttp.FormData:
    # Without the first flag text fields alone go out urlencoded; without the second, file
    # names that are not ASCII arrive percent-encoded.
    form = aiohttp.FormData(default_to_multipart=True, quote_fields=False)
    for part in parts:
        content: Any = part.content
        if isinstance(content, Source):
            kind = part.mime_type or (_TEXT if part.filename is None else _BINARY)
            content = await in_pieces([content], kind)
        form.add_field(part.name, content, filename=part.filename, content_type=part.mime_type)
    return form


async def encoded(body: JsonBody | FormBody | Multipart) -> Any:
    """Build the body anew, so that a later attempt sends the same bytes and not an empty rest."""
    if isinstance(body, FormBody):
        return body.encode()
    if isinstance(body, Multipart):
        return await _form(body.parts)
    if body.files:
        return await in_pieces(put_in(body.encode(), body.files), _BINARY)
    # As a file: aiohttp warns of bytes over 1 MiB, which would be written in one go.
    return io.BytesIO(body.encode())
