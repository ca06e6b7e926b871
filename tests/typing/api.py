"""The public API as users write it; checked by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, assert_type

import helpdesk_bridge as hb
from helpdesk_bridge.kit import Adapter


async def reading() -> None:
    async with hb.connect("support", config=Path("helpdesk.toml")) as desk:
        assert_type(desk, hb.Helpdesk)
        pager = desk.tickets(status=hb.Status.OPEN, limit=10)
        assert_type(pager, hb.Pager[hb.Ticket])
        assert_type(await pager, hb.Page[hb.Ticket])
        async for ticket in pager:
            assert_type(ticket, hb.Ticket)
            assert_type([m async for m in desk.messages(ticket)], list[hb.Message])
        async for page in desk.messages("1").pages():
            assert_type(page.items, tuple[hb.Message, ...])
        async for conversation in desk.conversations(desk.tickets(), concurrency=4):
            assert_type(conversation.ticket, hb.Ticket)
            assert_type(conversation.messages, list[hb.Message])
            ticket, messages = conversation
            assert_type(messages, Any)
        message = await desk.message("1", "2")
        assert_type(message.text, str | None)
        assert_type(message.is_public, bool)
        async with desk.open_attachment(message.attachments[0], size="medium") as chunks:
            assert_type(chunks, AsyncIterator[bytes])
        assert_type(await desk.save_attachment(message.attachments[0], "."), Path)
        assert_type(await desk.raw("GET", "teams"), Any)


async def people(desk: hb.Helpdesk) -> None:
    assert_type(desk.agents(limit=5), hb.Pager[hb.Party])
    assert_type(await desk.teams(), hb.Page[hb.Team])
    async for customer in desk.customers(email="a@b.example", text="x"):
        assert_type(customer, hb.Party)
        assert_type(customer.organization, str | None)
    assert_type(await desk.me(), hb.Party)
    assert_type(await desk.check_settings(), Sequence[str])


def filters(desk: hb.Helpdesk) -> list[hb.Pager[hb.Ticket]]:
    return [
        desk.tickets(status=[hb.Status.OPEN, hb.Status.NEW], order_by="-created_at"),
        desk.tickets(status={hb.Status.OPEN}, order_by=hb.TicketOrder.UPDATED_AT),
        desk.tickets(priority=hb.Priority.HIGH, kind=hb.TicketKind.TASK, assignee="a@b.example"),
        desk.tickets(order_by="priority"),  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    ]


async def writing(desk: hb.Helpdesk) -> None:
    ticket = await desk.create_ticket(
        subject="s",
        requester=hb.Party(email="a@b.example", name="A"),
        html="<p>x</p>",
        attachments=[hb.Upload("log.txt", "text/plain", b"x")],
    )
    assert_type(ticket, hb.Ticket)
    ticket = await desk.update_ticket(ticket, assignee=None, tags=["a"], status=hb.Status.CLOSED)
    sent = await desk.reply(ticket, text="x", send_email=True, cc="c@d.example")
    assert_type(sent, hb.SentMessage)
    assert_type(sent.id, str | None)
    await desk.note(ticket.id, text="x", status=hb.Status.PENDING)
    await desk.forward(ticket, to=["e@f.example"], text="x")
    await desk.add_request(ticket, author="a@b.example", text="x")
    await desk.delete_ticket(ticket)


def asking(desk: hb.Helpdesk, error: hb.HelpdeskError) -> None:
    assert_type(desk.capabilities.supports(hb.Capability.FORWARD), bool)
    assert_type(desk.capabilities[hb.Capability.REPLY].limits, hb.CapabilityLimits)
    assert_type(error.outcome, hb.Outcome)
    assert_type(error.reason, hb.Reason)
    assert_type(hb.__version__, str)


def leaving(ticket: hb.Ticket, page: hb.Page[hb.Ticket], data: dict[str, Any]) -> None:
    assert_type(hb.to_dict(ticket, raw=True), dict[str, Any])
    assert_type(hb.to_json([ticket, page.items[0]]), str)
    assert_type(hb.from_dict(hb.Message, data), hb.Message)
    assert_type(hb.from_dict(hb.Page[hb.Ticket], data), hb.Page[hb.Ticket])
    assert_type(hb.json_schema(hb.Conversation), dict[str, Any])
    hb.to_dict(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


class SmallAdapter(Adapter):
    """An adapter of an application's own."""


class Own(hb.Helpdesk):
    """A desk of an application's own, which knows its adapter."""

    adapter: SmallAdapter  # pyright: ignore[reportIncompatibleVariableOverride]


async def own(desk: Own) -> None:
    assert_type(await desk.note("1", text="x"), hb.SentMessage)
    assert_type(await desk.ticket("1"), hb.Ticket)


class Slow(hb.Observer):
    """Prints what took long."""

    def attempt_ended(self, attempt: hb.Attempt, result: hb.AttemptResult) -> None:
        """Look at one attempt."""
        assert_type(result.reason, hb.Reason | None)
        if result.seconds > 5:
            hb.FileLimiter("1/second", attempt.path)


def opening() -> list[hb.Helpdesk]:
    return [
        hb.Helpdesk(hb.MemorySettings(store=hb.Store())),
        hb.Helpdesk(
            hb.HelpSpaceSettings(token="t", client_id="c"),
            options=hb.TransportOptions(deadline=5, concurrency=2),
            observers=[Slow()],
            ledger=hb.SqliteLedger("ledger.db"),
        ),
        hb.Helpdesk(hb.MemorySettings(), ledger=hb.SqlLedger("postgresql://ledger.example/db")),
    ]
