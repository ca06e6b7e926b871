"""Judge by its first bytes whether a body is the file that was asked for: pure functions."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping

from helpdesk_bridge.errors import HelpdeskError, ProtocolError, Reason
from helpdesk_bridge.transport.download import (
    HTML,
    NO_TYPE,
    Announced,
    bare,
    expected,
    is_attached,
    page_instead,
)

__all__ = ["judged"]

_MARKUP = (b"<!doctype html", b"<html")
_MOST_HELD = 4096
"""How many bytes are held back to see how a body begins: as many may be blank before a page."""

_SIGNATURE = re.compile(
    rb"%PDF|PK[\x03\x05\x07]|\x89PNG|GIF8|RIFF|BM.{4}\0{4}|II\*\0|MM\0\*|.{4}ftyp|ID3|OggS|fLaC|#!AMR"
    rb"|\xff(?:\xd8|[\xe2-\xfb])|\x1aE\xdf\xa3|\0\0\x01[\xb3\xba]|0&\xb2u"
    rb"|\x1f[\x8b\x9d]|BZh|\xfd7zXZ|]\0\0|\x28\xb5\x2f\xfd|7z\xbc\xaf|Rar!|\xd0\xcf\x11\xe0",
    re.DOTALL,
)
"""How binary files begin, as no text does."""
_SIGNED = 16
"""Within how many bytes a signature is seen."""
_ARCHIVE = re.compile(r"application/(?:x-)?g?tar")
_MEMBER = re.compile(rb"[^\0]{1,107}\0")
"""How a tar archive begins: by the name of its first member, which may look like markup. Behind
100 letters the mode of the file stands, which ends in a zero, too."""
_LONGEST_MEMBER = 108

_CODINGS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BLANKS = " \t\r\n\f\v"
_OBJECT = re.compile(r'\{\s*+["}]')
"""How a JSON object begins."""


def judged(
    begun: bytes,
    headers: Mapping[str, str],
    announced: Announced | None,
    *,
    whole: bool,
    doubt: HelpdeskError | None = None,
) -> HelpdeskError | bool:
    """Judge a body by how it begins, where a file was announced without its size.

    Where a size was announced it is left to that; only where the headers call a text a page it must
    not begin as one. No file of a binary kind, such as a PDF, an image or an archive, is empty or
    begins as markup or JSON do, whatever its ``Content-Type`` says. Of another kind only a web page
    without a type is told, where none was announced: by the name of a text, or by sending it to be
    saved under a name of Microsoft's older Office.

    Args:
        begun: the first bytes of the body.
        headers: those of the answer.
        announced: what the vendor told of the file; None: the caller knows nothing of it.
        whole: whether ``begun`` is all of the body.
        doubt: the error for what does not begin as a binary file does, or as a text of a known
            size; None: the headers fit.

    Returns:
        The error for what is not the file; True for what may be; False: more bytes must be seen,
        which is never said of a whole body.
    """
    if doubt is not None:
        is_text = announced is not None and announced.is_sized_text
        return (_as_sized_text if is_text else _signed)(begun, doubt, whole=whole)
    if announced is None or announced.size is not None:
        return True
    if announced.is_binary:
        return _as_binary(begun, announced, whole=whole)
    if bare(headers.get("Content-Type")) not in NO_TYPE or announced.is_text:
        return True
    if any(kind in HTML or kind.startswith("text/") for kind in announced.types):
        return True
    if announced.is_office and is_attached(headers):
        return True
    page = _begins_page(begun)
    return page_instead(announced) if page else page is False or whole


def _signed(begun: bytes, doubt: HelpdeskError, *, whole: bool) -> HelpdeskError | bool:
    """Return True for what begins as a binary file, be it behind blanks, or else ``doubt``."""
    told = begun.lstrip(_BLANKS.encode() + codecs.BOM_UTF8)
    if _SIGNATURE.match(told):
        return True
    return doubt if whole or len(told) >= _SIGNED or len(begun) > _MOST_HELD else False


def _as_sized_text(begun: bytes, doubt: HelpdeskError, *, whole: bool) -> HelpdeskError | bool:
    """Return True for a text that begins with words or is blank, and ``doubt`` for markup."""
    text = _as_text(begun[:_MOST_HELD]).lstrip(_BLANKS)
    if text:
        return doubt if text.startswith("<") else True
    return whole or (doubt if len(begun) > _MOST_HELD else False)


def _as_binary(begun: bytes, announced: Announced, *, whole: bool) -> HelpdeskError | bool:
    if all(map(_ARCHIVE.fullmatch, announced.types)):
        if _MEMBER.match(begun):
            return True
        if len(begun) < _LONGEST_MEMBER and not whole:
            return False
    text = _as_text(begun[:_MOST_HELD]).lstrip(_BLANKS)
    sure = whole or len(begun) > _MOST_HELD
    if text.startswith("<"):
        page = _begins_page(text.encode())
        if page is None and not sure:
            return False
        return page_instead(announced) if page else _other("markup", announced)
    if _OBJECT.match(text):
        return _other("JSON", announced)
    if text.rstrip(_BLANKS) in ("", "{"):
        return _other("an answer without content", announced) if sure else False
    return True


def _as_text(begun: bytes) -> str:
    """Return bytes as text, by their byte order mark; one is not recognised before it is whole."""
    for mark, coding in _CODINGS:
        if begun.startswith(mark):
            return begun[len(mark) :].decode(coding, "ignore")
        if mark.startswith(begun):
            return ""
    return begun.decode("latin-1")


def _begins_page(begun: bytes) -> bool | None:
    """Say whether bytes begin as a web page; None: more of them must be seen."""
    held = len(begun)
    begun = begun.removeprefix(codecs.BOM_UTF8).lstrip()[:_MOST_HELD]
    begun = b" ".join(re.split(rb"\s++", begun.lower(), maxsplit=2))
    if begun.startswith(_MARKUP):
        return True
    if held > _MOST_HELD:
        return False
    return None if any(mark.startswith(begun) for mark in _MARKUP) else False


def _other(what: str, announced: Announced) -> HelpdeskError:
    return ProtocolError(
        f"{what} came in place of the file{expected(announced)}: a login page, a proxy or an error."
        " Check whether the credentials may read files.",
        reason=Reason.NOT_THE_FILE,
    )
