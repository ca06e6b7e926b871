"""A picture is shown by any spelling of its Content-ID, and by nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_bridge.model.cids import cids_shown, normal_cid, with_cids


@pytest.mark.parametrize(
    "header",
    [
        "<Img1@Mail.example>",
        "img1@mail.example",
        ' <"img1"@mail.example>',
        '"<img1@mail.example>"',
        "<img1%40mail.example>",
        "<img1@\r\n mail.example>",
        "<cid:img1@mail.example>",
    ],
)
@pytest.mark.parametrize(
    "address",
    [
        '"cid:img1@mail.example"',
        "cid:img1@mail.example",
        "'CID:IMG1@mail.example'",
        '"cid:img1%40mail.example"',
        '"cid:img1%2540mail.example"',
        '"cid:<img1@mail.example>"',
        '"cid:%3Cimg1@mail.example%3E"',
        '"cid:&lt;img1&#64;mail.example&gt;"',
        '"&#99;id:img1&commat;mail.example"',
        '" cid: img1@mail.example\n"',
    ],
)
def test_a_picture_is_shown_by_any_spelling_of_its_id(header: str, address: str) -> None:
    assert cids_shown(f"<p>x<IMG alt=a SRC={address}>") == {normal_cid(header)}


@pytest.mark.parametrize(
    "markup",
    [
        '<img src="cid:img10">',
        '<img src="cid:xcid:img1">',
        "<p>cid:img1</p>",
        '<img src="x.png" alt="cid:img1">',
        '<a href="cid:img1">the picture</a>',
        '<!-- <img src="cid:img1"> -->',
        '<script>"<img src=cid:img1>"</script>',
        '<img src="https://a.example/cid:img1">',
        '<img src="acid:img1">',
        '<img src="x.png" src="cid:img1">',
        '<img data-src="cid:img1">',
        '<img src="cid:">',
        "",
    ],
)
def test_what_only_looks_like_a_picture_shows_none(markup: str) -> None:
    assert normal_cid("<img1>") not in cids_shown(markup)


@pytest.mark.parametrize(
    "markup",
    [
        '<td background="cid:img1">',
        "<p style=\"background: url('cid:img1') no-repeat\">",
        '<p style="background:url(&quot;cid:img1&quot;)">',
        '<p style="background:url(cid:img1)">',
        "<style>p { background: URL( 'cid:img1' ) }</style>",
        '<img srcset="x.png 1x, cid:img1 2x">',
        '<svg><image xlink:href="cid:img1"/></svg>',
        '<video poster="cid:img1">',
        '<v:imagedata src="cid:img1" o:title="x"/>',
        '<input type="image" src="cid:img1">',
    ],
)
def test_a_picture_is_shown_wherever_html_has_room_for_one(markup: str) -> None:
    assert cids_shown(markup) == {"img1"}


def test_of_several_pictures_each_is_told() -> None:
    markup = '<img src="cid:a"><img src="cid:B@x"><img src="cid:a">'
    assert cids_shown(markup) == {"a", "b@x"}


@pytest.mark.parametrize(
    ("markup", "new"),
    [
        ('<img src="cid:img1" alt=x>', '<img src="data:x" alt=x>'),
        ("<img src='CID:%69mg1'>", '<img src="data:x">'),
        ("<img src=cid:img1>", '<img src="data:x">'),
        ("<p style=\"background:url('cid:img1')\">", "<p style=\"background:url('data:x')\">"),
    ],
)
def test_a_picture_is_given_another_address(markup: str, new: str) -> None:
    assert with_cids(markup, {"<IMG1>": "data:x"}, quoted=True) == (new, {"img1"})


@pytest.mark.parametrize("mark", ['"', "'", ""])
def test_another_address_keeps_the_quotation_marks(mark: str) -> None:
    markup, new = (f"<img src={mark}{address}{mark} alt=a>" for address in ("cid:img1", "data:x"))
    assert with_cids(markup, {"img1": "data:x"})[0] == new


def test_only_what_shows_a_picture_is_given_another_address() -> None:
    markup = '<p>cid:img1 <img src="cid:img10"><img alt="cid:img1"></p>'
    assert with_cids(markup, {"img1": "data:x"}) == (markup, frozenset())


@given(
    st.lists(
        st.sampled_from(
            ['<img src="', "cid:", "<style>", "url(", "&lt;", "%25", "'", ">", "a", '"']
        )
    ).map("".join)
)
def test_no_markup_is_too_broken(markup: str) -> None:
    shown = cids_shown(markup)
    assert with_cids(markup, dict.fromkeys(shown, "x"))[1] == shown
