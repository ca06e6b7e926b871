"""A file name from a vendor becomes one that is safe to write."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_bridge.model import (
    Attachment,
)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\run.exe", "run.exe"),
        ("C:\\dir\\a.txt", "a.txt"),
        ("a:stream", "a_stream"),
        ('a<b>"|?*.txt', "a_b_____.txt"),
        ("\x00a\r\nb\x1b\x85.txt", "ab.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\u2028b\ud800.txt", "ab.txt"),
        ("e\u0301.txt", "é.txt"),
        (" .a. . ", "a"),
        ("com10.txt", "com10.txt"),
        *((empty, "attachment-a_b") for empty in (None, "", ".", "..", "a/", "\\", " . / .. ")),
        *(
            (device, f"attachment-a_b-{device}")
            for device in ("CON", "nul.txt", "aux.tar.gz", "com1", "LPT¹.x", "prn .txt", "conin$")
        ),
        ("co\u200bn.txt", "attachment-a_b-con.txt"),
        ("x" * 300 + ".txt", "x" * 251 + ".txt"),
        ("é" * 300 + ".pdf", "é" * 125 + ".pdf"),
        ("a." + "b" * 300, "a." + "b" * 253),
        ("a" * 254 + " b", "a" * 254),
    ],
)
def test_a_hostile_file_name_becomes_a_safe_one(name: str | None, safe: str) -> None:
    assert Attachment(id="a/b", name=name).safe_name == safe


@settings(deadline=None)
@given(st.text(min_size=1), st.one_of(st.none(), st.text(), st.text("./\\ con\0", max_size=9)))
def test_a_safe_name_is_always_one_name_that_fits(id_: str, name: str | None) -> None:
    safe = Attachment(id=id_, name=name).safe_name
    assert safe.strip(" .") == safe
    assert not set(safe) & set('/\\:\0<>|?*"')
    assert 0 < len(safe.encode()) <= 255
