"""Checks of texts that the methods of str do not make exactly."""

from __future__ import annotations

from typing import TypeGuard

__all__ = ["is_digits"]


def is_digits(value: object) -> TypeGuard[str]:
    """Say whether ``value`` is a str of ASCII digits, at least one.

    ``str.isdigit`` alone takes "²" and the digits of other scripts, too, which ``int`` refuses or
    reads as other numbers than a vendor would.
    """
    return isinstance(value, str) and value.isascii() and value.isdigit()
