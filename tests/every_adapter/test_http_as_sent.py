"""Answers as servers and proxies really send them, on every adapter that speaks HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.model import Capability
from tests.every_adapter.places import Place
from tests.every_adapter.relay import (
    OVER_HTTP,
    Change,
    Relay,
    chunked,
    labelled,
    marked,
    padded,
    relayed,
    restatused,
)

CUSTOMER = "li@customer.example"
every_adapter = pytest.mark.parametrize("adapter", OVER_HTTP)
pytestmark = pytest.mark.asyncio


async def ticket_of(place: Place, subject: str = "Invoice 4711") -> hb.Ticket:
    return await place.desk.create_ticket(subject=subject, requester=CUSTOMER, text="I paid twice.")


def _early(_: str, answer: bytes) -> bytes:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
    return b"HTTP/1.1 100 Continue\r\n\r\n" + hints + b"HTTP/1.1 102 Processing\r\n\r\n" + answer


READABLE: dict[str, Change] = {
    "an encoding that is none": lambda _, a: labelled(a, b"Content-Encoding: UTF-8"),
    "a list of encodings that are none": lambda _, a: labelled(
        a, b"Content-Encoding: identity, none", b"Content-Encoding: 8bit"
    ),
    "gzip and an encoding that is none": lambda _, a: padded(a, b"").replace(
        b"Content-Encoding: gzip", b"Content-Encoding: GZIP, identity"
    ),
    "gzip with zeros behind it": lambda _, a: padded(a, bytes(700)),
    "gzip with zeros behind it, in chunks": lambda _, a: chunked(padded(a, b"\0")),
    "a byte order mark": lambda _, a: marked(a),
    "a header of 9,000 bytes": lambda _, a: labelled(a, b"Content-Security-Policy: " + b"x" * 9000),
    "300 headers": lambda _, a: labelled(a, *(b"X-%d: y" % n for n in range(300))),
    "interim answers": _early,
    "an early hint of 20,000 bytes": lambda _, a: (
        b"HTTP/1.1 103 Early\r\nLink: " + b"x" * 20_000 + b"\r\n\r\n" + a
    ),
}


@every_adapter
@pytest.mark.parametrize("case", READABLE)
async def test_it_is_read_and_a_write_is_a_success(adapter: str, case: str) -> None:
    async with relayed(adapter) as (place, relay):
        relay.change = READABLE[case]
        ticket = await ticket_of(place)
        await place.desk.reply(ticket, text="Refunded, sorry.", send_email=True)
        read = await place.desk.ticket(ticket.id)
        last = (await place.conversation(ticket))[-1]
        assert (read.subject, last.text.strip()) == ("Invoice 4711", "Refunded, sorry.")
        assert len(place.mails) == 1


@every_adapter
@pytest.mark.parametrize("status", [b"099", b"000", b"101", b"600", b"999"])
async def test_a_status_that_http_does_not_have_is_no_success_of_a_write(
    adapter: str, status: bytes
) -> None:
    async with relayed(adapter) as (place, relay):
        ticket = await ticket_of(place)
        relay.change = lambda method, a: restatused(a, status) if method == "POST" else a
        posts = relay.asked.count("POST")
        with pytest.raises(hb.OutcomeUnknown) as caught:
            await place.desk.reply(ticket, text="Refunded, sorry.", send_email=True)
        assert caught.value.status == int(status)
        assert (len(place.mails), relay.asked.count("POST")) == (1, posts + 1)
        relay.change = lambda _, a: restatused(a, status)
        with pytest.raises(hb.HelpdeskError) as read:
            await place.desk.ticket(ticket.id)
        assert isinstance(read.value, (hb.ProtocolError, hb.VendorUnavailable))


@every_adapter
async def test_a_deletion_that_is_answered_by_nothing_is_done(
    adapter: str,
) -> None:
    async with relayed(adapter) as (place, relay):
        if not place.desk.capabilities.supports(Capability.DELETE_TICKET):
            with pytest.raises(hb.UnsupportedCapability):
                await place.desk.delete_ticket("1")
            return
        for nothing in NOTHING.values():
            ticket = await ticket_of(place)
            relay.change = lambda method, a, n=nothing: n if method == "DELETE" else a  # type: ignore[misc]
            await place.desk.delete_ticket(ticket)
            relay.change = lambda _, a: a


NOTHING: dict[str, bytes] = {
    "a byte order mark": b"HTTP/1.1 200 X\r\nContent-Length: 3\r\n\r\n\xef\xbb\xbf",
    "no length": b"HTTP/1.1 204 X\r\nContent-Encoding: gzip\r\n\r\n",
    "a length": b"HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n",
    "chunks": (
        b"HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    ),
    "another packing": (
        b"HTTP/1.1 200 X\r\nContent-Encoding: br\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    ),
    "a body that may not be": b'HTTP/1.1 204 X\r\nContent-Length: 14\r\n\r\n{"late": true}',
}


@pytest.mark.parametrize("case", NOTHING)
async def test_a_documented_empty_answer_labelled_as_gzip_is_a_success(case: str) -> None:
    async with relayed("omnidesk") as (place, relay):
        ticket = await ticket_of(place)
        relay.change = lambda method, a: NOTHING[case] if method == "POST" else a
        await place.desk.reply(ticket, text="Refunded, sorry.", send_email=True)
        assert len(place.mails) == 1


UNASKED: dict[str, Callable[[Relay], bytes]] = {
    "the answer to another read, a second time": lambda relay: relay.answers[-1],
    "half of it": lambda relay: relay.answers[-1][:-5],
    "the beginning of a head": lambda _: b"HTTP/1.1 200 O",
    "a proxy that gives up": lambda _: (
        b"HTTP/1.1 408 Request Time-out\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    ),
    "an object": lambda _: b"{}",
    "garbage": lambda _: b"\0\xff\r\n\r\n",
}


@every_adapter
@pytest.mark.parametrize("case", UNASKED)
@pytest.mark.parametrize("moment", ["at once", "later", "just before the next request"])
async def test_what_nobody_asked_for_never_becomes_an_answer(
    adapter: str, case: str, moment: str
) -> None:
    async with relayed(adapter) as (place, relay):
        wrong, right = await ticket_of(place, "wrong"), await ticket_of(place, "right")
        if moment == "at once":
            relay.change = lambda _, a: a + UNASKED[case](relay)
        assert (await place.desk.ticket(wrong.id)).subject == "wrong"
        if moment != "at once":
            assert relay.open  # a connection is kept
            await relay.say(UNASKED[case](relay))
        if moment == "later":
            await relay.until(lambda: not relay.open)  # the desk has closed it
        assert (await place.desk.ticket(right.id)).subject == "right"
        relay.change = lambda _, a: a
        assert (await place.desk.ticket(wrong.id)).subject == "wrong"


@every_adapter
async def test_no_write_shares_a_connection_on_which_an_unasked_answer_may_come(
    adapter: str,
) -> None:
    async with relayed(adapter) as (place, relay):
        ticket = await ticket_of(place)
        await place.desk.ticket(ticket.id)
        await place.desk.update_ticket(ticket, subject="Invoice 4712")
        await place.desk.reply(ticket, text="Refunded, sorry.", send_email=True)
        if place.desk.capabilities.supports(Capability.DELETE_TICKET):
            await place.desk.ticket(ticket.id)
            await place.desk.delete_ticket(ticket)
        came = list(zip(relay.asked, relay.came_on, strict=True))
        writes = [number for method, number in came if method != "GET"]
        assert len(writes) >= 3
        assert [relay.came_on.count(number) for number in writes] == [1] * len(writes)


@every_adapter
@pytest.mark.parametrize("case", UNASKED)
async def test_a_write_whose_answer_has_more_behind_it_is_done_once(
    adapter: str, case: str
) -> None:
    async with relayed(adapter) as (place, relay):
        ticket = await ticket_of(place)
        await place.desk.ticket(ticket.id)
        relay.change = lambda _, a: a + UNASKED[case](relay)
        await place.desk.reply(ticket, text="Refunded, sorry.", send_email=True)
        assert (await place.conversation(ticket))[-1].text.strip() == "Refunded, sorry."
        assert len(place.mails) == 1


ASKED = {
    "a fraction": (b"429", b"Retry-After: 2.5"),
    "a fraction of a vendor that rests": (b"503", b"Retry-After: 2.5"),
    "milliseconds": (b"429", b"retry-after-ms: 2500"),
    "a duration": (b"429", b"Retry-After: PT2.5S"),
    "two headers": (b"429", b"Retry-After: 1\r\nRetry-After: 2.5"),
    "a reset alone": (b"429", b"X-RateLimit-Reset: 2.5"),
    "a field": (b"429", b"RateLimit: limit=9, remaining=0, reset=2.5"),
}


@every_adapter
@pytest.mark.parametrize("case", ASKED)
async def test_the_next_request_comes_no_sooner_than_was_asked(
    adapter: str, case: str, pauses: list[float]
) -> None:
    async with relayed(adapter) as (place, relay):
        ticket = await ticket_of(place)
        status, line = ASKED[case]
        del pauses[:]

        def once(_: str, answer: bytes) -> bytes:
            relay.change = lambda _, a: a
            untold = re.sub(rb"(?i)\r\nx-ratelimit-[a-z]+: \d+", b"", answer)
            return labelled(restatused(untold, status), line)

        relay.change = once
        assert (await place.desk.ticket(ticket.id)).subject == "Invoice 4711"
        assert sum(pauses) >= 2.4  # the loop's own time runs on a little
