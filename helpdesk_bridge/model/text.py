"""Checks and comparisons of texts that the methods of str do not make exactly."""

from __future__ import annotations

from typing import TypeGuard

from helpdesk_bridge.model.normalisation import normalised

__all__ = ["caseless", "folded", "is_digits"]


def folded(text: str) -> str:
    """Return ``text``, a name or a tag, as it is compared: any case, composition, white space.

    Vendors take them so where they say anything of it, and none tells two of its own teams or tags
    apart by these alone.
    """
    if text.isascii() and text.isalnum():
        return text.lower()
    return " ".join(caseless(text).split())


def caseless(text: str) -> str:
    """Return ``text`` as it is compared where case and composition tell nothing apart."""
    return normalised("NFC", normalised("NFC", text).casefold())


def is_digits(value: object) -> TypeGuard[str]:
    """Say whether ``value`` is a str of ASCII digits, at least one.

    ``str.isdigit`` alone takes "²" and the digits of other scripts, too, which ``int`` refuses or
    reads as other numbers than a vendor would.
    """
    return isinstance(value, str) and value.isascii() and value.isdigit()
