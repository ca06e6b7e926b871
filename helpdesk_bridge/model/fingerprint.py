"""Digests of what was sent, by which it is found again: no word of a message is in them."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime

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
    """Enough of a message or a new ticket to find it on its desk; carried by OutcomeUnknown.

    It pickles, and holds no word and no address: digests, ids, times, and who asked for what.
    """

    operation: str
    """The call that sent it: reply, note, forward, add_request or create_ticket."""
    salt: str = field(repr=False)
    body: str = field(repr=False)
    files: tuple[str, ...] = field(default=(), repr=False)
    subject: str | None = field(default=None, repr=False)
    requester: str | None = field(default=None, repr=False)
    due: datetime | None = None
    """The aware time that the call itself gave (``created_at`` or ``send_at``), if it did."""
    offset: float | None = None
    """By how many seconds the vendor's clock was ahead of the sender's; None if not known."""
    known: tuple[str, ...] = ()
    """Ids of what earlier calls of this desk have made alike: they are not what is looked for."""
    before: tuple[str, ...] | None = field(default=None, repr=False)
    """The ids of the messages that were on the ticket before it was sent; None: nobody looked."""

    @classmethod
    def of(
        cls,
        operation: str,
        *,
        salt: str,
        body: str,
        files: Iterable[str] = (),
        subject: str | None = None,
        requester: str | None = None,
        due: datetime | None = None,
        offset: float | None = None,
        before: Iterable[str] | None = None,
    ) -> Fingerprint:
        """Take the digests of what is about to be sent; ``requester`` is an e-mail address."""
        return cls(
            operation=operation,
            salt=salt,
            body=digest(body, salt),
            files=tuple(sorted(digest(name, salt) for name in files)),
            subject=None if subject is None else digest(subject, salt),
            requester=None if requester is None else digest(requester, salt),
            due=due,
            offset=offset,
            before=None if before is None else tuple(before),
        )

    @property
    def words(self) -> tuple[str | None, ...]:
        """What is the same for two of one salt that cannot be told apart by their words."""
        if self.operation == "create_ticket":
            return self.subject, self.requester
        return (self.body,)

    def was_there(self, message_id: str) -> bool:
        """Say whether a message is known to have been on the ticket before."""
        return self.before is not None and message_id in self.before

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

    def has_subject(self, subject: str | None) -> bool:
        """Say whether this is a ticket's subject."""
        return digest(subject, self.salt) == self.subject

    def has_requester(self, email: str | None) -> bool | None:
        """Say whether this is who a ticket is of; None where the vendor does not tell."""
        return None if email is None else digest(email, self.salt) == self.requester
