"""What RT made of the values it was given; what it rewrites was observed on version 5.0.3.

"Nothing was changed" is said only where the ticket is as it was.
"""

from __future__ import annotations

from typing import Any

import pytest
from helpdesk_bridge_request_tracker.kept import judged

from helpdesk_bridge import (
    Helpdesk,
    HelpdeskError,
    NotFound,
    Outcome,
    PartlyDone,
    PermissionDenied,
    Status,
    StatusNotAllowed,
    Ticket,
    ValidationFailed,
)
from tests.adapters.doubles import Caught, asked
from tests.adapters.request_tracker.conftest import RequestTrackerDouble

# given, shown before, shown after: RT's own spelling of what was given
SAME = [
    ("010.0.0.1", [], ["10.0.0.1"]),
    ("2001:DB8:0:0::1", ["10.0.0.1"], ["2001:db8::1"]),
    ("2001:0db8::0001", [], ["2001:db8::1"]),
    ("10.0.0.0/24", [], ["10.0.0.0-10.0.0.255"]),
    ("010.0.0.0 - 010.0.0.007", [], ["10.0.0.0-10.0.0.7"]),
    ("2001:db8::/127", [], ["2001:db8::-2001:db8::1"]),
    ("gold", [], ["Gold"]),
    ("silver  plus ", ["Gold"], ["Silver Plus"]),
    ("2026-01-05T10:00:00+02:00", [], ["2026-01-05T08:00:00Z"]),
    ("2026-01-05 08:00:00", [], ["2026-01-05T08:00:00Z"]),
    (["b", "a", "b"], ["c"], ["b", "a"]),
    (5, ["4"], ["5"]),
    (5.0, ["4"], ["5"]),
    (None, ["a"], []),
    ("", ["a"], [None]),
    ([], ["a"], [None, None]),
    ("a\nb", [], ["a\r\nb"]),
]
# RT keeps something else: cut, read in another way, or one of several
OTHER = [
    ("2026-01-05T08:00:00Z", [], ["2026-01-05T00:00:00Z"]),
    ("nonsense", ["2026-01-05"], ["1970-01-01"]),
    ("2026-01-05T10:00:00+02:00", [], ["2026-01-05"]),
    (["a", "b"], ["c"], ["a"]),
    ("x" * 300, [], ["x" * 255]),
    (None, ["a", "b"], ["b"]),
    ("10.0.0.10", [], ["10.0.0.1"]),
    ("10.0.0.0/24", [], ["10.0.0.0-10.0.0.127"]),
    ("2026-01-05T10:00:00+02:00", [], ["2026-01-05T10:00:00Z"]),
]


def ticket(values: list[Any], **more: Any) -> Ticket:
    fields = [{"id": "7", "name": "Place", "values": values}]
    return Ticket(id="4", raw={"CustomFields": fields}, **more)


@pytest.mark.parametrize(("given", "before", "after"), SAME)
@pytest.mark.parametrize("new", [True, False])
def test_rts_spelling_of_a_value_is_that_value(
    given: Any, before: list[Any], after: list[Any], new: bool
) -> None:
    was = None if new else ticket(before)
    found = judged(
        {"CustomFields": {"Place": given}}, ticket(after), before=was, said=["Place changed"]
    )
    assert (found.done, found.failure(tuple)) == (("CustomFields.Place",), None)


