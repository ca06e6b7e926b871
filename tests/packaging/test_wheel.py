"""The wheel holds what it should, and both kinds of installation find the adapters."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from helpdesk_bridge.config import registry

ROOT = Path(__file__).parents[2]
ADAPTERS = {path.name for path in (ROOT / "adapters").iterdir() if path.is_dir()}
PACKAGES = {"helpdesk_bridge", *ADAPTERS}
LIST_ADAPTERS = """
import sys, site
sys.path.insert(0, {target!r})
sys.path.append({purelib!r})
site.addsitedir({target!r})
import helpdesk_bridge, helpdesk_bridge.config.registry as registry
print(registry.available())
for name in registry.available():
    print(sys.modules[registry.load(name).__module__].__file__)
"""


def run(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what a build reads, without the traces of this checkout."""
    copy = tmp_path_factory.mktemp("source")
    for name in ("helpdesk_bridge", "adapters"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), cwd=source)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def names(wheel: Path) -> list[str]:
    return zipfile.ZipFile(wheel).namelist()


def test_the_top_level_is_exactly_our_packages(names: list[str]) -> None:
    top = {name.split("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == PACKAGES


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_every_package_is_typed(names: list[str], package: str) -> None:
    assert f"{package}/py.typed" in names


def test_the_stub_of_the_settings_travels_along(names: list[str]) -> None:
    assert "helpdesk_bridge/config/settings.pyi" in names


def test_the_licence_travels_along(names: list[str]) -> None:
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_no_tests_travel_along(names: list[str]) -> None:
    assert not [name for name in names if "conftest" in name or "/test_" in name]


@pytest.mark.parametrize("editable", [False, True], ids=["normal", "editable"])
def test_an_installation_finds_the_adapters(
    editable: bool, source: Path, wheel: Path, tmp_path: Path
) -> None:
    what = ["--no-build-isolation", "-e", str(source)] if editable else [str(wheel)]
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index"]
    run(*pip, "--target", str(tmp_path), *what)
    # Without site the checkout this test runs from is out of sight; dependencies are not.
    purelib = sysconfig.get_paths()["purelib"]
    program = LIST_ADAPTERS.format(target=str(tmp_path), purelib=purelib)
    names, *files = run(sys.executable, "-I", "-S", "-c", program, cwd=tmp_path).splitlines()
    assert names == str(registry.available())
    home = source if editable else tmp_path
    assert all(Path(file).is_relative_to(home) for file in files)
