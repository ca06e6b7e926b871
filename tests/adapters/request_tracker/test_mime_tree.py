"""Which parts of a mail are its words, by the shapes of trees that mail programs make."""

from __future__ import annotations

from typing import Any

import pytest
from helpdesk_bridge_request_tracker.mime_tree import (
    MOST_LEVELS,
    Layout,
    arranged,
    can_be_words,
    tree,
)
from helpdesk_bridge_request_tracker.parts import to_part

from helpdesk_bridge import kit
from tests.adapters.request_tracker.conftest import part_json
from tests.adapters.request_tracker.trees import TREE, html, image, part, plain, recorded


def laid_out(root: tuple[Any, ...]) -> Layout:
    rows, parents, bodies = recorded(root)
    roots = tree([to_part(row) for row in rows], parents)
    asked = {one.number for one in can_be_words(roots)}
    return arranged(roots, {number: body for number, body in bodies.items() if number in asked})


def files(layout: Layout) -> list[str]:
    return [node.part.filename or node.part.kind for node in layout.files]


ALTERNATIVE = part("multipart/alternative", plain("words"), html("<p>words</p>"))
PHISH = part("message/rfc822", html("<p>Your card number</p>"))
SHAPES = {
    "plain": (plain("words"), None, "words", []),
    "html": (html("<p>words</p>"), "<p>words</p>", None, []),
    "alternative": (ALTERNATIVE, "<p>words</p>", "words", []),
    "alternative, html first": (
        part("multipart/alternative", html("<p>words</p>"), plain("words")),
        "<p>words</p>",
        "words",
        [],
    ),
    "two forms in HTML": (
        part("multipart/alternative", plain("a"), html("<p>poor</p>"), html("<p>rich</p>")),
        "<p>rich</p>",
        "a",
        ["text/html"],
    ),
    "a meeting": (
        part("multipart/alternative", plain("a"), html("<p>a</p>"), part("text/calendar", "BEGIN")),
        "<p>a</p>",
        "a",
        ["text/calendar"],
    ),
    "nested in related and mixed": (
        part(
            TREE,
            part("multipart/related", ALTERNATIVE, image(Content_ID="<a>")),
            part("application/pdf", "PDF", name="a.pdf"),
        ),
        "<p>words</p>",
        "words",
        ["pic.png", "a.pdf"],
    ),
    "related in alternative": (
        part(
            "multipart/alternative",
            plain("words"),
            part("multipart/related", html("<p>words</p>"), image(Content_ID="<a>")),
        ),
        "<p>words</p>",
        "words",
        ["pic.png"],
    ),
    "a list's footer behind HTML": (
        part(TREE, html("<p>order 4711</p>"), plain("__\nlist")),
        "<p>order 4711</p>\n<p>__<br>list</p>",
        "order 4711\n__\nlist",
        [],
    ),
    "a list's footer behind both forms": (
        part(TREE, ALTERNATIVE, plain("__\nlist\n")),
        "<p>words</p>\n<p>__<br>list</p>",
        "words\n__\nlist",
        [],
    ),
    "a list's header": (
        part(TREE, plain("list says"), html("<p>order</p>")),
        "<p>list says</p>\n<p>order</p>",
        "list says\norder",
        [],
    ),
    "a picture between halves": (
        part(TREE, plain("first\n"), image(), plain("  second"), image("b.png")),
        None,
        "first\n  second",
        ["pic.png", "b.png"],
    ),
    "a picture between halves in HTML": (
        part(
            "multipart/alternative",
            plain("all"),
            part(TREE, html("<b>one</b>"), image(), html("<i>two</i>")),
        ),
        "<b>one</b>\n<i>two</i>",
        "all",
        ["pic.png"],
    ),
    "halves in HTML only, the first left open": (
        part(TREE, html("<p>one <!-- "), image(), html("<p>two</p>")),
        "<p>one <!-- \n<p>two</p>",
        "one <!--\ntwo",
        ["pic.png"],
    ),
    "an attached mail in HTML": (
        part(TREE, plain("Is it from you?"), PHISH),
        None,
        "Is it from you?",
        ["message/rfc822"],
    ),
    "nothing but an attached mail": (part(TREE, PHISH), None, None, ["message/rfc822"]),
    "an attached mail of two forms": (
        part(TREE, html("<p>see</p>"), part("message/rfc822", ALTERNATIVE)),
        "<p>see</p>",
        None,
        ["message/rfc822"],
    ),
    "a digest": (
        part("multipart/digest", PHISH, part("message/rfc822", plain("two"))),
        None,
        None,
        ["message/rfc822", "message/rfc822"],
    ),
    "signed": (
        part("multipart/signed", ALTERNATIVE, part("application/pgp-signature", "SIG", name="s")),
        "<p>words</p>",
        "words",
        ["s"],
    ),
    "a bounce": (
        part(
            "multipart/report",
            plain("could not be delivered"),
            part("message/delivery-status", "Action: failed"),
            part("text/rfc822-headers", "Subject: x"),
        ),
        None,
        "could not be delivered",
        ["message/delivery-status", "text/rfc822-headers"],
    ),
    "files of text": (
        part(TREE, plain("words"), plain("log", name="a.txt"), html("<p>page</p>", name="p.html")),
        None,
        "words",
        ["a.txt", "p.html"],
    ),
    "a text file without a name": (
        part(TREE, html("<p>a</p>"), plain("log", Content_Disposition="attachment")),
        "<p>a</p>",
        None,
        ["text/plain"],
    ),
    "a file of text before the words": (
        part(TREE, plain("log", name="a.txt"), html("<p>words</p>")),
        "<p>words</p>",
        None,
        ["a.txt"],
    ),
    "an empty plain form": (
        part("multipart/alternative", plain(" \n\xa0"), html("<p>words</p>")),
        "<p>words</p>",
        None,
        [],
    ),
    "an empty HTML form": (
        part("multipart/alternative", plain("words"), html("<html><body> </body></html>")),
        None,
        "words",
        [],
    ),
    "an HTML form of a picture only": (
        part("multipart/alternative", plain(""), html('<img src="cid:a">')),
        '<img src="cid:a">',
        None,
        [],
    ),
    "an empty text behind HTML": (
        part(TREE, html("<p>words</p>"), part("application/pdf", "PDF", name="a"), plain("\n")),
        "<p>words</p>",
        None,
        ["a"],
    ),
    "winmail": (
        part(TREE, plain("words"), part("application/ms-tnef", "x", name="winmail.dat")),
        None,
        "words",
        ["winmail.dat"],
    ),
    "a page within a page": (
        part("multipart/related", html("<p>a</p>"), html("<p>frame</p>", Content_ID="<f>")),
        "<p>a</p>",
        None,
        ["text/html"],
    ),
    "a root that is not the first": (
        part(
            "multipart/related",
            html("<p>frame</p>", Content_ID="<f>"),
            html("<p>a</p>", Content_ID="<r@x>"),
            Content_Type='multipart/related; boundary=B;\n start="<r@x>"',
        ),
        "<p>a</p>",
        None,
        ["text/html"],
    ),
    "an unknown multipart": (
        part("multipart/x-new", plain("one"), plain("two")),
        None,
        "one\ntwo",
        [],
    ),
    "nothing": (part(TREE), None, None, []),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_words_are_the_messages_own(shape: str) -> None:
    root, markup, text, names = SHAPES[shape]
    found = laid_out(root)
    assert (found.html, found.text, files(found)) == (markup, text, names)


def test_what_holds_parts_tells_no_size() -> None:
    mail, pdf = laid_out(part(TREE, PHISH, part("application/pdf", "PDF", name="a"))).files
    sizes = [node.part.to_attachment(frozenset(), holds=node.holds).size for node in (mail, pdf)]
    assert sizes == [None, 3]


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ('Content-Disposition: attachment; filename="offer.eml"', "offer.eml"),
        ('Content-Type: message/rfc822; name="offer.eml"', "offer.eml"),
        ('Content-Disposition: attachment;\n filename="offer.eml"', "offer.eml"),
        ("Content-Disposition: attachment; filename*=utf-8''%D0%B4.eml", "д.eml"),
        ('Content-Disposition: attachment; filename="=?utf-8?b?0LQ=?=.eml"', "д.eml"),
        ('Content-Disposition: attachment; filename="=?odd?b?0LQ=?=.eml"', "=?odd?b?0LQ=?=.eml"),
        ("", None),
    ],
)
def test_the_name_of_an_attached_mail_is_in_its_headers(headers: str, name: str | None) -> None:
    row = part_json(7, 99, ContentType="message/rfc822", Headers=headers)
    assert to_part(row).to_attachment(frozenset(), holds=True).name == name


