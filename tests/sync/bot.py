"""The bot of docs/changes.md, and what ends it at one of its steps."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Generator
from pathlib import Path
from typing import Any

__all__ = ["GUIDE", "Steps", "block", "bot"]

GUIDE = (Path(__file__).parents[2] / "docs" / "changes.md").read_text(encoding="utf-8")


def block(word: str) -> str:
    """Return the one example of the page that has a word in it."""
    (found,) = (one for one in re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL) if word in one)
    return str(found)


def bot() -> Any:
    """Return ``run_bot`` as the page shows it."""
    names: dict[str, Any] = {}
    exec(block("def run_bot"), names)
    return names["run_bot"]


class Steps:
    """Awaits a coroutine, counts its steps in ``taken``, and calls ``end`` before step ``last``."""

    def __init__(
        self, work: Coroutine[Any, Any, Any], last: int | None, end: Callable[[], object]
    ) -> None:
        self._work, self._last, self._end = work, last, end
        self.taken = 0

    def __await__(self) -> Generator[Any, Any, Any]:
        error: BaseException | None = None
        while True:
            if self.taken == self._last:
                self._end()
            self.taken += 1
            try:
                waits = self._work.send(None) if error is None else self._work.throw(error)
            except StopIteration as done:
                return done.value
            error = None
            try:
                yield waits
            except BaseException as thrown:  # noqa: BLE001 - it belongs to the coroutine
                error = thrown
