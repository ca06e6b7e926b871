"""The parts of messages as Request Tracker lists them: bodies, files, and what holds them.

RT calls all of them attachments. No I/O. ``T1`` … are the traps, as
docs/vendors/request_tracker.md lists them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from helpdesk_bridge import kit
from helpdesk_bridge.kit import AnyId, JsonRecord, WrongType, fast_attachment, is_digits, read_one
from helpdesk_bridge_request_tracker.wire import ReferenceJson, Word, json_name

__all__ = ["BodyJson", "ParentJson", "PartJson", "batches", "to_part"]


class PartJson(JsonRecord, frozen=True, rename=json_name):
    """A part of a message's MIME tree.

    ``{"id": "42", "TransactionId": "31", "ContentType": "text/html", "ContentLength": "19"}``
    """

    id: AnyId
    transaction_id: AnyId
    filename: str | None = None
    content_type: str | None = None
    content_length: Word | None = None
    subject: str | None = None
    headers: str | None = None

    @property
    def number(self) -> str:
        """Its id as ours."""
        return str(self.id)

    @property
    def message(self) -> str:
        """The id of the message that it belongs to."""
        return str(self.transaction_id)

    @property
    def kind(self) -> str:
        """Its media type, in small letters; empty where RT tells none."""
        return (self.content_type or "").strip().lower()

    @property
    def size(self) -> int | None:
        """How many bytes it has, if that is told. WrongType for what is no number."""
        told = self.content_length
        if told is None or told in ("", -1, "-1"):
            return None
        if isinstance(told, str) and is_digits(told) and len(told) <= 18:  # int() refuses 4,301
            return int(told)
        if not isinstance(told, int) or told < 0:
            raise WrongType("expected a number", ".ContentLength")
        return told

    @property
    def is_text(self) -> bool:
        """Whether it can be words of the message: text that is no file."""
        return (
            not self.filename
            and self.kind in ("text/html", "text/plain")
            and not self.header("Content-Disposition").lower().startswith("attachment")
        )

    @property
    def is_mail(self) -> bool:
        """Whether it is a mail within the mail: what it holds are not the message's own words."""
        return self.kind.startswith("message/")

    @property
    def content_id(self) -> str | None:
        """The name by which a body shows it; None without one."""
        found = re.match(r"<?([^<>]*)", self.header("Content-ID"))
        return (found[1].strip() if found else "") or None

    def header(self, name: str) -> str:
        """Return the first header of this name, in one line; empty without one."""
        found = _header(name).search(self.headers or "")
        return " ".join(found[1].split()) if found else ""

    def parameter(self, header: str, name: str) -> str:
        """Return a parameter of the first ``header`` of that name; empty without one."""
        return kit.header_parameter(self.header(header), name)

    def to_attachment(self, shown: frozenset[str], *, holds: bool = False) -> kit.Attachment:
        """Return the neutral file.

        ``shown`` are the pictures that the body shows. ``holds`` says that it holds other parts:
        RT has no bytes of its own for it, and tells no size.
        """
        name = self.content_id
        return fast_attachment(
            id=self.number,
            name=self.filename or self._named(),
            mime_type=self.content_type or None,
            size=None if holds else self.size,
            inline=name is not None and kit.normal_cid(name) in shown,
            content_id=name,
        )

    def _named(self) -> str | None:
        """Return the file name in the headers: RT has it nowhere else for an attached mail."""
        told = self.parameter("Content-Disposition", "filename")
        return told or self.parameter("Content-Type", "name") or None


@cache
def _header(name: str) -> re.Pattern[str]:
    """Return what finds a header, with the lines that it is continued on (RFC 5322, 2.2.3)."""
    lines = r"[^\n]*+(?:\n[ \t][^\n]*+)*+"
    return re.compile(rf"^{re.escape(name)}:({lines})", re.IGNORECASE | re.MULTILINE)


def to_part(record: Any) -> PartJson:
    """Return the part that a record stands for; its size is looked at now."""

    def checked(part: PartJson) -> PartJson:
        _ = part.size
        return part

    return read_one(record, PartJson, checked)


class BodyJson(JsonRecord, frozen=True, rename=json_name):
    """The words of a part, decoded by RT."""

    id: AnyId
    content: str | None = None


class ParentJson(JsonRecord, frozen=True, rename=json_name):
    """Which part holds a part. ``{"id": "42", "Parent": {"id": "41", "type": "attachment"}}``."""

    id: AnyId
    parent: ReferenceJson


def batches(parts: Sequence[PartJson], *, most: int, size: int) -> Iterator[list[str]]:
    """Yield the ids of ``parts``, at most so many at once, and (unless it is one) so many bytes."""
    batch: list[str] = []
    room = size
    for part in parts:
        room -= part.size or 0
        if batch and (len(batch) == most or room < 0):
            yield batch
            batch, room = [], size - (part.size or 0)
        batch.append(part.number)
    if batch:
        yield batch
