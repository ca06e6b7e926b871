"""How the commands print: one line stays one line, and nothing foreign steers the terminal."""

from __future__ import annotations

import io
import sys

from rich.console import Console
from rich.text import Text

from helpdesk_bridge.errors.plain import plain

__all__ = ["complain", "page", "plain", "say"]


def say(console: Console, *parts: str | tuple[str, str]) -> None:
    """Print one unwrapped line of texts and (text, style) pairs."""
    console.print(Text.assemble(*parts), soft_wrap=True)


def complain(text: str) -> int:
    """Print ``text`` as an error and return the exit status that goes with it."""
    say(Console(stderr=True), (plain(text), "red"))
    return 1


def page(text: str) -> None:
    """Print ``text`` as it is, and in UTF-8 whatever the terminal speaks: it goes into a file."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    sys.stdout.write(text)
