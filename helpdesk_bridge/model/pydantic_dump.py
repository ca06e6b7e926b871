"""What pydantic is given of a value to write: its form, less what include= and exclude= leave out.

Pydantic hands these to whoever writes a class by itself, and does nothing about them then. So does
FastAPI with response_model_exclude= and its like.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from helpdesk_bridge.errors import HelpdeskError, InvalidArgument
from helpdesk_bridge.model.conversion import converter
from helpdesk_bridge.model.plain import Misfit
from helpdesk_bridge.model.shapes import entries
from helpdesk_bridge.model.value import Value

__all__ = ["dump"]

_ALL = "__all__"


def dump(value: Any, info: Any) -> Any:
    """Return a value as pydantic writes it: of JSON in its mode "json", with times and words else.

    ``info`` says what was asked for. ``exclude_unset`` says nothing here: no value keeps which of
    its fields were given.
    """
    try:
        done = converter(raw=False, as_python=info.mode == "python").unstructure(value, type(value))
    except Misfit as misfit:
        error = misfit.as_error()
    except RecursionError:
        error = InvalidArgument("it is nested too deeply.")
    else:
        wanted = (info.include, info.exclude)
        if wanted != (None, None) or info.exclude_none or info.exclude_defaults:
            return _less(done, value, *wanted, info)
        return done
    raise error


def _less(done: Any, value: Any, include: Any, exclude: Any, info: Any) -> Any:
    """Return what was made of ``value`` without what is not wanted, at any depth."""
    if isinstance(done, dict):
        kept: dict[str, Any] = {}
        for key, (part, is_left_out) in _members(done, value, info).items():
            inner = _wanted(key, include, exclude)
            if inner is not None and not is_left_out:
                kept[key] = _less(done[key], part, *inner, info)
        return kept
    if isinstance(done, (list, tuple)):
        parts = value if isinstance(value, Sequence) else done
        within = [(_wanted(at, include, exclude, len(done)), at) for at in range(len(done))]
        return type(done)(
            _less(done[at], parts[at], *inner, info) for inner, at in within if inner is not None
        )
    return done


def _members(done: dict[str, Any], value: Any, info: Any) -> dict[str, tuple[Any, bool]]:
    """Return each member of a dict: what it was made of, and whether it is none or a default."""
    if isinstance(value, Mapping):
        parts = {str(key): one for key, one in value.items()}
        return {key: (parts.get(key), False) for key in done}
    if not isinstance(value, (Value, HelpdeskError)):
        return {key: (done[key], False) for key in done}
    defaults = _defaults(type(value)) if info.exclude_defaults else {}
    found: dict[str, tuple[Any, bool]] = {}
    kind: Any = type(value)
    for entry in entries(kind):
        if entry.key in done:
            part = getattr(value, entry.key, done[entry.key])
            is_none = info.exclude_none and done[entry.key] is None
            is_default = entry.key in defaults and part == defaults[entry.key]
            found[entry.key] = part, is_none or is_default
    return found


def _defaults(kind: type) -> dict[str, Any]:
    """Return what the fields of a class are when they are not given."""
    if not attrs.has(kind):
        return {}
    found: dict[str, Any] = {}
    for one in attrs.fields(kind):
        if isinstance(one.default, attrs.Factory):  # type: ignore[arg-type]
            found[one.alias or one.name] = one.default.factory()
        elif one.default is not attrs.NOTHING:
            found[one.alias or one.name] = one.default
    return {**found, "derived_body": None, "replaced_body": None}


def _wanted(key: str | int, include: Any, exclude: Any, length: int = 0) -> tuple[Any, Any] | None:
    """Return what is wanted within a member; None: it is left out as a whole."""
    left_out = _of(key, exclude, length)
    if left_out is True:
        return None
    if include is None:
        return None, left_out
    taken = _of(key, include, length)
    if taken is None:
        return None
    return (None if taken is True else taken), left_out


def _of(key: str | int, given: Any, length: int) -> Any:
    """Return what a set or a dict of pydantic's says of a member: True, more of it, or None."""
    if given is None:
        return None
    names = [key, _ALL] if isinstance(key, str) else [key, key - length, _ALL]
    if not isinstance(given, Mapping):
        return True if any(name in given for name in names) else None
    for name in names:
        if name in given and given[name] is not None and given[name] is not False:
            more = given[name]
            return True if more is ... else more
    return None
