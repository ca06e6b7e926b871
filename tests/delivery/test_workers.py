"""Two workers with one ledger are killed again and again: each job is mailed once."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from helpdesk_bridge.testing import FakeServer, Store
from tests.delivery.test_kill import a_ticket
from tests.vendors import FAKES

CHILD = Path(__file__).with_name("worker_child.py")
ALL = os.environ.get("HELPDESK_BRIDGE_ALL_FAULTS") == "1"
KILLS = 300 if ALL else 6
JOBS = 4 * KILLS
pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.skipif(sys.platform == "win32", reason="kills by signals"),
    pytest.mark.timeout(3600),
]


def words(number: int) -> str:
    return f"Your invoice {number:04d} is refunded."


def make_jobs(path: Path, tickets: list[str]) -> None:
    """Write the jobs; several are on the same ticket."""
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("create table jobs (id integer primary key, ticket, text, state)")
        file.executemany(
            "insert into jobs values (?, ?, ?, 'open')",
            [(n, tickets[n % len(tickets)], words(n)) for n in range(JOBS)],
        )


def left(path: Path) -> int:
    with closing(sqlite3.connect(path, timeout=60)) as file:
        (count,) = file.execute("select count(*) from jobs where state = 'open'").fetchone()
        return int(count)


class Killer:
    """Kills one of the workers, before or after the vendor has carried out a message."""

    def __init__(self) -> None:
        self.workers: set[asyncio.subprocess.Process] = set()
        self.kills = 0
        self.chance = random.Random(7)

    def maybe_kill(self) -> bool:
        """Kill one of two workers, or none: it may be the one that waits for this answer."""
        if self.kills < KILLS and self.workers and self.chance.random() < 0.25:
            worker = self.chance.choice(list(self.workers))
            self.workers.discard(worker)
            self.kills += 1
            worker.kill()
            return True
        return False

    def around(self, patch: pytest.MonkeyPatch) -> None:
        """Have the fake ask, at each message, whether a worker is to be killed."""
        around = FakeServer._around

        @web.middleware
        async def asked(fake: FakeServer, request: web.Request, handler: Any) -> Any:
            if request.method != "POST":
                return await around(fake, request, handler)
            if self.maybe_kill() and self.chance.random() < 0.5:
                assert request.transport is not None
                request.transport.abort()  # the vendor never carries it out
                return web.Response()
            answer = await around(fake, request, handler)
            self.maybe_kill()
            return answer

        patch.setattr(FakeServer, "_around", asked)

    async def work(self, config: Path, jobs: Path) -> None:
        """Run a worker until no job is left; it is started again when it was killed."""
        while left(jobs):
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                str(CHILD),
                str(config),
                str(jobs),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
            self.workers.add(process)
            _, complaint = await process.communicate()
            self.workers.discard(process)
            assert process.returncode in (0, -signal.SIGKILL), complaint.decode()


@pytest.mark.parametrize("adapter", list(FAKES) if ALL else ["helpspace", "omnidesk"])
async def test_each_job_is_mailed_once_on_sqlite(adapter: str, tmp_path: Path) -> None:
    await _each_job_is_mailed_once(adapter, str(tmp_path / "writes.db"), tmp_path)


@pytest.mark.parametrize("adapter", list(FAKES) if ALL else ["airclou"])
async def test_each_job_is_mailed_once_on_postgresql(
    adapter: str, postgres_url: str, tmp_path: Path
) -> None:
    await _each_job_is_mailed_once(adapter, postgres_url, tmp_path)


async def _each_job_is_mailed_once(adapter: str, ledger: str, folder: Path) -> None:
    store, jobs, config = Store(), folder / "jobs.db", folder / "helpdesk.json"
    killer = Killer()
    with pytest.MonkeyPatch.context() as patch:
        killer.around(patch)
        async with FAKES[adapter](store) as fake:
            make_jobs(jobs, [a_ticket(fake) for _ in range(5)])
            table = {"desks": {"it": {**fake.table(), "ledger": ledger}}}
            config.write_text(json.dumps(table), encoding="utf-8")
            await asyncio.gather(*(killer.work(config, jobs) for _ in range(2)))
    assert killer.kills == KILLS
    with closing(sqlite3.connect(jobs)) as file:
        assert file.execute("select distinct state from jobs").fetchall() == [("done",)]
    mails = [mail.html for mail in store.outbox]
    found = [sum(words(number) in mail for mail in mails) for number in range(JOBS)]
    assert found == [1] * JOBS
    assert len(mails) == JOBS
