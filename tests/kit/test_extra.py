"""What a caller adds to a request never replaces what the call sets."""

from __future__ import annotations

import pytest

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.kit.extra import extra_query, merge_extra, refuse_extra


def test_extra_is_added_to_the_body() -> None:
    assert merge_extra({"a": 1}, {"b": 2}) == {"a": 1, "b": 2}


def test_extra_never_replaces_what_the_call_sets() -> None:
    with pytest.raises(InvalidArgument, match="extra sets a, b, which"):
        merge_extra({"b": 1, "a": 1}, {"a": "SECRET", "b": 2})


def test_what_extra_must_not_set_is_named() -> None:
    refuse_extra({"b": 1}, ["a"])
    with pytest.raises(InvalidArgument, match="extra must not set a here"):
        refuse_extra({"a": "SECRET", "b": 1}, ["a", "c"])


def test_a_query_parameter_may_be_given_several_times() -> None:
    assert extra_query({"a": ["x", 5], "b": "y"}, ()) == [("a", "x"), ("a", "5"), ("b", "y")]
    for given in (None, True, False, 1.5, {}, {"b": 1}, [None], ["x", False]):
        with pytest.raises(InvalidArgument, match=r"gives a neither .* write it as"):
            extra_query({"a": given}, ())
    with pytest.raises(InvalidArgument, match="must not set a"):
        extra_query({"a": "x"}, ["a"])


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        *(("to", key) for key in ("To", "TO", "to[]", "to[0]", "to.0", " to ", "[to]", "_to")),
        *(("send_email", key) for key in ("sendEmail", "send-email", "Send_Email", "SENDEMAIL")),
        *(("toAddress", key) for key in ("to_address", "toaddress", "ToAddress[x]")),
        ("skip", "\u017fkip"),
    ],
)
def test_a_name_is_the_same_in_every_spelling(name: str, spelled: str) -> None:
    for refused in (
        lambda: refuse_extra({spelled: 1}, [name]),
        lambda: merge_extra({name: 1}, {spelled: 2}),
        lambda: extra_query({spelled: 1}, [name]),
    ):
        with pytest.raises(InvalidArgument, match=name):
            refused()


@pytest.mark.parametrize("other", ["tone", "reply_to", "total", "", "[]", "to_address"])
def test_another_name_is_another_one(other: str) -> None:
    refuse_extra({other: 1}, ["to"])
    assert merge_extra({"to": 1}, {other: 2}) == {"to": 1, other: 2}


def test_an_empty_list_is_no_value_of_a_parameter() -> None:
    with pytest.raises(InvalidArgument, match="gives a neither"):
        extra_query({"a": []}, ())
