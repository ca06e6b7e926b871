"""What can be done where, as a table with its limits in it; made from code only."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from attrs import frozen

from helpdesk_bridge.model import Capabilities, Capability, CapabilityLimits, Level, Status, Support

__all__ = ["COMMAND", "Cell", "Grid", "Note", "describe", "grid", "matrix"]

COMMAND = "helpdesk-bridge capabilities --markdown"
"""What prints the matrix of all installed adapters."""

_INTRODUCTION = f"""\
<!-- Made by `{COMMAND}`; what is changed by hand is lost. -->

*native*: one request does it; what a filter leaves out and how a list is ordered is the vendor's
work. *emulated*: it is done completely, but by several requests, or by reading more than is
returned. "-": it cannot be done, and is refused before any byte is sent. What a note says of a
vendor has the vendor's page in brackets, or where it was observed. An option that is not among the
*options* of a call is refused, too; why it is missing says the adapter's page in `docs/vendors`.
What a desk can do depends on its account's settings too: `helpdesk-bridge capabilities DESK`.
"""


_ADDRESS = re.compile(r"https?://[!-;=?-~]+")
"""What Markdown takes for an address between ``<`` and ``>``."""


def _words(label: str) -> Callable[[Iterable[str]], str]:
    return lambda words: f"{label}: {', '.join(sorted(words)) or 'none'}"


def _statuses(statuses: Iterable[Status]) -> str:
    return f"statuses: {', '.join(s.value for s in Status if s in frozenset(statuses)) or 'none'}"


LIMITS: Mapping[str, Callable[[Any], str]] = {
    "page_size": lambda n: f"max {n:,} a page",
    "attachments": lambda n: f"max {n:,} files",
    "attachment_bytes": lambda n: f"files max {n:,} bytes together",
    "body_bytes": lambda n: f"body max {n:,} bytes",
    "statuses": _statuses,
    "options": _words("options"),
    "sizes": _words("sizes"),
    "mode": lambda mode: f"mode: {mode.value}",
    "sees": _words("sees"),
    "resolution": lambda seconds: f"times to {seconds:,.10g} s",
    "lag": lambda seconds: f"shows within {seconds:,.10g} s",
}
"""How each limit is said, in this order."""


@frozen
class Cell:
    """What one desk or adapter does; ``note`` is the number of the reason, from 1."""

    text: str
    note: int | None


@frozen
class Note:
    """Why something can or cannot be done, and where the vendor says so; either may be empty."""

    reason: str
    source: str

    def __str__(self) -> str:
        return self.with_source(self.source)

    def with_source(self, source: str) -> str:
        """Return the note with its source as it is written here."""
        if not source:
            return self.reason
        return f"{self.reason} ({source})" if self.reason else f"See {source}"


@frozen(kw_only=True)
class Grid:
    """The matrix before it is printed: a row for each capability, a cell for each column."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Capability, tuple[Cell, ...]], ...]
    notes: tuple[Note, ...]


def describe(support: Support) -> str:
    """Return how far a capability goes, such as ``native; max 50 a page``; its reason is apart."""
    if support.level is Level.NONE:
        return "-"
    return "; ".join([support.level.value, *_limits(support.limits)])


def _limits(limits: CapabilityLimits) -> list[str]:
    known = {name: getattr(limits, name) for name in LIMITS}
    return [LIMITS[name](value) for name, value in known.items() if value is not None]


def grid(columns: Mapping[str, Capabilities]) -> Grid:
    """Return the matrix of ``columns``; the same reason has one number wherever it stands."""
    notes: dict[Note, int] = {}

    def cell(support: Support) -> Cell:
        note = Note(support.reason, support.source)
        number = notes.setdefault(note, len(notes) + 1) if str(note) else None
        return Cell(describe(support), number)

    rows = tuple(
        (capability, tuple(cell(able[capability]) for able in columns.values()))
        for capability in Capability
    )
    return Grid(columns=tuple(columns), rows=rows, notes=tuple(notes))


def matrix(columns: Mapping[str, Capabilities], *, title: str = "What each adapter can do") -> str:
    """Return the matrix as a page of Markdown."""
    made = grid(columns)
    lines = [
        _row("capability", *map(_escaped, made.columns)),
        _row("---", *("---" for _ in made.columns)),
        *(_row(f"`{c.value}`", *map(_marked, cells)) for c, cells in made.rows),
    ]
    notes = [f"[^{number}]: {_noted(note)}" for number, note in enumerate(made.notes, 1)]
    return "\n".join(
        [f"# {title}", "", _INTRODUCTION, *lines, *([""] if notes else []), *notes, ""]
    )


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _marked(cell: Cell) -> str:
    return _escaped(cell.text) + (f" [^{cell.note}]" if cell.note else "")


def _noted(note: Note) -> str:
    if not _ADDRESS.fullmatch(note.source):
        return _escaped(str(note))
    return Note(_escaped(note.reason), note.source).with_source(f"<{note.source}>")


def _escaped(text: str) -> str:
    text = " ".join(text.split())
    return "".join(f"\\{char}" if char in "\\`*|<[" else char for char in text)
