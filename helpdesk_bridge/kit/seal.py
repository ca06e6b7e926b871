"""Settings classes that keep nothing of what they refuse, and refuse a wrong type by its name."""

from __future__ import annotations

from functools import wraps
from typing import Any, TypeVar, get_args

import attrs

from helpdesk_bridge.errors import ConfigurationError, frames
from helpdesk_bridge.kit.numbers import NUMBERED
from helpdesk_bridge.model.text import is_encodable
from helpdesk_bridge.secret import Secret

__all__ = ["sealed"]

T = TypeVar("T")

_WORDS: dict[Any, str] = {
    str: "a str",
    int: "an int",
    float: "a float",
    bool: "a bool",
    Secret: "a str or a Secret",
    type(None): "None",
}
"""The types that are checked, and how errors call them."""
_NO_UTF_8 = (
    "has a character that is none in UTF-8: it may come from a variable of the environment or a"
    " file in another encoding, such as Latin-1"
)
_ALSO: dict[Any, tuple[type[Any], ...]] = {Secret: (str, Secret), float: (int, float)}


def sealed(cls: type[T]) -> type[T]:
    """Return the settings class ``cls``, whose refusals keep none of the arguments it was given.

    A str, a number, a bool or a Secret of another type than its field's is a ConfigurationError
    that names the field. A field with a converter of its own takes what that takes; of
    ``converter=Secret`` it is a str or a Secret, and None where the field may be None. A text that
    has no form in UTF-8 is a ConfigurationError of the same kind.
    """
    initialise: Any = cls.__init__

    @wraps(initialise)
    def checked(self: Any, *args: Any, **kwargs: Any) -> None:
        trouble, key = "", ""
        for name, attribute in _fields(cls).items():
            if name in kwargs and not trouble:
                trouble, key = _trouble(attribute, kwargs[name]), name
        if trouble:
            raise ConfigurationError(f"{key} {trouble}", key=key)
        initialise(self, *args, **kwargs)

    setattr(cls, "__init__", checked)  # noqa: B010 - mypy forbids the other
    return frames.sealed(cls)


def _fields(cls: Any) -> dict[str, Any]:
    """Return the fields by the names of their arguments; none where a type cannot be found."""
    try:
        fields = attrs.fields(attrs.resolve_types(cls))
    except (NameError, attrs.exceptions.NotAnAttrsClassError):
        return {}
    return {attribute.alias: attribute for attribute in fields}


def _trouble(attribute: Any, value: Any) -> str:
    """Return what is wrong with the type of a field's value; "": nothing."""
    kinds = get_args(attribute.type) or (attribute.type,)
    text = value.reveal() if isinstance(value, Secret) else value
    if {str, Secret}.intersection(kinds) and isinstance(text, str) and not is_encodable(text):
        return _NO_UTF_8
    is_numbered = bool(attribute.metadata.get(NUMBERED))
    has_own = attribute.converter is not None and Secret not in kinds and not is_numbered
    if has_own or not all(kind in _WORDS for kind in kinds):
        return ""
    taken = tuple(one for kind in kinds for one in _ALSO.get(kind, (kind,)))
    fits = bool in taken if isinstance(value, bool) else isinstance(value, taken)
    if fits or (is_numbered and type(value) is int):
        return ""
    return f"is {' or '.join(_WORDS[kind] for kind in kinds)}, not {type(value).__name__}"
