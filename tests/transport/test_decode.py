"""Bodies are decoded strictly, within bounds and to their end."""

from __future__ import annotations

import gzip
import json
import sys
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
    ("content", "value"),
    [
        (rb'"I love it \ud83d"', "I love it \ufffd"),
        (rb'"\ude00"', "\ufffd"),
        (rb'"\uDE00\uD83D"', "\ufffd\ufffd"),
        (rb'"\ud83d\ud83d\ude00"', "\ufffd\N{GRINNING FACE}"),
        (rb'"\ud83d\ude00\ude00"', "\N{GRINNING FACE}\ufffd"),
        (rb'"\\ud83d \ud83d"', r"\ud83d " + "\ufffd"),
        (rb'"\\\ud83d"', "\\\ufffd"),
        (rb'"\\ud83d\ude00"', r"\ud83d" + "\ufffd"),
        (rb'"\n\ud83dx"', "\n\ufffdx"),
        (rb'{"\ud83d": {"a": ["\udfff"]}}', {"\ufffd": {"a": ["\ufffd"]}}),
        (rb'["\ud83d", 89310410106543789301]', ["\ufffd", 89310410106543789301]),
    ],
)
def test_half_a_surrogate_pair_is_read_as_the_replacement_character(
    content: bytes, value: object
) -> None:
    found = decode_json(content)
    assert found == value
    json.dumps(found, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "number",
    [
        89310410106543789301,
        2**63,
        2**64,
        -(2**63) - 1,
        10**19 - 1,
        10**18,
        -(10**30),
        10**400,
        10**4299,
    ],
    ids=lambda number: f"{len(str(number))} digits",
)
@pytest.mark.parametrize(
    "form", ["%d", "[%d]", '{"a":%d}', '{"a": %d, "b": 1.5}', "[1,\r\n\t%d\n]", '{"a":{"b":[%d]}}']
)
def test_an_integer_keeps_its_digits(number: int, form: str) -> None:
    assert str(number) in str(decode_json((form % number).encode()))


@pytest.mark.parametrize("before", [*range(40), *range(256 * 1024 - 30, 256 * 1024 + 5)])
@pytest.mark.parametrize("number", [2**64, -(2**63) - 1])
def test_an_integer_keeps_its_digits_wherever_it_stands(before: int, number: int) -> None:
    assert decode_json(b"[" + b" " * before + b"%d]" % number) == [number]


@pytest.mark.parametrize(
    "content",
    [b"1" * 4301, b"[-" + b"1" * 4301 + b"]", b'{"a": 1e400}', b"[" + b"1" * 1_000_000 + b"]"],
    ids=lambda content: f"{len(content)} bytes",
)
@pytest.mark.parametrize("limit", [0, 640, 4300, 10_000])
def test_a_number_beyond_measure_is_a_protocol_error(content: bytes, limit: int) -> None:
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(limit)
    try:
        with pytest.raises(ProtocolError):
            decode_json(content)
    finally:
        sys.set_int_max_str_digits(before)


@pytest.mark.parametrize(
    "content",
    [
        b"[00012345678901234567890]",
        b'{"a": NaN, "b": 12345678901234567890}',
        b"[12345678901234567890, -Infinity]",
        b"[12345678901234567890",
        rb'["\ud83d", NaN]',
        rb'["\ud83d", ' + b"[" * 2000 + b"]" * 2000 + b"]",
        rb'"\ud83"',
        b'[12345678901234567890, "\n"]',
        b'[12345678901234567890, "\xff"]',
    ],
    ids=lambda content: repr(content[:30]),
)
def test_what_is_read_again_is_read_as_strictly(content: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_json(content)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.integers(10**17, 10**22)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text()
        | st.from_regex(r"[0-9]{17,25}", fullmatch=True),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    ),
    st.booleans(),
    st.sampled_from([None, 1]),
)
def test_every_value_is_read_as_it_was_written(value: object, plain: bool, indent: int) -> None:
    text = json.dumps(value, ensure_ascii=plain, indent=indent)
    assert repr(decode_json(text.encode())) == repr(value)


def test_an_ordinary_answer_is_decoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(content: bytes) -> object:
        raise AssertionError(content)

    monkeypatch.setattr("helpdesk_bridge.transport.decode.with_all_digits", never)
    monkeypatch.setattr("helpdesk_bridge.transport.decode.read_odd", never)
    content = (
        b'{"id": 123456789012345678, "at": "2026-01-01T10:00:00Z", "n": "89310410106543789301"}'
    )
    assert decode_json(content)["n"] == "89310410106543789301"


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


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip"])
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
