"""Numbers and bytes as short texts that are safe inside JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import blake2b

from helpdesk_bridge.sync.sketch import from_letters, to_letters

__all__ = ["digest", "packed", "unpacked", "varints", "written"]

_MOST = 1 << 20
"""Bytes that a text may unpack to: a damaged one must not fill the memory."""


def digest(*words: str, size: int = 6) -> int:
    """Return ``size`` bytes of a digest of ``words`` as a number, the same on every machine."""
    found = blake2b(digest_size=size)
    for word in words:
        told = word.encode(errors="surrogatepass")
        found.update(len(told).to_bytes(8, "big"))
        found.update(told)
    return int.from_bytes(found.digest(), "big")


def packed(data: bytes) -> str:
    """Return ``data`` as a short text of ASCII without quotes and backslashes."""
    return to_letters(data) if data else ""


def unpacked(text: str) -> bytes:
    """Return what :func:`packed` was given; ValueError for any other text."""
    return from_letters(text, _MOST) if text else b""


def written(numbers: Iterable[int]) -> bytes:
    """Return numbers of 0 and more as bytes, small ones in few of them."""
    data = bytearray()
    for number in numbers:
        while number > 127:
            data.append(number & 127 | 128)
            number >>= 7
        data.append(number)
    return bytes(data)


def varints(data: bytes) -> Iterator[int]:
    """Yield what :func:`written` was given; ValueError where the last one is cut."""
    number = shift = 0
    for byte in data:
        number |= (byte & 127) << shift
        if byte & 128:
            shift += 7
            continue
        yield number
        number = shift = 0
    if shift:
        raise ValueError("packed numbers are cut")
