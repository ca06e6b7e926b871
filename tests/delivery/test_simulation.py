"""A small run of the simulation, and its table in the documentation."""

from __future__ import annotations

import os

import pytest

from helpdesk_bridge import Verdict
from tests.delivery.simulation import simulate, table
from tests.vendors import ROOT

ALL = os.environ.get("HELPDESK_BRIDGE_ALL_FAULTS") == "1"


@pytest.mark.parametrize("odd", [False, True])
@pytest.mark.parametrize("noted", [False, True])
def test_no_verdict_is_false_and_some_are_given(odd: bool, noted: bool) -> None:
    tallies = simulate(600, odd=odd, noted=noted, seed=7)
    assert [tally.false for tally in tallies] == [0] * len(tallies)
    assert all(tally.arrived[Verdict.SENT] for tally in tallies)
    assert tallies[0].absent[Verdict.NOT_SENT]


@pytest.mark.skipif(not ALL, reason="10,000 lost answers of each kind take a minute")
def test_the_documented_table_is_what_comes_out() -> None:
    text = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    assert table(10_000) in text
