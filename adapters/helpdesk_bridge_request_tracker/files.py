"""The bytes of Request Tracker's files.

``T1`` … as in :mod:`helpdesk_bridge_request_tracker.wire`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager

from attrs import frozen

from helpdesk_bridge import kit
from helpdesk_bridge.kit import Effect, Operation, errors
from helpdesk_bridge_request_tracker import attached_mail, outgoing, wire
from helpdesk_bridge_request_tracker.lists import API, Lists
from helpdesk_bridge_request_tracker.mime_tree import Node

__all__ = ["Files"]

OPEN_ATTACHMENT = Operation("open_attachment", Effect.READ)


@frozen
class Files:
    """Opens files.

    Args:
        transport: the desk's way to its RT.
    """

    transport: kit.Transport

    @asynccontextmanager
    async def opened(self, attachment_id: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a file: it comes in base64, in one piece.

        An attached mail is put together from its parts, each of which comes so.
        """
        data = await self._content(attachment_id)
        if isinstance(data, bytes):
            yield _once(data)
            return
        mail = await Lists(self.transport, OPEN_ATTACHMENT).attached_mail(attachment_id, data)
        async with aclosing(self._mail(mail)) as chunks:
            yield chunks

    async def _content(self, attachment_id: str) -> bytes | str:
        """Return the bytes of a file; the id of its message where it holds other parts instead."""
        path = (*API, "attachment", attachment_id)
        try:
            answer = await self.transport.send(OPEN_ATTACHMENT, "GET", path)
        except errors.VendorUnavailable as error:
            await self._require_attachment(attachment_id)
            raise error from None
        return answer.read(wire.content)

    async def _mail(self, mail: Node) -> AsyncGenerator[bytes, None]:
        for piece in attached_mail.written(mail):
            if isinstance(piece, bytes):
                yield piece
                continue
            data = await self._content(piece.number)
            if isinstance(data, str):
                raise errors.ProtocolError("$.Content: expected text.", path="$.Content")
            yield attached_mail.leaf(piece, data)

    async def _require_attachment(self, attachment_id: str) -> None:
        """T12: GET /attachment/{id} answers 500 for one that is not there; a search tells."""
        query = outgoing.matching("id", [attachment_id])
        lists = Lists(self.transport, OPEN_ATTACHMENT)
        listing = await lists.page(("attachments",), (), json=query)
        if not listing.items:
            kit.require_complete(lists.lacking)
            raise errors.NotFound("there is no such file, or the account may not see it.")


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
