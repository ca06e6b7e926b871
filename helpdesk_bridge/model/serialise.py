"""Values of the model as plain dicts and JSON, and back, and the JSON Schema of both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from helpdesk_bridge.errors import HelpdeskError, InvalidArgument
from helpdesk_bridge.model.plain import Misfit, each
from helpdesk_bridge.model.shapes import is_value, name_of, origin_of
from helpdesk_bridge.model.value import Value

__all__ = ["from_dict", "json_schema", "to_dict", "to_json"]

T = TypeVar("T")

_DEEP = "it is nested too deeply"
_LINE_ENDS = {one: f"\\u{ord(one):04x}" for one in "\u0085\u2028\u2029"}
"""What JSON may have as it is, and many programs split lines at; it stands in strings only."""
_SOMEBODYS = ("custom_fields", "raw")
"""Objects whose keys are the vendor's, or somebody's words."""


def to_dict(value: Value | HelpdeskError, raw: bool = False) -> dict[str, Any]:
    """Return a value of the model as a dict of what JSON has: strings, numbers, lists and so on.

    The keys are the names of the fields; of a :class:`Message` ``html`` and ``text`` are both there
    as a reader shows them. Times are in ISO 8601 and end with Z, words of a vocabulary are
    strings. Of an error only what is told of it is there: read back it is a HelpdeskError, whatever
    its class was. It is a ``default=`` for ``json.dumps``.

    Args:
        value: a Ticket, a Message or another value that a desk returns.
        raw: whether the vendor's own records are there too; without them the others read back
            empty.

    Returns:
        A new dict, which :func:`from_dict` reads back as an equal value.

    Raises:
        InvalidArgument: it holds what JSON has not, such as a datetime in ``custom_fields``; the
            text says where. Or it is no value of the model.
    """
    _require_value(value)
    try:
        made = _written(value, raw)
    except Misfit as misfit:
        error = misfit.as_error()
    except RecursionError:
        error = InvalidArgument(f"{_DEEP}.")
    else:
        return made
    raise error


def to_json(value: Value | HelpdeskError | list[Any] | tuple[Any, ...], raw: bool = False) -> str:
    """Return a value of the model, or a list of them, as JSON in one line.

    Args:
        value: what :func:`to_dict` takes, or a list or tuple of it.
        raw: whether the vendor's own records are there too.

    Returns:
        The JSON, a str without line ends: for files in UTF-8, and for databases.

    Raises:
        InvalidArgument: as for :func:`to_dict`; or a text holds half of a character (a lone
            surrogate), which no UTF-8 has, or a number more digits than Python writes. In a list
            the text says of which one: ``$[7].subject``.
    """
    import json

    import orjson

    several = value if isinstance(value, (list, tuple)) else None
    if several is None:
        _require_value(value)
    try:
        plain: Any = (
            _written(value, raw) if several is None else each(several, lambda one: _item(one, raw))
        )
        try:
            return _on_one_line(orjson.dumps(plain).decode())
        except orjson.JSONEncodeError:  # a large number, much depth, or half of a character
            _require_writable(plain)
        text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    except Misfit as misfit:
        error = misfit.as_error()
    except RecursionError:
        error = InvalidArgument(f"{_DEEP}.")
    else:
        return _on_one_line(text)
    raise error


def from_dict(kind: type[T], data: Mapping[str, Any]) -> T:
    """Return the value that :func:`to_dict` wrote, or that another program wrote in its form.

    Keys that are not known are ignored, those with a default may be missing, and a word that this
    version does not know is UNKNOWN. The desk that it was read from stays on it: another desk
    refuses it.

    Args:
        kind: the class, such as Ticket; of a page ``Page[Ticket]``.
        data: the dict, as ``json.loads`` returns it.

    Returns:
        The value.

    Raises:
        InvalidArgument: something is missing or of the wrong type, or a rule of the class does not
            hold; the text says where, and shows nothing of the data.
    """
    from helpdesk_bridge.model.conversion import converter

    _check(kind)
    try:
        read: T = converter(raw=True).structure(data, kind)
    except Misfit as misfit:
        error = misfit.as_error()
    except RecursionError:
        error = InvalidArgument(f"{_DEEP}.")
    else:
        return read
    raise error


def json_schema(kind: type[Any]) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of what :func:`to_dict` writes of a class.

    ``kind`` is the class, such as Ticket; of a page ``Page[Ticket]``. A key is required where
    :func:`from_dict` requires it. The schema knows the words of this version only.

    Returns:
        A new dict; the classes that it refers to are under ``$defs``.

    Raises:
        InvalidArgument: it is no class of the model.
    """
    from helpdesk_bridge.model.json_schema import schema_of

    _check(kind)
    return schema_of(kind)


def _check(kind: Any) -> None:
    cls = origin_of(kind)
    if not is_value(kind) or cls is Value:
        name = name_of(kind) if isinstance(cls, type) else f"a {type(kind).__name__}"
        raise InvalidArgument(f"{name} is no class of the model.")
    if issubclass(cls, HelpdeskError) and cls is not HelpdeskError:
        raise InvalidArgument("an error is read back as a HelpdeskError, whatever its class was.")


def _require_value(value: object) -> None:
    if not is_value(type(value)):
        raise InvalidArgument(f"{_no_value(value)}.")


def _no_value(value: object) -> str:
    return f"a {type(value).__name__} is no value of the model"


def _written(value: Any, raw: bool) -> dict[str, Any]:
    from helpdesk_bridge.model.conversion import converter

    made: dict[str, Any] = converter(raw=bool(raw)).unstructure(value, type(value))
    return made


def _item(value: Any, raw: bool) -> dict[str, Any]:
    if not is_value(type(value)):
        raise Misfit(_no_value(value))
    return _written(value, raw)


def _on_one_line(text: str) -> str:
    for end, escaped in _LINE_ENDS.items():
        text = text.replace(end, escaped)
    return text


def _require_writable(value: Any, is_ours: bool = True) -> None:
    """Raise Misfit for half of a character, and for a number that Python does not write.

    The keys of an object are shown while they are ours.
    """
    if isinstance(value, list):
        for at, one in enumerate(value):
            try:
                _require_writable(one, is_ours)
            except Misfit as misfit:
                raise misfit.within(at) from None
    elif isinstance(value, dict):
        for key, member in value.items():
            try:
                _require_writable(key)
                _require_writable(member, is_ours and key not in _SOMEBODYS)
            except Misfit as misfit:
                raise (misfit.within(key) if is_ours else misfit.within_somebodys()) from None
    else:
        _require_plain(value)


def _require_plain(value: Any) -> None:
    try:
        if isinstance(value, str):
            value.encode()
        elif isinstance(value, int):
            str(value)
    except UnicodeEncodeError:
        raise Misfit("it holds half of a character, which no UTF-8 has") from None
    except ValueError:  # see sys.set_int_max_str_digits
        raise Misfit("a number with so many digits cannot be written") from None
