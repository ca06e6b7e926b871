"""A download is the file that the vendor announced, whole, or an error that leaves no file."""

from __future__ import annotations

import base64
import gzip
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import ClassVar

import pytest
from attrs import evolve, frozen

import helpdesk_bridge as hb
from helpdesk_bridge import errors, kit
from helpdesk_bridge.errors import Reason
from helpdesk_bridge.testing import Answer, FaultServer
from helpdesk_bridge.transport import Effect, Operation, clock
from tests.every_adapter.places import ADAPTERS, Place, opened

pytestmark = pytest.mark.asyncio
PDF = b"%PDF-1.7 " + bytes(range(256)) * 4
PAGE = b"<!DOCTYPE html><title>Sign in</title>" + b"x" * 3000
CSV = b"a,b\n" * 500
PACKED = gzip.compress(CSV, mtime=0)
PAGE_TYPE = {"Content-Type": "text/html; charset=utf-8"}
INVOICE = hb.Attachment(id="5", name="invoice.pdf", mime_type="application/pdf", size=len(PDF))
LOG = hb.Attachment(id="5", name="log.csv.gz", mime_type="text/csv", size=len(PACKED))


@frozen(kw_only=True)
class ElsewhereSettings:
    """The settings of an adapter whose vendor keeps its files on another host."""

    adapter = "elsewhere"
    base_url: str


