"""Connections: one for each attempt, and for files only to addresses of the public Internet."""

from __future__ import annotations

import functools
import socket
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from attrs import frozen

from helpdesk_bridge import errors
from helpdesk_bridge.transport import urls
from helpdesk_bridge.transport.http.one_answer import OneAnswer
from helpdesk_bridge.transport.request import Progress

if TYPE_CHECKING:
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

__all__ = ["UNDERWAY", "Connector", "PublicAddresses", "SecondTry", "SpokeFirst"]


class SecondTry(Exception):
    """aiohttp wants to send a request again by itself."""


class SpokeFirst(Exception):
    """A new connection has bytes for us though nothing was asked."""


UNDERWAY: ContextVar[Progress | None] = ContextVar("helpdesk_bridge_underway", default=None)
"""The attempt that has no connection yet. aiohttp asks for one in the task of the attempt."""


class Connector(aiohttp.TCPConnector):
    """Gives each attempt one connection, and notes when: from then on a byte may have left.

    aiohttp sends PUT and DELETE (and the reading verbs) again after ServerDisconnectedError or
    ClientOSError, without a switch (aiohttp issue 10790). What it asks for then is another
    connection, and it does not get that. A connection through a proxy comes from here, too, after
    the proxy's CONNECT, which holds nothing of the request.

    A kept connection is taken only if nothing has come on it since the last answer.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # aiohttp has no other way; a test sees that the connections are of this kind.
        self._factory = functools.partial(OneAnswer, loop=self._loop)  # type: ignore[assignment]

    # A trace of sent heads and a middleware say the same, and cost a tenth of a small request.
    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's name
    ) -> Connection:
        """Return a connection for the attempt that is under way, and for none a second time."""
        progress = UNDERWAY.get()
        if progress is None:
            raise SecondTry
        UNDERWAY.set(None)
        progress.bytes_sent = False
        connection = await self._clean(req, traces, timeout)
        progress.kept = getattr(connection.protocol, "used", False)
        try:
            for check in progress.checks:
                check()
        except BaseException:
            connection.close()
            raise
        progress.bytes_sent = True
        return connection

    async def _clean(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's name
    ) -> Connection:
        """Return a connection on which nothing waits that this request's answer could not be."""
        while True:
            connection = await super().connect(req, traces, timeout)
            protocol = connection.protocol
            if not isinstance(protocol, OneAnswer) or not protocol.spoiled:
                return connection
            connection.close()
            if not protocol.used:
                raise SpokeFirst


@frozen
class PublicAddresses(AbstractResolver):
    """Resolves names, and refuses those with an address that is not public.

    aiohttp dials exactly what this returns: a name cannot lead elsewhere between the two.
    """

    inner: AbstractResolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of ``host``; UnsafeURL if one of them is not public."""
        found = await self.inner.resolve(host, port, family)
        # localhost gets this far only when the desk itself is there.
        if not urls.is_loopback(host) and not all(urls.is_public(one["host"]) for one in found):
            raise errors.UnsafeURL("a file is on a host that is not on the public Internet.")
        return found

    async def close(self) -> None:
        """Close the resolver that is asked."""
        await self.inner.close()
