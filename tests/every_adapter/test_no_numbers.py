"""NaN and infinity are refused by the caller's own name of them, before any byte leaves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import helpdesk_bridge as hb
from tests.every_adapter.places import Place

Call = Callable[[hb.Helpdesk, hb.Ticket, Any], Awaitable[Any]]
NEW = {"subject": "Invoice", "requester": "li@customer.example", "text": "I paid twice."}
FILE = hb.Upload("a.txt", data=b"abc")
SIGNED = {"text": "Words.", "send_email": True}
CALLS: dict[str, tuple[str, Call]] = {
    "change": ("custom_fields.F", lambda d, t, x: d.update_ticket(t, custom_fields={"F": x})),
    "change beside": ("extra.F", lambda d, t, x: d.update_ticket(t, extra={"F": x})),
    "new": ("custom_fields.F", lambda d, _, x: d.create_ticket(**NEW, custom_fields={"F": x})),
    "new with a file": (
        "custom_fields.F",
        lambda d, _, x: d.create_ticket(**NEW, custom_fields={"F": x}, attachments=[FILE]),
    ),
    "new beside": ("extra.F", lambda d, _, x: d.create_ticket(**NEW, extra={"F": x})),
    "reply": ("extra.F", lambda d, t, x: d.reply(t, **SIGNED, extra={"F": x})),
    "note": ("extra.F", lambda d, t, x: d.note(t, text="Words.", extra={"F": x})),
    "list": ("extra.F", lambda d, _, x: first(d.tickets(extra={"F": x}))),
    "raw": ("json.F", lambda d, _, x: d.raw("POST", "tickets", json={"F": x})),
}
VALUES: list[tuple[Any, str]] = [
    (float("nan"), ""),
    (float("inf"), ""),
    ([1, float("-inf")], "[1]"),
    ({"Amount": [float("nan")]}, ".Amount[0]"),
]


async def first(pager: Any) -> Any:
    return await pager


@pytest.mark.asyncio
@pytest.mark.parametrize("what", CALLS)
async def test_what_is_no_number_is_refused_unsent(place: Place, what: str) -> None:
    if what == "raw" and place.fake is None:
        pytest.skip("a desk in memory has no API of a vendor")
    ticket = await place.desk.create_ticket(**NEW)
    name, call = CALLS[what]
    before = place.requests
    for value, within in VALUES:
        with pytest.raises(hb.InvalidArgument) as caught:
            await call(place.desk, ticket, value)
        assert caught.value.outcome is hb.Outcome.NOT_SENT
        assert f"{name}{within} is NaN or infinite" in str(caught.value)
    assert place.requests == before


@pytest.mark.asyncio
async def test_what_goes_round_in_circles_is_refused_unsent(place: Place) -> None:
    ticket = await place.desk.create_ticket(**NEW)
    circle: list[Any] = []
    circle.append(circle)
    before = place.requests
    with pytest.raises(hb.InvalidArgument):
        await place.desk.update_ticket(ticket, custom_fields={"F": circle})
    assert place.requests == before
