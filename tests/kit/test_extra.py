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
    with pytest.raises(InvalidArgument, match="neither a str nor a list"):
        extra_query({"a": None}, ())
    with pytest.raises(InvalidArgument, match="must not set a"):
        extra_query({"a": "x"}, ["a"])
