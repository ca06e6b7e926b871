"""What the README says is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.pasted import run_pasted

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_example_works_as_pasted(tmp_path: Path) -> None:
    example, expected = blocks("python")[0], blocks("text")[0]
    done = run_pasted(example, tmp_path)
    assert (done.stderr, done.stdout) == ("", expected)


def test_the_example_is_about_twenty_lines() -> None:
    assert len([line for line in blocks("python")[0].splitlines() if line.strip()]) <= 22


def test_ci_runs_the_test_command_of_the_readme() -> None:
    command = blocks("sh")[1].strip()
    assert command.endswith("pytest -q -n auto")
    assert command in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("target", re.findall(r"\]\((?!https?:)([^)#]+)\)", README))
def test_links_lead_to_files_that_exist(target: str) -> None:
    assert (ROOT / target).exists()
