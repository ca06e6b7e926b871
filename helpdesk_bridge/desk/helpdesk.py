"""The object users await: one desk, whatever its vendor."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from helpdesk_bridge.config import load_config, registry
from helpdesk_bridge.delivery.ledger import Ledger
from helpdesk_bridge.delivery.recent import RecentWrites
from helpdesk_bridge.desk import arguments as check
from helpdesk_bridge.desk.attachments import AttachmentCalls
from helpdesk_bridge.desk.prefetch import PrefetchTasks
from helpdesk_bridge.desk.reconcile import ReconcileCalls
from helpdesk_bridge.errors import DeskClosed, InvalidArgument, OutcomeUnknown
from helpdesk_bridge.kit.contract import Adapter
from helpdesk_bridge.model import Capabilities
from helpdesk_bridge.transport import (
    Effect,
    Middleware,
    Observer,
    Operation,
    Transport,
    TransportOptions,
)
from helpdesk_bridge.transport.urls import base_url

__all__ = ["Helpdesk", "connect"]


def connect(
    desk: str | None = None,
    *,
    config: str | Path | Mapping[str, Any] | None = None,
    middlewares: Sequence[Middleware] = (),
    ledger: Ledger | None = None,
    observers: Sequence[Observer] = (),
) -> Helpdesk:
    """Return the desk called ``desk`` in the configuration (None: its default); no I/O yet.

    ``config`` is a path or a mapping of the same shape; None looks for ``helpdesk.toml`` where
    :func:`~helpdesk_bridge.load_config` says; ``middlewares``, ``ledger`` and ``observers`` are
    handed to the desk. Raises ConfigurationError.
    """
    found = load_config(config).desk(desk)
    return Helpdesk(
        found.settings,
        name=found.name,
        adapter=found.adapter,
        options=found.options,
        middlewares=middlewares,
        ledger=ledger,
        observers=observers,
    )


class Helpdesk(ReconcileCalls, AttachmentCalls):
    """One desk at one vendor. Use it as ``async with``; :meth:`aclose` may be called again.

    ``settings`` is the settings object of an adapter, ``name`` what error texts and log lines call
    the desk. Wherever a ticket is expected, a :class:`Ticket` or its id will do; with the ticket
    an adapter often saves a request. With an ``ledger`` every write that must not be done twice is
    put down before it is sent, and :meth:`recover` settles what a crash left open. ``observers``
    are told of each attempt at a request.

    Every method raises a :class:`HelpdeskError`: InvalidArgument, UnsupportedCapability and
    DeskClosed before anything is sent, the others as the vendor or the network has it.
    """

    def __init__(
        self,
        settings: Any,
        *,
        name: str | None = None,
        adapter: type[Adapter] | None = None,
        options: TransportOptions | None = None,
        middlewares: Sequence[Middleware] = (),
        ledger: Ledger | None = None,
        observers: Sequence[Observer] = (),
    ) -> None:
        kind = adapter or registry.load(_adapter_of(settings))
        if not isinstance(settings, kind.settings_type):
            raise InvalidArgument(f"{kind.name} needs {kind.settings_type.__name__}(…) as settings")
        self.name = name or kind.name
        self._options = options or TransportOptions()
        address = getattr(settings, "base_url", None)
        self._transport = Transport(
            base_url(address) if address is not None else None,
            self._options,
            desk=self.name,
            vendor=kind.name,
            auth=kind.auth(settings),
            error_codes=kind.error_codes,
            explain=kind.explain,
            is_error=kind.is_error,
            middlewares=middlewares,
            file_hosts=kind.file_hosts,
            observers=observers,
        )
        self.adapter: Adapter = kind(settings, self._transport)
        self.capabilities: Capabilities = self.adapter.capabilities
        self._id = re.compile(kind.id_pattern)
        self._closed = False
        self._made = RecentWrites()
        self._ledger = ledger
        self._writing: set[asyncio.Future[bool]] = set()
        self._readers = PrefetchTasks()
        self.interrupted: deque[OutcomeUnknown] = deque(maxlen=1000)

    def __repr__(self) -> str:
        return f"<Helpdesk {self.name!r} ({self.adapter.name})>"

    async def __aenter__(self) -> Self:
        if self._closed:
            raise DeskClosed("the desk is closed.", desk=self.name, vendor=self.adapter.name)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the desk, its connections and whatever its adapter holds open.

        The ledger is the caller's, and stays open.
        """
        self._closed = True
        try:
            await self._transport.aclose()
        finally:
            await self._readers.aclose()
            await self.adapter.aclose()
            if self._writing:
                await asyncio.wait(self._writing)

    async def raw(
        self,
        method: str,
        *path: str,
        query: Mapping[str, str] | Sequence[tuple[str, str]] = (),
        json: Any = None,
        effect: Effect | None = None,
    ) -> Any:
        """Call the vendor's own API and return the decoded JSON (None for an empty answer).

        It takes the same credentials, pacing and errors as everything else. ``path`` are the
        segments below ``base_url``; ``effect`` says what a repetition would do, and is READ for
        GET and HEAD, UNSAFE_WRITE for all other verbs unless given.
        """
        with self._about("raw"):
            verb = check.required_line(method, "method").upper()
        effect = effect or (Effect.READ if verb in ("GET", "HEAD") else Effect.UNSAFE_WRITE)
        with self._calling("raw"):
            pairs = check.query(query)
            response = await self._transport.send(
                Operation("raw", effect), verb, path, query=pairs, json=json
            )
            return response.json() if response.content.strip() else None


def _adapter_of(settings: Any) -> str:
    name = getattr(settings, "adapter", None)
    if not isinstance(name, str):
        raise InvalidArgument(
            "Helpdesk needs the settings object of an adapter, such as MemorySettings()"
        )
    return name
