"""Days without a time, and links in any form, are compared as Request Tracker means them.

What version 5.0.3 makes of them is in tests/live/test_values.py; other versions and databases show
a day as an instant.
"""

from __future__ import annotations

from typing import Any

import pytest
from helpdesk_bridge_request_tracker.kept import judged
from helpdesk_bridge_request_tracker.spellings import are_alike, are_different

from helpdesk_bridge import Ticket

UNSET = "1970-01-01T00:00:00Z"
NOON = "2026-12-24T12:00:00Z"
URL = "https://rt.example/Ticket/Display.html?id=5"
URI = "fsck.com-rt://rt.example/ticket/5"
CHANGED = ["Ticket 4: Something changed"]


def place(
    body: dict[str, Any], before: Any, after: Any, said: list[str] | None = None
) -> dict[str, tuple[str, ...]]:
    """Return where each name of ``body`` is, by the records before (None: new) and after."""
    raw = (None if before is None else {"id": "4", **before}, {"id": "4", **after})
    was, now = (None if one is None else Ticket(id="4", raw=one) for one in raw)
    found = judged(body, now, before=was, said=said, raw=(raw[0], raw[1]))  # type: ignore[arg-type]
    kinds = ("done", "refused", "otherwise", "untold")
    return {kind: names for kind in kinds if (names := getattr(found, kind))}


# -- times -----------------------------------------------------------------------------------

WITHIN = [
    "2026-12-24T00:00:00Z",
    "2026-12-23T10:00:00Z",  # midnight at +14
    "2026-12-24T12:00:00Z",  # midnight at -12
    "2026-12-25T14:00:00Z",  # the end of the day at -14
]
BEYOND = [
    "2026-12-23T09:59:59Z",
    "2026-12-25T14:00:01Z",
    "2027-12-24T00:00:00Z",
    "2026-12-25",
]


@pytest.mark.parametrize("shown", WITHIN)
@pytest.mark.parametrize("name", ["Due", "Starts", "Started", "Told"])
def test_a_day_is_set_where_an_instant_of_it_is_shown(name: str, shown: str) -> None:
    body, unset, now = {name: "2026-12-24"}, {name: UNSET}, {name: shown}
    assert place(body, None, now) == {"done": (name,)}
    assert place(body, unset, now, CHANGED) == {"done": (name,)}
    assert place(body, now, now, []) == {"done": (name,)}


@pytest.mark.parametrize("shown", BEYOND)
def test_another_day_is_told(shown: str) -> None:
    body, unset, now = {"Due": "2026-12-24"}, {"Due": UNSET}, {"Due": shown}
    assert place(body, None, now) == {"otherwise": ("Due",)}
    assert place(body, unset, now, CHANGED) == {"otherwise": ("Due",)}
    assert place(body, now, now, []) == {"refused": ("Due",)}


@pytest.mark.parametrize(
    ("given", "shown", "alike"),
    [
        ("2026-12-24", WITHIN[1], True),
        ("2026-12-24", BEYOND[0], False),
        (["2026-12-24", "2026-12-30"], [NOON, "2026-12-30T00:00:00Z"], True),
        (["2026-12-24", "2026-12-30"], [NOON], False),
        (["2026-12-24"], [NOON, "2026-12-30T00:00:00Z"], False),
        (["2026-12-24", "x"], [NOON, "x"], True),
        (["2026-12-24", "x"], [NOON, "y"], False),
    ],
)
def test_days_of_custom_fields_are_compared_alike(given: Any, shown: Any, alike: bool) -> None:
    def record(values: Any) -> dict[str, Any]:
        several = values if isinstance(values, list) else [values]
        return {"CustomFields": [{"id": "7", "name": "Day", "values": several}]}

    where = {"done" if alike else "otherwise": ("CustomFields.Day",)}
    body = {"CustomFields": {"Day": given}}
    assert place(body, None, record(shown)) == where
    assert place(body, record("old"), record(shown), CHANGED) == where


def test_a_time_that_lost_its_hours_is_no_day_in_another_form() -> None:
    assert are_alike(["2026-12-24"], ["2026-12-24T00:00:00Z"])
    assert not are_alike(["2026-12-24T00:00:00Z"], ["2026-12-24"])
    assert not are_alike(["2026-12-24T10:00:00Z"], ["2026-12-24T00:00:00Z"])


@pytest.mark.parametrize(
    ("wanted", "kept", "different"),
    [
        ("2026-12-24", UNSET, True),
        ("nonsense", UNSET, True),
        ("", UNSET, False),
        ("0", "", False),
        ("tomorrow", NOON, False),
        ("5 hours", "300", False),
        ("2026-12-24T12:00:00+02:00", NOON, True),
        ("2026-12-24 10:00:00", NOON, False),  # in a zone that nobody has told
        ("2026-12-24 10:00:00", "2026-12-25T00:00:01Z", True),
        ("0001-01-01", NOON, False),  # beyond what can be computed
    ],
)
def test_only_what_is_certain_is_called_another_value(
    wanted: str, kept: str, different: bool
) -> None:
    assert are_different(wanted, kept) is different


