"""Calls that concern files."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

from helpdesk_bridge.desk import arguments as check
from helpdesk_bridge.desk import download as files
from helpdesk_bridge.desk.base import DeskBase
from helpdesk_bridge.errors import TruncatedBody
from helpdesk_bridge.model import (
    Attachment,
    Capability,
)

__all__ = ["AttachmentCalls"]


class AttachmentCalls(DeskBase):
    """Open and save the files of messages."""

    @asynccontextmanager
    async def open_attachment(
        self, attachment: Attachment, *, size: str | None = None
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a file: ``async with desk.open_attachment(a) as chunks``.

        ``size`` asks for a smaller rendition of an inline image, where the vendor has any (see
        ``capabilities[Capability.RESIZED_IMAGE].limits.sizes``).
        """
        with self._about("open_attachment"):
            self.capabilities.require(Capability.OPEN_ATTACHMENT)
            check.instance(attachment, Attachment, "attachment")
            self._check_id(attachment.id)
            if size is not None:
                self.capabilities.require(Capability.RESIZED_IMAGE)
                check.size(size, attachment, self.capabilities[Capability.RESIZED_IMAGE])
        with self._calling("open_attachment"):
            if size is None:
                opened = self.adapter.open_attachment(attachment)
            else:
                opened = self.adapter.open_attachment(attachment, size)
            chunks = await opened.__aenter__()
        try:
            whole = attachment.size if size is None else None
            async with aclosing(self._named_chunks(chunks, whole)) as named:
                yield named
        finally:
            await opened.__aexit__(None, None, None)

    async def _named_chunks(
        self, chunks: AsyncIterator[bytes], whole: int | None
    ) -> AsyncGenerator[bytes, None]:
        """Yield the chunks; fewer bytes than the vendor said the file has are an error."""
        came = 0
        with self._about("open_attachment"):
            async for chunk in chunks:
                came += len(chunk)
                yield chunk
            if whole is not None and came < whole:
                raise TruncatedBody(f"the file has {whole} bytes, and {came} came.")

    async def save_attachment(self, attachment: Attachment, directory: str | Path) -> Path:
        """Write a file into ``directory`` and return its path.

        The name is :attr:`Attachment.safe_name`, with a number when there is such a file already:
        nothing is overwritten, no link is followed, nothing is written elsewhere. A download that
        fails leaves no file behind.
        """
        with self._about("save_attachment"):
            check.instance(directory, (str, Path), "directory")
        async with self.open_attachment(attachment) as chunks:
            return await files.save(chunks, Path(directory), attachment.safe_name)
