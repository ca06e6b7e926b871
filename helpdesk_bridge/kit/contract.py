"""The base class of adapters: what a vendor can do, and one method for each operation."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any

from helpdesk_bridge.errors import UnsupportedCapability
from helpdesk_bridge.kit.declarations import Declarations
from helpdesk_bridge.kit.declared import check_changes, check_declared, check_spelling
from helpdesk_bridge.model import (
    Attachment,
    Capabilities,
    Capability,
    Cursor,
    CustomerQuery,
    CustomField,
    Feed,
    Level,
    Message,
    MessageQuery,
    NewTicket,
    OutgoingMessage,
    Page,
    Party,
    SentMessage,
    Team,
    Ticket,
    TicketChanges,
    TicketQuery,
    TicketRef,
)
from helpdesk_bridge.transport import (
    Effect,
    Explanation,
    Middleware,
    Operation,
    Response,
    Transport,
    no_auth,
)
from helpdesk_bridge.transport.explanation import first_fields

__all__ = ["Adapter", "Effect", "Operation"]


_IMPLEMENTS: Mapping[str, tuple[Capability, ...]] = {
    "list_tickets": (Capability.LIST_TICKETS,),
    "get_ticket": (Capability.GET_TICKET,),
    "create_ticket": (Capability.CREATE_TICKET,),
    "update_ticket": (Capability.UPDATE_TICKET,),
    "delete_ticket": (Capability.DELETE_TICKET,),
    "list_custom_fields": (Capability.LIST_CUSTOM_FIELDS,),
    "list_agents": (Capability.LIST_AGENTS,),
    "list_teams": (Capability.LIST_TEAMS,),
    "list_customers": (Capability.LIST_CUSTOMERS,),
    "who_am_i": (Capability.WHO_AM_I,),
    "list_messages": (Capability.LIST_MESSAGES,),
    "get_message": (Capability.GET_MESSAGE,),
    "send": (Capability.REPLY, Capability.NOTE, Capability.FORWARD, Capability.ADD_REQUEST),
    "open_attachment": (Capability.OPEN_ATTACHMENT,),
}

_REQUIRED = ("name", "settings_type")
"""What has no default; that it is missing is seen without looking for misspellings."""


class Adapter(Declarations):
    """Base of every adapter.

    Override the operations the vendor has and declare each in ``offers``; the two are compared
    when the class is created, and a difference is a TypeError. What is not offered is refused by
    :class:`~helpdesk_bridge.Helpdesk` before any byte is sent.

    The class says, as attributes (a wrong type or a misspelt name is a TypeError, too):

    - ``name``: the word in ``adapter = "…"``; without it the class is a base of others.
    - ``settings_type``: the attrs class of this vendor's settings.
    - ``offers``: what it can do; default nothing.
    - ``id_pattern``: what ids look like; default 1 to 255 of ``A-Za-z0-9_-.:@=+~``, not only dots.
    - ``id_words``: the same in words, for errors; default none.
    - ``error_codes``: the vendor's own codes and the errors they are; default none.
    - ``visible_after``: seconds until an accepted message is surely shown; default 10.
    - ``gives_up_after``: seconds for which the vendor may be at a message after it fell silent;
      default 300.
    - ``idempotent_extra``: the keys of ``extra`` that may be set twice; a set, default none.
    - ``quiet_extra``: the keys of ``extra`` that a note may set; a set, default none.
    - ``tells_forwards``: whether a forward is answered with a message that shows as one; default
      False.
    - ``in_one_write``: what is emulated by reading alone; a set, default none.
    - ``file_hosts``: the other hosts that keep files; a set, default none.
    - ``status_words``, ``priority_words``, ``kind_words``: the tables by which they are written;
      default None.
    - ``status_notes``: what setting a status does besides; default nothing.
    - ``assignee_by``, ``team_by``: by what an agent and a team are named to the vendor; default by
      whatever the caller gives.
    - ``takes_anybody``: whether a filter may name who is on no list; default False.
    - ``ticket_keys``: the vendor's keys of what a ticket shows after a change; default none.
    - ``named_settings``: the settings that name something at the vendor; default none.
    - ``message_ids_grow``: whether a later message has a higher number; default False.
    - ``tells_last_message``: whether a ticket tells when its last message came; default False.
    - ``account_by``: the settings that tell accounts apart; default ``base_url``.
    - ``fake``: ``module:class`` of the vendor's fake; default None, which is that there is none.

    A write is done once with the help of :meth:`note_before_send` (for answers without an id),
    :meth:`mark_of` (for vendors that keep a word of ours) and :meth:`is_error` (for refusals by a
    200).

    Args:
        settings: what is configured for the desk, an object of ``settings_type``.
        transport: the desk's way to its vendor.
    """

    def __init__(self, settings: Any, transport: Transport) -> None:
        self.settings = settings
        self.transport = transport

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        check_declared(cls)
        check_spelling(
            cls, (name for name in Declarations.__annotations__ if name not in _REQUIRED)
        )
        asked = cls.check_settings is not Adapter.check_settings
        if not asked and None in cls.named_settings.values():
            raise TypeError(
                f"{cls.__name__}.named_settings has None, but check_settings is lacking"
            )
        if not hasattr(cls, "name"):
            return
        offered = Capabilities(cls.offers)
        for method, capabilities in _IMPLEMENTS.items():
            written = getattr(cls, method) is not getattr(Adapter, method)
            declared = any(offered[c].level is not Level.NONE for c in capabilities)
            if written and not declared:
                raise TypeError(f"{cls.__name__}.{method} is written, but `offers` lacks it")
            if declared and not written:
                raise TypeError(f"{cls.__name__} offers {capabilities[0]}, but lacks {method}")
        check_changes(cls, Adapter, offered[Capability.CHANGES])

    def by_steps(self, capability: Capability) -> bool:
        """Say whether ``capability`` takes more than one write, so that it may be done in part."""
        level = self.capabilities[capability].level
        return level is Level.EMULATED and capability not in self.in_one_write

    @classmethod
    def auth(cls, settings: Any) -> Middleware:
        """Return what signs this desk's requests.

        ``settings`` is what is configured for the desk.
        """
        return no_auth

    @classmethod
    def explain(cls, response: Response) -> Explanation:
        """Read the error answer ``response``. This one knows the usual JSON shapes.

        What it raises is ignored, and the HTTP status decides.

        Returns:
            What the vendor says.
        """
        data = response.json()
        error = data.get("error")
        nested = error.get("message") if isinstance(error, dict) else error
        message = next((m for m in (data.get("message"), nested) if isinstance(m, str)), "")
        coded = error if isinstance(error, dict) else data
        code = coded.get("code")
        named = data.get("errors")
        fields, left_out = first_fields(named.items() if isinstance(named, dict) else ())
        return Explanation(
            message=message,
            code=code if isinstance(code, str) else None,
            fields=fields,
            fields_left_out=left_out,
        )

    @classmethod
    def is_error(cls, response: Response) -> bool:
        """Say whether a 2xx answer is a refusal all the same; :meth:`explain` then tells why.

        ``response`` is a complete answer.
        """
        return False

    @property
    def capabilities(self) -> Capabilities:
        """What this account can do: never more than ``offers``, less what is not configured."""
        return Capabilities(self.offers)

    async def aclose(self) -> None:
        """Let go of what this adapter itself holds open; the desk calls it, perhaps again.

        The transport is closed by then. Most adapters hold nothing.
        """

    def _lacks(self, operation: str) -> UnsupportedCapability:
        return UnsupportedCapability(f"{self.name} has no {operation}.", capability=operation)

    def _cannot_parse(self, operation: str) -> UnsupportedCapability:
        why = f"{self.name} cannot read records of its vendor's by itself."
        return UnsupportedCapability(why, capability=operation)

    async def list_tickets(self, query: TicketQuery, cursor: Cursor | None) -> Page[Ticket]:
        """Return the page of ``query`` at ``cursor`` (None: the first)."""
        raise self._lacks("list_tickets")

    async def get_ticket(self, ticket_id: str) -> Ticket:
        """Return one ticket.

        ``ticket_id`` matches ``id_pattern``. NotFound if there is none.
        """
        raise self._lacks("get_ticket")

    async def create_ticket(self, new: NewTicket) -> Ticket:
        """Create the ticket ``new``, whose first message is its requester's; mail nobody.

        Returns:
            The ticket as the vendor has it now.
        """
        raise self._lacks("create_ticket")

    async def update_ticket(self, ticket_id: str, changes: TicketChanges) -> Ticket:
        """Change a ticket and return it as it is now.

        ``changes`` has ``...`` for each field of the ticket ``ticket_id`` that is to stay.
        """
        raise self._lacks("update_ticket")

    async def delete_ticket(self, ticket_id: str) -> None:
        """Delete a ticket, softly where the vendor can.

        ``ticket_id`` matches ``id_pattern``.
        """
        raise self._lacks("delete_ticket")

    async def list_custom_fields(self) -> list[CustomField]:
        """Return the definitions of all custom fields."""
        raise self._lacks("list_custom_fields")

    async def list_agents(self, cursor: Cursor | None) -> Page[Party]:
        """Return a page of the agents, each with an id, at ``cursor`` (None: the first)."""
        raise self._lacks("list_agents")

    async def list_teams(self, cursor: Cursor | None) -> Page[Team]:
        """Return a page of the teams at ``cursor`` (None: the first)."""
        raise self._lacks("list_teams")

    async def list_customers(self, query: CustomerQuery, cursor: Cursor | None) -> Page[Party]:
        """Return a page of the customers of ``query`` at ``cursor`` (None: the first).

        All that come must match: the vendor's search may find more.
        """
        raise self._lacks("list_customers")

    async def who_am_i(self) -> Party:
        """Return the account whose credentials the desk uses."""
        raise self._lacks("who_am_i")

    async def check_settings(self) -> Sequence[str]:
        """Return a sentence for each setting that names what is not there, or is not to be seen.

        ``doctor`` shows them: ``queue: there is no queue "Suport" that this account may see.`` The
        setting comes first; nothing is written. It answers for the settings that are None in
        ``named_settings``; a list of which some cannot be read proves nothing, and is an error.
        """
        return ()

    async def list_changed(self, cursor: Cursor | None) -> Page[Ticket]:
        """Return a page of all tickets, the one that changed last first.

        For vendors that list by the time of the last change (``ChangeMode.WINDOW``): ``changes``
        reads until it meets what it has told before. A ticket that is marked deleted may be among
        them, with its status DELETED.

        ``cursor`` is the place that an earlier page told; None is the first page.
        """
        raise self._lacks("list_changed")

    async def list_deleted(self, cursor: Cursor | None) -> Page[Ticket]:
        """Return a page of the tickets that were deleted, the last one first.

        For vendors that tell deletions apart from other changes. Each needs an ``id`` and its
        ``deleted_at``; whether it still is deleted is seen to by ``changes``.

        ``cursor`` is the place that an earlier page told; None is the first page.
        """
        raise self._lacks("list_deleted")

    async def list_spoken(self, since: datetime, cursor: Cursor | None) -> Page[Ticket]:
        """Return a page of the tickets with a message at ``since`` or later; more may come.

        For vendors that tell nothing of other changes: ``changes`` reads these before it reads the
        list of all tickets, so that messages are told soon.

        Args:
            since: a time of the vendor's (UTC).
            cursor: the place that an earlier page told; None is the first page.
        """
        raise self._lacks("list_spoken")

    async def read_feed(self, place: str | None) -> Feed:
        """Return what changed behind ``place`` in the vendor's own feed (``ChangeMode.CURSOR``).

        None is the beginning: a feed that is read from there tells every ticket there is. A place
        means the same in another process, however much later; InvalidArgument for one that it does
        not know (any more).
        """
        raise self._lacks("read_feed")

    async def list_messages(
        self, ticket: TicketRef, query: MessageQuery, cursor: Cursor | None
    ) -> Page[Message]:
        """Return a page of the whole conversation, notes included, oldest first.

        Args:
            ticket: the ticket, by its id and perhaps as the caller has it.
            query: which messages are wanted.
            cursor: the place that an earlier page told; None is the first page.
        """
        raise self._lacks("list_messages")

    async def get_message(self, ticket: TicketRef, message_id: str) -> Message:
        """Return one message.

        ``ticket`` is the ticket that the message ``message_id`` must be one of; else NotFound.
        """
        raise self._lacks("get_message")

    def parse_ticket(self, raw: Mapping[str, Any]) -> Ticket:
        """Return the ticket of the vendor's own record ``raw``, without asking for more.

        ProtocolError, with its path, for what is no such record.
        """
        raise self._cannot_parse("parse_ticket")

    def parse_message(self, raw: Mapping[str, Any], ticket_id: str) -> Message:
        """Return the message of the vendor's own record ``raw``, one of the ticket ``ticket_id``.

        ProtocolError, with its path, for what is no such record.
        """
        raise self._cannot_parse("parse_message")

    async def note_before_send(
        self, ticket: TicketRef, message: OutgoingMessage
    ) -> Sequence[str] | None:
        """Return the ids of the ticket's messages as they are now; called before each send.

        For vendors that answer without an id: what is not among them afterwards is new, whatever
        its time says, and is how ``complete`` and ``reconcile`` find ``message`` again. None, the
        usual answer, notes nothing and reads nothing.

        ``ticket`` is where it will be sent.
        """
        return None

    def mark_of(self, message: Message) -> str | None:
        """Return the mark of the write that made ``message``, where the vendor keeps it.

        For vendors to whom :func:`~helpdesk_bridge.kit.write_mark` is given with a message.
        ``reconcile`` takes it over words. None, the usual answer: it is not kept.

        Return it as it was given, all 32 digits, or None: never a part of it, and no other word of
        the vendor's. A mark that no write has leaves open whose the message is.
        """
        return None

    async def send(self, ticket: TicketRef, message: OutgoingMessage) -> SentMessage:
        """Add a message to a ticket.

        Args:
            ticket: where it goes, by its id only: ``await ticket.full(self.get_ticket)`` reads it
                as it is now, once a call. Who is written to, and in whose name, is never taken
                from what the caller has read at some time.
            message: a Reply, a Note, a Forward or a CustomerMessage, checked against
                ``capabilities``.

        Returns:
            What the vendor accepted, with its id and itself where the vendor tells them.
        """
        raise self._lacks("send")

    def open_attachment(
        self, attachment: Attachment, size: str | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open the bytes of a file; ``size`` asks for a smaller rendition of an inline image.

        Args:
            attachment: a file of a message.
            size: one of the sizes that RESIZED_IMAGE declares; None is the file as it is.

        Returns:
            An async context manager, which gives an async iterator over the bytes.
        """
        raise self._lacks("open_attachment")
