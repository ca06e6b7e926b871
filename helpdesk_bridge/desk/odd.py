"""Tell the records of a list that cannot be read apart, so that none is told of twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from copy import copy

from helpdesk_bridge.desk.known import digest
from helpdesk_bridge.kit.walk import has_id
from helpdesk_bridge.model import Problem

__all__ = ["OddOnes"]

_MARK = 6
"""Bytes of what stands for a record in a cursor."""


class OddOnes:
    """The unreadable records that came.

    Args:
        before: the marks of those that were told of on pages before, and say which they are.
        here: the marks of those that were told of on the page at which the list goes on.
        apart: the marks of those of pages before that do not say which they are.
        throughout: whether those of ``here`` may be on any page.
    """

    def __init__(
        self,
        before: Iterable[str] = (),
        here: Sequence[str] = (),
        apart: Sequence[str] = (),
        *,
        throughout: bool = False,
    ) -> None:
        self._before = frozenset(before)
        self._met: set[str] = set()  # those of them that came again on pages before
        self._met_here: set[str] = set()  # and on the present one
        self._expected: dict[str, int] = Counter(here) if here else {}
        self._apart = frozenset(apart).difference((_NOTHING,))
        self._throughout = throughout
        self._pages = 0
        # Of those expected on the present page: where they are, and their marks.
        self._passed: list[tuple[int, str]] = []
        self._came: list[object] = []
        self._told_nothing = [*apart, *(here if throughout else ())].count(_NOTHING)
        self._nothing = 0  # records of which nothing comes, to come again on the present walk

    def walk_again(self) -> None:
        """Note that the list is walked through once more."""
        self._nothing = self._told_nothing
        self._expected = {}

    def turn(self) -> None:
        """Note that another page begins."""
        self._pages += 1
        self._passed = []
        self._met |= self._met_here
        self._met_here = set()
        if self._pages > 1 and not self._throughout:
            self._expected = {}

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
        if raw is None and self._nothing:
            self._nothing -= 1
            return True
        self._came.append(raw)
        is_expected = False
        if self._before or self._expected or (again and self._apart):
            mark = _mark(raw)
            if mark in self._before:
                self._met_here.add(mark)
            is_expected = self._expected.get(mark, 0) > 0
            if is_expected:
                self._expected[mark] -= 1
                self._passed.append((problem.index, mark))
            elif mark in self._before or (again and mark in self._apart):
                return True
        self._told_nothing += raw is None and not (is_expected and self._throughout)
        return is_expected

    def as_it_stands(self) -> OddOnes:
        """Return what came so far, which stays as it is while more comes."""
        copied = copy(self)
        copied._met, copied._met_here = {*self._met}, {*self._met_here}
        copied._came, copied._expected = [*self._came], {}
        return copied

    def kept(self, told: Iterable[Problem], *, page: bool) -> tuple[str, ...]:
        """Return the marks of those that say which they are, and may come again.

        Args:
            told: those of the present page that may, and were told of.
            page: whether all of the page may.
        """
        mine = {_mark(problem.raw) for problem in told if has_id(problem.raw)}
        met = self._met if page else self._met | self._met_here
        return tuple(sorted((self._before - met) | mine))

    def marks(self, not_yet: Sequence[Problem], *, again: bool) -> tuple[str, ...]:
        """Return the marks of those that say which they are; ``again``, of all but nothing.

        ``not_yet`` came and were not told of.
        """
        marks = {_mark(raw) for raw in self._all_but(not_yet) if again or has_id(raw)}
        return tuple(sorted(marks | self._before | (self._apart if again else set())))

    def apart(self, not_yet: Sequence[Problem], *, page: bool) -> tuple[str, ...]:
        """Return the marks of those that do not say which they are.

        Args:
            not_yet: those that came and were not told of, or are told of in another way.
            page: whether that holds for those of the page that were told of before, too.
        """
        marks = {_mark(raw) for raw in self._all_but(not_yet) if not has_id(raw)}
        again = self.marks_here(()).count(_NOTHING) if page else 0
        return (*sorted(marks | self._apart), *self.nothing(not_yet)[again:])

    def marks_here(self, told: Iterable[Problem], *, behind: int = -1) -> tuple[str, ...]:
        """Return the marks of those of the present page that were told of before, and of ``told``.

        Args:
            told: the others of the page that were told of.
            behind: where on the page those of before are behind that matter.
        """
        passed = (mark for index, mark in self._passed if index > behind)
        return (*passed, *(_mark(problem.raw) for problem in told))

    def nothing(self, not_yet: Sequence[Problem]) -> tuple[str, ...]:
        """Return a mark for each record of which nothing came, less those of ``not_yet``."""
        return (_NOTHING,) * (self._told_nothing - sum(one.raw is None for one in not_yet))

    def _all_but(self, not_yet: Iterable[Problem]) -> list[object]:
        """Return all that came of which something did, less ``not_yet``."""
        left = {id(problem.raw) for problem in not_yet}
        return [raw for raw in self._came if id(raw) not in left and raw is not None]


def _mark(raw: object) -> str:
    try:
        text = json.dumps(raw, sort_keys=True, default=repr)
    except (TypeError, ValueError, RecursionError):
        text = type(raw).__name__
    return digest(text, _MARK).hex()


_NOTHING = _mark(None)
"""What stands for each record of which nothing came."""
