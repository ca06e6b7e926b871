"""A change is a success only if the ticket that comes back shows it, in the vendor's own words."""

from __future__ import annotations

from typing import Any

import pytest

import helpdesk_bridge as hb
from tests.every_adapter.saying import desk_and_fake, said
from tests.vendors import FAKES

pytestmark = pytest.mark.asyncio
KEYS = {"helpspace": "data", "airclou": "ticket"}
"""Vendors that answer a change with the ticket, and the member that it is in."""
CHANGES: dict[str, Any] = {
    "subject": "Another one",
    "status": hb.Status.PENDING,
    "priority": hb.Priority.LOW,
    "assignee": hb.Party(id="77"),
    "kind": hb.TicketKind.TASK,
    "team": "Sales",
    "custom_fields": {"fld_1": "x"},
    "tags": ["billing"],
}


async def ticket_of(desk: hb.Helpdesk) -> hb.Ticket:
    return await desk.create_ticket(
        subject="Export stops", requester="li@c.example", text="It stops at 90 percent."
    )


def old(ticket: hb.Ticket, **told: Any) -> Any:
    """Return the vendor's record of a ticket that has something in each field."""
    raw = {**ticket.raw, "status": "open", "tags": ["old"]}
    if ticket.vendor == "airclou":
        fields = [{"id": "fld_1", "value": "old"}, {"id": "fld_2", "value": {"of": "theirs"}}]
        raw = {**raw, "type": "question", "customFields": fields}
        return {**raw, "priority": "urgent", "assigneeId": "5", **told}
    team = {"id": 3, "name": "Support"}
    return {**raw, "assignee": {"id": 5, "name": "Ada"}, "team": team, **told}


@pytest.mark.parametrize("adapter", FAKES)
async def test_every_status_and_priority_that_can_be_set_is_a_success(adapter: str) -> None:
    async with desk_and_fake(adapter) as (desk, _):
        ticket = await ticket_of(desk)
        limits = desk.capabilities[hb.Capability.UPDATE_TICKET].limits
        for status in sorted(limits.statuses or (), key=str):
            try:
                await desk.update_ticket(ticket, status=status, subject=f"{status} & more <b>")
            except hb.StatusNotAllowed:
                assert adapter == "request_tracker"  # not from the present one
        if "priority" in (limits.options or ()):
            for priority in set(hb.Priority) - {hb.Priority.UNKNOWN, hb.Priority.URGENT}:
                await desk.update_ticket(ticket, priority=priority)


@pytest.mark.parametrize("adapter", KEYS)
async def test_the_ticket_as_it_was_is_no_success(adapter: str) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        ticket = await ticket_of(desk)
        fake.answer = said({KEYS[adapter]: old(ticket)})
        ticket = await desk.update_ticket(ticket, status=hb.Status.OPEN)
        able = desk.capabilities[hb.Capability.UPDATE_TICKET].limits.options or ()
        # What the vendor says of tags alone is the adapter's own affair.
        asked = {name: value for name, value in CHANGES.items() if name in able and name != "tags"}
        for given in (*({name: value} for name, value in asked.items()), asked):
            with pytest.raises(hb.ProtocolError, match="unchanged in ") as caught:
                await desk.update_ticket(ticket, **given)
            assert caught.value.outcome is hb.Outcome.UNKNOWN
            assert all(name in str(caught.value) for name in given)
            with pytest.raises(hb.ProtocolError, match="than was asked for") as caught:
                await desk.update_ticket(ticket.id, **given)
            assert all(name in str(caught.value) for name in given)
        with pytest.raises(hb.OutcomeUnknown):
            await desk.update_ticket(ticket, subject="Another one", extra={"colour": "red"})
        with pytest.raises(hb.HelpdeskError):
            await desk.update_ticket(ticket, tags=["billing"])


