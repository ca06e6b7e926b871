"""Omnidesk's refusals become our errors, whatever their HTTP status, and nothing of them leaks."""

from __future__ import annotations

from typing import Any

import pytest

from helpdesk_bridge import Helpdesk, Outcome, Status, errors
from helpdesk_bridge.testing import StoredTicket
from tests.adapters.doubles import CUSTOMER, Caught, Connect, new_ticket
from tests.adapters.omnidesk.conftest import PARTNER, ScriptedFake, refusal

TEXT = "We look into it."
WRITES: list[tuple[str, dict[str, Any]]] = [
    ("reply", {"text": TEXT, "send_email": True}),
    ("note", {"text": TEXT}),
    ("forward", {"text": TEXT, "to": PARTNER}),
]


async def reply(desk: Helpdesk, ticket: StoredTicket) -> Any:
    return await desk.reply(str(ticket.id), text=TEXT, send_email=True)


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [200, 202, 400])
@pytest.mark.parametrize("key", ["status", "type"])
@pytest.mark.parametrize(("operation", "given"), WRITES)
async def test_an_answer_that_says_error_is_a_refusal_whatever_its_status(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught,
    operation: str, given: Any, key: str, status: int,
) -> None:  # fmt: skip
    fake.script.add("POST", "/message", {key: "error", "message": "Not today."}, status)
    error = await caught(getattr(desk, operation)(str(stored.id), **given))
    assert (type(error), error.outcome, error.status) == (
        errors.ValidationFailed, Outcome.REJECTED, status,
    )  # fmt: skip
    assert "Not today." in str(error)


@pytest.mark.asyncio
@pytest.mark.parametrize("as_200", [False, True])
async def test_what_the_vendor_refuses_changed_nothing(
    start: Any, connect_to: Connect, caught: Caught, as_200: bool
) -> None:
    fake: ScriptedFake = await start(errors_as_200=as_200)
    stored = new_ticket(fake.store)
    call = connect_to(fake).reply(str(stored.id), text=TEXT, send_email=True, extra={"nope": 1})
    error = await caught(call)
    assert (error.outcome, error.status) == (Outcome.REJECTED, 200 if as_200 else 400)
    assert (len(stored.messages), fake.store.outbox) == (1, [])


@pytest.mark.asyncio
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("status", [200, 400])
async def test_a_missing_ticket_is_not_found_though_the_status_is_another(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, method: str, status: int
) -> None:
    fake.script.add(method, "/ticket/7", refusal("This ticket does not exist."), status)
    calls = {
        "GET": desk.ticket,
        "PUT": lambda number: desk.update_ticket(number, status=Status.CLOSED),
        "DELETE": desk.delete_ticket,
    }
    error = await caught(calls[method]("7"))
    assert (type(error), error.status) == (errors.NotFound, status)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("This form does not exist.", errors.NotFound),
        ("Could not retreive a file with this ID.", errors.NotFound),
        ("Could not retrieve a file with this ID.", errors.NotFound),
        ("No such form.", errors.ValidationFailed),
        ("not found", errors.ValidationFailed),
        ("", errors.ValidationFailed),
        (7, errors.ValidationFailed),
        (None, errors.ValidationFailed),
    ],
)
async def test_only_the_documented_wordings_mean_that_something_is_missing(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, message: Any, kind: Any
) -> None:
    fake.script.add("GET", "/ticket/7", refusal(message), 400)
    assert type(await caught(desk.ticket("7"))) is kind


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, errors.AuthenticationError),
        (403, errors.PermissionDenied),
        (404, errors.NotFound),
        (409, errors.Conflict),
        (413, errors.PayloadTooLarge),
        (422, errors.ValidationFailed),
        (429, errors.RateLimited),
    ],
)
@pytest.mark.parametrize("body", [refusal("It does not exist."), b"", b"<html>no</html>", []])
async def test_what_nobody_documents_is_told_by_the_http_status(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught,
    status: int, kind: Any, body: Any,
) -> None:  # fmt: skip
    fake.script.add("POST", "/message", body, status)
    error = await caught(reply(desk, stored))
    assert (type(error), error.outcome) == (kind, Outcome.REJECTED)


@pytest.mark.asyncio
async def test_a_wait_the_vendor_asks_for_is_told(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught
) -> None:
    fake.script.add("GET", "/ticket/7", {}, 429, headers={"Retry-After": "30"})
    assert (await caught(desk.ticket("7"))).retry_after == 30


