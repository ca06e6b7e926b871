"""What a complaint may show of a configuration: names that look like names, and no secrets.

Whoever writes ``token = { env = "the secret" }`` must not find the secret in a log.
"""

from __future__ import annotations

import re

from helpdesk_bridge.model.disk import is_address

__all__ = ["is_secret", "is_secret_like", "key", "name", "path", "variable"]

HIDDEN = "(not shown: it may be a secret)"
_VARIABLE = re.compile(r"[A-Z]{1,16}[0-9]{0,2}(?:_+(?:[A-Z]{1,16}[0-9]{0,2}|[0-9]{1,2}))*_*")
_WORD = re.compile(r"[A-Za-z0-9]+")
_KEY = re.compile(r"[A-Za-z0-9]{1,16}(?:[-_.]+[A-Za-z0-9]{1,16})*")
_LONGEST = 64
_PATH = re.compile(r"(?:~|\.\.?)?[/\\]|[A-Za-z]:[/\\]|[\w.-]+(?:[/\\][\w.-]+)*\.[a-z]{2,5}$")
"""A path has a folder before it or an ending behind it; a bare word may be a password."""
_PIECE = re.compile(r"[A-Z]*[a-z]+|[A-Z]+|[0-9]+")
"""A word of CamelCase, or a number."""


def is_secret(text: str) -> bool:
    """Say whether ``text`` is surely a key or a token, and nothing that people call anything.

    In what people choose letters and figures, or capitals and small letters, change a few times
    only, as in ``level2support``, ``B2BSupportEurope`` and ``helpdesk20241231``, and at least one
    word is a word. In a token they change all the time. In doubt it is a name.
    """
    return len(text) > _LONGEST or any(map(_is_shuffled, _WORD.findall(text)))


def _is_shuffled(word: str) -> bool:
    pieces = _PIECE.findall(word)
    if len(word) >= 20:
        return len(word) < 3 * len(pieces)
    if any(len(piece) > 5 and piece.isalpha() for piece in pieces):
        return False
    return len(word) >= 12 and len(word) < 2.3 * len(pieces)


def is_secret_like(text: str) -> bool:
    """Say whether ``text`` looks like a key or a token: a long word of letters and figures.

    In doubt it does: this is for what need not be shown.
    """
    if len(text) > _LONGEST:
        return True
    return any(_is_random(word) for word in _WORD.findall(text))


def _is_random(word: str) -> bool:
    figures = sum(c.isdigit() for c in word)
    mixed = any(c.islower() for c in word[1:]) and sum(c.isupper() for c in word[1:]) > 2
    return len(word) > 24 or (len(word) >= 12 and (0 < figures < len(word) or mixed))


def variable(text: str) -> str:
    """Return the name of a variable of the environment, if it is written like one."""
    shown = len(text) <= _LONGEST and _VARIABLE.fullmatch(text) and not is_secret_like(text)
    return text if shown else HIDDEN


def path(text: str) -> str:
    """Return the path of a file, if it is written like one."""
    if is_address(text) or not text.isprintable():
        return HIDDEN
    shown = _PATH.match(text) and not any(is_secret_like(one) for one in re.split(r"[/\\]", text))
    return text if shown else HIDDEN


def key(text: str) -> str:
    """Return a key, if it is written like one."""
    shown = len(text) <= 40 and _KEY.fullmatch(text) and not is_secret_like(text)
    return text if shown else HIDDEN


def name(given: object) -> str:
    """Return the name of a desk or an adapter, or what is in its place, as it may be shown."""
    return HIDDEN if is_secret_like(str(given)) else repr(given)
