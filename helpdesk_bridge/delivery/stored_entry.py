"""An entry of a ledger as text: what never changes of it is kept as JSON beside the columns."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
from attrs import asdict

from helpdesk_bridge.delivery.entry import EntryState, LedgerEntry, Writer
from helpdesk_bridge.errors.moment import Moment
from helpdesk_bridge.model.fingerprint import Fingerprint

__all__ = ["CHANGING", "dumped", "loaded", "stamp"]

CHANGING = ("state", "made_id", "finished", "beat", "beaten")
"""The fields that have columns, because they change."""


def dumped(entry: LedgerEntry) -> str:
    """Return what never changes of an entry."""
    kept = {name: value for name, value in asdict(entry).items() if name not in CHANGING}
    return orjson.dumps(kept).decode()


def loaded(
    text: str, *, state: str, made_id: str | None, finished: bool, beat: int, beaten: Moment
) -> LedgerEntry:
    """Return the entry that was kept; ValueError, TypeError or LookupError if it cannot be read."""
    kept = orjson.loads(text)
    mark: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value  # JSON has no tuples
        for name, value in kept.pop("fingerprint").items()
    }
    mark["due"] = mark["due"] and datetime.fromisoformat(mark["due"])
    kept["started_at"] = datetime.fromisoformat(kept["started_at"])
    return LedgerEntry(
        **kept
        | {
            "fingerprint": Fingerprint(**mark),
            "writer": Writer(**kept["writer"]),
            "state": EntryState(state),
            "made_id": made_id,
            "finished": bool(finished),
            "beat": beat,
            "beaten": beaten,
        }
    )


def stamp(when: datetime) -> str:
    """Return a time as text that sorts as times do."""
    return when.astimezone(UTC).isoformat(timespec="microseconds")
