"""Every public call with a customer's words in it, and desks whose credentials are canaries.

Tags, cursors and the keys of a configuration are no customer's words; they may be shown.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from attrs import define, field
from helpdesk_bridge_airclou.fake import AirclouFake

import helpdesk_bridge as hb
from helpdesk_bridge.delivery.ledger import Ledger
from helpdesk_bridge.testing import FakeServer, Store, TickingClock
from tests.adapters.doubles import cursor_at
from tests.canary import CANARY
from tests.vendors import FAKES

WORDS = f"My {CANARY} died since your parcel came."
ADDRESS = f"{CANARY}@customer.example"
KEY = f"geheim-{CANARY}"


def _armed(fake: FakeServer) -> FakeServer:
    """Give a fake a canary in place of its key."""
    if isinstance(fake, AirclouFake):
        token = f"e30.e30.{CANARY}"
        fake._sessions[token] = (fake.role, time.time() + 10_000)
        fake.issue = lambda **_: token  # type: ignore[method-assign]
    key = "token" if hasattr(fake, "token") else "api_key"
    assert hasattr(fake, key), f"{type(fake).__name__} has no key that could be a canary"
    setattr(fake, key, KEY)
    return fake


@define
class Case:
    """A desk, and what its calls are about."""

    desk: hb.Helpdesk
    ticket: hb.Ticket
    folder: Path
    lost: hb.OutcomeUnknown = field(factory=lambda: hb.OutcomeUnknown("lost."))

    @property
    def attachment(self) -> hb.Attachment:
        return hb.Attachment(id=self.ticket.id, name=f"{CANARY}.pdf", size=10**6)

    @property
    def sent(self) -> hb.SentMessage:
        return hb.SentMessage(
            ticket_id=self.ticket.id, id=None, message=None, operation_id="0a", fingerprint=None
        )


Call = Callable[[Case], Awaitable[Any]]


async def _read(items: Any) -> list[Any]:
    return [item async for item in items]


async def _download(case: Case) -> int:
    async with case.desk.open_attachment(case.attachment) as chunks:
        return sum([len(chunk) async for chunk in chunks])


CALLS: Mapping[str, Call] = {
    "tickets": lambda c: _read(c.desk.tickets(limit=3)),
    "tickets of a customer": lambda c: _read(c.desk.tickets(requester=ADDRESS, limit=3)),
    "tickets with words": lambda c: _read(c.desk.tickets(text=WORDS, limit=3)),
    "tickets with a tag": lambda c: _read(c.desk.tickets(tag="vip", limit=3)),
    "tickets from a cursor": lambda c: _read(
        c.desk.tickets(cursor=cursor_at(c.desk, "tickets", "7"), limit=3)
    ),
    "ticket": lambda c: c.desk.ticket(c.ticket.id),
    "create_ticket": lambda c: c.desk.create_ticket(
        subject=WORDS, requester=hb.Party(name=f"Ida {CANARY}", email=ADDRESS), text=WORDS
    ),
    "create_ticket of more": lambda c: c.desk.create_ticket(
        subject=WORDS, requester=ADDRESS, html=f"<b>{WORDS}</b>", custom_fields={"1": WORDS}
    ),
    "update_ticket": lambda c: c.desk.update_ticket(c.ticket, subject=WORDS),
    "update_ticket with tags": lambda c: c.desk.update_ticket(c.ticket, tags=["vip"]),
    "messages": lambda c: _read(c.desk.messages(c.ticket)),
    "message": lambda c: c.desk.message(c.ticket, c.ticket.id),
    "conversations": lambda c: _read(c.desk.conversations([c.ticket])),
    "reply": lambda c: c.desk.reply(c.ticket, text=WORDS, send_email=True, cc=[ADDRESS]),
    "reply and resolve": lambda c: c.desk.reply(
        c.ticket, text=WORDS, send_email=True, status=hb.Status.RESOLVED
    ),
    "reply with a file": lambda c: c.desk.reply(
        c.ticket,
        text=WORDS,
        send_email=True,
        attachments=[hb.Upload(f"{CANARY}.txt", data=WORDS.encode())],
    ),
    "note": lambda c: c.desk.note(c.ticket, html=f"<p>{WORDS}</p>"),
    "note with more": lambda c: c.desk.note(c.ticket, text=WORDS, extra={"more": WORDS}),
    "forward": lambda c: c.desk.forward(c.ticket, to=ADDRESS, text=WORDS),
    "add_request": lambda c: c.desk.add_request(c.ticket, author=ADDRESS, text=WORDS),
    "open_attachment": _download,
    "save_attachment": lambda c: c.desk.save_attachment(c.attachment, c.folder),
    "complete": lambda c: c.desk.complete(c.sent, delays=[0]),
    "reconcile": lambda c: c.desk.reconcile(c.lost, settle=0),
    "recover": lambda c: c.desk.recover(settle=0),
    "raw": lambda c: c.desk.raw("GET", "tickets", query={"q": WORDS}),
    "raw with an address": lambda c: c.desk.raw("GET", "contacts", ADDRESS),
    "raw write": lambda c: c.desk.raw("POST", "tickets", json={"text": WORDS}),
    # what is refused before anything is sent
    "a wrong id": lambda c: c.desk.ticket(f"../{CANARY}"),
    "a wrong address": lambda c: c.desk.forward(c.ticket, to=f"{CANARY} at home", text=WORDS),
    "a wrong status": lambda c: c.desk.update_ticket(c.ticket, status=CANARY),  # type: ignore[arg-type]
    "a wrong value": lambda c: c.desk.note(c.ticket, text=WORDS, extra={"x": {CANARY}}),
    "a wrong option": lambda c: c.desk.note(c.ticket, text=WORDS, extra=CANARY),  # type: ignore[arg-type]
    "a subject of two lines": lambda c: c.desk.update_ticket(c.ticket, subject=f"{CANARY}\n"),
    "delete_ticket": lambda c: c.desk.delete_ticket(c.ticket),
}


@asynccontextmanager
async def fakes(adapter: str) -> AsyncIterator[tuple[FakeServer, hb.Ticket]]:
    """Open a fake whose keys are canaries, with a ticket of a customer whose words are."""
    async with _armed(FAKES[adapter](Store(clock=TickingClock()))) as fake:
        desk = connected(fake.table())
        async with desk:
            ticket = await desk.create_ticket(subject=WORDS, requester=ADDRESS, text=WORDS)
            yield fake, await desk.ticket(ticket.id)


def connected(
    table: dict[str, Any],
    *,
    ledger: Ledger | None = None,
    middlewares: Any = (),
    **transport: Any,
) -> hb.Helpdesk:
    """Return a desk with this table."""
    config = {"desks": {"it": table | {"transport": transport}}}
    return hb.connect("it", config=config, ledger=ledger, middlewares=middlewares)
