"""Every documented error code is one neutral error: by its code first, by its status second."""

from __future__ import annotations

from typing import Any

import pytest
from helpdesk_bridge_airclou import wire

from helpdesk_bridge import Helpdesk, HelpdeskError, Outcome, Priority, Status, errors
from helpdesk_bridge.testing import StoredTicket
from tests.adapters.airclou.conftest import ScriptedFake, error_json, tkt
from tests.adapters.doubles import CUSTOMER, Caught, Connect, asked, new_ticket

TICKET = "/api/v1/tickets/tkt_482"
MESSAGES = "/api/messages"

CODES: dict[str, tuple[int, type[HelpdeskError]]] = {
    "INVALID_API_KEY": (401, errors.AuthenticationError),
    "MISSING_WORKSPACE": (400, errors.AuthenticationError),
    "INSUFFICIENT_API_PERMISSION": (403, errors.PermissionDenied),
    "BAD_REQUEST": (400, errors.ValidationFailed),
    "NOT_FOUND": (404, errors.NotFound),
    "VALIDATION_ERROR": (422, errors.ValidationFailed),
    "CONFLICT": (409, errors.Conflict),
    "RATE_LIMIT_EXCEEDED": (429, errors.RateLimited),
    "TICKET_CLOSED": (403, errors.TicketClosed),
    "CLOSED_STATUS_SYSTEM_ONLY": (403, errors.StatusNotAllowed),
    "IMMUTABLE_FIELD": (422, errors.ValidationFailed),
    "SYSTEM_FIELD": (422, errors.ValidationFailed),
    "INVALID_FIELD_TYPE": (422, errors.ValidationFailed),
    "TOO_MANY_OPTIONS": (422, errors.ValidationFailed),
    "OPTION_IN_USE": (422, errors.ValidationFailed),
    "DUPLICATE_OPTION_VALUE": (409, errors.Conflict),
}


def test_the_table_of_codes_is_the_vendors() -> None:
    assert dict(wire.ERRORS) == {code: kind for code, (_, kind) in CODES.items()}


@pytest.mark.asyncio
@pytest.mark.parametrize("path", [TICKET, MESSAGES])
@pytest.mark.parametrize("code", CODES)
async def test_a_documented_code_is_its_error_on_reads_and_writes(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, code: str, path: str
) -> None:
    status, kind = CODES[code]
    method = "GET" if path == TICKET else "POST"
    fake.script.add(method, path, error_json(code, "Sorry.", status=status), status)
    call = desk.ticket("tkt_482") if path == TICKET else desk.note("tkt_482", text="Hi")
    error = await caught(call)
    assert (type(error), error.vendor_code, error.status) == (kind, code, status)
    assert (error.outcome, error.attempts, error.vendor) == (Outcome.REJECTED, 1, "airclou")
    assert "(Sorry.)" in error.message


@pytest.mark.asyncio
@pytest.mark.parametrize("code", CODES)
async def test_a_code_means_the_same_with_any_status(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, code: str
) -> None:
    fake.script.add("GET", TICKET, error_json(code), 418)
    error = await caught(desk.ticket("tkt_482"))
    assert (type(error), error.status) == (CODES[code][1], 418)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.ValidationFailed),
        (401, errors.AuthenticationError),
        (403, errors.PermissionDenied),
        (404, errors.NotFound),
        (409, errors.Conflict),
        (413, errors.PayloadTooLarge),
        (422, errors.ValidationFailed),
        (429, errors.RateLimited),
        (500, errors.VendorUnavailable),
        (503, errors.VendorUnavailable),
    ],
)
async def test_an_unknown_code_is_judged_by_its_status_and_kept(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, status: int, kind: Any
) -> None:
    fake.script.add("GET", TICKET, error_json("A_NEW_CODE"), status)
    error = await caught(desk.ticket("tkt_482"))
    assert (type(error), error.vendor_code, error.status) == (kind, "A_NEW_CODE", status)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "body",
    [b"", b"<h1>Forbidden</h1>", b"[]", b'"no"', b'{"error": "no"}', b'{"message": "no"}',
     b'{"error": {"code": 7}}', b'{"error": {"details": [1]}}', b'{"error": null}'],
)  # fmt: skip
async def test_an_error_of_no_known_shape_is_judged_by_its_status(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, body: bytes
) -> None:
    fake.script.add("GET", TICKET, body, 403)
    error = await caught(desk.ticket("tkt_482"))
    assert (type(error), error.vendor_code) == (errors.PermissionDenied, None)


DETAILS = {
    "none": (None, {}),
    "flat": (
        {"subject": [{"code": "too_long", "message": "Too long"}, {"code": "x", "message": "No"}]},
        {"subject": ("Too long", "No")},
    ),
    "nested": (
        {"ticket": {"requesterEmail": [{"code": "invalid", "message": "No address"}]}},
        {"ticket.requesterEmail": ("No address",)},
    ),
    "code only": ({"status": [{"code": "invalid"}]}, {"status": ("invalid",)}),
    "words": ({"status": ["is wrong"], "type": "is odd"}, {"status": ("is wrong",),
                                                           "type": ("is odd",)}),
}  # fmt: skip


