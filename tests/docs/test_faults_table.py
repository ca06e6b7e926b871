"""The table of faults in docs/reliability.md names tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "reliability.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+) \| (.+?) \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)
WITHOUT = {"38": "no webhooks yet"}
"""Rows that need no test, and what they say instead."""


def functions(path: Path) -> set[str]:
    """Return the names of the test functions of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


def test_every_fault_is_there_once() -> None:
    assert [int(number) for number, *_ in ROWS] == list(range(1, len(ROWS) + 1))
    assert len(ROWS) >= 46


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_tests_of_a_fault_exist(row: tuple[str, str, str, str]) -> None:
    number, _, happens, cell = row
    named = re.findall(r"`(\S+?)::(test_\w+)`", cell)
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not (TESTS / file).is_file() or name not in functions(TESTS / file)
    ]
    assert missing == []
    assert cell == "<br>".join(f"`{file}::{name}`" for file, name in named) or number in WITHOUT
    assert bool(named) != (number in WITHOUT)
    assert WITHOUT.get(number, happens) == happens


def test_every_test_that_the_page_names_exists() -> None:
    named = re.findall(r"`(\S+?\.py)::(test_\w+)`", PAGE)
    assert [one for one in named if one[1] not in functions(TESTS / one[0])] == []
