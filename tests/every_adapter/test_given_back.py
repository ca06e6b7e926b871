"""What a desk hands out is taken when it is given back."""

from __future__ import annotations

from typing import Any

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.desk import arguments
from helpdesk_bridge.kit import fast_message, fast_ticket
from tests.every_adapter.saying import desk_and_fake
from tests.vendors import FAKES

SUBJECT = "A\tsubject\r\n of two lines"


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", FAKES)
async def test_a_folded_subject_is_handed_out_as_one_line_and_taken_back(adapter: str) -> None:
    folds: list[bool] = []

    def folded(value: Any) -> Any:
        return SUBJECT if folds and value == "A subject" else value

    async with desk_and_fake(adapter, folded) as (desk, _):
        made = await desk.create_ticket(
            subject="A subject", requester="li@customer.example", text="Some words."
        )
        folds.append(True)
        ticket = await desk.ticket(made.id)
        assert ticket.subject == "A subject of two lines"
        try:
            changed = await desk.update_ticket(ticket, subject=ticket.subject)
        except hb.NotSupported:
            return
        assert changed.subject == ticket.subject


def test_subjects_and_tags_are_lines() -> None:
    ticket = fast_ticket(id="1", subject=SUBJECT, tags=("very\turgent", "", " ", "vip"), raw={})
    assert ticket.subject == "A subject of two lines"
    assert ticket.tags == ("very urgent", "vip")
    assert arguments.words(ticket.tags, "tags") == ticket.tags
    assert fast_message(id="1", ticket_id="1", subject=SUBJECT, raw={}).subject == ticket.subject
    assert fast_ticket(id="1", subject="two  blanks\xa0 ", raw={}).subject == "two  blanks\xa0 "


def test_a_person_whose_name_has_a_tab_is_taken() -> None:
    person = hb.Party(name="Li\tBo", email="li@customer.example")
    assert arguments.party(person, "requester").name == "Li Bo"
    assert arguments.parties([person], "to")[0].email == "li@customer.example"
    with pytest.raises(hb.InvalidArgument, match="requester"):
        arguments.party("Li\tBo <li@customer.example>", "requester")
