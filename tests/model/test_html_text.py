"""HTML reads as a person would read it, whatever its state, and text shows as HTML."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from helpdesk_bridge.model import html_text
from helpdesk_bridge.model.html_text import (
    html_to_text,
    is_blank,
    shows_something,
    text_to_html,
)


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
        "<html><head><title/></head><body>yes",
        "<title />yes<title/>",
        "<title/>no</title>yes",
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
        ("<p>a</p><p>&nbsp;</p><p>&nbsp;</p><p>b</p>", "a\n\n\nb"),
        ("<p>a</p><p><br></p><p>b</p>", "a\n\nb"),
        ("<p>a</p><p>&#160;</p><p>b</p><p> <br></p>", "a\n\nb"),
        ("a<br><br><br>b", "a\n\n\nb"),
        ("<p>a<br><br></p><p>b</p>", "a\n\n\nb"),
        ("<pre>\n\na \n</pre>", "\na "),
        ("<pre>a&nbsp;\t<b>b</b> c\r\n</pre>", "a \tb c"),
        ("<pre>\n <b>\n</b>a</pre>", " \na"),
        ("<p>&nbsp; a&nbsp;&nbsp; b&nbsp;</p>", "  a   b "),
        ("a \xa0b&nbsp c&#160;d&#xA0;e", "a  b  c\xa0d\xa0e"),
        ("<center>a</center>b<table><caption>c</caption><td>d<th>e</table>", "a\nb\nc\nd e"),
    ],
)
def test_lines_and_paragraphs_stay_apart_as_they_look(markup: str, text: str) -> None:
    assert html_to_text(markup) == text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<ul><li>a</li><li>b</li></ul>c", "- a\n- b\nc"),
        ("<ul><li>a<ol><li>b</ol><li> c</ul>", "- a\n1. b\n- c"),
        ("<ul><li><p>a</p></li><li><p>b</p></li></ul>", "- a\n\n- b"),
        ("<ul><li></li></ul>a", "a"),
    ],
)
def test_the_items_of_a_list_begin_with_a_dash(markup: str, text: str) -> None:
    assert html_to_text(markup) == text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<ol><li>stop</li><li>start</li></ol>", "1. stop\n2. start"),
        ('<ol start="5"><li>a<li>b</ol>', "5. a\n6. b"),
        ('<ol start=" -1x"><li>a</ol><ol start=x><li>b</ol>', "-1. a\n1. b"),
        ('<ol><li>a<li value="7">b<li>c</ol>', "1. a\n7. b\n8. c"),
        ("<ol><li>a<ol><li>b<li>c</ol><li>d</ol>", "1. a\n1. b\n2. c\n2. d"),
        ("<ol><li>a<ul><li>b</ul><li></li><li>c</ol>", "1. a\n- b\n3. c"),
        ("<ol reversed><li>a</ol><li>b</ol></ul><ol><li>c", "- a\n- b\n1. c"),
        (f"<ol start={'9' * 5000}><li>a</ol>", "1. a"),
        ("<ol type=a><li>x<li>y</ol><ol type=A start=27><li>z</ol>", "a. x\nb. y\nAA. z"),
        (
            "<ol type=I start=4><li>x<li>y</ol><ol type=i start=1994><li>z",
            "IV. x\nV. y\nmcmxciv. z",
        ),
        ("<ol style='list-style-type: lower-alpha'><li>x</ol>", "a. x"),
        ("<ol type=I style='color:red;LIST-STYLE:inside Upper-Latin'><li>x", "A. x"),
        ("<ol><li style='list-style-type:lower-roman'>x<li type=A>y<li>z", "i. x\nB. y\n3. z"),
        ("<ol style='list-style:none'><li>x<li>y</ol><ol><li>z", "x\ny\n1. z"),
        ("<ol style='list-style-type:disc'><li>x</ol>", "- x"),
        ("<ol type=a start=0><li>x<li>y</ol><ol type=i start=4000><li>z", "0. x\na. y\n4000. z"),
        ("<ol type=a><li>x<ol type=i><li>y</ol><li>z</ol>", "a. x\ni. y\nb. z"),
        ("<ol type=x style='list-style-type:x'><li>x</ol><ul type=a><li>y</ul>", "1. x\n- y"),
    ],
)
def test_the_items_of_an_ordered_list_have_their_numbers(markup: str, text: str) -> None:
    assert html_to_text(markup) == text


KEPT = '<p style="white-space: pre-wrap">'


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        (f"{KEPT}Dear Li,\n\n  disk  93%\nBye</p>", "Dear Li,\n\n  disk  93%\nBye"),
        *(
            (
                f'<div style="color:red;White-Space : {word}!important">a\n b</div>c\n d',
                "a\n b\nc d",
            )
            for word in ("pre", "PRE-WRAP", "pre-line", "break-spaces")
        ),
        ('<div style="white-space:pre">a\n<b>b\n</b><i>c</i></div>\nd', "a\nb\nc\nd"),
        ('<pre>a\n<p style="white-space:normal">b\nc</p>d\ne</pre>', "a\n\nb c\n\nd\ne"),
        ('<span style="white-space:pre">a\n<span>b</span>\nc</span>\nd', "a\nb\nc d"),
        ('<div style="white-space:pre"><p style="white-space:inherit">a\nb', "a\nb"),
        ('<p style="white-space:nowrap">a\nb', "a b"),
        ('<p style="x-white-space:pre" title="white-space:pre">a\nb', "a b"),
        (f"{KEPT}a\nb<p>c\nd", "a\nb\n\nc d"),
        ('<li style="white-space:pre">a\nb<li>c\nd', "- a\nb\n- c d"),
        ('<div><b style="white-space:pre">a\nb</div>c\nd', "a\nb\nc d"),
        ('<td style="white-space:pre">a\nb<td>c\nd<tr><td>e\nf', "a\nb c d\ne f"),
        (
            '<table style="white-space:pre">\n<tr>\n<td>a\nb</td>\n</tr>\n</table>c\nd',
            "a\nb\nc d",
        ),
        ("</div></p><pre>a\n</b></i>b</pre></pre>c\nd", "a\nb\nc d"),
    ],
)
def test_a_style_keeps_blanks_as_preformatted_words_do(markup: str, text: str) -> None:
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
        ('<a href="mailto:b@a.example">b</a>', "b (mailto:b@a.example)"),
        ('<a href="MAILTO:B%40a.example?subject=x">b@a.example</a>', "b@a.example"),
        ('<a href="tel:+49-30-12">call</a>', "call (tel:+49-30-12)"),
        ('<a href="tel:+493012;ext=1">+49 (30) 12</a>', "+49 (30) 12"),
        ('<a href="ftp://c.example/a">b</a>', "b (ftp://c.example/a)"),
        ('<a href="//c.example/a">b</a>', "b (//c.example/a)"),
        ('<a href="//c.example/a">c.example/a</a>', "c.example/a"),
        ('<a href="//c.example/a">https://c.example/a</a>', "https://c.example/a"),
        (
            r'<a href="file://server/share/x.pdf">a</a> <a href="sip:b@c">d</a>',
            "a (file://server/share/x.pdf) d (sip:b@c)",
        ),
        ('<a href="callto:x">a</a> <a href="WhatsApp://y">b</a>', "a (callto:x) b (WhatsApp://y)"),
        ('<a href="javascript:x()">a</a> <a href="data:x,y">b</a> <a href="CID:x">c</a>', "a b c"),
        ('<a href="about:blank">a</a> <a href="VBScript:x">b</a> <a href="http://">c</a>', "a b c"),
        ('<a href="mailto:">b</a> <a href="/c">d</a> <a href="#e">f</a>', "b d f"),
        ("<a>b</a></a>", "b"),
        ('<a title="href=https://x.example">b</a>', "b"),
        ('<a href="https://a.example/\nb\t">c', "c (https://a.example/b)"),
        ('<img alt="a\n  b">', "a b"),
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


_ADDRESS = "https://shop.example/o?id=7&copy=2&reg=3&para4&lt=5&not=6&amp=7&sect"


@pytest.mark.parametrize("quote", ['"', "'", ""])
def test_a_link_keeps_what_only_looks_like_a_reference(quote: str) -> None:
    markup = f"<a href={quote}{_ADDRESS[:-5]}{quote}>b</a>"
    assert html_to_text(markup) == f"b ({_ADDRESS[:-5]})"
    assert html_to_text(f"<img alt={quote}{_ADDRESS[:-5]}{quote}>") == _ADDRESS[:-5]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("?a=1&amp;copy=2", "?a=1&copy=2"),
        ("?a=1&amp;amp;copy=2", "?a=1&amp;copy=2"),
        ("?a=1&copy;=2", "?a=1\u00a9=2"),
        ("?a=1&copy", "?a=1\u00a9"),
        ("?a=1&copy/2", "?a=1\u00a9/2"),
        ("?a=1&copyright=2", "?a=1&copyright=2"),
        ("?a=1&notit;=2", "?a=1&notit;=2"),
        ("?a=1&notin;=2", "?a=1\u2209=2"),
        ("?a=1&ampb=2", "?a=1&ampb=2"),
        ("?a=1&amp", "?a=1&"),
        ("?a=1&b&=&&c", "?a=1&b&=&&c"),
        ("?a=&#49;&#x32&#0051;&#X34;5", "?a=12345"),
        ("?a=1&#;&#x;&#xg", "?a=1&#;&#x;&#xg"),
        ("?a=1&copy\u00e9", "?a=1\u00a9\u00e9"),
    ],
)
def test_references_in_a_link_are_read_as_browsers_do(written: str, read: str) -> None:
    assert (
        html_to_text(f'<a href="http://a.example{written}">b</a>') == f"b (http://a.example{read})"
    )


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a&copy=2 &notit; &copyright", "a\u00a9=2 \u00acit; \u00a9right"),
        ("&#0;&#128;&#55296;&#" + "0" * 5000 + "65;&#x" + "f" * 5000, "\ufffd\u20ac\ufffdA\ufffd"),
    ],
)
def test_references_in_words_are_read_as_browsers_do(written: str, read: str) -> None:
    assert html_to_text(written) == read


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
    assert isinstance(html_to_text(markup), str)
    assert isinstance(shows_something(markup), bool)


HOSTILE = (
    *('<b style="white-space:pre">', "<p><div>", "<ol><li>", "<title/>", "<td>a", "</p>"),
    *("<table>\n<p></table>", '<p style="white-space:', "<pre></b>"),
)


@pytest.mark.parametrize(
    "part", [*HOSTILE, "<a ", '<a href="', '<a href=">" ', "<!--x>", "<![a ", "</a", "&#"]
)
def test_hostile_markup_does_not_hold_up_the_desk(part: str) -> None:
    assert isinstance(html_to_text(part * 60_000), str)


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("a\nb", "<p>a<br>b</p>"),
        ("a\r\n\r\nb\rc", "<p>a</p><p>b<br>c</p>"),
        ("\n\na\n\n\n\nb\n", "<p><br><br>a</p><p><br><br>b<br><br></p>"),
        ("  a   b ", "<p>&nbsp;&nbsp;a&nbsp;&nbsp; b&nbsp;</p>"),
        ("a\xa0b", "<p>a&#160;b</p>"),
        ("abcdefg\t\tb", f"<p>abcdefg&#9;&#9;{'&nbsp;' * 8}b</p>"),
        ("abcdef\tb", "<p>abcdef&#9;&nbsp;b</p>"),
        ("", "<p></p>"),
        ('<b> & "c"', '<p>&lt;b&gt; &amp; "c"</p>'),
    ],
)
def test_text_shows_as_html(text: str, markup: str) -> None:
    assert text_to_html(text) == markup


_TEXTS = st.one_of(
    st.text(),
    st.text(" \t\n\r\f\xa0ab<>&-;\u3000"),
    st.lists(st.sampled_from(["a", " ", "  ", "\t", "\n", "\xa0", "&nbsp;", "<p>", "x" * 7])).map(
        "".join
    ),
)


@settings(deadline=None)
@given(_TEXTS)
def test_every_text_comes_back_from_its_html(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    assert html_to_text(text_to_html(text)) == lines


@settings(deadline=None)
@example("aaaaaaa\t\ta")
@given(st.text("ab \t\n", max_size=40).filter(str.strip))
def test_a_browser_shows_every_text_with_its_columns(text: str) -> None:
    markup = text_to_html(text).replace("</p><p>", "<br><br>")
    markup = re.sub("^<p>|(?:<br>)?</p>$", "", markup)  # the last one makes no line
    lines = [re.sub("[ \t]+", " ", html.unescape(line)).strip(" ") for line in markup.split("<br>")]
    shown = [line.replace("\xa0", " ").rstrip() for line in lines]
    expected = [line.expandtabs(8).rstrip() for line in text.split("\n")]
    assert shown == expected


def test_a_vendor_that_writes_the_characters_anew_keeps_the_columns() -> None:
    markup = html.unescape(text_to_html("a\tb\n    c   d"))
    assert html_to_text(markup) == "a       b\n    c   d"


@pytest.mark.parametrize(
    "markup",
    ["", " \n", "<p></p>", "<p>&nbsp;</p>", "<br><br/>", "<div>&#8203;&zwnj;\ufeff</div>",
     "<title>a</title>", "<style>a</style>", "<!-- a -->", "<hr>", "&#160;\u3000"],
)  # fmt: skip
def test_markup_without_words_shows_nothing(markup: str) -> None:
    assert not shows_something(markup)
    assert is_blank(html_to_text(markup))


@pytest.mark.parametrize(
    "markup",
    [
        "a",
        "<p>.</p>",
        '<img src="cid:a">',
        "<svg></svg>",
        "<p></p><b>&copy;</b>",
        "<",
        "<html><head><title/></head><body>a",
    ],
)
def test_markup_with_a_word_or_a_picture_shows_something(markup: str) -> None:
    assert shows_something(markup)


@pytest.mark.parametrize(
    "markup", ["Hi", "<p>Hi</p>", " \n<DIV><br/>\n<b>4711 <i>", "<html><body>x"]
)
def test_a_page_that_begins_with_a_word_is_not_read_to_its_end(
    markup: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(html_text, "pieces", None)
    assert shows_something(markup)


@pytest.mark.parametrize(
    "markup", ["<p><title>a</title>", "<p><template>a</template></p>", "<p><!-- a -->", "<div <p>"]
)
def test_a_page_that_begins_like_one_with_a_word_may_show_nothing(markup: str) -> None:
    assert not shows_something(markup)
