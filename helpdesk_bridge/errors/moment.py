"""A point in time on one machine, which no change of its clock moves."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from attrs import field, frozen

__all__ = ["BOOT", "Moment", "Stopwatch", "uptime", "wall_clock"]


def _boot() -> str:
    """Return a name of this start of the machine; where there is none, one of this process only.

    Containers have the machine's. A namespace of times of their own is part of the name, because
    it has an uptime of its own.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/time').readlink()}"
    except OSError:
        return f"process {uuid.uuid4().hex}"


BOOT = _boot()
"""The name of this start of the machine."""


def uptime() -> float:
    """Return the seconds since the machine was started; where it can be told, with its sleep."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)  # it goes on while the machine is suspended
    return time.monotonic() if clock is None else time.clock_gettime(clock)


def wall_clock() -> datetime:
    """Return the time of day, in UTC. It may be wrong, and may be set: nothing is proved by it."""
    return datetime.now(UTC)


@frozen
class Moment:
    """A point in time on one machine."""

    boot: str
    """The name of the start of the machine since which it counts."""
    seconds: float
    """The seconds since then."""

    @classmethod
    def now(cls) -> Self:
        """Return the present."""
        return cls(BOOT, uptime())

    @property
    def age(self) -> float | None:
        """The seconds that have passed since then; None: it was on another machine, or start."""
        return max(0.0, uptime() - self.seconds) if self.boot == BOOT else None

    def later(self, seconds: float) -> Moment:
        """Return the moment that is ``seconds`` later."""
        return Moment(self.boot, self.seconds + seconds)


@frozen
class Stopwatch:
    """Counts the seconds since it was made, for what must not be done too late.

    The wall clock is asked, too, because a machine that was stopped from without has no other sign
    of that. One that is put forward makes it too late; nothing makes it early.
    """

    began: Moment = field(factory=Moment.now)
    by_clock: datetime = field(factory=lambda: wall_clock())

    @property
    def seconds(self) -> float:
        """The seconds that have passed, by whichever clock says more."""
        return max(self.began.age or 0.0, (wall_clock() - self.by_clock).total_seconds())
