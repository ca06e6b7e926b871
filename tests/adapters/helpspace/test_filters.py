"""Every filter is exact: by the vendor where it can, and always on what is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from helpdesk_bridge import Helpdesk, Party, Priority, Status, TicketKind, errors
from helpdesk_bridge.testing import Store
from tests.adapters.doubles import START, Caught, drain, ids, new_ticket
from tests.adapters.helpspace.conftest import ScriptedFake, collection, ticket_json

ADA = Party(id="11", name="Ada", email="ada@helpdesk.example")
BO = Party(id="12", name="Bo", email="bo@helpdesk.example")
HOUR = timedelta(hours=1)


def fill(store: Store) -> dict[str, str]:
    """Put tickets into the Store that differ in one thing each; return their ids by name."""
    fields: dict[str, dict[str, Any]] = {
        "plain": {},
        "pending": {"status": Status.PENDING},
        "escalated": {"status": Status.ESCALATED},
        "closed": {"status": Status.CLOSED},
        "spam": {"status": Status.SPAM},
        "ada": {"assignee": ADA},
        "bo": {"assignee": BO},
        "billing": {"team": "Billing"},
        "technical": {"team": "Technical"},
        "vip": {"tags": ("vip", "bug")},
        "bug": {"tags": ("bug",)},
        "sub": {"requester": store.person("other.ines@northpier.example")},
        "ines": {"requester": store.person("ines@northpier.example")},
        "words": {"html": "<p>The quick fox</p>"},
        "late": {"created_at": START + 50 * HOUR},
    }
    return {name: str(new_ticket(store, **given).id) for name, given in fields.items()}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"status": Status.PENDING}, ["pending"]),
        ({"status": Status.ESCALATED}, ["escalated"]),
        ({"status": Status.CLOSED}, ["closed"]),
        ({"status": Status.SPAM}, ["spam"]),
        ({"status": [Status.SPAM, Status.ESCALATED]}, ["escalated", "spam"]),
        ({"status": (Status.PENDING, Status.CLOSED), "tag": "bug"}, []),
        ({"status": [Status.PENDING]}, ["pending"]),
        ({"assignee": "11"}, ["ada"]),
        ({"assignee": Party(name="Bo")}, ["bo"]),
        ({"assignee": "ADA@helpdesk.example"}, ["ada"]),
        ({"team": "Billing"}, ["billing"]),
        ({"team": "22"}, ["technical"]),
        ({"tag": "bug"}, ["vip", "bug"]),
        ({"tag": "VIP"}, ["vip"]),
        ({"requester": "ines@northpier.example"}, ["ines"]),
        ({"requester": "INES@northpier.example"}, ["ines"]),
        ({"text": "quick fox"}, ["words"]),
        ({"created_since": START + 50 * HOUR}, ["late"]),
        ({"created_since": START + 50 * HOUR + timedelta(seconds=1)}, []),
        ({"updated_since": START + 50 * HOUR}, ["late"]),
        ({"tag": "bug", "status": Status.OPEN, "text": "stops"}, ["vip", "bug"]),
        ({"tag": "bug", "status": Status.CLOSED}, []),
        ({"tag": "unheard-of"}, []),
    ],
)
async def test_a_filter_finds_these_and_no_others(
    fake: ScriptedFake, desk: Helpdesk, filters: Any, names: list[str]
) -> None:
    made = fill(fake.store)
    found = [ticket async for ticket in desk.tickets(**filters)]
    assert ids(found) == [made[name] for name in names]


@pytest.mark.asyncio
async def test_a_requester_is_found_by_id(fake: ScriptedFake, desk: Helpdesk) -> None:
    made = fill(fake.store)
    person = fake.store.person("ines@northpier.example").id
    found = [ticket async for ticket in desk.tickets(requester=person)]
    assert ids(found) == [made["ines"]]


EVERYTHING: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"status": Status.CLOSED}, {"status": "closed"}),
    ({"status": Status.ESCALATED}, {"status": "escaleted"}),
    ({"assignee": "77"}, {"assignee": {"id": 77}}),
    ({"assignee": "ADA@helpdesk.example"}, {"assignee": {"id": 7, "email": ADA.email}}),
    ({"assignee": Party(name="ada")}, {"assignee": {"id": 11}}),
    ({"status": [Status.OPEN, Status.CLOSED]}, {"status": "closed"}),
    ({"team": "Other"}, {"team": {"id": 7, "name": "Other"}}),
    ({"team": "7"}, {"team": {"id": 7, "name": "Other"}}),
    ({"tag": "other"}, {"tags": [{"name": "Other"}]}),
    ({"requester": "9"}, {"from_contact": {"id": 9}}),
    ({"requester": "x@a.example"}, {"from_contact": {"value": "X@a.example"}}),
    ({"created_since": datetime(2025, 6, 17, tzinfo=UTC)},
     {"created_at": "2025-06-17T00:00:00+00:00"}),
    ({"updated_since": datetime(2025, 6, 18, tzinfo=UTC)},
     {"updated_at": "2025-06-18T02:00:00+02:00"}),
    ({"updated_since": datetime(2025, 6, 18, tzinfo=UTC)}, {"updated_at": None}),
]  # fmt: skip


@pytest.mark.asyncio
@pytest.mark.parametrize(("filters", "match"), EVERYTHING)
async def test_a_filter_holds_although_the_vendor_answers_with_everything(
    fake: ScriptedFake, desk: Helpdesk, filters: Any, match: Any
) -> None:
    answer = collection("tickets", [ticket_json(), ticket_json(id=2, **match)])
    fake.instead("GET", "/tickets", answer)
    assert ids([ticket async for ticket in desk.tickets(**filters)]) == ["2"]


@pytest.mark.asyncio
async def test_a_filter_on_what_is_read_reads_on_over_pages_without_a_match(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    for _ in range(240):
        new_ticket(fake.store)
    person = fake.store.person("other@northpier.example")
    last = new_ticket(fake.store, requester=person)
    found, error = await drain(desk.tickets(requester=person.id))
    assert (ids(found), error, len(fake.journal)) == ([str(last.id)], None, 5)


@pytest.mark.asyncio
async def test_escalated_tickets_are_asked_for_under_no_spelling(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    [_ async for _ in desk.tickets(status=Status.ESCALATED)]
    assert fake.journal[0].values("status[]") == []


@pytest.mark.asyncio
async def test_several_statuses_are_left_to_what_is_read(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    """Whether the vendor takes several values for alternatives is not documented."""
    [_ async for _ in desk.tickets(status=[Status.OPEN, Status.CLOSED])]
    assert fake.journal[0].values("status[]") == []


@pytest.mark.asyncio
async def test_a_word_nobody_knows_is_no_status_that_was_asked_for(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    records = [ticket_json(), ticket_json(id=2, status="pondering"), ticket_json(id=3)]
    fake.instead("GET", "/tickets", collection("tickets", records), times=2)
    found = [ticket async for ticket in desk.tickets(status=[Status.PENDING, Status.OPEN])]
    assert ids(found) == ["48211", "3"]
    everything = [ticket async for ticket in desk.tickets()]
    assert [(t.status, t.vendor_status) for t in everything][1] == (Status.UNKNOWN, "pondering")


@pytest.mark.parametrize("filters", [{"priority": Priority.HIGH}, {"kind": TicketKind.TASK}])
def test_what_tickets_do_not_tell_cannot_be_filtered_by(desk: Helpdesk, filters: Any) -> None:
    with pytest.raises(errors.UnsupportedCapability):
        desk.tickets(**filters)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "since", [datetime.min.replace(tzinfo=UTC), datetime(1, 1, 1, 9, tzinfo=UTC)]
)
async def test_a_time_before_all_tickets_finds_them_all(
    fake: ScriptedFake, desk: Helpdesk, since: datetime
) -> None:
    made = fill(fake.store)
    found = [ticket async for ticket in desk.tickets(created_since=since, updated_since=since)]
    assert ids(found) == list(made.values())


@pytest.mark.asyncio
@pytest.mark.parametrize("hour", [0, 12, 23])
async def test_the_day_asked_for_is_safe_in_every_time_zone(
    fake: ScriptedFake, desk: Helpdesk, hour: int
) -> None:
    since = datetime(2026, 3, 1, hour, 30, tzinfo=UTC)
    [_ async for _ in desk.tickets(created_since=since)]
    assert fake.journal[0].values("created-between") == ["2026-02-28/2037-12-31"]


@pytest.mark.parametrize("status", [Status.NEW, Status.ON_HOLD, Status.RESOLVED, Status.DELETED])
def test_a_status_that_no_ticket_can_have_is_refused(desk: Helpdesk, status: Status) -> None:
    with pytest.raises(errors.StatusNotAllowed):
        desk.tickets(status=status)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "extra",
    [{"page": "2"}, {"per-page": "9"}, {"tags[]": ["a"]}, {"body[]": 5.5}, {"body[]": None}],
)
async def test_extra_parameters_that_clash_or_make_no_sense_are_refused(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, extra: Any
) -> None:
    error = await caught(anext(desk.tickets(tag="bug", extra=extra)))
    assert (type(error), fake.journal) == (errors.InvalidArgument, [])


@pytest.mark.asyncio
async def test_a_parameter_nobody_documents_is_refused_by_the_vendor(
    desk: Helpdesk, caught: Caught
) -> None:
    error = await caught(anext(desk.tickets(extra={"sort": "id"})))
    assert type(error) is errors.ValidationFailed
