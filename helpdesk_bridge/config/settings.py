"""The settings classes of the adapters in this wheel, imported when they are first used.

Each is found through the entry point of its adapter; without the adapter the name does not exist.
Type checkers read ``settings.pyi``.
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
