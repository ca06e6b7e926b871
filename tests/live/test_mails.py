"""Mails that go in by Request Tracker's own gateway are read as their senders wrote them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
import pytest_asyncio

import helpdesk_bridge as hb
from tests.live.request_tracker import Agent, RequestTracker
from tests.live.test_request_tracker import settings

pytestmark = pytest.mark.asyncio

LI = "Li <li@mails.example>"
PNG = "iVBORw0KGgo="


def part(kind: str, body: str, *headers: str) -> str:
    return "\n".join([f"Content-Type: {kind}", *headers, "", body])


def several(kind: str, boundary: str, *parts: str) -> str:
    inner = "".join(f"--{boundary}\n{one}\n" for one in parts)
    return part(f"multipart/{kind}; boundary={boundary}", f"{inner}--{boundary}--")


def plain(words: str, *headers: str) -> str:
    return part("text/plain; charset=utf-8", words, *headers)


def html(words: str, *headers: str) -> str:
    return part("text/html; charset=utf-8", words, *headers)


def picture(name: str, content_id: str = "") -> str:
    shown = [f"Content-ID: {content_id}"] if content_id else []
    place = f"Content-Disposition: attachment; filename={name}"
    return part(f"image/png; name={name}", PNG, place, "Content-Transfer-Encoding: base64", *shown)


OFFER = (
    "From: Other <other@corp.example>\nTo: li@mails.example\nSubject: Offer\nMIME-Version: 1.0\n"
    + several(
        "mixed",
        "I",
        several("alternative", "J", plain("Größe"), html("<p>Send your card number.</p>")),
        picture("inner.png"),
    )
)
ATTACHED = part("message/rfc822", OFFER, 'Content-Disposition: attachment; filename="offer.eml"')
PACKED = part("message/rfc822", "U3ViamVjdDogeAoKT2ZmZXI=", "Content-Transfer-Encoding: base64")
SHAPES = {
    "an attached mail": (
        several("mixed", "B", plain("Is it from you?"), ATTACHED),
        "Is it from you?",
        ["offer.eml"],
    ),
    "a list's footer": (
        several("mixed", "B", html("<p>order 4711</p>"), plain("____\nthe list")),
        "order 4711\n____\nthe list",
        [],
    ),
    "a picture between halves": (
        several("mixed", "B", plain("above"), picture("a.png"), plain("below")),
        "above\nbelow",
        ["a.png"],
    ),
    "forms, pictures and a file": (
        several(
            "mixed",
            "B",
            several(
                "related",
                "C",
                several("alternative", "D", plain("words"), html('<p>w <img src="cid:a"></p>')),
                picture("shown.png", "<A>"),
                picture("photo.png", "<a1>"),
            ),
            plain("a log", 'Content-Disposition: attachment; filename="log.txt"'),
        ),
        "words",
        ["shown.png (inline)", "photo.png", "log.txt"],
    ),
    "an empty plain form": (
        several("alternative", "B", plain(" "), html("<p>words</p>")),
        "words",
        [],
    ),
    "a meeting": (
        several(
            "alternative",
            "B",
            plain("at nine"),
            html("<p>at nine</p>"),
            part("text/calendar; method=REQUEST", "BEGIN:VCALENDAR\nEND:VCALENDAR"),
        ),
        "at nine",
        [None],
    ),
    "signed": (
        several(
            "signed",
            "B",
            several("alternative", "C", plain("words"), html("<p>words</p>")),
            part("application/pgp-signature; name=s.asc", "SIG"),
        ),
        "words",
        ["s.asc"],
    ),
    "a mail and nothing else": (part("message/rfc822", OFFER), None, [None]),
    "no type at all": ("\nwords", "words", []),
}


@pytest_asyncio.fixture
async def place(
    request_tracker: RequestTracker,
) -> AsyncIterator[tuple[RequestTracker, Agent, hb.Helpdesk]]:
    agent = request_tracker.new_account()
    async with hb.Helpdesk(settings(request_tracker, agent)) as desk:
        yield request_tracker, agent, desk


Place = tuple[RequestTracker, Agent, hb.Helpdesk]


async def gatewayed(place: Place, *mails: str) -> list[str]:
    server, agent, _ = place
    told = await asyncio.to_thread(server.console.ask, "mails", agent.queue, *mails)
    return [str(ticket) for ticket in told]


def mail(shape: str, *headers: str, sender: str = LI, subject: str = "Order") -> str:
    lines = [f"From: {sender}", "To: x@desk.test", f"Subject: {subject}", "MIME-Version: 1.0"]
    return "\n".join([*lines, *headers, shape])


async def spoken(desk: hb.Helpdesk, ticket_id: str) -> list[hb.Message]:
    read = [message async for message in desk.messages(ticket_id)]
    return [message for message in read if message.type is not hb.MessageType.SYSTEM]


async def test_the_words_of_a_mail_are_its_senders(place: Place) -> None:
    tickets = await gatewayed(place, *(mail(shape) for shape, _, _ in SHAPES.values()))
    found = {}
    for name, ticket_id in zip(SHAPES, tickets, strict=True):
        (message,) = await spoken(place[2], ticket_id)
        text = message.text.strip() if message.text is not None else None
        files = [
            f"{file.name} (inline)" if file.inline else file.name for file in message.attachments
        ]
        found[name] = (text, files)
        assert await place[2].message(ticket_id, message.id) == message
    assert found == {name: (text, files) for name, (_, text, files) in SHAPES.items()}


async def test_an_attached_mail_can_be_opened_and_saved(place: Place, tmp_path: Path) -> None:
    desk = place[2]
    (ticket_id,) = await gatewayed(place, mail(several("mixed", "B", plain("see"), ATTACHED)))
    ((file,),) = [message.attachments for message in await spoken(desk, ticket_id)]
    assert (file.name, file.mime_type, file.size) == ("offer.eml", "message/rfc822", None)
    path = await desk.save_attachment(file, tmp_path)
    read = message_from_bytes(path.read_bytes(), policy=default)
    assert (path.name, read["Subject"], read.defects) == ("offer.eml", "Offer", [])
    forms, image = read.iter_parts()
    words, markup = (one.get_payload(decode=True).decode().strip() for one in forms.iter_parts())
    assert (words, markup) == ("Größe", "<p>Send your card number.</p>")
    assert (image.get_filename(), image.get_payload(decode=True)) == (
        "inner.png",
        b"\x89PNG\r\n\x1a\n",
    )


async def test_of_a_mail_that_came_packed_rt_keeps_nothing(place: Place, tmp_path: Path) -> None:
    desk = place[2]
    (ticket_id,) = await gatewayed(place, mail(several("mixed", "B", plain("see"), PACKED)))
    ((file,),) = [message.attachments for message in await spoken(desk, ticket_id)]
    with pytest.raises(hb.NotFound, match="keeps none of this attached mail"):
        await desk.save_attachment(file, tmp_path)


async def test_only_an_agent_makes_a_response(place: Place) -> None:
    server, agent, desk = place
    (ticket_id,) = await gatewayed(place, mail(plain("first")))
    subject = f"Re: [desk.test #{ticket_id}] Order"
    colleague, own = "Ana <ana@mails.example>", f"{agent.agent}@desk.test"
    bounce = several(
        "report; report-type=delivery-status",
        "B",
        plain("could not be delivered"),
        part("message/delivery-status", "Reporting-MTA: dns; mx\n\nAction: failed"),
    )
    went = await gatewayed(
        place,
        mail(plain("of a colleague"), sender=colleague, subject=subject),
        mail(plain("second"), subject=subject),
        mail(plain("by mail"), sender=own, subject=subject),
        mail(plain("away"), "Auto-Submitted: auto-replied", sender=own, subject=subject),
        mail(plain("away too"), "Auto-Submitted: auto-replied", subject=subject),
        mail(bounce, "Return-Path: <>", sender="mailer-daemon@mx.example", subject=subject),
    )
    assert set(went) == {ticket_id}
    await desk.reply(ticket_id, text="by the desk", send_email=True)
    other = server.new_account()
    read = await spoken(desk, ticket_id)
    unknown = (hb.MessageType.UNKNOWN, hb.Role.UNKNOWN)
    told = {(message.text or "").strip(): (message.type, message.author.role) for message in read}
    assert told == {
        "first": (hb.MessageType.REQUEST, hb.Role.CUSTOMER),
        "of a colleague": unknown,
        "second": (hb.MessageType.REQUEST, hb.Role.CUSTOMER),
        "by mail": (hb.MessageType.RESPONSE, hb.Role.AGENT),
        "away": (hb.MessageType.UNKNOWN, hb.Role.AGENT),
        "away too": (hb.MessageType.UNKNOWN, hb.Role.CUSTOMER),
        "could not be delivered": unknown,
        "by the desk": (hb.MessageType.RESPONSE, hb.Role.AGENT),
    }
    assert {message.audience for message in read} == {hb.Audience.EXTERNAL}
    assert other.agent != agent.agent