@pytest.mark.parametrize(("given", "before", "after"), OTHER)
@pytest.mark.parametrize("new", [True, False])
def test_another_value_is_neither_a_success_nor_a_refusal(
    given: Any, before: list[Any], after: list[Any], new: bool
) -> None:
    was = None if new else ticket(before)
    found = judged(
        {"CustomFields": {"Place": given}}, ticket(after), before=was, said=["Place changed"]
    )
    assert (found.otherwise, found.is_refusal) == (("CustomFields.Place",), False)
    failure = found.failure(tuple)
    assert isinstance(failure, ValidationFailed)
    assert failure.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (["Invalid value for custom field"], ValidationFailed),
        (["Permission Denied"], PermissionDenied),
        (["Valeur incorrecte"], ValidationFailed),
    ],
)
def test_a_value_that_is_as_before_was_refused(said: list[str], kind: type[HelpdeskError]) -> None:
    """ "gold" beside "Gold" too: RT has a sentence, so that it found something to refuse."""
    for given in ("platinum", "gold"):
        body = {"CustomFields": {"Place": given}}
        found = judged(body, ticket(["Gold"]), before=ticket(["Gold"]), said=said)
        failure = found.failure(tuple)
        assert found.is_refusal
        assert type(failure) is kind
        assert failure.outcome is Outcome.REJECTED


def test_a_value_that_is_there_in_another_spelling_needs_no_change() -> None:
    """RT has no sentence for it, and one for each other value that it changed."""
    body = {"CustomFields": {"Place": "gold"}, "Subject": "Other"}
    before = ticket(["Gold"], subject="One")
    after = ticket(["Gold"], subject="Other")
    assert judged(body, after, before=before, said=["Subject changed"]).failure(tuple) is None
    said = ["Subject changed", "something about Place"]
    assert judged(body, after, before=before, said=said).refused == ("CustomFields.Place",)


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ([], "refused"),
        (["Permission Denied"], "refused"),
        (["Secret 5 added"], "untold"),
        (["Subject changed", "Permission Denied"], "untold"),
    ],
)
def test_a_field_that_is_not_shown_is_not_known_to_be_unset(said: list[str], place: str) -> None:
    found = judged({"CustomFields": {"Hidden": "5"}}, ticket([]), before=ticket([]), said=said)
    assert getattr(found, place) == ("CustomFields.Hidden",)
    assert found.is_refusal == (place == "refused")


def test_a_queue_whose_name_is_not_shown_is_told_by_its_number() -> None:
    before, after = (Ticket(id="4", raw={"Queue": {"id": n, "Name": ""}}) for n in ("1", "2"))
    assert judged({"Queue": "Billing"}, after, before=before).otherwise == ("Queue",)
    assert judged({"Queue": "2"}, after, before=before).done == ("Queue",)
    assert judged({"Queue": "Billing"}, before, before=before).is_refusal


def test_errors_do_not_quote_values() -> None:
    said = [
        "Place 10.0.0.1 added",
        "secret added as a value for Place",
        "Place secret changed to other",
        "secret is no longer a value for custom field Place",
        "Place secret deleted",
        "Ticket 4: Subject changed from 'secret' to 'other'",
        "Invalid value for custom field",
    ]
    found = judged({"CustomFields": {"Place": "x"}}, ticket([]), before=None, said=said)
    assert "(Invalid value for custom field)" in str(found.failure(tuple))


# -- through the desk ------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("change", "name", "kept"),
    [
        ({"subject": "x" * 250}, "Subject", "x" * 200),
        ({"custom_fields": {"Severity": "2026-01-05T08:00:00Z"}}, "CustomFields", None),
    ],
)
async def test_a_change_that_rt_rewrote_is_partly_done_and_not_refused(
    fake: RequestTrackerDouble,
    desk: Helpdesk,
    caught: Caught,
    change: dict[str, Any],
    name: str,
    kept: Any,
) -> None:
    fake.rewrites[name] = lambda _: kept or {"Severity": "2026-01-05T00:00:00Z"}
    error = await caught(desk.update_ticket("4", **change))
    assert isinstance(error, PartlyDone)
    assert (error.outcome, error.failure.outcome) == (Outcome.UNKNOWN, Outcome.UNKNOWN)
    assert "in another form than was given" in str(error)
    assert "xxx" not in str(error)


