"""What an error must not carry along: the values that its calls were at."""

from __future__ import annotations

from traceback import clear_frames

__all__ = ["forget_locals"]


def forget_locals(error: BaseException) -> None:
    """Empty the frames of the traceback of ``error``, and of the errors that it was raised from.

    Whoever keeps an error keeps its traceback, and so all that was at hand where it was raised: an
    answer of 16 MiB, a signed request. The error is at hand there as well, so that without this
    only the garbage collector would free them. Files and lines of the traceback stay, and what is
    still running is left alone.
    """
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        one = pending.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        clear_frames(one.__traceback__)
        pending += [one.__cause__, one.__context__]
