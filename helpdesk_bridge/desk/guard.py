"""Check a call against what the desk can do, before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from attrs import frozen

from helpdesk_bridge.desk.arguments import kind_of
from helpdesk_bridge.desk.origin import Origin
from helpdesk_bridge.errors import InvalidArgument, StatusNotAllowed, UnsupportedCapability
from helpdesk_bridge.model import (
    Attachment,
    Body,
    Capabilities,
    Capability,
    CapabilityLimits,
    Message,
    Status,
    Ticket,
    TicketRef,
    Upload,
)
from helpdesk_bridge.model.cids import cids_shown, normal_cid
from helpdesk_bridge.transport import waiting_for

__all__ = ["Guard"]


@frozen
class Guard:
    """Checks a call against the capabilities of a desk and the form of its ids."""

    origin: Origin
    """Which desk it is."""
    ids: re.Pattern[str]
    """What an id of a ticket, a message or a file looks like."""
    capabilities: Capabilities
    id_words: str = ""
    """The same for people; empty: it is not said."""

    def ticket(self, ticket: Ticket | str) -> TicketRef:
        """Return a ticket that was given as such or by its id.

        InvalidArgument for a bad id and for a ticket of another desk.
        """
        if isinstance(ticket, Ticket):
            self.origin.require(ticket)
            self.id(ticket.id, "ticket.id")
            return TicketRef(ticket.id, ticket)
        self.id(ticket, "ticket", "a Ticket or its id")
        return TicketRef(ticket)

    def ticket_to_write(self, ticket: Ticket | str) -> TicketRef:
        """Return the id of a ticket, without what the caller has read of it at some time."""
        return TicketRef(self.ticket(ticket).id)

    def attachment(self, attachment: Attachment) -> None:
        """Raise InvalidArgument for a file with a bad id, or of another desk."""
        self.origin.require(attachment)
        self.id(attachment.id, "attachment.id")

    def id(self, value: object, name: str, wanted: str = "an id") -> None:
        """Raise InvalidArgument for what is no id of this vendor.

        ``name`` is the argument, ``wanted`` what may be given for it.
        """
        looks = f": ids of {self.origin.vendor} are {self.id_words}." if self.id_words else "."
        if isinstance(value, str):
            if not self.ids.fullmatch(value):
                raise InvalidArgument(f"{name} is no id of {self.origin.vendor}{looks}")
            return
        if isinstance(value, (Ticket, Message)) and wanted == "an id":
            looks = ": give its id."
        raise InvalidArgument(f"{name} must be {wanted} (a str), not {kind_of(value)}{looks}")

    def told_id(self, record: object) -> str | None:
        """Return the id in a vendor's ``record`` that cannot be read as a whole; None: none is."""
        told = record.get("id") if isinstance(record, Mapping) else None
        if isinstance(told, bool) or not isinstance(told, (int, str)):
            return None
        # An int may be too long to be written out, and so may a text to be looked at.
        word = str(told) if isinstance(told, str) or told.bit_length() < 64 else ""
        return word if self.ids.fullmatch(word) else None

    def require(self, *wanted: Capability) -> None:
        """Raise UnsupportedCapability for the first of ``wanted`` that cannot be done."""
        self.capabilities.require(*wanted)

    def allow(self, capability: Capability, options: Iterable[str]) -> None:
        """Raise UnsupportedCapability unless it can be done with these optional arguments."""
        self.capabilities.require(capability)
        known = self.capabilities[capability].limits.options
        for name in options:
            if known is not None and name not in known:
                raise UnsupportedCapability(
                    f"{capability} does not take {name}= here; it takes"
                    f" {', '.join(sorted(known)) or 'no options'}.",
                    capability=capability.value,
                )

    def quiet(self, extra: Mapping[str, Any], allowed: frozenset[str]) -> None:
        """Raise InvalidArgument for a key of ``extra`` that might have somebody mailed.

        Which keys of a vendor do that is not documented completely, and a vendor may get new ones:
        what the adapter vouches for is allowed, and nothing else.
        """
        others = sorted(set(extra) - allowed)
        if others:
            raise InvalidArgument(
                f"extra must not set {', '.join(others)} on a message that mails nobody; it may set"
                f" {', '.join(sorted(allowed)) or 'nothing'}."
            )

    def status(self, capability: Capability, status: Status) -> None:
        """Raise StatusNotAllowed for a status that ``capability`` cannot set or ask for here."""
        known = self.capabilities[capability].limits.statuses
        if known is not None and status not in known:
            raise StatusNotAllowed(
                f"the status {status} cannot be used here; possible:"
                f" {', '.join(s.value for s in Status if s in known)}.",
                outcome=InvalidArgument.outcome,
            )

    def statuses(self, statuses: Collection[Status]) -> None:
        """Raise where tickets cannot be listed by these statuses; none is no filter."""
        if not statuses:
            return
        unknown = Status.UNKNOWN in statuses
        by = Capability.FILTER_STATUSES
        if len(statuses) == 1 and not unknown:
            by = Capability.FILTER_STATUS
        self.require(by)
        if unknown and Status.UNKNOWN not in (self.capabilities[by].limits.statuses or ()):
            raise StatusNotAllowed(
                "the status unknown cannot be asked for here: no vendor has a word for it, and"
                " statuses are not told by what is read.",
                outcome=InvalidArgument.outcome,
            )
        for status in sorted(statuses):
            self.status(by, status)

    def size(self, size: str, attachment: Attachment) -> None:
        """Raise for a rendition of an attachment that this desk does not have."""
        self.capabilities.require(Capability.RESIZED_IMAGE)
        known = self.capabilities[Capability.RESIZED_IMAGE].limits.sizes or frozenset()
        if not attachment.inline or size not in known:
            raise InvalidArgument(
                f"size= is for inline images, and one of {', '.join(sorted(known))}."
            )

    async def content(self, capability: Capability, body: Body, uploads: Sequence[Upload]) -> None:
        """Raise InvalidArgument for a body or files that are more than ``capability`` takes.

        The files are read here if they can be read only once: what an application's iterable raises
        is raised as it is, when no write has begun.
        """
        limits = self.capabilities[capability].limits
        if limits.body_bytes is not None and len(body.html.encode()) > limits.body_bytes:
            raise InvalidArgument(f"the body is larger than {limits.body_bytes} bytes.")
        if uploads:
            if "attachments" not in (limits.options or ()):
                self.capabilities.require(Capability.SEND_ATTACHMENTS)
                limits = self.capabilities[Capability.SEND_ATTACHMENTS].limits
            await _upload_sizes(uploads, body, limits)
            with waiting_for("the files to send"):
                for file in uploads:
                    await file.ready()


async def _upload_sizes(files: Sequence[Upload], text: Body, limits: CapabilityLimits) -> None:
    """Raise for too many files, too large ones, or an inline image that the body does not show."""
    if limits.attachments is not None and len(files) > limits.attachments:
        raise InvalidArgument(f"more than {limits.attachments} attachments.")
    with waiting_for("the files to send"):
        total = sum([await file.measure() for file in files])
    if limits.attachment_bytes is not None and total > limits.attachment_bytes:
        raise InvalidArgument(
            f"the attachments have {total} bytes in all, and {limits.attachment_bytes} are allowed."
        )
    images = [normal_cid(file.content_id) for file in files if file.content_id is not None]
    if images and not cids_shown(text.html).issuperset(images):
        raise InvalidArgument(
            "an inline image is not shown in the body: give html= with"
            ' <img src="cid:…"> for its content_id.'
        )
