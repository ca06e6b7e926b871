"""Every call on every adapter, well and through every fault: the canary must show nowhere.

The plugin of the suite (tests/canary.py) looks, and fails the test in which it shows.
"""

from __future__ import annotations

import asyncio
import gzip
import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.delivery.sqlite_ledger import SqliteLedger
from helpdesk_bridge.testing import Answer, FaultServer, MemorySettings
from helpdesk_bridge.testing.faults import ReceivedRequest
from tests.canary import CANARY, Watch
from tests.credentials.calls import ADDRESS, CALLS, WORDS, Call, Case, connected, fakes
from tests.credentials.copies import COPIES, known
from tests.vendors import FAKES

LOUD = {
    "Content-Type": "application/json",
    "Set-Cookie": f"session={CANARY}",
    "X-Canary": CANARY,
    "WWW-Authenticate": f'Bearer realm="{CANARY}"',
}
PAGE = {**LOUD, "Content-Type": "text/html"}
BODY = json.dumps({"data": CANARY, "id": {CANARY: CANARY}, "message": [CANARY]}).encode()


def echo(status: int) -> Callable[[ReceivedRequest], Answer]:
    """Answer with an error, in every vendor's shape, that quotes all of the request."""

    def answer(request: ReceivedRequest) -> Answer:
        said = [request.body.decode("utf-8", "replace"), WORDS, *request.headers.values()]
        if request.method == "GET" or not request.body:
            said = [*request.headers.values()]
        text = f"This cannot be done: {' | '.join(said)}"
        shape = {
            "message": text,
            "errors": {"subject": [text], "body": text},
            "error": {"code": "ODD", "message": text, "details": [{"field": "a", "message": text}]},
            "status": "error",
            "errorCode": 1,
            "detail": text,
        }
        return Answer.json(shape, status, LOUD)

    return answer


FAULTS: Mapping[str, Any] = {
    **{f"{status} that quotes": echo(status) for status in (401, 404, 422, 429, 503)},
    "200 that quotes": echo(200),
    "dropped": Answer.nothing(),
    "silent": Answer.hang(),
    "malformed": Answer(f"{CANARY}\r\n\r\n".encode(), Answer.garbage().end),
    "bad header": Answer(f"HTTP/1.1 200 X\r\n{CANARY}\r\n\r\n".encode(), Answer.garbage().end),
    "truncated": Answer.of(200, BODY, {**LOUD, "Content-Length": str(len(BODY) + 9)}).cut(999),
    "truncated gzip": Answer.of(
        200, gzip.compress(BODY, mtime=0)[:-9], {**LOUD, "Content-Encoding": "gzip"}
    ),
    "another encoding": Answer.of(200, BODY, {**LOUD, "Content-Encoding": f"br;{CANARY}"}),
    "too large": Answer.of(200, BODY * 100, LOUD),
    "no JSON": Answer.of(200, WORDS.encode(), LOUD),
    "a web page": Answer.of(200, f"<title>{WORDS}</title>".encode(), PAGE),
    "a web page with 502": Answer.of(502, f"<title>{WORDS}</title>".encode(), PAGE),
    "JSON of another shape": Answer.of(200, BODY, LOUD),
    "a list of text": Answer.json([CANARY, {"id": CANARY}], 200, LOUD),
    "a redirect elsewhere": Answer.redirect(f"https://{CANARY}.example/{CANARY}?{CANARY}"),
    "a redirect to nonsense": Answer.redirect(f"http://[{CANARY}"),
    "a redirect of writes": Answer.redirect(f"/{CANARY}", 307),
}
WITH_OUTBOX = ("dropped", "429 that quotes", "no JSON")


@pytest.fixture
def watch(pytestconfig: pytest.Config) -> Watch:
    plugin = pytestconfig.pluginmanager.get_plugin("canary-watch")
    assert plugin is not None
    found: Watch = plugin.watch
    return found


async def drive(case: Case, watch: Watch) -> list[hb.HelpdeskError]:
    """Make every call, and return the errors; anything but a result or an error of ours is one."""
    failures = []
    for name, call in CALLS.items():
        try:
            result = await call(case)
            if not name.startswith("raw"):  # that is the vendor's own answer
                watch.look("result", repr(result))
        except hb.HelpdeskError as error:
            failures.append(error)
    for failure in failures:
        assert known(COPIES["pickle"](failure)) == known(failure)
    watch.looked["call driven"] += len(CALLS)
    watch.looked["failure driven"] += len(failures)
    for thing in (case, case.desk, case.desk.adapter, case.desk.capabilities, case.ticket):
        watch.look("object", repr(thing))
    watch.look("object", repr(vars(case.desk.adapter)))
    return failures


