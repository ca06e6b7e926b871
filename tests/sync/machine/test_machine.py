"""However writers, vendor and reader get in each other's way, the reader's copy comes right."""

from __future__ import annotations

import os
from typing import ClassVar

import pytest
from attrs import evolve
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from helpdesk_bridge import ChangeMode
from tests.sync.helpdesk import Setup
from tests.sync.machine.rules import TALLY, Breaking, FeedMachine, breakings, writes
from tests.sync.machine.vendors import STORE_KINDS, Vendor
from tests.sync.machine.world import KINDS, Model, Write
from tests.vendors import FAKES

pytestmark = pytest.mark.timeout(7200)
ALL = os.environ.get("HELPDESK_BRIDGE_ALL_FAULTS") == "1"
STEPS = 40
EXAMPLES = 1700 if ALL else 40
"""Runs of each mode; in full, all make more than 200,000 steps together."""
EXAMPLES_OF_VENDORS = 200 if ALL else 8
SWEEP = st.sampled_from((False, False, True))
MESSAGES = st.sampled_from((True, True, False))
LOST = st.sampled_from((None, None, None, 0, 1))


@st.composite
def setups(draw: st.DrawFn, mode: ChangeMode) -> Setup:
    """Return what makes vendors that tell changes so."""
    units: list[int | None] = [1, 60] if mode is ChangeMode.WINDOW else [1, 60, None]
    deletions = {
        ChangeMode.CURSOR: ["unseen", "apart", "marked"],
        ChangeMode.WINDOW: ["unseen", "apart", "marked"],
        ChangeMode.SCAN: ["unseen", "marked"],
    }[mode]
    lag = draw(st.sampled_from((0, 0, 1, 7)))
    return Setup(
        mode=mode,
        unit=draw(st.sampled_from(units)),
        page_size=draw(st.integers(1, 7)),
        order=draw(st.sampled_from(("id", "newest", "changed", "random"))),
        lag=lag,
        lags_everywhere=draw(st.booleans()) if lag else False,
        anchored=draw(st.booleans()),
        counted=draw(st.booleans()),
        deletions=draw(st.sampled_from(deletions)),
        ids_grow=draw(st.booleans()),
        spoken=draw(st.booleans()) if mode is ChangeMode.SCAN else False,
        numbers=draw(st.booleans()),
    )


def written(kinds: tuple[str, ...]) -> type[FeedMachine]:
    """Return a machine in which writers do what is of these kinds."""

    class Written(FeedMachine):
        @rule(write=writes(kinds))
        def write(self, write: Write) -> None:
            self.write_all([write])

        @rule(write=writes(kinds), times=st.integers(2, 12))
        def write_often(self, write: Write, times: int) -> None:
            self.write_all([evolve(write, which=write.which + n) for n in range(times)])

        @rule(during=breakings(kinds), sweep=SWEEP, lost=LOST)
        def poll_once(self, during: list[Breaking], sweep: bool, lost: int | None) -> None:
            self.poll(during, sweep=sweep, lost=lost)

        @rule(at=st.integers(0, 9), what=st.sampled_from(("kill", "fail")), sweep=SWEEP)
        def break_off(self, at: int, what: str, sweep: bool) -> None:
            self.poll([Breaking(at, what)], sweep=sweep, lost=None)

    return Written


class OfModels(written(KINDS)):  # type: ignore[misc]
    """The machine over a vendor of the tests' own."""

    mode: ClassVar[ChangeMode]

    @initialize(data=st.data(), with_messages=MESSAGES)
    def open(self, data: st.DataObject, with_messages: bool) -> None:
        setup = data.draw(setups(self.mode), label="setup")
        self.begin(Model(setup), with_messages=with_messages)


class OfVendors(written(STORE_KINDS)):  # type: ignore[misc]
    """The machine over a vendor of the library's."""

    adapter: ClassVar[str]

    @initialize(with_messages=MESSAGES)
    def open(self, with_messages: bool) -> None:
        self.begin(Vendor(self.adapter), with_messages=with_messages)


def run(machine: type[FeedMachine], examples: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Run a machine, and see that what should happen did."""
    TALLY.clear()
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=not ALL,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert TALLY["caught up"] > examples
    assert TALLY["killed"]
    assert TALLY["lost"]
    if ALL:
        with capsys.disabled():
            print(f"\n{machine.__name__}: {dict(TALLY)}")  # noqa: T201


@pytest.mark.parametrize("mode", ChangeMode)
def test_a_copy_comes_right(mode: ChangeMode, capsys: pytest.CaptureFixture[str]) -> None:
    run(type(mode.name.title(), (OfModels,), {"mode": mode}), EXAMPLES, capsys)


@pytest.mark.parametrize("adapter", ["memory", *FAKES])
def test_a_copy_of_a_vendors_comes_right(adapter: str, capsys: pytest.CaptureFixture[str]) -> None:
    machine = type(adapter.title(), (OfVendors,), {"adapter": adapter})
    run(machine, EXAMPLES_OF_VENDORS, capsys)
