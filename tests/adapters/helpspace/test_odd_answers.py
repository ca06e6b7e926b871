"""Answers that are complete and wrong never pass for what was asked."""

from __future__ import annotations

import pytest
from aiohttp import web

from helpdesk_bridge import Attachment, Helpdesk, Status, errors
from helpdesk_bridge.testing import StoredTicket
from tests.adapters.doubles import Caught
from tests.adapters.helpspace.conftest import ScriptedFake, ticket_json

PAGE = b"<html><body>Sign in</body></html>"


@pytest.mark.asyncio
async def test_a_reply_goes_to_nobody_if_another_ticket_is_answered(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught
) -> None:
    fake.instead("GET", f"/tickets/{stored.id}", {"data": ticket_json(id=stored.id + 1)})
    error = await caught(desk.reply(str(stored.id), text="For whom?", send_email=True))
    assert isinstance(error, errors.ProtocolError)
    assert (fake.asked("POST"), fake.store.outbox) == ([], [])


@pytest.mark.asyncio
async def test_a_web_page_is_no_proof_of_a_deletion(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught
) -> None:
    fake.instead("DELETE", f"/tickets/{stored.id}", PAGE)
    assert isinstance(await caught(desk.delete_ticket(str(stored.id))), errors.ProtocolError)


@pytest.mark.asyncio
async def test_a_ticket_whose_id_can_be_read_is_told_by_it(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught
) -> None:
    fake.instead("POST", "/tickets", {"data": {"id": 77, "tags": "odd"}}, 201)
    error = await caught(desk.create_ticket(subject="s", requester="a@b.example", text="Words."))
    assert isinstance(error, errors.PartlyDone)
    assert (error.ticket_id, error.retryable) == ("77", False)


@pytest.mark.asyncio
async def test_a_status_whose_answer_is_odd_may_have_been_set(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught
) -> None:
    fake.instead("PATCH", f"/tickets/{stored.id}", PAGE)
    error = await caught(
        desk.reply(str(stored.id), text="Words.", send_email=True, status=Status.CLOSED)
    )
    assert isinstance(error, errors.PartlyDone)
    assert "may not have been set" in str(error)


@pytest.mark.asyncio
async def test_a_file_that_is_shorter_than_the_vendor_said_is_truncated(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("files")

    def ten_bytes(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b"0123456789")

    fake.instead("GET", "/media/attachment/5", ten_bytes)
    file = Attachment(id="5", name="a.txt", size=1000)
    error = await caught(desk.save_attachment(file, folder))
    assert isinstance(error, errors.TruncatedBody)
    assert list(folder.iterdir()) == []


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [401, 422])
async def test_a_credential_that_the_vendor_quotes_is_in_no_error(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, status: int
) -> None:
    quoted = {"message": f"bad key {fake.token}", "errors": {"token": [f"is {fake.client_id}"]}}
    fake.instead("GET", "/tickets/5", quoted, status)
    error = await caught(desk.ticket("5"))
    shown = f"{error} {error!r} {error.__dict__}"
    assert (fake.token in shown, fake.client_id in shown) == (False, False)
