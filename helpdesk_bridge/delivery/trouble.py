"""What is wrong with the file or the database of a ledger."""

from __future__ import annotations

from attrs import frozen

__all__ = ["Trouble"]


@frozen
class Trouble:
    """What is wrong with a file or a database."""

    says: str
    """It in words."""
    retryable: bool = True
    """Whether it may go away by itself."""
