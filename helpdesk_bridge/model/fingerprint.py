"""Digests of what a write sent, by which it can be found on the desk again."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from attrs import evolve, field, frozen

from helpdesk_bridge.model.value import Value
from helpdesk_bridge.model.wording import (
    address_wording,
    subject_parts,
    subject_wording,
    unlabelled,
    wording,
)

__all__ = ["Fingerprint", "digest", "seal"]


_LONGEST_SUBJECT = 1000
"""Characters up to which all parts of a subject are compared; a line of a mail has no more (RFC
5322, section 2.1.1)."""

_VEILED = "sha256 "
"""How the digest of an id begins; no id has a blank in it."""


def digest(text: str | None, salt: str = "") -> str:
    """Return a digest of the wording of ``text``; reformatting by a vendor does not change it.

    What reformatting changes, and what counts, is said by ``model/wording.py``. None counts as an
    empty text. ``salt`` makes digests comparable only with those of the same salt.
    """
    return _hashed(wording(text), salt)


def _hashed(words: str, salt: str) -> str:
    return hashlib.sha256(f"{salt}\0{words}".encode("utf-8", "surrogatepass")).hexdigest()


def seal(content: bytes, salt: str) -> str:
    """Return a digest of ``content`` as it is, comparable with those of the same ``salt``."""
    return hashlib.sha256(salt.encode() + b"\0" + content).hexdigest()


@frozen(kw_only=True)
class Fingerprint(Value):
    """What is remembered of a message or a new ticket, to find it on the desk again.

    An OutcomeUnknown carries it. It can be pickled, and holds digests, ids and times, but no word
    of a message and no address.
    """

    operation: str
    """The call that sent it: reply, note, forward, add_request or create_ticket."""
    salt: str = field(repr=False)
    """The salt of the digests; the same for all writes of one desk object."""
    body: str = field(repr=False)
    """The digest of the body's text."""
    files: tuple[str, ...] = field(default=(), repr=False)
    """The digests of the file names, sorted."""
    subject: str | None = field(default=None, repr=False)
    """The digest of a new ticket's subject; None for a message."""
    requester: str | None = field(default=None, repr=False)
    """The digest of the requester's address; None for a message."""
    due: datetime | None = None
    """The aware time given to the call as ``created_at`` or ``send_at``; None: none was given."""
    offset: float | None = None
    """By how many seconds the vendor's clock was ahead of the sender's; None: not known."""
    known: tuple[str, ...] = ()
    """Ids of messages or tickets with the same words that earlier calls of this desk have made.

    Here and in ``before``, an id that holds one of the desk's credentials is a digest."""
    before: tuple[str, ...] | None = field(default=None, repr=False)
    """The ids of the messages on the ticket before the write; None: they were not read."""
    content: str | None = field(default=None, repr=False)
    """The digest of all that was given to a call with a key; None: it had no key."""

    mark: str | None = None
    """The word that a vendor may have kept with it; None: not told."""

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
        content: bytes | None = None,
        mark: str | None = None,
    ) -> Fingerprint:
        """Return the fingerprint of what is about to be sent.

        Args:
            operation: the call that sends it.
            salt: the salt of the digests.
            body: the text of the body.
            files: the names of the files.
            subject: a new ticket's subject; None for a message.
            requester: a new ticket's requester, an e-mail address; None for a message.
            due: the aware time given as ``created_at`` or ``send_at``; None: none was given.
            offset: by how many seconds the vendor's clock is ahead; None: not known.
            before: the ids of the messages on the ticket now; None: they were not read.
            content: all that was given to a call with a key; None: it has none.
            mark: the word that the vendor may keep with it; None: none.
        """
        return cls(
            operation=operation,
            salt=salt,
            body=digest(body, salt),
            files=tuple(sorted(digest(name, salt) for name in files)),
            subject=None if subject is None else _hashed(subject_wording(subject), salt),
            requester=None if requester is None else _hashed(address_wording(requester), salt),
            due=due,
            offset=offset,
            before=None if before is None else tuple(before),
            content=None if content is None else seal(content, salt),
            mark=mark,
        )

    @property
    def words(self) -> tuple[str | None, ...]:
        """The digests that are equal for two writes with the same words (and the same salt)."""
        if self.operation == "create_ticket":
            return self.subject, self.requester
        return (self.body,)

    def was_there(self, message_id: str) -> bool:
        """Say whether the message ``message_id`` is known to have been on the ticket before."""
        return self.before is not None and self._names(self.before, message_id)

    def is_known(self, made_id: str) -> bool:
        """Say whether an earlier call with the same words has made ``made_id``."""
        return self._names(self.known, made_id)

    def misses(self, listed: Collection[str]) -> bool:
        """Say whether a message that was on the ticket before is not among ``listed``."""
        missing = set(self.before or ()).difference(listed)
        return bool(missing) and not missing.issubset(self._veil(one) for one in listed)

    def veiled(self, ids: Collection[str]) -> Fingerprint:
        """Return the same with a digest in the place of each of ``ids``, which none may read."""
        if not ids:
            return self
        known, before = (
            tuple(self._veil(one) if one in ids else one for one in some or ())
            for some in (self.known, self.before)
        )
        return evolve(self, known=known, before=None if self.before is None else before)

    def _names(self, ids: Sequence[str], one: str) -> bool:
        return one in ids or (
            any(each.startswith(_VEILED) for each in ids) and self._veil(one) in ids
        )

    def _veil(self, one: str) -> str:
        return _VEILED + seal(one.encode("utf-8", "surrogatepass"), self.salt)

    def has_content(self, content: bytes) -> bool:
        """Say whether the write had the same ``content``; one without a key had none."""
        return seal(content, self.salt) == self.content

    def later(self) -> Fingerprint | None:
        """Return the fingerprint of a new ticket's first message; None for any other call."""
        if self.operation != "create_ticket":
            return None
        return evolve(self, operation="add_request", known=(), before=())  # it was new

    def has_body(self, *forms: str | None) -> bool:
        """Say whether one of ``forms`` of a body has the same words; None is no form."""
        return any(form is not None and digest(form, self.salt) == self.body for form in forms)

    def has_files(self, names: Iterable[str]) -> bool:
        """Say whether ``names`` are the names of its files, in any order."""
        return tuple(sorted(digest(name, self.salt) for name in names)) == self.files

    def has_subject(self, subject: str | None) -> bool:
        """Say whether ``subject`` has the same words as the new ticket's; None counts as "".

        Labels before it, such as ``[#12]`` or ``Re:``, do not count.
        """
        return any(_hashed(part, self.salt) == self.subject for part in unlabelled(subject))

    def has_subject_within(self, subject: str | None) -> bool:
        """Say whether ``subject`` may be the new ticket's with something put around it.

        Of a very long one that cannot be told in time, so that it may be.
        """
        if subject is not None and len(subject) > _LONGEST_SUBJECT:
            return True
        return any(_hashed(part, self.salt) == self.subject for part in subject_parts(subject))

    def has_requester(self, email: str | None) -> bool | None:
        """Say whether ``email`` may be the requester's; None if the vendor tells no address (None).

        It may be in another spelling: in other case, with ``xn--``, without ``+x``.
        """
        if email is None:
            return None
        return _hashed(address_wording(email), self.salt) == self.requester
