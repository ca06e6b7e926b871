"""Which content coding an answer's body has: a pure function of its ``Content-Encoding``."""

from __future__ import annotations

import re
from collections.abc import Iterable

from helpdesk_bridge.errors import ProtocolError, Reason

__all__ = ["is_packed"]

_GZIP = ("gzip", "x-gzip")
"""What is asked for, and its older name (RFC 9110, section 8.4.1.3)."""
_OTHERS = ("br", "compress", "dcb", "dcz", "deflate", "exi", "pack200-gzip", "x-compress", "zstd")
"""The codings of IANA's registry that are not asked for; an error names them."""
_NO_CODING = re.compile(
    # nothing at all, in words
    r"|identity|none|null|nil|no|off|false|undefined|default|plain|text|raw|html|json|xml|chunked"
    # the values of Content-Transfer-Encoding that leave the bytes as they are
    r"|7-?bit|8-?bit|binary"
    # the names of characters' encodings, with or without the word for it
    r"|(charset=)?\"?(us-?)?(ascii|ansi|unicode|utf|ucs|iso|latin|windows|cp|ibm|mac|koi8|gb|big5|euc|shift)"
    r"[-_:.a-z0-9]*\"?"
    # the type of the body
    r"|(text/[a-z]+|application/(json|xml|octet-stream|[a-z.+-]+\+(json|xml)))( *; *charset *=.*)?"
)
"""What names no coding: then the bytes are plain, as browsers, curl and requests read them."""


def is_packed(encodings: Iterable[str]) -> bool:
    """Say whether a body has to be unpacked by gzip.

    A header that names no coding (``utf-8``, ``binary``, ``none``, empty) says nothing about the
    bytes: they are plain. A coding that was not asked for is ProtocolError, and so is one that
    nobody knows: a file would be kept packed. So is ``gzip`` twice: what is packed twice was
    packed once by mistake, and which of the two is meant is not known.

    ``encodings`` are the values of all ``Content-Encoding`` headers of the answer, each of which
    may be a list.
    """
    words = [word.strip().lower() for text in encodings for word in text.split(",")]
    codings = [word for word in words if not _NO_CODING.fullmatch(word)]
    if not codings:
        return False
    if len(codings) == 1 and codings[0] in _GZIP:
        return True
    named = [word for word in codings if word in (*_GZIP, *_OTHERS)]
    which = f" ({', '.join(named[:4])})" if named else ""
    raise ProtocolError(
        f"the answer has a content encoding that was not asked for{which}: whatever stands before"
        " the helpdesk must send plain bytes or gzip.",
        reason=Reason.BAD_ENCODING,
    )
