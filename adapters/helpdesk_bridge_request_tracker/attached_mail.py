"""An attached mail as bytes, put together from what Request Tracker keeps of it.

RT takes a mail that is attached to another apart, and keeps none of its bytes in one place. What
is made here has its headers, words and files; it is not the same byte for byte (RT has decoded the
headers, and turned texts into UTF-8), so that signatures of it do not hold. Pure functions.
"""

from __future__ import annotations

import re
from base64 import encodebytes
from collections.abc import Iterator

from helpdesk_bridge_request_tracker.mime_tree import MOST_LEVELS, Node
from helpdesk_bridge_request_tracker.parts import PartJson

__all__ = ["is_kept", "leaf", "written"]

_OURS = re.compile(r"(?:content-length|content-transfer-encoding|x-rt-[\w-]*|rt-[\w-]*)$", re.ASCII)
"""Headers that RT adds, or that say how the bytes were written before."""
_HEADER = re.compile(r"^[^\s:][^:\n]*+:.*(?:\n[ \t].*)*", re.MULTILINE)
_MARK = "=_attached-"
"""What our boundaries begin with; no base64 has it."""
_LONGEST = 998
"""Bytes in a line of mail (RFC 5322, 2.1.1)."""


def is_kept(mail: Node) -> bool:
    """Say whether RT has anything of a mail: of one that came in base64 it keeps nothing."""
    waiting = list(mail.children)
    while waiting:
        node = waiting.pop()
        if node.part.size or any(_headers(node.part)):
            return True
        waiting += node.children
    return False


def written(mail: Node) -> Iterator[bytes | PartJson]:
    """Yield an attached mail: bytes, and parts in whose place what :func:`leaf` makes belongs."""
    for child in mail.children:
        yield from _entity(child, 0)


def leaf(part: PartJson, content: bytes) -> bytes:
    """Return a part without parts of its own, with its headers."""
    plain = part.kind.startswith("text/") and _is_plain(content)
    way = "8bit" if plain else "base64"
    lines = [*_typed(part), f"Content-Transfer-Encoding: {way}"]
    body = content if plain else encodebytes(content).replace(b"\n", b"\r\n")
    return _head(lines) + body


def _is_plain(content: bytes) -> bool:
    return (
        b"\0" not in content
        and _MARK.encode() not in content
        and all(len(line) <= _LONGEST for line in content.split(b"\n"))
    )


def _entity(node: Node, level: int) -> Iterator[bytes | PartJson]:
    part = node.part
    if not node.children or level > MOST_LEVELS:
        if part.kind.startswith(("multipart/", "message/rfc822")):
            yield _head(_typed(part))
        else:
            yield part
        return
    if not part.kind.startswith("multipart/"):
        yield _head(_typed(part))
        for child in node.children:
            yield from _entity(child, level + 1)
        return
    boundary = f"{_MARK}{part.number}"
    yield _head(_typed(part, boundary))
    for child in node.children:
        yield f"\r\n--{boundary}\r\n".encode()
        yield from _entity(child, level + 1)
    yield f"\r\n--{boundary}--\r\n".encode()


def _headers(part: PartJson) -> list[str]:
    """Return the headers that the mail had, each in one line or several."""
    unfolded = _HEADER.findall(part.headers or "")
    return [
        line.replace("\r", "").replace("\n", "\r\n")
        for line in unfolded
        if not _OURS.match(line.partition(":")[0].strip().lower())
    ]


def _typed(part: PartJson, boundary: str = "") -> list[str]:
    """Return the headers of a part, with its media type, and with our boundary in place of its."""
    others = [line for line in _headers(part) if not line.lower().startswith("content-type:")]
    told = part.header("Content-Type") or part.content_type or "application/octet-stream"
    if boundary:
        told = re.sub(r';\s*boundary\s*=\s*(?:"[^"]*"|[^;\s]*)', "", told, flags=re.IGNORECASE)
        told = f'{told}; boundary="{boundary}"'
    return [*others, f"Content-Type: {told}"]


def _head(lines: list[str]) -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode(errors="replace") + b"\r\n"
