"""PHP calls a page what it is told no type of: a text of exactly its size is that text."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

import helpdesk_bridge as hb
from helpdesk_bridge.errors import Reason
from helpdesk_bridge.testing import Answer
from tests.every_adapter.test_downloads import (
    GZIPPED,
    PAGE,
    PAGE_TYPE,
    chunked,
    desk_at,
    of,
    refusal,
    saved,
)

__all__ = ["desk_at"]
pytestmark = pytest.mark.asyncio
NOTES = b"hello log\n" * 500


def text(content: bytes, name: str = "a.txt", kind: str | None = "text/plain") -> hb.Attachment:
    """Announce a text of a size."""
    return hb.Attachment(id="5", name=name, mime_type=kind, size=len(content))


@pytest.mark.parametrize("answered", [of, chunked])
@pytest.mark.parametrize(
    "file",
    [
        text(NOTES),
        text(NOTES, "a.csv", "text/csv"),
        text(NOTES, "a.txt", None),
        text(NOTES, "a", "text/plain"),
    ],
)
async def test_a_text_of_its_size_is_the_file(
    desk_at: Callable[[str], hb.Helpdesk],
    tmp_path: Path,
    file: hb.Attachment,
    answered: Callable[..., Answer],
) -> None:
    assert await saved(desk_at, file, tmp_path, answered(NOTES, PAGE_TYPE)) == NOTES


@pytest.mark.parametrize(
    "content", [b"", b" \n", b"\xef\xbb\xbfa", "\ufeffa".encode("utf-16-le"), b"a <b"]
)
async def test_so_is_one_that_begins_with_no_markup(
    desk_at: Callable[[str], hb.Helpdesk], tmp_path: Path, content: bytes
) -> None:
    answer = chunked(content, PAGE_TYPE).dripped(1) if content else of(content, PAGE_TYPE)
    assert await saved(desk_at, text(content), tmp_path, answer) == content


@pytest.mark.parametrize(
    ("file", "answer"),
    [
        (text(PAGE), of(PAGE, PAGE_TYPE)),
        (text(b" \n<p>Sign in"), of(b" \n<p>Sign in", PAGE_TYPE)),
        (text(b" " * 5000 + b"x"), of(b" " * 5000 + b"x", PAGE_TYPE)),
        (evolve(text(NOTES), size=None), of(NOTES, PAGE_TYPE)),
        (text(NOTES, "a.txt", "application/rtf"), of(NOTES, PAGE_TYPE)),
        (text(NOTES), of(gzip.compress(NOTES), {**PAGE_TYPE, **GZIPPED})),
        (text(NOTES, "a.svg", "image/svg+xml"), of(NOTES, PAGE_TYPE)),
    ],
)
async def test_markup_another_kind_or_no_size_is_a_page_in_its_place(
    desk_at: Callable[[str], hb.Helpdesk], tmp_path: Path, file: hb.Attachment, answer: Answer
) -> None:
    error = await refusal(desk_at, file, tmp_path, answer)
    assert isinstance(error, hb.ProtocolError)


@pytest.mark.parametrize("off", [-1, 1])
async def test_another_size_is_not_the_file(
    desk_at: Callable[[str], hb.Helpdesk], tmp_path: Path, off: int
) -> None:
    file = evolve(text(NOTES), size=len(NOTES) + off)
    await refusal(desk_at, file, tmp_path, of(NOTES, PAGE_TYPE))


async def test_a_text_without_a_size_is_called_a_web_page(
    desk_at: Callable[[str], hb.Helpdesk], tmp_path: Path
) -> None:
    error = await refusal(desk_at, evolve(text(NOTES), size=None), tmp_path, of(NOTES, PAGE_TYPE))
    assert error.reason is Reason.WEB_PAGE


async def test_what_a_redirect_led_to_may_be_a_login_page(
    desk_at: Callable[[str], hb.Helpdesk], tmp_path: Path
) -> None:
    script = Answer.redirect("/media/1"), of(NOTES, PAGE_TYPE)
    assert (await refusal(desk_at, text(NOTES), tmp_path, *script)).reason is Reason.WEB_PAGE
