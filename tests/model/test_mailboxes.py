"""Who is named in a text is told by its address, or by nothing but a name."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_bridge import Party, Role
from helpdesk_bridge.model import mailboxes
from helpdesk_bridge.model.mailboxes import read_people, read_person


def told(text: str) -> list[tuple[str | None, str | None]]:
    return [(person.name, person.email) for person in read_people(text)]


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("li@x.example", [(None, "li@x.example")]),
        (" <li@x.example> ", [(None, "li@x.example")]),
        ("Li <li@x.example>", [("Li", "li@x.example")]),
        ('"Doe, Jane" <jane@x.example>, bob@x.example',
         [("Doe, Jane", "jane@x.example"), (None, "bob@x.example")]),
        ('"Doe; Jane" <jane@x.example>; bob@x.example',
         [("Doe; Jane", "jane@x.example"), (None, "bob@x.example")]),
        ("Doe, Jane <jane@x.example>, bob@x.example",
         [("Doe, Jane", "jane@x.example"), (None, "bob@x.example")]),
        ("Bob, jane@x.example", [("Bob", None), (None, "jane@x.example")]),
        (r'"Jane \"Jo, J\" Doe" <jane@x.example>', [('Jane "Jo, J" Doe', "jane@x.example")]),
        ('"a@b.example, c" <jane@x.example>', [("a@b.example, c", "jane@x.example")]),
        ('"x" <"li, doe"@x.example>', [("x", '"li, doe"@x.example')]),
        ("li@x.example (Li, (of) Sales)", [("Li, (of) Sales", "li@x.example")]),
        ("Li (a, b@c.example) <li@x.example>", [("Li (a, b@c.example)", "li@x.example")]),
        ("<li@x.example> (Li)", [("Li", "li@x.example")]),
        ("'li@x.example' <li@x.example>", [("li@x.example", "li@x.example")]),
        ("'li@x.example'", [(None, "li@x.example")]),
        ("li@x.example<mailto:li@x.example>", [("li@x.example", "li@x.example")]),
        ("mailto:li@x.example", [(None, "li@x.example")]),
        ("Li <Sales> <li@x.example>", [("Li <Sales>", "li@x.example")]),
        ("undisclosed-recipients:;", [("undisclosed-recipients", None)]),
        ("undisclosed-recipients:", [("undisclosed-recipients", None)]),
        ("Team: a@x.example, B <b@x.example>;, c@x.example",
         [(None, "a@x.example"), ("B", "b@x.example"), (None, "c@x.example")]),
        ("=?utf-8?Q?J=C3=BCrgen=2C_D?= <j@x.example>", [("J\u00fcrgen, D", "j@x.example")]),
        ('"=?utf-8?B?SsO8cmdlbg==?=" <j@x.example>', [("J\u00fcrgen", "j@x.example")]),
        ("=?utf-8?B?SsM=?= =?utf-8?B?vHJnZW4=?= <j@x.example>", [("J\u00fcrgen", "j@x.example")]),
        ("=?utf-8?Q?J_=3Cevil=40x.example=3E?= <j@x.example>",
         [("J <evil@x.example>", "j@x.example")]),
        ("=?no-such?Q?J?= =?hex?Q?4a?= =?utf-8?B?!?= <j@x.example>",
         [("=?no-such?Q?J?==?hex?Q?4a?==?utf-8?B?!?=", "j@x.example")]),
        ("li@b\u00fccher.example, li@xn--bcher-kva.example",
         [(None, "li@b\u00fccher.example"), (None, "li@xn--bcher-kva.example")]),
        ("li@\u0939\u093f\u0928\u094d\u0926\u0940.example",
         [(None, "li@\u0939\u093f\u0928\u094d\u0926\u0940.example")]),
        ("li@[192.0.2.1], root@localhost", [(None, "li@[192.0.2.1]"), (None, "root@localhost")]),
        (",;, ,li@x.example,,", [(None, "li@x.example")]),
        ("", []),
    ],
)  # fmt: skip
def test_a_list_names_people(text: str, people: list[tuple[str | None, str | None]]) -> None:
    assert told(text) == people


@pytest.mark.parametrize(
    "text",
    [
        "Team @ Home", "@handle", "li@", "li@x@y.example", "li x@y.example", "li@x..example",
        "li@-x.example", "li@x.example.", "li@5", "http://li@x.example", "Re: li@x.example",
        "Li <li@x.example", "<<li@x.example>>", '"Doe <li@x.example>', "Li (<li@x.example>",
        "<a@x.example> <b@x.example>", "<a@x.example> b", "Li <@a.example:li@x.example>",
        "li@x.\u200bexample", "li@x.ex\x00ample", r"li\@x.example", "Li <>", "l[i]@x.example",
        "=?utf-8?Q?li=40x.example?=", "x" * 400 + "@x.example",
    ],
)  # fmt: skip
def test_what_is_not_surely_an_address_is_a_name(text: str) -> None:
    person = read_person(text, Role.CUSTOMER)
    assert person.email is None
    assert person.name
    assert person.role is Role.CUSTOMER


def test_one_person_is_not_two() -> None:
    assert read_person("a@x.example, b@x.example") == Party(name="a@x.example, b@x.example")
    assert read_person(" ") == Party()


_PIECES = st.sampled_from(
    [
        *'",;:()<>@\\ \n',
        "a",
        "li@x.example",
        '"Li, M" <li@x.example>',
        "=?utf-8?Q?",
        "?=",
        "mailto:",
    ]
)


@given(st.one_of(st.text(), st.lists(_PIECES).map("".join)))
def test_no_text_is_too_odd(text: str) -> None:
    for person in read_people(text):
        assert person.name or person.email
        if person.email is not None:
            assert person.email in text
            assert person.email.isprintable()
            assert "@" in person.email


@pytest.mark.parametrize(
    "part", ['"', "(", "<", "<a@b.example>", ":", "a:", "a:,", "a():", "a:;", "=?", ",", "a@", "\\"]
)
def test_a_hostile_text_does_not_hold_up_the_desk(part: str) -> None:
    assert isinstance(read_people(part * 30_000), tuple)


@given(st.text('ab, ;:()<>"\\@.', min_size=1), st.sampled_from(["a@x.example", "b.c@y.example"]))
def test_a_quoted_name_never_changes_the_address(name: str, email: str) -> None:
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    people = read_people(f'"{quoted}" <{email}>, z@z.example')
    assert [person.email for person in people] == [email, "z@z.example"]


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Count what is done for each part of a text."""
    done: list[str] = []
    for name in ("_token", "_plain_person", "_read", "_plain_name"):
        real = getattr(mailboxes, name)

        def counted(*given: object, real: Callable[..., object] = real, name: str = name) -> object:
            done.append(name)
            return real(*given)

        monkeypatch.setattr(mailboxes, name, counted)
    return done


