"""The example of the guide does what it says."""

from __future__ import annotations

import re
from pathlib import Path

from tests.pasted import run_pasted

GUIDE = Path(__file__).parents[2] / "docs" / "adapters.md"


def test_the_example_of_faults_on_demand_works_as_pasted(tmp_path: Path) -> None:
    section = GUIDE.read_text(encoding="utf-8").split("## Faults on demand")[1].split("\n## ")[0]
    example, expected = re.findall(r"```(?:python|text)\n(.*?)```", section, re.DOTALL)
    done = run_pasted(example, tmp_path)
    assert (done.stderr, done.stdout) == ("", expected)
