"""What comes in place of a file is told by how it begins, where no size was announced."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

import helpdesk_bridge as hb
from helpdesk_bridge import errors
from helpdesk_bridge.errors import Reason
from helpdesk_bridge.testing import Answer, FaultServer
from helpdesk_bridge.testing.faults.loopback import End
from tests.every_adapter.test_downloads import (
    GZIPPED,
    INVOICE,
    PDF,
    UNSIZED,
    chunked,
    desk_at,
    of,
    refusal,
    saved,
)

__all__ = ["desk_at"]
pytestmark = pytest.mark.asyncio

UNSIZED_PDF = evolve(INVOICE, size=None)
DOCTYPE = b"<!DOCTYPE html><title>Sign in</title>"
IN_PLACE = [
    DOCTYPE,
    b"\xef\xbb\xbf\n " + DOCTYPE,
    b"<!DOCTYPE  html><title>Sign in</title>",
    b"<!DOCTYPE\nhtml>",
    b"<!-- ie --><!DOCTYPE html>",
    b"<title>Sign in</title><form><input type=password>",
    b'<head><meta http-equiv=refresh content="0;url=/login"></head>',
    b'<script>location="/login"</script>',
    b'<?xml version="1.0"?><!DOCTYPE html><html></html>',
    b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
    DOCTYPE.decode().encode("utf-16"),
    b"\xfe\xff" + DOCTYPE.decode().encode("utf-16-be"),
    b'{"error":"unauthorized"}',
    b'\r\n{ \n "message": "no"}',
    b"{}",
    b"<",
    b"{",
    b" \r\n",
    b" " * 9000 + b"x",
    b"",
]
TYPES = [
    "application/octet-stream",
    "application/pdf",
    "application/force-download",
    "text/plain",
    "application/x-json",
]


def typed(body: bytes, kind: str | None) -> Answer:
    """Answer with a body of a content type; None is none."""
    return of(body, {"Content-Type": kind} if kind else {})


@pytest.mark.parametrize(
    ("kind", "body"),
    [*((None, body) for body in IN_PLACE), *((kind, DOCTYPE) for kind in TYPES)],
    ids=lambda one: repr(one)[:30],
)
async def test_markup_json_or_nothing_is_no_binary_file(
    tmp_path: Path, desk_at: Callable[[str], hb.Helpdesk], kind: str | None, body: bytes
) -> None:
    error = await refusal(desk_at, UNSIZED_PDF, tmp_path, typed(body, kind))
    assert type(error) is errors.ProtocolError
    assert error.reason in (Reason.WEB_PAGE, Reason.NOT_THE_FILE)
    assert "in place of the file (application/pdf was announced)" in error.message


@pytest.mark.parametrize("body", IN_PLACE, ids=lambda body: repr(body[:20]))
async def test_it_is_told_when_it_comes_in_drops(
    tmp_path: Path, desk_at: Callable[[str], hb.Helpdesk], body: bytes
) -> None:
    await refusal(desk_at, UNSIZED_PDF, tmp_path, typed(body, None).dripped(3))


@pytest.mark.parametrize(
    "name", ["a.png", "a.JPG", "a.gif", "a.zip", "a.docx", "a.xlsx", "a.odt", "a.gz", "a.mp4"]
)
async def test_every_binary_kind_is_known_by_its_name(
    tmp_path: Path, desk_at: Callable[[str], hb.Helpdesk], name: str
) -> None:
    file = hb.Attachment(id="5", name=name)
    await refusal(desk_at, file, tmp_path, typed(DOCTYPE, "text/plain"))


@pytest.mark.parametrize(
    "name", ["a.svg", "a.xml", "a.html", "a.txt", "a.json", "a.xls", "a.fodt", "a.unknown", None]
)
@pytest.mark.parametrize("body", [b"", b'{"error": 1}', b"<a/>", b"<?xml?><html/>"])
async def test_of_another_kind_it_may_be_the_file(
    tmp_path: Path, desk_at: Callable[[str], hb.Helpdesk], name: str | None, body: bytes
) -> None:
    file = hb.Attachment(id="5", name=name)
    assert await saved(desk_at, file, tmp_path, typed(body, None)) == body


@pytest.mark.parametrize("size", [0, 1])
async def test_an_announced_size_decides(
    tmp_path: Path, desk_at: Callable[[str], hb.Helpdesk], size: int
) -> None:
    body = b"<"[:size]
    assert await saved(desk_at, evolve(INVOICE, size=size), tmp_path, of(body)) == body


@pytest.mark.parametrize(
    "body",
    [PDF, b"\xff\xd8\xff", b"\x00\x00\x00<ftyp", b"\xa0<", b"\xef", b"{\\rtf", b"%", b"[\x01"],
)
async def test_of_a_binary_file_no_known_beginning_is_asked(
    tmp_path: Path, desk_at: Callable[[str], hb.Helpdesk], body: bytes
) -> None:
    answer = chunked(body).dripped(1)
    if body == b"\xef":  # the half of a byte order mark
        await refusal(desk_at, UNSIZED_PDF, tmp_path, answer)
    else:
        assert await saved(desk_at, UNSIZED_PDF, tmp_path, answer) == body


ATTACHED = {"Content-Disposition": "attachment"}
OLD_OFFICE = b"<html xmlns:o='urn:schemas-microsoft-com:office:office'><table><tr><td>1</table>"
PHP_TYPE = {"Content-Type": "text/html; charset=UTF-8"}
SIGNED = {
    "a.pdf": PDF,
    "b.pdf": b"\r\n" * 30 + PDF,
    "a.png": b"\x89PNG\r\n\x1a\n",
    "a.jpg": b"\xff\xd8",
    "a.gif": b"GIF89a",
    "a.xlsx": b"PK\3\4",
    "a.zip": b"PK\5\6" + bytes(18),
    "a.csv.gz": gzip.compress(b"a,b", mtime=0),
    "a.mp4": b"\0\0\0\x18ftypmp42",
}


@pytest.mark.parametrize("name", SIGNED)
@pytest.mark.parametrize("kind", ["text/html; charset=UTF-8", "application/json", "text/xml"])
@pytest.mark.parametrize("drip", [None, 1])
async def test_a_binary_file_is_known_by_its_signature_whatever_its_type(
    tmp_path: Path, desk_at: Callable[[str], hb.Helpdesk], name: str, kind: str, drip: int | None
) -> None:
    file, body = hb.Attachment(id="5", name=name), SIGNED[name]
    answer = typed(body, kind)
    answer = answer if drip is None else answer.dripped(drip)
    assert await saved(desk_at, file, tmp_path, answer) == body
    sized = evolve(file, size=len(body))
    assert await saved(desk_at, sized, tmp_path, typed(body, kind)) == body


@pytest.mark.parametrize("body", [DOCTYPE, b"", b" " * 9000, b"Sign in", b"%", b"\xef\xbb\xbf{"])
async def test_what_has_no_signature_is_judged_by_its_type(
    tmp_path: Path, desk_at: Callable[[str], hb.Helpdesk], body: bytes
) -> None:
    await refusal(desk_at, UNSIZED_PDF, tmp_path, of(body, PHP_TYPE))
    await refusal(desk_at, UNSIZED_PDF, tmp_path, of(body, PHP_TYPE).dripped(1))


@pytest.mark.parametrize("drip", [None, 1])
async def test_a_tar_archive_may_begin_with_any_name(
    tmp_path: Path, desk_at: Callable[[str], hb.Helpdesk], drip: int | None
) -> None:
    file = hb.Attachment(id="5", name="a.tar")
    for body in (DOCTYPE, DOCTYPE + b"x" * 900, b"<html>"):
        await refusal(desk_at, file, tmp_path, of(body))
    for body in (b"<x.html".ljust(512, b"\0"), b"<" * 100 + b"0000644\0".ljust(412, b"\0")):
        answer = of(body) if drip is None else of(body).dripped(drip)
        assert await saved(desk_at, file, tmp_path, answer) == body


@pytest.mark.parametrize("name", ["a.xls", "a.doc"])
@pytest.mark.parametrize("kind", [None, "application/octet-stream", "text/html", "text/xml"])
async def test_a_page_may_be_a_file_of_the_older_office_if_it_is_sent_to_be_saved(
    tmp_path: Path, desk_at: Callable[[str], hb.Helpdesk], name: str, kind: str | None
) -> None:
    file, headers = hb.Attachment(id="5", name=name), {"Content-Type": kind} if kind else {}
    await refusal(desk_at, file, tmp_path, of(OLD_OFFICE, headers))
    assert await saved(desk_at, file, tmp_path, of(OLD_OFFICE, headers | ATTACHED)) == OLD_OFFICE
    headers = {"Content-Type": "application/vnd.ms-excel"}
    assert await saved(desk_at, file, tmp_path, of(OLD_OFFICE, headers)) == OLD_OFFICE


@pytest.mark.parametrize(
    ("name", "kind", "body"),
    [
        *((name, "application/json", b"{}") for name in ("scan.log", "a.YAML", "a.jsonl", "a.js")),
        *((name, "text/xml", b"<a/>") for name in ("a.fodt", "a.musicxml")),
        *((name, None, DOCTYPE) for name in ("index.php", "a.vue", "page.erb", "a.mht", "a.ts")),
    ],
)
async def test_a_text_by_its_name_may_be_any_text(
    tmp_path: Path, desk_at: Callable[[str], hb.Helpdesk], name: str, kind: str | None, body: bytes
) -> None:
    file = hb.Attachment(id="5", name=name)
    assert await saved(desk_at, file, tmp_path, typed(body, kind)) == body


@pytest.mark.parametrize("name", ["invoice", "log", "a.unknown", None])
async def test_a_file_without_a_kind_is_no_page_and_no_answer_of_a_program(
    tmp_path: Path, desk_at: Callable[[str], hb.Helpdesk], name: str | None
) -> None:
    file = hb.Attachment(id="5", name=name)
    await refusal(desk_at, file, tmp_path, typed(DOCTYPE, None))
    await refusal(desk_at, file, tmp_path, of(DOCTYPE, PHP_TYPE))
    if name:
        await refusal(desk_at, file, tmp_path, typed(b"{}", "application/json"))


# -- what is packed ----------------------------------------------------------------------------

ENDLESS = {
    "a name": b"\x1f\x8b\x08\x08\0\0\0\0\0\x03" + b"x" * 200_000,
    "empty blocks": b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + b"\0\0\0\xff\xff" * 40_000,
}


@pytest.mark.parametrize("case", ENDLESS)
async def test_of_a_packed_file_no_more_than_64_kib_are_held_back(
    desk_at: Callable[[str], hb.Helpdesk], case: str
) -> None:
    answer = Answer(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 999999\r\n\r\n"
        + ENDLESS[case],
        end=End.HANG,
    )
    async with (
        FaultServer(answer) as server,
        desk_at(server.url) as desk,
        desk.open_attachment(UNSIZED) as chunks,
    ):
        first = await anext(chunks)
    assert len(first) <= 128 * 1024
    assert ENDLESS[case].startswith(first)


@pytest.mark.parametrize("inside", [b"", b"x"])
async def test_a_packed_file_of_one_byte_comes_whole(
    tmp_path: Path, desk_at: Callable[[str], hb.Helpdesk], inside: bytes
) -> None:
    body = gzip.compress(inside, mtime=0)
    assert await saved(desk_at, UNSIZED, tmp_path, chunked(body, GZIPPED).dripped(1)) == body