@pytest.mark.asyncio
async def test_a_change_in_rts_own_spelling_is_done(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    fake.rewrites["CustomFields"] = lambda _: {"Severity": "Gold"}
    fake.said = ["Severity Gold added"]
    changed = await desk.update_ticket("4", custom_fields={"Severity": "gold"})
    assert changed.custom_fields == {"Severity": ["Gold"]}


@pytest.mark.asyncio
async def test_what_is_as_given_already_makes_a_refusal_of_the_rest_no_half_change(
    fake: RequestTrackerDouble, desk: Helpdesk, caught: Caught
) -> None:
    fake.is_error, fake.said = {"Status"}, ["Ticket 4: Permission Denied"]
    same = fake.tickets[4]["Subject"]
    error = await caught(desk.update_ticket("4", subject=same, status=Status.CLOSED))
    assert (type(error), error.outcome) == (PermissionDenied, Outcome.REJECTED)


@pytest.mark.asyncio
async def test_a_status_that_becomes_another_one_is_not_called_unchanged(
    fake: RequestTrackerDouble, desk: Helpdesk, caught: Caught
) -> None:
    fake.rewrites["Status"] = lambda _: "stalled"  # as a rule of the administrator's may do
    error = await caught(desk.update_ticket("4", status=Status.RESOLVED))
    assert isinstance(error, PartlyDone)
    assert isinstance(error.failure, StatusNotAllowed)


@pytest.mark.asyncio
async def test_a_new_ticket_that_rt_rewrote_exists_and_that_is_said(
    fake: RequestTrackerDouble, desk: Helpdesk, caught: Caught
) -> None:
    fake.rewrites["Subject"] = lambda given: given[:200]
    new = {"requester": "li@customer.example", "text": "words"}
    error = await caught(desk.create_ticket(subject="x" * 250, **new))
    assert isinstance(error, PartlyDone)
    assert error.ticket_id == "5"
    fake.rewrites = {"CustomFields": lambda _: {"Severity": "Gold"}}
    made = await desk.create_ticket(subject="x", custom_fields={"Severity": "gold"}, **new)
    assert made.custom_fields == {"Severity": ["Gold"]}


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ["reply", "note"])
async def test_a_message_whose_status_became_another_one_was_sent(
    fake: RequestTrackerDouble, desk: Helpdesk, caught: Caught, kind: str
) -> None:
    fake.rewrites["Status"] = lambda _: "open"
    more = {"send_email": True} if kind == "reply" else {}
    error = await caught(getattr(desk, kind)("4", text="x", status=Status.RESOLVED, **more))
    assert isinstance(error, PartlyDone)
    assert error.message_id == "100"
    assert error.failure.outcome is Outcome.UNKNOWN


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("extra", "before", "after", "refused"),
    [
        ({"Bogus": 1}, None, None, True),
        ({"Due": "nonsense"}, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", True),
        ({"Due": "2026-01-05"}, "1970-01-01T00:00:00Z", "2026-01-05T00:00:00Z", False),
        ({"TimeWorked": 5}, "0", "5", False),
        ({"TimeWorked": "5"}, "5", "5", False),
    ],
)
async def test_a_key_of_extra_that_rt_passed_over_is_told(
    fake: RequestTrackerDouble,
    desk: Helpdesk,
    caught: Caught,
    extra: dict[str, Any],
    before: Any,
    after: Any,
    refused: bool,
) -> None:
    (name,) = extra
    if before is not None:
        fake.tickets[4][name] = before
        fake.rewrites[name] = lambda _: after
    if refused:
        error = await caught(desk.update_ticket("4", extra=extra))
        assert (type(error), error.outcome) == (ValidationFailed, Outcome.REJECTED)
        assert name in str(error)
    else:
        await desk.update_ticket("4", extra=extra)


@pytest.mark.asyncio
async def test_a_change_costs_a_reading_before_and_one_after(
    fake: RequestTrackerDouble, desk: Helpdesk, caught: Caught
) -> None:
    await desk.update_ticket("4", subject="Other")
    assert [method for method, *_ in asked(fake.journal)] == ["GET", "PUT", "GET"]
    error = await caught(desk.update_ticket("9999", subject="Other"))
    assert (type(error), error.outcome) == (NotFound, Outcome.NOT_SENT)
