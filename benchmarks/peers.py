"""The same reading with other clients, as their users would write it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Any

import aiohttp
import httpx
import openai
import orjson
import pydantic
from openai import BaseModel as GeneratedModel

from benchmarks.pages import PAGES, PER_PAGE

__all__ = ["BY_HAND", "Read", "peers"]

Read = Callable[[], Awaitable[int]]
"""Reads one conversation and returns how many messages it had."""

BY_HAND: Mapping[str, tuple[str, int]] = {
    "HelpSpace": ("/tickets/1/messages?page={page}&per-page=50", PAGES),
    "Airclou": ("/api/messages?ticket_id=tkt_1&page={page}&limit=50&sort_order=asc", PAGES),
    "Omnidesk": ("/api/v2/ticket/1?getTicketHistory=true", 1),
}
"""The pages of a conversation of each vendor: path, how many."""
_PATH = BY_HAND["HelpSpace"][0]


class Contact(pydantic.BaseModel):
    """Who wrote."""

    id: int
    user_id: int | None
    name: str
    value: str
    type: str


class Media(pydantic.BaseModel):
    """A file."""

    id: int
    url: str
    file_type: str
    file_name: str
    mime_type: str
    size: int
    created_at: datetime


class Message(pydantic.BaseModel):
    """A message."""

    id: int
    subject: str
    from_contact: Contact
    type: str
    to: list[str]
    cc: list[str]
    bcc: list[str]
    body: str
    inline_images: list[Media]
    attachments: list[Media]
    created_at: datetime


class Listing(pydantic.BaseModel):
    """A page."""

    data: list[Message]
    meta: dict[str, int]


class GeneratedContact(GeneratedModel):
    """Who wrote."""

    id: int
    user_id: int | None = None
    name: str
    value: str
    type: str


class GeneratedMedia(GeneratedModel):
    """A file."""

    id: int
    url: str
    file_type: str
    file_name: str
    mime_type: str
    size: int
    created_at: datetime


class GeneratedMessage(GeneratedModel):
    """A message."""

    id: int
    subject: str
    from_contact: GeneratedContact
    type: str
    to: list[str]
    cc: list[str]
    bcc: list[str]
    body: str
    inline_images: list[GeneratedMedia]
    attachments: list[GeneratedMedia]
    created_at: datetime


class GeneratedListing(GeneratedModel):
    """A page."""

    data: list[GeneratedMessage]


@asynccontextmanager
async def peers(origin: str) -> AsyncIterator[dict[str, Read]]:
    """Return the rows that are compared with."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        client = await stack.enter_async_context(httpx.AsyncClient())
        generated = openai.AsyncOpenAI(base_url=origin, api_key="made-up", max_retries=0)
        stack.push_async_callback(generated.close)
        yield {
            "A": _bytes(session, origin),
            **{f"C {name}": _dicts(session, origin, name) for name in BY_HAND},
            "G httpx": _pydantic(client, origin),
            "S": _stainless(generated),
        }


def _bytes(session: aiohttp.ClientSession, origin: str) -> Read:
    async def read() -> int:
        for page in range(1, PAGES + 1):
            async with session.get(origin + _PATH.format(page=page)) as answer:
                await answer.read()
        return PAGES * PER_PAGE

    return read


def _dicts(session: aiohttp.ClientSession, origin: str, vendor: str) -> Read:
    path, pages = BY_HAND[vendor]

    async def read() -> int:
        messages: list[Any] = []
        for page in range(1, pages + 1):
            async with session.get(origin + path.format(page=page)) as answer:
                found = orjson.loads(await answer.read())
            if vendor == "Omnidesk":
                messages += found["item"]["timeline"]
            else:
                messages += found["data" if vendor == "HelpSpace" else "messages"]
        return len(messages)

    return read


def _pydantic(client: httpx.AsyncClient, origin: str) -> Read:
    async def read() -> int:
        messages: list[Message] = []
        for page in range(1, PAGES + 1):
            answer = await client.get(origin + _PATH.format(page=page))
            messages += Listing.model_validate_json(answer.content).data
        return len(messages)

    return read


def _stainless(client: openai.AsyncOpenAI) -> Read:
    async def read() -> int:
        messages: list[GeneratedMessage] = []
        for page in range(1, PAGES + 1):
            found = await client.get(_PATH.format(page=page), cast_to=GeneratedListing)
            messages += found.data
        return len(messages)

    return read
