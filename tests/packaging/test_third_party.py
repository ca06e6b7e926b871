"""What a third party needs to add a vendor: the guide is true, and the template works."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.kit import Capabilities, Capability
from helpdesk_bridge.testing import FakeServer, Memory, Store, TickingClock
from helpdesk_bridge.testing.conformance import (
    Account,
    AdapterSuite,
    StoreWitness,
    fake_account,
    memory_account,
)

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "examples" / "adapter-template"
PACKAGE = TEMPLATE / "helpdesk_bridge_acme"
GUIDE = (ROOT / "docs" / "adapters.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
TRACES = shutil.ignore_patterns("__pycache__", ".*", "dist", "helpdesk.toml", "*.egg-info")
PIP = (sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index")
FRESH = """
import sys, warnings
warnings.simplefilter("error")
sys.path[1:1] = {places!r}
"""


def run(*command: str, cwd: Path, **variables: str) -> str:
    """Run a command that must succeed, without what this test run has in its environment."""
    known = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "PYTHON", "PIP_"))}
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**known, "PYTHONDONTWRITEBYTECODE": "1", **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(source: Path, folder: Path) -> Path:
    """Return the wheel of a source tree."""
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), cwd=source)
    return next(folder.glob("*.whl"))


def renamed(source: Path, target: Path, *, distribution: str, package: str) -> Path:
    """Copy the template under other names, as its README says."""
    shutil.copytree(source, target, ignore=TRACES)
    (target / "helpdesk_bridge_acme").rename(target / package)
    for file in [target / "pyproject.toml", *target.rglob("*.py")]:
        text = file.read_text(encoding="utf-8").replace("helpdesk-bridge-acme", distribution)
        file.write_text(text.replace("helpdesk_bridge_acme", package), encoding="utf-8")
    return target


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository as somebody else has it: what a build reads, and the examples."""
    copy = tmp_path_factory.mktemp("clone") / "helpdesk_bridge"
    for name in ("helpdesk_bridge", "adapters", "examples"):
        shutil.copytree(ROOT / name, copy / name, ignore=TRACES)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def dependencies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything installed here but helpdesk_bridge, pip and what .pth files lead to."""
    folder = tmp_path_factory.mktemp("dependencies")
    places = {Path(sysconfig.get_paths()[kind]) for kind in ("purelib", "platlib")}
    for entry in (entry for place in sorted(places) for entry in place.iterdir()):
        ours = entry.name.lower().replace("-", "_").startswith(("helpdesk_bridge", "_helpdesk"))
        pip = entry.name == "pip" or entry.name.startswith("pip-")
        if not ours and not pip and entry.suffix != ".pth":
            (folder / entry.name).symlink_to(entry)
    return folder


@pytest.fixture(scope="module")
def core(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """helpdesk_bridge, installed from its wheel."""
    target = tmp_path_factory.mktemp("core")
    wheel = build(clone, tmp_path_factory.mktemp("dist"))
    run(*PIP, "--target", str(target), str(wheel), cwd=target)
    return target


@pytest.fixture(scope="module")
def acme(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template, installed from its wheel."""
    target = tmp_path_factory.mktemp("acme")
    wheel = build(clone / "examples" / "adapter-template", tmp_path_factory.mktemp("dist"))
    run(*PIP, "--target", str(target), str(wheel), cwd=target)
    return target


def fresh(program: str, *places: Path, cwd: Path) -> str:
    """Run a program where only ``places`` are installed; this checkout is out of sight."""
    head = FRESH.format(places=[str(place) for place in places])
    return run(sys.executable, "-I", "-S", "-c", head + program, cwd=cwd)


# -- installed apart -------------------------------------------------------------------------


def test_the_installed_template_is_found_by_its_name(
    core: Path, acme: Path, dependencies: Path, tmp_path: Path
) -> None:
    program = """
from helpdesk_bridge.config import registry
print("acme" in registry.available(), sys.modules.get("helpdesk_bridge_acme"))
print(sys.modules[registry.load("acme").__module__].__file__)
print(registry.__file__)
"""
    told = fresh(program, core, acme, dependencies, cwd=tmp_path).splitlines()
    assert told[0] == "True None"
    assert Path(told[1]).is_relative_to(acme)
    assert Path(told[2]).is_relative_to(core)


