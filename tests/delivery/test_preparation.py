"""Whatever fails before the write itself has sent nothing, and says so."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

import helpdesk_bridge as hb
from helpdesk_bridge.testing import MemorySettings, Store
from tests.delivery.places import CUSTOMER, FAKES, WORDS, WRITES, Place, Trouble, connected

pytestmark = pytest.mark.asyncio
ONCE = hb.TransportOptions(max_attempts=1)
Answer = Callable[[], web.Response]


def _said(status: int, text: str = "{}", kind: str = "application/json") -> Answer:
    return lambda: web.Response(status=status, text=text, content_type=kind)


ANSWERS: dict[str, Answer] = {
    "503": _said(503),
    "404": _said(404),
    "403": _said(403),
    "429": lambda: web.Response(status=429, headers={"Retry-After": "999"}),
    "web page": _said(200, "<html>Log in</html>", "text/html"),
    "another shape": _said(200, "[]"),
}
CALLS: dict[str, Callable[[hb.Helpdesk, hb.Ticket], Awaitable[Any]]] = {
    **{name: lambda d, t, w=write: w(d, t, WORDS) for name, write in WRITES.items()},
    "update_ticket": lambda d, t: d.update_ticket(t, subject="Other"),
    "delete_ticket": lambda d, t: d.delete_ticket(t),
}


@asynccontextmanager
async def sick(adapter: str) -> AsyncIterator[tuple[Place, list[Answer]]]:
    """Open a desk whose vendor answers whatever is read with the last answer in the list."""
    answers: list[Answer] = []

    class Sick(FAKES[adapter]):  # type: ignore[misc]
        @web.middleware
        async def _around(self, request: web.Request, handler: Any) -> web.StreamResponse:
            sick = answers[-1]() if request.method == "GET" and answers else None
            if sick is not None:
                return sick
            return await super()._around(request, handler)  # type: ignore[no-any-return]

    trouble = Trouble()
    async with Sick(Store()) as fake, connected(fake, trouble, options=ONCE) as desk:
        made = await desk.create_ticket(subject="Invoice", requester=CUSTOMER, text="Help me.")
        place = Place(desk, fake.store, fake, trouble, await desk.ticket(made.id))
        yield place, answers


def writes_of(place: Place) -> list[str]:
    assert place.fake is not None
    return [e.method for e in place.fake.journal if e.method != "GET"]


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("adapter", FAKES)
async def test_what_fails_in_reading_before_a_write_has_sent_nothing(
    adapter: str, call: str, answer: str
) -> None:
    async with sick(adapter) as (place, answers):
        if not place.desk.capabilities.supports(hb.Capability(call)):
            pytest.skip(f"{adapter} has no {call}")
        before = writes_of(place)
        answers.append(ANSWERS[answer])
        error: hb.HelpdeskError | None = None
        try:
            await CALLS[call](place.desk, place.ticket)
        except hb.HelpdeskError as raised:
            error = raised
        if writes_of(place) != before:  # the write came first, or nothing was to be read
            assert error is None or error.outcome is not hb.Outcome.NOT_SENT
            return
        assert error is not None
        assert (error.outcome, error.stage) == (hb.Outcome.NOT_SENT, hb.Stage.PREPARING)
        assert not isinstance(error, hb.OutcomeUnknown)
        assert re.search(
            r"It failed in get_ticket, before the write .*nothing was sent", str(error)
        )
        assert "refused" not in str(error)
        assert place.desk.interrupted == type(place.desk.interrupted)()


@pytest.mark.parametrize("adapter", ["helpspace", "omnidesk", "request_tracker"])
async def test_a_reply_is_prepared_by_reading_at_these_desks(adapter: str) -> None:
    """Or the test above would have proved nothing."""
    async with sick(adapter) as (place, answers):
        before = writes_of(place)
        answers.append(ANSWERS["503"])
        with pytest.raises(hb.VendorUnavailable) as caught:
            await place.desk.reply(place.ticket, text=WORDS, send_email=True)
        assert (caught.value.outcome, caught.value.retryable) == (hb.Outcome.NOT_SENT, True)
        assert writes_of(place) == before
        answers.clear()
        await place.desk.reply(place.ticket, text=WORDS, send_email=True)
        assert len(place.store.outbox) == 1


async def test_a_middleware_that_fails_before_the_write_has_sent_nothing(place: Place) -> None:
    if place.fake is None:
        pytest.skip("no request is made")

    async def refuse(request: Any, handler: Any) -> Any:
        raise hb.VendorUnavailable("the sidecar is down.")

    place.trouble.plan = [refuse]
    with pytest.raises(hb.VendorUnavailable) as caught:
        await place.desk.note(place.ticket, text=WORDS)
    assert caught.value.outcome is hb.Outcome.NOT_SENT
    assert "before the write itself: nothing was sent" in str(caught.value)


async def test_a_write_that_was_begun_is_never_said_not_to_have_been() -> None:
    """Here something is read after the write, too: what fails in it proves nothing."""
    async with sick("request_tracker") as (place, answers):

        def only_behind_a_write() -> web.Response | None:
            return ANSWERS["503"]() if writes_of(place)[-1:] == ["PUT"] else None

        answers.append(only_behind_a_write)
        with pytest.raises(hb.PartlyDone) as caught:
            await place.desk.update_ticket(place.ticket, subject="Other")
        assert (caught.value.outcome, caught.value.stage) == ("unknown", hb.Stage.WRITING)
        assert "may have been done" not in f"{caught.value} {caught.value.failure}"
        assert place.store.tickets[int(place.ticket.id)].subject == "Other"


# -- what is said of a call that only reads --------------------------------------------------

READS: dict[str, Callable[[hb.Helpdesk, hb.Ticket], Awaitable[Any]]] = {
    "tickets": lambda d, t: d.tickets().__anext__(),
    "ticket": lambda d, t: d.ticket(t.id),
    "messages": lambda d, t: d.messages(t.id).__anext__(),
    "raw": lambda d, t: d.raw("GET", "anything"),
}
RIDDLES = re.compile("(?i)nothing was (sent|changed)|may have been done|doing it again")


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("call", READS)
@pytest.mark.parametrize("adapter", FAKES)
async def test_a_call_that_reads_says_nothing_of_what_was_sent_or_changed(
    adapter: str, call: str, answer: str
) -> None:
    async with sick(adapter) as (place, answers):
        answers.append(ANSWERS[answer])
        if answer == "another shape" and (call == "raw" or adapter == "airclou"):
            pytest.skip("a list without an envelope is an answer here")
        with pytest.raises(hb.HelpdeskError) as caught:
            await READS[call](place.desk, place.ticket)
        assert caught.value.stage is hb.Stage.READING
        assert not RIDDLES.search(str(caught.value)), str(caught.value)


async def test_a_file_that_cannot_be_written_says_nothing_of_what_was_sent(tmp_path: Path) -> None:
    file = hb.Upload("a.txt", "text/plain", b"ours")
    async with hb.Helpdesk(MemorySettings(store=Store())) as desk:
        ticket = await desk.create_ticket(
            subject="S", requester=CUSTOMER, text="T", attachments=[file]
        )
        found = (await desk.messages(ticket)).items[0].attachments[0]
        with pytest.raises(hb.InvalidArgument) as caught:
            await desk.save_attachment(found, tmp_path / "nowhere")
        assert not RIDDLES.search(str(caught.value))


async def test_a_change_that_may_be_repeated_says_so() -> None:
    async with sick("helpspace") as (place, _):

        async def fail(request: Any, handler: Any) -> Any:
            await handler(request)
            raise hb.VendorUnavailable("the connection was dropped.")

        desk = hb.Helpdesk(place.desk.adapter.settings, middlewares=[fail], options=ONCE)
        async with desk:
            with pytest.raises(hb.VendorUnavailable) as caught:
                await desk.update_ticket(place.ticket.id, subject="Other")
        assert caught.value.outcome is hb.Outcome.UNKNOWN
        assert "It may have been done; doing it again would leave the same." in str(caught.value)


# -- extra -----------------------------------------------------------------------------------


@pytest.mark.parametrize("adapter", FAKES)
@pytest.mark.parametrize("how", ["500", "502", "503", "504", "dropped"])
async def test_a_change_with_extra_is_sent_once_and_is_in_doubt_when_it_fails(
    adapter: str, how: str
) -> None:
    changes: list[str] = []

    class Failing(FAKES[adapter]):  # type: ignore[misc]
        @web.middleware
        async def _around(self, request: web.Request, handler: Any) -> web.StreamResponse:
            if request.method in ("PUT", "PATCH"):
                changes.append(await request.text())
                if how == "dropped":
                    assert request.transport is not None
                    request.transport.abort()
                return web.Response(status=500 if how == "dropped" else int(how))
            return await super()._around(request, handler)  # type: ignore[no-any-return]

    async with Failing(Store()) as fake, connected(fake, Trouble()) as desk:
        made = await desk.create_ticket(subject="Invoice", requester=CUSTOMER, text="Help me.")
        with pytest.raises(hb.OutcomeUnknown) as caught:
            await desk.update_ticket(made.id, extra={"message": "Hello"})
        assert len(changes) == 1
        assert "Hello" in changes[0]
        assert "desk.reconcile cannot look for it" in str(caught.value)
        assert caught.value.ticket_id == made.id
        found = await desk.reconcile(caught.value)
        assert found.verdict is hb.Verdict.STILL_UNKNOWN
        assert "as of a change with extra=" in found.reason


async def test_without_extra_or_with_what_the_adapter_vouches_for_a_change_is_repeated(
    monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    changes: list[str] = []

    class Failing(FAKES["helpspace"]):  # type: ignore[misc]
        @web.middleware
        async def _around(self, request: web.Request, handler: Any) -> web.StreamResponse:
            if request.method == "PATCH":
                changes.append(await request.text())
                return web.Response(status=500)
            return await super()._around(request, handler)  # type: ignore[no-any-return]

    options = hb.TransportOptions(max_attempts=2)
    async with Failing(Store()) as fake, connected(fake, Trouble(), options=options) as desk:
        made = await desk.create_ticket(subject="Invoice", requester=CUSTOMER, text="Help me.")
        monkeypatch.setattr(type(desk.adapter), "idempotent_extra", frozenset({"colour"}))
        for given in ({"subject": "S"}, {"extra": {"colour": "red"}}):
            with pytest.raises(hb.VendorUnavailable):
                await desk.update_ticket(made.id, **given)  # type: ignore[arg-type]
            assert len(changes) == 2
            changes.clear()
        assert len(pauses) == 2
        with pytest.raises(hb.OutcomeUnknown):
            await desk.update_ticket(made.id, extra={"colour": "red", "message": "Hello"})
        assert len(changes) == 1
