"""Check what a caller gives against the bounds of a capability, before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from helpdesk_bridge.errors import InvalidArgument, StatusNotAllowed, UnsupportedCapability
from helpdesk_bridge.model import (
    Attachment,
    Body,
    Capability,
    CapabilityLimits,
    Status,
    Support,
    Upload,
)

__all__ = ["body", "given", "options", "size", "status", "upload_sizes"]


def options(capability: Capability, given: Iterable[str], known: frozenset[str]) -> None:
    """Raise for an optional argument that this desk does not understand."""
    for name in given:
        if name not in known:
            raise UnsupportedCapability(
                f"{capability} does not take {name}= here; it takes"
                f" {', '.join(sorted(known)) or 'no options'}.",
                capability=capability.value,
            )


def status(value: Status, support: Support) -> None:
    """Raise StatusNotAllowed for a status that this desk has no word for; nothing is sent."""
    known = support.limits.statuses
    if known is not None and value not in known:
        raise StatusNotAllowed(
            f"the status {value} cannot be used here; possible:"
            f" {', '.join(s.value for s in Status if s in known)}.",
            outcome=InvalidArgument.outcome,
        )


def size(value: str, attachment: Attachment, support: Support) -> None:
    """Raise for a rendition that does not exist."""
    known = support.limits.sizes or frozenset()
    if not attachment.inline or value not in known:
        raise InvalidArgument(f"size= is for inline images, and one of {', '.join(sorted(known))}.")


def body(value: Body, limits: CapabilityLimits) -> None:
    """Raise for a body over the desk's limit."""
    if limits.body_bytes is not None and len(value.html.encode()) > limits.body_bytes:
        raise InvalidArgument(f"the body is larger than {limits.body_bytes} bytes.")


async def upload_sizes(files: Sequence[Upload], text: Body, limits: CapabilityLimits) -> None:
    """Raise for too many files, too large ones, or an inline image that the body does not show."""
    if limits.attachments is not None and len(files) > limits.attachments:
        raise InvalidArgument(f"more than {limits.attachments} attachments.")
    total = sum([await file.measure() for file in files])
    if limits.attachment_bytes is not None and total > limits.attachment_bytes:
        raise InvalidArgument(
            f"the attachments have {total} bytes in all, and {limits.attachment_bytes} are allowed."
        )
    for file in files:
        if file.content_id is not None and not _shows(text.html, file.content_id):
            raise InvalidArgument(
                "an inline image is not shown in the body: give html= with"
                ' <img src="cid:…"> for its content_id.'
            )


def given(**options: object) -> list[str]:
    """Return the names of the optional arguments that were given a value."""
    return [name for name, value in options.items() if value is not None and value not in ((), {})]


def _shows(html: str, content_id: str) -> bool:
    return re.search(rf"cid:{re.escape(content_id)}(?![^\"'\s>)])", html) is not None
