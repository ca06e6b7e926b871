"""Desks whose vendor answers from a recording, with one answer changed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any

from attrs import define, field, frozen

import helpdesk_bridge as hb
from helpdesk_bridge.testing import Store
from helpdesk_bridge.testing.sandbox import fake_of
from helpdesk_bridge.transport import Request, Response, TransportOptions
from tests.fuzz.source import Source
from tests.vendors import FAKES

__all__ = ["ADAPTERS", "CALLS", "Desk", "play"]

ADAPTERS = list(FAKES)
OPTIONS = TransportOptions(max_attempts=1)


@frozen
class Answer:
    """One recorded answer."""

    status: int
    headers: dict[str, str]
    content: bytes


@define
class Recorder:
    """Stands before a real client and keeps what it answers, by operation."""

    client: Any
    answers: dict[str, list[Answer]] = field(factory=dict)

    async def __call__(self, request: Request) -> Response:
        response: Response = await self.client(request)
        if response.chunks is None:
            kept = Answer(response.status, dict(response.headers), response.content)
            self.answers.setdefault(request.operation.name, []).append(kept)
        return response

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)


@define
class Replay:
    """Stands in for a client: a recording, whose ``target``-th answer is as ``change`` has it."""

    answers: dict[str, list[Answer]]
    target: int
    change: Callable[[Answer], Answer]
    clock_offset: float | None = None
    _asked: int = 0
    _per_operation: dict[str, int] = field(factory=dict)

    async def __call__(self, request: Request) -> Response:
        known = self.answers.get(request.operation.name) or [Answer(200, {}, b"{}")]
        number = self._per_operation.get(request.operation.name, 0)
        self._per_operation[request.operation.name] = number + 1
        answer = known[min(number, len(known) - 1)]
        if self._asked == self.target or (self.target < 0):
            answer = self.change(answer)
        self._asked += 1
        request.progress.bytes_sent = True
        response = Response(
            request=request, status=answer.status, headers=answer.headers, content=answer.content
        )
        if request.stream and answer.status < 300:
            response.chunks = _chunks(answer.content)
        return response

    def abandon(self) -> bool:
        return False

    async def aclose(self) -> None:
        pass


async def _chunks(content: bytes) -> AsyncIterator[bytes]:
    yield content


# -- what is asked ---------------------------------------------------------------------------

Desk = hb.Helpdesk
LI = "li@customer.example"


async def _tickets(desk: Desk) -> None:
    async for ticket in desk.tickets().collect_problems():
        repr(ticket)
        str(ticket.requester)


async def _some(desk: Desk) -> None:
    await desk.tickets(status=hb.Status.OPEN, limit=2)


async def _ticket(desk: Desk) -> None:
    repr(await desk.ticket("1001"))


async def _messages(desk: Desk) -> None:
    async for message in desk.messages("1001").collect_problems():
        _look(message)


async def _message(desk: Desk) -> None:
    _look(await desk.message("1001", "1002"))


def _look(message: hb.Message | None) -> None:
    if message is not None:
        repr(message)
        assert isinstance(message.text, str | None)
        assert isinstance(message.html, str | None)
        for file in message.attachments:
            assert file.safe_name


async def _reply(desk: Desk) -> None:
    sent = await desk.reply("1001", text="Refunded.", send_email=True)
    _look(sent.message)
    await desk.complete(sent)


async def _resolved(desk: Desk) -> None:
    await desk.reply("1001", text="Done.", send_email=True, status=hb.Status.RESOLVED)


async def _note(desk: Desk) -> None:
    _look((await desk.note("1001", text="Checked.")).message)


async def _request(desk: Desk) -> None:
    await desk.add_request("1001", author=LI, text="Still broken.")


async def _create(desk: Desk) -> None:
    repr(await desk.create_ticket(subject="S", requester=LI, text="Hello there."))


async def _update(desk: Desk) -> None:
    repr(await desk.update_ticket("1001", status=hb.Status.RESOLVED))


async def _delete(desk: Desk) -> None:
    await desk.delete_ticket("1001")


async def _fields(desk: Desk) -> None:
    await desk.custom_fields()


async def _raw(desk: Desk) -> None:
    await desk.raw("GET", "tickets")


async def _file(desk: Desk) -> None:
    async with desk.open_attachment(hb.Attachment(id="1003", name="a.txt", size=4)) as chunks:
        [chunk async for chunk in chunks]


CALLS: list[Callable[[Desk], Awaitable[None]]] = [
    *(_tickets, _some, _ticket, _messages, _message, _reply, _resolved, _note, _request),
    *(_create, _update, _delete, _fields, _raw, _file),
]


# -- playing it ------------------------------------------------------------------------------


@frozen
class Recording:
    """A vendor's answers to each of the calls, and the settings of its desk."""

    table: dict[str, Any]
    answers: list[dict[str, list[Answer]]]


