"""Read the answers of a vendor: one record, a list of them, or the id of what was made."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeVar

from helpdesk_bridge.errors import HelpdeskError, ProtocolError
from helpdesk_bridge.errors.plain import in_brackets
from helpdesk_bridge.kit.json import (
    AnyId,
    JsonRecord,
    WrongType,
    given_id,
    json_name,
    numbered,
    read_record,
)
from helpdesk_bridge.model import Problem
from helpdesk_bridge.model.text import is_digits

__all__ = [
    "MOST_PROBLEMS",
    "add_problem",
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

MOST_PROBLEMS = 200
"""How many records of one page are told one by one when they cannot be read."""


class _CreatedId(JsonRecord, frozen=True):
    id: AnyId


def created_id(
    data: Any,
    path: str = "$",
    ticket_id: str | None = None,
    *,
    pattern: str | None = None,
    declared: str | None = None,
) -> str:
    """Return the id of what was made: all that must be understood of the answer to a write.

    Any answer may have an id: ask ``Response.accepted`` before whether it says that it was done.

    Args:
        data: the decoded object of what was made.
        path: where ``data`` stands in the answer.
        ticket_id: the ticket that a message was written to; None for what is no message.
        pattern: what ids of this vendor look like (``Adapter.id_pattern``); None takes any.
        declared: the field by which a message of this vendor tells its ticket, as with
            :func:`belongs`; None: no field is documented.

    Returns:
        The id.

    Raises:
        ProtocolError: there is no id, or none that can be one of this vendor, or the message is one
            of another ticket.
    """

    def checked(made: _CreatedId) -> str:
        if ticket_id is not None:
            belongs(made.raw, ticket_id, declared)
        return _looking_like(str(made.id), pattern)

    return read_one(data, _CreatedId, checked, path)


def _looking_like(found: str, pattern: str | None) -> str:
    if pattern is not None and re.fullmatch(pattern, found) is None:
        raise WrongType("no id of this vendor", ".id")
    return found


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


_LONGEST_NAME, _MOST_KEPT = 32, 2048
_FOREIGN = "a message of another ticket than the one asked for"
_IS_ID = re.compile(r"(?=[^0-9]*[0-9])[A-Za-z0-9_.:@=+~-]{1,255}")


def belongs(record: Mapping[str, Any], ticket_id: str, declared: str | None = None) -> None:
    """Raise WrongType for the message of another ticket than the one that was asked for.

    A vendor that does not know a filter, or no longer by this name, answers with everybody's
    messages. What does not look like an id of this vendor, such as a title or an address, says
    nothing, and no more does an id that is nothing's (:func:`~helpdesk_bridge.kit.given_id`).

    Args:
        record: the vendor's message, which may tell its ticket by one of several names.
        ticket_id: the ticket that was asked for.
        declared: the field in which this vendor documents the ticket's id: there anything else is
            another ticket, whatever it looks like. Where it is the right one, no other field is
            looked at. None: no field is documented.
    """
    told = None if declared is None else record.get(declared)
    if type(told) in (str, int) and given_id(told):
        if str(told) != ticket_id:
            raise WrongType(_FOREIGN, f".{declared}")
        return
    names = tuple(record)
    is_usual = sum(map(len, names)) <= _MOST_KEPT  # a vendor's long names are not kept
    for name in _of_tickets(names) if is_usual else _ticket_names(names):
        told, place = record[name], f".{name}"
        if type(told) is dict:
            told, place = told.get("id"), f"{place}.id"
        if _is_other(told, ticket_id):
            raise WrongType(_FOREIGN, place)


def _ticket_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of ``names`` that are a ticket's, in any spelling."""
    return tuple(
        name
        for name in names
        if len(name) <= _LONGEST_NAME
        and name.casefold().replace("_", "").replace("-", "") in ("ticket", "ticketid")
    )


_of_tickets = lru_cache(maxsize=64)(_ticket_names)  # every message has the same names


def _is_other(told: Any, ticket_id: str) -> bool:
    """Say whether ``told`` looks like an id as ``ticket_id`` does, and is another."""
    if type(told) not in (str, int) or not given_id(told) or told == ticket_id:
        return False
    text = str(told).strip().removeprefix("#")
    if is_digits(ticket_id):
        # An id of a message may be 255 figures long: more than int() takes in some settings.
        return is_digits(text) and text.lstrip("0") != ticket_id.lstrip("0")
    return _IS_ID.fullmatch(text) is not None and not is_digits(text) and text != ticket_id


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
        ProtocolError: ``data`` is no list, or more than ``MOST_PROBLEMS`` of it cannot be read.
    """
    items: list[T] = []
    problems: list[Problem] = []
    for index, record in enumerate(listed := _listed(data, path)):
        failure: HelpdeskError
        try:
            items.append(convert(read_record(record, into)))
            continue
        except WrongType as error:
            failure = _odd(f"{path}[{index}]{error.place}", str(error))
        except HelpdeskError as error:
            failure = error
        add_problem(problems, Problem(index=index, error=failure, raw=record), len(listed), path)
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
        ProtocolError: ``data`` is no list, or more than ``MOST_PROBLEMS`` of it cannot be read.
    """
    items: list[T] = []
    problems: list[Problem] = []
    for index, record in enumerate(listed := _listed(data, path)):
        try:
            items.append(convert(record, f"{path}[{index}]"))
            continue
        except HelpdeskError as error:
            problem = Problem(index=index, error=error, raw=record)
        add_problem(problems, problem, len(listed), path)
    return tuple(items), tuple(problems)


def add_problem(problems: list[Problem], one: Problem, count: int, path: str) -> None:
    """Append ``one`` to the ``problems`` of a page of ``count`` records.

    A page with too many of them is no page. Each is told by itself, which takes a thousand times
    as long as the two bytes of ``0,`` take to come.

    Args:
        problems: those of the page so far.
        one: the next one.
        count: how many records the page has.
        path: where they stand in the answer.

    Raises:
        ProtocolError: there are more than ``MOST_PROBLEMS``.
    """
    if len(problems) >= MOST_PROBLEMS:
        first = in_brackets(problems[0].error.message)
        what = f"more than {MOST_PROBLEMS} of {count} records cannot be read, the first {first}"
        raise _odd(path, what)
    problems.append(one)


def _listed(data: Any, path: str) -> list[Any]:
    if type(data) is list:
        return data
    found = numbered(data)  # a list of PHP's that something was taken out of
    if found is None:
        raise _odd(path, f"expected a list, got {json_name(type(data))}")
    return found


def _odd(path: str, what: str) -> ProtocolError:
    return ProtocolError(f"{path}: {what}.", path=path)