@pytest.mark.asyncio
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("adapter", FAKES)
async def test_a_fault_shows_nothing(
    adapter: str, fault: str, tmp_path: Path, watch: Watch
) -> None:
    async with fakes(adapter) as (fake, ticket), FaultServer(default=FAULTS[fault]) as server:
        table = fake.table() | {"base_url": server.url}
        # Each of its entries waits for the disk.
        box = SqliteLedger(tmp_path / "box.db") if fault in WITH_OUTBOX else None
        options = {"max_body": 999, "read_gap": 0.02, "max_attempts": 2, "deadline": 20}
        async with connected(table, ledger=box, **options) as desk:
            case = Case(desk, ticket, tmp_path)
            try:
                await desk.reply(ticket, text=WORDS, send_email=True)
            except hb.OutcomeUnknown as error:
                case.lost = error
            except hb.HelpdeskError:
                pass
            failures = await drive(case, watch)
            watch.look("object", repr(desk.interrupted))
            if box is not None:
                watch.look("object", repr(await box.unresolved("it")))
                await box.aclose()
        assert server.requests
    assert len(failures) > len(CALLS) // 3


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", FAKES)
async def test_what_goes_well_shows_nothing(adapter: str, tmp_path: Path, watch: Watch) -> None:
    passed: list[Any] = []

    async def look(request: Any, handler: Any) -> Any:
        response = await handler(request)
        passed.append(repr([request, response, request.progress, response.request]))
        return response

    async with (
        fakes(adapter) as (fake, ticket),
        connected(fake.table(), middlewares=[look], deadline=20) as desk,
    ):
        failures = await drive(Case(desk, ticket, tmp_path), watch)
        exchanges = fake.journal
    assert len(CALLS) - len(failures) > 12
    assert any(CANARY in repr(vars_of(exchange)) for exchange in exchanges)  # it was sent indeed
    for text in passed:
        watch.look("object", text)
    assert len(passed) > 10


def vars_of(exchange: Any) -> list[Any]:
    return [exchange.headers, exchange.body, exchange.query]


@pytest.mark.asyncio
async def test_the_memory_desk_shows_nothing(tmp_path: Path, watch: Watch) -> None:
    async with hb.Helpdesk(MemorySettings(path=tmp_path / "desk.db")) as desk:
        ticket = await desk.create_ticket(subject=WORDS, requester=ADDRESS, text=WORDS)
        failures = await drive(Case(desk, ticket, tmp_path), watch)
    assert failures


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", FAKES)
async def test_a_connection_that_fails_shows_nothing(
    adapter: str, tmp_path: Path, watch: Watch
) -> None:
    async with fakes(adapter) as (fake, ticket):
        table = fake.table() | {"base_url": "https://127.0.0.1:1"}
        async with connected(table, max_attempts=1, proxy=f"http://u:{CANARY}@127.0.0.1:1") as desk:
            failures = await drive(Case(desk, ticket, tmp_path), watch)
    assert hb.ConnectFailed in {type(error) for error in failures}


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", FAKES)
async def test_calls_that_wait_in_vain_show_nothing(
    adapter: str, tmp_path: Path, watch: Watch
) -> None:
    async with (
        fakes(adapter) as (fake, ticket),
        connected(fake.table(), rate_limit="1/day", deadline=0.02) as desk,
    ):
        failures = await drive(Case(desk, ticket, tmp_path), watch)
    assert hb.PoolTimeout in {type(error) for error in failures}


async def made(call: Call, case: Case) -> Any:
    return await call(case)


@pytest.mark.asyncio
@pytest.mark.parametrize("how", ["cancelled", "closed"])
@pytest.mark.parametrize("adapter", FAKES)
async def test_calls_that_are_cut_short_show_nothing(
    adapter: str, how: str, tmp_path: Path, watch: Watch
) -> None:
    ended: Counter[str] = Counter()
    async with fakes(adapter) as (fake, ticket), FaultServer(default=Answer.hang()) as server:
        for name, call in CALLS.items():
            desk = connected(fake.table() | {"base_url": server.url})
            before = len(server.requests)
            task = asyncio.create_task(made(call, Case(desk, ticket, tmp_path)))
            while not task.done() and len(server.requests) == before:  # noqa: ASYNC110
                await asyncio.sleep(0)
            if how == "cancelled":
                task.cancel()
            await desk.aclose()
            await asyncio.wait([task])
            ended["cancelled" if task.cancelled() else type(task.exception()).__name__] += 1
            watch.look("object", repr([name, task, desk.interrupted]))
            del task
    expected = {"cancelled": {"cancelled"}, "closed": {"DeskClosed", "OutcomeUnknown"}}[how]
    assert expected <= set(ended)


@pytest.mark.asyncio
async def test_a_session_that_cannot_be_renewed_shows_nothing(tmp_path: Path, watch: Watch) -> None:
    async def failing() -> str:
        raise RuntimeError(f"the sign-in of {CANARY} failed")

    async def odd() -> str:
        return f"{CANARY}\nX: {CANARY}"

    async with fakes("airclou") as (fake, ticket):
        for provider in (failing, odd):
            table = {**fake.table(), "session_provider": provider}
            del table["session_token"]
            async with connected(table) as desk:
                failures = await drive(Case(desk, ticket, tmp_path), watch)
            assert hb.AuthenticationError in {type(error) for error in failures}


@pytest.mark.parametrize("adapter", FAKES)
def test_settings_that_are_wrong_show_nothing(adapter: str, watch: Watch) -> None:
    settings = {
        "helpspace": {"token": f"{CANARY} {CANARY}", "client_id": "c"},
        "airclou": {"api_key": f"{CANARY}\n", "workspace_id": "w"},
        "omnidesk": {"api_key": f"{CANARY} {CANARY}", "base_url": "https://x.example"},
        "request_tracker": {"token": f"{CANARY} {CANARY}", "base_url": "https://x.example"},
    }[adapter]
    for more in (
        {},
        {"base_url": f"http://{CANARY}.example/{CANARY}"},
        {"base_url": 5},
    ):
        table = {"adapter": adapter, **settings, **more}
        with pytest.raises(hb.HelpdeskError) as caught:
            hb.connect(config={"desks": {"it": table}})
        watch.look("object", repr(caught.value))
