"""People and teams are found by what a caller knows, exactly, and nobody is guessed."""

from __future__ import annotations

import pytest

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model import Party, Team
from helpdesk_bridge.model.lookup import only, people_meant, person_key, teams_meant

ADA = Party(id="7", name="Ada Lovelace", email="Ada@Bücher.example")
BO = Party(id="8", name="Bo", email="bo@desk.example")
NAMELESS = Party(id="9")
PEOPLE = [ADA, BO, NAMELESS]


@pytest.mark.parametrize(
    "wanted",
    [
        Party(id="7"),
        Party(id="7", email="bo@desk.example"),  # the id decides: an address may change
        Party(email="ada@bücher.example"),
        Party(email="ADA@XN--BCHER-KVA.EXAMPLE."),
        Party(email="ada@bu\u0308cher.example", name="Bo"),
        Party(name="ada  LOVELACE"),
    ],
)
def test_a_person_is_found_by_id_address_or_name_in_any_spelling(wanted: Party) -> None:
    assert people_meant(PEOPLE, wanted) == [ADA]


@pytest.mark.parametrize(
    "wanted",
    [
        Party(),
        Party(name=""),
        Party(name="Ada"),
        Party(id="77"),
        Party(id="x", email="bo@desk.example"),
        Party(email="ada@bucher.example"),
        Party(email="x", name="Bo"),
    ],
)
def test_nobody_is_guessed(wanted: Party) -> None:
    assert people_meant(PEOPLE, wanted) == []


def test_an_id_of_a_team_goes_before_the_name_of_another() -> None:
    named_as_an_id = Team(id="1", name="2")
    second = Team(id="2", name="Größen")
    teams = [named_as_an_id, second, Team(id="3")]
    assert teams_meant(teams, "2") == [second]
    assert teams_meant(teams, "GRÖSSEN") == [second]
    assert teams_meant(teams, "Gr") == teams_meant(teams, "") == []


def test_several_that_differ_are_refused_without_a_name_of_theirs() -> None:
    twin = Party(id="10", name="Bo")
    with pytest.raises(InvalidArgument, match="assignee: 2 on this desk are called so") as caught:
        only([BO, twin], "assignee")
    assert "bo" not in str(caught.value).casefold()
    assert only([BO, BO], "assignee") is BO
    assert only([], "assignee") is None


def test_people_without_an_id_are_told_apart_by_name_and_address() -> None:
    keys = {person_key(one) for one in (ADA, Party(name="Bo"), Party(email="Bo"), BO)}
    assert len(keys) == 4
