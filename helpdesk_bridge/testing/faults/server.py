"""A server of raw bytes on loopback that answers from a script."""

from __future__ import annotations

import ssl
from collections import deque
from collections.abc import Awaitable, Callable

from attrs import field, frozen

from helpdesk_bridge.testing.faults.answers import Answer
from helpdesk_bridge.testing.faults.framing import Head, parse_head
from helpdesk_bridge.testing.faults.loopback import Loopback, Wire, path_of

__all__ = ["FaultServer", "ReceivedRequest", "Step"]


@frozen
class ReceivedRequest:
    """One request as it arrived."""

    method: str
    target: str = field(repr=path_of)
    """Path and query as they were sent."""
    headers: dict[str, str] = field(repr=False)
    """Names in lower case; the values of a repeated one are joined by a comma."""
    body: bytes = field(repr=False)
    """Without the framing of chunks; empty where the answer does not wait for the body."""
    connection: int
    """The number of its connection, from 1."""


Step = Answer | Callable[[ReceivedRequest], Answer | Awaitable[Answer]]
"""An answer, or what makes one of the request, also after waiting for something."""


class FaultServer(Loopback):
    """Reads each request to its end, records it, and plays the next answer of the script.

    ::

        async with FaultServer(Answer.too_many_requests(1), Answer.json({"id": 1})) as server:
            ...  # a client at server.url
        assert [request.method for request in server.requests] == ["GET", "GET"]

    After the script, ``default`` is played for ever. ``greeting`` is sent on every connection
    before any request. With ``wait_for_body=False`` a request is answered when its head has come.
    ``tls`` makes it an https server. A request that is not HTTP/1.1 is a ValueError at the exit.

    Args:
        script: the answers, in order.
        default: what is answered after them; None is ``{}`` as JSON.
        path: the path that ``url`` ends with.
        greeting: bytes that are sent on every connection before any request.
        wait_for_body: whether a request is read to its end before it is answered.
        tls: what makes it an https server; None is http.
    """

    def __init__(
        self,
        *script: Step,
        default: Step | None = None,
        path: str = "",
        greeting: bytes = b"",
        wait_for_body: bool = True,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(path, tls=tls)
        self.default = Answer.json({}) if default is None else default
        self.greeting = greeting
        self.wait_for_body = wait_for_body
        self.requests: list[ReceivedRequest] = []
        self._script: deque[Step] = deque(script)

    def plays(self, *steps: Step) -> None:
        """Add ``steps`` to the end of the script."""
        self._script.extend(steps)

    @property
    def unplayed(self) -> int:
        """How much of the script is left."""
        return len(self._script)

    async def _serve(self, wire: Wire, number: int) -> None:
        if self.greeting:
            await wire.send(self.greeting)
        while True:
            head = parse_head((await wire.reader.readuntil(b"\r\n\r\n"))[:-4])
            body = await _body(wire, head) if self.wait_for_body else b""
            request = _received(head, body, number)
            self.requests.append(request)
            self.changed()
            answer = await self._next(request)
            await _play(wire, answer)
            if answer.end:
                await self.end(wire, answer.end)
                return
            if not self.wait_for_body:
                await _body(wire, head)

    async def _next(self, request: ReceivedRequest) -> Answer:
        step = self._script.popleft() if self._script else self.default
        if isinstance(step, Answer):
            return step
        made = step(request)
        return made if isinstance(made, Answer) else await made


def _received(head: Head, body: bytes, number: int) -> ReceivedRequest:
    method, target, _ = head.first_line.split(" ")
    return ReceivedRequest(method, target, head.headers, body, number)


async def _body(wire: Wire, head: Head) -> bytes:
    if "chunked" not in head.headers.get("transfer-encoding", "").lower():
        return await wire.reader.readexactly(int(head.headers.get("content-length", 0)))
    body = bytearray()
    while size := int((await wire.reader.readuntil(b"\r\n")).split(b";")[0], 16):
        body += (await wire.reader.readexactly(size + 2))[:-2]
    while await wire.reader.readuntil(b"\r\n") != b"\r\n":
        pass  # trailers
    return bytes(body)


async def _play(wire: Wire, answer: Answer) -> None:
    for piece in answer.pieces():
        step = answer.drip or len(piece) or 1
        for start in range(0, len(piece), step):
            await wire.send(piece[start : start + step])
            await answer.pause()
