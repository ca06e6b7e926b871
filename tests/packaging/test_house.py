"""The core stays a house that one can find the way in."""

from __future__ import annotations

import pytest

from tests.vendors import ROOT

CORE = ROOT / "helpdesk_bridge"
MODULES = sorted(CORE.rglob("*.py"))
MOST_LINES = 400
MOST_ENTRIES = 15


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(CORE)))
def test_a_module_is_no_longer_than_one_subject(module: object) -> None:
    lines = module.read_text(encoding="utf-8").splitlines()  # type: ignore[attr-defined]
    assert len(lines) <= MOST_LINES, "when one passes 400 lines it has two subjects"
    assert not lines or lines[0].startswith('"""'), "its first line says what it does"


def test_the_top_level_has_few_entries() -> None:
    entries = {path.name for path in CORE.iterdir()} - {"__pycache__"}
    assert len(entries) <= MOST_ENTRIES, sorted(entries)