@pytest.mark.parametrize("unit", ["a,", '"', '""', "a;", "()", "<", ":", "a@x.example,", "x"])
def test_a_text_that_is_too_long_for_one_person_is_a_name_only(unit: str, steps: list[str]) -> None:
    text = unit * 20_000
    assert read_person(f" {text}", Role.CUSTOMER) == Party(
        name=f"{text[:1000]}\u2026", role=Role.CUSTOMER
    )
    assert steps == []


def test_a_text_of_a_thousand_characters_may_still_be_one_person() -> None:
    text = f"{'x' * 985} <li@x.example>"
    assert len(text) == 1000
    assert read_person(text) == Party(name="x" * 985, email="li@x.example")
    assert read_person(f"x{text}") == Party(name=f"x{text}"[:1000] + "\u2026")


def test_a_list_that_is_too_long_is_read_up_to_a_separator() -> None:
    one = f"{'x' * 288}@x.example"
    count = 16_384 // len(f"{one},")
    people = read_people(",".join([one] * (count + 1000)), Role.CUSTOMER)
    assert people[:-1] == (Party(email=one, role=Role.CUSTOMER),) * count
    rest = ",".join([one] * 1000)[:1000]
    assert people[-1] == Party(name=f"{rest}\u2026", role=Role.CUSTOMER)
    assert read_people(f"{one},{'x' * 70_000}")[0] == Party(email=one)
    assert read_people("x" * 70_000) == (Party(name=f"{'x' * 1000}\u2026"),)
    assert len(read_people(",".join([one] * count))) == count
    assert read_people(f"{one}{',' * 70_000}") == (Party(email=one),)


