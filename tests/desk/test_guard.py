"""What a desk cannot do is refused before anything is sent."""

from __future__ import annotations

import re
from typing import Any

import pytest
from attrs import evolve

from helpdesk_bridge.desk.guard import Guard
from helpdesk_bridge.desk.origin import Origin
from helpdesk_bridge.errors import (
    InvalidArgument,
    Outcome,
    StatusNotAllowed,
    UnsupportedCapability,
)
from helpdesk_bridge.model import (
    Attachment,
    Body,
    Capabilities,
    Capability,
    CapabilityLimits,
    Message,
    Status,
    Support,
    Ticket,
    Upload,
    native,
)


def guard(capability: Capability, support: Support) -> Guard:
    return Guard(Origin("it", "vendor"), re.compile(r"[0-9]+"), Capabilities({capability: support}))


async def content(body: Body, limits: CapabilityLimits, *files: Upload) -> None:
    known = native(limits=evolve(limits, options=frozenset({"attachments"})))
    await guard(Capability.REPLY, known).content(Capability.REPLY, body, files)


def test_an_option_the_desk_does_not_take_is_refused_with_those_it_takes() -> None:
    support = native(limits=CapabilityLimits(options=frozenset({"bcc"})))
    with pytest.raises(UnsupportedCapability, match="reply does not take cc= here; it takes bcc"):
        guard(Capability.REPLY, support).allow(Capability.REPLY, ["bcc", "cc"])


def test_a_status_the_desk_has_no_word_for_is_refused_before_it_is_sent() -> None:
    support = native(limits=CapabilityLimits(statuses=frozenset({Status.OPEN, Status.CLOSED})))
    with pytest.raises(StatusNotAllowed, match="possible: open, closed") as caught:
        guard(Capability.CREATE_TICKET, support).status(Capability.CREATE_TICKET, Status.SPAM)
    assert caught.value.outcome is Outcome.NOT_SENT


@pytest.mark.parametrize(
    "support", [native(), native(limits=CapabilityLimits(statuses=frozenset(Status)))]
)
def test_a_status_the_desk_may_know_is_let_through(support: Any) -> None:
    guard(Capability.CREATE_TICKET, support).status(Capability.CREATE_TICKET, Status.SPAM)


@pytest.mark.parametrize(("inline", "size"), [(False, "small"), (True, "huge")])
def test_only_inline_images_come_in_the_sizes_there_are(inline: bool, size: str) -> None:
    support = native(limits=CapabilityLimits(sizes=frozenset({"small"})))
    with pytest.raises(InvalidArgument, match="size="):
        guard(Capability.RESIZED_IMAGE, support).size(size, Attachment(id="1", inline=inline))


@pytest.mark.asyncio
async def test_a_body_is_measured_in_bytes_of_its_html() -> None:
    body = Body.of("é" * 3, None)
    await content(body, CapabilityLimits(body_bytes=6))
    with pytest.raises(InvalidArgument, match="larger than 5 bytes"):
        await content(body, CapabilityLimits(body_bytes=5))


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (CapabilityLimits(attachments=1), "more than 1 attachments"),
        (CapabilityLimits(attachment_bytes=5), "6 bytes in all, and 5 are allowed"),
    ],
)
@pytest.mark.asyncio
async def test_too_many_or_too_large_files_are_refused(
    limits: CapabilityLimits, reason: str
) -> None:
    files = [Upload("a.txt", data=b"abc"), Upload("b.txt", data=b"abc")]
    with pytest.raises(InvalidArgument, match=reason):
        await content(Body.of(None, "a"), limits, *files)


@pytest.mark.asyncio
async def test_an_inline_image_is_shown_in_the_body_or_refused() -> None:
    image = Upload("a.png", data=b"a", content_id="logo")
    await content(Body.of('<img src="cid:logo">', None), CapabilityLimits(), image)
    with pytest.raises(InvalidArgument, match="not shown in the body"):
        await content(Body.of("<p>cid:log</p>", None), CapabilityLimits(), image)


def named(ids: str = "[0-9]+") -> Guard:
    words = 'digits, such as "1003"'
    return Guard(Origin("it", "vendor"), re.compile(ids), Capabilities({}), id_words=words)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("zzz", 'ticket is no id of vendor: ids of vendor are digits, such as "1003".'),
        (5, "ticket must be a Ticket or its id (a str), not int: ids of vendor are digits, such"),
        (None, "ticket must be a Ticket or its id (a str), not None"),
        (Message(id="1", ticket_id="1"), "ticket must be a Ticket or its id (a str), not Message"),
        (Ticket(id="x"), "ticket.id is no id of vendor"),
    ],
)
def test_what_is_no_ticket_is_refused_by_its_argument(value: Any, said: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        named().ticket(value)
    assert said in caught.value.message
    assert caught.value.message.endswith(".")
    assert "[0-9]" not in str(caught.value)


def test_an_object_in_the_place_of_its_id_is_told_of() -> None:
    with pytest.raises(InvalidArgument, match=r"ticket_id must be .*, not Ticket: give its id\."):
        named().id(Ticket(id="1"), "ticket_id")


def test_a_vendor_of_whose_ids_nothing_is_said_has_a_whole_sentence() -> None:
    bare = guard(Capability.REPLY, native())
    with pytest.raises(InvalidArgument) as caught:
        bare.id("x", "message_id")
    assert caught.value.message == "message_id is no id of vendor."


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ({"id": 7, "subject": []}, "7"),
        ({"id": "7"}, "7"),
        ({"id": "7\n"}, None),
        ({"id": "x"}, None),
        ({"id": ""}, None),
        ({"id": True}, None),
        ({"id": 7.0}, None),
        ({"id": -7}, None),
        ({"id": 10**6000}, None),
        ({"id": [7]}, None),
        ({"number": 7}, None),
        ([7], None),
        (None, None),
    ],
)
def test_a_record_tells_the_id_that_it_surely_has(record: object, told: str | None) -> None:
    assert named().told_id(record) == told
