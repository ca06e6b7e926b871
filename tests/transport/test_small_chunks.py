"""A body of many small chunks is followed to its end without a step for each."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_bridge.transport.http import one_answer
from helpdesk_bridge.transport.http.one_answer import _Chunks

_SIZES = st.sampled_from(
    [
        "1",
        "01",
        "2",
        "a",
        "A",
        "40",
        "3F",
        "41",
        "1;x=y",
        "2 ",
        "1;" + "x" * 150,
        "0",
        "10g",
        "",
        "1x",
    ]
)


def _chunk(size: str, data: bytes, end: bytes) -> bytes:
    digits = size.partition(";")[0].strip()
    length = int(digits, 16) if digits and set(digits) <= set("0123456789abcdefABCDEF") else 1
    return size.encode() + end + (data * 65)[:length] + end


_BODIES = st.lists(
    st.builds(
        _chunk,
        _SIZES,
        st.sampled_from([b"x", b"\n", b"\r\n1\r\n"]),
        st.sampled_from([b"\r\n", b"\r\n", b"\n", b""]),
    ),
    max_size=12,
).map(b"".join)


def _followed(body: bytes, cuts: list[int]) -> tuple[list[int | None], _Chunks]:
    chunks, found = _Chunks(), []
    edges = [0, *sorted(cut for cut in cuts if cut < len(body)), len(body)]
    for begin, end in pairwise(edges):
        found.append(chunks.end(body[begin:end]))
        if chunks.lost or found[-1] is not None:
            break
    return found, chunks


@given(_BODIES, st.lists(st.integers(0, 400), max_size=4))
def test_small_chunks_are_followed_as_all_others_are(body: bytes, cuts: list[int]) -> None:
    quick = _followed(body, cuts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_Chunks, "_behind_small", staticmethod(lambda data, at: at))
        assert _followed(body, cuts) == quick


@pytest.mark.parametrize("size", [1, 2, 63, 64])
@pytest.mark.parametrize("extension", [b"", b";a", b" "])
def test_many_small_chunks_take_few_steps(
    monkeypatch: pytest.MonkeyPatch, size: int, extension: bytes
) -> None:
    steps: list[bytes] = []
    real = _Chunks._read
    monkeypatch.setattr(
        _Chunks, "_read", lambda self, line: (steps.append(line), real(self, line))[1]
    )
    body = (b"%x%b\r\n%b\r\n" % (size, extension, b"x" * size)) * 10_000 + b"0\r\n\r\n"
    assert one_answer._Chunks().end(body) == len(body)
    assert len(steps) <= 3
