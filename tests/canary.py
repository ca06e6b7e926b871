"""A pytest plugin that runs for the whole suite and fails the test in which a secret shows.

Watched are the credentials and customers the tests use, and the words of :data:`CANARY`. They must
not be in a log record at DEBUG, a warning, what the event loop's exception handler is given, what
is printed, or in any error of ours as text, as ``repr`` or pickled; and no error of aiohttp may
hang on one of ours.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
import re
import traceback
import warnings
from collections import Counter
from collections.abc import Generator, Iterator
from typing import Any
from weakref import WeakSet

import pytest

from helpdesk_bridge.errors import Cause, HelpdeskError

CANARY = "kanarienvogel"
"""In credentials, headers and the words of customers; nothing of ours may ever show it."""

CREDENTIALS = (
    CANARY,
    "aclou_0123456789abcdef",
    "fake-helpspace-token",
    "fake-omnidesk-key",
    "eyJhbGciOiAibm9uZSJ9.",  # how a session token of the fake begins
)
CUSTOMERS = (
    "ines.okafor@northpier.example",
    "li@customer.example",
    "lab@partner.example",
    "bank@party.example",
    "Ines Okafor",
    "I paid twice",
    "It stops at 90 percent",
    "Export stops",
)
SHOWN_ON_PURPOSE = ("tests/cli/", "tests/packaging/", "tests/every_adapter/test_one_program")
"""Where customers' words are printed because a program is asked for them."""

_FAKES = ("aiohttp.server", "aiohttp.web", "aiohttp.access", "asyncio", "hypothesis")
"""The other side of the wire, and tools: their lines may name what they are asked for.

asyncio's own lines are checked where they come from: in the loop's exception handler.
"""


_NEVER_CHAINED = ("aiohttp", "helpdesk_bridge")
"""Exceptions of aiohttp may hold the request's headers; ours that are no errors may hold those.

A Cause is made to hang there: it has a class's name and a number, and is looked at as a whole.
"""


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and all that hangs on it."""
    known: set[int] = set()
    pending = [error]
    while pending:
        one = pending.pop()
        if one is None or id(one) in known:
            continue
        known.add(id(one))
        yield one
        pending += [one.__cause__, one.__context__]


def text_of(error: BaseException) -> str:
    """Return all that an exception shows of itself (not the lines of code it passed)."""
    parts = [str(error), repr(error), repr(vars(error)), *getattr(error, "__notes__", ())]
    parts += traceback.format_exception_only(error)
    if isinstance(error, HelpdeskError):
        parts.append(pickle.dumps(error).decode("latin-1"))
    return "\n".join(parts)


class Watch:
    """Looks at every channel, and keeps what it found."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.looked: Counter[str] = Counter()
        self.alive: WeakSet[HelpdeskError] = WeakSet()
        self.credentials = re.compile("|".join(map(re.escape, CREDENTIALS)))
        self.all = re.compile("|".join(map(re.escape, CREDENTIALS + CUSTOMERS)))

    def look(self, channel: str, text: str, *, pattern: re.Pattern[str] | None = None) -> None:
        """Note what of the canaries is in ``text``."""
        self.looked[channel] += 1
        if shown := (pattern or self.all).search(text):
            self.found.append(f"{channel}: {shown[0]!r} in {text[:500]!r}")

    def error(self, error: HelpdeskError) -> None:
        """Look at an error and at what hangs on it."""
        self.look("error", text_of(error))
        for one in chain(error):
            if one is error:
                continue
            if type(one).__module__.partition(".")[0] in _NEVER_CHAINED and not isinstance(
                one, (HelpdeskError, Cause)
            ):
                self.found.append(f"error: {type(one).__name__} hangs on it: {error!r}")
            if isinstance(one, Cause):
                self.look("chained", text_of(one))
            elif not isinstance(one, HelpdeskError):
                self.look("chained", "".join(traceback.format_exception_only(one)))

    def pending(self) -> None:
        """Look at the errors that somebody still holds."""
        while self.alive:
            self.error(self.alive.pop())

    def take(self) -> list[str]:
        """Return what was found, and forget it."""
        found, self.found = self.found, []
        return found


class _Handler(logging.Handler):
    def __init__(self, watch: Watch) -> None:
        super().__init__(logging.DEBUG)
        self.watch = watch

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(_FAKES):
            return
        parts = [record.getMessage(), repr(record.args), repr(vars(record))]
        if record.exc_info and record.exc_info[1] is not None:
            parts += [text_of(one) for one in chain(record.exc_info[1])]
        self.watch.look("log", "\n".join(parts))


class Plugin:
    """Puts the watch into every channel for as long as the tests run."""

    def __init__(self) -> None:
        self.watch = Watch()
        self._handler = _Handler(self.watch)
        self._patch = pytest.MonkeyPatch()

    def pytest_sessionstart(self) -> None:
        watch, patch = self.watch, self._patch
        begin, warn, tell = (
            HelpdeskError.__init__,
            warnings.warn,
            asyncio.BaseEventLoop.call_exception_handler,
        )

        def made(error: HelpdeskError, *args: Any, **kwargs: Any) -> None:
            begin(error, *args, **kwargs)
            watch.alive.add(error)

        def gone(error: HelpdeskError) -> None:
            # Later than any attribute is set, and without keeping anything alive.
            if hasattr(error, "message"):
                watch.error(error)

        def warned(message: Any, *args: Any, **kwargs: Any) -> None:
            watch.look("warning", str(message))
            kwargs["stacklevel"] = kwargs.get("stacklevel", 1) + 1
            warn(message, *args, **kwargs)

        def told(loop: asyncio.BaseEventLoop, context: dict[str, Any]) -> None:
            watch.look("loop", repr(context))
            tell(loop, context)

        patch.setattr(HelpdeskError, "__init__", made)
        patch.setattr(HelpdeskError, "__del__", gone, raising=False)
        patch.setattr(warnings, "warn", warned)
        patch.setattr(asyncio.BaseEventLoop, "call_exception_handler", told)

    def pytest_sessionfinish(self) -> None:
        self._patch.undo()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        root = logging.getLogger()
        level = root.level
        root.addHandler(self._handler)
        root.setLevel(logging.DEBUG)
        try:
            return (yield)
        finally:
            root.setLevel(level)
            root.removeHandler(self._handler)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, Any, Any]:
        result = yield
        self.watch.pending()
        on_purpose = item.nodeid.startswith(SHOWN_ON_PURPOSE)
        for _, kind, content in item._report_sections:
            if kind in ("stdout", "stderr"):
                self.watch.look(
                    "printed", content, pattern=self.watch.credentials if on_purpose else None
                )
        found = self.watch.take()
        if found and item.get_closest_marker("shows_canaries") is None:
            raise AssertionError("a canary shows:\n" + "\n".join(found))
        return result

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        looked = ", ".join(f"{count} {name}" for name, count in sorted(self.watch.looked.items()))
        if looked:  # with several processes each has looked by itself
            terminalreporter.write_line(f"canaries looked for in: {looked}")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "shows_canaries: a test of what a person wrote, which may show on purpose"
    )
    config.pluginmanager.register(Plugin(), "canary-watch")
