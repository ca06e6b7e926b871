"""How many cuts were made, and what became of them, as a table."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from attrs import define, field

from helpdesk_bridge.testing import Cut
from tests.byte_cuts.cuts import Result

_COLUMNS = (
    *("cuts", "done", "not_sent", "rejected", "unknown", "partly"),
    *("SENT", "NOT_SENT", "STILL_UNKNOWN", "there", "mails"),
)


@define
class Tally:
    """Counts by adapter, operation, side and end."""

    _rows: defaultdict[tuple[str, str, str, str], Counter[str]] = field(
        factory=lambda: defaultdict(Counter)
    )

    def add(self, adapter: str, variant: str, cut: Cut, result: Result) -> None:
        """Count one cut."""
        row = self._rows[adapter, variant, cut.side.value, cut.by.value]
        row.update(["cuts", result.outcome] if result.reached else ["not reached", result.outcome])
        if result.verdict is not None:
            row[result.verdict.verdict.name] += 1
        row["there"] += result.made
        row["mails"] += result.mails

    def lines(self) -> Iterator[str]:
        """Return the table."""
        if not self._rows:
            return
        sums: Counter[str] = Counter()
        yield _line(("adapter", "operation", "side", "end"), _COLUMNS)
        for key, row in sorted(self._rows.items()):
            yield _line(key, [row[name] for name in _COLUMNS])
            sums.update(row)
        yield _line(("all", "", "", ""), [sums[name] for name in _COLUMNS])
        if sums["not reached"]:
            yield f"{sums['not reached']} places were not reached: the message was shorter."


def _line(key: tuple[str, ...], cells: Sequence[object]) -> str:
    adapter, operation, side, end = key
    figures = " ".join(f"{cell:>8}" if len(str(cell)) < 9 else f"{cell:>13}" for cell in cells)
    return f"{adapter:10} {operation:34} {side:8} {end:5} {figures}"
