"""What an error must not carry along: the values that its calls were at, credentials among them."""

from __future__ import annotations

import gc
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import wraps
from traceback import walk_tb
from types import FrameType
from typing import ParamSpec, TypeVar

__all__ = ["chain", "forget_locals", "sealed", "without_frames"]

P = ParamSpec("P")
T = TypeVar("T")

_MAY_BE_SUSPENDED = (
    inspect.CO_COROUTINE
    | inspect.CO_GENERATOR
    | inspect.CO_ASYNC_GENERATOR
    | inspect.CO_ITERABLE_COROUTINE
)


def forget_locals(error: BaseException) -> None:
    """Empty the frames of the traceback of ``error``, and of the errors that it was raised from.

    Whoever keeps an error keeps its traceback, and so all that was at hand where it was raised: an
    answer of 16 MiB, a signed request. The error is at hand there as well, so that without this
    only the garbage collector would free them. Files and lines of the traceback stay, and what is
    still running or suspended is left alone.
    """
    for one in chain(error, failures=True):
        for frame, _ in walk_tb(one.__traceback__):
            if _is_safe_to_clear(frame):
                with suppress(RuntimeError):  # it is running, or suspended
                    frame.clear()


def _is_safe_to_clear(frame: FrameType) -> bool:
    """Say whether ``frame`` can be emptied without an end to what waits in it.

    Before Python 3.13 to clear the frame of a suspended coroutine closes the coroutine, and its
    task waits for ever: it may have kept an error for others, and go on. A frame refers to its own
    code, for the garbage collector, once its coroutine has ended and left the frame to itself.
    """
    if sys.version_info >= (3, 13) or not frame.f_code.co_flags & _MAY_BE_SUSPENDED:
        return True
    return any(one is frame.f_code for one in gc.get_referents(frame))


def chain(error: BaseException, *, failures: bool = False) -> Iterator[BaseException]:
    """Yield ``error``, the errors that it was raised from, and the members of groups, each once.

    ``failures`` says whether the one that an error of ours tells of (``failure``) is among them.
    """
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        one = pending.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        pending += [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):
            pending += one.exceptions
        if failures:
            pending.append(getattr(one, "failure", None))


def without_frames(function: Callable[P, T]) -> Callable[P, T]:
    """Have ``function`` raise with empty frames, and keep no argument.

    Tools that show a traceback with its locals would show what a configuration holds.
    """

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            forget_locals(error)
            del args, kwargs
            raise

    return call


def sealed(cls: type[T]) -> type[T]:
    """Return the settings class ``cls``, whose refusals keep none of the arguments it was given."""
    setattr(cls, "__init__", without_frames(cls.__init__))  # noqa: B010 - mypy forbids the other
    return cls
