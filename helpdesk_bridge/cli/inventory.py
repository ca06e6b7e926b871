"""What adapters are installed, by whom, and whether they can be used."""

from __future__ import annotations

from collections import defaultdict
from enum import StrEnum
from importlib.metadata import entry_points

import attrs
from attrs import frozen

from helpdesk_bridge.config import registry
from helpdesk_bridge.errors import HelpdeskError
from helpdesk_bridge.kit.contract import Adapter
from helpdesk_bridge.testing.sandbox import fake_of

__all__ = ["Health", "Installed", "inventory"]


class Health(StrEnum):
    """Whether an adapter can be used."""

    GOOD = "ok"
    ODD = "odd"
    """It works, but something about it will surprise."""
    BROKEN = "broken"


@frozen(kw_only=True)
class Installed:
    """One adapter of one distribution; ``adapter`` is None when it is broken."""

    name: str
    distribution: str
    version: str
    health: Health
    reason: str = ""
    adapter: type[Adapter] | None = None


def inventory() -> list[Installed]:
    """List all adapters by name; one that cannot be loaded harms no other.

    A name that several distributions claim is listed once for each, and broken.
    """
    owners: dict[str, dict[tuple[str, str, str], None]] = defaultdict(dict)
    for entry in entry_points(group=registry.GROUP):
        by = (entry.dist.name, entry.dist.version) if entry.dist is not None else ("-", "-")
        owners[entry.name][*by, entry.value] = None
    found: list[Installed] = []
    for name in registry.available():
        health, reason, adapter = _examine(name)
        found += [
            Installed(
                name=name,
                distribution=distribution,
                version=version,
                health=health,
                reason=reason,
                adapter=adapter,
            )
            for distribution, version, _ in owners[name] or [("-", "-", "")]
        ]
    return found


def _examine(name: str) -> tuple[Health, str, type[Adapter] | None]:
    try:
        adapter = registry.load(name)
    except HelpdeskError as error:
        return Health.BROKEN, error.message, None
    for needed in ("name", "settings_type"):
        if not hasattr(adapter, needed):
            return Health.BROKEN, f"its class {adapter.__name__} has no {needed}", None
    if not attrs.has(adapter.settings_type):
        return Health.BROKEN, "its settings_type is not an attrs class", None
    surprise = _surprise(name, adapter)
    return (Health.ODD if surprise else Health.GOOD), surprise, adapter


def _surprise(name: str, adapter: type[Adapter]) -> str:
    if adapter.name != name:
        return f"it calls itself {adapter.name!r} in error texts"
    try:
        fake_of(name)
    except Exception as error:  # noqa: BLE001 - whatever somebody else's module raises
        return f"its fake cannot be imported ({type(error).__name__})"
    return ""
