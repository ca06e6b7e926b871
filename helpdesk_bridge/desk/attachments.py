"""The calls that read the files of messages."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

from helpdesk_bridge.desk import arguments, download
from helpdesk_bridge.desk.call import CallContext
from helpdesk_bridge.desk.parts import Desk
from helpdesk_bridge.errors import HelpdeskError, InvalidArgument, TruncatedBody
from helpdesk_bridge.model import Attachment, Capability

__all__ = ["open_attachment", "save_attachment"]


@asynccontextmanager
async def open_attachment(
    self: Desk, attachment: Attachment, *, size: str | None = None
) -> AsyncIterator[AsyncIterator[bytes]]:
    """Open a file: ``async with desk.open_attachment(a) as chunks``.

    The call's deadline holds up to the first byte.

    Args:
        attachment: a file of a message.
        size: a smaller rendition of an inline image, one of
            ``capabilities[Capability.RESIZED_IMAGE].limits.sizes``; None is the file as it is.

    Returns:
        An async context manager; it gives an async iterator over the file's bytes.

    Raises:
        InvalidArgument: for a value that is not acceptable.
        UnsupportedCapability: this desk gives no files, or none in another size.
        NotFound: the file is not there any more.
        TruncatedBody: fewer bytes came than the vendor says the file has.
        HelpdeskError: as the vendor or the network has it.
    """
    async with _opened(self, self._calls.begin("open_attachment"), attachment, size) as chunks:
        yield chunks


async def save_attachment(self: Desk, attachment: Attachment, directory: str | Path) -> Path:
    """Write a file into a directory.

    The name is :attr:`Attachment.safe_name`, with a number when there is such a file already:
    nothing is overwritten, no link is followed, nothing is written elsewhere. A download that
    fails leaves no file behind.

    Args:
        attachment: a file of a message.
        directory: where to write it; it must exist.

    Returns:
        The path of the new file.

    Raises:
        InvalidArgument: the directory cannot be written to, or the disk is full.
        HelpdeskError: as :meth:`open_attachment` raises it.
    """
    call = self._calls.begin("save_attachment")
    async with _opened(self, call, attachment, None, directory) as chunks:
        try:
            return await download.save(chunks, Path(directory), attachment.safe_name)
        except InvalidArgument as error:
            call.name_error(error)
            raise


@asynccontextmanager
async def _opened(
    desk: Desk,
    call: CallContext,
    attachment: Attachment,
    size: str | None,
    directory: str | Path = "",
) -> AsyncIterator[AsyncIterator[bytes]]:
    with call:
        desk._guard.require(Capability.OPEN_ATTACHMENT)
        arguments.instance(attachment, Attachment, "attachment")
        arguments.instance(directory, (str, Path), "directory")
        desk._guard.id(attachment.id)
        if size is None:
            opened = desk.adapter.open_attachment(attachment)
        else:
            desk._guard.size(size, attachment)
            opened = desk.adapter.open_attachment(attachment, size)
        chunks = await opened.__aenter__()
    try:
        whole = attachment.size if size is None else None
        async with aclosing(_counted(call, chunks, whole)) as counted:
            yield counted
    finally:
        await opened.__aexit__(None, None, None)


async def _counted(
    call: CallContext, chunks: AsyncIterator[bytes], whole: int | None
) -> AsyncGenerator[bytes, None]:
    """Yield the chunks; fewer bytes than the vendor said the file has are an error."""
    call.check_open()
    came = 0
    try:
        async for chunk in chunks:
            came += len(chunk)
            yield chunk
        if whole is not None and came < whole:
            raise TruncatedBody(f"the file has {whole} bytes, and {came} came.")
    except HelpdeskError as error:
        call.name_error(error)
        raise
