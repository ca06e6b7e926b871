"""The account that the suite runs on, a desk on it, and a witness of what happened."""

from __future__ import annotations

import functools
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from attrs import field, frozen

from helpdesk_bridge.desk import Helpdesk
from helpdesk_bridge.memory.store import Store
from helpdesk_bridge.model import (
    Audience,
    Capability,
    Message,
    MessageType,
    Party,
    Status,
    Ticket,
    Upload,
)
from helpdesk_bridge.model.html_text import html_to_text, text_to_html
from helpdesk_bridge.testing.fake import Exchange

__all__ = [
    "Account",
    "Letter",
    "Place",
    "Seen",
    "StoreWitness",
    "Witness",
    "needs",
]


@frozen(kw_only=True)
class Seen:
    """A message as the helpdesk itself keeps it.

    ``type`` and ``audience`` are as in the model, ``text`` is its words.
    """

    type: MessageType
    audience: Audience
    text: str


@frozen(kw_only=True)
class Letter:
    """A mail that left, or would have: to whom, and its words.

    ``automatic`` is one that the helpdesk sends of itself, as its administrator configured it,
    and not because of a message: "your ticket is there", "your ticket is done".

    ``recipients`` are addresses, ``text`` its words.
    """

    recipients: frozenset[str]
    text: str
    automatic: bool = False


class Witness(Protocol):
    """What the helpdesk itself says; for a live server, by other means than the adapter."""

    async def letters(self) -> Sequence[Letter]:
        """Return every mail to people outside, oldest first; say which are automatic."""
        raise NotImplementedError

    async def messages(self, ticket_id: str) -> Sequence[Seen]:
        """Return the messages of a ticket, oldest first, without system events.

        ``ticket_id`` is the ticket.
        """
        raise NotImplementedError

    async def arrange(self, ticket_id: str, **fields: Any) -> None:
        """Set fields of a ticket that the desk cannot set: status, assignee, team, tags, priority.

        ``ticket_id`` is the ticket, ``fields`` are fields of the model.
        """

    async def add_requests(self, ticket_id: str, texts: Sequence[str]) -> None:
        """Let the customer write messages.

        ``ticket_id`` is the ticket, ``texts`` are the words of each.
        """

    async def add_ticket(self, requester: str, subject: str, text: str) -> str:
        """Let a customer write a new ticket; return its id as the desk knows it.

        Args:
            requester: the customer's address.
            subject: one line.
            text: the customer's words.

        Returns:
            Its id, as the desk has it.
        """
        raise NotImplementedError

    async def add_tickets(self, requester: str, count: int) -> None:
        """Let a customer write new tickets of one message each.

        ``requester`` is the customer's address, ``count`` how many.
        """

    def requests(self) -> int | None:
        """Return how many requests were made so far; None where there is no HTTP."""


@frozen(kw_only=True)
class Account:
    """An account and what it has.

    ``open`` returns a desk on it; ``stranger`` one with wrong credentials (None: there are none).
    ``agent``, ``team`` and ``tags`` are things that exist and can be set, and that a new ticket
    has not; None and () where the vendor knows no such thing. ``many`` is more than fits on one
    page of tickets, messages or customers. ``agents`` and ``teams`` are others that exist: one more
    wherever they can be set or asked for, and best more than fit on a page, and two agents of one
    name. A team among ``teams`` is named as a ticket names it, and may be that of new tickets.
    ``me`` is whose account the desk has (None: it does not tell). ``sets_times`` says whether the
    witness can arrange ``created_at`` and ``updated_at``; else the order of a list is judged by the
    times that it tells. ``delete`` deletes a ticket by its id, as somebody else would; changes that
    see deletions need it where the desk cannot delete. None: nobody else can.

    ``witness`` says what the helpdesk itself has. ``customer``, ``other_customer`` and ``partner``
    are addresses that nobody reads.
    """

    open: Callable[[], Helpdesk]
    witness: Witness
    stranger: Callable[[], Helpdesk] | None = None
    customer: str = "li@customer.example"
    other_customer: str = "bo@customer.example"
    partner: str = "bank@partner.example"
    agent: Party | None = None
    team: str | None = None
    tags: tuple[str, ...] = ()
    many: int = 120
    agents: Sequence[Party] = ()
    teams: Sequence[str] = ()
    me: Party | None = None
    sets_times: bool = False
    delete: Callable[[str], Awaitable[None]] | None = None


Promise = Callable[..., Awaitable[None]]


def needs(*capabilities: Capability) -> Callable[[Promise], Promise]:
    """Keep a promise only where all of these are offered; elsewhere they must be refused."""

    def decorate(promise: Promise) -> Promise:
        @functools.wraps(promise)
        async def kept(suite: object, place: Place, **case: Any) -> None:
            if place.desk.capabilities.supports(*capabilities):
                await promise(suite, place, **case)

        return kept

    return decorate