@pytest.mark.parametrize("adapter", KEYS)
async def test_a_part_of_a_change_is_told_as_one(adapter: str) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        ticket = await ticket_of(desk)
        fake.answer = said({KEYS[adapter]: old(ticket)})
        ticket = await desk.update_ticket(ticket, status=hb.Status.OPEN)
        fake.answer = said({KEYS[adapter]: old(ticket, subject="ANOTHER &lt;one&gt;")})
        with pytest.raises(hb.PartlyDone, match="unchanged in status") as caught:
            await desk.update_ticket(ticket, subject=" Another  <one>", status=hb.Status.PENDING)
        assert caught.value.ticket_id == ticket.id
        assert caught.value.failure.outcome is hb.Outcome.UNKNOWN
        await desk.update_ticket(ticket, subject=" Another  <one>", status=hb.Status.OPEN)


@pytest.mark.parametrize("adapter", KEYS)
async def test_what_the_vendor_does_not_tell_is_not_compared(adapter: str) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        ticket = await ticket_of(desk)
        bare: dict[str, Any] = {"id": ticket.raw["id"], "status": "of their own"}
        fake.answer = said({KEYS[adapter]: bare})
        await desk.update_ticket(ticket, subject="Another one", status=hb.Status.PENDING)


LONG = "Invoice 2026-0815 of Muster Ltd was not booked yet"
VERSION = {"customFields": [{"id": "v", "value": "2.1"}]}
DAY = {"customFields": [{"id": "v", "value": "2026-01-15"}]}
ALIKE: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"tags": ["billing", "spam"]}, {"tags": ["billing"]}),
    ({"tags": ["spam", "billing"]}, {"tags": ["billing"]}),
    ({"tags": ["c"]}, {"tags": ["C++"]}),
    ({"subject": "Export stops..."}, {"subject": "Export stops: solved by 4.2"}),
    ({"subject": LONG}, {"subject": f"{LONG}: refunded"}),
    ({"subject": "[SPAM?] Export stops"}, {"subject": "Export stops"}),
    ({"subject": "export stops"}, {"subject": "Export stops"}),
    (VERSION, {"custom_fields": {"v": "2.10"}}),
    (DAY, {"custom_fields": {"v": "2026-01-15-B"}}),
    (VERSION, {"custom_fields": {"V": "2.10"}}),
]
UNTOLD: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (VERSION, {"order": "A-1"}),
    ({"customFields": []}, {"order": "A-1"}),
    (VERSION, {"order": {"number": 1}}),
]
THE_SAME: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"tags": ["Big Caf\u00e9", "vip"]}, {"tags": ["vip", "big-cafe"]}),
    ({"tags": []}, {"tags": []}),
    ({"subject": "Fish &amp; chips "}, {"subject": "Fish  & chips"}),
    ({"customFields": [{"id": "v", "value": 5}]}, {"custom_fields": {"v": "5.0"}}),
    ({"customFields": [{"id": "v", "value": "1"}]}, {"custom_fields": {"v": True}}),
    ({"customFields": [{"id": "v", "value": "b "}]}, {"custom_fields": {"v": "b"}}),
    ({"customFields": [{"id": "v", "value": ["b", "a"]}]}, {"custom_fields": {"v": ["a", "b"]}}),
    (
        {"customFields": [{"id": "v", "value": "2026-01-15T00:00:00Z"}]},
        {"custom_fields": {"v": "2026-01-15"}},
    ),
    (VERSION, {"custom_fields": {"V": "2.1"}}),
    (VERSION, {"custom_fields": {"order": None}}),
    ({"customFields": None}, {"custom_fields": {"order": "A-1"}}),
]


@pytest.mark.parametrize("adapter", KEYS)
async def test_a_field_that_stayed_as_it_was_is_compared_by_its_letters(adapter: str) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        ticket = await ticket_of(desk)
        able = desk.capabilities[hb.Capability.UPDATE_TICKET].limits.options or ()
        fake.wanted = lambda _: True
        for told, asked in ALIKE + THE_SAME:
            if not set(asked) <= set(able):
                continue
            fake.answer = said({KEYS[adapter]: old(ticket, **told)})
            before = await desk.ticket(ticket.id)
            if (told, asked) in THE_SAME:
                await desk.update_ticket(before, **asked)
                continue
            with pytest.raises(hb.ProtocolError, match="unchanged in") as caught:
                await desk.update_ticket(before, **asked)
            assert caught.value.outcome is hb.Outcome.UNKNOWN, asked


