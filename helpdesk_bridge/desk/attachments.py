"""The calls that read the files of messages."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

from helpdesk_bridge.desk import arguments, download
from helpdesk_bridge.desk.call import CallContext
from helpdesk_bridge.desk.parts import Desk
from helpdesk_bridge.errors import ConfigurationError, HelpdeskError, InvalidArgument
from helpdesk_bridge.model import Attachment, Capability
from helpdesk_bridge.model.disk import from_root
from helpdesk_bridge.transport.download import (
    Announced,
    longer_than_announced,
    shorter_than_announced,
)

__all__ = ["open_attachment", "save_attachment"]


@asynccontextmanager
async def open_attachment(
    self: Desk, attachment: Attachment, *, size: str | None = None
) -> AsyncIterator[AsyncIterator[bytes]]:
    """Open a file: ``async with desk.open_attachment(a) as chunks``.

    What comes is the file that was announced, or an error: as many bytes as ``attachment.size``
    says, no web page and no answer of a program in place of a file of another kind, and packed or
    not as the vendor keeps it. Where a vendor's sizes are wrong,
    ``attrs.evolve(attachment, size=None)`` has them not compared.

    The call's deadline holds up to the first byte, which is awaited on entering; then ``read_gap``
    is how long the vendor may be silent.

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
        ProtocolError: what came is not the file; ``reason`` is WEB_PAGE (a login page, say) or
            NOT_THE_FILE.
        HelpdeskError: as the vendor or the network has it.
    """
    async with _opened(self, self._calls.begin("open_attachment"), attachment, size) as chunks:
        yield chunks


async def save_attachment(self: Desk, attachment: Attachment, directory: str | Path) -> Path:
    """Write a file into a directory.

    The name is :attr:`Attachment.safe_name`, with a number when there is such a file already:
    nothing is overwritten, no link is followed, nothing is written elsewhere. A download that
    fails leaves no file behind. Until it is whole the file is called ``NAME.xxxxxxxx.part`` in
    that directory, with eight hexadecimal digits; a process that is killed leaves this behind, and
    it may be deleted. On a disk without hard links (FAT, exFAT, many network folders) a process
    that is killed in the last step may leave an empty file under the final name as well: the name
    is taken before the file gets it. The deadline is that of :meth:`open_attachment`, and the disk
    has one of the same length for each of its steps.

    Args:
        attachment: a file of a message.
        directory: where to write it; it must exist. A relative one begins at the working directory
            of the moment in which the call begins.

    Returns:
        The path of the new file, from the root on.

    Raises:
        InvalidArgument: the directory is not there, is none or cannot be written to, or the disk is
            full.
        HelpdeskError: as :meth:`open_attachment` raises it.
    """
    call = self._calls.begin("save_attachment")
    with call.part():
        folder = _folder(directory)
    async with _opened(self, call, attachment, None) as chunks:
        try:
            return await download.save(chunks, folder, attachment.safe_name, call.part)
        except InvalidArgument as error:
            call.name_error(error)
            raise


def _folder(directory: str | Path) -> Path:
    """Return the path of a directory from the root on: the program may go to another folder."""
    arguments.instance(directory, (str, Path), "directory")
    if directory == "":
        raise InvalidArgument('directory is empty: give "." for the working directory.')
    try:
        return from_root(Path(directory))
    except ConfigurationError as error:
        message = error.message
    raise InvalidArgument(f"directory cannot be found: {message}")


@asynccontextmanager
async def _opened(
    desk: Desk, call: CallContext, attachment: Attachment, size: str | None
) -> AsyncIterator[AsyncIterator[bytes]]:
    with call:
        desk._guard.require(Capability.OPEN_ATTACHMENT)
        arguments.instance(attachment, Attachment, "attachment")
        desk._guard.attachment(attachment)
        whole = attachment.size if size is None else None
        call.announce(Announced(attachment.name, attachment.mime_type, whole))
        if size is None:
            opened = desk.adapter.open_attachment(attachment)
        else:
            desk._guard.size(size, attachment)
            opened = desk.adapter.open_attachment(attachment, size)
        chunks = await opened.__aenter__()
        try:
            first = await anext(chunks, None)
        except BaseException:
            await opened.__aexit__(None, None, None)
            raise
    try:
        gap = max(desk._options.read_gap, desk._options.deadline)
        rest = _within(call, gap, chunks)
        async with aclosing(_counted(call, first, rest, whole)) as counted:
            yield counted
    finally:
        await opened.__aexit__(None, None, None)


async def _within(
    call: CallContext, gap: float, chunks: AsyncIterator[bytes]
) -> AsyncGenerator[bytes, None]:
    """Yield the chunks, for each of which there are ``gap`` seconds."""
    while True:
        with call.part(seconds=gap):
            chunk = await anext(chunks, None)
        if chunk is None:
            return
        yield chunk


async def _counted(
    call: CallContext, first: bytes | None, rest: AsyncGenerator[bytes, None], whole: int | None
) -> AsyncGenerator[bytes, None]:
    """Yield the chunks; fewer or more bytes than the vendor said the file has are an error."""
    call.check_open()
    came = 0
    try:
        async with aclosing(rest):
            chunk = first
            while chunk is not None:
                came += len(chunk)
                if whole is not None and came > whole:
                    raise longer_than_announced(whole)
                yield chunk
                chunk = await anext(rest, None)
        if whole is not None and came < whole:
            raise shorter_than_announced(whole, came)
    except HelpdeskError as error:
        call.name_error(error)
        raise
