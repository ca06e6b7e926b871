"""A small helpdesk in memory, with an outbox of the mails it would have sent.

Tests judge adapters by what the Store says happened, not by what the adapters return. It mails
whatever it is told to mail, even a note, so that a leak shows in the outbox.
"""

from __future__ import annotations

import secrets
from collections import ChainMap
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import define, evolve, field

from helpdesk_bridge.memory.stored import Mail, StoredFile, StoredMessage, StoredTicket
from helpdesk_bridge.model import (
    Audience,
    Channel,
    MessageType,
    Party,
    Role,
)
from helpdesk_bridge.model.addresses import address_key

__all__ = ["Store", "TickingClock"]


class TickingClock:
    """A clock for tests: each look at it is ``step`` later than the one before.

    ``start`` is the aware time before the first look (None: 5 January 2026, 8:00 UTC), ``step``
    the time between two looks (None: a second). It is for tests that never ask what became of a
    write: ``reconcile`` looks for what was written at the time of the call.
    """

    def __init__(self, start: datetime | None = None, step: timedelta | None = None) -> None:
        self._now = start or datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
        self._step = step or timedelta(seconds=1)

    def __call__(self) -> datetime:
        """Return the time, in UTC and whole seconds, and move on."""
        self._now += self._step
        return self._now