@pytest.mark.asyncio
async def test_a_wrong_key_is_told_and_not_shown(
    fake: ScriptedFake, connect_to: Connect, stored: StoredTicket, caught: Caught
) -> None:
    error = await caught(connect_to(fake, api_key="another-key").ticket(str(stored.id)))
    assert type(error) is errors.AuthenticationError
    assert "another-key" not in str(error)


@pytest.mark.asyncio
async def test_an_address_in_a_refusal_is_not_shown(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught
) -> None:
    fake.script.add("POST", "/message", refusal(f"{CUSTOMER} is blocked."), 400)
    assert CUSTOMER not in str(await caught(reply(desk, stored)))


# -- answers that are neither ----------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("body", [b"<html>Log in</html>", b"OK", b"{", b"\xff"])
@pytest.mark.parametrize(("operation", "given"), WRITES)
async def test_a_message_answered_with_no_json_may_or_may_not_have_been_sent(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught,
    operation: str, given: Any, body: bytes,
) -> None:  # fmt: skip
    fake.script.add("POST", "/message", body, 200)
    error = await caught(getattr(desk, operation)(str(stored.id), **given))
    assert isinstance(error, errors.OutcomeUnknown)
    assert (error.ticket_id, len(fake.posts())) == (str(stored.id), 1)


@pytest.mark.asyncio
@pytest.mark.parametrize("body", [b"", b"\n", b"{}", b"[]", b"null", b'{"type": "result"}'])
async def test_a_message_answered_with_nothing_or_anything_in_json_is_accepted(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, body: bytes
) -> None:
    fake.script.add("POST", "/message", body, 200)
    assert (await reply(desk, stored)).ticket_id == str(stored.id)


@pytest.mark.asyncio
@pytest.mark.parametrize("operation", ["delete_ticket", "update_ticket"])
async def test_a_web_page_does_not_stand_for_a_change(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, operation: str
) -> None:
    method = {"delete_ticket": "DELETE", "update_ticket": "PUT"}[operation]
    fake.script.add(method, "/ticket/7", b"<html>Log in</html>", 200)
    given = {"update_ticket": {"subject": "S"}}.get(operation, {})
    assert type(await caught(getattr(desk, operation)("7", **given))) is errors.ProtocolError


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "body",
    [
        *(
            {name: value}
            for name in ("ticketID", "id")
            for value in (0, "0", "", -1, True, "a", {})
        ),
        *({}, [], "7", {"item": []}, {"type": "result", "message": "Ticket created."}),
    ],
)
async def test_a_new_ticket_without_a_number_may_or_may_not_exist(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, body: Any
) -> None:
    fake.script.add("POST", "/ticket", body)
    call = desk.create_ticket(subject="S", requester=CUSTOMER, text=TEXT)
    assert type(await caught(call)) is errors.OutcomeUnknown
    assert len(fake.journal) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize("body", [{}, [], {"item": None}, {"item": {"title": "S"}}, b"", b"<html>"])
async def test_a_ticket_of_no_known_shape_is_a_protocol_error(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, body: Any
) -> None:
    fake.script.add("GET", "/ticket/7", body)
    assert type(await caught(desk.ticket("7"))) is errors.ProtocolError


# -- one bad entry ---------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_an_entry_that_cannot_be_read_is_raised_in_a_list_and_does_not_hide_the_others(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught
) -> None:
    item = fake._full(stored)
    item["timeline"].insert(0, {"type": "note", "id": None})
    fake.script.add("GET", f"/ticket/{stored.id}", {"item": item}, times=4)
    number = f"message-{stored.messages[0].id}"
    error = await caught(_all(desk, stored))
    pager = desk.messages(str(stored.id)).collect_problems()
    assert (type(error), getattr(error, "path", "")) == (
        errors.ProtocolError, "$.item.timeline[0].id",
    )  # fmt: skip
    assert [message.id async for message in pager] == [number]
    assert (await desk.message(str(stored.id), number)).id == number
    assert type(await caught(desk.message(str(stored.id), "note-1"))) is errors.ProtocolError


async def _all(desk: Helpdesk, ticket: StoredTicket) -> list[Any]:
    return [message async for message in desk.messages(str(ticket.id))]


@pytest.mark.asyncio
async def test_a_message_that_is_not_there_is_not_found(
    desk: Helpdesk, stored: StoredTicket, caught: Caught
) -> None:
    assert type(await caught(desk.message(str(stored.id), "note-1"))) is errors.NotFound
