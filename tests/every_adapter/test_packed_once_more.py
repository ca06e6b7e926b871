"""A stored file that is packed stays as it is, whatever two letters its content begins with."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.testing import Answer
from tests.every_adapter.test_downloads import GZIPPED, UNSIZED, chunked, desk_at, of, saved

__all__ = ["desk_at"]
pytestmark = pytest.mark.asyncio
TEXTS = [
    b"BZ;Name;Ort\n1;Li;Berlin\n",
    b"BZh",
    b"BZh9 is a name\n",
    b"(\xb5 in latin-1)\n",
    b"]\0 and what follows it\n",
    b"]\0\0",
    b"\x1f\x8b",
    b"\x1f\x9d",
    b"\xfd7 of a code page\n",
    b"",
]
PACKED = [
    gzip.compress(b"a,b\n", mtime=0),
    bz2.compress(b"a,b\n"),
    bz2.compress(b""),
    lzma.compress(b"a,b\n"),
    lzma.compress(b"a,b\n", lzma.FORMAT_ALONE),
    lzma.compress(b"a,b\n", lzma.FORMAT_ALONE, preset=0),
    b"\x1f\x9d\x90" + b"a" * 20,
    b"\x28\xb5\x2f\xfd" + b"a" * 20,
    b"\x50\x2a\x4d\x18" + b"a" * 20,
]


@pytest.mark.parametrize("answered", [of, chunked])
@pytest.mark.parametrize("text", TEXTS)
async def test_a_packed_text_is_saved_packed(
    desk_at: Callable[[str], hb.Helpdesk],
    tmp_path: Path,
    answered: Callable[..., Answer],
    text: bytes,
) -> None:
    stored = gzip.compress(text, mtime=0)
    assert await saved(desk_at, UNSIZED, tmp_path, answered(stored, GZIPPED)) == stored


@pytest.mark.parametrize("stored", PACKED, ids=lambda one: repr(one[:5]))
async def test_what_was_packed_once_more_is_unpacked_once(
    desk_at: Callable[[str], hb.Helpdesk], tmp_path: Path, stored: bytes
) -> None:
    answer = of(gzip.compress(stored), GZIPPED)
    assert await saved(desk_at, UNSIZED, tmp_path, answer) == stored
    drops = chunked(gzip.compress(stored), GZIPPED).dripped(1)
    assert await saved(desk_at, UNSIZED, tmp_path, drops) == stored
