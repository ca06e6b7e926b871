"""The command ``helpdesk-bridge``; it needs the extra ``[cli]``."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line and exit with its status."""
    try:
        from helpdesk_bridge.cli.app import app
    except ModuleNotFoundError as error:
        if error.name not in ("cyclopts", "rich"):
            raise
        sys.exit("helpdesk-bridge needs its extra: pip install 'helpdesk-bridge[cli]'")
    app()
