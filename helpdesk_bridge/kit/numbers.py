"""What the metadata of a settings field can say: that it is an id, that it goes with a key."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["CREDENTIAL", "NUMBERED", "numbered_id"]

NUMBERED: Final = "helpdesk_bridge.numbered"
"""In the metadata of a settings field: a configuration may give a whole number for its text."""
CREDENTIAL: Final = "helpdesk_bridge.credential"
"""In the metadata of a settings field that is no secret, and that the credentials fail without,
such as a user or a workspace: ``doctor`` names it beside them."""


def numbered_id(value: Any) -> Any:
    """Return an id as text where ``value`` is a whole number, anything else as it is.

    It is the converter of a field with ``metadata={NUMBERED: True}``. True, False and 7.0 are no
    numbers of anything.
    """
    return str(value) if type(value) is int else value
