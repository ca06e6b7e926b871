"""HTML reads as a person would read it, whatever its state, and text shows as HTML."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_bridge.model.html_text import html_to_text, text_to_html


@pytest.mark.parametrize(
    "markup",
    [
        "<script>alert('no')</script>yes",
        "<SCRIPT type=x>if (a<b) no</SCRIPT >yes",
        "<style>.no {}</style>yes",
        "<template><p>no<img alt=no></template>yes",
        "<head><title>no</title></head>yes",
        "<head><title>no</title><body>yes",
        "<!-- no > no -->yes",
        "<!-->yes",
        '<?xml no?><!DOCTYPE no>yes<script a=">">no',
        "yes<!-- no <b>no",
        "yes<title>no<b>no",
    ],
)
def test_what_a_browser_does_not_show_is_not_read(markup: str) -> None:
    assert html_to_text(markup) == "yes"


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("<p>a</p>\n\n\n<p>b</p>", "a\n\nb"),
        ("<div>a</div><div>b</div>", "a\nb"),
        ("<div>a</div>\n  <div>b</div>", "a\nb"),
        ("<div>a</div><div><br></div><div>b</div>", "a\n\nb"),
        ("<p>a<br></p><p>b</p>", "a\n\nb"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("a\n  b <b> c</b>", "a b c"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<pre>a\n  b\n\n\tc</pre>d", "a\n  b\n\n\tc\nd"),
        ("<p>&nbsp;</p>a", "a"),
    ],
)
def test_lines_and_paragraphs_stay_apart_as_they_look(markup: str, text: str) -> None:
    assert html_to_text(markup) == text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<ul><li>a</li><li>b</li></ul>c", "- a\n- b\nc"),
        ("<ul><li>a<ol><li>b</ol><li> c</ul>", "- a\n- b\n- c"),
        ("<ul><li><p>a</p></li><li><p>b</p></li></ul>", "- a\n\n- b"),
        ("<ul><li></li></ul>a", "a"),
    ],
)
def test_the_items_of_a_list_begin_with_a_dash(markup: str, text: str) -> None:
    assert html_to_text(markup) == text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ('<a href="https://a.example">b</a>', "b (https://a.example)"),
        ("<a class=x href = 'HTTPS://a.example'>b</a>", "b (HTTPS://a.example)"),
        ("<a href=http://a.example>b</a>", "b (http://a.example)"),
        ('<a href="https://a.example?b=1&amp;c=2">d</a>', "d (https://a.example?b=1&c=2)"),
        ('<a href="https://a.example"><b>https://a.example</b></a>', "https://a.example"),
        ('<a href="javascript:alert(1)">b</a>', "b"),
        ('<a href="mailto:b@a.example">b</a>', "b"),
        ("<a>b</a></a>", "b"),
        ('<a title="href=https://x.example">b</a>', "b"),
        ('<img alt="a logo" src=x>', "a logo"),
        ("a<img src=x>b", "ab"),
    ],
)
def test_a_link_keeps_its_target_and_an_image_its_words(markup: str, text: str) -> None:
    assert html_to_text(markup) == text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("&lt;b&gt; &amp; &#x41;&eacute;&nbsp;&#8364;", "<b> & Aé €"),
        ("&amp;lt;", "&lt;"),
        ("&#" + "9" * 5000 + ";", "\ufffd"),
        ("a & b &", "a & b &"),
    ],
)
def test_entities_are_read_once(markup: str, text: str) -> None:
    assert html_to_text(markup) == text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("", ""),
        ("a < b, c > d", "a < b, c > d"),
        ("a <b", "a <b"),
        ("<p>open <b>bold", "open bold"),
        ("</p></div>a</ul>", "a"),
        ("<![<![a", "<![<![a"),
        ("a<![if !mso]>b<![endif]>", "ab"),
        ("<p title='a>b'>c", "c"),
        ("<p it's>c", "c"),
        ('<p title="never closed>a</p>b', "a\n\nb"),
        ("<scripts>a</scripts>", "a"),
        ("</pre></template>a  b", "a b"),
    ],
)
def test_broken_markup_still_reads(markup: str, text: str) -> None:
    assert html_to_text(markup) == text


@settings(deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from([*"<>/&;\"'=! -\n", "<p", "<a href=", "<li>", "</", "<!--", "&#"]),
            st.sampled_from(["<script", "<pre>", "<br>", "<template>", "<![", "<td>", "<img alt="]),
            st.text(max_size=3),
        )
    ).map("".join)
)
def test_no_markup_is_too_broken(markup: str) -> None:
    assert "\n\n\n" not in html_to_text(markup)


@pytest.mark.parametrize(
    "part", ["<a ", '<a href="', '<a href=">" ', "<!--x>", "<![a ", "</a", "&#"]
)
def test_hostile_markup_does_not_hold_up_the_desk(part: str) -> None:
    assert isinstance(html_to_text(part * 60_000), str)


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("a\nb", "<p>a<br>b</p>"),
        ("a\r\n\r\nb\rc", "<p>a</p><p>b<br>c</p>"),
        ("\n\na\n\n\n\nb\n", "<p>a</p><p>b</p>"),
        ('<b> & "c"', '<p>&lt;b&gt; &amp; "c"</p>'),
    ],
)
def test_text_shows_as_html(text: str, markup: str) -> None:
    assert text_to_html(text) == markup


@settings(deadline=None)
@given(st.text("ab<>&\"' é", min_size=1).filter(lambda t: " ".join(t.split()) == t))
def test_a_line_of_text_comes_back_from_its_html(text: str) -> None:
    assert html_to_text(text_to_html(text)) == text
