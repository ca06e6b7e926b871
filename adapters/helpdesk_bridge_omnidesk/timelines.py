"""Judge whether the timeline of a ticket came whole. No I/O.

Whether the vendor cuts long ones is not documented, nor how it would say so. A cut one that counts
as whole would prove that a message was not sent, which was; so a doubt is enough to say no.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from helpdesk_bridge import kit

__all__ = ["entries", "goes_on", "told_of_timeline"]

_OWN = re.compile(r"[_-]?timeline[_-]?", re.IGNORECASE)
_COUNTED = re.compile(r"(total|count|[_-])*(messages?|entries)(total|count|[_-])*", re.IGNORECASE)
_SAME = {"complete": "is_last", "iscomplete": "is_last", "left": "remaining"}
"""Words that say something only of a timeline, as a list has them."""


def entries(ticket: kit.Ticket) -> Any:
    """Return the entries of a ticket that was read by itself; T15: null is none."""
    found = ticket.raw.get("timeline", "")
    return [] if found is None else found


def told_of_timeline(ticket: kit.Ticket, data: Mapping[str, Any]) -> kit.Told:
    """Return what an answer says of the ticket's timeline, such as ``timeline_total``.

    It may say so in the ticket, or beside it in the envelope, where a figure can be of something
    else: 1 is the ticket itself, and what remains may be requests.
    """
    shown = ticket.raw.get("timeline")
    count = len(shown) if isinstance(shown, (list, Mapping)) else 0
    told = kit.Told()
    for name, value in _signs(data, shown):
        told.also(kit.Told.of({name: value}, count))
    beside = {name: value for name, value in data.items() if not _is_of_list(name, value, count)}
    around = kit.Told.of(beside, count)
    if told.total is not None or around.total == 1:
        around.total = None
    if around.per_page == 1:
        around.per_page = None
    if told.closed or told.more is False or told.total == count:
        around.left = around.unknown = None
    told.also(around)
    return told


def _is_of_list(name: str, value: Any, count: int) -> bool:
    """Say whether a member of the envelope is the ticket, or tells of the list of tickets.

    ``next`` is the number of another ticket, if it is not that of the second page or its offset.
    """
    word, number = name.casefold(), kit.figure(value)
    if word == "next":
        return number is not None and number not in (2, count)
    return word == "item" or ("item" in word and number is not None)


def _signs(data: Mapping[str, Any], shown: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield the members whose names speak of a timeline, without that word.

    Also those of objects, and how many messages there are.
    """
    for name, value in data.items():
        if _OWN.search(name):
            rest = _OWN.sub("_", name).strip("_")
            if rest:
                yield _SAME.get(rest.casefold().replace("_", ""), rest), value
            elif isinstance(value, Mapping) and value is not shown:
                yield "meta", value
        elif depth < 2 and _COUNTED.fullmatch(name) and kit.figure(value) is not None:
            yield "count", value
        elif isinstance(value, Mapping) and depth < 2:
            yield from _signs(value, shown, depth + 1)


def goes_on(told: kit.Told, count: int) -> bool:
    """Say whether a timeline of ``count`` entries is cut, though there is no way to ask for more.

    It comes in one piece, so that one of which nothing is told is whole. One that just fills a page
    is not, unless its end is told; nor is one with any sign that may mean more.
    """
    going_on = kit.following(told, count=count, asked=count + 1, before=0, number=1)
    is_full = told.per_page == count and not going_on.doubted
    return told.hints_at_more or (going_on.is_there and (not going_on.unsure or is_full))
