"""What the machine runs over: a helpdesk, what writers do on it, and what is true of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from attrs import define, field, frozen

import helpdesk_bridge as hb
from tests.sync.helpdesk import Case, Setup, VendorDesk
from tests.sync.machine.reader import Breaks, Reader
from tests.sync.vendor import opened

__all__ = ["KINDS", "Model", "World", "Write"]

KINDS = (
    *("create", "update", "say", "say", "note", "delete", "restore", "advance"),
    *("back", "jump", "jump back", "future", "spoil", "silence", "heal"),
)
"""What writers do, and what happens to a vendor of the tests' own."""
_DAY = 86_400


@frozen
class Write:
    """Something that is done on the helpdesk."""

    kind: str
    which: int = 0
    """Which ticket, of those it may be done to."""
    late: int = 0
    """Seconds after which it shows in lists, as far as the vendor lags; or seconds that pass."""


class World(Protocol):
    """A helpdesk that is written to and read."""

    needs_sweep: bool
    """Whether deletions are found by a sweep only."""
    lasts: float
    """Seconds after which nothing more shows of what was done before."""

    async def start(self) -> None:
        """Open it."""
        ...

    async def stop(self) -> None:
        """Close it."""
        ...

    def opened(self, breaks: Breaks) -> hb.Helpdesk:
        """Return a desk that reads it."""
        ...

    def write(self, write: Write) -> None:
        """Do something on it."""
        ...

    def wait(self, seconds: float) -> None:
        """Have time pass on it, which the reader waits."""
        ...

    def heal(self) -> None:
        """Have everything be readable."""
        ...

    async def check(self, reader: Reader) -> None:
        """Compare a copy with it, after it was quiet and read."""
        ...


@define
class Model:
    """A vendor of the tests' own."""

    setup: Setup
    desk: VendorDesk = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.desk = VendorDesk(self.setup)

    @property
    def needs_sweep(self) -> bool:
        """Whether deletions are found by a sweep only."""
        return not self.setup.sees_deletions

    @property
    def lasts(self) -> float:
        """Seconds after which nothing more shows of what was done before."""
        return (self.setup.unit or 1) + self.setup.lag + 1

    async def start(self) -> None:
        """Do nothing: it is there."""

    async def stop(self) -> None:
        """Do nothing."""

    def opened(self, breaks: Breaks) -> hb.Helpdesk:
        """Return a desk that reads it."""
        return opened(self.desk, breaks)

    def write(self, write: Write) -> None:
        """Do something on it, if there is something to do it to."""
        desk, late = self.desk, write.late
        if write.kind == "create":
            desk.create(late)
        elif write.kind == "advance":
            desk.tick += late + 1
        elif write.kind == "jump":
            desk.ahead += late * 60
        elif write.kind == "jump back":
            desk.ahead -= late * 60
        elif write.kind == "heal":
            self.heal()
        else:
            cases = desk.deleted() if write.kind == "restore" else desk.living()
            if cases:
                self._do(write, cases[write.which % len(cases)])

    def _do(self, write: Write, case: Case) -> None:
        desk, late = self.desk, write.late
        {
            "update": lambda: desk.update(case, late),
            "future": lambda: desk.update(case, late, future=_DAY),
            "say": lambda: desk.say(case, late=late),
            "note": lambda: desk.say(case, note=True, late=late),
            "back": lambda: desk.say(case, late=late, before=600),
            "delete": lambda: desk.delete(case, late),
            "restore": lambda: desk.restore(case, late),
            "spoil": lambda: setattr(case, "spoilt", True),
            "silence": lambda: setattr(case, "silent", True),
        }[write.kind]()

    def heal(self) -> None:
        """Have everything be readable."""
        for case in self.desk.cases.values():
            case.spoilt = case.silent = False

    def wait(self, seconds: float) -> None:
        """Have time pass on it, which the reader waits."""
        self.desk.tick += math.ceil(seconds)

    async def check(self, reader: Reader) -> None:
        """Compare a copy with it, after it was quiet and read."""
        desk, living = self.desk, self.desk.living()
        assert reader.tickets == {desk.ticket_id(case): desk.ticket(case) for case in living}
        if not reader.with_messages:
            return
        for case in desk.cases.values():
            for said in case.said:
                message = desk.message(case, said)
                told = reader.messages.get(message.id)
                assert told is None or told == message
                # One that is recorded with an older time than others shows by its number alone.
                shows = self.setup.ids_grow
                if case in living and (shows or not said.backdated):
                    assert told is not None, f"{message} of {said.at} was not told"


@contextmanager
def explained(reader: Reader, world: World) -> Iterator[None]:
    """Have a failure say what was told last."""
    try:
        yield
    except BaseException as error:
        for batch in reader.last:
            error.add_note(f"{batch!r} {[t.id for t in batch.tickets]} {batch.deleted}")
        error.add_note(f"{world!r}")
        raise
