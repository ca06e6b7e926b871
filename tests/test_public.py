"""The public names are those listed, and importing them imports nothing that is not needed."""

from __future__ import annotations

import ast
import pkgutil
import subprocess
import sys
from importlib.metadata import entry_points, version
from pathlib import Path
from pkgutil import iter_modules

import pytest

import helpdesk_bridge
from helpdesk_bridge import kit
from helpdesk_bridge.config import registry, settings

MODULES = (helpdesk_bridge, kit)


@pytest.mark.parametrize("module", MODULES)
def test_the_list_of_names_has_none_twice(module: object) -> None:
    names = vars(module)["__all__"]
    assert len(names) == len(set(names))  # ruff sees to their order


def test_what_is_visible_is_what_is_listed() -> None:
    submodules = {module.name for module in pkgutil.iter_modules(helpdesk_bridge.__path__)}
    visible = {name for name in dir(helpdesk_bridge) if not name.startswith("_")}
    listed = set(helpdesk_bridge.__all__)
    assert visible - submodules == listed
    assert not listed & submodules


def test_only_its_own_typing_names_are_hidden() -> None:
    hidden = {name for name in vars(helpdesk_bridge) if not name.startswith("_")}
    assert hidden - set(dir(helpdesk_bridge)) == {"Any", "TYPE_CHECKING"}


@pytest.mark.parametrize("name", helpdesk_bridge.__all__)
def test_every_name_that_is_listed_can_be_got(name: str) -> None:
    assert getattr(helpdesk_bridge, name) is getattr(helpdesk_bridge, name)


LATE = helpdesk_bridge._WHEN_ASKED_FOR


def test_what_is_imported_late_is_listed() -> None:
    assert set(LATE) <= set(helpdesk_bridge.__all__)


def test_each_adapter_of_this_wheel_has_its_settings_among_the_names() -> None:
    ours = entry_points(group=registry.GROUP)
    kinds = [entry.load() for entry in ours if entry.dist and entry.dist.name == "helpdesk-bridge"]
    assert {kind.settings_type.__name__ for kind in kinds} <= set(helpdesk_bridge.__all__)
    for kind in kinds:
        assert getattr(helpdesk_bridge, kind.settings_type.__name__) is kind.settings_type


def test_type_checkers_are_told_of_the_same_settings() -> None:
    assert settings.__file__ is not None
    stub = Path(settings.__file__).with_suffix(".pyi").read_text(encoding="utf-8")
    told = [node for node in ast.parse(stub).body if isinstance(node, ast.ImportFrom)]
    assert {alias.asname for node in told for alias in node.names} == set(settings._ADAPTERS)


def test_the_settings_of_an_adapter_that_is_not_installed_are_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registry, "entry_points", lambda **_: [])
    with pytest.raises(AttributeError, match="there is no adapter 'airclou'"):
        settings.__getattr__("AirclouSettings")


@pytest.mark.parametrize("module", [helpdesk_bridge, settings])
def test_a_name_that_is_not_there_is_an_attribute_error(module: object) -> None:
    assert not hasattr(module, "Nothing")


def test_the_version_is_that_of_the_distribution() -> None:
    assert helpdesk_bridge.__version__ == version("helpdesk-bridge")


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
        *(
            "cattrs",
            "importlib.metadata",
        ),  # only a configuration needs them
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
        *("helpdesk_bridge.memory", "helpdesk_bridge.config.settings"),
        *("helpdesk_bridge.delivery.sql_ledger", "sqlalchemy", "asyncpg"),
        *("helpdesk_bridge.testing.sandbox", "tomllib", "difflib", "zoneinfo", "http.client"),
    ],
)
def test_importing_the_library_leaves_alone_what_it_does_not_need(
    imported: set[str], name: str
) -> None:
    assert name not in imported
    assert "helpdesk_bridge.desk" in imported
