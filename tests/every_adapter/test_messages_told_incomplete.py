"""A conversation that the vendor calls incomplete is not told as whole, and proves no absence."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import pytest
from aiohttp import web

import helpdesk_bridge as hb
from tests.adapters.doubles import drain
from tests.every_adapter.saying import desk_and_fake
from tests.vendors import FAKES

pytestmark = pytest.mark.asyncio
ENVELOPES = {
    "helpspace": "meta",
    "airclou": "messages",
    "omnidesk": "item",
    "request_tracker": "per_page",
}
"""A member that stands in the envelope of each list, and in no record."""
SAID: list[dict[str, Any]] = [
    {"incomplete_results": True},
    {"timed_out": True},
    {"_shards": {"total": 5, "failed": 2}},
]


class Saying:
    """Puts a member into the envelopes of lists, once it is given one.

    ``only`` is a member that the list's first record has, where other lists are left alone.
    """

    def __init__(self, adapter: str, only: str | None = None) -> None:
        self.member = ENVELOPES[adapter]
        self.only = only
        self.said: dict[str, Any] = {}

    def __call__(self, value: Any) -> Any:
        if not isinstance(value, dict) or self.member not in value:
            return value
        if self.only is not None and not any(self.only in one for one in value["items"]):
            return value
        if "timed_out" in self.said and [] in value.values():
            return value  # an empty list that says so is refused
        return {**value, **self.said}


async def raised(call: Awaitable[object]) -> hb.HelpdeskError | None:
    try:
        await call
    except hb.HelpdeskError as error:
        return error
    return None


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("adapter", FAKES)
async def test_a_conversation_that_is_said_to_be_incomplete_proves_nothing(
    adapter: str, said: dict[str, Any]
) -> None:
    saying = Saying(adapter)
    async with desk_and_fake(adapter, saying) as (desk, fake):
        ticket = await desk.create_ticket(
            subject="Salary", requester="li@c.example", text="It is broken."
        )
        fake.answer = lambda: web.Response(status=502, text="x")
        lost = await raised(desk.note(ticket, text="The lost one."))
        assert isinstance(lost, hb.OutcomeUnknown)
        fake.answer, saying.said = None, said
        pager = desk.messages(ticket.id)
        found, error = await drain(pager)
        assert (len(found) > 0, type(error), pager.exhausted) == (True, hb.IncompleteList, False)
        assert next(iter(said)) in str(error)
        assert (await desk.reconcile(lost, settle=0)).verdict is hb.Verdict.STILL_UNKNOWN


@pytest.mark.parametrize("adapter", ["omnidesk", "request_tracker"])
async def test_a_message_that_such_a_conversation_does_not_show_is_not_called_missing(
    adapter: str,
) -> None:
    saying = Saying(adapter)
    async with desk_and_fake(adapter, saying) as (desk, _):
        ticket = await desk.create_ticket(
            subject="Salary", requester="li@c.example", text="It is broken."
        )
        (message,) = [one async for one in desk.messages(ticket.id) if "broken" in one.text][:1]
        missing = "message-999999" if adapter == "omnidesk" else "999999"
        assert type(await raised(desk.message(ticket.id, missing))) is hb.NotFound
        saying.said = {"incomplete_results": True}
        assert type(await raised(desk.message(ticket.id, missing))) is hb.IncompleteList
        if adapter == "omnidesk":  # which shows a message with all that it has
            assert await desk.message(ticket.id, message.id) == message


@pytest.mark.parametrize("said", [{"incomplete_results": True}, {"partial": True}])
async def test_words_and_files_of_a_list_that_is_said_to_be_incomplete_may_be_missing(
    said: dict[str, Any],
) -> None:
    saying = Saying("request_tracker", only="TransactionId")
    async with desk_and_fake("request_tracker", saying) as (desk, _):
        ticket = await desk.create_ticket(
            subject="Salary", requester="li@c.example", text="It is broken."
        )
        found = [one async for one in desk.messages(ticket.id)]
        saying.said = said
        again, error = await drain(desk.messages(ticket.id))
        assert ([one.id for one in again], type(error)) == (
            [one.id for one in found],
            hb.IncompleteList,
        )
        assert type(await raised(desk.message(ticket.id, found[0].id))) is hb.IncompleteList


async def test_a_file_that_such_a_list_does_not_show_is_not_called_missing() -> None:
    saying = Saying("request_tracker")
    async with desk_and_fake("request_tracker", saying) as (desk, _):
        ticket = await desk.create_ticket(
            subject="Salary", requester="li@c.example", text="It is broken."
        )
        assert [one async for one in desk.messages(ticket.id)]

        async def opened(attachment: str) -> None:
            file = hb.Attachment(id=attachment, name="a.pdf")
            async with desk.open_attachment(file):
                pass

        assert type(await raised(opened("999999"))) is hb.NotFound
        saying.said = {"incomplete_results": True}
        assert type(await raised(opened("999999"))) is hb.IncompleteList


async def test_nothing_is_sent_into_a_timeline_that_is_said_to_be_incomplete() -> None:
    saying = Saying("omnidesk")
    async with desk_and_fake("omnidesk", saying) as (desk, fake):
        ticket = await desk.create_ticket(
            subject="Salary", requester="li@c.example", text="It is broken."
        )
        saying.said = {"incomplete_results": True}
        fake.answer = lambda: web.Response(status=500)
        error = await raised(desk.note(ticket.id, text="note one is here"))
        assert (type(error), fake.counted) == (hb.IncompleteList, 0)


async def test_definitions_of_fields_that_are_said_to_be_incomplete_are_not_handed_out() -> None:
    async with desk_and_fake("airclou") as (desk, fake):
        fake.wanted = lambda request: request.path.endswith("ticket_fields")
        fake.answer = lambda: web.json_response({"ticketFields": [], "incomplete_results": True})
        assert type(await raised(desk.custom_fields())) is hb.IncompleteList