@define
class Store:
    """Tickets, messages, files, people, a clock, and the outbox.

    ``clock`` returns aware UTC times; tests give a :class:`TickingClock`.

    ``tickets`` are by id, ``outbox`` has the mails in the order of sending, ``agents`` are the
    people of the desk, ``teams`` their teams by id, ``channels`` the channels by id, ``tags`` the
    tags that exist. A desk in memory refuses agents and teams that are not there, if any are; else
    it takes all.
    """

    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC), repr=False)
    tickets: dict[int, StoredTicket] = field(factory=dict, repr=False)
    outbox: list[Mail] = field(factory=list, repr=False)
    agents: list[Party] = field(factory=list, repr=False)
    teams: dict[int, str] = field(factory=dict, repr=False)
    channels: dict[int, Channel] = field(factory=dict, repr=False)
    tags: list[str] = field(factory=list, repr=False)
    people: ChainMap[str, int] = field(factory=lambda: ChainMap[str, int](), repr=False)
    """Everybody's id, by what all spellings of an address have in common."""
    last_number: int = field(default=1000, repr=False)
    """The last id that was given away."""
    last_change: int = field(default=0, repr=False)
    """The number of the last change of a ticket; it only grows."""
    identity: str = field(factory=lambda: secrets.token_hex(8), repr=False, eq=False)
    """16 random hexadecimal digits, by which a place in the changes of another Store is told."""

    def number(self) -> int:
        """Return a new id; ids are unique over all kinds of objects."""
        self.last_number += 1
        return self.last_number

    def person(self, email: str, name: str | None = None, role: Role = Role.CUSTOMER) -> Party:
        """Return the person at ``email``, with the same id each time.

        Args:
            email: an address, in any spelling.
            name: the name to show; None is none.
            role: what the person is to the helpdesk.
        """
        key = address_key(email)
        if key not in self.people:
            self.people[key] = self.number()
        return Party(id=str(self.people[key]), email=email, name=name, role=role)

    def branch(self, ticket_id: int | None = None) -> Store:
        """Return a Store to try something in: this one ticket (None: none), and an empty outbox.

        Nothing done there is seen here until :meth:`merge`.

        ``ticket_id`` is the ticket; None is none.
        """
        ticket = None if ticket_id is None else self.tickets.get(ticket_id)
        return Store(
            clock=self.clock,
            tickets={ticket.id: evolve(ticket, messages=list(ticket.messages))} if ticket else {},
            people=self.people.new_child(),
            last_number=self.last_number,
            last_change=self.last_change,
            identity=self.identity,
        )

    def merge(self, branch: Store) -> None:
        """Take over what was done in a branch; nothing may have been done here meanwhile.

        ``branch`` is what :meth:`branch` returned.
        """
        self.tickets.update(branch.tickets)
        self.outbox.extend(branch.outbox)
        self.people.update(branch.people.maps[0])
        self.last_number, self.last_change = branch.last_number, branch.last_change

    def replace(self, other: Store) -> None:
        """Be ``other``: hold its tickets, mails and people, and its place in the numbers."""
        self.tickets, self.outbox = other.tickets, other.outbox
        self.people, self.last_number = other.people, other.last_number
        self.last_change, self.identity = other.last_change, other.identity

    def number_changes(self) -> None:
        """Give numbers to the changes that were made past the methods of the Store.

        They are tickets that were put into ``tickets``, and assignments to fields of a ticket.
        """
        for ticket in self.tickets.values():
            if not ticket.change:
                self._changed(ticket)

    def _changed(self, ticket: StoredTicket) -> None:
        self.last_change += 1
        ticket.change = self.last_change

    def create_ticket(
        self,
        *,
        subject: str,
        requester: Party,
        html: str,
        text: str | None = None,
        created_at: datetime | None = None,
        files: Iterable[StoredFile] = (),
        word: str = "",
        **fields: Any,
    ) -> StoredTicket:
        """Create a ticket whose first message is the requester's; mail nobody.

        Args:
            subject: one line.
            requester: the customer.
            html: the customer's words.
            text: the same as plain text; None: whoever reads it derives it.
            created_at: when it was written (aware); None is now.
            files: files of the first message.
            word: the vendor's word for the type of the first message.
            fields: further fields of StoredTicket.

        Returns:
            The ticket.
        """
        now = created_at or self.clock()
        ticket = StoredTicket(
            id=self.number(),
            subject=subject,
            requester=requester,
            created_at=now,
            updated_at=now,
            **fields,
        )
        self.tickets[ticket.id] = ticket
        self.add_message(
            ticket.id,
            type=MessageType.REQUEST,
            audience=Audience.EXTERNAL,
            author=requester,
            html=html,
            text=text,
            created_at=now,
            files=files,
            word=word,
        )
        return ticket

    def add_message(
        self,
        ticket_id: int,
        *,
        type: MessageType,  # noqa: A002 - the model's own word
        audience: Audience,
        author: Party,
        html: str,
        text: str | None = None,
        to: Iterable[Party] = (),
        cc: Iterable[Party] = (),
        bcc: Iterable[Party] = (),
        subject: str | None = None,
        files: Iterable[StoredFile] = (),
        created_at: datetime | None = None,
        mail: bool = False,
        word: str = "",
    ) -> StoredMessage:
        """Add a message; with ``mail`` it goes into the outbox, whatever its type.

        Args:
            ticket_id: the ticket.
            type: who speaks to whom.
            audience: who may see it.
            author: who speaks.
            html: the body.
            text: the same as plain text; None: whoever reads it derives it.
            to: who is written to.
            cc: who gets a copy.
            bcc: who gets a copy that nobody else sees.
            subject: None is none of its own: it is mailed under the ticket's.
            files: its files.
            created_at: when it was written (aware); None is now.
            mail: whether it is mailed.
            word: the vendor's word for its type.

        Returns:
            The message.
        """
        ticket = self.tickets[ticket_id]
        now = created_at or self.clock()
        message = StoredMessage(
            id=self.number(),
            type=type,
            audience=audience,
            author=author,
            html=html,
            text=text,
            to=tuple(to),
            cc=tuple(cc),
            bcc=tuple(bcc),
            subject=subject,
            files=list(files),
            created_at=now,
            word=word,
        )
        ticket.messages.append(message)
        ticket.updated_at = ticket.last_message_at = now
        self._changed(ticket)
        if mail:
            self.outbox.append(
                Mail(
                    ticket_id=ticket_id,
                    message_id=message.id,
                    type=type,
                    to=_addresses(message.to),
                    cc=_addresses(message.cc),
                    bcc=_addresses(message.bcc),
                    subject=subject or ticket.subject,
                    html=html,
                    files=tuple(file.name for file in message.files),
                )
            )
        return message

    def update_ticket(self, ticket_id: int, **fields: Any) -> StoredTicket:
        """Change fields of a ticket.

        ``ticket_id`` is the ticket, ``fields`` are fields of StoredTicket; ``updated_at`` is now if
        it is not among them.

        Returns:
            The ticket.
        """
        ticket = self.tickets[ticket_id]
        for name, value in {"updated_at": self.clock(), **fields}.items():
            setattr(ticket, name, value)
        self._changed(ticket)
        return ticket

    def delete_ticket(self, ticket_id: int) -> None:
        """Mark a ticket deleted.

        ``ticket_id`` is the ticket.
        """
        now = self.clock()
        self.update_ticket(ticket_id, deleted_at=now)

    def restore_ticket(self, ticket_id: int) -> None:
        """Take back that a ticket was deleted; nothing happens to one that is not.

        ``ticket_id`` is the ticket.
        """
        if self.tickets[ticket_id].deleted_at is not None:
            self.update_ticket(ticket_id, deleted_at=None)

    def file(
        self,
        name: str,
        mime_type: str,
        content: bytes,
        *,
        inline: bool = False,
        content_id: str | None = None,
    ) -> StoredFile:
        """Make a file to be put into a message.

        Args:
            name: its name.
            mime_type: its media type.
            content: its bytes.
            inline: whether the body shows it.
            content_id: what the body calls it; None is nothing.

        Returns:
            The file, with an id of its own.
        """
        return StoredFile(
            id=self.number(),
            name=name,
            mime_type=mime_type,
            content=content,
            inline=inline,
            content_id=content_id,
        )

    def find_file(self, file_id: int) -> StoredFile | None:
        """Return the file ``file_id`` of any message, or None."""
        for ticket in self.tickets.values():
            for message in ticket.messages:
                for file in message.files:
                    if file.id == file_id:
                        return file
        return None

    def mails_of(self, message_id: int | str) -> list[Mail]:
        """Return the mails that a message caused.

        ``message_id`` is the id as a number or as a text.
        """
        return [mail for mail in self.outbox if str(mail.message_id) == str(message_id)]


def _addresses(people: Iterable[Party]) -> tuple[str, ...]:
    return tuple(person.email for person in people if person.email)
