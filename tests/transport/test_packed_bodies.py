"""How much a packed body may unpack to."""

from __future__ import annotations

import gzip
import random
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_bridge.errors import ProtocolError, ResponseTooLarge, TruncatedBody
from helpdesk_bridge.transport import decode
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


ONE, TWO = (gzip.compress(words, mtime=0) for words in (b"one ", b"two"))


@given(st.integers(0, 3000), st.lists(st.integers(0, 3100), max_size=6), st.booleans())
def test_zeros_behind_a_member_are_padding_wherever_they_are_cut(
    zeros: int, cuts: list[int], more: bool
) -> None:
    packed = ONE + bytes(zeros) + (TWO + bytes(zeros) if more else b"")
    reader = BodyReader("gzip", cap=100)
    edges = [0, *sorted(cut for cut in cuts if cut < len(packed)), len(packed)]
    decoded = b"".join(reader.feed(packed[begin:end]) for begin, end in pairwise(edges))
    reader.finish()
    assert decoded == (b"one two" if more else b"one ")


@pytest.mark.parametrize("garbage", [b"x", b"\0x", b"\x1f", b"\x1f\x8b", b"\0\x1f\x8b\x08", b" "])
def test_anything_else_behind_a_member_is_an_error(garbage: bytes) -> None:
    with pytest.raises((ProtocolError, TruncatedBody)):
        unpacked(ONE + garbage)


def test_zeros_before_the_first_member_are_no_padding() -> None:
    with pytest.raises(ProtocolError):
        BodyReader("gzip", cap=100).feed(b"\0" + ONE)


@pytest.mark.parametrize("nothing", [bytes(64 * 1024), gzip.compress(b"", mtime=0) * 3000])
def test_what_says_nothing_does_not_go_on_for_ever(nothing: bytes) -> None:
    reader = BodyReader("gzip")
    reader.feed(ONE)
    fed = [reader.feed(nothing) for _ in range(MIB // len(nothing) - 1)]
    assert set(fed) == {b""}
    with pytest.raises(ResponseTooLarge, match="nothing in them"):
        reader.feed(nothing * 3)


def test_an_honest_body_fed_byte_by_byte_is_not_taken_for_one_that_says_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decode, "_MAX_IDLE", 500)  # many bytes give nothing by themselves
    words = random.Random(1).randbytes(20_000)
    packed, reader = gzip.compress(words, mtime=0), BodyReader("gzip")
    assert b"".join(reader.feed(packed[at : at + 1]) for at in range(len(packed))) == words
    reader.finish()


def test_members_of_a_byte_are_collected_and_the_loop_gets_its_turns() -> None:
    packed = gzip.compress(b"x", mtime=0) * 5000
    pieces = list(BodyReader("gzip").pieces(packed))
    assert b"".join(pieces) == b"x" * 5000
    assert len(pieces) == 10


def test_of_what_follows_a_member_little_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    real = BodyReader._inflated

    def counted(inflate: Any, chunk: bytes, most: int) -> bytes:
        given.append(len(chunk))
        return real(inflate, chunk, most)

    monkeypatch.setattr(BodyReader, "_inflated", staticmethod(counted))
    packed = gzip.compress(b"x", mtime=0) * 12_000
    assert b"".join(BodyReader("gzip").pieces(packed)) == b"x" * 12_000
    assert sum(given) <= 12_000 * 4096 + len(packed)
