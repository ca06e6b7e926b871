"""A deletion whose answer may be a no is a success only by a ticket that is shown as deleted."""

from __future__ import annotations

from typing import Any

import pytest

import helpdesk_bridge as hb
from tests.every_adapter.saying import desk_and_fake, page, said

pytestmark = pytest.mark.asyncio
BY_DELETE = ["helpspace", "airclou", "omnidesk"]


async def ticket_of(desk: hb.Helpdesk) -> hb.Ticket:
    return await desk.create_ticket(
        subject="Export stops", requester="li@c.example", text="It stops."
    )


@pytest.mark.parametrize("adapter", BY_DELETE)
async def test_a_deletion_answered_by_a_living_record_is_in_doubt(adapter: str) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        ticket = await ticket_of(desk)
        number = int(ticket.id) if ticket.id.isdigit() else ticket.id
        living = {**ticket.raw, "id": number, "deleted_at": None}
        locked = {"id": number, "status": "locked", "message": "ticket is locked"}
        for record in (living, locked):
            for key in ("data", "ticket", "item"):
                fake.answer = said({key: record})
                with pytest.raises(hb.ProtocolError) as caught:
                    await desk.delete_ticket(ticket)
                assert caught.value.outcome is hb.Outcome.UNKNOWN
        gone = {**living, "deleted_at": "2026-01-02T03:04:05Z"}
        words = "Ticket moved to trash and will be purged after 30 days."
        for answer in ({"data": gone}, {"message": words}, {"deleted_at": gone["deleted_at"]}):
            fake.answer = said(answer)
            await desk.delete_ticket(ticket)


def doubts_of(ticket: hb.Ticket) -> list[Any]:
    """Return answers to a deletion that may be a no."""
    return [
        {"success": True, "failedIds": [ticket.id]},
        {"success": True, "data": {ticket.id: False}},
        {"success": True, "data": {ticket.id: "failed"}},
        {"success": True, "deletedTickets": []},
        {"success": True, "rows": 0},
        {"status": "success", "data": 0},
        {"deleted": 0},
        {"deleted": []},
        {ticket.id: "forbidden"},
        {"success": True, "message": "Nothing was deleted: you may not delete tickets"},
        {"message": "Warteschlange"},
    ]


@pytest.mark.parametrize("adapter", BY_DELETE)
async def test_a_deletion_in_doubt_is_settled_by_a_ticket_that_shows_it(adapter: str) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        ticket = await ticket_of(desk)
        doubts = doubts_of(ticket)
        for doubt in doubts:
            fake.answer = said(doubt)
            with pytest.raises(hb.ProtocolError, match="does not say that it was done") as caught:
                await desk.delete_ticket(ticket)
            assert caught.value.outcome is hb.Outcome.UNKNOWN, doubt
            assert "not found" not in str(caught.value)
        if adapter == "helpspace":  # which shows what is deleted
            gone = {**ticket.raw, "deleted_at": "2026-01-02T03:04:05Z"}
            answers = {"DELETE": said(doubts[0]), "GET": said({"data": gone})}
            asked: list[str] = []
            fake.wanted = lambda request: asked.append(request.method) is None
            for doubt in doubts:
                answers["DELETE"] = said(doubt)
                fake.answer = lambda: answers[asked[-1]]()
                await desk.delete_ticket(ticket)
        fake.wanted, fake.answer = lambda _: True, said(doubts[0])
        with pytest.raises(hb.ProtocolError, match="does not say that it was done"):
            await desk.delete_ticket(ticket)
        fake.answer = page("<html><title>Maintenance</title></html>")
        with pytest.raises(hb.ProtocolError, match="web page"):
            await desk.delete_ticket(ticket)


@pytest.mark.parametrize("adapter", BY_DELETE)
async def test_a_ticket_that_is_not_found_proves_no_deletion(adapter: str) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        ticket = await ticket_of(desk)
        answers = {"GET": said({"message": "Not found"}, 404)}
        asked: list[str] = []
        fake.wanted = lambda request: asked.append(request.method) is None
        fake.answer = lambda: answers[asked[-1]]()
        for doubt in doubts_of(ticket):
            answers["DELETE"] = said(doubt)
            with pytest.raises(
                hb.ProtocolError, match="not found when it was looked for"
            ) as caught:
                await desk.delete_ticket(ticket)
            assert caught.value.outcome is hb.Outcome.UNKNOWN, doubt
        fake.answer = None
        assert (await desk.ticket(ticket.id)).id == ticket.id
