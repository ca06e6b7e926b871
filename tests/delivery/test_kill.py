"""An application killed at any step of a reply: nobody is mailed twice, and the ledger is right."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from helpdesk_bridge_airclou.fake import AirclouFake
from helpdesk_bridge_helpspace.fake import HelpSpaceFake

import helpdesk_bridge as hb
from helpdesk_bridge.delivery.sqlite_ledger import SqliteLedger
from helpdesk_bridge.errors import moment
from helpdesk_bridge.model import Audience, MessageType, Party
from helpdesk_bridge.testing import FakeServer, Store
from tests.vendors import FAKES

CHILD = Path(__file__).with_name("kill_child.py")
ALL = os.environ.get("HELPDESK_BRIDGE_ALL_FAULTS") == "1"
STEPS = {
    "before begin": (None, 0),
    "after begin": ("not_sent", 0),
    "half sent": ("not_sent", 0),
    "vendor done": ("sent", 1),
    "before record_result": ("sent", 1),
    "after record_result": ("sent", 1),
}
"""Where it dies: what the ledger must say after it was recovered, and the mails there are."""
PLACES = (
    list(itertools.product(STEPS, FAKES))
    if ALL
    else list(zip(STEPS, itertools.cycle(FAKES), strict=False))
)
TIMED = 282 if ALL else 3
TEXTS = [f"Your invoice {number} is refunded." for number in range(3)]
pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.skipif(sys.platform == "win32", reason="kills by signals"),
    pytest.mark.timeout(60),
]


async def child(**given: Any) -> asyncio.subprocess.Process:
    """Start the application."""
    usual = {"ticket": "", "key": None, "microseconds": 0, "linger": 0, "texts": TEXTS[:1]}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(CHILD),
        json.dumps(usual | given),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def a_ticket(fake: FakeServer) -> str:
    """Put a ticket on the helpdesk and return its id, as the vendor writes it."""
    person = fake.store.person("li@customer.example")
    ticket = fake.store.create_ticket(subject="Invoice", requester=person, html="Paid twice!")
    return f"tkt_{ticket.id}" if isinstance(fake, AirclouFake) else str(ticket.id)


def states(box: Path) -> list[str]:
    """Return what the ledger says of each reply, oldest first."""
    with closing(sqlite3.connect(box)) as file:
        found = file.execute("select name from sqlite_master where name = 'writes'").fetchall()
        query = "select state from writes order by started_at"
        return [state for (state,) in file.execute(query)] if found else []


async def recovered(fake: FakeServer, box: Path) -> list[str]:
    """Recover in this process, which is another one; return the verdicts."""
    ledger = SqliteLedger(box)
    config = {"desks": {"it": fake.table()}}
    async with hb.connect("it", config=config, ledger=ledger) as desk:
        found = await desk.recover(settle=0)
    await ledger.aclose()
    return [one.verdict.value for one in found]


@pytest.mark.parametrize(("step", "adapter"), PLACES)
async def test_killed_at_a_step(step: str, adapter: str, tmp_path: Path) -> None:
    box, store = tmp_path / "ledger.db", Store()
    async with FAKES[adapter](store) as fake:
        ticket = a_ticket(fake)
        process = await child(step=step, table=fake.table(), ledger=str(box), ticket=ticket)
        if step == "vendor done":
            add_message = store.add_message

            def done(*values: Any, **fields: Any) -> Any:
                process.kill()  # before a byte of the answer
                return add_message(*values, **fields)

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(Store, "add_message", lambda _, *v, **f: done(*v, **f))
                _, complaint = await process.communicate()
        else:
            _, complaint = await process.communicate()
        assert (process.returncode, complaint) == (-signal.SIGKILL, b"")
        await recovered(fake, box)
        expected, mails = STEPS[step]
        assert states(box) == ([] if expected is None else [expected])
        assert len(store.outbox) == mails
        assert await recovered(fake, box) == []


@pytest.mark.parametrize("number", range(TIMED))
async def test_killed_at_any_moment(number: int, tmp_path: Path) -> None:
    chance = random.Random(number)
    box, store = tmp_path / "ledger.db", Store()
    async with FAKES[chance.choice(list(FAKES))](store) as fake:
        ticket = a_ticket(fake)
        process = await child(
            step="",
            table=fake.table(),
            ledger=str(box),
            ticket=ticket,
            texts=TEXTS,
            linger=1,
            microseconds=chance.randrange(1, 60_000),
        )
        _, complaint = await process.communicate()
        assert (process.returncode, complaint) == (-signal.SIGALRM, b"")
        await recovered(fake, box)
        told = states(box)
        assert all(state in ("sent", "not_sent") for state in told)
        there = [sum(text in mail.html for mail in store.outbox) for text in TEXTS]
        assert [told.count("sent"), max(there)] == [sum(there), max(there)]
        assert max(there) <= 1
        expected = ["sent" if mails else "not_sent" for mails in there[: len(told)]]
        assert told == expected
        assert sum(there[len(told) :]) == 0


@pytest.mark.parametrize("adapter", FAKES)
async def test_killed_before_it_noted_that_the_reply_returned(adapter: str, tmp_path: Path) -> None:
    """The job is done again after the restart; there is nothing to recover, and the key tells."""
    box, store = tmp_path / "ledger.db", Store()
    async with FAKES[adapter](store) as fake:
        job = {"table": fake.table(), "ledger": str(box), "ticket": a_ticket(fake), "key": "job 1"}
        for step, code in (("after reply", -signal.SIGKILL), ("", 0)):
            process = await child(step=step, **job)
            _, complaint = await process.communicate()
            assert (process.returncode, complaint) == (code, b"")
            assert states(box) == ["sent"]
            assert len(store.outbox) == 1
            assert await recovered(fake, box) == []


@pytest.mark.parametrize("hours", [0, 2, -2, 240])
async def test_a_living_process_is_left_alone(
    hours: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes have one ledger: what the one is at, the other does not recover.

    Nor does it when the clock of its machine is put forward or back meanwhile.
    """
    wall_clock, jump = moment.wall_clock, timedelta(hours=hours)
    box, store = tmp_path / "ledger.db", Store()
    async with HelpSpaceFake(store) as fake:
        ticket = a_ticket(fake)
        arrived, go_on = asyncio.Event(), asyncio.Event()
        create_message = HelpSpaceFake.create_message

        async def held(self: Any, request: Any) -> Any:
            arrived.set()
            await go_on.wait()
            return await create_message(self, request)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(HelpSpaceFake, "create_message", held)
            async with HelpSpaceFake(store) as slow:
                process = await child(step="", table=slow.table(), ledger=str(box), ticket=ticket)
                await arrived.wait()
                assert states(box) == ["pending"]
                monkeypatch.setattr(moment, "wall_clock", lambda: wall_clock() + jump)
                assert await recovered(fake, box) == ["still_unknown"]  # left alone
                assert states(box) == ["pending"]
                go_on.set()
                _, complaint = await process.communicate()
                assert (process.returncode, complaint) == (0, b"")
        assert states(box) == ["sent"]
        assert len(store.outbox) == 1
        assert await recovered(fake, box) == []


async def test_one_like_it_of_another_application_is_no_proof(tmp_path: Path) -> None:
    """What it cannot know it does not claim: a message with other words, at the same time."""
    box, store = tmp_path / "ledger.db", Store()
    async with HelpSpaceFake(store) as fake:
        ticket = a_ticket(fake)
        process = await child(
            step="after begin", table=fake.table(), ledger=str(box), ticket=ticket
        )
        await process.communicate()
        store.add_message(
            int(ticket),
            type=MessageType.RESPONSE,
            audience=Audience.EXTERNAL,
            author=Party(id="11", name="Ada", email="ada@helpdesk.example"),
            html="Another agent's answer.",
            word="external",
        )
        assert await recovered(fake, box) == ["still_unknown"]
        assert states(box) == ["unknown"]
