"""Press the parts of a cursor into less room, within bounds for whoever unfolds them."""

from __future__ import annotations

import zlib

__all__ = ["pressed", "unpressed"]

_RATIO = 16
"""How many times its own length a text may unfold to: what a stranger sends costs by its length."""
_SHORT = 4096
"""What even the shortest may unfold to, as words that all heads have in common are left out."""

_MOST = 4 * 1024 * 1024
"""What the longest may unfold to: enough for the ids of a list of a million."""


def pressed(octets: bytes, usual: bytes = b"") -> bytes:
    """Return ``octets`` in less room, or hardly changed where they would unfold to too much.

    Args:
        octets: what is to be pressed.
        usual: what most of them have in common.
    """
    folded = _pressed(octets, 9, usual)
    return folded if len(octets) <= _most(folded) else _pressed(octets, 0, usual)


def unpressed(folded: bytes, usual: bytes = b"") -> bytes:
    """Return what was pressed.

    Args:
        folded: what :func:`pressed` returned.
        usual: what it was pressed with.

    Raises:
        ValueError: it is nothing that was pressed here.
    """
    unfolding = zlib.decompressobj(-15, zdict=usual)
    try:
        octets = unfolding.decompress(folded, _most(folded))
    except zlib.error as error:
        raise ValueError from error
    if not unfolding.eof or unfolding.unused_data:
        raise ValueError
    return octets


def _most(folded: bytes) -> int:
    return min(max(_SHORT, _RATIO * len(folded)), _MOST)


def _pressed(octets: bytes, level: int, usual: bytes) -> bytes:
    pressing = zlib.compressobj(level, zlib.DEFLATED, -15, zdict=usual)
    return pressing.compress(octets) + pressing.flush()
