"""What is fuzzed: functions of bytes, from which nothing but a HelpdeskError may escape."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from functools import cache, partial
from pathlib import Path

from yarl import URL

import helpdesk_bridge as hb
from helpdesk_bridge.errors import HelpdeskError
from helpdesk_bridge.kit import page_number
from helpdesk_bridge.model import Cursor
from helpdesk_bridge.model.html_text import html_to_text, text_to_html
from helpdesk_bridge.testing import MemorySettings
from helpdesk_bridge.transport.decode import BodyReader, decode_json
from helpdesk_bridge.transport.rate_headers import asked_wait, http_date, retry_after, until_reset
from helpdesk_bridge.transport.redaction import redact
from helpdesk_bridge.transport.urls import (
    base_url,
    check_file_host,
    check_header,
    file_url,
    is_public,
    join,
    redirected,
)
from tests.fuzz import replay
from tests.fuzz.source import Source

__all__ = ["TARGETS"]


def decoder(data: bytes) -> None:
    """An answer's body: packed or not, in chunks of any size."""
    source = Source(data)
    encoding, size = source.pick(["", "gzip", "UTF-8, gzip", "br", "none"]), source.below(64) + 1
    body, decoded = source.rest(), bytearray()
    with suppress(HelpdeskError):
        reader = BodyReader(encoding, cap=100_000)
        for at in range(0, len(body), size):
            decoded += reader.feed(body[at : at + size])
        reader.finish()
    assert len(decoded) <= 100_000
    for content_type in ("", "text/html"):
        with suppress(HelpdeskError):
            decode_json(bytes(decoded) or body, content_type)


def headers(data: bytes) -> None:
    """How long a vendor asks to be left alone."""
    source = Source(data)
    names = ("Retry-After", "Date", "X-RateLimit-Remaining", "X-RateLimit-Reset", "RateLimit")
    told = {name: source.text(40) for name in names}
    told[source.pick(["retry-after-ms", "X-Rate-Limit-Reset-After", "ratelimit-r"])] = source.text()
    waits = (retry_after(told), until_reset(told), until_reset({**told, names[2]: "0"}))
    for wait in (*waits, asked_wait(told)):
        assert wait is None or 0 <= wait < float("inf")
    when = http_date(told["Date"])
    assert when is None or when.tzinfo is not None


def names(data: bytes) -> None:
    """A file's name as a vendor has it, and as a user has it."""
    source = Source(data)
    safe = hb.Attachment(id=source.text() or "1", name=source.text(80)).safe_name
    assert 0 < len(safe.encode()) <= 255
    assert safe not in (".", "..")
    assert not set(safe) & set("/\\\0")
    with suppress(HelpdeskError):
        hb.Upload(source.text(), data=b"", content_id=source.text())


def addresses(data: bytes) -> None:
    """Addresses, ids and headers; what is allowed is on an allowed host."""
    source = Source(data)
    base, hosts = URL("https://api.example.com/v1"), ("cdn.example",)
    text = source.pick(["", "https://", "https://cdn.example", "http://["]) + source.text(40)
    with suppress(HelpdeskError):
        url = file_url(text)
        check_file_host(url, base, hosts)
        assert url.scheme == "https"
        assert f".{url.raw_host}".endswith(".cdn.example")
    redirected(base, text)
    with suppress(HelpdeskError):
        assert base_url(text).scheme in ("https", "http")
    with suppress(HelpdeskError):
        assert join(base, (source.text(), source.text())).origin() == base.origin()
    with suppress(HelpdeskError):
        check_header(source.text(), source.text())
    is_public(source.text())
    if len(packed := source.bytes(4)) == 4:
        is_public(str(ipaddress.ip_address(packed)))


def words(data: bytes) -> None:
    """A customer's text, and a vendor's sentence in an error."""
    text = data.decode("utf-8", "surrogateescape")
    html_to_text(text)
    text_to_html(text)
    assert len(redact(text)) <= 200


def cursors(data: bytes) -> None:
    """A cursor that somebody else wrote, on every adapter."""
    source = Source(data)
    adapter, text = source.pick(replay.ADAPTERS), source.rest().decode("utf-8", "surrogateescape")
    with suppress(HelpdeskError):
        assert page_number(Cursor(text)) >= 0
    kept = replay.recording(adapter)

    async def ask() -> None:
        async with hb.connect("it", config={"desks": {"it": kept.table}}) as desk:
            answers = replay.Replay(kept.answers[0], 99, lambda answer: answer)
            desk._transport._http.client = answers  # type: ignore[assignment]
            with suppress(HelpdeskError):
                await desk.tickets(cursor=text)
            with suppress(HelpdeskError):
                await desk.messages("1001", cursor=text)

    asyncio.run(ask())


@cache
def _database() -> bytes:
    """The file of a memory desk with a ticket, a message and a file in it."""

    async def make(path: Path) -> None:
        async with hb.Helpdesk(MemorySettings(path=path)) as desk:
            ticket = await desk.create_ticket(
                subject="S",
                requester="li@a.example",
                text="Hello",
                attachments=[hb.Upload("a.txt", data=b"abc")],
            )
            await desk.reply(ticket, text="Hi", send_email=True)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "desk.db")
        asyncio.run(make(path))
        return path.read_bytes()


def memory(data: bytes) -> None:
    """The memory desk's file, with a changed value in a row."""
    source = Source(data)

    async def ask(path: Path) -> None:
        async with hb.Helpdesk(MemorySettings(path=path)) as desk:
            for call in (replay.CALLS[0], replay.CALLS[3], replay.CALLS[5]):
                with suppress(HelpdeskError):
                    await call(desk)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "desk.db")
        path.write_bytes(_database())
        with closing(sqlite3.connect(path)) as database:
            table = source.pick(["tickets", "messages", "files", "outbox"])
            (fields,) = database.execute(f"SELECT fields FROM {table} ORDER BY id").fetchone()
            row = json.loads(fields)
            row[source.pick(sorted(row))] = source.value()
            text = json.dumps(row) if source.below(8) else source.text(60)
            database.execute(f"UPDATE {table} SET fields = ?", (text.encode(errors="replace"),))
            database.commit()
        asyncio.run(ask(path))


TARGETS: dict[str, Callable[[bytes], None]] = {
    "decoder": decoder,
    "headers": headers,
    "names": names,
    "addresses": addresses,
    "words": words,
    "cursors": cursors,
    "memory": memory,
    **{adapter: partial(replay.play, adapter) for adapter in replay.ADAPTERS},
}
