"""What a desk cannot do is refused before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest

from helpdesk_bridge.desk import bounds
from helpdesk_bridge.errors import (
    InvalidArgument,
    Outcome,
    StatusNotAllowed,
    UnsupportedCapability,
)
from helpdesk_bridge.model import (
    Attachment,
    Body,
    Capability,
    CapabilityLimits,
    Status,
    Upload,
    native,
)


def test_an_option_the_desk_does_not_take_is_refused_with_those_it_takes() -> None:
    with pytest.raises(UnsupportedCapability, match="reply does not take cc= here; it takes bcc"):
        bounds.options(Capability.REPLY, ["bcc", "cc"], frozenset({"bcc"}))


def test_a_status_the_desk_has_no_word_for_is_refused_before_it_is_sent() -> None:
    support = native(limits=CapabilityLimits(statuses=frozenset({Status.OPEN, Status.CLOSED})))
    with pytest.raises(StatusNotAllowed, match="possible: open, closed") as caught:
        bounds.status(Status.SPAM, support)
    assert caught.value.outcome is Outcome.NOT_SENT


@pytest.mark.parametrize(
    "support", [native(), native(limits=CapabilityLimits(statuses=frozenset(Status)))]
)
def test_a_status_the_desk_may_know_is_let_through(support: Any) -> None:
    bounds.status(Status.SPAM, support)


@pytest.mark.parametrize(("inline", "size"), [(False, "small"), (True, "huge")])
def test_only_inline_images_come_in_the_sizes_there_are(inline: bool, size: str) -> None:
    support = native(limits=CapabilityLimits(sizes=frozenset({"small"})))
    with pytest.raises(InvalidArgument, match="size="):
        bounds.size(size, Attachment(id="1", inline=inline), support)


def test_a_body_is_measured_in_bytes_of_its_html() -> None:
    body = Body.of("é" * 3, None)
    bounds.body(body, CapabilityLimits(body_bytes=6))
    with pytest.raises(InvalidArgument, match="larger than 5 bytes"):
        bounds.body(body, CapabilityLimits(body_bytes=5))


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
        await bounds.upload_sizes(files, Body.of(None, "a"), limits)


@pytest.mark.asyncio
async def test_an_inline_image_is_shown_in_the_body_or_refused() -> None:
    image = Upload("a.png", data=b"a", content_id="logo")
    await bounds.upload_sizes([image], Body.of('<img src="cid:logo">', None), CapabilityLimits())
    with pytest.raises(InvalidArgument, match="not shown in the body"):
        await bounds.upload_sizes([image], Body.of("<p>cid:log</p>", None), CapabilityLimits())
