"""An address is built below the base, or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from helpdesk_bridge.errors import ConfigurationError, InvalidArgument, UnsafeURL
from helpdesk_bridge.transport import urls
from helpdesk_bridge.transport.urls import SLASH, base_url, check_header, join

BASE = URL("https://help.example.com/api/v1")


@pytest.mark.parametrize(
    "segment",
    [
        "",
        ".",
        "..",
        "a/b",
        "a\\b",
        "/",
        "a?b=c",
        "a#b",
        "%2e%2e",
        "%2F",
        "a;b",
        "a\r\nHost: evil",
        "a\nb",
        "a\0b",
        "a\x7f",
        "a\u2028b",
        "\ud800",
        "<a>",
        '"',
    ],
)
def test_a_segment_that_could_change_the_path_is_refused(segment: str) -> None:
    with pytest.raises(InvalidArgument):
        join(BASE, ("tickets", segment))


def test_a_path_can_end_in_a_slash_that_is_asked_for() -> None:
    assert str(join(BASE, ("tickets", "5", SLASH))) == "https://help.example.com/api/v1/tickets/5/"
    assert str(join(BASE, (SLASH,))) == "https://help.example.com/api/v1/"


def test_a_slash_is_only_an_end() -> None:
    with pytest.raises(InvalidArgument):
        join(BASE, ("tickets", SLASH, "5"))


@pytest.mark.parametrize("segment", [None, 5, b"5", ["5"]])
def test_a_segment_that_is_no_text_is_refused(segment: object) -> None:
    with pytest.raises(InvalidArgument):
        join(BASE, ("tickets", segment))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("segment", "encoded"),
    [
        ("a b", "a%20b"),
        ("Müller", "M%C3%BCller"),
        ("a:b", "a:b"),
        ("a@b", "a@b"),
        ("a&b=c", "a&b=c"),
        ("...", "..."),
        ("\u2025", "%E2%80%A5"),
        ("\uff0f", "%EF%BC%8F"),
    ],
)
def test_a_segment_is_encoded_by_itself(segment: str, encoded: str) -> None:
    assert join(BASE, ("tickets", segment)).raw_path == f"/api/v1/tickets/{encoded}"


@given(
    st.lists(st.text(max_size=12), max_size=4),
    st.sampled_from(["https://help.example.com", "https://help.example.com/api/v1"]),
)
def test_an_address_is_below_its_base_with_exactly_its_segments(path: list[str], base: str) -> None:
    start = base_url(base)
    try:
        url = join(start, path)
    except InvalidArgument:
        return
    assert url.origin() == start.origin()
    assert str(url).startswith(base)
    assert [part for part in url.raw_parts if part != "/"] == [
        *(part for part in start.raw_parts if part != "/"),
        *(URL.build(path=f"/{part}").raw_path[1:] for part in path),
    ]
    assert [part for part in url.parts if part != "/"][-len(path) or 99 :] == path


@given(st.dictionaries(st.text(max_size=9), st.text(max_size=9), max_size=3))
def test_a_query_arrives_as_it_was_given_or_is_refused(query: dict[str, str]) -> None:
    try:
        url = join(BASE, ("tickets",), query.items())
    except InvalidArgument:
        return
    assert url.raw_path == "/api/v1/tickets"
    assert dict(url.query) == query


@given(st.lists(st.tuples(st.text(max_size=9), st.text(max_size=9)), max_size=3))
def test_a_query_is_written_as_yarl_writes_it(query: list[tuple[str, str]]) -> None:
    try:
        url = join(BASE, ("tickets",), query)
    except InvalidArgument:
        return
    assert url.raw_query_string == BASE.with_query(query).raw_query_string


@pytest.mark.parametrize("pair", [("q", "\ud800"), ("\udfff", "q"), ("q", "a\0"), ("\0", "q")])
def test_a_query_that_has_no_utf8_form_or_a_nul_is_refused(pair: tuple[str, str]) -> None:
    with pytest.raises(InvalidArgument):
        join(BASE, ("tickets",), [pair])


def test_a_refusal_of_a_segment_does_not_repeat_it() -> None:
    with pytest.raises(InvalidArgument) as info:
        join(BASE, ("canary/x",))
    assert "canary" not in str(info.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "help.example.com",
        "ftp://help.example.com",
        "https://",
        "https:///api",
        "file:///etc/passwd",
        "https://help.example.com:99999",
        "https://help.example.com\\@evil.example",
        "http://help.example.com",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "https://user@help.example.com",
        "https://user:pw@help.example.com",
        "https://:pw@help.example.com",
        "https://]@",
        "https://help.example.com/?token=x",
        "https://help.example.com/#x",
    ],
)
def test_a_base_url_that_would_expose_credentials_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        base_url(text)


@pytest.mark.parametrize("text", [None, 5, b"https://help.example.com"])
def test_a_base_url_that_is_no_text_is_a_configuration_error(text: object) -> None:
    with pytest.raises(ConfigurationError):
        base_url(text)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://help.example.com", "https://help.example.com"),
        ("https://help.example.com/", "https://help.example.com"),
        ("https://help.example.com/api/v1//", "https://help.example.com/api/v1"),
        ("https://help.example.com/a%2Fb/", "https://help.example.com/a%2Fb"),
        ("https://help.example.com/a%252e/", "https://help.example.com/a%252e"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x"),
        ("http://127.3.2.1", "http://127.3.2.1"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_a_base_url_is_kept_without_its_last_slash(text: str, kept: str) -> None:
    assert str(base_url(text)) == kept


@pytest.mark.parametrize(
    "value", ["", " a", "a ", "a\r\nX: y", "a\nb", "a\0b", "a\tb", "tökén", "\u2028", "\x7f"]
)
def test_a_header_value_that_is_not_clean_is_refused(value: str) -> None:
    with pytest.raises(InvalidArgument):
        check_header("Authorization", value)


def test_a_refused_header_value_is_not_shown() -> None:
    with pytest.raises(InvalidArgument) as info:
        check_header("Authorization", "canary\n")
    assert "canary" not in str(info.value)


def test_a_clean_header_value_is_returned_as_it_is() -> None:
    assert check_header("Authorization", "Bearer a.b-c=") == "Bearer a.b-c="


def test_an_address_that_is_too_long_to_be_one_is_refused() -> None:
    long = "https://xn--" + "a" * 60_000 + ".example/"
    with pytest.raises(UnsafeURL):
        urls.file_url(long)
    assert urls.redirected(URL("https://desk.example/"), long) == URL()
