"""What an error must not carry along: the values that its calls were at, credentials among them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from traceback import clear_frames
from typing import ParamSpec, TypeVar

__all__ = ["chain", "forget_locals", "sealed", "without_frames"]

P = ParamSpec("P")
T = TypeVar("T")


def forget_locals(error: BaseException) -> None:
    """Empty the frames of the traceback of ``error``, and of the errors that it was raised from.

    Whoever keeps an error keeps its traceback, and so all that was at hand where it was raised: an
    answer of 16 MiB, a signed request. The error is at hand there as well, so that without this
    only the garbage collector would free them. Files and lines of the traceback stay, and what is
    still running is left alone.
    """
    for one in chain(error):
        clear_frames(one.__traceback__)


def chain(error: BaseException, *, failures: bool = False) -> Iterator[BaseException]:
    """Yield ``error`` and the errors that it was raised from, each once.

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
