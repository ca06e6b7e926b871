"""Tell the records of a list that cannot be read apart, so that none is told of twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence

from helpdesk_bridge.desk.known import digest
from helpdesk_bridge.kit.walk import has_id
from helpdesk_bridge.model import Problem

__all__ = ["OddOnes"]

_MARK = 6
"""Bytes of what stands for a record in a cursor."""


class OddOnes:
    """The unreadable records that came.

    Args:
        before: the marks of those that were told of on pages before.
        here: the marks of those that were told of on the page at which the list goes on.
        throughout: whether the latter may be on any page.
    """

    def __init__(
        self, before: Sequence[str] = (), here: Sequence[str] = (), *, throughout: bool = False
    ) -> None:
        self._before = frozenset(before)
        self._expected: dict[str, int] = Counter(here) if here else {}
        self._throughout = throughout
        self._pages = 0
        self._passed: list[str] = []  # of those expected on the present page
        self._came: list[object] = []
        self._nameless = 0  # records of which nothing comes, to come again on the present walk

    def walk_again(self) -> None:
        """Note that the list is walked through once more."""
        self._nameless = sum(raw is None for raw in self._came)

    def turn(self) -> None:
        """Note that another page begins."""
        self._pages += 1
        self._passed.clear()
        if self._pages > 1 and not self._throughout:
            self._expected.clear()

    def is_known(self, problem: Problem, *, again: bool) -> bool:
        """Say whether a record came before, and note that it came.

        On another walk the same object again is the same record, and as many of which nothing came
        are the same ones. Elsewhere two equal ones may be two, unless they say which they are.

        Args:
            problem: the record.
            again: whether the list was walked through before.
        """
        raw = problem.raw
        if again and raw is not None and raw in self._came:
            return True
        if raw is None and self._nameless:
            self._nameless -= 1
            return True
        self._came.append(raw)
        if not self._before and not self._expected:
            return False
        mark = _mark(raw)
        if self._expected.get(mark, 0) > 0:
            self._expected[mark] -= 1
            self._passed.append(mark)
            return True
        return mark in self._before

    def marks(self, not_yet: Sequence[Problem], *, again: bool) -> tuple[str, ...]:
        """Return the marks of those that say which they are; ``again``, of all but nothing.

        ``not_yet`` came and were not told of.
        """
        left = {id(problem.raw) for problem in not_yet}
        told = (raw for raw in self._came if id(raw) not in left and raw is not None)
        marks = (_mark(raw) for raw in told if again or has_id(raw))
        return tuple(sorted(self._before.union(marks)))

    def marks_here(self, told: Iterable[Problem]) -> tuple[str, ...]:
        """Return the marks of those of the present page that were told of before, and of ``told``.

        ``told`` are the others of the page that were told of.
        """
        return (*self._passed, *(_mark(problem.raw) for problem in told))

    def nameless(self, not_yet: Sequence[Problem]) -> tuple[str, ...]:
        """Return a mark for each record of which nothing came, less those of ``not_yet``."""
        left = sum(problem.raw is None for problem in not_yet)
        count = sum(raw is None for raw in self._came) - left
        return (_mark(None),) * count


def _mark(raw: object) -> str:
    try:
        text = json.dumps(raw, sort_keys=True, default=repr)
    except (TypeError, ValueError, RecursionError):
        text = type(raw).__name__
    return digest(text, _MARK).hex()
