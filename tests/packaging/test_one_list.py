"""A vendor is one entry point; everything else that names vendors follows from it or is checked."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.config import registry
from tests.every_adapter import test_conformance
from tests.vendors import ADAPTERS, FAKES, PACKAGES, ROOT

ROOMS = ("settings.py", "wire.py", "outgoing.py", "adapter.py", "fake.py", "py.typed")
EXAMPLES = {
    path.parent.name: path.parent for path in ROOT.glob("examples/*/helpdesk_bridge_*/adapter.py")
}
CORE = ROOT / "helpdesk_bridge"
KIT, TESTING = "helpdesk_bridge.kit", "helpdesk_bridge.testing"


def imported(module: Path) -> Iterator[str]:
    """Yield the names of what a module imports, also within its functions."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{module.name} imports relatively"
            if node.module == "helpdesk_bridge":
                yield from (f"helpdesk_bridge.{alias.name}" for alias in node.names)
            else:
                yield node.module
                yield from filter(is_module, (f"{node.module}.{a.name}" for a in node.names))


def is_module(name: str) -> bool:
    """Say whether what is imported from a package of ours is a module of it."""
    place = ROOT.joinpath(*name.split("."))
    return place.is_dir() or place.with_suffix(".py").is_file()


def strangers(package: Path) -> set[str]:
    """Return what an adapter imports and may not: all of ours but the kit, and aiohttp."""
    found = set()
    for module in package.rglob("*.py"):
        is_fake = module.name.startswith("fake") or "fake" in module.parent.parts
        for name in imported(module):
            top = name.partition(".")[0]
            ours = top.startswith("helpdesk_bridge") and top != package.name
            allowed = name == KIT or (is_fake and (name == KIT or name.startswith(TESTING)))
            if (ours and not allowed) or (top == "aiohttp" and not is_fake):
                found.add(f"{module.name}: {name}")
    return found


@pytest.mark.parametrize("name", PACKAGES)
def test_a_vendor_has_the_same_rooms_as_all_others(name: str) -> None:
    missing = [room for room in ROOMS if not (PACKAGES[name] / room).exists()]
    assert not missing


@pytest.mark.parametrize("name", PACKAGES)
def test_a_vendor_has_its_tests_and_its_page(name: str) -> None:
    assert list((ROOT / "tests" / "adapters" / name).glob("test_*.py"))
    assert (ROOT / "docs" / "vendors" / f"{name}.md").exists()
    assert f"| `{name}` |" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ADAPTERS)
def test_the_settings_of_a_vendor_are_a_name_of_the_library(name: str) -> None:
    settings = registry.load(name).settings_type
    assert getattr(hb, settings.__name__) is settings
    assert settings.__name__ in hb.__all__


def test_every_folder_of_an_adapter_is_an_entry_point() -> None:
    folders = {path.name for path in (ROOT / "adapters").iterdir() if path.is_dir()}
    assert folders - {"__pycache__"} == {path.name for path in PACKAGES.values()}
    assert set(ADAPTERS) - set(FAKES) == {"memory"}


def test_every_adapter_is_held_to_the_conformance_suite() -> None:
    tested = {name.removeprefix("Test") for name in vars(test_conformance) if name[:4] == "Test"}
    assert tested == {where.partition(":")[2] for where in ADAPTERS.values()}


@pytest.mark.parametrize("package", [*PACKAGES.values(), *EXAMPLES.values()], ids=lambda p: p.name)
def test_an_adapter_imports_the_kit_and_nothing_else_of_ours(package: Path) -> None:
    """Also no other adapter; its fake may use the test doubles, and aiohttp's server."""
    assert strangers(package) == set()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("from helpdesk_bridge.model import Ticket", "helpdesk_bridge.model"),
        ("from helpdesk_bridge.delivery.ledger import Ledger", "helpdesk_bridge.delivery.ledger"),
        ("from helpdesk_bridge import errors", "helpdesk_bridge.errors"),
        ("from helpdesk_bridge.kit.json import JsonRecord", "helpdesk_bridge.kit.json"),
        ("from helpdesk_bridge.kit import json", "helpdesk_bridge.kit.json"),
        ("import helpdesk_bridge_other.wire", "helpdesk_bridge_other.wire"),
        ("import aiohttp", "aiohttp"),
    ],
)
def test_an_import_that_is_not_allowed_is_noticed(tmp_path: Path, line: str, found: str) -> None:
    package = tmp_path / "helpdesk_bridge_new"
    package.mkdir()
    (package / "adapter.py").write_text(f"from helpdesk_bridge import kit\n{line}\n")
    assert strangers(package) == {f"adapter.py: {found}"}


def test_the_core_imports_no_adapter() -> None:
    for module in CORE.rglob("*.py"):
        adapters = [name for name in imported(module) if name.startswith("helpdesk_bridge_")]
        assert not adapters, f"{module} imports {adapters}"


@pytest.mark.parametrize(
    ("where", "text", "broken"),
    [
        ("stray.py", "", "stray"),
        ("stray/__init__.py", "", "stray"),
        ("model/stray.py", "import helpdesk_bridge.desk\n", "helpdesk_bridge.desk"),
        ("desk/stray.py", "import aiohttp\n", "aiohttp"),
    ],
)
def test_a_module_on_no_layer_or_on_a_wrong_one_breaks_the_contract(
    tmp_path: Path, where: str, text: str, broken: str
) -> None:
    shutil.copytree(CORE, tmp_path / "helpdesk_bridge")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    stray = tmp_path / "helpdesk_bridge" / where
    stray.parent.mkdir(exist_ok=True)
    stray.write_text(text)
    lint = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    done = subprocess.run(
        [sys.executable, "-c", lint], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert broken in done.stdout
