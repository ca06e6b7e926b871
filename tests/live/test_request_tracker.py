"""A live Request Tracker keeps the promises that the fakes are held to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import pytest
from helpdesk_bridge_request_tracker import RequestTrackerSettings

import helpdesk_bridge as hb
from helpdesk_bridge.model import Party
from helpdesk_bridge.testing.conformance import Account, AdapterSuite
from helpdesk_bridge.testing.conformance.messages import MessagePromises
from helpdesk_bridge.testing.conformance.sending import SendingPromises
from tests.live.request_tracker import Agent, RequestTracker
from tests.live.witness import RequestTrackerWitness

PAGE = 100
"""As many rows as RT puts on a page at most."""


def settings(server: RequestTracker, agent: Agent, **credentials: str) -> RequestTrackerSettings:
    """Return the settings of a desk on the queue of ``agent``."""
    signed = credentials or {"token": agent.token}
    return RequestTrackerSettings(base_url=server.base_url, queue=agent.queue, **signed)


class OnRequestTracker:
    """A queue of its own for each test."""

    credentials: ClassVar[dict[str, str]] = {}
    """Whose; without any it is an agent who sees nothing but this queue."""

    @pytest.fixture(autouse=True)
    def _server(self, request_tracker: RequestTracker) -> None:
        self.server = request_tracker

    @asynccontextmanager
    async def account(self) -> AsyncIterator[Account]:
        agent = self.server.new_account()
        witness = RequestTrackerWitness(self.server, agent)

        async def count(request: Any, handler: Any) -> Any:
            witness.counted.append(request.operation.name)
            return await handler(request)

        def opened(**credentials: str) -> hb.Helpdesk:
            chosen = settings(self.server, agent, **credentials)
            return hb.Helpdesk(chosen, middlewares=[count])

        me = Party(id=agent.agent, email=f"{agent.agent}@desk.test")
        yield Account(
            open=lambda: opened(**self.credentials),
            stranger=lambda: opened(token="1-99-wrong"),
            witness=witness,
            # RT keeps the name under which it met an address first.
            other_customer=f"bo@{agent.queue}.example",
            agent=me,
            me=me,
            agents=[Party(id=agent.colleague, email=f"{agent.colleague}@desk.test")],
            team=agent.team,
            teams=[agent.queue],  # where new tickets are
            many=PAGE + 5,
        )


class TestAsAnOrdinaryAgent(OnRequestTracker, AdapterSuite):
    """RT leaves out, after it has cut a page, the rows that such an account may not see."""


@pytest.mark.asyncio
class TestAsTheAdministrator(OnRequestTracker, MessagePromises, SendingPromises):
    """Only on conversations: the administrator lists the tickets of all queues."""

    credentials: ClassVar = {"user": "root", "password": "password"}
    place = AdapterSuite.place


@pytest.mark.asyncio
async def test_notes_that_may_not_be_seen_hide_no_messages(request_tracker: RequestTracker) -> None:
    agent = request_tracker.new_account(may_not=["ShowTicketComments"])
    witness = RequestTrackerWitness(request_tracker, agent)
    ticket_id = await witness.add_ticket("li@customer.example", "Invoice 4711", "first")
    await witness.add_notes(ticket_id, ["hidden"] * (2 * PAGE + 10))
    await witness.add_requests(ticket_id, ["last"])
    async with hb.Helpdesk(settings(request_tracker, agent)) as desk:
        read = [m async for m in desk.messages(ticket_id) if m.type is not hb.MessageType.SYSTEM]
    assert [(message.text or "").strip() for message in read] == ["first", "last"]


@pytest.mark.asyncio
async def test_pages_that_rt_cuts_short_hide_no_messages(request_tracker: RequestTracker) -> None:
    # RT drops the records of mails from a page that it has cut, and tells no end.
    agent = request_tracker.new_account(may_not=["ShowOutgoingEmail"])
    written = [f"reply {number}." for number in range(PAGE)]
    async with hb.Helpdesk(settings(request_tracker, agent)) as desk:
        ticket = await desk.create_ticket(
            subject="Invoice 4711", requester="li@customer.example", text="first"
        )
        for text in written:
            await desk.reply(ticket, text=text, send_email=True)
        read = [m async for m in desk.messages(ticket) if m.type is not hb.MessageType.SYSTEM]
    assert [(message.text or "").strip() for message in read] == ["first", *written]


@pytest.mark.asyncio
async def test_replies_are_mailed_once_and_notes_never(request_tracker: RequestTracker) -> None:
    agent = request_tracker.new_account()
    witness = RequestTrackerWitness(request_tracker, agent)
    async with hb.Helpdesk(settings(request_tracker, agent)) as desk:
        ticket = await desk.create_ticket(
            subject="Invoice 4711", requester="li@customer.example", text="I paid twice."
        )
        await asyncio.gather(
            *(desk.reply(ticket.id, text=f"reply {n}.", send_email=True) for n in range(20)),
            *(desk.note(ticket.id, text=f"note {n}.") for n in range(20)),
        )
    letters = await witness.letters()
    assert sorted(letter.text.strip() for letter in letters) == sorted(
        f"reply {n}." for n in range(20)
    )
    assert {letter.recipients for letter in letters} == {frozenset(["li@customer.example"])}


@pytest.mark.asyncio
async def test_that_a_ticket_is_done_is_told_by_rt_itself(request_tracker: RequestTracker) -> None:
    agent = request_tracker.new_account()
    witness = RequestTrackerWitness(request_tracker, agent)
    async with hb.Helpdesk(settings(request_tracker, agent)) as desk:
        ticket = await desk.create_ticket(
            subject="Invoice 4711", requester="li@customer.example", text="I paid twice."
        )
        for _ in range(2):
            await desk.update_ticket(ticket.id, status=hb.Status.RESOLVED)
    (letter,) = await witness.letters()
    assert letter.automatic
    assert letter.recipients == {"li@customer.example"}
