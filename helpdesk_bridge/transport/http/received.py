"""What the head of an answer says of its body: in which encodings it comes, and where it ends."""

from __future__ import annotations

from collections.abc import Sequence

import aiohttp

__all__ = ["encodings_of", "is_end_announced"]


def encodings_of(answer: aiohttp.ClientResponse) -> Sequence[str]:
    """Return all ``Content-Encoding`` headers of ``answer``; none for a body without a byte."""
    if answer.headers.get("Content-Length") == "0":  # then nothing is packed, whatever it claims
        return ()
    return answer.headers.getall("Content-Encoding", ())


def is_end_announced(answer: aiohttp.ClientResponse) -> bool:
    """Say whether the end of a body was told by more than the end of the connection.

    aiohttp has seen then that it came.
    """
    return (
        answer.method == "HEAD"
        or answer.status in (204, 304)
        or "Content-Length" in answer.headers
        or "chunked" in answer.headers.get("Transfer-Encoding", "").lower()
    )