@pytest.mark.parametrize("one", ["li@x.example", '"Li, M" <li@x.example>', "Li <li@x.example>"])
@pytest.mark.parametrize("separator", [", ", ";"])
def test_of_more_than_200_people_the_rest_is_a_name(one: str, separator: str) -> None:
    people = read_people(separator.join([one] * 202))
    assert [person.email for person in people] == ["li@x.example"] * 200 + [None]
    assert people[-1] == Party(name=separator.join([one] * 2))
    assert len(read_people(separator.join([one] * 200))) == 200


def test_of_too_many_parts_the_rest_is_a_name() -> None:
    people = read_people("(a) <li@x.example>," * 300 + "z")
    assert people[:100] == (Party(name="a", email="li@x.example"),) * 100
    assert len(people) < 200
    assert people[-1].email is None
    assert people[-1].name is not None
    assert people[-1].name.endswith("\u2026")
    assert read_people(f"{'()' * 40}<li@x.example>")[0].email is None


@given(st.one_of(st.text(), st.lists(_PIECES, max_size=30).map("".join)))
def test_the_short_way_reads_the_same_as_the_long_one(text: str) -> None:
    short = read_people(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mailboxes, "_usual", lambda text, place: None)
        assert read_people(text) == short


@pytest.mark.parametrize(
    "charset",
    ["UTF-8", "iso-8859-1", "Windows-1252", "koi8-r", "KOI8-U", "ks_c_5601-1987", "cp874"],
)
def test_words_are_read_in_every_character_set_there_is(charset: str) -> None:
    assert told(f"=?{charset}?Q?J?= <j@x.example>") == [("J", "j@x.example")]


@pytest.mark.parametrize(
    ("charset", "codec", "name"),
    [
        *((charset, "iso8859-8", "שלום") for charset in ("iso-8859-8-i", "ISO-8859-8-E")),
        ("windows-874", "cp874", "สมชาย"),
        *((charset, "cp932", "山田髙①") for charset in ("windows-31j", "x-sjis")),
        ("x-mac-roman", "mac-roman", "Zoë"),
        ("x-cp1250", "cp1250", "Dvořák"),
    ],
)
def test_words_are_read_in_character_sets_under_the_names_of_mails(
    charset: str, codec: str, name: str
) -> None:
    word = base64.b64encode(name.encode(codec)).decode()
    assert told(f"=?{charset}?B?{word}?= <j@x.example>") == [(name, "j@x.example")]


def test_no_module_is_looked_for_to_read_a_character_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codecs.lookup", None)
    words = "".join(f"=?no-{number}?Q?J?= " for number in range(60))
    assert told(f"{words}=?idna?Q?J?= <j@x.example>")[0][1] == "j@x.example"


def test_a_name_that_is_too_long_for_one_is_not_decoded() -> None:
    words = "=?utf-8?Q?J?=" * 100
    assert told(f"{words} <j@x.example>") == [(words, "j@x.example")]


@pytest.mark.parametrize("unit", ["a,", '"', "a;", "()", "<>", ":", '"a",', "a:b;"])
def test_no_more_is_done_for_a_list_however_long_it_is(unit: str, steps: list[str]) -> None:
    read_people(unit * 70_000)
    first = len(steps)
    read_people(unit * 700_000)
    assert len(steps) <= 2 * first + 10
    assert first <= 1500


def test_a_list_of_bare_addresses_takes_one_step_each(steps: list[str]) -> None:
    assert len(read_people(", ".join(["li@x.example"] * 100))) == 100
    assert steps == ["_plain_person"] * 100


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("=?utf-7?Q?Li_+2D0-?= <li@c.example>", "Li \ufffd"),
        ("=?utf-7?Q?Li_+3gA-?= <li@c.example>", "Li \ufffd"),
        ("=?utf-7?Q?Li_+2D3cgA-?= <li@c.example>", "Li \U0001f480"),
    ],
)
def test_half_a_pair_in_utf_7_is_no_character(told: str, name: str) -> None:
    assert read_person(told).name == name
