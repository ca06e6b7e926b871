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
    query = "select id, ticket, text from jobs where state = 'open'"
    for number, ticket, text in jobs.execute(query).fetchall():
        state = "done"
        try:
            await desk.reply(ticket, text=text, send_email=True, key=f"job {number}")
        except hb.HelpdeskError as error:
            print(f"job {number}: {error}", file=sys.stderr)
            # Another worker is at it, it cannot be told yet, or it failed for now: the same call
            # tells later. Anything else is for a person.
            later = error.retryable or isinstance(error, hb.OutcomeUnknown)
            wait = max(wait, error.retry_after or 1.0) if later else wait
            state = "open" if later else "failed"
        with jobs:
            jobs.execute(
                "update jobs set state = ? where id = ? and state = 'open'", (state, number)
            )
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
