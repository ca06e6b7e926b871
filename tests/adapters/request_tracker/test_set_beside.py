"""What is set beside a message or with a new ticket, and by whatever name, is compared."""

from __future__ import annotations

from typing import Any

import pytest
from helpdesk_bridge_request_tracker.kept import judged

from helpdesk_bridge import (
    Helpdesk,
    InvalidArgument,
    Outcome,
    PartlyDone,
    PermissionDenied,
    Status,
    Ticket,
    ValidationFailed,
)
from tests.adapters.doubles import Caught
from tests.adapters.request_tracker.conftest import CUSTOMER, RequestTrackerDouble

pytestmark = pytest.mark.asyncio
NEW = {"subject": "Invoice", "requester": CUSTOMER, "text": "Paid twice."}
BESIDE = [
    {"CustomFields": {"Severity": "low"}},
    {"TxnCustomFields": {"Place": "desk"}},
    {"TimeTaken": 15},
]


async def send(desk: Helpdesk, kind: str, **options: Any) -> Any:
    more = {"send_email": True} if kind == "reply" else {}
    return await getattr(desk, kind)("4", text="Done.", **more, **options)


@pytest.mark.parametrize("kind", ["reply", "note"])
@pytest.mark.parametrize("extra", BESIDE)
async def test_what_was_set_beside_a_message_is_a_success(
    fake: RequestTrackerDouble, desk: Helpdesk, kind: str, extra: dict[str, Any]
) -> None:
    assert (await send(desk, kind, extra=extra)).id == "100"
    assert len(fake.history) == 1


@pytest.mark.parametrize("kind", ["reply", "note"])
@pytest.mark.parametrize("extra", BESIDE)
async def test_what_was_refused_beside_a_message_is_told_and_the_message_was_sent(
    fake: RequestTrackerDouble, desk: Helpdesk, caught: Caught, kind: str, extra: dict[str, Any]
) -> None:
    fake.is_error, fake.said = {"CustomFields", "TimeTaken"}, ["Permission Denied"]
    error = await caught(send(desk, kind, extra=extra))
    assert isinstance(error, PartlyDone)
    assert (error.ticket_id, error.message_id) == ("4", "100")
    assert isinstance(error.failure, PermissionDenied)
    assert len(fake.history) == 1


@pytest.mark.parametrize("name", ["CustomFields", "TxnCustomFields"])
@pytest.mark.parametrize(
    ("said", "outcome"), [([], Outcome.REJECTED), (["Something"], Outcome.UNKNOWN)]
)
async def test_a_field_that_rt_passes_over_beside_a_message_is_told(
    fake: RequestTrackerDouble,
    desk: Helpdesk,
    caught: Caught,
    name: str,
    said: list[str],
    outcome: Outcome,
) -> None:
    """RT has no sentence for a field that it does not know; with one it may be hidden only."""
    fake.is_error, fake.said = {"CustomFields"}, said
    error = await caught(send(desk, "note", extra={name: {"Nope": "1"}}))
    assert isinstance(error, PartlyDone)
    assert (type(error.failure), error.failure.outcome) == (ValidationFailed, outcome)
    assert f"{name}.Nope" in str(error)


async def test_what_a_message_keeps_is_in_doubt_where_the_account_does_not_see_it(
    fake: RequestTrackerDouble, desk: Helpdesk, caught: Caught
) -> None:
    fake.said = ["Custom fields updated"]
    fake.hide(100)
    error = await caught(send(desk, "note", extra={"TxnCustomFields": {"Place": "desk"}}))
    assert isinstance(error, PartlyDone)
    assert error.failure.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("kind", ["reply", "note"])
async def test_the_subject_of_a_message_is_not_that_of_its_ticket(
    fake: RequestTrackerDouble, desk: Helpdesk, kind: str
) -> None:
    fake.is_error = {"Subject"}
    await send(desk, kind, status=Status.RESOLVED, extra={"Subject": "Repaired"})
    assert fake.bodies[0]["Subject"] == "Repaired"


@pytest.mark.parametrize("name", ["CustomFields", "TxnCustomFields"])
async def test_fields_that_are_no_mapping_are_refused_unsent(
    fake: RequestTrackerDouble, desk: Helpdesk, caught: Caught, name: str
) -> None:
    assert isinstance(await caught(send(desk, "note", extra={name: "low"})), InvalidArgument)
    assert fake.history == []


# -- new tickets -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("extra", "outcome"),
    [
        ({"Colour": "red"}, Outcome.UNKNOWN),
        ({"Due": "nonsense"}, Outcome.REJECTED),
        ({"TimeTaken": 5}, Outcome.UNKNOWN),
    ],
)
async def test_what_extra_sets_on_a_new_ticket_is_told_where_it_is_not_there(
    desk: Helpdesk, monkeypatch: pytest.MonkeyPatch, caught: Caught, extra: Any, outcome: Outcome
) -> None:
    _unset(monkeypatch)
    error = await caught(desk.create_ticket(**NEW, extra=extra))
    assert isinstance(error, PartlyDone)
    assert (error.ticket_id, type(error.failure)) == ("5", ValidationFailed)
    assert error.failure.outcome is outcome
    assert next(iter(extra)) in str(error)


