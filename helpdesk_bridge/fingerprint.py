"""What is remembered of something that was sent, to know it again: digests, no word of it."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import evolve, field, frozen

__all__ = ["Fingerprint", "digest"]


def digest(text: str | None, salt: str = "") -> str:
    """Return a digest of a text's words, the same before and after a vendor reformats it.

    Marks, spaces and case do not count; a text without a word is taken as it is, less its spaces.
    """
    plain = unicodedata.normalize("NFC", text or "").casefold()
    words = " ".join(re.findall(r"\w+", plain)) or "".join(plain.split())
    return hashlib.sha256(f"{salt}\0{words}".encode("utf-8", "replace")).hexdigest()


@frozen(kw_only=True)
class Fingerprint:
    """Enough of a message or a new ticket to find it on its desk; carried by OutcomeUnknown."""

    operation: str
    """The call that sent it: reply, note, forward, add_request or create_ticket."""
    salt: str = field(repr=False)
    body: str = field(repr=False)
    files: tuple[str, ...] = field(default=(), repr=False)
    subject: str | None = field(default=None, repr=False)
    requester: str | None = field(default=None, repr=False)
    known: tuple[str, ...] = ()
    """Ids that this desk had from earlier calls: they are not what is looked for."""
    trace: Mapping[str, Any] = field(factory=dict, repr=False)
    """What the adapter noted before sending, for its own way to find the message."""

    @classmethod
    def of(
        cls,
        operation: str,
        *,
        body: str,
        files: Iterable[str] = (),
        subject: str | None = None,
        requester: str | None = None,
        known: Iterable[str] = (),
        trace: Mapping[str, Any] | None = None,
    ) -> Fingerprint:
        """Take the digests of what is about to be sent; ``requester`` is an e-mail address."""
        salt = secrets.token_hex(8)
        return cls(
            operation=operation,
            salt=salt,
            body=digest(body, salt),
            files=tuple(sorted(digest(name, salt) for name in files)),
            subject=None if subject is None else digest(subject, salt),
            requester=None if requester is None else digest(requester, salt),
            known=tuple(known),
            trace=dict(trace or {}),
        )

    def later(self) -> Fingerprint | None:
        """Return what the second step of this sends: of a new ticket, its first message."""
        if self.operation != "create_ticket":
            return None
        return evolve(self, operation="add_request", known=())

    def has_body(self, *forms: str | None) -> bool:
        """Say whether one of these forms of a body has the same words."""
        return any(form is not None and digest(form, self.salt) == self.body for form in forms)

    def has_files(self, names: Iterable[str]) -> bool:
        """Say whether these are the names of its files."""
        return tuple(sorted(digest(name, self.salt) for name in names)) == self.files

    def is_ticket(self, subject: str | None, requester: str | None) -> bool:
        """Say whether a ticket has its subject and requester; an unknown requester may be it."""
        same = requester is None or digest(requester, self.salt) == self.requester
        return same and digest(subject, self.salt) == self.subject
