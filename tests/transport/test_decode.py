"""Bodies are decoded strictly, within bounds and to their end."""

from __future__ import annotations

import gzip
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_bridge.errors import HelpdeskError, ProtocolError, ResponseTooLarge, TruncatedBody
from helpdesk_bridge.transport.decode import BodyReader, decode_json

TEXT = b'{"text": "' + b"abc" * 5000 + b'"}'
PACKED = gzip.compress(TEXT, mtime=0)
BOMB = gzip.compress(bytes(8 * 1024 * 1024), mtime=0)


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"{}", {}),
        (b" [1, null] \r\n", [1, None]),
        (b'"\xc3\xa4"', "ä"),
        (b"\xef\xbb\xbf{}", {}),
        (b"18446744073709551615", 2**64 - 1),
    ],
)
def test_json_is_decoded(content: bytes, value: object) -> None:
    assert decode_json(content) == value


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" \r\n\t",
        b"\xef\xbb\xbf",
        b"\xef\xbb\xbf\xef\xbb\xbf{}",
        b"<html>canary</html>",
        b"canary",
        b"{'a': 1}",
        b'{"a": 1',
        b"{} {}",
        b"NaN",
        b'{"a": Infinity}',
        b"-Infinity",
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b'"\\ud800"',
        "{}".encode("utf-16"),
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000,
        b"1" * 5000,
        b"1e999",
        b"\0",
        gzip.compress(b"{}", mtime=0),
    ],
    ids=lambda content: repr(content[:12]),
)
def test_what_is_no_strict_json_is_a_protocol_error(content: bytes) -> None:
    with pytest.raises(ProtocolError) as info:
        decode_json(content)
    assert (info.value.__context__, info.value.__cause__) == (None, None)
    assert "canary" not in str(info.value)


@pytest.mark.parametrize(
    ("content", "content_type"),
    [(b"<!doctype html>", "application/json"), (b"Please log in", "Text/HTML; charset=utf-8")],
)
def test_a_web_page_is_named_as_one(content: bytes, content_type: str) -> None:
    with pytest.raises(ProtocolError, match="web page"):
        decode_json(content, content_type)


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_but_a_protocol_error(content: bytes) -> None:
    with suppress(ProtocolError):
        decode_json(content)


@given(st.binary(max_size=60), st.sampled_from(["", "identity", "gzip", "x-gzip"]))
def test_no_compressed_bytes_raise_anything_but_our_errors(content: bytes, encoding: str) -> None:
    reader = BodyReader(encoding, cap=100)
    with suppress(HelpdeskError):
        reader.feed(content)
        reader.finish()


@given(st.lists(st.integers(0, len(PACKED)), max_size=6))
def test_a_gzip_body_is_the_same_wherever_it_is_cut_into_chunks(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(PACKED)]
    reader = BodyReader("gzip", cap=len(TEXT))
    parts = [reader.feed(PACKED[a:b]) for a, b in pairwise(edges)]
    reader.finish()
    assert b"".join(parts) == TEXT


@pytest.mark.parametrize("size", range(0, len(PACKED), 3))
def test_a_gzip_body_that_is_cut_anywhere_is_truncated(size: int) -> None:
    reader = BodyReader("gzip", cap=len(TEXT))
    reader.feed(PACKED[:size])
    with pytest.raises(TruncatedBody):
        reader.finish()


def test_a_gzip_body_of_several_members_is_read_whole() -> None:
    reader = BodyReader("gzip", cap=100)
    assert reader.feed(
        gzip.compress(b"one ", mtime=0)
        + gzip.compress(b"", mtime=0)
        + gzip.compress(b"two", mtime=0)
    ) == (b"one two")
    reader.finish()


def test_a_second_member_that_is_cut_is_truncated() -> None:
    reader = BodyReader("gzip", cap=100)
    reader.feed(gzip.compress(b"one", mtime=0) + gzip.compress(b"two", mtime=0)[:-1])
    with pytest.raises(TruncatedBody):
        reader.finish()


@pytest.mark.parametrize("damage", [b"no gzip", PACKED[:-6] + b"\0" * 6, PACKED + b"rest"])
def test_damaged_gzip_is_a_protocol_error(damage: bytes) -> None:
    with pytest.raises(ProtocolError) as info:
        BodyReader("gzip", cap=len(TEXT)).feed(damage)
    assert info.value.__context__ is None


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip", "unknown"])
def test_an_encoding_that_was_not_asked_for_is_a_protocol_error(encoding: str) -> None:
    with pytest.raises(ProtocolError):
        BodyReader(encoding, cap=100)


@pytest.mark.parametrize(("encoding", "body"), [("", TEXT), ("identity", TEXT), ("gzip", PACKED)])
def test_a_body_may_be_exactly_as_large_as_the_cap(encoding: str, body: bytes) -> None:
    assert BodyReader(encoding, cap=len(TEXT)).feed(body) == TEXT


@pytest.mark.parametrize(("encoding", "body"), [("", TEXT), ("identity", TEXT), ("gzip", PACKED)])
def test_a_body_one_byte_over_the_cap_is_too_large(encoding: str, body: bytes) -> None:
    with pytest.raises(ResponseTooLarge, match="max_body"):
        BodyReader(encoding, cap=len(TEXT) - 1).feed(body)


def test_the_cap_counts_all_chunks_together() -> None:
    reader = BodyReader("", cap=10)
    reader.feed(b"123456")
    with pytest.raises(ResponseTooLarge):
        reader.feed(b"78901")


def test_a_bomb_is_decoded_in_bounded_pieces() -> None:
    sizes = [len(piece) for piece in BodyReader("gzip").pieces(BOMB)]
    assert (sum(sizes), max(sizes)) == (8 * 1024 * 1024, 1024 * 1024)


@pytest.mark.parametrize("size", [1024 * 1024 + step for step in (-1, 0, 1, 200, 258, 300)])
def test_no_byte_is_lost_where_one_piece_ends(size: int) -> None:
    reader = BodyReader("gzip")
    packed = gzip.compress(bytes(size), mtime=0)
    decoded = sum(len(reader.feed(packed[at : at + 1])) for at in range(len(packed)))
    reader.finish()
    assert decoded == size
