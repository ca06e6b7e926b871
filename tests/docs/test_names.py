"""What the documents name as a file of the project is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLACES = (ROOT, ROOT / "helpdesk_bridge", ROOT / "tests")
NAMED = re.compile(r"`((?:[a-z_]+/)+(?:[a-z_]+\.(?:py|md|pyi))?)`")
NOT_KEPT = {"webhooks/", "mutants/"}  # planned; made by a tool
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_and_folder_a_document_names_is_there(document: Path) -> None:
    named = set(NAMED.findall(document.read_text(encoding="utf-8"))) - NOT_KEPT
    missing = {
        name
        for name in named
        if "helpdesk_bridge_x/" not in name and "/x/" not in name
        if not any((place / name).exists() for place in PLACES)
    }
    assert not missing


def test_a_file_that_is_gone_would_be_missed() -> None:
    text = "see `calls/context.py`, `desk/` and `tests/every_adapter/`"
    assert NAMED.findall(text) == ["calls/context.py", "desk/", "tests/every_adapter/"]
