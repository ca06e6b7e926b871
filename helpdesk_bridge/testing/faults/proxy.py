"""A TCP proxy on loopback that breaks what passes through it, to the byte."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from urllib.parse import urlsplit

from attrs import define, field

from helpdesk_bridge.testing.faults.framing import Framing, Head
from helpdesk_bridge.testing.faults.loopback import End, Loopback, Wire, path_of
from helpdesk_bridge.testing.faults.plans import Cut, Drip, Fault, Hold, Insert, Side

__all__ = ["FaultProxy", "Link", "PassedRequest"]


@define(eq=False)
class PassedRequest:
    """A request whose head came from the client, and how many bytes have passed because of it."""

    method: str
    target: str = field(repr=path_of)
    headers: dict[str, str] = field(repr=False)
    """Names in lower case; the values of a repeated one are joined by a comma."""
    connection: int
    """The number of its connection, from 1."""
    request_bytes: int = 0
    """How many of its bytes were handed to the upstream, its head included."""
    answer_bytes: int = 0
    """How many bytes of the answer were handed to the client, its head included."""


@define(eq=False)
class Link:
    """A client's connection, joined to one of ours to the upstream."""

    number: int
    """The first one is 1."""
    request_bytes: int = 0
    """How many bytes of the client were handed to the upstream."""
    answer_bytes: int = 0
    """How many bytes of the upstream were handed to the client."""
    requests: list[PassedRequest] = field(factory=list)
    faults: list[Fault] = field(factory=list)
    """The faults that have happened."""


@define
class _Plan:
    faults: tuple[Fault, ...]
    times: int | None
    when: Callable[[PassedRequest], object] | None


class FaultProxy(Loopback):
    """Stands before a fake or a server and passes every byte on unchanged, but for the plan.

    ::

        async with HelpSpaceFake() as fake, FaultProxy(fake.base_url) as proxy:
            proxy.plan(Cut(Side.ANSWER, after=17, by=End.RST), when=is_post)
            table = fake.table() | {"base_url": proxy.url}

    ``proxy.url`` is the upstream's with the proxy's port. TLS passes through unread: plans by
    connection work, plans by request do not. ``links`` and ``requests`` tell what passed; the sizes
    of a dry run are the places where a cut can be made. Nothing of a body is kept.

    ``upstream`` is the address of the vendor; one without host and port is a ValueError.
    """

    def __init__(self, upstream: str) -> None:
        parts = urlsplit(upstream)
        if not parts.hostname or not parts.port:
            raise ValueError("The upstream's address needs a host and a port.")
        super().__init__(parts.path)
        self.scheme = parts.scheme
        self.upstream = (parts.hostname, parts.port)
        self.links: list[Link] = []
        self._plans: list[_Plan] = []

    @property
    def requests(self) -> list[PassedRequest]:
        """All requests, in the order of their connections."""
        return [request for link in self.links for request in link.requests]

    @property
    def planned(self) -> int:
        """How many plans are still to be used; one without end counts as one."""
        return len(self._plans)

    def plan(
        self,
        *faults: Fault,
        times: int | None = 1,
        when: Callable[[PassedRequest], object] | None = None,
    ) -> None:
        """Say what goes wrong on the next connection, or with the next request that is meant.

        Without ``when`` it is the next connection that has no plan yet, and bytes are counted from
        its beginning: ``plan(times=2)`` followed by ``plan(cut)`` leaves two connections alone.
        With ``when`` it is the next request for which that returns true (asked when its head is
        whole, with 0 bytes passed), and bytes are counted from the beginning of the request and of
        its answer. ``times`` is how often the plan holds; None is always.

        ``faults`` are what goes wrong.

        Args:
            faults: what goes wrong.
            times: how often the plan holds; None is always.
            when: which request is meant; None is the next connection.
        """
        self._plans.append(_Plan(faults, times, when))

    def clear(self) -> None:
        """Forget all plans and all records; open connections go on."""
        self._plans.clear()
        self.links.clear()

    async def _serve(self, wire: Wire, number: int) -> None:
        link = Link(number)
        self.links.append(link)
        self.changed()
        faults = self.take(None)
        try:
            upstream = Wire(*await asyncio.open_connection(*self.upstream))
        except OSError:
            await wire.end(End.RST)
            return
        try:
            await _Joined(self, link, wire, upstream, faults).run()
        finally:
            await upstream.close()

    def take(self, request: PassedRequest | None) -> tuple[Fault, ...]:
        """Use up the first plan that is meant for a new connection, or for a request.

        ``request`` None asks for a connection.

        Returns:
            The faults of the plan; none where none is meant.
        """
        for plan in self._plans:
            if request is None if plan.when is None else request and plan.when(request):
                if plan.times is not None:
                    plan.times -= 1
                    if not plan.times:
                        self._plans.remove(plan)
                return plan.faults
        return ()

    @property
    def by_request(self) -> bool:
        """Whether a plan waits for a request that is meant."""
        return any(plan.when for plan in self._plans)


class _Reached(Exception):
    def __init__(self, cut: Cut) -> None:
        self.cut = cut


