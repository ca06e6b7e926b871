"""What can be done is shown for adapters and for desks, and what cannot be shown is said."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from helpdesk_bridge.cli.commands import capabilities as command
from helpdesk_bridge.cli.matrix import matrix
from helpdesk_bridge.config import registry
from helpdesk_bridge.model import Capabilities, Capability, none
from tests.cli.conftest import Run, Write

AIRCLOU = {"adapter": "airclou", "api_key": "aclou_canary-7", "workspace_id": "ws_1"}


def test_without_a_desk_all_adapters_are_shown_with_limits_and_reasons(run: Run) -> None:
    done = run("capabilities")
    assert (done.status, done.err) == (0, "")
    assert all(f" {name} " in done.words for name in registry.available())
    assert "native; max 100 a page" in done.words
    assert "HelpSpace's new messages have no field for a time to send them at." in done.words


def test_a_note_on_the_screen_has_its_source(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    page = "https://docs.vendor.example/api"
    able = Capabilities({Capability.FORWARD: none("No such call.", source=page)})
    monkeypatch.setattr(command, "_of_adapters", lambda: ({"vendor": able}, []))
    assert f"No such call. ({page})" in run("capabilities").words


def test_the_page_of_markdown_is_printed_as_it_is(run: Run) -> None:
    done = run("capabilities", "--markdown")
    names = registry.available()
    page = matrix({name: Capabilities(registry.load(name).offers) for name in names})
    assert (done.status, done.out) == (0, page)


def in_ascii(*words: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command whose output goes to something that knows ASCII only."""
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-W", "error", "-m", "helpdesk_bridge.cli", *words]
    return subprocess.run(command, env=environment, capture_output=True, check=False)


def test_a_page_is_utf_8_wherever_it_goes() -> None:
    done = in_ascii("capabilities", "--markdown")
    assert (done.returncode, done.stderr) == (0, b"")
    assert "…" in done.stdout.decode("utf-8")


def test_what_a_terminal_cannot_show_is_no_failure() -> None:
    done = in_ascii("capabilities")
    assert (done.returncode, done.stderr) == (0, b"")
    assert "[number, ?]" in done.stdout.decode("ascii")


def test_a_desk_shows_what_its_settings_allow(run: Run, write: Write) -> None:
    write(keyed=AIRCLOU, other={"adapter": "memory"})
    done = run("capabilities", "keyed", "--markdown")
    assert done.status == 0
    assert "# What each desk can do" in done.out
    assert "| capability | keyed |" in done.out
    assert "| `list_tickets` | native; max 100 a page" in done.out
    reply = next(line for line in done.out.splitlines() if line.startswith("| `reply` "))
    assert reply.startswith("| `reply` | - [^")
    assert "Set session_token or session_provider" in done.out
    assert "canary" not in done.words


def test_a_configuration_alone_shows_all_its_desks(run: Run, write: Write) -> None:
    path = write(keyed=AIRCLOU, other={"adapter": "memory"})
    done = run(
        "capabilities", "--config", str(path.rename(path.with_name("my.toml"))), "--markdown"
    )
    assert (done.status, "| capability | keyed | other |" in done.out) == (0, True)


def test_a_desk_that_cannot_be_looked_at_hides_no_other(run: Run, write: Write) -> None:
    path = write(broken={"adapter": "airclou"}, other={"adapter": "memory"})
    done = run("capabilities", "--config", str(path), "--markdown")
    assert (done.status, "| capability | other |" in done.out) == (1, True)
    assert "[desks.broken] api_key: nothing to sign with" in done.err


def test_an_adapter_that_cannot_be_loaded_is_named(run: Run, installed_badly: str) -> None:
    done = run("capabilities", "--markdown")
    assert (done.status, "| airclou | helpspace |" in done.out) == (1, True)
    assert installed_badly not in done.out
    assert f"adapter '{installed_badly}' of" in done.err
    assert len(done.err.splitlines()) == 1


@pytest.fixture
def installed_badly(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    info = folder / "bad_helpdesk-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bad-helpdesk\nVersion: 1.0\n")
    points = "[helpdesk_bridge.adapters]\nbad = bad_helpdesk_that_is_not_there:Bad\n"
    (info / "entry_points.txt").write_text(points)
    monkeypatch.syspath_prepend(str(folder))
    return "bad"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("suport",), "there is no [desks.suport]; did you mean 'support'?"),
        (("--config", "nowhere.toml"), "nowhere.toml cannot be read"),
    ],
)
def test_what_is_not_there_is_said(
    run: Run, write: Write, words: tuple[str, ...], said: str
) -> None:
    write(support={"adapter": "memory"})
    done = run("capabilities", *words)
    assert (done.status, done.out, said in done.err) == (1, "", True)


def test_a_desk_without_any_configuration_is_told_how_to_write_one(run: Run) -> None:
    done = run("capabilities", "support")
    assert (done.status, done.out) == (1, "")
    assert "no configuration found: give config= (--config on the command line), set" in done.err


@pytest.mark.parametrize("command", ["capabilities", "doctor"])
def test_the_name_of_an_adapter_in_the_place_of_a_desk_is_told(
    run: Run, write: Write, command: str
) -> None:
    said = "omnidesk is the name of an adapter: desks have the names that the configuration gives"
    done = run(command, "omnidesk")
    assert done.status == 1
    assert "no configuration found" in done.err
    assert said in done.words
    write(support={"adapter": "memory"})
    done = run(command, "omnidesk")
    assert (done.status, said in done.words) == (1, True)
    assert said not in run(command, "suport").words


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
def test_no_word_is_broken_in_any_terminal(
    run: Run, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    whole, _ = _table(run("capabilities").out)
    monkeypatch.setenv("COLUMNS", str(width))
    words, longest = _table(run("capabilities").out)
    assert words >= whole - {"capability"}
    assert longest <= width


def _table(out: str) -> tuple[set[str], int]:
    """Return the words of what stands above the notes, and the length of its longest line."""
    shown = re.split(r"^ +\[1\] ", out, flags=re.MULTILINE)[0]
    words = {word.rstrip(":") for word in re.split(r"[\s│┃]+", shown) if word}
    return {word for word in words if not set("━─") & set(word)}, max(map(len, shown.splitlines()))
