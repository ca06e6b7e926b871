"""A desk by its reading methods: what a reconciler and conversations need of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Protocol, Self, TypeVar

from helpdesk_bridge.model import Message, Problem, Ticket

__all__ = ["Listing", "Reader"]

T_co = TypeVar("T_co", covariant=True)


class Listing(Protocol[T_co]):
    """A list that is read to its end or raises."""

    @property
    def problems(self) -> list[Problem]:
        """The records that were passed over, after :meth:`collect_problems`."""
        ...

    @property
    def items_read(self) -> int:
        """How many items have been handed out."""
        ...

    def collect_problems(self) -> Self:
        """Keep unreadable records in :attr:`problems` in place of raising them."""
        ...

    def pages(self) -> AsyncIterator[Iterable[T_co]]:
        """Iterate over the pages."""
        ...

    def __aiter__(self) -> AsyncIterator[T_co]:
        """Iterate over the items."""
        ...


class Reader(Protocol):
    """What a desk is read by; nothing else can be done to it."""

    async def ticket(self, ticket_id: str, /) -> Ticket:
        """Return a ticket."""
        ...

    async def message(self, ticket: str, message_id: str, /) -> Message:
        """Return a message."""
        ...

    def messages(self, ticket: Ticket | str, /) -> Listing[Message]:
        """List a ticket's messages."""
        ...

    def tickets(
        self, *, created_since: datetime | None = None, updated_since: datetime | None = None
    ) -> Listing[Ticket]:
        """List tickets."""
        ...
