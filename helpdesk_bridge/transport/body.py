"""What a request carries: JSON, a form or parts, and files that are read while they are sent."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from dataclasses import fields, is_dataclass
from math import isfinite
from typing import Any, Protocol, runtime_checkable
from urllib.parse import urlencode

import orjson
from attrs import field, frozen

from helpdesk_bridge.errors import InvalidArgument

__all__ = [
    "Base64",
    "FormBody",
    "JsonBody",
    "Multipart",
    "Part",
    "Source",
    "encode_json",
    "put_in",
    "require_finite",
]


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
    """A source in base64, encoded while it is sent.

    ``source`` is what is encoded.
    """

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


def encode_json(value: Any) -> bytes:
    """Return ``value`` as JSON; what JSON cannot say is InvalidArgument, NaN and infinity too."""
    encoded = None
    with suppress(TypeError, ValueError):
        encoded = orjson.dumps(value)
    if encoded is None:  # out here: orjson's error may quote the value, and would be the context
        raise InvalidArgument("the request holds a value that JSON cannot express.")
    if b"null" in encoded:  # orjson writes one in the place of NaN
        require_finite(value, "json")
    return encoded


def require_finite(value: Any, name: str) -> None:
    """Raise InvalidArgument if there is a NaN or an infinity in a value that the caller gave.

    Vendors read the ``null`` that stands for one in JSON as an order to clear the field.

    Args:
        value: a value that may hold others, as JSON has them.
        name: what it is called, as the error begins with it.
    """
    place = _not_finite(value, 0)
    if place is not None:
        raise InvalidArgument(f"{name}{place} is NaN or infinite, which JSON cannot express.")


def _not_finite(value: Any, depth: int) -> str | None:
    """Return where in ``value`` a number is not finite, as an error tells it; None for nowhere."""
    if isinstance(value, float):
        return None if isfinite(value) else ""
    if depth > _DEEPEST:
        raise InvalidArgument(f"the request holds values more than {_DEEPEST} levels deep.")
    if is_dataclass(value):  # which orjson writes as objects
        value = {one.name: getattr(value, one.name, None) for one in fields(value)}
    if isinstance(value, Mapping):
        for key, one in value.items():
            place = _not_finite(one, depth + 1)
            if place is not None:
                return f".{key}{place}"
    elif isinstance(value, (list, tuple)):
        for at, one in enumerate(value):
            place = _not_finite(one, depth + 1)
            if place is not None:
                return f"[{at}]{place}"
    return None


_DEEPEST = 254
"""How deep orjson writes values within values."""


@frozen
class JsonBody:
    """A JSON body, serialised anew for each attempt.

    Each of ``files`` is sent in place of its key, which stands in a string of ``value``.
    """

    value: Any = field(repr=False)
    files: Mapping[str, Source] = field(factory=dict, repr=False)

    def encode(self) -> bytes:
        """Return the bytes; what JSON cannot say is InvalidArgument."""
        return encode_json(self.value)


@frozen
class FormBody:
    """An application/x-www-form-urlencoded body."""

    fields: tuple[tuple[str, str], ...] = field(repr=False)

    def encode(self) -> bytes:
        """Return the bytes; half a surrogate pair is InvalidArgument."""
        try:
            return urlencode(self.fields).encode("ascii")
        except UnicodeEncodeError:
            pass
        raise InvalidArgument("the request holds half a surrogate pair.")


@frozen(kw_only=True)
class Part:
    """A part of a multipart body: a text field, or a file when ``filename`` is given.

    A source is read while it is sent, and anew for each attempt.

    ``name`` is the name of the field, ``content`` a text, bytes or a source of bytes. ``filename``
    None is a text field. ``mime_type`` None is what aiohttp takes for such a content.
    """

    name: str
    content: str | bytes | Source = field(repr=False)
    filename: str | None = field(default=None, repr=False)
    mime_type: str | None = None

    def __attrs_post_init__(self) -> None:
        if self.filename is None and isinstance(self.content, bytes):
            raise InvalidArgument("a part of a multipart body that is no text needs a file name.")


@frozen
class Multipart:
    """A multipart/form-data body, also when it holds text fields only."""

    parts: tuple[Part, ...] = field(repr=False)


def put_in(body: bytes, files: Mapping[str, Source]) -> list[bytes | Source]:
    """Return ``body`` in pieces, with each file where its key stands."""
    found = re.split("|".join(map(re.escape, files)).join("()").encode(), body)
    names = {name.encode(): source for name, source in files.items()}
    if not names.keys() <= set(found[1::2]):
        raise InvalidArgument("a file has no place in the body: it would be lost.")
    return [names[piece] if index % 2 else piece for index, piece in enumerate(found)]
