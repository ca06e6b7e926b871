"""How much a packed body may unpack to."""

from __future__ import annotations

import gzip

import pytest

from helpdesk_bridge.errors import ResponseTooLarge
from helpdesk_bridge.transport.decode import BodyReader

MIB = 1024 * 1024


def unpacked(packed: bytes) -> int:
    """Return the decoded size, fed as the network does it."""
    reader = BodyReader("gzip")
    size = sum(len(reader.feed(packed[at : at + 65536])) for at in range(0, len(packed), 65536))
    reader.finish()
    return size


def test_what_unpacks_to_200_times_its_size_is_too_large() -> None:
    with pytest.raises(ResponseTooLarge, match="200 times"):
        unpacked(gzip.compress(bytes(17 * MIB), mtime=0))


def test_up_to_16_mib_any_ratio_will_do() -> None:
    assert unpacked(gzip.compress(bytes(16 * MIB), mtime=0)) == 16 * MIB


def test_like_records_are_no_bomb() -> None:
    row = b'{"id":%d,"subject":"Printer on fire","status":"open","requester":"li@a.example"},'
    listed = b"".join(row % number for number in range(300_000))
    assert unpacked(gzip.compress(listed, mtime=0)) == len(listed) > 16 * MIB
