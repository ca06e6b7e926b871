"""A new ticket is told from another customer's by the requester's address, then by the subject."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web
from attrs import evolve

import helpdesk_bridge as hb
from helpdesk_bridge import kit
from tests.every_adapter.places import opened
from tests.every_adapter.saying import desk_and_fake, said
from tests.every_adapter.test_another_ticket_made import ANSWERS, comes_back, creates, words_of
from tests.vendors import FAKES

pytestmark = pytest.mark.asyncio
KIMS = "Order 4711 was never delivered"
LONG = "The invoice of May for our branch in Lyon was booked twice on the same day"
EMOJI = "Hilfe \N{PERSON WITH FOLDED HANDS} bitte"


async def create(desk: hb.Helpdesk, subject: str) -> hb.Ticket:
    return await desk.create_ticket(
        subject=subject, requester="li@c.example", text="It broke on Monday."
    )


async def kims(desk: hb.Helpdesk) -> hb.Ticket:
    return await desk.create_ticket(
        subject=KIMS, requester="kim@other.example", text="Where is it?"
    )


@pytest.mark.parametrize("subject", ["Order", "4711", "a", "Re:", "?", "Order 4711 was delivered"])
@pytest.mark.parametrize("adapter", FAKES)
async def test_a_subject_within_anothers_makes_it_no_new_ticket(adapter: str, subject: str) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        other = await kims(desk)
        fake.wanted, fake.answer = creates(adapter), said(ANSWERS[adapter](other))
        with pytest.raises(hb.OutcomeUnknown, match="another ticket"):
            await create(desk, subject)
        assert "Monday" not in await words_of(desk, other)


SLIM = ("id", "subject", "status")


@pytest.mark.parametrize("subject", ["Order", "a", "Invoice"])
@pytest.mark.parametrize(("adapter", "key"), [("airclou", "ticket"), ("helpspace", "data")])
async def test_anothers_ticket_is_seen_through_an_answer_without_an_address(
    adapter: str, key: str, subject: str
) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        other = await kims(desk)
        slim = {name: other.raw[name] for name in SLIM}
        fake.wanted, fake.answer = creates(adapter), said({key: slim})
        with pytest.raises(hb.OutcomeUnknown, match="another ticket"):
            await create(desk, subject)
        assert "Monday" not in await words_of(desk, other)


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        (EMOJI, "Hilfe ? bitte"),
        (EMOJI, "Hilfe  bitte"),
        ("Error in <main> loop", "Error in  loop"),
        ("\u201cNo\u201d \u2013 why", '"No" - why'),
        ("Hilfe bitte", "[SPAM?] Hilfe bitte"),
        ("Export broken", "Printer issue (auto-titled)"),
        ("???", "Printer issue"),
    ],
)
@pytest.mark.parametrize(("adapter", "key"), [("airclou", "ticket"), ("helpspace", "data")])
async def test_an_honest_creation_whose_subject_was_changed_is_a_success(
    adapter: str, key: str, asked: str, kept: str
) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        own = await create(desk, asked)
        slim = {**{name: own.raw[name] for name in SLIM}, "subject": kept}
        fake.wanted, fake.answer = creates(adapter), said({key: slim})
        assert (await create(desk, asked)).id == own.id


@pytest.mark.parametrize("read", [SLIM, ("id",), ()])
@pytest.mark.parametrize(("adapter", "key"), [("airclou", "ticket"), ("helpspace", "data")])
async def test_another_subject_without_an_address_anywhere_is_in_doubt(
    adapter: str, key: str, read: tuple[str, ...]
) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        other = await kims(desk)
        slim = {name: other.raw[name] for name in SLIM}
        asked: list[str] = []
        fake.wanted = lambda request: asked.append(request.method) is None

        def answer() -> web.Response:
            if asked[-1] != "GET":
                return said({key: slim})()
            found = said({key: {name: slim[name] for name in read}})
            return found() if read else said({"message": "Not found"}, 404)()

        fake.answer = answer
        with pytest.raises(hb.OutcomeUnknown, match="another ticket") as caught:
            await create(desk, "Printer")
        assert caught.value.ticket_id is None
        assert asked == ["POST", "GET"]


async def test_what_only_resembles_the_new_ticket_is_not_written_into_unread() -> None:
    async with desk_and_fake("airclou") as (desk, fake):
        other = await kims(desk)
        slim = {name: other.raw[name] for name in SLIM}
        answers: dict[str, Any] = {"POST": said({"ticket": slim}), "GET": said({}, 404)}
        asked: list[str] = []
        fake.wanted = lambda request: asked.append(request.method) is None
        fake.answer = lambda: answers[asked[-1]]()
        with pytest.raises(hb.PartlyDone, match="look at it"):
            await create(desk, "Order")
        assert asked == ["POST", "GET"]


async def judged(
    monkeypatch: pytest.MonkeyPatch, asked: str, told: str, email: str | None
) -> hb.Ticket:
    """Create a ticket that comes back, and is read, with a subject and an address of ours."""
    async with opened("memory") as place:
        made = evolve(await kims(place.desk), subject=told, requester=hb.Party(email=email))
        comes_back(monkeypatch, place.desk, made)
        return await create(place.desk, asked)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (LONG, LONG[:60]),
        (LONG, f"{LONG[:60]}\N{HORIZONTAL ELLIPSIS}"),
        ("Caf\u00e9 closed", "RE: CAFE\u0301 CLOSED!"),
        ("Error in <main> loop", "Error in loop"),
        ("Fish & chips", "Fish &amp; chips"),
    ],
)
async def test_another_address_of_a_contact_passes_with_the_same_subject(
    monkeypatch: pytest.MonkeyPatch, asked: str, told: str
) -> None:
    await judged(monkeypatch, asked, told, "kim@other.example")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("Printer is broken", "Printer"),
        (LONG[:60], LONG),
        (LONG, LONG[:30]),
        ("Order 4712 was never delivered", KIMS),
        ("?", "?"),
    ],
)
async def test_another_address_with_a_subject_that_is_only_alike_is_another_ticket(
    monkeypatch: pytest.MonkeyPatch, asked: str, told: str
) -> None:
    with pytest.raises(hb.OutcomeUnknown, match="another ticket"):
        await judged(monkeypatch, asked, told, "kim@other.example")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("The printer is broken", "printer broken (the big one): is it?"),
        ("Gr\u00fc\u00dfe aus Ulm und Bonn", "Gr??e aus Ulm und Bonn"),
        ("Printer is broken", "Printer is"),
        ("\u00dcber K\u00f6ln nach Z\u00fcrich", "Uber Koln, Zurich"),
    ],
)
async def test_most_words_are_enough_where_no_address_is_shown(
    monkeypatch: pytest.MonkeyPatch, asked: str, told: str
) -> None:
    await judged(monkeypatch, asked, told, None)


@pytest.mark.parametrize(
    ("asked", "told"), [("Order 4712 was never delivered", KIMS), ("The printer broke", "The fax")]
)
async def test_another_number_or_other_words_are_another_ticket_where_no_address_is_shown(
    monkeypatch: pytest.MonkeyPatch, asked: str, told: str
) -> None:
    with pytest.raises(hb.OutcomeUnknown, match="another ticket"):
        await judged(monkeypatch, asked, told, None)


async def test_an_adapter_that_shows_no_address_is_asked_for_the_ticket_by_the_desk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with opened("memory") as place:
        own = await create(place.desk, "Export broken")
        shown = evolve(own, subject="Printer issue", requester=hb.Party())

        async def create_ticket(_: kit.NewTicket) -> hb.Ticket:
            return shown

        monkeypatch.setattr(place.desk.adapter, "create_ticket", create_ticket)
        made = await create(place.desk, "Export broken")
        assert made.requester.email == "li@c.example"
