"""What the envelope of a page says of the list: whether it goes on, and how much there is.

Vendors spell this in many ways, contradict themselves, and leave it out. So nothing here insists on
one spelling: every sign is collected, whatever its name. :mod:`helpdesk_bridge.kit.ends`
judges them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Self
from urllib.parse import parse_qsl

from attrs import define, field

from helpdesk_bridge.kit.hints import MOST, figure, flag, hint, plain, says_incomplete

__all__ = ["Told"]


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


_MORE = _names(
    """
    hasmore more hasnext hasnextpage hasmorepages morepages moreavailable hasmoreitems
    moreitems moreresults morerecords moretickets moremessages istruncated truncated
    """
)
_LAST = _names(
    """
    islast islastpage endofstream endoflist endreached
    """
)
_CURSOR = _names(
    """
    aftercursor nextcursor endcursor cursornext nextpagetoken nexttoken continuationtoken
    nextpagecursor nextafter nextmarker
    """
)
_LINK = _names(
    """
    next nextpage nextpageurl nexturl nextlink nexthref
    """
)
_TOTAL = _names(
    """
    total totalcount totalitems totalrecords totalresults totalelements itemtotal itemstotal
    recordcount recordstotal counttotal totalsize totalhits totalfound totalrows totalentries
    totaltickets totalmessages numfound
    """
)
_COUNT = _names(
    """
    count itemcount resultcount
    """
)
"""Names of the count of a page with some vendors, and of the whole list with others."""
_LAST_PAGE = _names(
    """
    lastpage totalpages pages pagecount pagetotal numpages pagestotal
    """
)
_PAGE = _names(
    """
    page currentpage pagenumber currentpagenumber pageno
    """
)
_PER_PAGE = _names(
    """
    perpage limit pagesize itemlimit itemsperpage
    """
)
_START = _names(
    """
    itemstart offset startindex
    """
)
_PLACES = _names(
    """
    meta metadata links pagination paging pager page pageinfo cursors cursor
    responsemetadata info pages
    """
)
"""Names of objects in which figures stand; some of them stand in one another."""
_LEFT = _names(
    """
    remaining remainingcount remainingitems remainingrecords remainingresults
    """
)
_LINK_CURSORS = ("after", "page[after]", "pageAfter", "cursor", "page[cursor]", "next_cursor")

_ADDRESSES = ("href", "url", "uri", "link")
_AFTER = ("starting_after", "after", "cursor")
_FIRST_TOLD = (
    *("cursor", "link", "page", "per_page", "start", "odd", "loose", "unknown"),
    *("incomplete", "partial"),
)
"""What counts as the first of several envelopes tells it."""
_FIGURES = _TOTAL | _COUNT | _LEFT | _LAST_PAGE | _PAGE | _PER_PAGE | _START
_OF_PAGES = (_MORE | _LAST | _CURSOR | _LINK | _LAST_PAGE | _PAGE | _PER_PAGE) - {"limit"}
_BACKWARDS = re.compile("prev|before|start|first|self|current")
_ADDRESS = re.compile(r"[/?=]")
_HEADER_LINK = re.compile(r"""<([^<>]*)>[^<]*?;\s*rel="?([^<",;]*)""", re.IGNORECASE)


@define(kw_only=True)
class Told:
    """All that the envelope of one page says of its list; None is what it does not tell."""

    more: bool | None = None
    """Whether there is more, in so many words. If one word says so and another denies it: True."""
    cursor: str | None = None
    """The vendor's cursor of the next page."""
    link: str | None = None
    """The vendor's link to the next page, which is never followed; "" for one that is no text."""
    closed: bool = False
    """Whether the place of a next page or its cursor is there, and holds nothing."""
    omits_next: bool = False
    """Whether links to other pages are there, and the one to a next page is left out.

    A link to the first page alone is no such thing: it may stand on every page."""
    names_first: bool = False
    """Whether a link to the first page is there, and none to a next page beside it."""
    total: int | None = None
    """How many records the list has."""
    filtered: int | None = None
    """How many of them the filters leave; that is then :attr:`total`, too."""
    counts_in_header: bool = False
    """Whether nothing but a header tells :attr:`total`."""
    last_page: int | None = None
    """The number of the last page."""
    page: int | None = None
    """The number of this page."""
    per_page: int | None = None
    """How many records a page has."""
    start: int | None = None
    """How many records there are before this page."""
    where: str = "$"
    """The JSON path of what says that there is more."""
    odd: str | None = field(default=None)
    """The JSON path of the first sign that cannot be understood."""
    loose: str | None = None
    """A cursor that may be the one of the next page, or what was asked for; "" for an empty one."""
    left: int | None = None
    """How many records are said to remain; with some vendors that is of requests."""
    incomplete: str | None = None
    """The JSON path of what says that the vendor left records out."""
    partial: str | None = None
    """The same, of what says so only on the last page of a list."""
    unknown: str | None = None
    """The JSON path of the first member whose name nobody knows, and that may say of more."""

    @classmethod
    def of(cls, data: Any, count: int, headers: Mapping[str, str] | None = None) -> Self:
        """Collect what a decoded answer tells.

        Args:
            data: the answer; a bare list tells nothing.
            count: how many records are on the page.
            headers: those of the answer, of which ``Link`` and ``X-Total-Count`` are read; None:
                they are not looked at.

        Returns:
            What is told.
        """
        told = cls()
        for key, value, path in _members(data, told):
            told._take(str(key), value, path, count)
            told._lacks(str(key), value, path)
        links: dict[str, Any] = {}
        for link, relations in _HEADER_LINK.findall(_all_lines(headers or {}, "Link")):
            links.update(dict.fromkeys(relations.casefold().split(), link))
        if "next" in links:
            told._link(links["next"], "the header Link")
        told._omits(links)
        if told.filtered is not None and count <= told.filtered <= (told.total or MOST):
            told.total = told.filtered
        counted = figure((headers or {}).get("X-Total-Count"))
        if told.total is None and counted is not None:
            told.total, told.counts_in_header = counted, True
        return told

    @property
    def is_silent(self) -> bool:
        """Whether nothing was told by which an end could be known."""
        known = (self.more, self.cursor, self.link, self.total, self.last_page)
        return not self.closed and all(one is None for one in known)

    @property
    def names_next(self) -> bool:
        """Whether the place of a next page is told, as many vendors do on the last page too."""
        return self.cursor is not None or self.link is not None

    @property
    def hints_at_more(self) -> bool:
        """Whether anything that cannot be understood for sure may mean that there is more."""
        return bool(self.left or self.loose or self.odd or self.unknown)

    def lacking(self, *, goes_on: bool) -> str | None:
        """Return the JSON path of what says that records were left out; None where nothing does.

        Args:
            goes_on: whether the list goes on behind this page, for sure.
        """
        return self.incomplete or (None if goes_on else self.partial)

    def also(self, other: Told) -> None:
        """Take what another envelope tells of the same list, too.

        Of two figures the larger one counts if it is one of the whole list, and else the own.

        Args:
            other: what that one tells.
        """
        if other.more is not None:
            self.more = other.more or bool(self.more)
            self.where = other.where if other.more else self.where
        self.closed |= other.closed
        for name in ("total", "last_page", "left"):
            both = (getattr(self, name), getattr(other, name))
            setattr(self, name, max((one for one in both if one is not None), default=None))
        for name in _FIRST_TOLD:
            if getattr(self, name) is None:
                setattr(self, name, getattr(other, name))

    def link_cursor(self, *names: str) -> str | None:
        """Return the cursor in the link to the next page.

        Args:
            names: the parameters in which it may be, the first one that is there; none: the usual
                ones.

        Returns:
            The cursor; None where there is no link, or none in it.
        """
        if self.link and figure(self.link) is not None:
            return self.link
        query = dict(parse_qsl((self.link or "").partition("?")[2]))
        return next((query[name] for name in names or _LINK_CURSORS if query.get(name)), None)

    def _take(self, key: str, value: Any, path: str, count: int) -> None:
        name = plain(key)
        if name in _MORE or name in _LAST or name.startswith(("hasmore", "hasnext")):
            self._flag(value, path, inverse=name in _LAST)
        elif name in _CURSOR or (name == "after" and path.count(".") > 1):
            self._cursor(value, path)
        elif name in ("after", "cursor") and (name == "after" or value in (None, "")):
            self._loosely(value, path)
        elif name in _LINK:
            self._link(value, path, is_page=name != "next")
        elif "filtered" in name and figure(value) is not None:
            self.filtered = figure(value)
        elif "cursor" in name and type(value) is str and not _BACKWARDS.search(name):
            self._odd(value, path)  # of the next page or of this one
        elif name in _FIGURES:
            self._figure(name, figure(value), count)
        elif self.unknown is None:
            self.unknown = hint(key, value, path, count, _OF_PAGES)

    def _lacks(self, key: str, value: Any, path: str) -> None:
        if says_incomplete(key, value, goes_on=True):
            self.incomplete = self.incomplete or path
        elif says_incomplete(key, value, goes_on=False):
            self.partial = self.partial or path

    def _flag(self, value: Any, path: str, *, inverse: bool) -> None:
        said = flag(value)
        if said is None:
            self._odd(value, path)
            return
        said ^= inverse
        self.more = said or bool(self.more)
        if said:
            self.where = path.rpartition(".")[0] or "$"

    def _cursor(self, value: Any, path: str) -> None:
        if value in (None, "", False) or value == [] or figure(value) == 0:  # 0 is not ahead
            self.closed = True
        elif type(value) is not str and figure(value) is None:
            self._odd(value, path)
        elif self.cursor is None:
            self.cursor = str(value)

    def _loosely(self, value: Any, path: str) -> None:
        if value in (None, "") or type(value) is str:
            self.loose = value or ""
        else:
            self._odd(value, path)

    def _link(self, value: Any, path: str, *, is_page: bool = False) -> None:
        if type(value) is dict:
            self._link_object(value, path)
        elif value in (None, "", False) or value == []:
            self.closed = True
        elif (number := figure(value)) is not None:
            self.closed |= number == 0
            if number:
                self._linked("" if is_page else str(number), path)
        elif type(value) is str and not _ADDRESS.search(value):
            self._cursor(value, path)
        else:
            self._linked(value, path)

    def _link_object(self, value: dict[str, Any], path: str) -> None:
        """Read a link that is an object: one without an address is none."""
        addresses = [value[name] for name in _ADDRESSES if name in value]
        cursors = [value[name] for name in _AFTER if value.get(name)]
        if any(addresses):
            self._linked(next(filter(None, addresses)), path)
        elif cursors:
            self._cursor(cursors[0], path)
        elif addresses or not any(value.values()):
            self.closed = True
        else:
            self._linked(None, path)

    def _linked(self, value: Any, path: str) -> None:
        self.link = value if type(value) is str else self.link or ""
        self.where = path

    def _omits(self, links: Mapping[Any, Any]) -> None:
        """Note whether links to pages lack the one to a next page, and the last page is this one.

        Who links to the page before this one, or says that there is none, would link to the next
        one, too.
        """
        if "next" in links:
            return
        first, last, here = (links.get(name) for name in ("first", "last", "self"))
        self.names_first |= bool(first)
        if links.get("prev") or links.get("previous"):
            self.omits_next |= last in (None, here) or here is None
        elif last:
            self.omits_next |= last in (first, here)
        else:
            self.omits_next |= bool(first) and not links.keys().isdisjoint(("prev", "previous"))

    def _figure(self, name: str, number: int | None, count: int) -> None:
        if number is None:
            return
        if name in _TOTAL or (name in _COUNT and number > count):
            self.total = max(number, self.total or 0)
        elif name in _LEFT:
            self.left = max(number, self.left or 0)
        elif name in _LAST_PAGE:
            self.last_page = max(number, self.last_page or 0)
        elif name in _PAGE and self.page is None:
            self.page = number
        elif name in _PER_PAGE and self.per_page is None:
            self.per_page = number
        elif name in _START and self.start is None:
            self.start = number

    def _odd(self, value: Any, path: str) -> None:
        if value not in (None, "") and self.odd is None:
            self.odd = path


def _all_lines(headers: Mapping[str, str], name: str) -> str:
    """Return a header that is a list; several lines are one list (RFC 9110, section 5.3)."""
    lines = (value for key, value in headers.items() if key.casefold() == name.casefold())
    return ", ".join(lines)


def _members(
    data: Any, told: Told, path: str = "$", depth: int = 0
) -> Iterator[tuple[Any, Any, str]]:
    """Yield the members of an envelope, those of the objects in it too, and their paths."""
    if not isinstance(data, Mapping):
        return
    inner: list[tuple[Any, str]] = []
    for key, value in data.items():
        name, at = plain(key), f"{path}.{key}"
        if name in _PLACES and isinstance(value, Mapping):
            inner.append((value, at))
            if name == "links":
                told._omits(value)
        elif name in ("meta", "links") and not depth and value not in (None, "") and value != []:
            told._odd(value, at)
        else:
            yield key, value, at
    for place, at in inner:
        if depth < 2:
            yield from _members(place, told, at, depth + 1)
