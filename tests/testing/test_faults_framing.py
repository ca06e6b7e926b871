"""Messages are told apart wherever the stream happens to be cut into pieces."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_bridge.testing.faults.framing import Framing, parse_head

REQUESTS = [
    b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /b HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
    b"PUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1f;x=y\r\n"
    + b"0\r\n\r\n" * 6
    + b"?\r\n0\r\nTrailer: 1\r\n\r\n",
    b"DELETE /d HTTP/1.0\r\nContent-Length: 0\r\n\r\n",
]
ANSWERS = [
    ("GET", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"),
    ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"),
    ("GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
    ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n"),
    ("GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"),
]


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in pairwise(places)]


CUTS = st.lists(st.integers(min_value=0), max_size=12)


@given(st.lists(st.sampled_from(REQUESTS), max_size=4), CUTS)
def test_requests_begin_and_end_where_they_do(sent: list[bytes], cuts: list[int]) -> None:
    framing, heads = Framing(), []
    for piece in pieces(b"".join(sent), cuts):
        heads += framing.feed(piece)
    starts = [sum(map(len, sent[:i])) for i in range(len(sent))]
    assert [head.offset for head in heads] == starts
    assert framing.complete == len(sent)
    assert framing.idle
    assert framing.position == sum(map(len, sent))


@given(st.sampled_from(REQUESTS), st.integers(min_value=1))
def test_a_message_is_not_complete_before_its_last_byte(sent: bytes, missing: int) -> None:
    framing = Framing()
    framing.feed(sent[: -(missing % (len(sent) - 1) + 1)])
    assert framing.complete == 0
    assert not framing.idle


@given(st.lists(st.sampled_from(ANSWERS), max_size=4), CUTS)
def test_answers_end_as_their_requests_have_it(
    sent: list[tuple[str, bytes]], cuts: list[int]
) -> None:
    framing = Framing(methods=[method for method, _ in sent])
    for piece in pieces(b"".join(raw for _, raw in sent), cuts):
        framing.feed(piece)
    assert framing.complete == len(sent)
    assert framing.idle


def test_an_answer_without_a_length_ends_with_the_connection() -> None:
    framing = Framing(methods=["GET"])
    framing.feed(b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")
    assert (framing.complete, framing.idle, framing.unknown) == (0, False, False)


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01",
        b"hello\r\n",
        b"HELLO WORLD\r\n",
        b"GET / HTTP/2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"GET " + b"a" * 2_000_000,
    ],
    ids=lambda data: repr(data[-20:]),
)
def test_what_is_not_http_is_given_up(data: bytes) -> None:
    framing = Framing()
    framing.feed(data)
    assert framing.unknown
    assert framing.feed(REQUESTS[0]) == []
    assert framing.position == len(data) + len(REQUESTS[0])


def test_a_head_shows_none_of_its_values() -> None:
    head = parse_head(b"GET / HTTP/1.1\r\nAuthorization: secret")
    assert head.headers == {"authorization": "secret"}
    assert "secret" not in repr(head)
