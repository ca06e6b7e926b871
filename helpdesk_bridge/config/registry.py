"""Finds adapters by name, through the entry points of all installed packages."""

from __future__ import annotations

import sys
from collections.abc import Hashable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpdesk_bridge.config import showable
from helpdesk_bridge.errors import ConfigurationError, Reason
from helpdesk_bridge.kit.contract import Adapter

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint, EntryPoints

__all__ = ["GROUP", "available", "load", "register", "suggest", "taken_for_desk"]

_LONGEST = 100
"""Characters of a word that a slip of the pen is looked for in."""
_MOST = 1000
"""How many known words it is compared with."""
_SHOWN = 50
"""How many of them an error lists."""

_OF_ADAPTERS = 0.8
"""How alike the name of an adapter is: vendors call themselves alike, and are not each other."""

GROUP = "helpdesk_bridge.adapters"

_registered: dict[str, type[Adapter]] = {}


def register(name: str, adapter: type[Adapter]) -> None:
    """Make an adapter known by name in this process, before any installed one of that name."""
    _registered[name] = adapter


def available() -> list[str]:
    """List the names of all adapters, without importing any."""
    return sorted({*_registered, *(entry.name for entry in entry_points(group=GROUP))})


def taken_for_desk(name: str | None) -> str:
    """Return words for an error about a desk ``name`` that an adapter has; "" where none has it."""
    if name is None or name not in available():
        return ""
    return f" ({name} is the name of an adapter: desks have the names that the configuration gives)"


def load(name: str) -> type[Adapter]:
    """Return the adapter class called ``name``; ConfigurationError unless there is just one."""
    if name in _registered:
        return _registered[name]
    entries = entry_points(group=GROUP, name=name)
    found = {(entry.value, _owner(entry)): entry for entry in entries}
    if not found:
        raise ConfigurationError(
            f"there is no adapter {showable.name(name)}"
            f"{suggest(name, available(), likeness=_OF_ADAPTERS)}",
            key="adapter",
        )
    if len(found) > 1:
        owners = " and ".join(sorted(_owner(entry) for entry in found.values()))
        raise ConfigurationError(
            f"adapter {name!r} is claimed by {owners}", key="adapter", reason=Reason.BROKEN_ADAPTER
        )
    return _import(next(iter(found.values())))


def entry_points(*, group: str, name: str | None = None) -> EntryPoints:
    """Return the entry points of what is installed; ``name`` None: of every name."""
    found = _entry_points(group, _installed())
    if name is None:
        return found
    if not (named := found.select(name=name)):
        _entry_points.cache_clear()  # its package may just have been on its way
        named = _entry_points(group, _installed()).select(name=name)
    return named


@lru_cache(maxsize=4)
def _entry_points(group: str, _: Hashable) -> EntryPoints:
    """Read them from the files of all packages, which takes as long as the rest of a new desk."""
    from importlib import metadata  # not needed by who gives the adapter

    return metadata.entry_points(group=group)


def _installed() -> Hashable:
    """Return what differs once a package comes or goes: the times of the folders, as importlib."""
    return tuple(sys.path), tuple(map(_time_of, sys.path)), tuple(map(id, sys.meta_path))


def _time_of(folder: str) -> int | None:
    try:
        return Path(folder).stat().st_mtime_ns
    except (OSError, ValueError):
        return None


def _import(entry: EntryPoint) -> type[Adapter]:
    reason: str
    try:
        adapter: Any = entry.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever another's module raises
        reason = f"{type(error).__name__}: {error}"
    else:
        if isinstance(adapter, type) and issubclass(adapter, Adapter):
            return adapter
        reason = "it is not an Adapter class"
    raise ConfigurationError(
        f"adapter {entry.name!r} of {_owner(entry)} cannot be loaded ({reason})",
        key="adapter",
        reason=Reason.BROKEN_ADAPTER,
    )


def _owner(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else entry.value


def suggest(word: str, known: list[str], *, likeness: float = 0.6) -> str:
    """Return ``; did you mean 'x'?`` for the nearest known word, else what there is.

    ``likeness`` is how near it must be, 1 being the same. A word of the same letters is near, and
    capitals do not count.
    """
    import difflib  # only who errs needs it

    few = [one for one in known if len(one) <= _LONGEST][:_MOST] if len(word) <= _LONGEST else []
    by_fold = {one.casefold(): one for one in reversed(few)}
    word = word.casefold()
    near = [one for one in by_fold if sorted(one) == sorted(word)]
    near = near or difflib.get_close_matches(word, by_fold, n=1, cutoff=likeness)
    if near:
        return f"; did you mean {by_fold[near[0]]!r}?"
    more = f" and {len(known) - _SHOWN:,} more" if len(known) > _SHOWN else ""
    return f"; known: {', '.join(known[:_SHOWN])}{more}" if known else ""
