"""The list of adapters names each with its owner, and a broken one breaks only itself."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias

import pytest

from helpdesk_bridge.config import registry
from tests.cli.conftest import Ran, Run

Install: TypeAlias = Callable[..., None]

GOOD = """
from attrs import frozen
from helpdesk_bridge.kit import Adapter

@frozen
class Settings:
    pass

class Made(Adapter):
    name = {name!r}
    settings_type = Settings
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install a distribution with one adapter: its metadata and, unless None, its module."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    made: list[str] = []

    def put(name: str, owner: str, source: str | None = None) -> None:
        module = f"cli_test_{owner.replace('-', '_')}"
        info = site / f"{owner.replace('-', '_')}-2.5.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {owner}\nVersion: 2.5\n")
        points = f"[helpdesk_bridge.adapters]\n{name} = {module}:Made\n"
        (info / "entry_points.txt").write_text(points)
        if source is not None:
            (site / f"{module}.py").write_text(source)
        made.append(module)

    yield put
    for module in made:
        sys.modules.pop(module, None)


def row(done: Ran, *cells: str) -> list[str]:
    """Return the cells of the one row that begins with ``cells``."""
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in done.out.splitlines()]
    [found] = [row for row in rows if tuple(row[: len(cells)]) == cells]
    return found


def test_the_adapters_of_this_distribution_are_well(run: Run) -> None:
    done = run("adapters")
    assert done.status == 0
    for name in ("airclou", "helpspace", "memory", "omnidesk"):
        assert row(done, name) == [name, "helpdesk-bridge", version("helpdesk-bridge"), "ok"]


def test_an_adapter_of_somebody_else_is_listed_with_its_distribution(
    run: Run, install: Install
) -> None:
    install("theirs", "their-helpdesk", GOOD.format(name="theirs"))
    done = run("adapters")
    assert (done.status, row(done, "theirs")) == (0, ["theirs", "their-helpdesk", "2.5", "ok"])


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (None, "ModuleNotFoundError: No module named 'cli_test_their_helpdesk'"),
        ("raise RuntimeError('first\\nsecond \\x1b[31m')", "RuntimeError: first second [31m"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("Made = 1", "it is not an Adapter class"),
        (GOOD.format(name="theirs").replace("    settings_type", "    other"), "no settings_type"),
        (GOOD.format(name="theirs").replace("@frozen", ""), "settings_type is not an attrs class"),
        ("from helpdesk_bridge.kit import Adapter\nclass Made(Adapter): pass", "Made has no name"),
    ],
)
def test_a_broken_adapter_breaks_only_itself(
    run: Run, install: Install, source: str | None, reason: str
) -> None:
    install("theirs", "their-helpdesk", source)
    done = run("adapters")
    health = row(done, "theirs", "their-helpdesk", "2.5")[3]
    assert (done.status, health.startswith("broken: "), reason in health) == (1, True, True)
    assert row(done, "helpspace")[3] == "ok"


def test_a_name_that_two_distributions_claim_is_shown_with_both(run: Run, install: Install) -> None:
    install("theirs", "one-helpdesk", GOOD.format(name="theirs"))
    install("theirs", "two-helpdesk", GOOD.format(name="theirs"))
    done = run("adapters")
    assert done.status == 1
    for owner in ("one-helpdesk", "two-helpdesk"):
        health = row(done, "theirs", owner)[3]
        assert health == "broken: adapter 'theirs' is claimed by one-helpdesk and two-helpdesk"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (GOOD.format(name="mine"), "it calls itself 'mine' in error texts"),
        (
            GOOD.format(name="theirs") + "    fake = 'nowhere_at_all:Fake'\n",
            "its fake cannot be imported (ModuleNotFoundError)",
        ),
    ],
)
def test_an_adapter_that_will_surprise_is_odd_and_no_failure(
    run: Run, install: Install, source: str, reason: str
) -> None:
    install("theirs", "their-helpdesk", source)
    done = run("adapters")
    assert (done.status, row(done, "theirs")[3]) == (0, f"odd: {reason}")


def test_an_adapter_that_was_only_registered_has_no_distribution(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_registered", {})
    registry.register("mine", registry.load("memory"))
    done = run("adapters")
    assert row(done, "mine")[:3] == ["mine", "-", "-"]
