"""What a vendor's answer says is read with all its words, and names nobody it does not name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from helpdesk_bridge_airclou import wire as airclou
from helpdesk_bridge_helpspace import wire as helpspace
from helpdesk_bridge_omnidesk import wire as omnidesk

from helpdesk_bridge import (
    Audience,
    Helpdesk,
    MemorySettings,
    Message,
    MessageType,
    Role,
    Ticket,
    kit,
)
from helpdesk_bridge.memory.wire import to_message
from helpdesk_bridge.testing import Store

LINK = "https://shop.example/o?id=7&copy=2&reg=3&amp=4&lt"
TEXT = "Result:\n    disk   used\n\t/var\t93%\n\n\n caf\xe9\xa0: 5 \n<b> & &copy;\n"
READING = omnidesk.Reading(ZoneInfo("UTC"))


def helpspace_ticket(**contact: Any) -> Ticket:
    record = {"id": 1, "from_contact": contact, "channel": {"value": "Help <help@d.example>"}}
    return helpspace.one_ticket({"data": record})


def by_helpspace(html: str | None, text: str | None, **more: Any) -> Message:
    assert text is None, "HelpSpace has no plain form"
    return helpspace.one_message({"data": {"id": 2, "body": html, **more}}, helpspace_ticket())


def by_airclou(html: str | None, text: str | None, **more: Any) -> Message:
    record = {"id": "2", "type": "request", "content": html, "textContent": text, **more}
    return kit.read(record, airclou.MessageJson).to_message("1")


def by_omnidesk(html: str | None, text: str | None, **more: Any) -> Message:
    record = {"id": 2, "type": "message", "direction": "inbound", "content": html, **more}
    record |= {} if text is None else {"message": text}
    return kit.read(record, omnidesk.EntryJson).to_message("1", READING)


READ: dict[str, Callable[..., Message]] = {
    "helpspace": by_helpspace,
    "airclou": by_airclou,
    "omnidesk": by_omnidesk,
}


@pytest.mark.parametrize("adapter", READ)
def test_a_link_keeps_its_address(adapter: str) -> None:
    message = READ[adapter](f'<p>See <a href="{LINK}">my order</a></p>', None)
    assert message.text == f"See my order ({LINK[:-3]}<)"


@pytest.mark.parametrize("adapter", READ)
def test_a_text_comes_back_from_the_html_that_was_made_of_it(adapter: str) -> None:
    assert READ[adapter](kit.Body.of(None, TEXT).html, None).text == TEXT


@pytest.mark.asyncio
async def test_a_desk_in_memory_gives_a_text_as_it_was() -> None:
    async with Helpdesk(MemorySettings()) as desk:
        ticket = await desk.create_ticket(subject="s", requester="li@x.example", text=TEXT)
        made = [message async for message in desk.messages(ticket)]
    assert made[0].text == TEXT
    assert kit.html_to_text(made[0].html or "") == TEXT


@pytest.mark.parametrize("blank", ["", "  \n", None, "\u200b"])
def test_airclous_html_is_not_hidden_by_a_blank_text(blank: str | None) -> None:
    assert by_airclou("<p>My order</p>", blank).text == "My order"


@pytest.mark.parametrize("blank", ["", "<p>&nbsp;</p>", "<br>", "<p></p>", None])
def test_airclous_text_is_not_hidden_by_blank_html(blank: str | None) -> None:
    message = by_airclou(blank, "My order")
    assert (message.text, message.html) == ("My order", "<p>My order</p>")


@pytest.mark.parametrize("blank", ["", " \n", "<p>&nbsp;</p>", "<br>", None])
@pytest.mark.parametrize("turned", [False, True])
def test_omnidesks_words_are_found_in_either_field(blank: str | None, turned: bool) -> None:
    given = ("<p>My order</p>", blank) if turned else (blank, "<p>My order</p>")
    assert by_omnidesk(*given).text == "My order"


def test_omnidesks_description_stands_in_where_there_is_no_other_word() -> None:
    assert by_omnidesk("", "<br>", description="My order").text == "My order"
    assert by_omnidesk("<p>a</p>", None, description="My order").text == "a"


@pytest.mark.parametrize("adapter", READ)
def test_a_picture_alone_is_a_body(adapter: str) -> None:
    assert READ[adapter]('<img src="cid:a">', None).html == '<img src="cid:a">'


def test_a_desk_in_memory_shows_the_form_that_has_the_words() -> None:
    person = kit.Party(email="li@x.example")
    ticket = Store().create_ticket(subject="s", requester=person, html="")
    first = ticket.messages[0]
    first.html, first.text = "<p>&nbsp;</p>", "My order"
    shown = to_message(ticket.messages[0], ticket)
    assert (shown.html, shown.text) == ("<p>My order</p>", "My order")
    first.html, first.text = "<p>My order</p>", " "
    assert to_message(ticket.messages[0], ticket).text == "My order"


# -- pictures --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cid", "html", "inline"),
    [
        ("<Img1@X.example>", '<img src="CID:img1%40x.example">', True),
        ("img1", "<img src=cid:img1>", True),
        ("img1", '<img src="cid:img10">', False),
        ("img1", "<p>cid:img1</p>", False),
    ],
)
def test_a_picture_is_inline_where_the_body_shows_it(cid: str, html: str, inline: bool) -> None:
    found = by_airclou(html, None, attachments=[{"id": "a", "contentId": cid}]).attachments
    assert [(file.inline, file.content_id) for file in found] == [(inline, cid)]
    store = Store()
    person = kit.Party(email="li@x.example")
    file = store.file("a.png", "image/png", b"a", inline=True, content_id=cid)
    ticket = store.create_ticket(subject="s", requester=person, html=html, files=[file])
    assert to_message(ticket.messages[0], ticket).attachments[0].inline is inline


# -- people ----------------------------------------------------------------------------------

TO = '"Doe, Jane" <jane@c.example>, undisclosed:;, bob@x.example'
NAMED = [("Doe, Jane", "jane@c.example"), ("undisclosed", None), (None, "bob@x.example")]


def test_recipients_are_told_by_their_addresses() -> None:
    lists = {"to": [TO], "cc": [TO], "bcc": [TO]}
    found = by_helpspace("a", None, **lists)
    people = [found.to, found.cc, found.bcc, by_omnidesk("a", None, to=TO).to]
    people.append(by_airclou("a", None, ccs=[TO]).cc)
    for listed in people:
        assert [(person.name, person.email) for person in listed] == NAMED


@pytest.mark.parametrize(
    ("text", "name", "email"),
    [
        ('"Doe, Jane" <jane@c.example>', "Doe, Jane", "jane@c.example"),
        ("=?utf-8?Q?J=C3=BCrgen?= <j@c.example>", "J\xfcrgen", "j@c.example"),
        ("li@b\xfccher.example", None, "li@b\xfccher.example"),
        ("Team @ Home", "Team @ Home", None),
        ("Li <li@c.example", "Li <li@c.example", None),
    ],
)
def test_a_requester_is_told_by_the_address_or_by_the_name_alone(
    text: str, name: str | None, email: str | None
) -> None:
    found = {
        "helpspace": helpspace_ticket(value=text, type="email").requester,
        "airclou": kit.read({"id": 1, "requesterEmail": text}, airclou.TicketJson)
        .to_ticket()
        .requester,
        "omnidesk": kit.read({"id": 1, "from": text}, omnidesk.TicketJson)
        .to_ticket(READING)
        .requester,
        "a customer of omnidesk's": by_omnidesk("a", None, **{"from": text}).author,
        "a copy of airclou's": by_airclou("a", None, ccs=[{"email": text}]).cc[0],
    }
    for place, person in found.items():
        assert (person.name, person.email) == (name, email), place


# -- who speaks ------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["Response", "reply", "auto_reply", "bounce", "", None])
def test_airclous_own_word_alone_makes_a_response(word: str | None) -> None:
    message = by_airclou("a", None, type=word)
    assert (message.type, message.audience) == (MessageType.UNKNOWN, Audience.UNKNOWN)
    assert message.author.role is Role.UNKNOWN


@pytest.mark.parametrize("direction", ["", None, "both", "Outbound"])
def test_omnidesks_direction_alone_makes_a_response(direction: str | None) -> None:
    message = by_omnidesk("a", None, direction=direction, user_id=5)
    assert message.type is MessageType.UNKNOWN
    assert message.author.role is Role.UNKNOWN
