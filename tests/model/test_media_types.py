"""A packed file has the type of its packing, whatever is in it."""

from __future__ import annotations

import mimetypes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_bridge.model import Upload
from helpdesk_bridge.model.media_types import ANY_TYPE, is_packed, media_type_of


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("log.csv.gz", "application/gzip"),
        ("LOG.CSV.GZ", "application/gzip"),
        ("backup.tar.bz2", "application/x-bzip2"),
        ("backup.tgz", "application/gzip"),
        ("drawing.svgz", "application/gzip"),
        ("old.tar.Z", "application/x-compress"),
        ("dump.sql.xz", "application/x-xz"),
        ("page.html.br", ANY_TYPE),
        ("dump.zst", "application/zstd"),
        ("PHOTO.JPG", "image/jpeg"),
        ("a.b.c.pdf", "application/pdf"),
        ("README", ANY_TYPE),
        (".gz", ANY_TYPE),
        (".htaccess", ANY_TYPE),
        ("..gz", ANY_TYPE),
        ("gz", ANY_TYPE),
        ("a.", ANY_TYPE),
        ("data:,a", ANY_TYPE),
        ("data:text,a.pdf", "application/pdf"),
        ("https:a.txt", "text/plain"),
        ("why?.pdf", "application/pdf"),
        ("a#1.txt", "text/plain"),
    ],
)
def test_the_type_is_that_of_the_last_suffix(name: str, expected: str) -> None:
    assert (media_type_of(name), Upload(name, data=b"a").mime_type) == (expected, expected)


@given(st.text(), st.sampled_from(sorted(mimetypes.encodings_map)))
def test_no_packed_file_is_called_what_is_in_it(stem: str, suffix: str) -> None:
    name = f"{stem or 'a'}.csv{suffix}"
    assert media_type_of(name).startswith("application/")
    assert is_packed(name, None)


def test_a_type_given_by_the_caller_is_kept() -> None:
    assert Upload("log.csv.gz", "text/csv", b"a").mime_type == "text/csv"


@pytest.mark.parametrize(
    ("name", "mime_type", "expected"),
    [
        (None, None, False),
        ("a.csv", "text/csv", False),
        ("a.zip", "application/zip", False),
        ("a.csv.gz", "text/csv", True),
        (None, "application/x-gzip", True),
        ("a", "application/gzip", True),
        ("a.bin", ANY_TYPE, False),
    ],
)
def test_a_packed_file_is_known_by_its_name_or_its_type(
    name: str | None, mime_type: str | None, expected: bool
) -> None:
    assert is_packed(name, mime_type) is expected
