"""A mail that is attached to another is one file, and can be opened and saved."""

from __future__ import annotations

from base64 import encodebytes
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from helpdesk_bridge import Helpdesk, IncompleteList, NotFound, ProtocolError
from tests.adapters.doubles import Caught
from tests.adapters.request_tracker.conftest import RequestTrackerDouble, row_json
from tests.adapters.request_tracker.trees import TREE, html, part, plain, recorded

pytestmark = pytest.mark.asyncio
BYTES = bytes(range(256)) * 20
INNER = part(
    TREE,
    part(
        "multipart/alternative",
        plain("Größe\n=_attached-3\n", Content_Transfer_Encoding="base64"),
        html("<p>Größe</p>", X_RT_Original_Encoding="utf-8"),
        Content_Type='multipart/alternative; boundary="old"; charset=x',
    ),
    part("application/pdf", "PDF", name="a.pdf", Content_Type='application/pdf; name="a.pdf"'),
    part("message/rfc822", plain("inmost", Subject="Third")),
    From='"Börse" <other@corp.example>',
    Subject="Offer\n of today",
    Content_Type="multipart/mixed; boundary=old",
    Content_Length="0",
)


def keep(fake: RequestTrackerDouble, inner: tuple[Any, ...], **headers: str) -> None:
    """Have RT keep a request with an attached mail, and whatever is in that."""
    rows, fake.parents, bodies = recorded(
        part(TREE, plain("see"), part("message/rfc822", inner, **headers))
    )
    fake.history = [row_json(99)]
    for row in rows:
        number = row["id"]
        body = bodies.get(number, "")
        content: str | None = encodebytes(body.encode()).decode()
        if number in fake.parents.values() or row["ContentType"] == "message/rfc822":
            content = None
        elif row["ContentType"] == "application/pdf":
            content = encodebytes(BYTES).decode()
        fake.files[number] = {"Content": content, "TransactionId": {"id": "99"}}
        fake.parts.append({**row, "Content": body})


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def opened(desk: Helpdesk) -> bytes:
    (message,) = [message async for message in desk.messages("4")]
    (file,) = message.attachments
    assert (message.text, file.size) == ("see", None)
    async with desk.open_attachment(file) as chunks:
        return b"".join([chunk async for chunk in chunks])


async def test_an_attached_mail_is_put_together_from_its_parts(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    keep(fake, INNER, Content_Disposition='attachment; filename="offer.eml"')
    read = message_from_bytes(await opened(desk), policy=default)
    assert (read["Subject"], read["From"]) == ("Offer of today", "Börse <other@corp.example>")
    assert read["Content-Length"] is None
    alternative, pdf, third = read.iter_parts()
    text, markup = alternative.iter_parts()
    assert text.get_payload(decode=True).decode().splitlines() == ["Größe", "=_attached-3"]
    assert markup.get_payload(decode=True).decode().strip() == "<p>Größe</p>"
    assert (pdf.get_filename(), pdf.get_payload(decode=True)) == ("a.pdf", BYTES)
    assert third.get_content()["Subject"] == "Third"
    assert third.get_content().get_payload(decode=True).strip() == b"inmost"
    assert read.defects + alternative.defects == []


async def test_it_is_saved_under_its_name(
    fake: RequestTrackerDouble, desk: Helpdesk, tmp_path: Path
) -> None:
    keep(fake, plain("words", Subject="S"), Content_Disposition="attachment; filename=offer.eml")
    (message,) = [message async for message in desk.messages("4")]
    path = await desk.save_attachment(message.attachments[0], tmp_path)
    assert path.name == "offer.eml"
    assert message_from_bytes(path.read_bytes())["Subject"] == "S"


async def test_lines_that_are_too_long_for_a_mail_are_encoded(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    keep(fake, plain("x" * 5000, Subject="S"))
    raw = await opened(desk)
    assert max(map(len, raw.splitlines())) < 998
    assert message_from_bytes(raw, policy=default).get_payload(decode=True) == b"x" * 5000


@pytest.mark.parametrize(
    "inner", [plain("", X_RT_Original_Encoding="ascii", Content_Length="0"), part(TREE)]
)
async def test_of_a_mail_that_came_in_base64_rt_keeps_nothing_and_that_is_said(
    fake: RequestTrackerDouble, desk: Helpdesk, caught: Caught, inner: tuple[Any, ...]
) -> None:
    keep(fake, inner)
    error = await caught(opened(desk))
    assert isinstance(error, NotFound)
    assert "keeps none of this attached mail" in str(error)


async def test_a_mail_whose_parts_are_hidden_is_not_found(
    fake: RequestTrackerDouble, desk: Helpdesk, caught: Caught
) -> None:
    keep(fake, INNER)
    (message,) = [message async for message in desk.messages("4")]
    fake.hide(99)

    async def download() -> None:
        async with desk.open_attachment(message.attachments[0]):
            pass

    assert isinstance(await caught(download()), NotFound)
    fake.beside = {"incomplete_results": True}  # then it may be there
    assert isinstance(await caught(download()), IncompleteList)


async def test_a_part_that_has_no_bytes_after_all_leaves_no_half_file(
    fake: RequestTrackerDouble, desk: Helpdesk, caught: Caught, tmp_path: Path
) -> None:
    keep(fake, INNER)
    (message,) = [message async for message in desk.messages("4")]
    fake.files["6"] = {"Content": None, "TransactionId": {"id": "99"}}
    error = await caught(desk.save_attachment(message.attachments[0], tmp_path))
    assert isinstance(error, ProtocolError)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({"Content_Type": 'message/rfc822; name="=?utf-8?B?A?="'}, "=?utf-8?B?A?="),
        ({"Content_Disposition": f"attachment; filename*=idna''{'a' * 80}"}, "a" * 80),
        ({"Content_Disposition": "attachment; filename*=undefined''%41"}, "%41"),
        ({"Content_Disposition": 'attachment; filename="=?utf-8?Q?=C3=A4?=.eml"'}, "ä.eml"),
        ({"Content_Disposition": f"attachment; filename*{'9' * 5000}=a"}, None),
    ],
)
async def test_no_file_name_makes_a_ticket_unreadable(
    fake: RequestTrackerDouble, desk: Helpdesk, headers: dict[str, str], name: str | None
) -> None:
    keep(fake, INNER, **headers)
    (message,) = [message async for message in desk.messages("4")]
    (conversation,) = [found async for found in desk.conversations(["4"])]
    assert [file.name for file in message.attachments] == [name]
    assert len(conversation.messages) == 1