class Elsewhere(kit.Adapter):
    """Takes files from an absolute address on another port."""

    name = "elsewhere"
    settings_type = ElsewhereSettings
    settings: ElsewhereSettings
    offers: ClassVar = {kit.Capability.OPEN_ATTACHMENT: kit.native()}
    file_hosts = frozenset({"127.0.0.1"})

    def open_attachment(
        self, attachment: hb.Attachment, size: str | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        operation = Operation("open_attachment", Effect.READ)
        return self.transport.stream_url(operation, f"{self.settings.base_url}/f/{attachment.id}")


def _helpspace(url: str) -> hb.Helpdesk:
    options = hb.TransportOptions(max_attempts=1)
    return hb.Helpdesk(
        hb.HelpSpaceSettings(token="t0ken", client_id="c", base_url=url), options=options
    )


def _elsewhere(url: str) -> hb.Helpdesk:
    options = hb.TransportOptions(max_attempts=1)
    return hb.Helpdesk(ElsewhereSettings(base_url=url), options=options, adapter=Elsewhere)


STREAMED = {"by path": _helpspace, "by address": _elsewhere}


@pytest.fixture(params=STREAMED)
def desk_at(request: pytest.FixtureRequest) -> Callable[[str], hb.Helpdesk]:
    """Return what makes a desk at an address, for each way a file is streamed in."""
    return STREAMED[request.param]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(seconds: float) -> None:
        pass

    monkeypatch.setattr(clock, "pause", at_once)


async def saved(
    desk_at: Callable[[str], hb.Helpdesk], file: hb.Attachment, folder: Path, *script: Answer
) -> bytes:
    """Save ``file`` from a vendor that answers so, and return its bytes."""
    async with FaultServer(*script, default=Answer.of(500)) as server, desk_at(server.url) as desk:
        return (await desk.save_attachment(file, folder)).read_bytes()


async def refusal(
    desk_at: Callable[[str], hb.Helpdesk], file: hb.Attachment, folder: Path, *script: Answer
) -> hb.HelpdeskError:
    """Return the error of saving and of opening the file, which must leave nothing behind."""
    with pytest.raises(hb.HelpdeskError) as caught:
        await saved(desk_at, file, folder, *script)
    assert left(folder) == []
    async with FaultServer(*script, default=Answer.of(500)) as server, desk_at(server.url) as desk:
        with pytest.raises(hb.HelpdeskError) as opening:
            await _whole(desk, file)
    assert (type(opening.value), opening.value.reason) == (type(caught.value), caught.value.reason)
    return caught.value


def left(folder: Path) -> list[str]:
    """Return what is in a folder."""
    return [path.name for path in folder.iterdir()]


async def _into(desk: hb.Helpdesk, file: hb.Attachment, into: bytearray) -> None:
    async with desk.open_attachment(file) as chunks:
        async for chunk in chunks:
            into += chunk


async def _whole(desk: hb.Helpdesk, file: hb.Attachment) -> bytes:
    async with desk.open_attachment(file) as chunks:
        return b"".join([chunk async for chunk in chunks])


def of(body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
    """Answer with a body of a length that is told."""
    return Answer.of(200, body, headers)


def chunked(body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
    """Answer with a body whose length is not told."""
    coded = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    return Answer.of(200, coded, {"Transfer-Encoding": "chunked", **(headers or {})})


# -- of what was announced --------------------------------------------------------------------

ANOTHER_KIND = {
    "a login page": (of(PAGE, PAGE_TYPE), Reason.WEB_PAGE),
    "a login page of the right size": (of(PAGE[: len(PDF)], PAGE_TYPE), Reason.WEB_PAGE),
    "an XHTML page": (of(PAGE, {"Content-Type": "application/xhtml+xml"}), Reason.WEB_PAGE),
    "an error as JSON": (Answer.json({"error": "not found"}), Reason.NOT_THE_FILE),
    "a problem as JSON": (
        of(b"{}", {"Content-Type": "application/problem+json"}),
        Reason.NOT_THE_FILE,
    ),
    "an error as XML": (of(b"<Error/>", {"Content-Type": "Text/XML"}), Reason.NOT_THE_FILE),
}


@pytest.mark.parametrize("case", ANOTHER_KIND)
@pytest.mark.parametrize("size", [len(PDF), None], ids=["sized", "unsized"])
async def test_what_is_of_another_kind_is_no_file(
    desk_at: Callable[[str], hb.Helpdesk], tmp_path: Path, case: str, size: int | None
) -> None:
    answer, reason = ANOTHER_KIND[case]
    error = await refusal(desk_at, evolve(INVOICE, size=size), tmp_path, answer)
    assert (type(error), error.reason) == (errors.ProtocolError, reason)
    assert "in place of the file (application/pdf was announced)" in error.message


@pytest.mark.parametrize(
    "kind",
    [None, "application/octet-stream", "binary/octet-stream", "application/x-pdf", "text/plain"],
)
async def test_a_type_that_many_servers_give_everything_is_no_evidence(
    desk_at: Callable[[str], hb.Helpdesk], tmp_path: Path, kind: str | None
) -> None:
    headers = {"Content-Type": kind} if kind else {}
    assert await saved(desk_at, INVOICE, tmp_path, of(PDF, headers)) == PDF


@pytest.mark.parametrize("kind", [None, "application/octet-stream"])
@pytest.mark.parametrize("drip", [None, 3])
async def test_a_page_without_a_type_is_told_by_how_it_begins(
    desk_at: Callable[[str], hb.Helpdesk], tmp_path: Path, kind: str | None, drip: int | None
) -> None:
    answer = of(b"\n " + PAGE, {"Content-Type": kind} if kind else {})
    answer = answer if drip is None else answer.dripped(drip)
    error = await refusal(desk_at, evolve(INVOICE, size=None), tmp_path, answer)
    assert error.reason is Reason.WEB_PAGE


@pytest.mark.parametrize("body", [b"", b" \n", b"<", b"<!doc", b" " * 9000 + b"x", b"<?xml?>"])
async def test_what_only_might_have_become_a_page_comes_whole(
    desk_at: Callable[[str], hb.Helpdesk], tmp_path: Path, body: bytes
) -> None:
    file = hb.Attachment(id="5", name="invoice.dat")  # of which no kind is known
    assert await saved(desk_at, file, tmp_path, of(body)) == body


@pytest.mark.parametrize(
    ("file", "answer"),
    [
        (evolve(INVOICE, mime_type="text/html", name=None), of(PAGE, PAGE_TYPE)),
        (evolve(INVOICE, mime_type=None, name="page.html"), of(PAGE, PAGE_TYPE)),
        (evolve(INVOICE, mime_type="application/octet-stream", name="a.htm"), of(PAGE, PAGE_TYPE)),
        (
            evolve(INVOICE, mime_type=None, name=None),
            of(PAGE, {**PAGE_TYPE, "Content-Disposition": 'attachment; filename="a"'}),
        ),
        (evolve(INVOICE, mime_type=None, name="a.json"), Answer.json([])),
        (evolve(INVOICE, mime_type="image/svg+xml"), of(b"<svg/>", {"Content-Type": "text/xml"})),
    ],
)
async def test_a_page_that_was_announced_is_the_file(
    desk_at: Callable[[str], hb.Helpdesk], tmp_path: Path, file: hb.Attachment, answer: Answer
) -> None:
    body = answer.data.partition(b"\r\n\r\n")[2]
    assert await saved(desk_at, evolve(file, size=None), tmp_path, answer) == body


@pytest.mark.parametrize("kind", [None, "application/octet-stream"])
async def test_of_a_file_without_a_kind_a_page_is_believed_by_its_size_only(
    desk_at: Callable[[str], hb.Helpdesk], tmp_path: Path, kind: str | None
) -> None:
    file = hb.Attachment(id="5", mime_type=kind)
    error = await refusal(desk_at, file, tmp_path, of(PAGE, PAGE_TYPE))
    assert error.reason is Reason.WEB_PAGE
    sized = evolve(file, size=len(PAGE))
    assert await saved(desk_at, sized, tmp_path, of(PAGE, PAGE_TYPE)) == PAGE


@pytest.mark.parametrize("status", [203, 204, 205])
async def test_a_status_that_comes_with_no_file_is_an_error(
    desk_at: Callable[[str], hb.Helpdesk], tmp_path: Path, status: int
) -> None:
    answer = Answer.of(status, b"" if status == 204 else PDF)
    error = await refusal(desk_at, evolve(INVOICE, size=None), tmp_path, answer)
    assert (error.reason, error.status) == (Reason.NOT_THE_FILE, status)


async def test_a_file_that_is_not_ready_yet_may_be_asked_for_again(
    desk_at: Callable[[str], hb.Helpdesk], tmp_path: Path
) -> None:
    answer = Answer.of(202, PDF, {"Retry-After": "7"})
    error = await refusal(desk_at, INVOICE, tmp_path, answer)
    assert (type(error), error.retryable, error.retry_after) == (errors.VendorUnavailable, True, 7)


async def test_a_part_of_a_file_is_no_file(
    desk_at: Callable[[str], hb.Helpdesk], tmp_path: Path
) -> None:
    answer = Answer.of(206, PDF, {"Content-Range": f"bytes 0-{len(PDF) - 1}/{len(PDF)}"})
    assert type(await refusal(desk_at, INVOICE, tmp_path, answer)) is errors.TruncatedBody


@pytest.mark.parametrize(
    "file",
    [
        INVOICE,
        evolve(INVOICE, size=None),
        evolve(INVOICE, name="a.html", mime_type=None, size=None),
    ],
)
async def test_a_redirect_to_a_login_page_gives_no_file(
    desk_at: Callable[[str], hb.Helpdesk], tmp_path: Path, file: hb.Attachment
) -> None:
    script = Answer.redirect("/login"), of(PAGE, PAGE_TYPE)
    error = await refusal(desk_at, file, tmp_path, *script)
    assert (type(error), error.reason) == (hb.AuthenticationError, Reason.CREDENTIALS)


async def test_a_redirect_to_the_file_is_followed(
    desk_at: Callable[[str], hb.Helpdesk], tmp_path: Path
) -> None:
    assert await saved(desk_at, INVOICE, tmp_path, Answer.redirect("/media/1"), of(PDF)) == PDF


# -- as many bytes as announced ----------------------------------------------------------------


@pytest.mark.parametrize("made", [of, chunked])
@pytest.mark.parametrize("off", [-1, 1, 2000])
async def test_another_number_of_bytes_is_an_error(
    desk_at: Callable[[str], hb.Helpdesk], tmp_path: Path, made: Callable[..., Answer], off: int
) -> None:
    file = evolve(INVOICE, size=len(PDF) - off)
    error = await refusal(desk_at, file, tmp_path, made(PDF + bytes(max(off - len(PDF), 0))))
    assert type(error) is (errors.TruncatedBody if off < 0 else errors.ProtocolError)
    assert f"the file has {file.size} bytes" in error.message


async def test_bytes_too_many_are_not_given_away(
    desk_at: Callable[[str], hb.Helpdesk],
) -> None:
    came = bytearray()
    async with FaultServer(of(PDF)) as server, desk_at(server.url) as desk:
        with pytest.raises(hb.ProtocolError):
            await _into(desk, evolve(INVOICE, size=0), came)
    assert came == b""


async def test_a_size_that_is_known_to_be_wrong_can_be_left_out(
    desk_at: Callable[[str], hb.Helpdesk], tmp_path: Path
) -> None:
    assert await saved(desk_at, evolve(INVOICE, size=None), tmp_path, chunked(PDF)) == PDF


# -- packed as it is stored --------------------------------------------------------------------

GZIPPED = {"Content-Encoding": "gzip"}
TWICE = gzip.compress(PACKED, mtime=0)
UNSIZED = evolve(LOG, size=None)
PLAIN = hb.Attachment(id="5", name="log.csv", mime_type="text/csv", size=len(CSV))
PACKINGS = {
    "a packed file as it is": (LOG, of(PACKED), PACKED),
    "a packed file that is labelled": (LOG, of(PACKED, GZIPPED), PACKED),
    "that is labelled x-gzip": (LOG, of(PACKED, {"Content-Encoding": "X-GZIP"}), PACKED),
    "that is labelled, of no known length": (LOG, chunked(PACKED, GZIPPED), PACKED),
    "that is labelled, of no known size": (UNSIZED, of(PACKED, GZIPPED), PACKED),
    "in drops": (UNSIZED, chunked(PACKED, GZIPPED).dripped(1), PACKED),
    "known by its type": (
        hb.Attachment(id="5", mime_type="application/x-gzip"),
        of(PACKED, GZIPPED),
        PACKED,
    ),
    "packed once more on its way": (LOG, of(TWICE, GZIPPED), PACKED),
    "once more, of no known length": (LOG, chunked(TWICE, GZIPPED), PACKED),
    "once more, of no known size": (UNSIZED, of(TWICE, GZIPPED), PACKED),
    "labelled and not packed so": (
        evolve(LOG, name="a.tar.bz2", mime_type=None, size=None),
        of(b"BZh91AY&SY", GZIPPED),
        b"BZh91AY&SY",
    ),
    "labelled and empty": (UNSIZED, of(b"", GZIPPED), b""),
    "labelled by another packing": (
        evolve(LOG, name="a.csv.br", size=4),
        of(b"\x0b\x01\x80a", {"Content-Encoding": "br"}),
        b"\x0b\x01\x80a",
    ),
    "a store that keeps it packed, and says so": (
        evolve(PLAIN, size=len(PACKED)),
        of(PACKED, GZIPPED),
        PACKED,
    ),
    "a plain file packed on its way": (PLAIN, of(PACKED, GZIPPED), CSV),
    "a plain file packed on its way, in chunks": (PLAIN, chunked(PACKED, GZIPPED), CSV),
    "a plain file of no known size": (evolve(PLAIN, size=None), of(PACKED, GZIPPED), CSV),
}


@pytest.mark.parametrize("case", PACKINGS)
async def test_a_file_is_saved_as_the_vendor_keeps_it(
    desk_at: Callable[[str], hb.Helpdesk], tmp_path: Path, case: str
) -> None:
    file, answer, expected = PACKINGS[case]
    assert await saved(desk_at, file, tmp_path, answer) == expected


async def test_a_packed_file_that_is_cut_is_an_error(
    desk_at: Callable[[str], hb.Helpdesk], tmp_path: Path
) -> None:
    error = await refusal(desk_at, LOG, tmp_path, chunked(PACKED[:-9], GZIPPED))
    assert type(error) is errors.TruncatedBody


async def test_no_packing_is_asked_for(desk_at: Callable[[str], hb.Helpdesk]) -> None:
    async with FaultServer(of(PDF)) as server, desk_at(server.url) as desk:
        await _whole(desk, INVOICE)
    assert server.requests[0].headers["accept-encoding"] == "identity"


# -- every adapter ----------------------------------------------------------------------------

STREAMS_NOTHING = {"airclou", "omnidesk"}
"""Whose vendors document no download: they refuse, and say so."""


@asynccontextmanager
async def _with_file(adapter: str) -> AsyncIterator[tuple[Place, hb.Attachment]]:
    async with opened(adapter) as place:
        file = place.store.file("invoice.pdf", "application/pdf", PDF)
        place.store.create_ticket(
            subject="Invoice",
            requester=place.store.person("li@customer.example"),
            html="<p>Here.</p>",
            files=[file],
        )
        ticket = (await place.desk.tickets()).items[0]
        message = (await place.conversation(ticket))[0]
        yield place, message.attachments[0]


@pytest.mark.parametrize("adapter", sorted(set(ADAPTERS) - STREAMS_NOTHING))
@pytest.mark.parametrize("off", [-1, 0, 1])
async def test_every_adapter_counts_the_bytes(adapter: str, off: int, tmp_path: Path) -> None:
    async with _with_file(adapter) as (place, file):
        assert file.size == len(PDF)
        file = evolve(file, size=len(PDF) + off)
        if not off:
            path = await place.desk.save_attachment(file, tmp_path)
            assert path.read_bytes() == await _whole(place.desk, file) == PDF
            return
        expected = errors.TruncatedBody if off > 0 else errors.ProtocolError
        with pytest.raises(expected, match="the file has"):
            await place.desk.save_attachment(file, tmp_path)
        with pytest.raises(expected, match="the file has"):
            await _whole(place.desk, file)
    assert left(tmp_path) == []


@pytest.mark.parametrize("adapter", sorted(STREAMS_NOTHING))
async def test_an_adapter_without_downloads_says_so(adapter: str, tmp_path: Path) -> None:
    async with opened(adapter) as place:
        with pytest.raises(hb.UnsupportedCapability, match=r"documents? (no download|how)"):
            await place.desk.save_attachment(INVOICE, tmp_path)


@pytest.mark.parametrize(
    "answer",
    [
        of(PAGE, PAGE_TYPE),
        Answer.json({"message": "no"}),
        Answer.json({"Content": None}),
        Answer.json({"Content": base64.b64encode(PDF + b"x").decode()}),
        Answer.of(202, b"{}"),
        Answer.no_content(),
        Answer.redirect("/login"),
    ],
)
async def test_request_tracker_gives_no_other_thing_for_a_file(
    answer: Answer, tmp_path: Path
) -> None:
    async with FaultServer(answer, default=of(PAGE, PAGE_TYPE)) as server:
        settings = hb.RequestTrackerSettings(base_url=server.url, token="1-t0ken")
        async with hb.Helpdesk(settings, options=hb.TransportOptions(max_attempts=1)) as desk:
            with pytest.raises((hb.ProtocolError, hb.AuthenticationError)):  # a sign-in page
                await desk.save_attachment(INVOICE, tmp_path)
    assert left(tmp_path) == []


# -- of a type that is not the one announced, and the file all the same ---------------------------

ATTACHED = {"Content-Disposition": 'attachment; filename="a"'}
X_GZIPPED = {"Content-Encoding": "x-gzip"}


def gz(name: str, size: int | None = len(PACKED)) -> hb.Attachment:
    """Announce a packed file."""
    return hb.Attachment(id="5", name=name, mime_type="application/gzip", size=size)


@pytest.mark.parametrize("made", [of, chunked])
@pytest.mark.parametrize("size", [len(PACKED), None], ids=["sized", "unsized"])
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("r.xml.gz", "application/xml"),
        ("r.XML.GZ", "text/xml"),
        ("r.json.gz", "application/json"),
        ("r.html.gz", "text/html; charset=utf-8"),
        ("r.har.gz", "application/json"),
        ("r.log.gz", "text/plain"),
    ],
)
async def test_the_type_of_an_encoded_answer_is_that_of_its_content(
    desk_at: Callable[[str], hb.Helpdesk],
    tmp_path: Path,
    made: Callable[..., Answer],
    size: int | None,
    name: str,
    kind: str,
) -> None:
    answer = made(PACKED, {"Content-Type": kind, **X_GZIPPED})
    assert await saved(desk_at, gz(name, size), tmp_path, answer) == PACKED


@pytest.mark.parametrize(
    ("file", "headers", "reason"),
    [
        (gz("r.pdf.gz"), {**PAGE_TYPE, **X_GZIPPED}, Reason.WEB_PAGE),
        (gz("r.pdf.gz"), {"Content-Type": "text/xml", **X_GZIPPED}, Reason.NOT_THE_FILE),
        (gz("r.xml.gz"), {**PAGE_TYPE, **X_GZIPPED}, Reason.WEB_PAGE),
        (gz("r.gz", None), {**PAGE_TYPE, **X_GZIPPED}, Reason.WEB_PAGE),
        (gz("r.gz", None), {"Content-Type": "text/xml", **X_GZIPPED}, Reason.NOT_THE_FILE),
        (
            hb.Attachment(id="5", mime_type="application/gzip"),
            {"Content-Type": "application/json", **X_GZIPPED},
            Reason.NOT_THE_FILE,
        ),
        (INVOICE, {**PAGE_TYPE, **X_GZIPPED}, Reason.WEB_PAGE),
        (
            hb.Attachment(id="5", name="a.har"),
            {"Content-Type": "application/xml"},
            Reason.NOT_THE_FILE,
        ),
    ],
)
async def test_an_encoded_answer_of_another_content_is_no_file(
    desk_at: Callable[[str], hb.Helpdesk],
    tmp_path: Path,
    file: hb.Attachment,
    headers: Mapping[str, str],
    reason: Reason,
) -> None:
    assert (await refusal(desk_at, file, tmp_path, of(PACKED, headers))).reason is reason


@pytest.mark.parametrize(
    ("file", "headers"),
    [
        (hb.Attachment(id="5", name="a.har"), {"Content-Type": "application/json"}),
        (hb.Attachment(id="5", name="a.GPX"), {"Content-Type": "text/xml"}),
        (hb.Attachment(id="5", name="a.log", size=len(CSV)), {**PAGE_TYPE, **ATTACHED}),
        (
            hb.Attachment(id="5", name="a.xls", size=len(CSV)),
            {"Content-Type": "application/xml", **ATTACHED},
        ),
    ],
)
async def test_a_file_is_believed_by_its_form_or_as_an_attachment_of_its_size(
    desk_at: Callable[[str], hb.Helpdesk],
    tmp_path: Path,
    file: hb.Attachment,
    headers: Mapping[str, str],
) -> None:
    assert await saved(desk_at, file, tmp_path, of(CSV, headers)) == CSV


@pytest.mark.parametrize("off", [-1, 1])
async def test_an_attachment_of_another_size_is_no_file(
    desk_at: Callable[[str], hb.Helpdesk], tmp_path: Path, off: int
) -> None:
    file = hb.Attachment(id="5", name="a.xls", size=len(CSV) + off)
    answer = of(CSV, {"Content-Type": "application/xml", **ATTACHED})
    await refusal(desk_at, file, tmp_path, answer)