@frozen(kw_only=True)
class Place:
    """A desk on an account, and short ways to what every test needs.

    ``desk`` is the desk, ``account`` what it is on.
    """

    desk: Helpdesk
    account: Account

    @property
    def witness(self) -> Witness:
        """Who says what happened."""
        return self.account.witness

    async def ticket(
        self,
        *,
        subject: str = "Invoice 4711",
        text: str = "I paid this invoice twice.",
        requester: str | None = None,
        attachments: Sequence[Upload] = (),
        **fields: Any,
    ) -> Ticket:
        """Create a ticket of the customer's; where the desk cannot, the customer does.

        Args:
            subject: one line.
            text: the customer's words.
            requester: an address; None is the account's customer.
            attachments: files, where the desk itself creates it.
            fields: further arguments of ``create_ticket``, where the desk itself creates it.

        Returns:
            The ticket as the desk has it.
        """
        if not self.desk.capabilities.supports(Capability.CREATE_TICKET):
            return await self._written(requester or self.account.customer, subject, text)
        return await self.desk.create_ticket(
            subject=subject,
            requester=requester or self.account.customer,
            text=text,
            attachments=attachments,
            **fields,
        )

    async def _written(self, requester: str, subject: str, text: str) -> Ticket:
        ticket_id = await self.witness.add_ticket(requester, subject, text)
        return await self.desk.ticket(ticket_id)

    async def conversation(self, ticket_id: str) -> list[Message]:
        """Read all messages of a ticket; leave out the events that some helpdesks list as well.

        ``ticket_id`` is the ticket.

        Returns:
            Its messages, without those of the system.
        """
        read = [message async for message in self.desk.messages(ticket_id)]
        return [message for message in read if message.type is not MessageType.SYSTEM]

    async def letters(self) -> list[Letter]:
        """Return the mails that calls of the desk have caused."""
        return [letter for letter in await self.witness.letters() if not letter.automatic]

    async def mailed(self, words: str) -> list[str]:
        """Return who was mailed ``words``, sorted, and named again for each further mail.

        Whether a helpdesk sends one mail to several people or several to one each is its own.
        """
        letters = [letter for letter in await self.letters() if words in letter.text]
        return sorted(person for letter in letters for person in letter.recipients)

    async def stored(self, ticket: Ticket, words: str) -> list[tuple[MessageType, Audience]]:
        """Return type and audience of each stored message that holds ``words``.

        ``ticket`` is the ticket.
        """
        return [
            (seen.type, seen.audience)
            for seen in await self.witness.messages(ticket.id)
            if words in seen.text
        ]


@frozen
class StoreWitness:
    """The witness of a fake: its Store and its journal.

    ``number`` turns a ticket's id into the Store's (the default takes its digits), ``word`` the
    Store's into the ticket's.

    ``store`` is the helpdesk, ``journal`` what its fake received (None: a desk without HTTP).
    """

    store: Store
    journal: Sequence[Exchange] | None = None
    number: Callable[[str], int] = field(default=lambda word: int(re.sub(r"\D", "", word)))
    word: Callable[[int], str] = str

    async def letters(self) -> list[Letter]:
        """Return the outbox."""
        return [
            Letter(
                recipients=mail.recipients,
                text=html_to_text(mail.html),
                automatic=mail.message_id is None,
            )
            for mail in self.store.outbox
        ]

    async def messages(self, ticket_id: str) -> list[Seen]:
        """Return the stored messages.

        ``ticket_id`` is the ticket.
        """
        return [
            Seen(type=m.type, audience=m.audience, text=html_to_text(m.html))
            for m in self.store.tickets[self.number(ticket_id)].messages
            if m.type is not MessageType.SYSTEM
        ]

    async def arrange(self, ticket_id: str, **fields: Any) -> None:
        """Set fields of a stored ticket.

        ``ticket_id`` is the ticket, ``fields`` are fields of the model.
        """
        self.store.update_ticket(self.number(ticket_id), **fields)

    async def add_requests(self, ticket_id: str, texts: Sequence[str]) -> None:
        """Add messages of the ticket's requester.

        ``ticket_id`` is the ticket, ``texts`` are the words of each.
        """
        ticket = self.store.tickets[self.number(ticket_id)]
        for text in texts:
            self.store.add_message(
                ticket.id,
                type=MessageType.REQUEST,
                audience=Audience.EXTERNAL,
                author=ticket.requester,
                html=f"<p>{text}</p>",
            )

    async def add_ticket(self, requester: str, subject: str, text: str) -> str:
        """Add a ticket of one message.

        Args:
            requester: the customer's address.
            subject: one line.
            text: the customer's words.

        Returns:
            Its id, as the desk has it.
        """
        person = self.store.person(requester)
        ticket = self.store.create_ticket(
            subject=subject, requester=person, html=text_to_html(text), text=text
        )
        return self.word(ticket.id)

    async def add_tickets(self, requester: str, count: int) -> None:
        """Add tickets of one message each.

        ``requester`` is the customer's address, ``count`` how many.
        """
        for number in range(count):
            self.store.create_ticket(
                subject=f"one of many, {number}",
                requester=self.store.person(requester),
                html="<p>One of many.</p>",
                status=Status.OPEN,
            )

    def requests(self) -> int | None:
        """Return the length of the journal.

        None is a desk without HTTP.
        """
        return None if self.journal is None else len(self.journal)