@pytest.mark.parametrize(
    ("told", "shown", "inline"),
    [
        ("<img1>", "img1", True),
        ("<img1>", "img10", False),
        ("<Img1@Mail>", "img1@mail", True),
        ("img%401", "img@1", True),
        ("\n <img1>", "img1", True),
        ("<>", "", False),
    ],
)
def test_a_picture_is_inline_where_the_body_shows_it(told: str, shown: str, inline: bool) -> None:
    read = to_part(part_json(7, 99, ContentType="image/png", Headers=f"Content-ID: {told}\nX: y"))
    body = f'<img src="cid:{shown}">'
    assert read.to_attachment(kit.cids_shown(body)).inline is inline


def test_where_rt_tells_no_tree_the_first_of_each_kind_are_taken() -> None:
    rows, _, bodies = recorded(part(TREE, plain("words"), html("<p>words</p>"), plain("more")))
    found = arranged(tree([to_part(row) for row in rows], {}), bodies)
    assert (found.html, found.text, files(found)) == ("<p>words</p>", "words", ["text/plain"])


@pytest.mark.parametrize(
    "parents", [{"1": "2", "2": "1"}, {"1": "1"}, {"2": "9"}, {"1": "x"}, {"1": "9" * 5000}]
)
def test_holders_that_cannot_be_hide_nothing(parents: dict[str, str]) -> None:
    rows, _, bodies = recorded(part(TREE, plain("words")))
    roots = tree([to_part(row) for row in rows], parents)
    assert arranged(roots, bodies).text == "words"


