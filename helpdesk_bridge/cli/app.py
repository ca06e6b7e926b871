"""The commands, each in a module of its own."""

from __future__ import annotations

from importlib.metadata import version

import cyclopts

from helpdesk_bridge.cli.commands.adapters import adapters
from helpdesk_bridge.cli.commands.capabilities import capabilities
from helpdesk_bridge.cli.commands.demo import demo
from helpdesk_bridge.cli.commands.doctor import doctor

__all__ = ["app"]

app = cyclopts.App(
    name="helpdesk-bridge",
    help="One async API for every helpdesk.",
    version=lambda: version("helpdesk-bridge"),
)
for _command in (adapters, capabilities, demo, doctor):
    app.command(_command)
