"""Files on their way into a request's body, a chunk at a time and anew for each attempt."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Protocol, runtime_checkable

from attrs import field, frozen

from helpdesk_bridge.errors import InvalidArgument

__all__ = ["Base64", "Source", "put_in"]


@runtime_checkable
class Source(Protocol):
    """Bytes of a number known beforehand, which can be read anew: an Upload is one."""

    async def ready(self) -> int:
        """Return the number of bytes, or raise InvalidArgument if they cannot be had."""
        ...

    def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield the bytes; InvalidArgument when they are not as many as was said."""
        ...


@frozen
class Base64:
    """A source in base64, encoded while it is sent."""

    source: Source = field(repr=False)

    async def ready(self) -> int:
        """Return the number of characters."""
        return -(-await self.source.ready() // 3) * 4

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield the characters."""
        rest = b""
        async with aclosing(self.source.chunks()) as chunks:
            async for chunk in chunks:
                rest += chunk
                whole = len(rest) // 3 * 3
                yield b64encode(memoryview(rest)[:whole])
                rest = rest[whole:]
        if rest:
            yield b64encode(rest)


def put_in(body: bytes, files: Mapping[str, Source]) -> list[bytes | Source]:
    """Return ``body`` in pieces, with each file where its key stands."""
    found = re.split("|".join(map(re.escape, files)).join("()").encode(), body)
    names = {name.encode(): source for name, source in files.items()}
    if not names.keys() <= set(found[1::2]):
        raise InvalidArgument("a file has no place in the body: it would be lost.")
    return [names[piece] if index % 2 else piece for index, piece in enumerate(found)]