def test_a_tree_without_a_bottom_is_read_to_a_depth() -> None:
    rows = [part_json(n, 99, ContentType=TREE) for n in range(1, 5000)] + [part_json(5000, 99)]
    parents = {str(n + 1): str(n) for n in range(1, 5000)}
    found = arranged(tree([to_part(row) for row in rows], parents), {"5000": "<p>deep</p>"})
    assert MOST_LEVELS < 5000
    assert (found.html, files(found)) == (None, ["text/html"])


FOOTER = "-- list footer"
ORDER = "<p>Please cancel my order</p>"


@pytest.mark.parametrize(
    "unseen", ["\u200b", "\ufeff", "\ufeff \r\n", "\u200e\u2060", "\xad", "\xa0\u200d\x00"]
)
def test_a_form_of_signs_that_nobody_sees_hides_no_other(unseen: str) -> None:
    for forms in (
        [plain(unseen), html(ORDER)],
        [plain("Please cancel my order"), html(f"<p>{unseen}</p>")],
        [plain("Please cancel my order"), html(f"<div><!-- x --><b>{unseen}</b></div>")],
    ):
        layout = laid_out(
            part("multipart/mixed", part("multipart/alternative", *forms), plain(FOOTER))
        )
        words = (layout.html or "") + (layout.text or "")
        assert "Please cancel my order" in words
        assert FOOTER in words
        assert "Please cancel my order" in (layout.text or "")


@pytest.mark.parametrize(
    "announced",
    [
        'type="text/html"',
        'type="Text/HTML"; start="<>"',
        "start=root@x",
        'type="text/html"; start="<ROOT%40X>"',
        'start="<nobody@x>"',
        'start="<a>"; type=application/xml',
        'start-info="<a>"',
        "boundary=B",
    ],
)
def test_the_words_of_a_picture_with_words_are_found_where_the_picture_comes_first(
    announced: str,
) -> None:
    words = html("<p>words</p>", Content_ID="<Root@X>")
    related = f"multipart/related; {announced}"
    root = part("multipart/related", image(Content_ID="<a>"), words, Content_Type=related)
    assert (laid_out(root).html, files(laid_out(root))) == ("<p>words</p>", ["pic.png"])


def test_of_two_texts_beside_a_picture_the_announced_one_shows_it() -> None:
    two = plain("sheet", Content_ID="<s>"), html("<p>words</p>", Content_ID="<w>")
    related = 'multipart/related; type="text/html"'
    root = part("multipart/related", image(Content_ID="<a>"), *two, Content_Type=related)
    layout = laid_out(root)
    assert (layout.html, files(layout)) == ("<p>words</p>", ["pic.png", "text/plain"])
