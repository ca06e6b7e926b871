"""A ledger in a PostgreSQL database, which the processes of several machines can share."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define, field

from helpdesk_bridge.delivery.entry import EntryState, LedgerEntry, with_result
from helpdesk_bridge.delivery.ledger import KEEP, decided
from helpdesk_bridge.delivery.stored_entry import dumped, loaded
from helpdesk_bridge.errors import ConfigurationError, InvalidArgument, Reason
from helpdesk_bridge.errors.frames import sealed
from helpdesk_bridge.errors.moment import Moment

if TYPE_CHECKING:
    from sqlalchemy import Row

    from helpdesk_bridge.delivery.sql_database import Database, Transaction
    from helpdesk_bridge.secret import Secret

__all__ = ["SqlLedger"]

T = TypeVar("T")

_SELECT = (
    "select state, made_id, finished, beat, boot, uptime, entry, operation_id, desk, key, place"
    " from helpdesk_bridge_writes where"
)
_IN_ORDER = "order by started_at, operation_id"
_OPEN = "state in ('pending', 'unknown')"
_BY_ID = f"{_SELECT} operation_id = :operation_id"
_BY_KEY = f"{_SELECT} desk = :desk and key = :key"

_INSERT = """
insert into helpdesk_bridge_writes
    (operation_id, desk, key, place, state, made_id, finished, beat, boot, uptime, entry)
values
    (:operation_id, :desk, :key, :place, :state, :made_id, :finished, :beat, :boot, :uptime, :entry)
on conflict do nothing
"""
_LET_GO = """
update helpdesk_bridge_writes set key = null
where operation_id = :operation_id and key = :key and state = 'not_sent'
"""
_RENEW = """
update helpdesk_bridge_writes set beat = beat + 1, boot = :boot, uptime = :uptime
where operation_id = :operation_id and state = 'pending'
"""
_TAKE_OVER = """
update helpdesk_bridge_writes set state = 'unknown', boot = :boot, uptime = :uptime
where operation_id = :operation_id and state = 'pending' and beat = :judged
"""
_CHANGE = """
update helpdesk_bridge_writes set state = :state, made_id = :made_id, finished = :finished,
    beat = :beat, boot = :boot, uptime = :uptime
