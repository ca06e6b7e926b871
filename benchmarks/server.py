"""Serve prebuilt pages as fast as can be, in a process of its own: ``python -m benchmarks.server``.

The path decides: ``…/messages`` of a ticket, ``…/tickets``, one of them, a ticket with its
timeline, ``…/ping``, ``…/media/attachment/MEGABYTES`` for a download. A path that begins with
``/slow`` is answered 50 ms later. A POST is read to its end and answered with an id.
"""

from __future__ import annotations

import asyncio
import re

from benchmarks.pages import all_pages

DELAY = 0.05
"""Seconds before a slow answer."""
_PAGE = re.compile(rb"[?&]page=(\d+)")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TICKET = re.compile(rb"/tickets/\d+$")
_KINDS = (
    (b"/api/messages", "airclou"),
    (b"/api/v2/", "omnidesk"),
    (b"/tickets/9", "short"),
    (b"/messages", "messages"),
    (b"/tickets", "tickets"),
)
_HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
_MEGABYTE = bytes(1024 * 1024)

ANSWERS = {place: (_HEAD % len(body)).encode() + body for place, body in all_pages().items()}


class Serving(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._loop = asyncio.get_running_loop()
        self._head = b""
        self._left = 0  # bytes of a body that is being received
        self._flows = asyncio.Event()
        self._flows.set()
        self._download: asyncio.Task[None] | None = None

    def connection_lost(self, _: Exception | None) -> None:
        """End."""
        if self._download is not None:
            self._download.cancel()

    def pause_writing(self) -> None:
        """Wait with a download until the client has read."""
        self._flows.clear()

    def resume_writing(self) -> None:
        """Go on with it."""
        self._flows.set()

    def data_received(self, data: bytes) -> None:
        """Take what came: of a body only how much it is."""
        if self._left:
            self._left -= len(data)
            if self._left <= 0:
                self._answer(("made", 1), 0)
            return
        self._head += data
        head, end, body = self._head.partition(b"\r\n\r\n")
        if not end:
            return
        self._head = b""
        length = _LENGTH.search(head)
        self._left = int(length[1]) - len(body) if length else 0
        if head.startswith(b"POST"):
            if self._left <= 0:
                self._answer(("made", 1), 0)
            return
        self._left = 0
        self._get(head.split(b" ", 2)[1])

    def _get(self, target: bytes) -> None:
        if b"/media/" in target:
            size = int(target.rpartition(b"/")[2])
            self._download = self._loop.create_task(self._send(size))
            return
        kind = next((name for part, name in _KINDS if part in target), "ping")
        if _TICKET.search(target):
            kind = "ticket"
        page = _PAGE.search(target)
        place = (kind, int(page[1]) if page else 1)
        self._answer(place, DELAY if target.startswith(b"/slow") else 0)

    def _answer(self, place: tuple[str, int], delay: float) -> None:
        if delay:
            self._loop.call_later(delay, self._transport.write, ANSWERS[place])
        else:
            self._transport.write(ANSWERS[place])

    async def _send(self, megabytes: int) -> None:
        self._transport.write((_HEAD % (megabytes * len(_MEGABYTE))).encode())
        for _ in range(megabytes):
            await self._flows.wait()
            self._transport.write(_MEGABYTE)


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(Serving, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - read by who started it
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
