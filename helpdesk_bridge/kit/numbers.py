"""Settings that are ids of a vendor's, which may be written as numbers."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["NUMBERED", "numbered_id"]

NUMBERED: Final = "helpdesk_bridge.numbered"
"""In the metadata of a settings field: a configuration may give a whole number for its text."""


def numbered_id(value: Any) -> Any:
    """Return an id as text where ``value`` is a whole number, anything else as it is.

    It is the converter of a field with ``metadata={NUMBERED: True}``. True, False and 7.0 are no
    numbers of anything.
    """
    return str(value) if type(value) is int else value
