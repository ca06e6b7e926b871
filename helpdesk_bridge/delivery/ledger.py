"""The ledger: where each unsafe write is put down before it is sent, and its result after.

After a crash ``await desk.recover()`` looks for the writes that have no result; it only reads, and
sends nothing again. A ledger also keeps the application's keys: a write with a key is done once.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import PurePath
from typing import Protocol

from attrs import evolve

from helpdesk_bridge.delivery.entry import OPEN, EntryState, LedgerEntry
from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.secret import Secret

__all__ = ["KEEP", "RECENT", "Ledger", "checked", "decided", "is_kept"]

KEEP = timedelta(days=30)
"""How long settled entries are kept, unless the application says otherwise."""
RECENT = timedelta(hours=48)
"""How far :meth:`Ledger.on_ticket` goes back among settled entries that create tickets."""


class Ledger(Protocol):
    """Where a desk records its unsafe writes. What it has kept survives as it promises itself.

    Each method is one step that happens wholly or not at all, whoever else uses the ledger.
    """

    async def begin(self, entry: LedgerEntry) -> LedgerEntry | None:
        """Keep ``entry``, durably, before this returns. Whatever is raised keeps it unsent.

        A key belongs to one entry of a desk; one that is NOT_SENT gives its key up. Where the
        entry is here already and PENDING, this does nothing: who was told an error may ask again.

        Returns:
            None: it is kept. Else nothing was done, and this is the entry that has the key, or
            this very one as somebody has settled it meanwhile.
        """
        ...

    async def renew(self, operation_id: str) -> bool:
        """Say that the writer is still at a PENDING entry: ``beat`` and ``beaten`` move.

        ``operation_id`` is the id of the call.

        Returns:
            False: it is PENDING no more, or not here; nothing was changed.
        """
        raise NotImplementedError

    async def take_over(self, operation_id: str, beat: int) -> bool:
        """Declare the writer of a PENDING entry dead: the entry becomes UNKNOWN.

        A writer that comes to life again finds that its lease cannot be renewed, and sends nothing.

        Args:
            operation_id: the id of the call.
            beat: the number of its beats on which it was judged to be dead.

        Returns:
            False: it is not PENDING, or it has beaten since; nothing was changed.
        """
        raise NotImplementedError

    async def record_result(
        self,
        operation_id: str,
        state: EntryState,
        made_id: str | None = None,
        *,
        finished: bool | None = None,
    ) -> bool:
        """Set what has become known of an entry, in one step; False if it cannot be set.

        NOT_SENT cannot where the entry was settled before: who is told NOT_SENT may send it
        again, so only one may be told. SENT cannot where ``made_id`` is another entry's. UNKNOWN
        changes only what is PENDING. Of an entry that is not kept here this is True.

        Args:
            operation_id: the id of the call.
            state: what is known now.
            made_id: the id of what was made; None where the vendor tells none.
            finished: whether all steps of the call are done; None leaves it as it is.

        Returns:
            Whether it could be set.
        """
        raise NotImplementedError

    async def entry(self, operation_id: str) -> LedgerEntry | None:
        """Return an entry by the id of its call, ``operation_id``; None: it is not here."""
        raise NotImplementedError

    async def with_key(self, desk: str, key: str) -> LedgerEntry | None:
        """Return the entry of the desk ``desk`` that has ``key``; None: no entry has."""
        raise NotImplementedError

    async def unresolved(self, desk: str) -> list[LedgerEntry]:
        """Return the entries of a desk that are PENDING or UNKNOWN, oldest first.

        ``desk`` is the name of the desk.
        """
        raise NotImplementedError

    async def on_ticket(self, desk: str, ticket_id: str | None) -> list[LedgerEntry]:
        """Return a ticket's entries, the one that created it too, oldest first.

        Args:
            desk: the name of the desk.
            ticket_id: the ticket. None is the entries that create one, as far as they are open,
                have no ``made_id`` or are recent.
        """
        raise NotImplementedError

    async def decide(
        self, operation_id: str, *, sent: bool, made_id: str | None = None
    ) -> LedgerEntry:
        """Set a person's verdict on a write of which nothing else can tell.

        Args:
            operation_id: the id of the call.
            sent: whether it was carried out. False has the next call with its key send it.
            made_id: the id of the message or ticket that it made; None: not known.

        Returns:
            The entry as it is now.

        Raises:
            InvalidArgument: there is no such entry, it is settled already, or ``made_id`` is
                another entry's, or given of what was not sent.
        """
        raise NotImplementedError

    async def aclose(self) -> None:
        """Close what the ledger holds open; may be called again."""


def checked(ledger: object) -> None:
    """Refuse what is no ledger, before anything is asked of it; its value is not shown."""
    give = "give SqliteLedger(path), SqlLedger(url), MemoryLedger() or one of your own"
    if isinstance(ledger, (str, PurePath, Secret)):
        raise InvalidArgument(f"ledger= is a ledger, and no {type(ledger).__name__}: {give}.")
    if isinstance(ledger, type):
        raise InvalidArgument(f"ledger= is a ledger, and not its class: {give}.")
    methods = [name for name in vars(Ledger) if not name.startswith("_")]
    lacks = [name for name in methods if not callable(getattr(ledger, name, None))]
    if lacks:
        raise InvalidArgument(
            f"ledger= has not the methods of helpdesk_bridge.Ledger ({type(ledger).__name__} lacks"
            f" {', '.join(lacks)}): {give}."
        )


def is_kept(entry: LedgerEntry, ticket_id: str | None, *, recent: bool) -> bool:
    """Say whether :meth:`Ledger.on_ticket` returns an entry; ``recent``: it is of these days."""
    if ticket_id is not None:
        return ticket_id in (entry.ticket_id, entry.made_id if entry.ticket_id is None else None)
    return entry.ticket_id is None and (recent or entry.state in OPEN or entry.made_id is None)


def decided(
    entry: LedgerEntry | None, operation_id: str, *, sent: bool, made_id: str | None, taken: bool
) -> LedgerEntry:
    """Return ``entry`` with a person's verdict: the rule of :meth:`Ledger.decide`.

    ``taken`` says whether ``made_id`` is another entry's.
    """
    if not isinstance(sent, bool):
        raise InvalidArgument("sent must be True or False.")
    if entry is None:
        raise InvalidArgument(f"the ledger has no write {operation_id!r}.")
    if entry.state not in OPEN:
        raise InvalidArgument(f"the write {operation_id} is settled already: {entry.state}.")
    if made_id is not None and (taken or not sent):
        made = "another write made it" if taken else "what was not sent has made nothing"
        raise InvalidArgument(f"the write {operation_id} has not made this made_id: {made}.")
    state = EntryState.SENT if sent else EntryState.NOT_SENT
    return evolve(entry, state=state, made_id=made_id or entry.made_id)
