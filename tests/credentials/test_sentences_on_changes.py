"""What Request Tracker says of a change by a 200 shows no credential, and means what it means."""

from __future__ import annotations

import pytest

import helpdesk_bridge as hb
from tests.canary import text_of
from tests.credentials.spelled import SPELLINGS, shows
from tests.every_adapter.saying import desk_and_fake, said


@pytest.mark.asyncio
@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_no_part_of_a_credential_is_shown(spelling: str) -> None:
    async with desk_and_fake("request_tracker") as (desk, fake):
        ticket = await desk.create_ticket(
            subject="Next", requester="li@c.example", text="Some words."
        )
        token = fake.table()["token"]
        quoted = SPELLINGS[spelling](token)
        fake.answer = said([f"Odd {quoted} is refused", quoted[:9], quoted[9:]])
        with pytest.raises(hb.ValidationFailed) as info:
            await desk.update_ticket(ticket, subject="Another")
    assert "did not set Subject" in str(info.value)
    assert shows(text_of(info.value), token) is None


@pytest.mark.asyncio
async def test_a_sentence_that_the_request_has_too_is_judged_as_it_was_said() -> None:
    """The subject quotes it, so that it is not shown; that it tells of a right stands all the same.

    What a sentence means is judged before anything is struck out of it.
    """
    async with desk_and_fake("request_tracker") as (desk, fake):
        ticket = await desk.create_ticket(
            subject="Next", requester="li@c.example", text="Some words."
        )
        fake.answer = said(["Permission Denied"])
        with pytest.raises(hb.PermissionDenied) as info:
            await desk.update_ticket(ticket, subject="They say: Permission Denied")
    assert "Permission Denied" not in str(info.value)


def test_the_random_id_of_a_call_is_not_taken_for_a_piece_of_a_credential() -> None:
    token = "1-4831932-fake-token"
    assert shows("operation_id='8bad548319264efb8e8376f43f644c4e'", token) is None
    assert shows("8bad548319264efb8e8376f43f644c4", token) == "48319"
