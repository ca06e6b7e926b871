"""The links of a Request Tracker ticket: what a body asks for and what a record shows."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from attrs import frozen

from helpdesk_bridge_request_tracker.spellings import plain

__all__ = ["Linked", "is_link", "linked"]

_REFS = {
    "DependsOn": "depends-on",
    "DependedOnBy": "depended-on-by",
    "Parents": "parent",
    "MemberOf": "parent",
    "Children": "child",
    "Members": "child",
    "RefersTo": "refers-to",
    "ReferredToBy": "referred-to-by",
}
"""What RT calls a link to another ticket in a body, and among the ``_hyperlinks`` of a record."""
_SHORT = re.compile(r"(?:(\w+):)?(\d+)")
_SCHEMES = {"": "ticket", "t": "ticket", "a": "article", "asset": "asset"}
"""RT's own short forms of a link to a record: ``5``, ``t:5``, ``a:5``, ``asset:5``."""


@frozen
class Linked:
    """The links of one kind, and whether they are as they were asked for."""

    before: frozenset[str] | None
    """None: the ticket is new."""
    after: frozenset[str]
    taken: bool
    """Whether they are as they were asked for, each in any form that RT may take for it."""
    exact: bool
    """Whether they are that in forms which mean nothing else."""
    told: bool
    """Whether the record tells what became of them. RT shows no link to a deleted ticket."""


def is_link(name: str) -> bool:
    """Say whether a key of a body sets, adds or deletes links."""
    return _kind(name) in _REFS


def linked(
    name: str, given: Any, before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> Linked:
    """Return what became of links.

    Args:
        name: the key of the body.
        given: its value: one link or several.
        before: the record of the ticket before the write; None: it is new.
        after: the record of the ticket after the write.
    """
    was, now = (_shown(_kind(name), record or {}) for record in (before, after))
    several = given if isinstance(given, (list, tuple)) else [given]
    asked = {plain(one) for one in several} - {""}
    found = {one: _found(one, was | now) for one in asked}
    wanted = frozenset(found.values())
    if name.startswith("Delete"):
        taken, told = not wanted & now, True
    elif name.startswith("Add"):
        taken = told = wanted <= now
    else:
        taken, told = wanted == now, wanted <= now
    return Linked(
        None if before is None else was,
        now,
        taken,
        exact=taken and all(_written(one) == that for one, that in found.items()),
        told=told or (before is not None and was != now),
    )


def _kind(name: str) -> str:
    return name.removeprefix("Add").removeprefix("Delete")


def _shown(kind: str, record: Mapping[str, Any]) -> frozenset[str]:
    """Return the links that a record shows: records as ``type id``, the rest by address."""
    told = record.get("_hyperlinks")
    rows = told if isinstance(told, (list, tuple)) else []
    return frozenset(
        f"{one.get('type')} {one['id']}" if "id" in one else str(one.get("_url"))
        for one in rows
        if isinstance(one, Mapping) and one.get("ref") == _REFS[kind]
    )


def _written(link: str) -> str:
    """Return a link as it is shown, where its form says so by itself."""
    short = _SHORT.fullmatch(link)
    kind = _SCHEMES.get((short[1] or "").lower()) if short else None
    return f"{kind} {short[2]}" if short and kind else link


def _found(link: str, shown: Collection[str]) -> str:
    """Return which of the links that are shown is meant.

    An address of a record ends in the number of it, and names its type before
    (``https://rt.example/Ticket/Display.html?id=5``, ``fsck.com-rt://rt.example/ticket/5``).
    """
    written = _written(link)
    number = re.search(r"\d+$", link)
    if written in shown or number is None:
        return written
    words = re.findall(r"[a-z]+", link[: number.start()].lower())
    meant = {f"{word} {number[0]}" for word in words} & set(shown)
    return meant.pop() if len(meant) == 1 else written
