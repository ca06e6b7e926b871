"""The public names are those listed, and importing them imports nothing that is not needed."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pkgutil import iter_modules

import pytest

import helpdesk_bridge
from helpdesk_bridge import kit

MODULES = (helpdesk_bridge, kit)


@pytest.mark.parametrize("module", MODULES)
def test_the_list_of_names_has_none_twice(module: object) -> None:
    names = vars(module)["__all__"]
    assert len(names) == len(set(names))  # ruff sees to their order


def test_what_is_visible_is_what_is_listed() -> None:
    submodules = {module.name for module in pkgutil.iter_modules(helpdesk_bridge.__path__)}
    visible = {name for name in vars(helpdesk_bridge) if not name.startswith("_")}
    listed = set(helpdesk_bridge.__all__)
    assert visible - submodules == listed
    assert not listed & submodules


def test_the_kit_shows_what_it_lists() -> None:
    rooms = {name for _, name, _ in iter_modules(kit.__path__)}
    visible = {name for name in vars(kit) if not name.startswith("_")}
    assert visible - rooms == set(kit.__all__)


@pytest.fixture(scope="module")
def imported() -> set[str]:
    """Return what a fresh interpreter has imported after ``import helpdesk_bridge``."""
    code = "import helpdesk_bridge, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.split())


def test_importing_the_library_imports_no_adapter(imported: set[str]) -> None:
    assert not {name for name in imported if name.startswith("helpdesk_bridge_")}


@pytest.mark.parametrize(
    "name",
    [
        *("helpdesk_bridge.cli", "helpdesk_bridge.testing", "helpdesk_bridge.transport.http"),
        *(
            "helpdesk_bridge.transport.shared_limits",
            "pytest",
            "aiohttp",
            "cyclopts",
            "rich",
            "redis",
            "sqlite3",
        ),
        *("helpdesk_bridge.testing.sandbox", "tomllib", "difflib", "zoneinfo", "http.client"),
    ],
)
def test_importing_the_library_leaves_alone_what_it_does_not_need(
    imported: set[str], name: str
) -> None:
    assert name not in imported
    assert "helpdesk_bridge.desk" in imported