@pytest.mark.parametrize(
    "extra",
    [
        {"Due": "2026-12-24 12:00:00"},
        {"Due": ""},
        {"TimeWorked": 0},
        {"TimeWorked": 7},
        {"RefersTo": ["5", "6"]},
    ],
)
async def test_what_extra_sets_on_a_new_ticket_is_a_success_where_it_is_there(
    fake: RequestTrackerDouble, desk: Helpdesk, monkeypatch: pytest.MonkeyPatch, extra: Any
) -> None:
    _unset(monkeypatch, _hyperlinks=_links("refers-to", "5", "6"))
    fake.rewrites["Due"] = lambda given: given and "2026-12-24T12:00:00Z"
    assert (await desk.create_ticket(**NEW, extra=extra)).id == "5"


def _unset(monkeypatch: pytest.MonkeyPatch, **more: Any) -> None:
    """Have the fake show what RT shows of a new ticket, as long as nobody sets it."""
    from tests.adapters.request_tracker import conftest

    made = conftest.ticket_json

    def told(number: int = 4, **changes: Any) -> dict[str, Any]:
        unset = {"Due": "1970-01-01T00:00:00Z", "TimeWorked": "0"}
        return made(number, **unset, **more, **changes)

    monkeypatch.setattr(conftest, "ticket_json", told)
    rewrite = RequestTrackerDouble._set

    def kept(self: RequestTrackerDouble, ticket: Any, body: Any) -> None:
        rewrite(self, ticket, {k: v for k, v in body.items() if v != "nonsense"})

    monkeypatch.setattr(RequestTrackerDouble, "_set", kept)


# -- names and links -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["severity", "SEVERITY", "2"])
@pytest.mark.parametrize("before", ["high", "low"])
async def test_a_field_is_found_as_rt_finds_it_by_name_in_any_case_and_by_number(
    fake: RequestTrackerDouble, desk: Helpdesk, caught: Caught, name: str, before: str
) -> None:
    field = fake.tickets[4]["CustomFields"][0]
    field["values"] = [before]
    fake.rewrites["CustomFields"] = lambda _: {"Severity": "low"}
    kept = {**field, "values": ["low"]}

    def as_rt(ticket: dict[str, Any], body: dict[str, Any]) -> None:
        assert list(body["CustomFields"]) == [name]
        ticket["CustomFields"] = [kept]

    fake._set = as_rt  # type: ignore[method-assign]
    fake.said = ["Severity high changed to low"] if before == "high" else []
    changed = await desk.update_ticket("4", custom_fields={name: "low"})
    assert changed.custom_fields == {"Severity": ["low"]}
    kept["values"] = ["high"]
    fake.tickets[4]["CustomFields"], fake.said = [kept], ["Permission Denied"]
    error = await caught(desk.update_ticket("4", custom_fields={name: "low"}))
    assert (type(error), error.outcome) == (PermissionDenied, Outcome.REJECTED)


def _links(ref: str, *numbers: str) -> list[dict[str, str]]:
    return [{"ref": ref, "type": "ticket", "id": one, "_url": f"x/{one}"} for one in numbers]


@pytest.mark.parametrize(
    ("extra", "before", "after", "said", "place"),
    [
        ({"DependsOn": "5"}, [], ["5"], ["Ticket 4 depends on Ticket 5."], "done"),
        ({"DependsOn": ["5", 6]}, ["5"], ["5", "6"], ["Ticket 4 depends on 6."], "done"),
        ({"DependsOn": "5"}, ["5"], ["5"], [], "done"),
        ({"DependsOn": ""}, ["5"], [], ["Ticket 4 no longer depends on 5."], "done"),
        ({"AddDependsOn": "5"}, ["6"], ["6", "5"], ["Ticket 4 depends on Ticket 5."], "done"),
        ({"DeleteDependsOn": "5"}, ["6"], ["6"], [], "done"),
        ({"DependsOn": "5"}, [], [], ["Permission Denied"], "refused"),
        ({"DependsOn": "5"}, [], [], [], "refused"),
        ({"DependsOn": "5"}, [], [], ["Ticket 4 depends on Ticket 5."], "untold"),
    ],
)
async def test_links_are_compared_where_rt_shows_them(
    extra: dict[str, Any], before: list[str], after: list[str], said: list[str], place: str
) -> None:
    was, now = ({"id": "4", "_hyperlinks": _links("depends-on", *ids)} for ids in (before, after))
    ticket = Ticket(id="4")
    found = judged(extra, ticket, before=ticket, said=said, raw=(was, now))
    assert getattr(found, place) == tuple(extra)
