"""What every call of a desk stands on: its adapter, its capabilities, the checks before it."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Iterable, Sequence

from helpdesk_bridge.delivery.ledger import Ledger
from helpdesk_bridge.delivery.recent import RecentWrites
from helpdesk_bridge.desk import arguments as check
from helpdesk_bridge.desk.call import CallContext
from helpdesk_bridge.desk.prefetch import PrefetchTasks
from helpdesk_bridge.errors import InvalidArgument, OutcomeUnknown
from helpdesk_bridge.kit.contract import Adapter
from helpdesk_bridge.model import (
    Body,
    Capabilities,
    Capability,
    Ticket,
    TicketRef,
    Upload,
)
from helpdesk_bridge.transport import Transport, TransportOptions

__all__ = ["DeskBase"]


class DeskBase:
    """A desk's adapter and limits, and the checks that come before anything is sent."""

    name: str
    adapter: Adapter
    capabilities: Capabilities
    _options: TransportOptions
    interrupted: deque[OutcomeUnknown]
    """Writes that were cancelled when they may have been sent already: for :meth:`reconcile`.

    The last 1,000; whoever settles one takes it out.
    """
    _id: re.Pattern[str]
    _closed: bool
    _transport: Transport
    _made: RecentWrites
    _ledger: Ledger | None
    _writing: set[asyncio.Future[bool]]
    _readers: PrefetchTasks

    @property
    def closed(self) -> bool:
        """Whether the desk was closed."""
        return self._closed

    def _ref(self, ticket: Ticket | str) -> TicketRef:
        if isinstance(ticket, Ticket):
            self._check_id(ticket.id)
            return TicketRef(ticket.id, ticket)
        self._check_id(ticket)
        return TicketRef(ticket)

    def _check_id(self, value: object) -> None:
        if not isinstance(value, str) or not self._id.fullmatch(value):
            raise InvalidArgument(
                f"this is no id of {self.adapter.name}: give a str that matches {self._id.pattern}"
            )

    def _allow(self, capability: Capability, options: Iterable[str]) -> None:
        self.capabilities.require(capability)
        known = self.capabilities[capability].limits.options
        if known is not None:
            check.options(capability, options, known)

    async def _check_content(
        self, capability: Capability, body: Body, uploads: Sequence[Upload]
    ) -> None:
        check.body(body, self.capabilities[capability].limits)
        if uploads:
            limits = self.capabilities[capability].limits
            if "attachments" not in (limits.options or ()):
                self.capabilities.require(Capability.SEND_ATTACHMENTS)
                limits = self.capabilities[Capability.SEND_ATTACHMENTS].limits
            await check.upload_sizes(uploads, body, limits)

    def _about(self, operation: str) -> CallContext:
        return CallContext(self, operation)

    def _calling(self, operation: str, *, ticket_id: str | None = None) -> CallContext:
        return CallContext(self, operation, deadline=self._options.deadline, ticket_id=ticket_id)