class _Stream:
    """One direction of a link: passes bytes on from stop to stop."""

    def __init__(self, side: Side, source: Wire, sink: Wire, link: Link) -> None:
        self.side = side
        self.source = source
        self.sink = sink
        self.link = link
        self.framing = Framing()
        self.position = 0
        """How many bytes were handed on."""
        self.muted = False
        """Whether nothing more may pass, because the other direction is about to be cut."""
        self.stops: list[tuple[int, Fault]] = []
        self.drip: Drip | None = None

    def stop(self, faults: Iterable[Fault], base: int) -> None:
        """Let faults happen, counted from ``base``."""
        self.stops += [(base + fault.after, fault) for fault in faults if fault.side is self.side]
        self.stops.sort(key=lambda stop: stop[0])

    async def act(self) -> None:
        """Let happen what is due here."""
        while self.stops and self.stops[0][0] <= self.position:
            _, fault = self.stops.pop(0)
            self.link.faults.append(fault)
            if isinstance(fault, Cut):
                raise _Reached(fault)
            if isinstance(fault, Hold):
                await fault.until.wait()
            elif isinstance(fault, Insert):
                await self.sink.send(fault.data)
            elif isinstance(fault, Drip):
                self.drip = fault

    def next_piece(self, data: bytes) -> bytes:
        """Return what may pass at once."""
        size = len(data)
        if self.stops:
            size = min(size, self.stops[0][0] - self.position)
        if self.drip:
            size = min(size, self.drip.size)
        return data[:size]

    def cuts_at(self, position: int) -> bool:
        """Whether the connection is cut when ``position`` is reached."""
        return any(at == position and isinstance(fault, Cut) for at, fault in self.stops)


class _Joined:
    """Both directions of a link, until it ends."""

    def __init__(
        self, proxy: FaultProxy, link: Link, client: Wire, upstream: Wire, faults: tuple[Fault, ...]
    ) -> None:
        self.proxy = proxy
        self.link = link
        self.client = client
        self.upstream = upstream
        self.requests = _Stream(Side.REQUEST, client, upstream, link)
        self.answers = _Stream(Side.ANSWER, upstream, client, link)
        self._begun_at = (0, 0)
        self.requests.stop(faults, 0)
        self.answers.stop(faults, 0)

    async def run(self) -> None:
        """Pass bytes both ways until both have ended, one was reset, or a cut was reached."""
        tasks = [asyncio.create_task(self._pass(way)) for way in (self.requests, self.answers)]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
        failures = [end for end in ends if isinstance(end, Exception)]
        cuts = [end.cut for end in failures if isinstance(end, _Reached)]
        if cuts:
            await self._finish_answer()
            await self._end(cuts[0].by, cuts[0].upstream)
        elif failures and isinstance(failures[0], ConnectionError):
            await self._end(End.RST, End.RST)
        elif failures:
            raise failures[0]

    async def _pass(self, way: _Stream) -> None:
        while data := await self._receive(way):
            while data and not way.muted:
                await way.act()
                piece = way.next_piece(data)
                if way is self.requests and way.cuts_at(way.position + len(piece)):
                    # An upstream that answers at once must not be quicker than the cut.
                    self.answers.muted = True
                await way.sink.send(piece)
                way.position += len(piece)
                self._count()
                if way.drip:
                    await way.drip.pause()
                data = data[len(piece) :]
            await way.act()
        if not way.muted:
            await way.act()
            way.sink.end_half()

    async def _receive(self, way: _Stream) -> bytes:
        data = await way.source.receive()
        heads = way.framing.feed(data)
        if way is self.requests:
            while way.framing.in_head and self.proxy.by_request:
                # The plan must be known before the first byte of the request passes.
                more = await way.source.receive()
                if not more:
                    break
                data += more
                heads += way.framing.feed(more)
            for head in heads:
                self._begin(head)
        return data

    def _begin(self, head: Head) -> None:
        method, target = head.first_line.split(" ")[:2]
        request = PassedRequest(method, target, head.headers, self.link.number)
        self.link.requests.append(request)
        self.answers.framing.methods.append(method)
        self._begun_at = (head.offset, self.answers.position)
        faults = self.proxy.take(request)
        self.requests.stop(faults, head.offset)
        self.answers.stop(faults, self.answers.position)
        self.proxy.changed()

    def _count(self) -> None:
        self.link.request_bytes = self.requests.position
        self.link.answer_bytes = self.answers.position
        if self.link.requests:
            request = self.link.requests[-1]
            request.request_bytes = self.requests.position - self._begun_at[0]
            request.answer_bytes = self.answers.position - self._begun_at[1]

    async def _finish_answer(self) -> None:
        """Read the answer to its end if the upstream has the whole request.

        If it has not, it may wait for the rest, and its answer may never come.
        """
        asked, answered = self.requests.framing, self.answers.framing
        if not asked.idle or asked.position != self.requests.position:
            return
        with suppress(ConnectionError):
            while answered.complete < asked.complete and not answered.unknown:
                data = await self.upstream.receive()
                if not data:
                    return
                answered.feed(data)

    async def _end(self, client: End, upstream: End) -> None:
        await asyncio.gather(
            self.proxy.end(self.client, client), self.proxy.end(self.upstream, upstream)
        )
