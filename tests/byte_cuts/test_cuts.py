"""A connection that breaks at any byte of a write: nobody is mailed twice, nobody is misled.

The ordinary run takes a sample: the first and last bytes of head and body, and some between.
With HELPDESK_BRIDGE_ALL_FAULTS=1 every byte is cut at.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.testing import Cut, End
from tests.byte_cuts.bench import READ_GAP, Bench
from tests.byte_cuts.conftest import ALL
from tests.byte_cuts.cuts import OPERATIONS, Operation, cut_once, cuts
from tests.byte_cuts.tally import Tally

pytestmark = pytest.mark.timeout(3600 if ALL else 120)

WRITES = None if ALL else 2
"""So many places between the ends of a write's messages; None is all."""
SOME = 24 if ALL else 0
"""The same for reads and for variants, of which a complete run takes a sample too."""
STEP = 1 if ALL else 2
A_TICKET = 10
"""So many cuts are made on one ticket: its conversation is read after each."""


class Chapter:
    """Cuts of one operation on one desk."""

    def __init__(self, bench: Bench, desk: hb.Helpdesk, operation: Operation, tally: Tally) -> None:
        self.bench = bench
        self.desk = desk
        self.operation = operation
        self.tally = tally
        self.wrong: list[str] = []

    async def run(
        self,
        nth: int,
        places: Iterable[Cut],
        *,
        variant: str = "",
        times: int | None = 1,
        same_words: bool = False,
    ) -> None:
        """Cut the ``nth`` request at each of the places."""
        bench = self.bench
        words = bench.words()
        ticket: hb.Ticket | None = None
        deletes = self.operation.makes == "delete"
        for number, cut in enumerate(places):
            # One that was repeated and then refused costs the desk a part of its budget for good.
            async with bench.desk() if deletes else nullcontext(self.desk) as desk:
                if ticket is None or deletes or (number % A_TICKET == 0 and not same_words):
                    ticket = await bench.ticket(desk)
                if not same_words:
                    words = bench.words()
                result = await cut_once(
                    desk,
                    bench.proxy,
                    self.operation,
                    cut,
                    counter=bench.counter,
                    ticket=ticket,
                    words=words,
                    nth=nth,
                    times=times,
                    hurry=bench.hurry,
                )
            name = f"{self.operation.name} {variant}".strip()
            self.tally.add(bench.adapter, name, cut, result)
            for promise in result.broken_promises(repairable=times == 1, odd=bench.is_odd):
                self.wrong.append(f"{bench.adapter} {name}, request {nth}, {cut}: {promise}")

    def check(self) -> None:
        """Fail if a promise was broken."""
        assert not self.wrong, "\n".join([f"{len(self.wrong)} broken", *self.wrong[:20]])


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.asyncio
async def test_a_cut_anywhere_misleads_nobody(bench: Bench, name: str, tally: Tally) -> None:
    operation = OPERATIONS[name]
    async with bench.desk() as desk:
        if not operation.offered_by(desk):
            return
        sizes = await bench.sizes(operation)
        chapter = Chapter(bench, desk, operation, tally)
        for nth, request in enumerate(sizes):
            evenly = SOME if request.is_read else WRITES
            variant = f"({nth + 1}. {request.method})" if len(sizes) > 1 else ""
            await chapter.run(nth, cuts(request, evenly), variant=variant)
        chapter.check()


@pytest.mark.parametrize("name", [o.name for o in OPERATIONS.values() if o.unsafe])
@pytest.mark.asyncio
async def test_the_same_words_again_and_again_are_told_apart(
    bench: Bench, name: str, tally: Tally
) -> None:
    """All on one ticket: by the words alone, nobody could say which of them is meant."""
    operation = OPERATIONS[name]
    async with bench.desk() as desk:
        if not operation.offered_by(desk):
            return
        sizes = await bench.sizes(operation)
        chapter = Chapter(bench, desk, operation, tally)
        for nth, request in enumerate(sizes):
            if not request.is_read:
                # What was made and what was not take turns.
                places = sorted(cuts(request, SOME)[::STEP], key=lambda cut: cut.after)
                await chapter.run(nth, places, variant="(same words)", same_words=True)
        chapter.check()


@pytest.mark.parametrize("name", ["reply_and_resolve", "update_ticket", "delete_ticket"])
@pytest.mark.asyncio
async def test_a_write_that_is_cut_each_time_is_claimed_neither_way(
    bench: Bench, name: str, tally: Tally
) -> None:
    """What may be repeated is repeated, and cut again and again."""
    operation = OPERATIONS[name]
    async with bench.desk() as desk:
        if not operation.offered_by(desk):
            return
        sizes = await bench.sizes(operation)
        chapter = Chapter(bench, desk, operation, tally)
        for nth, request in enumerate(sizes):
            if not request.is_read:
                for times in (2, None):
                    variant = f"(cut {times or 'each'} time{'s' * (times is not None)})"
                    places = cuts(request, SOME)[::STEP]
                    await chapter.run(nth, places, variant=variant, times=times)
        chapter.check()


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.asyncio
async def test_a_deadline_that_passes_in_the_silence_misleads_nobody(
    bench: Bench, name: str, tally: Tally
) -> None:
    """The connection hangs, and the call's deadline is shorter than what silence is allowed."""
    operation = OPERATIONS[name]
    async with bench.desk(read_gap=3600, deadline=READ_GAP) as desk:
        if not operation.offered_by(desk):
            return
        chapter = Chapter(bench, desk, operation, tally)
        for nth, request in enumerate(await bench.sizes(operation)):
            if not request.is_read:
                silent = [cut for cut in cuts(request, SOME) if cut.by is End.HANG]
                await chapter.run(nth, silent, variant="(deadline)", times=None)
        chapter.check()


@pytest.mark.parametrize("name", [o.name for o in OPERATIONS.values() if o.unsafe])
@pytest.mark.asyncio
async def test_a_vendor_that_signs_and_tells_times_wrong_misleads_nobody(
    odd_bench: Bench, name: str, tally: Tally
) -> None:
    operation = OPERATIONS[name]
    async with odd_bench.desk() as desk:
        if not operation.offered_by(desk):
            return
        chapter = Chapter(odd_bench, desk, operation, tally)
        for nth, request in enumerate(await odd_bench.sizes(operation)):
            if not request.is_read:
                await chapter.run(nth, cuts(request, WRITES), variant="(odd vendor)")
        chapter.check()