@pytest.mark.parametrize(("told", "asked"), UNTOLD)
async def test_a_custom_field_that_is_never_shown_is_told_as_that(
    told: dict[str, Any], asked: dict[str, Any]
) -> None:
    async with desk_and_fake("airclou") as (desk, fake):
        ticket = await ticket_of(desk)
        fake.wanted, fake.answer = lambda _: True, said({"ticket": old(ticket, **told)})
        before = await desk.ticket(ticket.id)
        with pytest.raises(hb.ProtocolError, match="without order in custom_fields, so that") as e:
            await desk.update_ticket(before, custom_fields=asked)
        assert e.value.outcome is hb.Outcome.UNKNOWN
        assert "unchanged" not in str(e.value)
        fake.answer = said({"ticket": old(ticket, subject="Another one", **told)})
        with pytest.raises(hb.PartlyDone, match="without order in custom_fields"):
            await desk.update_ticket(before, subject="Another one", custom_fields=asked)


async def test_a_custom_field_is_the_same_in_another_case() -> None:
    async with desk_and_fake("airclou") as (desk, fake):
        ticket = await ticket_of(desk)
        fields = [{"id": "severity", "value": "low"}, {"id": "Area", "value": "x"}]
        fake.wanted, fake.answer = (
            lambda _: True,
            said({"ticket": old(ticket, customFields=fields)}),
        )
        before = await desk.ticket(ticket.id)
        with pytest.raises(hb.ProtocolError, match="unchanged in custom_fields"):
            await desk.update_ticket(before, custom_fields={"Severity": "high"})
        fields[0]["value"] = "high"
        fake.answer = said({"ticket": old(ticket, customFields=fields)})
        await desk.update_ticket(before, custom_fields={"Severity": "high", "AREA": "x"})


@pytest.mark.parametrize("adapter", KEYS)
@pytest.mark.parametrize("length", [255, 100, 77, 30])
async def test_a_subject_that_was_cut_anywhere_was_set(adapter: str, length: int) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        ticket = await ticket_of(desk)
        asked = ("word " * 60).strip()
        fake.answer = said({KEYS[adapter]: old(ticket, subject=asked[:length].rstrip())})
        await desk.update_ticket(ticket, subject=asked)
        if length in (255, 100):  # usual limits: by the length alone
            await desk.update_ticket(ticket.id, subject=asked)


async def test_a_ticket_that_is_read_after_the_change_is_compared() -> None:
    async with desk_and_fake("omnidesk") as (desk, fake):
        ticket = await ticket_of(desk)
        fake.answer = said({"type": "result", "message": "Ticket updated."})
        with pytest.raises(hb.ProtocolError, match="unchanged in subject, status"):
            await desk.update_ticket(ticket, subject="Another one", status=hb.Status.CLOSED)


async def test_a_status_that_does_not_follow_a_message_is_told() -> None:
    async with desk_and_fake("helpspace") as (desk, fake):
        ticket = await ticket_of(desk)
        fake.wanted = lambda request: request.method == "PATCH"
        fake.answer = said({"data": old(ticket)})
        with pytest.raises(hb.PartlyDone, match="may not have been set"):
            await desk.reply(ticket, text="Done.", send_email=True, status=hb.Status.CLOSED)


async def test_a_subject_that_the_vendor_cut_was_set() -> None:
    async with desk_and_fake("helpspace") as (desk, fake):
        ticket = await ticket_of(desk)
        fake.answer = said({"data": old(ticket, subject="The export stops at ninety…")})
        await desk.update_ticket(ticket, subject="The export stops at ninety percent 🚀")


