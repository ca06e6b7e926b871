"""One of several processes: takes permits and writes down when its requests arrived."""

from __future__ import annotations

import asyncio
import random
import sys
import time

from helpdesk_bridge.transport.shared_limits import FileLimiter, RedisLimiter


async def main(kind: str, place: str, rate: str, count: int) -> None:
    limiter = (
        FileLimiter(rate, place) if kind == "file" else RedisLimiter(rate, place, name="children")
    )

    async def request() -> None:
        await limiter.acquire()
        await asyncio.sleep(random.random() * 0.1)
        sys.stdout.write(f"{time.time()}\n")
        await asyncio.sleep(random.random() * 0.1)
        limiter.release(used=True)

    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(request())
    limiter.close()


asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
