"""Adapters are found by name among those installed and those registered, and nothing else."""

from __future__ import annotations

import os
import shutil
from importlib import metadata
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import frozen

from helpdesk_bridge.config import registry
from helpdesk_bridge.errors import ConfigurationError
from helpdesk_bridge.kit.contract import Adapter

ENTRY_POINTS = registry.entry_points


@frozen(kw_only=True)
class Settings:
    """No settings."""


class Own(Adapter):
    name = "own"
    settings_type = Settings


class Installed:
    """An entry point as a distribution declares it."""

    def __init__(self, name: str, value: str, owner: str, loads: Any = Own) -> None:
        self.name, self.value, self.loads = name, value, loads
        self.dist = SimpleNamespace(name=owner)

    def load(self) -> Any:
        if isinstance(self.loads, Exception):
            raise self.loads
        return self.loads


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Have only these entry points and no registered adapter."""
    found: list[Any] = []

    def entry_points(*, group: str, name: str | None = None) -> list[Any]:
        assert group == "helpdesk_bridge.adapters"
        return [entry for entry in found if name is None or entry.name == name]

    monkeypatch.setattr(registry, "entry_points", entry_points)
    monkeypatch.setattr(registry, "_registered", {})
    return found


def test_an_installed_adapter_is_loaded_by_name(installed: list[Any]) -> None:
    installed.append(Installed("own", "own_adapter:Own", "own-adapter"))
    assert registry.load("own") is Own


def test_a_registered_adapter_comes_before_an_installed_one(installed: list[Any]) -> None:
    installed.append(Installed("own", "own_adapter:Own", "own-adapter", ImportError("broken")))
    registry.register("own", Own)
    assert registry.load("own") is Own


def test_available_names_are_sorted_and_nothing_is_imported(installed: list[Any]) -> None:
    installed += [
        Installed("zeta", "z:Z", "zeta", RuntimeError("imported")),
        Installed("own", "own_adapter:Own", "own-adapter", RuntimeError("imported")),
    ]
    registry.register("own", Own)
    registry.register("another", Own)
    assert registry.available() == ["another", "own", "zeta"]


def test_a_name_claimed_by_two_distributions_is_refused(installed: list[Any]) -> None:
    installed += [Installed("own", "a:Own", "b-first"), Installed("own", "b:Own", "a-second")]
    with pytest.raises(ConfigurationError, match="'own' is claimed by a-second and b-first"):
        registry.load("own")


def test_the_same_adapter_found_twice_is_one_adapter(installed: list[Any]) -> None:
    installed += [Installed("own", "a:Own", "own"), Installed("own", "a:Own", "own")]
    assert registry.load("own") is Own


@pytest.mark.parametrize("failure", [ImportError("no module named x"), RuntimeError("at import")])
def test_an_adapter_that_fails_to_import_is_named_with_its_owner(
    installed: list[Any], failure: Exception
) -> None:
    installed.append(Installed("own", "a:Own", "own-adapter", failure))
    reason = f"'own' of own-adapter cannot be loaded .{type(failure).__name__}: {failure}"
    with pytest.raises(ConfigurationError, match=reason):
        registry.load("own")


@pytest.mark.parametrize("thing", [object(), Settings, "Own", Own.__init__, None])
def test_an_entry_point_that_is_no_adapter_class_is_refused(
    installed: list[Any], thing: object
) -> None:
    installed.append(Installed("own", "a:Own", "own-adapter", thing))
    with pytest.raises(ConfigurationError, match="it is not an Adapter class"):
        registry.load("own")


def test_an_entry_point_without_a_distribution_is_named_by_its_value(installed: list[Any]) -> None:
    installed.append(EntryPoint("own", "no_such_module_anywhere:Own", registry.GROUP))
    with pytest.raises(ConfigurationError, match="of no_such_module_anywhere:Own cannot be loaded"):
        registry.load("own")


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("onw", "did you mean 'own'"),
        ("OWN", "did you mean 'own'"),
        ("omnidek", "did you mean 'omnidesk'"),
        ("zendesk", "known: omnidesk, other, own"),
        ("freshdesk", "known: omnidesk, other, own"),
    ],
)
def test_an_unknown_adapter_is_answered_with_the_nearest_one(
    installed: list[Any], word: str, hint: str
) -> None:
    installed += [Installed(name, f"a:{name}", name) for name in ("own", "other", "omnidesk")]
    with pytest.raises(ConfigurationError, match=f"no adapter '{word}'; {hint}") as caught:
        registry.load(word)
    assert caught.value.key == "adapter"


def test_nothing_is_suggested_where_nothing_is_known() -> None:
    assert registry.suggest("own", []) == ""


def test_the_adapters_of_this_distribution_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert {"helpspace", "memory"} <= set(registry.available())


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def put(site: Path, name: str) -> None:
    info = site / f"{name}-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[{registry.GROUP}]\n{name} = {name}:Own\n")


def names() -> set[str]:
    return {entry.name for entry in ENTRY_POINTS(group=registry.GROUP)}


def test_what_is_installed_is_read_once(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(site, "first_own")
    assert "first_own" in names()
    monkeypatch.setattr(metadata, "entry_points", None)
    assert "first_own" in names()
    assert [entry.name for entry in ENTRY_POINTS(group=registry.GROUP, name="first_own")]


def test_what_comes_and_goes_while_the_process_runs_is_found_and_not(site: Path) -> None:
    assert "later_own" not in names()
    put(site, "later_own")
    os.utime(site, ns=(1, 1))  # whatever the clock of the file system can tell apart
    assert "later_own" in names()
    shutil.rmtree(site / "later_own-1.dist-info")
    os.utime(site, ns=(2, 2))
    assert "later_own" not in names()


def test_a_package_that_was_on_its_way_is_found_by_its_name(site: Path) -> None:
    put(site, "half_own")
    points = site / "half_own-1.dist-info" / "entry_points.txt"
    words = points.read_text()
    points.write_text("")
    assert "half_own" not in names()
    points.write_text(words)
    assert [entry.name for entry in ENTRY_POINTS(group=registry.GROUP, name="half_own")]
