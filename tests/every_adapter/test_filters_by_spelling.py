"""A filter finds what is spelled otherwise, and drops no ticket that the vendor found by it."""

from __future__ import annotations

from typing import Any

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.kit import Capability
from tests.every_adapter.places import Place

pytestmark = pytest.mark.asyncio
READABLE, ENCODED = "li@bücher.example", "li@xn--bcher-kva.example"


def made(place: Place, **fields: Any) -> str:
    """Put a ticket into the helpdesk and return its id."""
    requester = place.store.person(fields.pop("requester", "bo@other.example"))
    kept = place.store.create_ticket(
        subject="Export stops", requester=requester, html="<p>Why?</p>", **fields
    )
    return str(kept.id)


async def found(place: Place, **filters: Any) -> list[str]:
    """Return the ids of the tickets of a filter, as the Store has them."""
    return sorted(
        [ticket.id.removeprefix("tkt_") async for ticket in place.desk.tickets(**filters)]
    )


@pytest.mark.parametrize("kept", [READABLE, ENCODED])
@pytest.mark.parametrize(
    "asked", [READABLE, ENCODED, "LI@BÜCHER.EXAMPLE", "li@XN--bcher-KVA.example", f"{READABLE}."]
)
async def test_a_requester_is_found_by_either_spelling(place: Place, kept: str, asked: str) -> None:
    wanted = made(place, requester=kept)
    made(place, requester="bo@bücher.example")
    made(place, requester="li@bucher.example")
    assert await found(place, requester=asked) == [wanted]


@pytest.mark.parametrize("asked", [" li@customer.example", "Li <li@customer.example> "])
async def test_blanks_around_a_requester_do_not_count(place: Place, asked: str) -> None:
    wanted = made(place, requester="li@customer.example")
    made(place)
    assert await found(place, requester=asked) == [wanted]


async def test_an_address_with_a_full_stop_behind_it_is_the_same(place: Place) -> None:
    wanted = made(place, requester="li@customer.example")
    made(place)
    assert await found(place, requester="Li@Customer.Example.") == [wanted]


@pytest.mark.parametrize("asked", ["rush job", "RUSH JOB", " rush job", "Rush job\u00a0 "])
async def test_a_tag_is_found_in_any_case(place: Place, asked: str) -> None:
    if not place.desk.capabilities.supports(Capability.FILTER_TAG):
        with pytest.raises(hb.UnsupportedCapability):
            await found(place, tag=asked)
        return
    wanted = made(place, tags=("Rush job", "export"))
    made(place, tags=("export",))
    assert await found(place, tag=asked) == [wanted]


@pytest.mark.parametrize("asked", ["Billing", "BILLING", "billing", " Billing", "Billing  "])
async def test_a_team_is_found_in_any_case(place: Place, asked: str) -> None:
    name = place.desk.adapter.name
    if name == "airclou":
        with pytest.raises(hb.UnsupportedCapability):
            await found(place, team=asked)
    elif name == "omnidesk":
        with pytest.raises(hb.InvalidArgument, match="by their number"):
            await found(place, team=asked)
    else:
        wanted = made(place, team="Billing")
        made(place, team="Technical")
        assert await found(place, team=asked) == [wanted]


async def test_each_reason_says_how_people_and_teams_are_compared(place: Place) -> None:
    able = place.desk.capabilities
    compared = Capability.FILTER_REQUESTER, Capability.FILTER_TEAM, Capability.FILTER_TAG
    for one in compared:
        if able.supports(one) and place.fake is not None:
            assert any(word in able[one].reason for word in ("number", "spelling", "case", "as RT"))
