"""``helpdesk-bridge adapters``: what is installed, and whether it can be used."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from helpdesk_bridge.cli.console import plain
from helpdesk_bridge.cli.inventory import Health, Installed, inventory

__all__ = ["adapters"]

_STYLE = {Health.GOOD: "green", Health.ODD: "yellow", Health.BROKEN: "red"}


def adapters() -> int:
    """List all installed adapters with their distribution, version and health.

    "odd" is an adapter that works and will surprise, "broken" one that cannot be used; the reason
    stands beside it. Exits with 1 if any is broken.
    """
    found = inventory()
    table = Table("adapter", "distribution", "version", "health")
    for one in found:
        table.add_row(
            Text(plain(one.name)), plain(one.distribution), plain(one.version), _health(one)
        )
    Console().print(table)
    return 1 if any(one.health is Health.BROKEN for one in found) else 0


def _health(one: Installed) -> Text:
    reason = f": {plain(one.reason)}" if one.reason else ""
    return Text.assemble((one.health.value, _STYLE[one.health]), reason)
