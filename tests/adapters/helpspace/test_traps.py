"""Where HelpSpace's pages contradict themselves or mislead about tickets: a test for each trap."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from helpdesk_bridge_helpspace import wire

from helpdesk_bridge import Helpdesk, Party, Role, Status, errors, kit
from helpdesk_bridge.testing import StoredTicket
from tests.adapters.doubles import CUSTOMER, Caught, Connect, new_ticket
from tests.adapters.helpspace.conftest import ScriptedFake, collection, message_json, ticket_json

READ_ONE = "/tickets/48211"


def reads(**changes: Any) -> Any:
    return wire.one_ticket({"data": ticket_json(**changes)})


@pytest.mark.asyncio
@pytest.mark.parametrize(("account", "desks"), [("escaleted", None), ("escalated", "escaleted")])
@pytest.mark.parametrize("operation", ["create", "update"])
async def test_t01_the_other_spelling_of_escalated_is_written_when_the_first_is_refused(
    fake: ScriptedFake, connect_to: Connect, stored: StoredTicket,
    account: str, desks: str | None, operation: str,
) -> None:  # fmt: skip
    fake.escalated = account
    desk = connect_to(fake, escalated_word=desks)
    if operation == "create":
        made = await desk.create_ticket(
            subject="S", requester=CUSTOMER, text="T", status=Status.ESCALATED
        )
    else:
        made = await desk.update_ticket(str(stored.id), status=Status.ESCALATED)
    assert (made.status, made.vendor_status) == (Status.ESCALATED, account)
    assert [e.json()["status"] for e in fake.journal] == [desks or "escalated", account]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("status", "field", "requests"),
    [(Status.ESCALATED, "status", 2), (Status.ESCALATED, "team", 1), (Status.OPEN, "status", 1)],
)
async def test_t01_only_a_refused_escalated_is_written_again_and_only_once(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, status: Status, field: str, requests: int
) -> None:
    refusal = {"message": "Invalid.", "errors": {field: ["The selected one is invalid."]}}
    fake.instead("PATCH", READ_ONE, refusal, status=422, times=9)
    error = await caught(desk.update_ticket("48211", status=status))
    assert (type(error), len(fake.journal)) == (errors.ValidationFailed, requests)


def test_t02_a_status_that_comes_as_a_number_is_unknown_and_readable() -> None:
    ticket = reads(status=1)
    assert (ticket.status, ticket.vendor_status) == (Status.UNKNOWN, "1")


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [200, 201, 202])
async def test_t03_any_success_with_the_documented_body_will_do(
    fake: ScriptedFake, desk: Helpdesk, status: int
) -> None:
    fake.instead("POST", "/tickets", {"data": ticket_json()}, status=status)
    made = await desk.create_ticket(subject="S", requester=CUSTOMER, text="T")
    assert made.id == "48211"


@pytest.mark.asyncio
async def test_t04_the_answer_to_a_new_ticket_is_a_ticket(
    desk: Helpdesk, stored: StoredTicket
) -> None:
    made = await desk.create_ticket(subject="S", requester=CUSTOMER, text="T")
    assert await desk.ticket(made.id) == made


@pytest.mark.parametrize(
    ("contact", "address"),
    [
        ({"value": CUSTOMER, "type": "email"}, CUSTOMER),
        ({"value": CUSTOMER}, CUSTOMER),
        ({"email": CUSTOMER}, CUSTOMER),
        ({"value": "+49 30 1", "type": "phone", "email": CUSTOMER}, CUSTOMER),
        ({"value": "+49 30 1", "type": "phone"}, None),
        ({"value": "a@chat", "type": "chat"}, None),
    ],
)
def test_t05_an_address_is_read_from_value_and_else_from_email(
    contact: Any, address: str | None
) -> None:
    assert reads(from_contact=contact).requester.email == address


@pytest.mark.asyncio
async def test_t05_an_address_is_written_as_email(fake: ScriptedFake, desk: Helpdesk) -> None:
    await desk.create_ticket(subject="S", requester=CUSTOMER, text="T")
    assert fake.journal[0].json()["from_contact"] == {"email": CUSTOMER}


@pytest.mark.asyncio
async def test_t06_a_channel_is_read_by_value_and_written_by_id(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    channel = (await desk.ticket(str(stored.id))).channel
    assert channel is not None
    assert channel.address == "support@helpdesk.example"
    await desk.create_ticket(subject="S", requester=CUSTOMER, text="T", channel=channel)
    assert fake.journal[-1].json()["channel"] == {"id": 1}


@pytest.mark.asyncio
@pytest.mark.parametrize("team", ["Billing", "21"])
async def test_t07_a_team_is_written_as_an_object(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, team: str
) -> None:
    assert (await desk.update_ticket(str(stored.id), team=team)).team == "Billing"
    assert fake.journal[0].json()["team"] == ({"id": 21} if team == "21" else {"name": team})


OPTIONAL = sorted(set(ticket_json()) - {"id"})


@pytest.mark.parametrize("absent", [True, False])
@pytest.mark.parametrize("name", OPTIONAL)
def test_t08_everything_but_the_id_of_a_ticket_may_be_null_or_missing(
    name: str, absent: bool
) -> None:
    data = ticket_json(**{name: None})
    if absent:
        del data[name]
    assert wire.one_ticket({"data": data}).id == "48211"


@pytest.mark.parametrize("name", sorted(set(message_json()) - {"id"}))
def test_t08_everything_but_the_id_of_a_message_may_be_missing(name: str) -> None:
    data = message_json()
    del data[name]
    assert kit.read(data, wire.MessageJson).to_message(reads()).id == "305512"


def test_t08_a_contact_may_be_an_empty_object() -> None:
    assert reads(from_contact={}).requester == Party(role=Role.CUSTOMER)


@pytest.mark.parametrize(
    "tags", [["bug", "vip"], [{"id": 1, "name": "bug", "slug": "b"}, {"id": 2, "name": "vip"}]]
)
def test_t09_tags_may_be_names_or_objects(tags: Any) -> None:
    assert reads(tags=tags).tags == ("bug", "vip")


@pytest.mark.asyncio
@pytest.mark.parametrize("operation", ["create", "update"])
async def test_t11_a_tag_that_was_dropped_without_a_word_is_told(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught, operation: str
) -> None:
    tags = ["VIP", "unheard-of"]
    call: Any = desk.update_ticket(str(stored.id), tags=tags)
    if operation == "create":
        call.close()
        call = desk.create_ticket(subject="S", requester=CUSTOMER, text="T", tags=tags)
    error = await caught(call)
    assert isinstance(error, errors.PartlyDone)
    written = fake.store.tickets[int(error.ticket_id or 0)]
    assert (written.tags, "1 of its tags" in str(error)) == (("vip",), True)


@pytest.mark.asyncio
async def test_t12_a_time_is_written_in_utc_with_its_offset(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    when = datetime(2025, 6, 16, 21, 5, 33, 999, tzinfo=timezone(timedelta(hours=2)))
    await desk.create_ticket(subject="S", requester=CUSTOMER, text="T", created_at=when)
    ticket = await desk.ticket(str(stored.id))
    await desk.add_request(ticket, author=CUSTOMER, text="T", created_at=when)
    posts = fake.asked("POST")
    assert {e.json()["created_at"] for e in posts} == {"2025-06-16T19:05:33+00:00"}


@pytest.mark.asyncio
async def test_t12_a_time_without_zone_is_not_guessed(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught
) -> None:
    fake.instead("GET", READ_ONE, {"data": ticket_json(created_at="2021-09-10 23:06:50")})
    error = await caught(desk.ticket("48211"))
    assert (type(error), getattr(error, "path", None)) == (
        errors.ProtocolError,
        "$.data.created_at",
    )


@pytest.mark.asyncio
async def test_t25_queries_have_hyphens_and_brackets_for_one_value_too(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    new_ticket(fake.store, tags=("vip",))
    found = [ticket async for ticket in desk.tickets(tag="vip", text="stops")]
    names = [name for name, _ in fake.journal[0].query]
    assert (len(found), names) == (1, ["page", "per-page", "tags[]", "subject-or-body[]"])


@pytest.mark.asyncio
async def test_t26_a_filter_the_vendor_ignores_is_applied_on_what_is_read(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    other = {"id": 9, "value": "x@a.example", "type": "email"}
    everything = [ticket_json(), ticket_json(id=2, from_contact=other)]
    fake.instead("GET", "/tickets", collection("tickets", everything))
    found = [ticket async for ticket in desk.tickets(requester=CUSTOMER)]
    assert [ticket.id for ticket in found] == ["48211"]
    asked = fake.journal[0]
    assert (asked.path, asked.values("contacts[]")) == ("/tickets", [CUSTOMER])


@pytest.mark.asyncio
async def test_t28_tickets_updated_since_are_found_among_all_tickets(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    tickets = [new_ticket(fake.store) for _ in range(60)]
    since = fake.store.clock()
    fake.store.update_ticket(tickets[3].id, tags=("vip",))
    fake.store.update_ticket(tickets[55].id, status=Status.CLOSED)
    found = [ticket async for ticket in desk.tickets(updated_since=since)]
    assert [ticket.id for ticket in found] == [str(tickets[3].id), str(tickets[55].id)]


@pytest.mark.asyncio
async def test_t30_deleting_a_ticket_deletes_that_ticket_and_no_customer(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    kept = new_ticket(fake.store)
    await desk.delete_ticket(str(stored.id))
    assert [(e.method, e.path) for e in fake.journal] == [("DELETE", f"/tickets/{stored.id}")]
    assert (stored.deleted_at is None, kept.deleted_at is None) == (False, True)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (200, json.dumps({"message": "Object deleted."}).encode()),
        (200, b""),
        (204, b""),
        (200, b"?"),
    ],
)
async def test_t31_the_answer_to_a_delete_is_not_read(
    fake: ScriptedFake, desk: Helpdesk, status: int, answer: bytes
) -> None:
    fake.instead("DELETE", READ_ONE, answer, status=status)
    await desk.delete_ticket("48211")
    assert fake.journal[0].status == status


@pytest.mark.parametrize(("given", "fields"), [([], {}), ({}, {}), ({"a": 1}, {"a": 1})])
def test_t32_custom_fields_may_be_an_empty_list(given: Any, fields: Any) -> None:
    assert reads(custom_fields=given).custom_fields == fields
