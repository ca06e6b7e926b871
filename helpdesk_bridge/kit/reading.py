"""Read the answers of a vendor: one record, a list of them, or the id of what was made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from helpdesk_bridge.errors import HelpdeskError, ProtocolError
from helpdesk_bridge.kit.json import AnyId, JsonRecord, WrongType, json_name, numbered, read_record
from helpdesk_bridge.model import Problem

__all__ = [
    "belongs",
    "created_id",
    "member",
    "read",
    "read_each",
    "read_one",
    "read_records",
    "require_id",
]

R = TypeVar("R", bound=JsonRecord)
T = TypeVar("T")


class _CreatedId(JsonRecord, frozen=True):
    id: AnyId


def created_id(data: Any, path: str = "$") -> str:
    """Return the id of what was made: all that must be understood of the answer to a write.

    ``data`` is the decoded object that stands at ``path`` in the answer. ProtocolError without an
    id.
    """
    return str(read(data, _CreatedId, path).id)


def member(data: Any, key: str, path: str = "$") -> tuple[Any, str]:
    """Return a member of a decoded object and its path; ProtocolError where there is none.

    Args:
        data: a decoded object.
        key: the name of the member.
        path: where ``data`` stands in the answer.

    Returns:
        The member as it was decoded, and its path.

    Raises:
        ProtocolError: ``data`` is no object, or has no such member.
    """
    if type(data) is not dict:
        raise _odd(path, f"expected an object, got {json_name(type(data))}")
    if key not in data:
        raise _odd(f"{path}.{key}", "a required field is missing")
    return data[key], f"{path}.{key}"


def require_id(found: str, wanted: str, path: str) -> None:
    """Raise ProtocolError for the record of another id than was asked for.

    Whoever is written to would be taken from the wrong ticket.

    Args:
        found: the id of the record that came.
        wanted: the id that was asked for.
        path: where ``found`` stands in the answer.
    """
    if found != wanted:
        raise _odd(path, "another one than was asked for")


_TICKET_NAMES = ("ticket_id", "ticketId", "ticketID", "TicketId", "ticket")


def belongs(record: Mapping[str, Any], ticket_id: str) -> None:
    """Raise WrongType for the message of another ticket than the one that was asked for.

    A vendor that does not know a filter, or no longer by this name, answers with everybody's
    messages.

    Args:
        record: the vendor's message, which may tell its ticket by one of several names.
        ticket_id: the ticket that was asked for.
    """
    for name in _TICKET_NAMES:
        told = record.get(name)
        place = f".{name}"
        if type(told) is dict:
            told, place = told.get("id"), f"{place}.id"
        if type(told) in (str, int) and told not in ("", ticket_id) and str(told) != ticket_id:
            raise WrongType("a message of another ticket than the one asked for", place)


def read(data: Any, into: type[R], path: str = "$") -> R:
    """Return a decoded object as ``into``, or raise ProtocolError naming the JSON path.

    Args:
        data: what was decoded.
        into: a class of JsonRecord.
        path: where ``data`` stands in the answer.

    Returns:
        The record; its ``raw`` is ``data`` itself.

    Raises:
        ProtocolError: ``data`` does not fit.
    """
    return read_one(data, into, _as_it_is, path)


def _as_it_is(record: R) -> R:
    return record


def read_one(data: Any, into: type[R], convert: Callable[[R], T], path: str = "$") -> T:
    """Convert a record once it is checked, or raise ProtocolError naming the JSON path.

    ``convert`` may raise WrongType with the place of what it does not take.

    Args:
        data: what was decoded.
        into: a class of JsonRecord.
        convert: what makes of the record what is wanted.
        path: where ``data`` stands in the answer.

    Returns:
        What ``convert`` returns.

    Raises:
        ProtocolError: ``data`` does not fit, or ``convert`` raised WrongType.
    """
    try:
        return convert(read_record(data, into))
    except WrongType as error:
        place, what = error.place, str(error)
    raise _odd(path + place, what)


def read_records(
    data: Any, into: type[R], convert: Callable[[R], T], path: str
) -> tuple[tuple[T, ...], tuple[Problem, ...]]:
    """Convert each record of a list; one that cannot be read does not lose the others.

    Not by :func:`read_each`: to name the place of each record, also of those that are right, takes
    a tenth of reading it.

    Args:
        data: the decoded list.
        into: the class of its records.
        convert: what makes of each record what is wanted.
        path: where ``data`` stands in the answer.

    Returns:
        The items, and the problems with their places among the records.

    Raises:
        ProtocolError: ``data`` is no list.
    """
    items: list[T] = []
    problems: list[Problem] = []
    for index, record in enumerate(_listed(data, path)):
        failure: HelpdeskError
        try:
            items.append(convert(read_record(record, into)))
            continue
        except WrongType as error:
            failure = _odd(f"{path}[{index}]{error.place}", str(error))
        except HelpdeskError as error:
            failure = error
        problems.append(Problem(index=index, error=failure, raw=record))
    return tuple(items), tuple(problems)


def read_each(
    data: Any, convert: Callable[[Any, str], T], path: str
) -> tuple[tuple[T, ...], tuple[Problem, ...]]:
    """Convert each record of a list; one that cannot be read does not lose the others.

    ``convert`` is given a record and its path. Where the records are of one class,
    :func:`read_records` takes less time.

    Args:
        data: the decoded list.
        convert: what makes of a decoded record and its path what is wanted.
        path: where ``data`` stands in the answer.

    Returns:
        The items, and the problems with their places among the records.

    Raises:
        ProtocolError: ``data`` is no list.
    """
    items: list[T] = []
    problems: list[Problem] = []
    for index, record in enumerate(_listed(data, path)):
        try:
            items.append(convert(record, f"{path}[{index}]"))
        except HelpdeskError as error:
            problems.append(Problem(index=index, error=error, raw=record))
    return tuple(items), tuple(problems)


def _listed(data: Any, path: str) -> list[Any]:
    if type(data) is list:
        return data
    found = numbered(data)  # a list of PHP's that something was taken out of
    if found is None:
        raise _odd(path, f"expected a list, got {json_name(type(data))}")
    return found


def _odd(path: str, what: str) -> ProtocolError:
    return ProtocolError(f"{path}: {what}.", path=path)
