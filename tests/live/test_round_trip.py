"""What is written to a live server through the public API is read back whole."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from functools import partial

import pytest
import pytest_asyncio
from attrs import field, frozen
from helpdesk_bridge_request_tracker import RequestTrackerSettings

import helpdesk_bridge as hb
from tests.live.request_tracker import WORKERS, RequestTracker

TICKETS = 500 if os.environ.get("HELPDESK_BRIDGE_ALL_FAULTS") else 25
SIZES = (1, 5_000, 60_000)
"""Bytes of the files of each ticket."""
WORDS = "Größe, ça coûte 5 €, 日本語, 👩‍💻 <b>fett</b> &amp; mehr"


@frozen(kw_only=True)
class Story:
    """What is written to one ticket: HTML and type of each message, and the files of the last."""

    subject: str
    messages: tuple[tuple[hb.MessageType, str], ...]
    files: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def number(cls, number: int) -> Story:
        """Make up a story; the same number tells the same one."""
        chance = random.Random(number)
        types = (
            hb.MessageType.REQUEST,
            *(hb.MessageType.RESPONSE, hb.MessageType.NOTE),
            *(hb.MessageType.NOTE, hb.MessageType.RESPONSE),
        )
        return cls(
            subject=f"Rechnung {number} überfällig 💶",
            messages=tuple(
                (type_, f"<p>{number}.{place}: {WORDS}</p>") for place, type_ in enumerate(types)
            ),
            files=tuple(chance.randbytes(size) for size in SIZES),
        )

    async def write(self, desk: hb.Helpdesk) -> str:
        """Write it, and return the id of its ticket."""
        (_, first), *others = self.messages
        ticket = await desk.create_ticket(
            subject=self.subject, requester="li@customer.example", html=first
        )
        for place, (type_, html) in enumerate(others, 1):
            files = self.uploads() if place == len(others) else ()
            if type_ is hb.MessageType.NOTE:
                await desk.note(ticket.id, html=html, attachments=files)
            else:
                await desk.reply(ticket.id, html=html, send_email=True, attachments=files)
        return ticket.id

    def uploads(self) -> list[hb.Upload]:
        """Return the files as they are sent."""
        return [
            hb.Upload(f"Anlage {number} ü.bin", "application/octet-stream", data)
            for number, data in enumerate(self.files)
        ]

    def digests(self) -> list[str]:
        """Return the digest of each file, as :func:`digest` reads them back."""
        return [hashlib.sha256(data).hexdigest() for data in self.files]


@pytest_asyncio.fixture
async def desk(request_tracker: RequestTracker) -> AsyncIterator[hb.Helpdesk]:
    agent = request_tracker.new_account()
    settings = RequestTrackerSettings(
        base_url=request_tracker.base_url, token=agent.token, queue=agent.queue
    )
    async with hb.Helpdesk(settings) as opened:
        yield opened


async def few_at_once(
    calls: Iterable[Callable[[], Awaitable[str]]],
) -> list[str]:
    """Await as many calls at a time as the server has workers; return their results in order."""
    places = asyncio.Semaphore(WORKERS)

    async def one(call: Callable[[], Awaitable[str]]) -> str:
        async with places:
            return await call()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(call)) for call in calls]
    return [task.result() for task in tasks]


async def digest(desk: hb.Helpdesk, file: hb.Attachment) -> str:
    read = hashlib.sha256()
    async with desk.open_attachment(file) as chunks:
        async for chunk in chunks:
            read.update(chunk)
    return read.hexdigest()


@pytest.mark.timeout(1800)
@pytest.mark.asyncio
async def test_what_is_written_is_read_back_whole(desk: hb.Helpdesk) -> None:
    stories = [Story.number(number) for number in range(TICKETS)]
    ids = await few_at_once([partial(story.write, desk) for story in stories])
    written = dict(zip(ids, stories, strict=True))
    assert len(written) == TICKETS, "each ticket has an id of its own"

    listed = [ticket async for ticket in desk.tickets()]
    assert sorted(ticket.id for ticket in listed) == sorted(written)
    for ticket in listed:
        assert ticket.subject == written[ticket.id].subject

    seen: set[str] = set()
    async for ticket, messages in desk.conversations(listed, concurrency=WORKERS):
        story = written[ticket.id]
        told = [m for m in messages if m.type is not hb.MessageType.SYSTEM]
        assert [(m.type, m.html) for m in told] == list(story.messages)
        seen.update(m.id for m in told)
        files = [file for m in told for file in m.attachments]
        assert [file.name for file in files] == [upload.name for upload in story.uploads()]
        assert await few_at_once([partial(digest, desk, file) for file in files]) == (
            story.digests()
        )
    assert len(seen) == TICKETS * len(stories[0].messages), "no message twice"
