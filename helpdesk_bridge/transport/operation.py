"""A vendor's operation: its name, and what it does there; each is declared once by its adapter."""

from __future__ import annotations

from enum import Enum

from attrs import field, frozen

__all__ = ["Effect", "Operation"]


class Effect(Enum):
    """What a request does at the vendor, whatever its HTTP verb says."""

    READ = "read"
    """Changes nothing."""
    IDEMPOTENT_WRITE = "idempotent write"
    """Doing it twice leaves the same as doing it once."""
    UNSAFE_WRITE = "unsafe write"
    """Doing it twice does two things; a customer could be mailed twice."""


@frozen
class Operation:
    """One of the vendor's operations: declared once by its adapter, with its effect.

    ``name`` is what errors and log lines call it, ``effect`` what doing it twice would do.
    ``as_is`` is whether the JSON of its answer is anything at all, and says no refusal.
    """

    name: str
    effect: Effect = Effect.UNSAFE_WRITE
    as_is: bool = field(default=False, kw_only=True)

    def once(self) -> Operation:
        """Return this operation as one that must not be repeated."""
        return Operation(self.name)
