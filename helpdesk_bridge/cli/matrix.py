"""What can be done where, as a table with its limits in it; made from code only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from attrs import frozen

from helpdesk_bridge.model import Capabilities, Capability, CapabilityLimits, Level, Status, Support

__all__ = ["COMMAND", "Cell", "Grid", "describe", "grid", "matrix"]

COMMAND = "helpdesk-bridge capabilities --markdown"
"""What prints the matrix of all installed adapters."""

_INTRODUCTION = f"""\
<!-- Made by `{COMMAND}`; what is changed by hand is lost. -->

*native*: the vendor does it in one step. *emulated*: it is done completely, but by several calls or
by reading more than is returned. "-": it cannot be done, and is refused before any byte is sent.
What a desk can do depends on its account's settings too: `helpdesk-bridge capabilities DESK`.
"""


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
}
"""How each limit is said, in this order."""


@frozen
class Cell:
    """What one desk or adapter does; ``note`` is the number of the reason, from 1."""

    text: str
    note: int | None


@frozen(kw_only=True)
class Grid:
    """The matrix before it is printed: a row for each capability, a cell for each column."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Capability, tuple[Cell, ...]], ...]
    notes: tuple[str, ...]


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
    notes: dict[str, int] = {}

    def cell(support: Support) -> Cell:
        note = notes.setdefault(support.reason, len(notes) + 1) if support.reason else None
        return Cell(describe(support), note)

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
    notes = [f"[^{number}]: {_escaped(text)}" for number, text in enumerate(made.notes, 1)]
    return "\n".join(
        [f"# {title}", "", _INTRODUCTION, *lines, *([""] if notes else []), *notes, ""]
    )


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _marked(cell: Cell) -> str:
    return _escaped(cell.text) + (f" [^{cell.note}]" if cell.note else "")


def _escaped(text: str) -> str:
    text = " ".join(text.split())
    return "".join(f"\\{char}" if char in "\\`*|<[" else char for char in text)
