"""A credential shows itself only when asked."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest
from attrs import frozen

from helpdesk_bridge.secret import Secret

WORD = "tok-en-1"


@frozen
class Settings:
    token: Secret


@pytest.mark.parametrize(
    "show",
    [
        str,
        repr,
        "{}".format,
        "{:>20}".format,
        "{!r}".format,
        lambda secret: "%s" % secret,  # noqa: UP031 - an old formatter is what is tested
        lambda secret: repr([secret]),
        lambda secret: repr({"token": secret}),
        lambda secret: repr(Settings(secret)),
    ],
)
def test_a_secret_prints_as_stars(show: Callable[[Secret], str]) -> None:
    shown = show(Secret(WORD))
    assert "***" in shown
    assert WORD not in shown


def test_a_secret_is_revealed_on_request() -> None:
    assert Secret(WORD).reveal() == WORD


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_secret_refuses_to_be_pickled(protocol: int) -> None:
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(Secret(WORD), protocol)


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, Secret])
def test_a_copy_of_a_secret_is_the_same_credential(way: Callable[[Secret], Secret]) -> None:
    assert way(Secret(WORD)) == Secret(WORD)


def test_equal_secrets_have_equal_hashes() -> None:
    assert len({Secret(WORD), Secret(WORD), Secret("other")}) == 2


def test_a_secret_is_not_equal_to_its_text() -> None:
    assert Secret(WORD) != WORD


def test_secrets_with_undecodable_bytes_can_be_compared() -> None:
    assert Secret("\udcff") != Secret("a")


@pytest.mark.parametrize(("word", "truth"), [("", False), (WORD, True)])
def test_an_empty_secret_is_false(word: str, truth: bool) -> None:
    assert bool(Secret(word)) is truth


@pytest.mark.parametrize("value", [None, 5, b"tok-en-1"])
def test_a_secret_is_made_of_a_str_or_not_at_all(value: object) -> None:
    with pytest.raises(TypeError, match="made of a str") as caught:
        Secret(value)  # type: ignore[arg-type]
    assert "tok-en" not in str(caught.value)