def test_a_helpdesk_toml_leads_to_its_fake(
    core: Path, acme: Path, dependencies: Path, tmp_path: Path
) -> None:
    shutil.copy(TEMPLATE / "try_it.py", tmp_path)
    program = "import runpy; runpy.run_path('try_it.py', run_name='__main__')"
    told = fresh(program, core, acme, dependencies, cwd=tmp_path)
    assert 'adapter = "acme"' in (tmp_path / "helpdesk.toml").read_text(encoding="utf-8")
    assert told.splitlines() == [
        "request external I paid twice.",
        "note internal Checked the invoice.",
        "response external Refunded.",
        "mailed: [['li@customer.example']]",
    ]


def test_the_installed_template_keeps_every_promise(
    core: Path, acme: Path, dependencies: Path, tmp_path: Path
) -> None:
    for name in ("pyproject.toml", "tests"):
        source = TEMPLATE / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, tmp_path / name)
    program = "import pytest; raise SystemExit(pytest.main(['-q', '-p', 'no:cacheprovider']))"
    summary = fresh(program, core, acme, dependencies, cwd=tmp_path).splitlines()[-1]
    found = re.fullmatch(r"(\d+) passed in .*", summary)
    assert found, f"something other than a pass: {summary}"
    assert int(found[1]) > 100


# -- the guide -------------------------------------------------------------------------------


def test_the_guide_needs_at_most_ten_commands() -> None:
    lines = [line for block in COMMANDS for line in block.splitlines() if line.strip()]
    assert 1 <= len(lines) <= 10
    assert len(lines) == len(COMMANDS), "one command a block"


def test_the_commands_of_the_guide_lead_to_a_green_run(
    clone: Path, dependencies: Path, tmp_path: Path
) -> None:
    shutil.copytree(clone, tmp_path / "clone")
    script = "set -eu\n" + "".join(COMMANDS)
    # No index is asked here: what would be fetched is put within reach instead.
    offline = script.replace("pip install", "pip install --no-index --no-build-isolation")
    assert offline != script
    told = run(
        "sh",
        "-c",
        offline,
        cwd=tmp_path / "clone",
        PATH=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        PYTHONPATH=str(dependencies),
        PIP_DISABLE_PIP_VERSION_CHECK="1",
    )
    assert re.search(r"^\d{3,} passed in ", told, re.MULTILINE), told
    assert "skipped" not in told
    assert told.splitlines()[-1] == "mailed: [['li@customer.example']]"
    assert (tmp_path / "helpdesk-bridge-acme" / "helpdesk.toml").is_file()


@pytest.mark.parametrize("target", re.findall(r"\]\((?!https?:)([^)#]+)\)", GUIDE))
def test_links_of_the_guide_lead_to_files_that_exist(target: str) -> None:
    assert (ROOT / "docs" / target).exists()


def test_every_name_of_the_kit_in_the_guide_is_one() -> None:
    from helpdesk_bridge import kit

    named = re.findall(r"\bkit\.([A-Za-z_]+)", GUIDE.replace("helpdesk_bridge.kit", ""))
    assert named
    assert [name for name in named if not hasattr(kit, name)] == []


# -- two of a name, and broken ones ----------------------------------------------------------


def test_two_distributions_of_one_name_are_both_named(
    core: Path, acme: Path, dependencies: Path, tmp_path: Path
) -> None:
    names = {"distribution": "acme-by-somebody-else", "package": "other_acme"}
    other = build(renamed(TEMPLATE, tmp_path / "other", **names), tmp_path / "dist")
    second = tmp_path / "second"
    run(*PIP, "--target", str(second), str(other), cwd=tmp_path)
    program = """
import helpdesk_bridge as hb
try:
    hb.connect("it", config={"desks": {"it": {"adapter": "acme", "token": "t"}}})
except hb.ConfigurationError as error:
    print(error)
"""
    told = fresh(program, core, acme, second, dependencies, cwd=tmp_path)
    assert "acme-by-somebody-else" in told
    assert "helpdesk-bridge-acme" in told


def test_an_adapter_that_cannot_be_imported_breaks_only_itself(
    core: Path, acme: Path, dependencies: Path, tmp_path: Path
) -> None:
    broken = shutil.copytree(acme, tmp_path / "broken")
    module = broken / "helpdesk_bridge_acme" / "adapter.py"
    module.write_text("import a_module_that_is_not_installed\n", encoding="utf-8")
    program = """
import asyncio
import helpdesk_bridge as hb
from helpdesk_bridge.config import registry
print("acme" in registry.available())
try:
    registry.load("acme")
except hb.ConfigurationError as error:
    print(error)

async def main():
    async with hb.connect("it", config={"desks": {"it": {"adapter": "memory"}}}) as desk:
        ticket = await desk.create_ticket(subject="S", requester="li@customer.example", text="W")
        print(ticket.subject)

asyncio.run(main())
"""
    listed, reason, subject = fresh(program, core, broken, dependencies, cwd=tmp_path).splitlines()
    assert (listed, subject) == ("True", "S")
    assert "helpdesk-bridge-acme" in reason
    assert "a_module_that_is_not_installed" in reason


