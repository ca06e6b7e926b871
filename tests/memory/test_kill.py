"""A memory desk with a path, killed at any moment, has every call that returned, and none half.

Whoever read the feed, in the process that was killed or in another one, misses no change.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field

import helpdesk_bridge as hb
from helpdesk_bridge.testing import MemorySettings
from tests.memory.kill_child import print_of, told_by

CHILD = Path(__file__).with_name("kill_child.py")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills by signals")
KILLS = 10
"""So many of one database, each after a restart on what the last one left."""
DATABASES = 20 if os.environ.get("HELPDESK_BRIDGE_ALL_FAULTS") == "1" else 1
MAILED = {"reply", "forward"}
TYPES = {"note": "note", "request": "request", "create": "request"}

State = dict[str, dict[str, Any]]
"""Tickets by id, each as plain values, with the mails it caused."""


@define
class Reader:
    """Who reads the feed: its last place, and the print of each ticket as it was told last."""

    place: str | None = None
    told: dict[str, str] = field(factory=dict)


@define
class Worker:
    """What a worker said: the state after the calls that returned, and the call under way."""

    state: State = field(factory=dict)
    begun: dict[str, Any] | None = None
    reader: Reader = field(factory=Reader)

    def possible(self, new_id: str | None) -> list[State]:
        """Return what may be found: the call under way is there wholly, or not at all."""
        if self.begun is None:
            return [self.state]
        number = self.begun.get("ticket", new_id)
        return [self.state, *([applied(self.state, self.begun, number)] if number else [])]


def applied(state: State, call: dict[str, Any], number: str) -> State:
    """Return ``state`` after a call."""
    after = deepcopy(state)
    kind, words = call["kind"], call["words"]
    if kind == "create":
        after[number] = {"subject": words, "requester": call["person"], "messages": [], "mails": []}
        after[number] |= {"tags": [], "deleted": False}
    ticket = after[number]
    if kind == "update":
        ticket |= {"subject": words, "tags": [words]}
    if kind in ("create", "update", "note", "reply"):
        ticket["status"] = call["status"]
    if kind == "delete":
        ticket["deleted"] = True
    if kind not in ("update", "delete"):
        files = [["ü.bin", text] for text in call["files"]]
        ticket["messages"].append([TYPES.get(kind, "response"), words, files])
    if kind in MAILED:
        to = ticket["requester"] if kind == "reply" else call["person"]
        ticket["mails"].append([words, [to], ["ü.bin"] * len(call["files"])])
    return after


def run_and_kill(path: Path, prefix: str, chance: random.Random) -> tuple[dict[str, Worker], int]:
    """Start a desk in a process and have it killed; return what it had said, and its calls.

    It is killed from here after some of its lines, by itself in the middle of a transaction, or by
    a timer at any moment at all.
    """
    how, most = chance.choice((("lines", 90), ("instructions", 2500), ("microseconds", 80_000)))
    number = chance.randrange(1, most)
    command = [sys.executable, str(CHILD), str(path), prefix, str(chance.random())]
    command += [str(chance.choice((1, 1, 3))), how, str(number)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        said = [child.stdout.readline() for _ in range(number if how == "lines" else 0)]
        if how == "lines":
            child.kill()
        said += child.stdout.readlines()
        complaint = child.stderr.read()
    assert complaint == b""
    assert -child.returncode in (signal.SIGKILL, signal.SIGALRM), "it ended by itself"
    assert said[0] == b'{"ready": true}\n'
    told: dict[str, Worker] = {}
    for line in said[1:]:
        if line.endswith(b"\n"):
            listen(told, json.loads(line))
    return told, sum(b'"done"' in line for line in said)


def listen(told: dict[str, Worker], line: dict[str, Any]) -> None:
    """Take a line of the child into account."""
    if "begin" in line:
        told.setdefault(line["begin"]["worker"], Worker()).begun = line["begin"]
        return
    worker = told[line["worker"]]
    if "read" in line:
        worker.reader.told |= line["read"]
        worker.reader.place = line["place"]
        return
    assert worker.begun is not None
    worker.state = applied(worker.state, worker.begun, line["done"])
    worker.begun = None


async def observe(path: Path) -> State:
    """Return what a new desk finds at ``path``, through its public calls and its outbox."""
    async with hb.Helpdesk(MemorySettings(path=path)) as desk:
        await desk.tickets()
        store = desk.adapter.store  # type: ignore[attr-defined]
        return {str(number): await seen(desk, str(number)) for number in store.tickets}


async def seen(desk: hb.Helpdesk, number: str) -> dict[str, Any]:
    ticket = await desk.ticket(number)
    store = desk.adapter.store  # type: ignore[attr-defined]
    messages = []
    async for message in desk.messages(ticket):
        files = []
        for attachment in message.attachments:
            async with desk.open_attachment(attachment) as chunks:
                content = b"".join([chunk async for chunk in chunks])
            files.append([attachment.name, base64.b64encode(content).decode()])
        messages.append([message.type.value, message.text, files])
    mails = [mail for mail in store.outbox if str(mail.ticket_id) == number]
    bodies = {m.id: m.text for m in store.tickets[int(number)].messages}
    return {
        "subject": ticket.subject,
        "requester": ticket.requester.email,
        "status": ticket.vendor_status,
        "tags": list(ticket.tags),
        "deleted": ticket.deleted_at is not None,
        "messages": messages,
        "mails": [[bodies[m.message_id], list(m.to), list(m.files)] for m in mails],
    }


async def read_on(path: Path, readers: list[Reader]) -> None:
    """Assert that each reader that goes on from its place then knows every ticket as it is."""
    async with hb.Helpdesk(MemorySettings(path=path)) as desk:
        await desk.tickets()
        store = desk.adapter.store  # type: ignore[attr-defined]
        ids = [str(number) for number in store.tickets]
        there = {number: print_of(await desk.adapter.get_ticket(number)) for number in ids}
        for reader in readers:
            caught_up = False
            while not caught_up:
                feed = await desk.adapter.read_feed(reader.place)
                reader.told |= told_by(feed)
                reader.place, caught_up = feed.place, feed.caught_up
            assert reader.told == there


def check(found: State, before: State, told: dict[str, Worker]) -> int:
    """Assert that ``found`` is what it must be; return how many calls under way are there."""
    assert {number: found.get(number) for number in before} == before
    new = {number: ticket for number, ticket in found.items() if number not in before}
    assert all(int(number) > max(map(int, before), default=0) for number in new)
    there = 0
    for name, worker in told.items():
        own = {n: t for n, t in new.items() if t["subject"].startswith(f"{name} call ")}
        unknown = next(iter(set(own) - set(worker.state)), None)
        possible = worker.possible(unknown)
        assert own in possible
        there += possible.index(own)
        new = {number: ticket for number, ticket in new.items() if number not in own}
    assert new == {}
    return there


@pytest.mark.asyncio
async def test_a_file_open_in_another_process_is_refused_until_that_has_gone(
    tmp_path: Path,
) -> None:
    path = tmp_path / "support.db"
    command = [sys.executable, str(CHILD), str(path), "other", "seed", "1", "lines", "0"]
    async with hb.Helpdesk(MemorySettings(path=path)) as desk:
        with subprocess.Popen(command, stdout=subprocess.PIPE) as child:  # noqa: ASYNC220
            assert child.stdout is not None
            told = [json.loads(child.stdout.readline()) for _ in range(3)]
            with pytest.raises(hb.ConfigurationError, match="already") as caught:
                await desk.tickets()
            child.kill()
        assert caught.value.key == "path"
        assert (await desk.ticket(told[2]["done"])).id == told[2]["done"]


@pytest.mark.parametrize("database", range(DATABASES))
def test_a_killed_desk_keeps_all_that_returned_and_nothing_half(
    tmp_path: Path, database: int
) -> None:
    chance = random.Random(f"database {database}")
    path = tmp_path / "support.db"
    state: State = {}
    reader = Reader()
    calls = under_way = there = 0
    for kill in range(KILLS):
        told, done = run_and_kill(path, f"kill {kill}", chance)
        found = asyncio.run(observe(path))
        there += check(found, state, told)
        asyncio.run(read_on(path, [reader, *(worker.reader for worker in told.values())]))
        calls += done
        under_way += sum(worker.begun is not None for worker in told.values())
        state = found
        with closing(sqlite3.connect(path)) as sql:
            assert sql.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert calls > 0
    sys.stdout.write(f"{calls} calls, {under_way} under way, {there} of them there\n")  # -rP
