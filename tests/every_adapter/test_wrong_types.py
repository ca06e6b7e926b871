"""What is of a wrong type is an InvalidArgument of ours, and makes no request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import helpdesk_bridge as hb
from tests.every_adapter.places import opened

Call = Callable[[hb.Helpdesk, hb.Ticket], Awaitable[Any]]


async def drain(items: Any) -> None:
    async for _ in items:
        pass


async def page(desk: hb.Helpdesk, **given: Any) -> None:
    await desk.tickets(**given)


CALLS: dict[str, Call] = {
    "extra of a reply": lambda d, t: d.reply(t, text="Words.", send_email=True, extra="abc"),
    "extra of a note": lambda d, t: d.note(t, text="Words.", extra=["a"]),
    "extra of a list": lambda d, t: page(d, extra=5),
    "keys of extra": lambda d, t: d.update_ticket(t, subject="s", extra={1: "x"}),
    "custom fields": lambda d, t: d.create_ticket(
        subject="s", requester="a@b.example", text="t", custom_fields="abc"
    ),
    "cursor": lambda d, t: page(d, cursor=5),
    "limit": lambda d, t: page(d, limit="5"),
    "status": lambda d, t: d.update_ticket(t, status="no such status"),
    "send_email": lambda d, t: d.reply(t, text="Words.", send_email="yes"),
    "a yes in a query of raw": lambda d, t: d.raw("GET", "tickets", query={"archived": False}),
    "query of raw": lambda d, t: d.raw("GET", "tickets", query={"page": None}),
    "segments of raw": lambda d, t: d.raw("GET", "tickets", "../users"),
    "one str of tickets": lambda d, t: drain(d.conversations("1001")),
    "a number of tickets": lambda d, t: drain(d.conversations(5)),
    "concurrency": lambda d, t: drain(d.conversations([t], concurrency="8")),
    "what was sent": lambda d, t: d.complete(None),
    "attachment": lambda d, t: d.save_attachment(None, "."),
    "directory": lambda d, t: d.save_attachment(hb.Attachment(id="1"), 5),
    "method": lambda d, t: d.raw(5),
    "ticket": lambda d, t: d.note(1001, text="Words."),
    "attachments": lambda d, t: d.note(t, text="Words.", attachments=["a.txt"]),
    "somebody hidden and shown": lambda d, t: d.reply(
        t, text="Words.", send_email=True, to=["a@b.example"], bcc=["A@b.example"]
    ),
    "effect of raw": lambda d, t: d.raw("GET", "tickets", effect="read"),
    "created_at": lambda d, t: d.add_request(
        t, author="li@customer.example", text="Words.", created_at="2026-01-01"
    ),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("what", CALLS)
async def test_it_is_refused_by_name(what: str) -> None:
    async with opened("helpspace") as place:
        ticket = await place.desk.create_ticket(
            subject="s", requester="li@customer.example", text="I paid twice."
        )
        before = place.requests
        with pytest.raises(hb.InvalidArgument) as caught:
            await CALLS[what](place.desk, ticket)
        assert place.requests == before
        assert (caught.value.desk, caught.value.outcome) == ("it", hb.Outcome.NOT_SENT)


@pytest.mark.asyncio
async def test_numbers_in_a_query_become_text() -> None:
    async with opened("helpspace") as place:
        await place.desk.raw("GET", "tickets", query={"page": 1, "per-page": 5})
        assert place.fake is not None
        assert place.fake.journal[-1].values("per-page") == ["5"]
