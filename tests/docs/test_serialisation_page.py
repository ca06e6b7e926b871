"""What the page on values that leave the process shows works as pasted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import helpdesk_bridge as hb
from tests.pasted import run_pasted

PAGE = (Path(__file__).parents[2] / "docs" / "serialisation.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_works_as_pasted(example: str, tmp_path: Path) -> None:
    done = run_pasted(example, tmp_path)
    assert (done.stderr, done.stdout, done.returncode) == ("", "", 0)


def test_every_key_that_the_page_names_is_written() -> None:
    named = {"html", "text", "derived_body", "replaced_body", "desk", "vendor", "custom_fields"}
    written = {*hb.to_dict(hb.Message(id="1", ticket_id="1")), *hb.to_dict(hb.Ticket(id="1"))}
    assert named <= written
    assert all(f"`{name}`" in PAGE for name in named)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 2
