"""An empty list beside a denial proves nothing, and one beside harmless words is an empty list."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

import helpdesk_bridge as hb
from tests.every_adapter.saying import desk_and_fake, page, reads, said
from tests.vendors import FAKES

EMPTY: dict[str, Any] = {
    "items": [],
    "data": [],
    "tickets": [],
    "messages": [],
    "total": 0,
    "per_page": 50,
}
DENIED: list[dict[str, Any]] = [
    {"loginRequired": True},
    {"authorized": False},
    {"session": "expired"},
    {"notice": "Session expired"},
    {"message": "Access denied"},
    {"message": "Rate limit exceeded"},
    {"status": "timeout"},
    {"timed_out": True},
]
IN_DOUBT: list[dict[str, Any]] = [
    {"login_url": "/login"},
    {"notice": "Nightly maintenance"},
    {"meta": {"rate_limit_remaining": 58, "permission_level": "admin"}},
    {"timeout": 30, "statuses": ["open", "rejected"]},
]


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", FAKES)
async def test_an_empty_list_beside_a_denial_is_an_error_and_no_proof(adapter: str) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        ticket = await desk.create_ticket(subject="Export", requester="li@c.example", text="Stops.")
        fake.answer = page("<html>Bad gateway</html>", 502)
        with pytest.raises(hb.OutcomeUnknown) as lost:
            await desk.reply(ticket, text="It is on its way.", send_email=True)
        fake.wanted = lambda _: True
        for beside in DENIED:
            fake.answer = said({**EMPTY, **beside})
            for pager in (desk.tickets(), desk.messages(ticket)):
                with pytest.raises(hb.HelpdeskError):
                    _ = [one async for one in pager]
            found = await desk.reconcile(lost.value, settle=0)
            assert found.verdict is hb.Verdict.STILL_UNKNOWN, beside
        for beside in IN_DOUBT:
            fake.answer = said({**EMPTY, **beside})
            assert [one async for one in desk.tickets()] == []
            found = await desk.reconcile(lost.value, settle=0)
            assert found.verdict is hb.Verdict.STILL_UNKNOWN, beside


ORDINARY: list[dict[str, Any]] = [
    {"meta": {"rate_limit_remaining": 58, "session_timeout": 1800, "login": "ada@desk.example"}},
    {"timeout": 30, "applied_filters": {"status": "rejected"}},
    {"message": "No more tickets could be found."},
    {"message": "We couldn't find any tickets matching your search."},
]
"""What an honest vendor tells in every answer, or in one of nothing."""


@pytest.mark.asyncio
@pytest.mark.parametrize("beside", ORDINARY)
@pytest.mark.parametrize("adapter", ["helpspace", "omnidesk"])
async def test_the_empty_page_behind_the_last_one_is_no_error(
    adapter: str, beside: dict[str, Any]
) -> None:
    key = {"helpspace": "data", "omnidesk": "items"}[adapter]
    async with desk_and_fake(adapter) as (desk, fake):

        def answer() -> web.Response:
            ids = range(1, 51) if fake.counted == 1 else ()
            records = [{"id": i, "subject": "s", "title": "s", "status": "open"} for i in ids]
            return web.json_response({key: records, **beside})

        fake.wanted, fake.answer = reads, answer
        pager = desk.tickets()
        assert (len([one async for one in pager]), pager.exhausted) == (50, True)


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", ["helpspace", "airclou"])
async def test_an_empty_list_beside_harmless_words_is_a_proof(adapter: str) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        ticket = await desk.create_ticket(subject="Export", requester="li@c.example", text="Stops.")
        fake.answer = page("<html>Bad gateway</html>", 502)
        with pytest.raises(hb.OutcomeUnknown) as lost:
            await desk.reply(ticket, text="It is on its way.", send_email=True)
        harmless = {
            "pages": 1,
            "page": 1,
            "count": 0,
            "success": True,
            "message": "No messages found.",
            "links": {"next": None},
        }
        fake.answer, fake.wanted = said({**EMPTY, **harmless}), _reads_messages
        found = await desk.reconcile(lost.value, settle=0)
        assert found.verdict is hb.Verdict.NOT_SENT, found.reason


def _reads_messages(request: web.Request) -> bool:
    return reads(request) and request.path.endswith("/messages")


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", ["helpspace", "omnidesk"])
async def test_the_words_of_a_search_are_no_denial(adapter: str) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        fake.wanted = reads
        for words in ("login required", "session expired"):
            for text in (f"No tickets match '{words}'.", f"Nothing found for: {words}"):
                for beside in ({"message": text}, {"redirect": "/auth/tickets"}):
                    fake.answer = said({**EMPTY, **beside})
                    assert [one async for one in desk.tickets(text=words)] == []


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", ["helpspace", "airclou", "omnidesk"])
async def test_a_flag_beside_content_refuses_no_read_and_leaves_a_write_in_doubt(
    adapter: str,
) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        ticket = await desk.create_ticket(subject="Export", requester="li@c.example", text="Stops.")
        key = {"helpspace": "data", "airclou": "ticket", "omnidesk": "item"}[adapter]
        fake.answer = said({key: ticket.raw, "authenticated": False})
        with pytest.raises(hb.HelpdeskError) as caught:
            await desk.update_ticket(ticket, subject=ticket.subject)
        assert caught.value.outcome is hb.Outcome.UNKNOWN
        fake.wanted = reads
        assert (await desk.ticket(ticket.id)).id == ticket.id
