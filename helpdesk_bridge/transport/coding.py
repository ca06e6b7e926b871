"""Which content coding an answer's body has: a pure function of its ``Content-Encoding``."""

from __future__ import annotations

from collections.abc import Iterable

from helpdesk_bridge.errors import ProtocolError, Reason

__all__ = ["is_packed"]

_GZIP = ("gzip", "x-gzip")
"""What is asked for, and its older name (RFC 9110, section 8.4.1.3)."""
_OTHERS = (
    *("br", "compress", "dcb", "dcz", "deflate", "exi", "pack200-gzip", "x-compress", "zstd"),
    # not of the registry, but seen
    *("bzip2", "x-bzip2", "lzma", "xz", "x-xz", "x-deflate", "x-br", "lz4", "snappy"),
)
"""The codings that are not asked for: all others of IANA's registry, and the usual ones beside it.
An error names them."""


def is_packed(encodings: Iterable[str]) -> bool:
    """Say whether a body has to be unpacked by gzip.

    A word that is no coding (``utf-8``, ``binary``, ``aws-chunked``, ``en``, empty) says nothing
    about the bytes: they are plain, as browsers and curl read them. Parameters (``gzip;q=1``) are
    passed over. A coding that was not asked for is ProtocolError. So is ``gzip`` twice: what is
    packed twice was packed once by mistake, and which of the two is meant is not known.

    ``encodings`` are the values of all ``Content-Encoding`` headers of the answer, each of which
    may be a list.
    """
    words = [
        word.partition(";")[0].strip(" \t\"'").lower()
        for text in encodings
        for word in text.split(",")
    ]
    codings = [word for word in words if word in _GZIP or word in _OTHERS]
    if not codings:
        return False
    if len(codings) == 1 and codings[0] in _GZIP:
        return True
    which = ", ".join(codings[:4])
    raise ProtocolError(
        f"the answer has a content encoding that was not asked for ({which}): whatever stands"
        " before the helpdesk must send plain bytes or gzip.",
        reason=Reason.BAD_ENCODING,
    )
