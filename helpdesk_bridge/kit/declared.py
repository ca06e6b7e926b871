"""Checks what the class of an adapter declares, when the class is made."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from attrs import fields_dict

from helpdesk_bridge.kit.vocabulary import Vocabulary
from helpdesk_bridge.model import Capability, ChangeKind, ChangeMode, Level, Support, TicketChanges

__all__ = ["check_changes", "check_declared", "check_spelling"]

_SECONDS = ("visible_after", "gives_up_after")
_WORDS = {
    "file_hosts": "host names",
    "idempotent_extra": "keys",
    "quiet_extra": "keys",
    "account_by": "settings",
}
_TABLES = ("status_words", "priority_words", "kind_words")
_KEYS = "ticket_keys"
_NAMED = "named_settings"
_FLAGS = ("tells_forwards", "takes_anybody", "message_ids_grow")
_NAMED_BY = {
    "assignee_by": frozenset(("id", "email", "name")),
    "team_by": frozenset(("id", "name")),
}
_ONE_WRITE = "in_one_write"
_MAY_BE_ONE_WRITE = frozenset((Capability.CREATE_TICKET, Capability.REPLY_WITH_STATUS))
_CHANGED = frozenset(fields_dict(TicketChanges)) - {"extra"}
_CLOSE = 0.85
"""How alike a word must be to be a misspelling: ``visble_after`` is, ``visible_before`` is not."""


def check_declared(kind: type) -> None:
    """Raise TypeError if an attribute of an adapter's class ``kind`` is of the wrong type."""
    for name in _SECONDS:
        value = getattr(kind, name)
        if not _is_seconds(value):
            raise TypeError(
                f"{kind.__name__}.{name} is a finite number of seconds, 0 or more;"
                f" not {value!r:.80}"
            )
    for name, what in _WORDS.items():
        value = getattr(kind, name)
        if not isinstance(value, (set, frozenset)) or not all(isinstance(v, str) for v in value):
            raise TypeError(
                f"{kind.__name__}.{name} is a set of {what}, each a str; not {value!r:.80}"
            )
    _check_names(kind)
    in_one = getattr(kind, _ONE_WRITE)
    if not isinstance(in_one, (set, frozenset)) or not in_one <= _MAY_BE_ONE_WRITE:
        raise TypeError(
            f"{kind.__name__}.{_ONE_WRITE} is a set of CREATE_TICKET and REPLY_WITH_STATUS;"
            f" not {in_one!r:.80}"
        )
    odd = [flag for flag in _FLAGS if not isinstance(getattr(kind, flag), bool)]
    if odd:
        raise TypeError(f"{kind.__name__}.{odd[0]} is True or False")
    for name in _TABLES:
        value = getattr(kind, name)
        if value is not None and not isinstance(value, Vocabulary):
            raise TypeError(f"{kind.__name__}.{name} is a Vocabulary or None; not {value!r:.80}")
    keys = getattr(kind, _KEYS)
    keyed = isinstance(keys, Mapping) and _CHANGED.issuperset(keys)
    if not keyed or not all(isinstance(key, str) for key in keys.values()):
        raise TypeError(
            f"{kind.__name__}.{_KEYS} is a mapping of {', '.join(sorted(_CHANGED))} to the"
            f" vendor's keys; not {keys!r:.80}"
        )
    _check_settings(kind)


def _check_settings(kind: type) -> None:
    named = getattr(kind, _NAMED)
    if not isinstance(named, Mapping) or not all(
        isinstance(name, str) and (why is None or (isinstance(why, str) and why))
        for name, why in named.items()
    ):
        raise TypeError(
            f"{kind.__name__}.{_NAMED} is a mapping of settings to why they cannot be checked, or"
            f" None; not {named!r:.80}"
        )


def _check_names(kind: type) -> None:
    for name, known in _NAMED_BY.items():
        value = getattr(kind, name)
        if not isinstance(value, (set, frozenset)) or not value or not known.issuperset(value):
            raise TypeError(
                f"{kind.__name__}.{name} is a set of some of {', '.join(sorted(known))};"
                f" not {value!r:.80}"
            )


def check_spelling(kind: type, known: Iterable[str]) -> None:
    """Raise TypeError if an attribute of an adapter's class ``kind`` looks like a ``known`` one.

    Its default would be used else, and nobody would notice. Only plain values are looked at: a
    method, a flag and whatever begins with an underscore is the adapter's own.
    """
    known = list(known)
    for name, value in vars(kind).items():
        plain = isinstance(value, (int, float, str, set, frozenset, Mapping))
        if name.startswith("_") or name in known or isinstance(value, bool) or not plain:
            continue
        import difflib  # few adapters have one

        close = difflib.get_close_matches(name, known, n=1, cutoff=_CLOSE)
        if close:
            raise TypeError(
                f"{kind.__name__}.{name} is nothing that an adapter declares: {close[0]} is meant?"
                " Begin its name with an underscore if it is your own."
            )


_LONGEST_LAG = 30 * 86400
_BY_MODE = {"list_changed": ChangeMode.WINDOW, "read_feed": ChangeMode.CURSOR}


def check_changes(kind: type, base: type, offered: Support) -> None:
    """Raise TypeError if the methods for changes of an adapter's class are not those it declares.

    Args:
        kind: the class.
        base: the class whose methods stand for none.
        offered: what it declares of CHANGES.
    """
    if offered.level is Level.NONE:
        return
    name, limits = kind.__name__, offered.limits
    if not isinstance(limits.mode, ChangeMode) or not isinstance(limits.sees, frozenset):
        raise TypeError(f"{name} offers changes: its limits need a mode, and what it sees")
    written = {
        method: getattr(kind, method) is not getattr(base, method)
        for method in (*_BY_MODE, "list_deleted", "list_spoken")
    }
    for method, mode in _BY_MODE.items():
        if limits.mode is mode and not written[method]:
            raise TypeError(f"{name} declares changes of the mode {mode.name}, but lacks {method}")
        if written[method] and limits.mode is not mode:
            raise TypeError(
                f"{name}.{method} is written, but its changes are of the mode {limits.mode.name}:"
                f" declare {mode.name}"
            )
    if written["list_spoken"] and limits.mode is not ChangeMode.SCAN:
        raise TypeError(f"{name}.list_spoken is for changes of the mode SCAN, and only it")
    if written["list_deleted"] and ChangeKind.DELETIONS not in limits.sees:
        raise TypeError(f"{name}.list_deleted is written, but its changes do not see deletions")
    for value in (limits.resolution, limits.lag):
        if value is not None and not (_is_seconds(value) and value <= _LONGEST_LAG):
            raise TypeError(
                f"{name}: the resolution and the lag of changes are seconds, 0 to {_LONGEST_LAG:,}"
            )


def _is_seconds(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(value) and value >= 0
    except OverflowError:  # an int beyond all floats
        return False