@pytest.mark.parametrize(
    ("adapter", "given", "told"),
    [
        ("airclou", {"assignee": hb.Party(id="usr_7")}, {"assigneeId": None}),
        ("airclou", {"assignee": None}, {"assigneeId": "5"}),
        ("airclou", {"tags": ["vip"]}, {"tags": []}),
        ("airclou", {"tags": ["vip", "new"]}, {"tags": ["vip"]}),
        ("airclou", {"tags": []}, {"tags": ["old"]}),
        ("airclou", {"priority": None}, {"priority": "urgent"}),
        ("airclou", {"priority": hb.Priority.LOW}, {"priority": None}),
        ("airclou", {"kind": None}, {"type": "question"}),
        ("airclou", {"kind": hb.TicketKind.TASK}, {"type": None}),
        ("airclou", {"subject": "Another one"}, {"subject": None}),
        ("airclou", {"status": hb.Status.NEW}, {"status": "pending"}),
        ("helpspace", {"assignee": "ada@helpdesk.example"}, {"assignee": None}),
        ("helpspace", {"assignee": hb.Party(id="77")}, {"assignee": {}}),
        ("helpspace", {"team": "Sales"}, {"team": None}),
        ("helpspace", {"team": "4"}, {"team": {"id": 3, "name": "Sales"}}),
        ("helpspace", {"team": None}, {"team": {"id": 3, "name": "Sales"}}),
        ("helpspace", {"tags": []}, {"tags": ["old"]}),
    ],
)
async def test_an_empty_field_and_another_value_are_no_success(
    adapter: str, given: dict[str, Any], told: dict[str, Any]
) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        ticket = await ticket_of(desk)
        fake.answer = said({KEYS[adapter]: old(ticket, **told)})
        with pytest.raises(hb.ProtocolError, match="than was asked for") as caught:
            await desk.update_ticket(ticket.id, **given)
        assert caught.value.outcome is hb.Outcome.UNKNOWN
        assert all(name in str(caught.value) for name in given)


@pytest.mark.parametrize(
    ("adapter", "given", "told"),
    [
        ("airclou", {"assignee": hb.Party(id="0077")}, {"assigneeId": 77}),
        ("airclou", {"assignee": None}, {"assigneeId": "0"}),
        ("airclou", {"tags": ["vip"]}, {"tags": ["auto-triaged", "VIP"]}),
        ("airclou", {"tags": []}, {"tags": None}),
        ("airclou", {"priority": None}, {"priority": None}),
        ("airclou", {"kind": None}, {"type": None}),
        ("airclou", {"kind": hb.TicketKind.TASK}, {"type": "a kind of their own"}),
        ("airclou", {"custom_fields": {"fld_2": 1, "fld_3": 2}}, {}),
        ("helpspace", {"assignee": None}, {"assignee": {"id": None, "name": "Unassigned"}}),
        ("helpspace", {"assignee": "ada@helpdesk.example"}, {"assignee": {"id": 11}}),
        ("helpspace", {"team": "SALES"}, {"team": {"id": 3, "name": "Sales"}}),
        ("helpspace", {"team": "3"}, {"team": {"id": 3, "name": "Sales"}}),
        ("helpspace", {"team": "3"}, {"team": "Sales"}),
        ("helpspace", {"team": "Sales"}, {"team": {"id": 3}}),
        ("helpspace", {"team": None}, {"team": []}),
        ("helpspace", {"tags": ["Big Caf\u00e9"]}, {"tags": ["big-cafe"]}),
    ],
)
async def test_what_an_honest_vendor_makes_of_a_change_is_a_success(
    adapter: str, given: dict[str, Any], told: dict[str, Any]
) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        ticket = await ticket_of(desk)
        fake.answer = said({KEYS[adapter]: old(ticket, **told)})
        await desk.update_ticket(ticket.id, **given)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "text", ["The ticket has been closed.", "Ticket status changed to closed.", "Changes applied."]
)
async def test_a_change_after_which_the_ticket_is_read_is_judged_by_the_ticket(text: str) -> None:
    async with desk_and_fake("omnidesk") as (desk, fake):
        ticket = await ticket_of(desk)
        closed = await desk.update_ticket(ticket, status=hb.Status.CLOSED)
        fake.answer = said({"type": "result", "message": text})
        assert (await desk.update_ticket(ticket, status=hb.Status.CLOSED)).status is closed.status
        with pytest.raises(hb.ProtocolError) as caught:
            await desk.update_ticket(ticket, subject="Another")
        assert caught.value.outcome is hb.Outcome.UNKNOWN
