"""A migration is killed again and again, and leaves each ticket and each message once."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from helpdesk_bridge.testing import Store
from tests.vendors import FAKES, ROOT

CHILD = "tests.delivery.migration_child"
ALL = os.environ.get("HELPDESK_BRIDGE_ALL_FAULTS") == "1"
KILLS = 6
CONVERSATIONS = {
    f"Old matter {letter}": [f"Line {letter}{number} of it." for number in range(5)]
    for letter in "ABC"
}
pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.skipif(sys.platform == "win32", reason="kills by signals"),
    pytest.mark.timeout(120),
]


@pytest.mark.parametrize("adapter", list(FAKES) if ALL else ["airclou", "helpspace"])
async def test_a_migration_that_is_killed_leaves_nothing_twice(
    adapter: str, tmp_path: Path
) -> None:
    """Of every two writes one is its last: before the vendor carried it out, or just after."""
    process: asyncio.subprocess.Process
    writes = kills = 0

    class Killing(FAKES[adapter]):  # type: ignore[misc]
        @web.middleware
        async def _around(self, request: web.Request, handler: Any) -> web.StreamResponse:
            nonlocal writes, kills
            writes += request.method != "GET"
            if request.method == "GET" or writes % 2 or kills == KILLS:
                return await super()._around(request, handler)  # type: ignore[no-any-return]
            kills += 1
            await request.read()
            if kills % 2:
                await super()._around(request, handler)
            process.kill()
            assert request.transport is not None
            request.transport.abort()
            return web.Response()

    async with Killing(Store()) as fake:
        table = {**fake.table(), "ledger": str(tmp_path / "writes.db")}
        while True:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                CHILD,
                json.dumps([table, CONVERSATIONS]),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                cwd=ROOT,
            )
            _, complaint = await process.communicate()
            if not process.returncode:
                break
            assert process.returncode == -signal.SIGKILL, complaint.decode()
        tickets = fake.store.tickets.values()
    assert kills == KILLS
    assert sorted(ticket.subject for ticket in tickets) == list(CONVERSATIONS)
    found = Counter(
        (ticket.subject, line)
        for ticket in tickets
        for message in ticket.messages
        for lines in CONVERSATIONS.values()
        for line in lines
        if line in message.html
    )
    assert found == Counter((name, line) for name, lines in CONVERSATIONS.items() for line in lines)
