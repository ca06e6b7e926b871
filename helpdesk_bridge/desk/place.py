"""The places in lists that a Pager tells: one text each, made and read here."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any, NoReturn

from attrs import field, fields_dict, frozen

from helpdesk_bridge.desk.known import NOBODY, Known, digest
from helpdesk_bridge.desk.pressed import pressed, unpressed
from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.kit.walk import Walked
from helpdesk_bridge.model import Cursor, Party, Role

__all__ = ["Listing", "Place"]

_OURS = re.compile(r"hb[0-9]+\.")
_VERSION = "hb1"
_MOST = 8 * 1024 * 1024
"""Characters of the longest cursor: enough for a list of a million."""
_CHECK = 6
"""Bytes of the sum that tells a text that was cut or misspelt."""
_FILTER = 5
"""Bytes of the digest of a filter's value: its words must not be told, nor two be mistaken."""
_USUAL = (
    b',"o":["","h":["],"a":1}"requester":""assignee":""created_since":""updated_since":""order_by":"'
    b'{"v":"memory","v":"request_tracker","v":"omnidesk","v":"airclou","v":"helpspace",'
    b'"c":"agents","c":"customers","c":"messages","f":{"ticket":"","c":"tickets","f":{"status":""},'
    b'"s":"","p":"2","w":[null,null,0,0,1,1'
)
"""What most heads have in common; it belongs to the version."""
_WORDS = {"statuses": "status"}
"""The arguments of calls that have another name in the query."""


@frozen
class Listing:
    """What tells one list from another: whoever goes on in it must have asked for the same."""

    vendor: str = ""
    """The name of the adapter."""
    call: str = ""
    """The public call, such as tickets."""
    filters: Mapping[str, Any] = field(factory=dict, repr=False)
    """The values that were asked for, by their names; what is None or empty filters nothing."""

    @classmethod
    def of(cls, vendor: str, call: str, query: Any, **more: Any) -> Listing:
        """Return what tells a list by its query.

        Args:
            vendor: the name of the adapter.
            call: the public call.
            query: an object of attrs, all of which but ``limit`` belongs to the list; None: there
                is none.
            more: what is asked for beside it.
        """
        names = () if query is None else fields_dict(type(query))
        asked = {name: getattr(query, name) for name in names if name != "limit"}
        return cls(vendor, call, {**asked, **more})

    def told(self) -> dict[str, Any]:
        """Return it as cursors hold it: the values of filters as digests."""
        return {
            "v": self.vendor,
            "c": self.call,
            "f": {
                _WORDS.get(name, name): _text(
                    digest(json.dumps(_plain(value), sort_keys=True), _FILTER)
                )
                for name, value in sorted(self.filters.items())
                if value not in (None, "", (), {})
            },
        }

    def check(self, told: Mapping[str, Any]) -> None:
        """Raise InvalidArgument, which says what differs, if ``told`` is another list's."""
        own = self.told()
        if told["v"] != own["v"]:
            _refuse(f"it is of a list of another vendor ({_word(told['v'])}).")
        if told["c"] != own["c"]:
            _refuse(f"it is of {_word(told['c'])}(), not of {own['c']}().")
        theirs = told["f"]
        other = [n for n in {**own["f"], **theirs} if own["f"].get(n) != theirs.get(n)]
        if other:
            names = ", ".join(_word(name) for name in sorted(other))
            _refuse(f"it is of a list with other values of {names}.")


