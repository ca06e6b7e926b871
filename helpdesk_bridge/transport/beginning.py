"""Judge by its first bytes whether a body is the file that was asked for: pure functions."""

from __future__ import annotations

import codecs
import re

from helpdesk_bridge.errors import HelpdeskError, ProtocolError, Reason
from helpdesk_bridge.transport.download import (
    HTML,
    NO_TYPE,
    Announced,
    bare,
    expected,
    page_instead,
)

__all__ = ["judged"]

_MARKUP = (b"<!doctype html", b"<html")
_MOST_HELD = 4096
"""How many bytes are held back to see how a body begins: as many may be blank before a page."""

_BINARY = re.compile(
    r"image/(?:png|p?jpe?g|gif|webp|bmp|tiff|hei[cf]|avif)"
    r"|audio/(?:mpeg|mp4|ogg|(?:x-)?wav|aac|flac|amr|webm|x-m4a)"
    r"|video/(?:mp4|mpeg|ogg|quicktime|webm|3gpp|x-(?:msvideo|matroska|ms-wmv))"
    r"|application/(?:(?:x-)?(?:pdf|zip|gzip|bzip2?|xz|lzma|tar|tgz|gtar|compress)|zstd|epub\+zip"
    r"|x-(?:zip|7z|rar)-compressed|vnd\.(?:rar|ms-outlook)|java-archive"
    r"|vnd\.openxmlformats-.*|vnd\.oasis\.opendocument\.(?!.*-flat-xml).*)"
)
"""Kinds of files that never begin as text does. Not among them are the older ones of Microsoft's
Office: many a program writes a page into a ``.xls`` or ``.doc``."""

_CODINGS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BLANKS = " \t\r\n\f\v"
_OBJECT = re.compile(r'\{\s*+["}]')
"""How a JSON object begins."""


def judged(
    begun: bytes, content_type: str | None, announced: Announced | None, *, whole: bool
) -> HelpdeskError | bool:
    """Judge a body by how it begins, where a file was announced without its size.

    Where a size was announced it is left to that. No file of a binary kind, such as a PDF, an image
    or an archive, is empty or begins as markup or JSON do, whatever its ``Content-Type`` says. Of
    another kind only a web page without a type is told, where none was announced.

    Args:
        begun: the first bytes of the body.
        content_type: that of the answer; None: it has none.
        announced: what the vendor told of the file; None: the caller knows nothing of it.
        whole: whether ``begun`` is all of the body.

    Returns:
        The error for what is not the file; True for what may be; False: more bytes must be seen,
        which is never said of a whole body.
    """
    if announced is None or announced.size is not None:
        return True
    if _is_binary(announced):
        return _as_binary(begun, announced, whole=whole)
    if bare(content_type) not in NO_TYPE:
        return True
    if any(kind in HTML or kind.startswith("text/") for kind in announced.types):
        return True
    page = _begins_page(begun)
    return page_instead(announced) if page else page is False or whole


def _is_binary(announced: Announced) -> bool:
    return bool(announced.types) and all(map(_BINARY.fullmatch, announced.types))


def _as_binary(begun: bytes, announced: Announced, *, whole: bool) -> HelpdeskError | bool:
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