where operation_id = :operation_id
"""
_IS_TAKEN = """
select 1 from helpdesk_bridge_writes
where desk = :desk and place = :place and made_id = :made_id and operation_id <> :operation_id
"""


@sealed
@define(eq=False)
class SqlLedger:
    """A ledger in a PostgreSQL database, for the processes of any number of machines.

    Every entry is committed before a byte of its message leaves, also where the server's
    ``synchronous_commit`` is off. Entries hold digests and ids, no words and no addresses; they are
    rows of the table ``helpdesk_bridge_writes``, which is made when it is missing. The role needs
    to select, insert, update and delete there. Settled entries are kept for ``keep`` by the
    database's clock, those that are open for ever. A desk is known by its name: give another
    account another name.

    An object belongs to the event loop and the process that use it first, until it is closed. A
    database that cannot be used is a ConfigurationError with Reason.STORAGE. It names host, port
    and database and says why, and never tells role, password or options. What was being kept then
    may have been kept: the same entry may be begun again. Needs
    ``pip install "helpdesk-bridge[sql]"``.

    Args:
        url: ``postgresql://…`` (or ``postgres://…``, ``postgresql+asyncpg://…``), a str or a
            Secret; options are host, port, user, password and ssl (or sslmode).
        keep: how long settled entries are kept.

    Raises:
        ConfigurationError: the extra is not installed, or ``url`` is none.
        InvalidArgument: ``keep`` is not positive.
    """

    _url: str | Secret = field(repr=False)
    keep: timedelta = field(default=KEEP, kw_only=True)
    _database: Database = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        from helpdesk_bridge.secret import Secret

        if self.keep <= timedelta(0):
            raise InvalidArgument("keep is a positive timedelta.")
        if not isinstance(self._url, (str, Secret)):
            kind = type(self._url).__name__
            raise ConfigurationError(f"the address of SqlLedger is a str or a Secret, not {kind}.")
        self._url = Secret(self._url)
        try:
            from helpdesk_bridge.delivery.database_trouble import place_of
            from helpdesk_bridge.delivery.sql_database import Database, understood
        except ImportError:
            database = None
        else:
            url = understood(self._url)
            database = Database(url, self.keep, place_of(url, self._url.reveal()))
        if database is None:
            raise ConfigurationError(
                'SqlLedger needs the extra "sql": pip install "helpdesk-bridge[sql]"'
            )
        self._database = database

    async def begin(self, entry: LedgerEntry) -> LedgerEntry | None:
        """Keep ``entry``, unless its key is another's, which is returned then.

        Where the database commits and cannot say so any more, this is an error, or asked again.

        Returns:
            None: it is kept. Else this is the entry that has the key, or this very one as somebody
            has settled it meanwhile.

        Raises:
            InvalidArgument: the key has a character that PostgreSQL cannot hold.
            ConfigurationError: the database cannot be used; the entry may be kept all the same.
        """
        if entry.key is not None and not _is_storable(entry.key):
            raise InvalidArgument("a key has no character NUL and no half of a pair (surrogate).")
        row = {
            "operation_id": entry.operation_id,
            "desk": entry.desk,
            "key": entry.key,
            "place": entry.ticket_id or "",
            **_changing(entry),
            "entry": dumped(entry),
        }
        found = await self._database.run(lambda work: _begun(work, row), repeatable=True)
        return None if found is None else _entry(found)

    async def renew(self, operation_id: str) -> bool:
        """Return whether the entry ``operation_id`` is PENDING, and if so move its beat."""
        return await self._changed(_RENEW, operation_id)

    async def take_over(self, operation_id: str, beat: int) -> bool:
        """Declare the writer of a PENDING entry dead, as :meth:`Ledger.take_over` says.

        Args:
            operation_id: the id of the call.
            beat: the number of its beats on which it was judged to be dead.

        Returns:
            False: it is not PENDING, or it has beaten since; nothing was changed.
        """
        return await self._changed(_TAKE_OVER, operation_id, judged=beat)

    async def record_result(
        self,
        operation_id: str,
        state: EntryState,
        made_id: str | None = None,
        *,
        finished: bool | None = None,
    ) -> bool:
        """Set what has become known of an entry, as :meth:`Ledger.record_result` says.

        Args:
            operation_id: the id of the call.
            state: what is known now: SENT, NOT_SENT or UNKNOWN.
            made_id: the id of what was made; None where the vendor tells none.
            finished: whether all steps of the call are done; None leaves it as it is.

        Returns:
            Whether it could be set.
        """

        async def record(work: Transaction) -> bool:
            entry, taken = await _locked(work, operation_id, made_id)
            changed = with_result(entry, state, made_id, finished=finished, taken=taken)
            if isinstance(changed, bool):
                return changed
            await _put(work, changed)
            return True

        return await self._database.run(record, clash=False)

    async def entry(self, operation_id: str) -> LedgerEntry | None:
        """Return an entry by the id of its call, ``operation_id``; None: it is not kept here."""
        found = await self._entries(_BY_ID, operation_id=operation_id)
        return found[0] if found else None

    async def with_key(self, desk: str, key: str) -> LedgerEntry | None:
        """Return the entry of the desk ``desk`` that has ``key``; None: none has."""
        found = await self._entries(_BY_KEY, desk=desk, key=key)
        return found[0] if found else None

    async def unresolved(self, desk: str) -> list[LedgerEntry]:
        """Return the entries of a desk that are PENDING or UNKNOWN, oldest first.

        ``desk`` is the name of the desk.
        """
        return await self._entries(f"{_SELECT} desk = :desk and {_OPEN} {_IN_ORDER}", desk=desk)

    async def on_ticket(self, desk: str, ticket_id: str | None) -> list[LedgerEntry]:
        """Return the entries of a ticket with the one that made it, or those of new tickets.

        Of new tickets (``ticket_id`` None) those are returned that are open, have made no known
        ticket, or were begun in the last 48 hours. ``desk`` is the name of the desk.
        """
        if ticket_id is None:
            which = f"({_OPEN} or made_id is null or started_at >= now() - interval '48 hours')"
            return await self._entries(
                f"{_SELECT} desk = :desk and place = '' and {which} {_IN_ORDER}", desk=desk
            )
        which = "(place = :place or (place = '' and made_id = :place))"
        return await self._entries(
            f"{_SELECT} desk = :desk and {which} {_IN_ORDER}", desk=desk, place=ticket_id
        )

    async def decide(
        self, operation_id: str, *, sent: bool, made_id: str | None = None
    ) -> LedgerEntry:
        """Set what a person found out of an entry that is PENDING or UNKNOWN, and return it.

        Args:
            operation_id: the id of the call.
            sent: whether the write was carried out.
            made_id: the id of what was made; None: it is not known.

        Returns:
            The entry as it is now.

        Raises:
            InvalidArgument: there is no such entry, it was settled before, ``made_id`` is another
                entry's, or is given of what was not sent.
        """

        async def decide(work: Transaction) -> LedgerEntry:
            entry, taken = await _locked(work, operation_id, made_id)
            changed = decided(entry, operation_id, sent=sent, made_id=made_id, taken=taken)
            await _put(work, changed)
            return changed

        return await self._database.run(decide)

    async def aclose(self) -> None:
        """Close all connections; the next call would open them again."""
        await self._database.aclose()

    async def _changed(self, statement: str, operation_id: str, **values: Any) -> bool:
        now = Moment.now()
        values |= {"operation_id": operation_id, "boot": now.boot, "uptime": now.seconds}
        return await self._database.run(lambda work: work.count(statement, **values)) == 1

    async def _entries(self, statement: str, **values: Any) -> list[LedgerEntry]:
        rows = await self._database.run(lambda work: work.rows(statement, **values))
        return [_entry(row) for row in rows]


async def _begun(work: Transaction, row: dict[str, Any]) -> Row[Any] | None:
    """Keep a row, or return the one that is in its way."""
    from helpdesk_bridge.delivery.sql_database import Repeat

    if await work.count(_INSERT, **row):
        return None
    for own in await work.rows(_BY_ID, operation_id=row["operation_id"]):
        is_kept = own.state == EntryState.PENDING and (own.desk, own.key) == (
            row["desk"],
            row["key"],
        )
        return None if is_kept else own
    for holder in await work.rows(_BY_KEY, desk=row["desk"], key=row["key"]):
        if holder.state != EntryState.NOT_SENT:
            return holder
        let_go = {"operation_id": holder.operation_id, "key": row["key"]}
        if await work.count(_LET_GO, **let_go) and await work.count(_INSERT, **row):
            return None
    raise Repeat  # what was in the way has changed meanwhile


async def _locked(
    work: Transaction, operation_id: str, made_id: str | None
) -> tuple[LedgerEntry | None, bool]:
    """Return an entry that nobody else changes meanwhile, and whether another one made this."""
    for row in await work.rows(f"{_BY_ID} for update", operation_id=operation_id):
        mine = {"desk": row.desk, "place": row.place, "operation_id": operation_id}
        taken = made_id is not None and await work.rows(_IS_TAKEN, made_id=made_id, **mine)
        return _entry(row), bool(taken)
    return None, False


async def _put(work: Transaction, entry: LedgerEntry) -> None:
    await work.count(_CHANGE, operation_id=entry.operation_id, **_changing(entry))


def _changing(entry: LedgerEntry) -> dict[str, Any]:
    """Return the columns of what changes of an entry."""
    return {
        "state": entry.state.value,
        "made_id": entry.made_id,
        "finished": entry.finished,
        "beat": entry.beat,
        "boot": entry.beaten.boot,
        "uptime": entry.beaten.seconds,
    }


def _is_storable(text: str) -> bool:
    """Say whether PostgreSQL can keep a text."""
    return not any(one == "\0" or "\ud800" <= one <= "\udfff" for one in text)


def _entry(row: Row[Any]) -> LedgerEntry:
    """Return the entry that was kept."""
    try:
        return loaded(
            row.entry,
            state=row.state,
            made_id=row.made_id,
            finished=row.finished,
            beat=row.beat,
            beaten=Moment(row.boot, row.uptime),
        )
    except (ValueError, TypeError, LookupError) as error:
        reason = type(error).__name__
    raise ConfigurationError(
        f"the ledger's database holds an entry that cannot be read ({reason}).",
        reason=Reason.STORAGE,
    )
