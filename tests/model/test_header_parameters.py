"""A parameter of a mail header is read in every form, and no text is too broken."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_bridge.model.encoded_words import decoded_words
from helpdesk_bridge.model.header_parameters import header_parameter

NO_CHARSETS = (
    *("unicode_escape", "unicode-escape", "raw_unicode_escape", "idna", "punycode", "undefined"),
    *("hex", "rot13", "zlib", "none-such", "\0"),
)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("attachment; filename=a.pdf", "a.pdf"),
        ('attachment; FileName = "a; b.pdf" ; x=y', "a; b.pdf"),
        (r'attachment; filename="a \"b\".pdf"', 'a "b".pdf'),
        ('x/y; other="z; filename=no"; filename=yes', "yes"),
        ('attachment; filename="=?utf-8?B?w6TDtg==?= =?utf-8?Q?=C3=BC?="', "äöü"),
        ("attachment; filename*=UTF-8'de'%C3%A4.pdf", "ä.pdf"),
        ("attachment; filename*0*=utf-8''%C3; filename*1*=%A4; filename*2=.pdf", "ä.pdf"),
        ("attachment; filename*1=b; filename*0=a", "ab"),
        ("attachment; filename=a.pdf; filename*=utf-8''b.pdf", "a.pdf"),
        ("attachment; filename=a.pdf; filename=b.pdf", "a.pdf"),
        ('attachment; filename="a.pdf', "a.pdf"),
        ("attachment; filename*=%41.pdf", "A.pdf"),
        ("attachment; filename*=UTF-8''it's%20me.pdf", "it's me.pdf"),
        ("attachment; filename*=utf-8''a'b'c.pdf", "a'b'c.pdf"),
        ("attachment; filename*=a'b.pdf", "a'b.pdf"),
        ("attachment; filename*0*=a'b; filename*1=c.pdf", "a'bc.pdf"),
        ("attachment (c; filename=evil.exe); filename=a.pdf", "a.pdf"),
        ("attachment; (c; (d) filename=evil.exe) filename=a.pdf", "a.pdf"),
        ('attachment; x="y" (c; filename=evil.exe)', ""),
        ("attachment; x=y (c; filename=evil.exe)", ""),
        ("attachment; filename=a (1; 2).pdf", "a (1; 2).pdf"),
        ("attachment; filename=a (1.pdf; x=y", "a (1.pdf"),
        (r'attachment; filename="C:\temp\a.pdf"', r"C:\temp\a.pdf"),
        (r'attachment; filename="C:\\temp\\a.pdf"', r"C:\temp\a.pdf"),
        ("attachment; filename=\"??.pdf\"; filename*=UTF-8''%C3%A4%C3%B6.pdf", "äö.pdf"),
        ("attachment; filename*=UTF-8''%C3%A4.pdf; filename=?.pdf", "ä.pdf"),
        ("attachment; filename==?utf-8?Q?=C3=A4.pdf?=; filename*=UTF-8''b.pdf", "ä.pdf"),
        ("attachment; filename=why?.pdf", "why?.pdf"),
        ("attachment; filename", ""),
        ("attachment; filename=", ""),
        ("filename=a.pdf", ""),
        ("", ""),
    ],
)
def test_a_parameter_is_read_in_every_form(header: str, name: str) -> None:
    assert header_parameter(header, "filename") == name


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('a; filename="=?utf-8?B?A?="', "=?utf-8?B?A?="),
        (f"a; filename*=idna''{'a' * 80}", "a" * 80),
        ("a; filename*=none-such''%41%FF", "%41%FF"),
        ("a; filename*=utf-8''%FF", "\ufffd"),
        ("a; filename*=utf-8''\ud800", "?"),
        (f"a; filename*{'9' * 5000}=x", ""),
    ],
)
def test_what_cannot_be_read_stays_as_it_is(header: str, name: str) -> None:
    assert header_parameter(header, "filename") == name


@pytest.mark.parametrize("charset", NO_CHARSETS)
def test_no_codec_runs_that_is_no_character_set(charset: str) -> None:
    assert decoded_words(f"=?{charset}?Q?=5Cx41?=") == f"=?{charset}?Q?=5Cx41?="
    assert header_parameter(f"a; filename*={charset}''%5Cx41", "filename") == "%5Cx41"


@given(st.text() | st.text("filename*=;\"\\'%=?utf-8Q01 ").map("a;filename".__add__))
@settings(max_examples=100, deadline=None)
def test_no_header_is_too_broken(header: str) -> None:
    assert isinstance(header_parameter(header, "filename"), str)


@pytest.mark.parametrize(
    "part",
    [
        '"',
        "\\",
        ";",
        '"\\',
        ';a="',
        ';a="\\"',
        ";filename*0=",
        "a=",
        "(",
        "()",
        "(()",
        ";a=(",
        "(;",
    ],
)
def test_a_hostile_header_does_not_hold_up_the_desk(part: str) -> None:
    header_parameter(";filename=" + part * 200_000, "filename")


@pytest.mark.parametrize(
    "value",
    ["filename*=utf-7''a%2B2D0-.pdf", 'filename="=?utf-7?Q?a+2D0-.pdf?="'],
)
def test_half_a_pair_in_utf_7_is_no_character(value: str) -> None:
    assert header_parameter(f"attachment; {value}", "filename") == "a\ufffd.pdf"
