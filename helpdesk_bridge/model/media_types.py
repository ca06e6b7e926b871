"""The media type of a file by its name: what a packed file is, and not what is packed in it."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping

__all__ = ["ANY_TYPE", "is_packed", "known_type", "media_type_of", "unpacked_name"]

ANY_TYPE = "application/octet-stream"
"""Bytes of which nothing is known (RFC 2046, 4.5.1)."""

_LONGEST = 1000
_PACKED: Mapping[str, str] = {
    "gz": "application/gzip",  # RFC 6713
    "tgz": "application/gzip",
    "taz": "application/gzip",
    "tz": "application/gzip",
    "svgz": "application/gzip",  # image/svg+xml only where an HTTP header names the packing
    "bz2": "application/x-bzip2",
    "tbz": "application/x-bzip2",
    "tbz2": "application/x-bzip2",
    "xz": "application/x-xz",
    "txz": "application/x-xz",
    "lzma": "application/x-lzma",
    "zst": "application/zstd",  # RFC 8878
    "tzst": "application/zstd",
    "z": "application/x-compress",
    "br": ANY_TYPE,  # no type is registered for it
    "lz4": ANY_TYPE,
}
"""By the last suffix in lower case. ``mimetypes`` names what is inside, and the packing apart."""
_PACKED_TYPES = frozenset(_PACKED.values()) - {ANY_TYPE} | frozenset(
    ("application/x-gzip", "application/x-bzip", "application/x-tgz", "application/x-gtar")
)


def known_type(told: str) -> str:
    """Return a media type that was ``told`` if it is a usual one, without its parameters.

    Empty for any other: the sender of a file chooses the words of its type.
    """
    if len(told) > _LONGEST:
        return ""
    word = told.partition(";")[0].strip().lower()
    return word if word == ANY_TYPE or word in mimetypes.types_map.values() else ""


def media_type_of(name: str) -> str:
    """Return the media type of a file called ``name``; octet-stream where it tells none."""
    packed = _PACKED.get(_suffix(name))
    if packed is not None:
        return packed
    # As a path: guess_type takes "data:text/html,a.pdf" for an address, and "a?b.pdf" for a query.
    found, packing = mimetypes.guess_type(f"./file.{_suffix(name)}")
    return found if found and not packing else ANY_TYPE


def is_packed(name: str | None, mime_type: str | None) -> bool:
    """Say whether a file of this name or this type is one that is kept packed; None tells nothing.

    Archives such as zip count not among them: nothing unpacks them on their way.
    """
    return _suffix(name or "") in _PACKED or mime_type in _PACKED_TYPES


def unpacked_name(name: str) -> str:
    """Return the name of what a packed file of this name holds; another name as it is."""
    return name.rpartition(".")[0] if _suffix(name) in _PACKED else name


def _suffix(name: str) -> str:
    """Return what stands behind the last point in lower case; "" without one."""
    stem, _, suffix = name.rpartition(".")
    return suffix.lower() if stem.strip(".") else ""
