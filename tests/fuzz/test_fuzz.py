"""A short run of every target; ``nox -s fuzz`` runs each for a minute, guided by coverage."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.replay import CALLS, recording
from tests.fuzz.targets import TARGETS

FAST = {"decoder", "headers", "names", "addresses", "words"}


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_but_our_errors_escapes(target: str) -> None:
    @settings(
        deadline=None,
        max_examples=300 if target in FAST else 50,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.binary(min_size=1, max_size=120))
    def run(data: bytes) -> None:
        TARGETS[target](data)

    run()


@pytest.mark.parametrize(
    ("target", "data"),
    [
        ("addresses", b"c\xb9\x00\x00\xff\xff0\x00]~\x00t\x00t@"),  # IndexError from yarl
        ("memory", b"p\xf2P\xef\xef\xef"),  # OverflowError of a date that UTC does not have
    ],
)
def test_what_fuzzing_has_found_stays_found(target: str, data: bytes) -> None:
    TARGETS[target](data)


@pytest.mark.parametrize("adapter", sorted(TARGETS.keys() - FAST - {"cursors", "memory"}))
def test_the_recording_of_a_vendor_has_answers_to_most_calls(adapter: str) -> None:
    answered = [
        call.__name__ for call, kept in zip(CALLS, recording(adapter).answers, strict=True) if kept
    ]
    assert len(answered) >= 8, answered