@pytest.mark.parametrize("given", ["2026-12-24", "nonsense", "2026-12-24T12:00:00+02:00"])
def test_a_time_that_rt_cleared_is_not_called_set(given: str) -> None:
    """Observed on version 5.0.3, which reads no day in ``Due``."""
    said = ["Ticket 4: Due changed from Thu Dec 24 12:00:00 2026 to Not set"]
    assert place({"Due": given}, {"Due": NOON}, {"Due": UNSET}, said) == {"otherwise": ("Due",)}


def test_what_rt_calls_changed_is_not_called_refused() -> None:
    """Version 5.0.3 keeps a time with ``T`` and ``Z`` in SQLite, and cannot show it."""
    said = ["Ticket 4: Due changed from Not set to Thu Dec 24 12:00:00 2026"]
    unset = {"Due": UNSET}
    assert place({"Due": ""}, unset, unset, said) == {"done": ("Due",)}
    assert place({"Due": NOON}, unset, unset, said) == {"otherwise": ("Due",)}
    assert place({"Due": NOON}, unset, unset, ["Permission Denied"]) == {"refused": ("Due",)}


# -- links -----------------------------------------------------------------------------------


def links(*shown: str, ref: str = "depends-on") -> dict[str, Any]:
    """Return a record with links to records (``ticket 5``) and to addresses."""
    rows = []
    for one in shown:
        kind, _, number = one.partition(" ")
        own = {"type": kind, "id": number, "_url": f"x/{number}"}
        rows.append({"ref": ref, **(own if number else {"type": "external", "_url": one})})
    return {"_hyperlinks": rows}


@pytest.mark.parametrize("form", ["5", 5, "t:5", "T:5", "ticket:5", URI, URL])
@pytest.mark.parametrize("name", ["DependsOn", "AddDependsOn"])
def test_a_link_to_a_ticket_is_known_in_any_form(form: Any, name: str) -> None:
    body, there = {name: form}, {"done": (name,)}
    assert place(body, None, links("ticket 5")) == there
    assert place(body, links(), links("ticket 5"), CHANGED) == there
    assert place(body, links("ticket 5"), links("ticket 5"), []) == there


@pytest.mark.parametrize("form", [URL, "ticket:5", "https://wiki.example/5"])
def test_a_link_to_an_address_is_that_address(form: str) -> None:
    assert place({"DependsOn": form}, None, links(form)) == {"done": ("DependsOn",)}


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ("5", "asset 5"),
        ("asset:5", "ticket 5"),
        ("a:5", "ticket 5"),
        ("https://wiki.example/5", "ticket 5"),
        (URL, "ticket 55"),
        ("t:55", "ticket 5"),
    ],
)
def test_another_record_of_the_same_number_is_another_link(form: str, shown: str) -> None:
    assert place({"DependsOn": form}, None, links(shown)) == {"untold": ("DependsOn",)}
    found = place({"DependsOn": form}, links(), links(shown), CHANGED)
    assert found == {"otherwise": ("DependsOn",)}


@pytest.mark.parametrize("form", ["a:5", "asset:5"])
def test_records_of_other_kinds_are_known_too(form: str) -> None:
    kind = {"a:5": "article 5", "asset:5": "asset 5"}[form]
    assert place({"RefersTo": form}, None, links(kind, ref="refers-to")) == {"done": ("RefersTo",)}


def test_a_link_beside_the_ones_that_were_to_be_all_is_told() -> None:
    both = links("ticket 5", "ticket 6")
    assert place({"DependsOn": "5"}, None, both) == {"otherwise": ("DependsOn",)}
    assert place({"DependsOn": "5"}, both, both, ["Something"]) == {"refused": ("DependsOn",)}
    assert place({"AddDependsOn": "5"}, None, both) == {"done": ("AddDependsOn",)}


def test_an_address_beside_a_link_to_that_number_needs_rts_silence() -> None:
    """It may be that of another Request Tracker, and what RT says of it a refusal."""
    same = links("ticket 5")
    assert place({"AddDependsOn": URI}, same, same, []) == {"done": ("AddDependsOn",)}
    found = place({"AddDependsOn": URI}, same, same, ["Couldn't resolve it into a link."])
    assert found == {"refused": ("AddDependsOn",)}


@pytest.mark.parametrize("form", ["t:5", URI])
def test_a_link_that_rt_took_away_is_not_called_set(form: str) -> None:
    """Version 5.0.3 deletes a link that is set again in another form than the number."""
    said = ["Link already exists", "Ticket 4 no longer depends on Ticket 5."]
    found = place({"DependsOn": form}, links("ticket 5"), links(), said)
    assert found == {"otherwise": ("DependsOn",)}


@pytest.mark.parametrize("form", ["5", "t:5", URI])
def test_a_link_is_deleted_where_it_is_shown_no_longer(form: str) -> None:
    body, there = {"DeleteDependsOn": form}, links("ticket 5")
    assert place(body, there, links(), CHANGED) == {"done": ("DeleteDependsOn",)}
    assert place(body, there, there, ["Anything"]) == {"refused": ("DeleteDependsOn",)}
