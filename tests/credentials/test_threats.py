"""Every test that docs/security.md names exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
DOCUMENT = (TESTS.parent / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([a-z_/]+\.py)(?:::(\w+))?`", DOCUMENT)))


@pytest.mark.parametrize(("file", "function"), NAMED)
def test_a_named_test_exists(file: str, function: str) -> None:
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    functions = {node.name for node in ast.walk(tree) if isinstance(node, kinds)}
    assert not function or function in functions


def test_every_rule_names_a_test() -> None:
    rows = [line for line in DOCUMENT.splitlines() if line.startswith("| ")]
    rules = [row for row in rows if not row.startswith("| what they can do")]
    assert len(rules) >= 25
    assert [row for row in rules if ".py" not in row.split(" | ")[-1]] == []


def test_the_policy_leads_to_it() -> None:
    policy = (TESTS.parent / "SECURITY.md").read_text(encoding="utf-8")
    assert "(docs/security.md)" in policy