@pytest.mark.asyncio
@pytest.mark.parametrize("shape", DETAILS)
async def test_a_validation_error_names_the_fields_by_dotted_path(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, shape: str
) -> None:
    details, fields = DETAILS[shape]
    fake.script.add("PUT", TICKET, error_json("VALIDATION_ERROR", details=details), 422)
    error = await caught(desk.update_ticket("tkt_482", subject="New"))
    assert isinstance(error, errors.ValidationFailed)
    assert error.fields == fields


@pytest.mark.asyncio
async def test_the_fakes_own_validation_error_names_the_field(
    desk: Helpdesk, stored: StoredTicket, caught: Caught
) -> None:
    extra = {"ticket_update": {"mood": "good"}}
    error = await caught(desk.note(tkt(stored), text="Hi", extra=extra))
    assert isinstance(error, errors.ValidationFailed)
    assert list(error.fields) == ["ticket_update.mood"]


@pytest.mark.asyncio
@pytest.mark.parametrize(("header", "wait"), [("17", 17.0), ("soon", None), ("", None)])
async def test_a_rate_limit_says_how_long_to_wait_where_the_vendor_does(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, header: str, wait: float | None
) -> None:
    body, headers = error_json("RATE_LIMIT_EXCEEDED"), {"Retry-After": header}
    fake.script.add("POST", MESSAGES, body, 429, headers=headers)
    error = await caught(desk.reply("tkt_482", text="Hi", send_email=True))
    assert (type(error), error.retry_after, error.retryable) == (errors.RateLimited, wait, True)


@pytest.mark.asyncio
async def test_a_write_that_failed_on_the_vendors_side_is_an_unknown_outcome(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught
) -> None:
    fake.script.add("POST", MESSAGES, error_json("OOPS"), 500)
    error = await caught(desk.reply("tkt_482", text="Hi", send_email=True))
    assert (type(error), error.vendor_code) == (errors.OutcomeUnknown, "OOPS")
    assert asked(fake.journal) == [("POST", MESSAGES, 500)]


# -- the fake's own refusals -----------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"api_key": "aclou_wrong"}, "INVALID_API_KEY"),
        ({"workspace_id": "ws_other"}, "MISSING_WORKSPACE"),
    ],
)
async def test_a_wrong_key_or_workspace_is_an_authentication_error(
    fake: ScriptedFake, connect_to: Connect, caught: Caught, settings: Any, code: str
) -> None:
    error = await caught(connect_to(fake, **settings).ticket("tkt_1"))
    assert (type(error), error.vendor_code) == (errors.AuthenticationError, code)
    assert len(fake.journal) == 1


@pytest.mark.asyncio
async def test_a_closed_ticket_is_not_a_missing_right(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught
) -> None:
    closed = new_ticket(fake.store, status=Status.CLOSED)
    error = await caught(desk.note(tkt(closed), text="Hi"))
    assert (type(error), error.status) == (errors.TicketClosed, 403)
    assert not isinstance(error, errors.PermissionDenied)


@pytest.mark.asyncio
@pytest.mark.parametrize("operation", ["update", "message"])
async def test_closed_that_only_the_server_refuses_is_a_status_that_is_not_allowed(
    desk: Helpdesk, stored: StoredTicket, caught: Caught, operation: str
) -> None:
    if operation == "update":
        call = desk.update_ticket(tkt(stored), extra={"status": "closed"})
    else:
        call = desk.note(tkt(stored), text="Hi", extra={"ticket_update": {"status": "closed"}})
    error = await caught(call)
    assert (type(error), error.vendor_code, len(stored.messages)) == (
        errors.StatusNotAllowed,
        "CLOSED_STATUS_SYSTEM_ONLY",
        1,
    )


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [Status.CLOSED, Status.SPAM, Status.ON_HOLD])
@pytest.mark.parametrize("operation", ["reply", "note", "update_ticket", "create_ticket"])
async def test_a_status_that_cannot_be_written_is_refused_without_a_request(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, operation: str, status: Status
) -> None:
    calls = {
        "reply": lambda: desk.reply("tkt_1", text="Hi", send_email=True, status=status),
        "note": lambda: desk.note("tkt_1", text="Hi", status=status),
        "update_ticket": lambda: desk.update_ticket("tkt_1", status=status),
        "create_ticket": lambda: desk.create_ticket(
            subject="S", requester=CUSTOMER, text="T", status=status, priority=Priority.LOW
        ),
    }
    error = await caught(calls[operation]())
    assert (type(error), error.outcome) == (errors.StatusNotAllowed, Outcome.NOT_SENT)
    assert fake.journal == []
