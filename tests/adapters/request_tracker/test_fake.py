"""The fake of Request Tracker, offline; whether it is right is asked of a live one elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientSession
from helpdesk_bridge_request_tracker import fake_ticketsql as ticketsql
from helpdesk_bridge_request_tracker.fake import RequestTrackerFake

import helpdesk_bridge as hb
from helpdesk_bridge.testing import Store, TickingClock

LI = "li@customer.example"
MEANT = {"Queue": "General", "Subject": "Invoice", "Requestor": LI, "Content": "Twice."}
pytestmark = pytest.mark.asyncio


@asynccontextmanager
async def desk_on(fake: RequestTrackerFake) -> AsyncIterator[hb.Helpdesk]:
    async with fake, hb.connect("it", config={"desks": {"it": fake.table()}}) as desk:
        yield desk


def new_fake(**given: Any) -> RequestTrackerFake:
    return RequestTrackerFake(Store(clock=TickingClock()), **given)


async def ask(fake: RequestTrackerFake, method: str, path: str, **given: Any) -> tuple[int, Any]:
    headers = {"Authorization": f"token {fake.token}"}
    async with (
        ClientSession(headers=headers) as session,
        session.request(method, fake.base_url + path, **given) as answer,
    ):
        return answer.status, await answer.json() if await answer.read() else None


# -- whom it mails ---------------------------------------------------------------------------


async def test_it_answers_a_new_ticket_by_itself_unless_that_is_kept_back() -> None:
    async with new_fake() as fake:
        quiet = {"TransSquelchMailTo": {"type": "user", "id": [LI], "_url": "-"}}
        await ask(fake, "POST", "/ticket", json={**MEANT, **quiet})
        assert fake.store.outbox == []
        await ask(fake, "POST", "/ticket", json={**MEANT, "TransSquelchMailTo": [LI]})
    (mail,) = fake.store.outbox
    assert (mail.to, mail.message_id) == ((LI,), None)


async def test_it_tells_the_customer_of_itself_that_a_ticket_is_done() -> None:
    fake = new_fake()
    async with desk_on(fake) as desk:
        ticket = await desk.create_ticket(subject="Invoice", requester=LI, text="Twice.")
        await desk.note(ticket, text="Refund.", status=hb.Status.RESOLVED)
        await desk.update_ticket(ticket, status=hb.Status.RESOLVED)
    (mail,) = fake.store.outbox
    assert (mail.to, mail.message_id) == ((LI,), None)
    assert "Refund" not in mail.html


async def test_a_history_has_the_events_and_mails_of_a_reply() -> None:
    async with desk_on(new_fake()) as desk:
        ticket = await desk.create_ticket(subject="Invoice", requester=LI, text="Twice.")
        await desk.reply(ticket, text="Refunded.", send_email=True, status=hb.Status.RESOLVED)
        read = [message async for message in desk.messages(ticket)]
    assert [message.vendor_type for message in read] == [
        "Create",
        "Correspond",
        "EmailRecord",
        "Status",
        "Status",
        "EmailRecord",
    ]
    assert read[3].raw["NewValue"] == "open"
    assert read[4].raw["NewValue"] == "resolved"


# -- what an account may not -----------------------------------------------------------------


@pytest.mark.parametrize("right", ["ShowTicketComments", "ShowOutgoingEmail"])
async def test_an_account_that_may_not_see_all_reads_the_rest_to_the_end(right: str) -> None:
    fake = new_fake(may_not=[right])
    async with desk_on(fake) as desk:
        ticket = await desk.create_ticket(subject="Invoice", requester=LI, text="Twice.")
        for number in range(3):
            await desk.note(ticket, text=f"note {number}")
            await desk.reply(ticket, text=f"reply {number}", send_email=True)
        read = [message async for message in desk.messages(ticket)]
        words = [message.text for message in read if message.type is hb.MessageType.RESPONSE]
        assert words == ["reply 0", "reply 1", "reply 2"]
        hidden = {"ShowTicketComments": "Comment", "ShowOutgoingEmail": "EmailRecord"}[right]
        assert hidden not in {message.vendor_type for message in read}
        # The second row is a note, which is left out; the fourth a mail, which leaves a gap.
        row = "2" if right == "ShowTicketComments" else "4"
        query = [("per_page", "1"), ("page", row), ("orderby", "id")]
        _, page = await ask(fake, "GET", f"/ticket/{ticket.id}/history", params=query)
    assert page["total"] is None
    assert page["count"] == (1 if right == "ShowTicketComments" else 0)


@pytest.mark.parametrize(
    ("may_not", "call"),
    [
        (["CommentOnTicket", "ModifyTicket"], lambda d, t: d.note(t, text="Words.")),
        (
            ["ReplyToTicket", "ModifyTicket"],
            lambda d, t: d.reply(t, text="Words.", send_email=True),
        ),
        (["ModifyTicket"], lambda d, t: d.update_ticket(t, subject="Other")),
        (["DeleteTicket"], lambda d, t: d.delete_ticket(t)),
    ],
)
async def test_what_the_account_may_not_do_changes_nothing(may_not: list[str], call: Any) -> None:
    fake = new_fake(may_not=may_not)
    async with desk_on(fake) as desk:
        ticket = await desk.create_ticket(subject="Invoice", requester=LI, text="Twice.")
        with pytest.raises(hb.PermissionDenied):
            await call(desk, ticket)
    stored = fake.store.tickets[int(ticket.id)]
    assert (len(stored.messages), stored.subject, stored.deleted_at) == (1, "Invoice", None)


async def test_a_right_that_it_does_not_know_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="ShowTicketComments"):
        new_fake(may_not=["SeeEverything"])


# -- strictness ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/ticket", {**MEANT, "Cc": "bo@customer.example"}),
        ("POST", "/ticket", {**MEANT, "Requestor": [LI]}),
        ("POST", "/ticket", {**MEANT, "Priority": "High"}),
        ("PUT", "/ticket/{}", {"Requestor": LI}),
        ("PUT", "/ticket/{}", {"Due": "2026-01-01"}),
        ("POST", "/ticket/{}/correspond", {"Content": "x", "ContentType": "text/plain", "Cc": LI}),
        ("POST", "/ticket/{}/comment", {"Content": "x", "ContentType": "text/plain", "Owner": "x"}),
        ("POST", "/ticket/{}/history", [{"field": "id", "operator": "LIKE", "value": "1"}]),
        ("POST", "/ticket/{}/history?perpage=5", []),
        ("POST", "/ticket/{}/history?orderby=Created", []),
        ("POST", "/tickets", None),
    ],
)
async def test_what_request_tracker_has_and_the_fake_has_not_is_told(
    method: str, path: str, body: Any
) -> None:
    async with new_fake() as fake:
        _, made = await ask(fake, "POST", "/ticket", json=MEANT)
        before = len(fake.store.tickets), len(fake.store.outbox)
        status, told = await ask(fake, method, path.format(made["id"]), json=body)
    assert status == 501
    assert "does not know" in told["message"]
    assert (len(fake.store.tickets), len(fake.store.outbox)) == before
    assert len(fake.store.tickets[int(made["id"])].messages) == 2


@pytest.mark.parametrize(
    "sql",
    [
        "id",
        "id >",
        "id > 3 AND",
        "(id > 3",
        "id > 3)",
        "id > 3 id < 5",
        "id ~ 3",
        "id = 'three'",
        "Status = new",
        "CF.Severity = 'high'",
        "Created > 'yesterday'",
        "Subject = 'it's'",
        "Told IS NULL",
    ],
)
async def test_a_search_that_it_cannot_read_is_refused(sql: str) -> None:
    with pytest.raises(ticketsql.WrongQuery):
        ticketsql.parse(sql)
    async with new_fake() as fake:
        status, _ = await ask(fake, "GET", "/tickets", params={"query": sql})
    assert status == 400


async def test_its_password_is_as_good_as_its_token() -> None:
    fake = new_fake()
    async with fake:
        table = {**fake.table(), "user": fake.agent.id, "password": fake.password}
        del table["token"]
        async with hb.connect("it", config={"desks": {"it": table}}) as desk:
            assert [ticket async for ticket in desk.tickets()] == []


# -- found by asking a live Request Tracker --------------------------------------------------


@pytest.mark.parametrize("status", [hb.Status.ON_HOLD, hb.Status.CLOSED])
async def test_a_status_that_no_new_ticket_may_have_is_refused_unsent(status: hb.Status) -> None:
    fake = new_fake()
    async with desk_on(fake) as desk:
        with pytest.raises(hb.StatusNotAllowed):
            await desk.create_ticket(subject="s", requester=LI, text="Twice.", status=status)
    assert fake.journal == []


async def test_the_fake_refuses_such_a_status_too() -> None:
    async with new_fake() as fake:
        status, told = await ask(fake, "POST", "/ticket", json={**MEANT, "Status": "stalled"})
    assert (status, fake.store.tickets) == (400, {})
    assert told["message"].startswith("New tickets can not have status 'stalled'")


@pytest.mark.parametrize("status", [hb.Status.NEW, hb.Status.OPEN, hb.Status.RESOLVED])
async def test_a_new_ticket_may_have_the_other_statuses(status: hb.Status) -> None:
    async with desk_on(new_fake()) as desk:
        made = await desk.create_ticket(subject="s", requester=LI, text="Twice.", status=status)
    assert made.status is status