# -- what the template is --------------------------------------------------------------------


def modules(*, fake: bool) -> list[Path]:
    return [p for p in sorted(PACKAGE.glob("*.py")) if (p.name == "fake.py") is fake]


def ours_in(module: Path) -> set[str]:
    """Return the modules of helpdesk_bridge that a module imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "helpdesk_bridge":
            found.update(f"helpdesk_bridge.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return {name for name in found if name.split(".")[0] == "helpdesk_bridge"}


def test_the_template_has_the_rooms_of_every_adapter() -> None:
    rooms = {"__init__.py", "settings.py", "wire.py", "adapter.py", "fake.py", "py.typed"}
    assert {path.name for path in PACKAGE.iterdir() if path.is_file()} == rooms
    for adapter in (path for path in (ROOT / "adapters").iterdir() if path.is_dir()):
        assert rooms <= {path.name for path in adapter.iterdir()}


def test_the_template_is_under_300_lines_without_its_fake() -> None:
    lines = [line for path in modules(fake=False) for line in path.read_text().splitlines()]
    assert 100 < len(lines) < 300


@pytest.mark.parametrize("module", modules(fake=False), ids=lambda path: path.name)
def test_the_template_imports_only_the_kit(module: Path) -> None:
    assert ours_in(module) <= {"helpdesk_bridge.kit"}


def test_its_fake_imports_only_the_kit_and_the_test_doubles() -> None:
    assert ours_in(PACKAGE / "fake.py") == {"helpdesk_bridge.kit", "helpdesk_bridge.testing"}


@pytest.mark.parametrize("command", [("format", "--check"), ("check",)], ids=" ".join)
def test_a_copy_of_the_template_is_in_style(command: tuple[str, ...], tmp_path: Path) -> None:
    copy = shutil.copytree(TEMPLATE, tmp_path / "copy", ignore=TRACES)
    run(sys.executable, "-m", "ruff", *command, "--no-cache", ".", cwd=copy)


def test_a_copy_of_the_template_is_strictly_typed(
    core: Path, dependencies: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(TEMPLATE, tmp_path / "copy", ignore=TRACES)
    cache = str(tmp_path / "cache")
    told = run(
        *(sys.executable, "-m", "mypy", "--strict", "--cache-dir", cache),
        cwd=copy,
        MYPYPATH=os.pathsep.join([str(copy), str(core)]),
    )
    assert told.startswith("Success")


# -- what a vendor may lack ------------------------------------------------------------------

READS = (Capability.GET_TICKET, Capability.LIST_TICKETS, Capability.LIST_MESSAGES)


class OnlyReads(Memory):
    """A desk on which nothing can be written."""

    @property
    def capabilities(self) -> Capabilities:
        able = Capabilities(self.offers)
        return able.without("It is an archive.", *(c for c in Capability if c not in READS))


class ChangesSubjectsOnly(Memory):
    """A desk whose tickets have one field that can be changed, and one status."""

    @property
    def capabilities(self) -> Capabilities:
        able = Capabilities(self.offers)
        able = able.limited([Capability.UPDATE_TICKET], options=frozenset({"subject"}))
        statuses = frozenset({hb.Status.OPEN})
        able = able.limited(
            [Capability.FILTER_STATUS, Capability.REPLY_WITH_STATUS], statuses=statuses
        )
        return able.without("It lacks it.", Capability.DELETE_TICKET, Capability.NOTE)


class TestAnArchive(AdapterSuite):
    @asynccontextmanager
    async def account(self) -> AsyncIterator[Account]:
        yield memory_account(partial(hb.Helpdesk, adapter=OnlyReads))


class TestADeskOfOneField(AdapterSuite):
    @asynccontextmanager
    async def account(self) -> AsyncIterator[Account]:
        yield memory_account(partial(hb.Helpdesk, adapter=ChangesSubjectsOnly))


def test_an_account_on_a_fake_may_have_a_witness_of_its_own() -> None:
    class Fake(FakeServer):
        def table(self) -> dict[str, str]:
            return {"adapter": "memory"}

    fake = Fake(Store(clock=TickingClock()))
    witness = StoreWitness(fake.store, fake.journal, word="T-{}".format)
    assert fake_account(fake, witness=witness).witness is witness
    assert isinstance(fake_account(fake).witness, StoreWitness)
