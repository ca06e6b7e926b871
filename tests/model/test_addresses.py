"""Two spellings of one address are one address, and two addresses are two."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_bridge.model.addresses import address_key, address_spellings, same_address
from helpdesk_bridge.model.wording import address_wording

SPELLINGS = [
    "li@bücher.example",
    "li@xn--bcher-kva.example",
    "LI@BÜCHER.EXAMPLE",
    "Li@XN--BCHER-KVA.Example",
    "li@bücher.example.",
    " li@xn--bcher-kva.example. ",
    "li@bu\u0308cher.example",
    "li@b\u00fccher\u3002example",
    "li@bücher\uff0eexample",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_all_spellings_are_the_same_address(spelling: str) -> None:
    for other in SPELLINGS:
        assert same_address(spelling, other)
        assert address_wording(spelling) == address_wording(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("jürgen@a.example", "JU\u0308RGEN@A.example"),
        ("li@почта.example", "li@xn--80a1acny.example"),
        ("li@例え.テスト", "li@xn--r8jz45g.xn--zckzah"),
        ("li@straße.example", "li@xn--strae-oqa.example"),
        ("li@\u2603.example", "li@xn--n3h.example"),
        ("li@a_b.example", "LI@A_B.example"),
    ],
)
def test_other_scripts_are_spelled_both_ways_too(one: str, other: str) -> None:
    assert same_address(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("li@a.example", "bo@a.example"),
        ("li@a.example", "li@b.example"),
        ("li@bücher.example", "li@bucher.example"),
        ("li@straße.example", "li@strasse.example"),
        ("li+x@a.example", "li@a.example"),
        ("li@xn--a-.example", "li@a.example"),
        ("li@xn--.example", "li@.example"),
        (None, None),
        ("", ""),
        ("li@a.example", None),
    ],
)
def test_two_addresses_are_two(one: str | None, other: str | None) -> None:
    assert not same_address(one, other)


ODD = ["xn--@xn--", "@", "li@xn--\udcff", "li@\ud800.x", "a@b@c", "li@ü..x", "li@[::1]ü", "li@ü/x"]


@pytest.mark.parametrize("odd", [*ODD, "li@a\u200db.example", "li@" + "ü" * 300, "ü", "li@xn--0"])
def test_what_is_no_host_name_is_compared_by_its_letters(odd: str) -> None:
    assert same_address(odd, odd.upper() if odd.isascii() else odd)
    assert not same_address(odd, f"x{odd}")
    assert address_spellings(odd)[0] == odd


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_text_raises_and_every_spelling_is_the_same(one: str, other: str) -> None:
    address = f"{one}@{other}"
    assert address_key(address) == address_key(unicodedata.normalize("NFD", address))
    for spelling in address_spellings(address):
        assert same_address(spelling, address)


LABEL = st.text(st.characters(categories=["Ll", "Lu", "Lo", "Nd"]), min_size=1, max_size=12)


@given(LABEL, LABEL, LABEL)
def test_what_is_the_same_for_a_filter_is_the_same_for_finding_again(
    name: str, one: str, other: str
) -> None:
    address = f"{name}@{one}.{other}.example"
    for spelling in address_spellings(address):
        assert same_address(spelling, address)
        assert address_wording(spelling) == address_wording(address)


def test_the_first_spelling_is_the_given_one_and_case_makes_no_other() -> None:
    assert address_spellings("Li@Customer.example") == ("Li@Customer.example",)
    assert address_spellings("li@customer.example.") == ("li@customer.example",)
    both = {"li@bücher.example", "li@xn--bcher-kva.example"}
    for given_one in both:
        assert address_spellings(given_one)[0] == given_one
        assert set(address_spellings(given_one)) == both


def test_a_long_domain_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from helpdesk_bridge.model import addresses

    asked: list[str] = []
    build = addresses.URL.build
    monkeypatch.setattr(
        addresses.URL, "build", lambda **given: asked.append(given["host"]) or build(**given)
    )
    address_key("li@" + "ü" * 100_000)
    assert asked == []
