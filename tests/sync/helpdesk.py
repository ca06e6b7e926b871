"""A helpdesk of the tests' own, which keeps time and shows changes as badly as a vendor may.

It knows two clocks: ``tick`` counts the seconds that truly pass, by which its index lags, and what
it stamps records with is that and ``ahead``, which may jump.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from attrs import define, evolve, field, frozen

import helpdesk_bridge as hb

__all__ = ["Case", "Row", "Said", "Setup", "VendorDesk"]

_BEGINNING = datetime(2026, 3, 1, 9, tzinfo=UTC)


@frozen(kw_only=True)
class Setup:
    """What sort of vendor it is."""

    mode: hb.ChangeMode = hb.ChangeMode.WINDOW
    unit: int | None = 1
    """Seconds that times are cut to; None: tickets tell no time of their change."""
    page_size: int = 3
    order: str = "id"
    """Of the plain list: ``id``, ``newest`` (creation), ``changed``, or ``random``, but stable."""
    lag: int = 0
    """Seconds after which a change shows in lists at the latest."""
    lags_everywhere: bool = False
    """Whether a ticket by its id, and its conversation, are as late as lists are."""
    anchored: bool = True
    """Whether a page goes on behind a record; else pages are numbered."""
    counted: bool = True
    """Whether lists tell how many records they have."""
    deletions: str = "unseen"
    """Whether they are ``unseen``, ``apart`` (in a list or a member of their own), or ``marked`` (a
    ticket whose status is DELETED, among others)."""
    ids_grow: bool = True
    """Whether the ids of messages are numbers that grow."""
    tells_last: bool = False
    """Whether tickets tell when their last message came."""
    spoken: bool = False
    """Whether the tickets with new messages can be asked for (SCAN)."""
    numbers: bool = True
    """Whether ids of tickets are numbers."""

    @property
    def sees_deletions(self) -> bool:
        """Whether they are told without a sweep."""
        return self.deletions != "unseen"


@frozen(kw_only=True)
class Said:
    """A message."""

    number: int
    text: str
    note: bool
    at: datetime
    backdated: bool = False


@frozen(kw_only=True)
class Row:
    """A ticket as it was after a change."""

    subject: str
    status: hb.Status = hb.Status.OPEN
    created: datetime
    updated: datetime
    spoken: datetime
    gone: datetime | None = None
    messages: int = 1
    shown_from: int
    """The tick at which lists have it."""
    change: int
    """The number of the change on the whole desk."""


@define
class Case:
    """A ticket with its history."""

    number: int
    rows: list[Row] = field(factory=list)
    said: list[Said] = field(factory=list)
    spoilt: bool = False
    """Whether its record cannot be read for now."""
    silent: bool = False
    """Whether its conversation cannot be read for now."""


@define
class VendorDesk:
    """The helpdesk, and what writers do on it; ``late`` is how many seconds a change shows late."""

    setup: Setup
    cases: dict[int, Case] = field(factory=dict)
    tick: int = 0
    ahead: int = 0
    changes: int = 0
    messages: int = 100

    @property
    def now(self) -> datetime:
        """The time that is stamped on a record."""
        seconds = self.tick + self.ahead
        return _BEGINNING + timedelta(seconds=seconds - seconds % (self.setup.unit or 1))

    def create(self, late: int = 0) -> Case:
        """Have a customer write for the first time."""
        case = Case(number=1000 + len(self.cases))
        self.cases[case.number] = case
        case.said.append(self._words(case))
        row = Row(
            subject="New",
            created=self.now,
            updated=self.now,
            spoken=self.now,
            shown_from=self._shown(late),
            change=self.changes,
        )
        case.rows.append(row)
        return case

    def update(self, case: Case, late: int = 0, future: int = 0) -> None:
        """Change the subject and the status; ``future`` is how far ahead its time is stamped."""
        done = case.rows[-1].status is hb.Status.OPEN
        self._change(
            case,
            late,
            subject=f"Changed {self.changes}",
            status=hb.Status.RESOLVED if done else hb.Status.OPEN,
            updated=self.now + timedelta(seconds=future),
        )

    def say(self, case: Case, *, note: bool = False, late: int = 0, before: int = 0) -> None:
        """Add a message, recorded with a time ``before`` the present one, in seconds."""
        case.said.append(self._words(case, note=note, before=before))
        at = case.rows[-1].spoken if before else case.said[-1].at
        self._change(case, late, spoken=at)

    def delete(self, case: Case, late: int = 0) -> None:
        """Delete it."""
        self._change(case, late, gone=self.now)

    def restore(self, case: Case, late: int = 0) -> None:
        """Bring it back."""
        self._change(case, late, gone=None)

    def _words(self, case: Case, *, note: bool = False, before: int = 0) -> Said:
        self.messages += 1
        return Said(
            number=self.messages,
            text=f"Words {self.messages} of {case.number}.",
            note=note,
            at=self.now - timedelta(seconds=before),
            backdated=before > 0,
        )

    def _change(self, case: Case, late: int, **fields: object) -> None:
        self.changes += 1
        fields = {"updated": self.now, **fields}
        row = evolve(
            case.rows[-1],
            messages=len(case.said),
            shown_from=self._shown(late),
            change=self.changes,
            **fields,  # type: ignore[arg-type]
        )
        case.rows.append(row)

    def _shown(self, late: int) -> int:
        return self.tick + min(late, self.setup.lag)

    def living(self) -> list[Case]:
        """Return the tickets that are there."""
        return [case for case in self.cases.values() if case.rows[-1].gone is None]

    def deleted(self) -> list[Case]:
        """Return the tickets that are not."""
        return [case for case in self.cases.values() if case.rows[-1].gone is not None]

    # -- what readers are shown ------------------------------------------------------------------

    def listed(self) -> Iterator[tuple[Case, Row]]:
        """Iterate over the tickets that lists know of by now, as these show them."""
        for case in self.cases.values():
            for row in reversed(case.rows):
                if row.shown_from <= self.tick:
                    yield case, row
                    break

    def row(self, case: Case) -> Row | None:
        """Return a ticket as it is shown by its id; None: it is not, yet."""
        if not self.setup.lags_everywhere:
            return case.rows[-1]
        return next((row for row in reversed(case.rows) if row.shown_from <= self.tick), None)

    def log(self) -> list[tuple[Case, Row]]:
        """Return the changes that are shown by now, in the order in which they came to be."""
        shown = [
            (row.shown_from, row.change, case.number, row)
            for case in self.cases.values()
            for row in case.rows
            if row.shown_from <= self.tick
        ]
        shown.sort(key=lambda entry: entry[:2])
        return [(self.cases[number], row) for _, _, number, row in shown]

    # -- as the model has it ---------------------------------------------------------------------

    def ticket_id(self, case: Case) -> str:
        """Return its id, as this vendor makes them."""
        return str(case.number) if self.setup.numbers else f"tkt_{case.number:016x}"

    def case(self, ticket_id: str) -> Case | None:
        """Return the ticket of an id."""
        return next((c for c in self.cases.values() if self.ticket_id(c) == ticket_id), None)

    def message_id(self, said: Said) -> str:
        """Return the id of a message."""
        return str(said.number) if self.setup.ids_grow else mixed(said.number)

    def ticket(self, case: Case, row: Row | None = None) -> hb.Ticket:
        """Return a ticket as the model has it, as it is or was."""
        row = row or case.rows[-1]
        status = row.status if row.gone is None else hb.Status.DELETED
        raw = {"id": self.ticket_id(case), "subject": row.subject, "status": row.status.value}
        return hb.Ticket(
            id=self.ticket_id(case),
            subject=row.subject,
            status=status,
            vendor_status=row.status.value,
            created_at=row.created,
            updated_at=None if self.setup.unit is None else row.updated,
            last_message_at=row.spoken if self.setup.tells_last else None,
            deleted_at=row.gone,
            raw={**raw, "count": row.messages, "gone": row.gone is not None},
        )

    def conversation(self, case: Case, row: Row) -> list[hb.Message]:
        """Return the messages that are shown where ``row`` is what is shown by id."""
        count = row.messages if self.setup.lags_everywhere else len(case.said)
        told = sorted(case.said[:count], key=lambda said: (said.at, said.number))
        return [self.message(case, said) for said in told]

    def message(self, case: Case, said: Said) -> hb.Message:
        """Return a message as the model has it."""
        note = said.note
        return hb.Message(
            id=self.message_id(said),
            ticket_id=self.ticket_id(case),
            type=hb.MessageType.NOTE if note else hb.MessageType.REQUEST,
            audience=hb.Audience.INTERNAL if note else hb.Audience.EXTERNAL,
            text=said.text,
            created_at=said.at,
        )


def mixed(number: int) -> str:
    """Return an id in which no order shows."""
    return hashlib.blake2b(str(number).encode(), digest_size=6).hexdigest()


Hook = Callable[[str], None]