@frozen(kw_only=True)
class Place:
    """Where a list goes on, and what must be known of it by then."""

    at: Cursor | None = None
    """The page to ask for; None is the first."""
    start: Cursor | None = None
    """The page at which a walk through the list begins."""
    known: Known = NOBODY
    """The ids that came before."""
    kept: Known = NOBODY
    """Those of them that may come later than with the next page."""
    odd: tuple[str, ...] = ()
    """Digests of the records that could not be read, that were told, and that say which they are.
    """
    odd_here: tuple[str, ...] = ()
    """The same of those of the page itself, whatever they say."""
    odd_apart: tuple[str, ...] = ()
    """The same of those of pages before that do not say which they are."""
    walked: Walked | None = None
    """How far the walk has come; None where it begins at the page."""
    is_again: bool = False
    """Whether the list was walked through before."""

    @classmethod
    def read(cls, text: str | None, listing: Listing) -> Place:
        """Return the place that ``text`` stands for.

        Args:
            text: a cursor of a pager, or None for the beginning.
            listing: the list that is to go on.

        Raises:
            InvalidArgument: it is of another list, damaged, or none of a pager's at all.
        """
        if text is None:
            return BEGINNING
        if not _OURS.match(text):
            _refuse("it is none of Pager.cursor or Page.next, or its beginning was cut off.")
        if len(text) > _MOST:
            _refuse("it is longer than any cursor.")
        version, *parts = text.split(".")
        if version != _VERSION:
            _refuse("another version of this library made it.")
        try:
            head, before, here, check = (_octets(part) for part in parts)
            if digest(text.rpartition(".")[0], _CHECK) != check:
                raise ValueError
            told = json.loads(unpressed(head, _USUAL))
            place = _place(told, Known.unpacked(before), Known.unpacked(here))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            _refuse("it is damaged, or was cut.")
        listing.check(told)
        return place

    def written(self, listing: Listing, before: str, here: bytes) -> str:
        """Return the text of this place.

        Args:
            listing: the list that it is of.
            before: the packed ids that are kept, as :func:`packed_text` returns them.
            here: the packed ids that may come again with the next page only.
        """
        told = {
            **listing.told(),
            "p": self.at,
            "s": self.start,
            "o": self.odd,
            "h": self.odd_here,
            "n": self.odd_apart,
            "w": None if self.walked is None else self.walked.told(),
            "a": int(self.is_again),
        }
        kept = {name: value for name, value in told.items() if value or name in "vcf"}
        head = pressed(json.dumps(kept, separators=(",", ":")).encode(), _USUAL)
        text = f"{_VERSION}.{_text(head)}.{before}.{_text(here)}"
        return f"{text}.{_text(digest(text, _CHECK))}"


BEGINNING = Place()
"""Where a list begins, and nothing came: all share it."""


def _place(told: Mapping[str, Any], before: Known, here: Known) -> Place:
    """Return the place that was written; ValueError for what no pager writes."""
    at, start = told.get("p"), told.get("s")
    odd, odd_here, odd_apart = (told.get(name, []) for name in "ohn")
    walked = told.get("w")
    texts = [told["v"], told["c"], *odd, *odd_here, *odd_apart, *told["f"], *told["f"].values()]
    if not all(isinstance(one, str) for one in texts) or not isinstance(told["f"], dict):
        raise ValueError
    if not all(one is None or (isinstance(one, str) and one) for one in (at, start)):
        raise ValueError
    return Place(
        at=None if at is None else Cursor(at),
        start=None if start is None else Cursor(start),
        known=before.joined(here),
        kept=before,
        odd=tuple(odd),
        odd_here=tuple(odd_here),
        odd_apart=tuple(odd_apart),
        walked=None if walked is None else Walked.read(walked),
        is_again=told.get("a") == 1,
    )


def _plain(value: Any) -> Any:
    """Return a value of a query as JSON has it, the same for the same value in any process."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, frozenset):
        return sorted(map(_plain, value))
    if isinstance(value, Mapping):
        return sorted([str(name), _plain(one)] for name, one in value.items())
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, Party) and (value.id or value.email):
        return {"id": value.id, "email": value.email.casefold() if value.email else None}
    if hasattr(type(value), "__attrs_attrs__"):
        told = {name: _plain(getattr(value, name)) for name in fields_dict(type(value))}
        return {name: one for name, one in told.items() if one not in (None, Role.UNKNOWN)}
    return value if isinstance(value, (str, int, float)) or value is None else str(value)


def _text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode("ascii").rstrip("=")


packed_text = _text


def _octets(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError from error


def _word(text: str) -> str:
    """Return a word of a cursor as an error may show it: anybody can make a cursor."""
    return text if re.fullmatch(r"[a-z0-9_]{1,40}", text) else "?"


def _refuse(sentence: str) -> NoReturn:
    raise InvalidArgument(f"this cursor cannot be gone on from: {sentence}")
