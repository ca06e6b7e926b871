"""What the class of an adapter says of itself is checked when the class is made."""

from __future__ import annotations

import pydoc
from typing import Any

import pytest

from helpdesk_bridge.kit import Adapter


def made(**attributes: Any) -> type[Adapter]:
    return type("Acme", (Adapter,), {"name": "acme", **attributes})


@pytest.mark.parametrize("name", ["visible_after", "gives_up_after"])
@pytest.mark.parametrize(
    "value", [-1, -0.5, float("nan"), float("inf"), True, "10", None, 10**400, 1j]
)
def test_what_is_no_number_of_seconds_is_refused(name: str, value: object) -> None:
    with pytest.raises(TypeError, match=rf"Acme\.{name} is a finite number of seconds"):
        made(**{name: value})


@pytest.mark.parametrize("name", ["idempotent_extra", "quiet_extra", "file_hosts"])
@pytest.mark.parametrize("value", ["colour", ["colour"], {1}, frozenset({b"x"}), {"a": 1}, None])
def test_what_is_no_set_of_words_is_refused(name: str, value: object) -> None:
    with pytest.raises(TypeError, match=rf"Acme\.{name} is a set of .*\bstr\b"):
        made(**{name: value})


@pytest.mark.parametrize("name", ["assignee_by", "team_by"])
@pytest.mark.parametrize("value", ["id", ["id"], (), frozenset(), {"id", "phone"}, {"ID"}, None])
def test_what_nobody_is_named_by_is_refused(name: str, value: object) -> None:
    with pytest.raises(TypeError, match=rf"Acme\.{name} is a set of some of .*\bid\b"):
        made(**{name: value})


@pytest.mark.parametrize("name", ["status_words", "priority_words", "kind_words"])
@pytest.mark.parametrize("value", [{"open": 1}, ["open"], "open"])
def test_what_is_no_table_of_words_is_refused(name: str, value: object) -> None:
    with pytest.raises(TypeError, match=rf"Acme\.{name} is a Vocabulary or None"):
        made(**{name: value})


@pytest.mark.parametrize("keys", [None, "subject", {"titel": "title"}, {"subject": 1}])
def test_what_are_no_keys_of_a_ticket_is_refused(keys: object) -> None:
    with pytest.raises(TypeError, match=r"Acme\.ticket_keys is a mapping of assignee, "):
        made(ticket_keys=keys)


@pytest.mark.parametrize("value", [None, 1, "yes"])
@pytest.mark.parametrize("flag", ["tells_forwards", "takes_anybody"])
def test_a_flag_that_is_none_is_refused(flag: str, value: object) -> None:
    with pytest.raises(TypeError, match=rf"Acme\.{flag} is True or False"):
        made(**{flag: value})


def test_what_is_one_is_taken() -> None:
    assert made(assignee_by={"email"}, team_by=frozenset(("id",))).team_by == {"id"}
    assert made(ticket_keys={"kind": "type"}).ticket_keys == {"kind": "type"}
    acme = made(
        visible_after=0, gives_up_after=2.5, idempotent_extra={"a"}, file_hosts={"b.example"}
    )
    assert (acme.visible_after, acme.gives_up_after) == (0, 2.5)
    assert type("Child", (acme,), {"visible_after": 60}).visible_after == 60
    with pytest.raises(TypeError, match="Child"):
        type("Child", (acme,), {"visible_after": -1})


def test_a_base_class_without_a_name_is_checked_too() -> None:
    with pytest.raises(TypeError, match=r"Base\.visible_after"):
        type("Base", (Adapter,), {"visible_after": "10"})


@pytest.mark.parametrize(
    ("wrong", "value", "right"),
    [
        ("visble_after", 60.0, "visible_after"),
        ("visible_afer", 60, "visible_after"),
        ("visibleafter", "60", "visible_after"),
        ("gives_up_afer", 600, "gives_up_after"),
        ("give_up_after", 600, "gives_up_after"),
        ("idempotent_extras", frozenset({"a"}), "idempotent_extra"),
        ("asignee_by", {"id"}, "assignee_by"),
        ("teams_by", {"id"}, "team_by"),
        ("file_host", {"files.example.com"}, "file_hosts"),
        ("id_patern", "[0-9]+", "id_pattern"),
        ("error_code", {"GONE": LookupError}, "error_codes"),
    ],
)
def test_a_misspelt_attribute_is_refused_with_the_right_name(
    wrong: str, value: object, right: str
) -> None:
    with pytest.raises(TypeError, match=rf"Acme\.{wrong}.*\b{right}\b"):
        made(**{wrong: value})


@pytest.mark.parametrize(
    ("own", "value"),
    [
        ("_visble_after", 60),
        ("page_size", 50),
        ("agent_name", "Ada"),
        ("names", {"a"}),
        ("send_all", True),
        ("visible_before", None),
        ("sender", "x"),
        ("hosts", frozenset({"a.example"})),
        ("explain_all", lambda self: None),
        ("file_hosts_of", lambda self: None),
    ],
)
def test_an_attribute_of_ones_own_is_nobody_elses(own: str, value: object) -> None:
    assert hasattr(made(**{own: value}), own)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("visible_after", "seconds"),
        ("visible_after", "10"),
        ("gives_up_after", "seconds"),
        ("gives_up_after", "300"),
        ("idempotent_extra", "none"),
        ("quiet_extra", "none"),
        ("tells_forwards", "False"),
        ("takes_anybody", "False"),
        ("in_one_write", "none"),
        ("file_hosts", "none"),
        ("error_codes", "none"),
        ("id_pattern", "A-Za-z0-9_-"),
        ("id_words", "none"),
        ("settings_type", "attrs"),
        ("fake", "module:class"),
        ("offers", ""),
        ("name", ""),
    ],
)
def test_help_tells_of_the_attributes(name: str, said: str) -> None:
    text = pydoc.plain(pydoc.render_doc(Adapter)).partition("Methods defined here")[0]
    _, _, rest = text.partition(f" - ``{name}``: ")
    told = " ".join(rest.partition(" - ``")[0].partition("A write is")[0].split())
    assert told
    assert said in told
