"""Run one target under atheris: ``python -m tests.fuzz.run decoder -max_total_time=60``."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["helpdesk_bridge"]):
    from tests.fuzz.targets import TARGETS

target = TARGETS[sys.argv.pop(1)]
target(b"")  # makes the recordings before the clock runs
atheris.Setup(sys.argv, target)
atheris.Fuzz()
