"""JSON as the world writes it: half surrogate pairs, long integers, PHP's arrays, bad records."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

import helpdesk_bridge as hb
from tests.every_adapter.saying import desk_and_fake
from tests.vendors import FAKES

ICCID = 89310410106543789301
HALF = "\ud83d"
PHP = ("helpspace", "airclou", "omnidesk")


def texts(value: Any) -> list[str]:
    """Return every str in a value, keys included."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [one for pair in value.items() for part in pair for one in texts(part)]
    return [one for part in value for one in texts(part)] if isinstance(value, list) else []


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", FAKES)
async def test_half_a_surrogate_pair_loses_nothing(adapter: str) -> None:
    """In a value and in a key of every record, on reading and in the answers to writes."""

    def halved(value: Any) -> Any:
        if isinstance(value, dict) and {"subject", "Subject", "title", "body"} & value.keys():
            return {**value, f"x{HALF}": [HALF, {"y": f"\ude00{HALF}"}]}
        return f"{value}{HALF}" if value in ("Export stops", "<p>It stops.</p>") else value

    async with desk_and_fake(adapter) as (desk, fake):
        new = {"subject": "Export stops", "requester": "li@c.example", "html": "<p>It stops.</p>"}
        ticket = await desk.create_ticket(**new)
        fake.change = halved
        if adapter != "request_tracker":  # where a subject that is not as it was sent is told
            await desk.create_ticket(**new)
        await desk.reply(ticket, html="<p>It stops.</p>", send_email=True)
        found = [ticket, await desk.ticket(ticket.id), *[one async for one in desk.tickets()]]
        spoken = [one async for one in desk.messages(ticket)]
        assert {one.subject for one in found[1:]} == {"Export stops\ufffd"}
        assert any("\ufffd" in (one.html or "") for one in spoken)
        for one in (*found, *spoken):
            for text in texts(dict(one.raw)):
                text.encode()


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", FAKES)
@pytest.mark.parametrize("number", [ICCID, -ICCID, 2**64, 10**400])
async def test_a_long_integer_keeps_its_digits(adapter: str, number: int) -> None:
    def numbered(value: Any) -> Any:
        if isinstance(value, dict) and {"subject", "Subject", "title"} & value.keys():
            fields = {"helpspace": {"iccid": number}, "airclou": [{"id": "iccid", "value": number}]}
            own = {"request_tracker": [{"id": "1", "name": "iccid", "values": [number]}]}
            name = {"airclou": "customFields", "request_tracker": "CustomFields"}
            return {
                **value,
                "novelty": number,
                name.get(adapter, "custom_fields"): {**fields, **own}.get(adapter),
            }
        return value

    async with desk_and_fake(adapter, numbered) as (desk, _):
        made = await desk.create_ticket(subject="S", requester="li@c.example", text="Some words.")
        for ticket in (await desk.ticket(made.id), *[one async for one in desk.tickets()]):
            assert ticket.raw["novelty"] == number
            if adapter != "omnidesk":  # whose tickets show no fields
                assert ticket.custom_fields["iccid"] in (number, [number])


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", PHP)
async def test_what_php_writes_for_an_empty_object_is_nothing(adapter: str) -> None:
    objects = ("assignee", "team", "channel", "from_contact", "links", "custom_fields", "meta")

    def emptied(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: [] if key in objects and type(one) is dict else one
                for key, one in value.items()
            }
        return value

    async with desk_and_fake(adapter) as (desk, fake):
        made = await desk.create_ticket(subject="S", requester="li@c.example", text="Some words.")
        fake.change = emptied
        assert (await desk.ticket(made.id)).id == made.id
        assert [one.id async for one in desk.tickets()] == [made.id]
        assert len([one async for one in desk.messages(made)]) >= 1


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", FAKES)
async def test_a_bad_record_is_a_problem_in_its_place(adapter: str) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        made = [
            await desk.create_ticket(subject=name, requester="li@c.example", text="Some words.")
            for name in ("first", "second", "third")
        ]

        def spoilt(value: Any) -> Any:
            if isinstance(value, dict) and "second" in (
                value.get("subject"),
                value.get("Subject"),
                value.get("title"),
            ):
                return {
                    **value,
                    **dict.fromkeys({"subject", "Subject", "title"} & value.keys(), 7.5),
                }
            return value

        fake.change = spoilt
        pager = desk.tickets().collect_problems()
        found = [one.id async for one in pager]
        assert (set(found), len(pager.problems)) == ({made[0].id, made[2].id}, 1)


LONG_IDS = {
    "helpspace": ["9" * 20, "1" * 255],
    "airclou": [
        "550e8400-e29b-41d4-a716-446655440000",
        "tkt:7",
        "a.b",
        "YWJj+ZA==",
        "urn:x:7",
        "x" * 255,
        "9" * 40,
    ],
    "omnidesk": ["9" * 20, "1" * 255],
    "request_tracker": ["9" * 18],
}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("adapter", "number"), [(name, one) for name, found in LONG_IDS.items() for one in found]
)
@pytest.mark.parametrize("as_number", [False, True])
async def test_an_id_as_the_vendor_makes_it_can_be_asked_for(
    adapter: str, number: str, as_number: bool
) -> None:
    if as_number and not number.isdigit():
        pytest.skip("no number")
    async with desk_and_fake(adapter) as (desk, fake):
        made = await desk.create_ticket(subject="S", requester="li@c.example", text="Some words.")
        listed = int(number) if as_number else number

        def renamed(value: Any) -> Any:
            if isinstance(value, dict) and {"subject", "Subject", "title"} & value.keys():
                return {**value, "id": listed}
            return value

        fake.change = renamed
        (ticket,) = [one async for one in desk.tickets()]
        assert (ticket.id, made.id == number) == (number, False)
        asked: list[str] = []

        def noted(request: web.Request) -> bool:
            asked.append(request.path_qs)
            return False

        fake.answer, fake.wanted = (lambda: web.Response()), noted
        with pytest.raises(hb.HelpdeskError) as caught:
            await desk.ticket(ticket.id)
        assert not isinstance(caught.value, hb.InvalidArgument)
        assert asked
