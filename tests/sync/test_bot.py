"""The bot of docs/changes.md, ended at each of its steps: each question is answered once."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.memory import Store
from helpdesk_bridge.model import Audience, MessageType
from helpdesk_bridge.testing import MemorySettings
from helpdesk_bridge.transport import clock
from tests.sync.bot import Steps, block, bot
from tests.vendors import FAKES

CHILD = Path(__file__).with_name("bot_child.py")
BEFORE = timedelta(hours=1)
"""How long before the bot the old question was asked."""
pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(60)]


class Helpdesk:
    """A Store with an old question, and those that are asked while the bot is away."""

    def __init__(self) -> None:
        self.store = Store()
        self.asker = self.store.person("li@customer.example")
        old = datetime.now(UTC) - BEFORE
        self.ticket = self.store.create_ticket(
            subject="Old", requester=self.asker, html="<p>Old?</p>", created_at=old
        )
        self.questions: list[int] = []

    def ask(self) -> None:
        """Have a question come in a new ticket, and one on the old ticket."""
        new = self.store.create_ticket(subject="New", requester=self.asker, html="<p>New?</p>")
        self.questions.append(new.messages[0].id)
        more = self.store.add_message(
            self.ticket.id,
            type=MessageType.REQUEST,
            audience=Audience.EXTERNAL,
            author=self.asker,
            html="<p>More?</p>",
        )
        self.questions.append(more.id)

    def answered(self) -> list[int]:
        """Return the questions that were mailed an answer, as often as they were."""
        mails = [mail for mail in self.store.outbox if mail.message_id is not None]
        return sorted(int("".join(filter(str.isdigit, mail.html.split()[2]))) for mail in mails)


async def answer(ticket: hb.Ticket, message: hb.Message) -> str:
    await asyncio.sleep(0)
    answer.times += 1  # type: ignore[attr-defined]
    return f"Answer to {message.id} in words of the time {answer.times}"  # type: ignore[attr-defined]


answer.times = 0  # type: ignore[attr-defined]


@asynccontextmanager
async def table_of(adapter: str, place: Helpdesk) -> AsyncIterator[Any]:
    """Give what connects to a helpdesk by an adapter."""
    if adapter == "memory":
        yield None
        return
    async with FAKES[adapter](place.store) as fake:
        yield fake.table()


async def run(place: Helpdesk, table: Any, folder: Path, last: int | None) -> int | None:
    """Run the bot, cancelled at its step ``last``; return how many it took if it came to its end.

    What it is told to wait for is waited for.
    """
    ledger = hb.SqliteLedger(folder / "writes.db")
    if table is None:
        desk = hb.Helpdesk(MemorySettings(store=place.store), name="it", ledger=ledger)
    else:
        desk = hb.connect("it", config={"desks": {"it": table}}, ledger=ledger)
    async with desk:
        work = Steps(
            bot()(desk, answer, folder / "bot.db", every=None),
            last,
            lambda: asyncio.current_task().cancel(),  # type: ignore[union-attr]
        )

        async def whole() -> None:
            await work

        task = asyncio.create_task(whole())
        try:
            await task
        except asyncio.CancelledError:
            return None
        except (hb.OutcomeUnknown, hb.InProgress) as error:
            await clock.pause(error.retry_after or 1.0)
            return None
        finally:
            await ledger.aclose()
    return work.taken


async def finished(place: Helpdesk, table: Any, folder: Path) -> None:
    """Start the bot until it comes to its end."""
    for _ in range(20):
        if await run(place, table, folder, None) is not None:
            return
    raise AssertionError("it never came to its end")


async def test_it_has_no_more_than_forty_lines() -> None:
    assert len(block("def run_bot").splitlines()) <= 40


async def test_a_ticket_that_may_not_be_answered_stops_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = Helpdesk()
    await finished(place, None, tmp_path)
    place.ask()
    lost: list[str] = []

    async def losing(ticket: hb.Ticket, message: hb.Message) -> str:
        if not lost:
            lost.append(ticket.id)
            del place.store.tickets[int(ticket.id)]
        return await answer(ticket, message)

    ledger = hb.SqliteLedger(tmp_path / "writes.db")
    settings = MemorySettings(store=place.store)
    async with aclosing(ledger), hb.Helpdesk(settings, name="it", ledger=ledger) as desk:
        for _ in range(2):
            await bot()(desk, losing, tmp_path / "bot.db", every=None)
    assert len(place.answered()) == len(place.questions) - 1
    told = [one.getMessage() for one in caplog.records if "is for a person" in one.getMessage()]
    assert [lost[0] in one for one in told] == [True]


async def test_memory_ended_at_each_step_and_started_again(tmp_path: Path) -> None:
    for last in count():
        place, folder = Helpdesk(), tmp_path / str(last)
        folder.mkdir()
        await finished(place, None, folder)
        place.ask()
        taken = await run(place, None, folder, last)
        place.ask()
        await finished(place, None, folder)
        assert place.answered() == sorted(place.questions), f"ended at step {last}"
        if taken is not None:
            assert last >= 5
            return


@pytest.mark.parametrize("adapter", ["memory", *FAKES])
async def test_ended_again_and_again_a_step_later(adapter: str, tmp_path: Path) -> None:
    place = Helpdesk()
    async with table_of(adapter, place) as table:
        await finished(place, table, tmp_path)
        place.ask()
        for last in count(3, 1 if adapter == "memory" else 3):
            if await run(place, table, tmp_path, last) is not None:
                break
            if last == 30:
                place.ask()
        await finished(place, table, tmp_path)
        assert place.answered() == sorted(place.questions)


async def test_a_new_bot_ended_at_each_step_answers_nothing_old(tmp_path: Path) -> None:
    place = Helpdesk()
    for last in count():
        if await run(place, None, tmp_path, last) is not None:
            break
    assert last > 0
    place.ask()
    await finished(place, None, tmp_path)
    assert place.answered() == sorted(place.questions)


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signals")
@pytest.mark.parametrize("adapter", ["airclou", "helpspace"])
async def test_its_process_is_killed_and_started_again(adapter: str, tmp_path: Path) -> None:
    place = Helpdesk()
    async with table_of(adapter, place) as table:
        await finished(place, table, tmp_path)
        place.ask()
        ends = []
        for step in (6, 11):
            given = {
                "table": table,
                "ledger": str(tmp_path / "writes.db"),
                "kept": str(tmp_path / "bot.db"),
                "step": step,
            }
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.sync.bot_child",
                json.dumps(given),
                stderr=subprocess.PIPE,
            )
            _, complaint = await process.communicate()
            ends.append(process.returncode)
            assert b"Traceback" not in complaint or b"OutcomeUnknown" in complaint
        assert ends[0] == -signal.SIGKILL
        await finished(place, table, tmp_path)
        assert place.answered() == sorted(place.questions)