@cache
def recording(adapter: str) -> Recording:
    """Ask this vendor's fake everything once."""
    return asyncio.run(_recorded(adapter))


async def _recorded(adapter: str) -> Recording:
    answers: list[dict[str, list[Answer]]] = []
    kind = fake_of(adapter)
    assert kind is not None
    for call in CALLS:
        store = Store()
        ticket = store.create_ticket(
            subject="Printer",
            requester=store.person(LI),
            html="<p>Broken.</p>",
            status=hb.Status.OPEN,
        )
        async with kind(store) as fake:
            table = fake.table()
            async with hb.connect("it", config={"desks": {"it": table}}) as desk:
                await desk.tickets()  # makes the client
                recorder = Recorder(desk._transport._http.client)
                desk._transport._http.client = recorder
                with suppress(hb.HelpdeskError):  # what this desk cannot do is asked for, too
                    await call(_Renamed(desk, str(ticket.id)))  # type: ignore[arg-type]
                answers.append(recorder.answers)
    return Recording(table, answers)


class _Renamed:
    """A desk whose ticket 1001 has another number."""

    def __init__(self, desk: Desk, ticket: str) -> None:
        self._desk, self._ticket = desk, ticket

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._desk, name)
        return lambda *args, **named: method(
            *(self._ticket if value == "1001" else value for value in args), **named
        )


def play(adapter: str, data: bytes) -> None:
    """Make one call with one answer changed; whatever is no HelpdeskError comes out."""
    kept, source = recording(adapter), Source(data)
    number = source.below(len(CALLS))
    replay = Replay(kept.answers[number], source.below(4) - 1, lambda a: changed(a, source))

    async def call() -> None:
        async with hb.connect("it", config={"desks": {"it": kept.table}}) as desk:
            desk._transport._http.client = replay  # type: ignore[assignment]
            try:
                await CALLS[number](desk)
            except hb.HelpdeskError as error:
                str(error)

    asyncio.run(call())


def changed(answer: Answer, source: Source) -> Answer:
    """Return an answer with a changed node, changed bytes, another status or another body."""
    how = source.below(8)
    if how == 0:
        return Answer(answer.status, answer.headers, source.rest())
    if how == 1:
        at = source.below(len(answer.content) + 1)
        content = answer.content[:at] + source.bytes(3) + answer.content[at + source.below(4) :]
        return Answer(answer.status, answer.headers, content)
    if how == 2:
        status = source.pick([200, 201, 204, 300, 400, 401, 403, 404, 409, 418, 422, 500, 599])
        return Answer(status, answer.headers, answer.content)
    try:
        payload = json.loads(answer.content)
    except ValueError:
        return Answer(answer.status, answer.headers, source.rest())
    for _ in range(1 + source.below(3)):
        payload = _with_another_node(payload, source)
    status = source.pick([answer.status, answer.status, 400, 422])
    return Answer(status, answer.headers, json.dumps(payload).encode())


def _nodes(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, (dict, list)):
        for step in value if isinstance(value, dict) else range(len(value)):
            yield from _nodes(value[step], (*path, step))


def _with_another_node(payload: Any, source: Source) -> Any:
    path = source.pick(list(_nodes(payload)))
    value = source.value()
    if not path:
        return value
    parent = payload
    for step in path[:-1]:
        parent = parent[step]
    if isinstance(parent, dict) and source.below(4) == 0:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return payload
