"""TicketSQL, the language of Request Tracker's searches, as far as the fake understands it. No I/O.

Conditions with AND, OR and parentheses on the fields in ``FIELDS``. What RT refuses is refused in
its words; what is left out here ("yesterday", custom fields, links …) is refused too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

__all__ = ["FIELDS", "QUEUE_NUMBER", "Record", "WrongQuery", "like", "parse"]

Record = Mapping[str, tuple[Any, ...]]
"""The values of a ticket by the names in ``FIELDS``."""
Test = Callable[[Record], bool]

FIELDS: Mapping[str, type[Any]] = {
    "id": int,
    "Priority": int,
    "Status": str,
    "Subject": str,
    "Queue": str,
    "Owner": str,
    "Owner.Name": str,
    "Owner.EmailAddress": str,
    "Requestor": str,
    "Requestor.Name": str,
    "Requestor.EmailAddress": str,
    "Created": datetime,
    "LastUpdated": datetime,
}
"""The fields that can be asked for, and the type of their values."""

QUEUE_NUMBER = "number of the queue"
"""What is compared in the place of its name where digits are asked for."""

_NAMES = {name.lower(): name for name in FIELDS}
_TOKEN = re.compile(
    r"\s*(?:(?P<value>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|-?[0-9]+(?![\w.]))"
    r"|(?P<operator><=|>=|!=|=|<|>|NOT\s+LIKE\b|LIKE\b)"
    r"|(?P<word>[A-Za-z][\w.]*|[()])|(?P<odd>\S))",
    re.IGNORECASE,
)


class WrongQuery(Exception):
    """The query cannot be read; the text is RT's."""


def parse(sql: str) -> Test:
    """Return the test that a query stands for. Raises WrongQuery."""
    return _Parser(sql).whole()


class _Parser:
    def __init__(self, sql: str) -> None:
        self._sql = sql
        self._tokens = [(m.lastgroup or "", m[0].strip()) for m in _TOKEN.finditer(sql)]
        self._last = "OPEN_PAREN"

    def whole(self) -> Test:
        test = self._any()
        if self._tokens:
            raise self._wrong("AGGREGATOR")
        return test

    def _any(self) -> Test:
        tests = [self._all()]
        while self._took("OR"):
            tests.append(self._all())
        return tests[0] if len(tests) == 1 else lambda record: any(test(record) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._took("AND"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda record: all(test(record) for test in tests)

    def _one(self) -> Test:
        if self._took("("):
            test = self._any()
            if not self._took(")"):
                raise self._wrong("CLOSE_PAREN")
            return test
        word = self._next("word", "KEYWORD")
        name = _NAMES.get(word.lower())
        if name is None:
            raise WrongQuery(f"Unknown field: {word}")
        operator = " ".join(self._next("operator", "OPERATOR").upper().split())
        text = self._next("value", "VALUE")
        if text[0] in "'\"":
            text = re.sub(r"\\(.)", r"\1", text[1:-1])
        return _condition(name, operator, text)

    def _took(self, word: str) -> bool:
        if not self._tokens or self._tokens[0][1].upper() != word:
            return False
        self._last = "PAREN" if word in "()" else "AGGREGATOR"
        del self._tokens[0]
        return True

    def _next(self, group: str, name: str) -> str:
        if not self._tokens or self._tokens[0][0] != group:
            raise self._wrong(name)
        self._last = name
        return self._tokens.pop(0)[1]

    def _wrong(self, expected: str) -> WrongQuery:
        if not self._tokens:
            last = f"last element ({self._last}) is not close paren or value"
            return WrongQuery(f"Incomplete query, {last} in '{self._sql}'")
        if expected == "VALUE" and self._tokens[0][0] == "word":
            return WrongQuery(f"Wrong query, no such column '{self._tokens[0][1]}'")
        return WrongQuery(f"Wrong query, expecting a {expected} in '{self._sql}'")


def _condition(name: str, operator: str, text: str) -> Test:
    positive = {"!=": "=", "NOT LIKE": "LIKE"}.get(operator, operator)
    value = _value(name, text)
    if name == "Queue" and positive == "=" and text.isdecimal():
        name, value = QUEUE_NUMBER, int(text)
    compare: Callable[[Any], bool] = {
        "=": lambda found: _folded(found) == _folded(value),
        "<": lambda found: found < value,
        ">": lambda found: found > value,
        "<=": lambda found: found <= value,
        ">=": lambda found: found >= value,
        "LIKE": lambda found: like(text).search(str(found)) is not None,
    }[positive]
    return lambda record: any(map(compare, record[name])) == (positive == operator)


def _value(name: str, text: str) -> Any:
    kind = FIELDS[name]
    try:
        if kind is datetime:
            return datetime.fromisoformat(text).replace(tzinfo=UTC)  # the account's zone is UTC
        return kind(text)
    except ValueError:
        raise WrongQuery(f"Wrong query, '{text}' is no value of {name} that is known") from None


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def like(text: str) -> re.Pattern[str]:
    """Return the pattern of a search for words: % and _ are wildcards there."""
    parts = (".*" if c == "%" else "." if c == "_" else re.escape(c) for c in text)
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)
