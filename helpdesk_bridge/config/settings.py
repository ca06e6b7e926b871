"""The settings classes of the adapters in this wheel, each found through its adapter's entry point.

For type checkers they stand in ``settings.pyi``. Nothing here imports an adapter until a name is
asked for, and one that is not installed is simply not there.
"""

from __future__ import annotations

from typing import Any

from helpdesk_bridge.config import registry
from helpdesk_bridge.errors import ConfigurationError

_ADAPTERS = {
    "AirclouSettings": "airclou",
    "HelpSpaceSettings": "helpspace",
    "OmnideskSettings": "omnidesk",
    "RequestTrackerSettings": "request_tracker",
}


def __getattr__(name: str) -> Any:
    """Return the settings class called ``name``; AttributeError if there is none."""
    trouble = ""
    if name in _ADAPTERS:
        try:
            return registry.load(_ADAPTERS[name]).settings_type
        except ConfigurationError as error:
            trouble = f" ({error.message})"
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}{trouble}")
