"""The examples of docs/changes.md work as they are."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.pasted import run_pasted
from tests.sync.bot import GUIDE, block, bot


def test_the_copy_is_kept_by_a_program_that_is_run_twice(tmp_path: Path) -> None:
    for times in (1, 2):
        done = run_pasted(block("def bring_up_to_date"), tmp_path)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
            tickets = [json.loads(one) for (one,) in copy.execute("select record from tickets")]
            messages = [json.loads(one) for (one,) in copy.execute("select record from messages")]
        assert [one["subject"] for one in tickets] == ["Export"] * times
        assert [one["text"] for one in messages] == ["Why?"] * times


def test_a_deleted_ticket_leaves_the_copy() -> None:
    import helpdesk_bridge as hb

    names: dict[str, Any] = {}
    exec(block("def bring_up_to_date").replace("asyncio.run(main())", ""), names)
    with closing(sqlite3.connect(":memory:")) as copy:
        copy.executescript(names["TABLES"])
        ticket = hb.Ticket(id="7")
        message = hb.Message(id="8", ticket_id="7", text="Why?")
        names["store"](
            copy, hb.ChangeBatch(tickets=(ticket,), messages=(message,), checkpoint="first")
        )
        names["store"](copy, hb.ChangeBatch(deleted=("7",), checkpoint="second"))
        counts = "select (select count(*) from tickets), (select count(*) from messages)"
        assert copy.execute(counts).fetchone() == (0, 0)
        assert copy.execute("select checkpoint from place").fetchall() == [("second",)]


@pytest.mark.asyncio
async def test_the_test_of_the_page_passes() -> None:
    names: dict[str, Any] = {}
    exec(block("def test_my_program"), names)
    await names["test_my_program"]()


@pytest.mark.asyncio
async def test_the_test_of_the_bot_passes_and_fails_if_it_answers_nothing(tmp_path: Path) -> None:
    names: dict[str, Any] = {"run_bot": bot()}
    exec(block("def test_the_bot"), names)
    await names["test_the_bot"](tmp_path)

    async def idle(*_: Any, **__: Any) -> None:
        return None

    names["run_bot"] = idle
    with pytest.raises(ValueError, match="not enough values"):
        await names["test_the_bot"](tmp_path)


@pytest.mark.parametrize("name", ["copy", "watch", "bot"])
def test_what_is_checked_for_its_types_is_what_the_page_shows(name: str) -> None:
    """mypy and pyright read the folder ``tests/typing``, which nothing runs."""
    words = {"copy": "def bring_up_to_date", "watch": "add_signal_handler", "bot": "def run_bot"}
    word = words[name]
    checked = Path(__file__).parents[1] / "typing" / f"changes_{name}.py"
    head, _, rest = checked.read_text(encoding="utf-8").partition("\n\n")
    assert head.startswith('"""')
    assert rest == block(word)


@pytest.mark.asyncio
async def test_the_test_of_each_vendor_passes() -> None:
    names: dict[str, Any] = {}
    exec(block("def test_on_each_vendor"), names)
    await names["test_on_each_vendor"]()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_program_that_shows_the_tickets(
    number: signal.Signals, tmp_path: Path
) -> None:
    program = tmp_path / "example.py"
    program.write_text(block("add_signal_handler"), encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-W", "error", str(program)],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "0 tickets\n"
        running.send_signal(number)
        assert running.communicate(timeout=60) == ("", "")
    assert running.returncode == 0


def test_each_python_example_is_run() -> None:
    assert len(re.findall(r"```python\n", GUIDE)) == 6
