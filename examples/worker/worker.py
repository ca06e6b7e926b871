"""A worker that replies once to each job, whatever crashes. Start as many of them as you like.

``python worker.py helpdesk.toml jobs.db``, where the desk's table says ``ledger = "writes.db"``, or
on several machines ``ledger = "postgresql://…"``. The table of jobs may be in any database.
"""

import asyncio
import sqlite3
import sys

import helpdesk_bridge as hb


async def work(desk: hb.Helpdesk, jobs: sqlite3.Connection) -> float:
    """Do all jobs that can be done now; return the seconds after which to look again."""
    wait = 0.0
    query = "select id, ticket, text from jobs where not done"
    for number, ticket, text in jobs.execute(query).fetchall():
        try:
            await desk.reply(ticket, text=text, send_email=True, key=f"job {number}")
        except (hb.InProgress, hb.OutcomeUnknown) as error:
            # Another worker is at it, or it cannot be told yet: the same call tells it later.
            print(f"job {number}: {error}", file=sys.stderr)
            wait = max(wait, error.retry_after or 1.0)
            continue
        with jobs:
            jobs.execute("update jobs set done = true where id = ?", (number,))
    return wait


async def main(config: str, path: str) -> None:
    """Work until no job is left."""
    jobs = sqlite3.connect(path, timeout=60)
    async with hb.connect(config=config) as desk:
        while wait := await work(desk, jobs):
            await asyncio.sleep(min(wait, 30.0))
    jobs.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
