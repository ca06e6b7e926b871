"""Connections to a live Request Tracker break anywhere: nobody is mailed twice, nobody misled."""

from __future__ import annotations

import asyncio
import logging
import os
import random
from collections import Counter as Tallied
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count

import pytest
from attrs import define, evolve, field, frozen

import helpdesk_bridge as hb
from helpdesk_bridge.testing import Cut, End, FaultProxy, Side
from tests.byte_cuts.cuts import CUSTOMER, OPERATIONS, Operation, Result, cut_once, passing
from tests.live.request_tracker import WORKERS, RequestTracker
from tests.live.test_request_tracker import settings
from tests.live.witness import RequestTrackerWitness

CUTS = 200 if os.environ.get("HELPDESK_BRIDGE_ALL_FAULTS") == "1" else 16
GIVEN_UP = 20
"""Replies of which the answer is not waited for."""
A_TICKET = 10
"""Replies on one ticket: its conversation is read after each."""
READ_GAP = 5.0
"""Seconds that a connection which hangs keeps us waiting."""
SETTLE = 5.0
"""Seconds. As many requests as RT has workers were done 0.4 to 1.1 s after their senders had gone;
of 40 at once the last was done after 12 s: those that wait for a worker are done too."""
REPLIES = (OPERATIONS["reply"], OPERATIONS["reply_with_file"])

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(1800)]


@pytest.fixture(autouse=True)
def pauses() -> None:
    """Let pauses take their time: Request Tracker needs it."""


@frozen
class Conversation:
    """Counts on one ticket, by what Request Tracker itself says."""

    witness: RequestTrackerWitness
    ticket: hb.Ticket

    async def messages(self, words: str) -> int:
        """Count the messages that hold these words."""
        return sum(words in seen.text for seen in await self.witness.messages(self.ticket.id))

    async def mails(self, words: str) -> int:
        """Count the mails to the customer. That of a message which is there may be about to leave.

        The outbox and RT's own records of mails must agree.
        """
        for _ in range(round(SETTLE * 10)):
            there = await self.messages(words)
            letters = sum(words in letter.text for letter in await self.witness.letters())
            records = sum(words in sent for sent in await self.witness.sent(self.ticket.id))
            if letters == records and letters >= there:
                return letters
            await asyncio.sleep(0.1)
        raise AssertionError(f"{there} messages, {letters} letters, {records} records of letters")

    async def tickets(self, words: str) -> int:
        raise NotImplementedError("no tickets are made here")

    async def subject(self, ticket_id: str) -> str | None:
        raise NotImplementedError("no tickets are changed here")


@frozen(kw_only=True)
class Made:
    """A reply that was cut: what was known of it then, and what there is in the end."""

    cut: Cut
    result: Result
    end: tuple[int, int]
    """How many messages and mails."""

    def broken_promises(self) -> list[str]:
        wrong = self.result.broken_promises(repairable=True)
        if self.end != (self.result.made, self.result.mails):
            wrong.append(f"{self.result.made} messages and {self.result.mails} mails became more")
        return [f"{self.result.operation.name}, {self.cut}: {promise}" for promise in wrong]


@define
class Agent:
    """An agent of its own, whose connections lead through a proxy."""

    witness: RequestTrackerWitness
    proxy: FaultProxy
    desk: hb.Helpdesk
    hasty: hb.Helpdesk
    """The same, with less patience with a silent connection."""
    _numbers: Iterator[int] = field(factory=lambda: count(100_000))

    def words(self) -> str:
        """Return words that were never said before, all of one length."""
        return f"word {next(self._numbers)} of many"

    async def conversation(self) -> Conversation:
        """Begin a new ticket."""
        made = await self.desk.create_ticket(
            subject="Invoice 4711", requester=CUSTOMER, text="I paid twice."
        )
        return Conversation(self.witness, await self.desk.ticket(made.id))

    async def cut(self, number: int, seed: int) -> list[Made]:
        """Make replies, each cut at a byte that chance chooses; the same seed chooses the same."""
        chance, made = random.Random(seed), []
        told: list[tuple[Conversation, str, Cut, Result]] = []
        for nth in range(number):
            if nth % A_TICKET == 0:
                where = await self.conversation()
                sizes = {reply.name: await self._sizes(reply, where.ticket) for reply in REPLIES}
            operation, side = chance.choice(REPLIES), chance.choice(list(Side))
            before, most = sizes[operation.name][side]
            cut = Cut(side, after=chance.randint(0, most), by=chance.choice(list(End)))
            words = self.words()
            result = await cut_once(
                self.hasty,
                self.proxy,
                operation,
                cut,
                counter=where,
                ticket=where.ticket,
                words=words,
                nth=before,
                settle=SETTLE,
            )
            told.append((where, words, cut, result))
        for where, words, cut, result in told:
            end = (await where.messages(words), await where.mails(words))
            made.append(Made(cut=cut, result=result, end=end))
        return made

    async def _sizes(self, operation: Operation, ticket: hb.Ticket) -> dict[Side, tuple[int, int]]:
        """Return how many requests are made before the reply itself, and how large that is."""
        call = operation.call(self.hasty, ticket, self.words())
        passed = await passing(self.proxy, call)
        (before,) = [nth for nth, request in enumerate(passed) if request.method == "POST"]
        reply = passed[before]
        return {
            Side.REQUEST: (before, reply.request_bytes),
            Side.ANSWER: (before, reply.answer_bytes),
        }

    async def give_up(self) -> tuple[hb.Verdict, int, int]:
        """Make a reply and go before it is answered; return the verdict, messages and mails."""
        where, words = await self.conversation(), self.words()
        options = hb.TransportOptions(read_gap=0.05)
        async with hb.Helpdesk(self.desk.adapter.settings, options=options) as desk:
            unknown: hb.OutcomeUnknown | None = None
            while unknown is None:
                try:
                    await desk.reply(where.ticket, text=words, send_email=True)
                except hb.OutcomeUnknown as error:
                    unknown = error
                except hb.VendorUnavailable as error:  # it was given up when it was prepared
                    assert error.outcome is hb.Outcome.NOT_SENT  # noqa: PT017 - else it is a defect
        found = await self.desk.reconcile(unknown, settle=SETTLE)
        return found.verdict, await where.messages(words), await where.mails(words)


@asynccontextmanager
async def agents(server: RequestTracker) -> AsyncIterator[list[Agent]]:
    """Let as many agents work at once as RT has workers."""
    async with AsyncExitStack() as stack:
        opened = []
        for _ in range(WORKERS):
            agent = server.new_account()
            proxy = await stack.enter_async_context(FaultProxy(server.base_url))
            through = evolve(settings(server, agent), base_url=proxy.url)
            desk = await stack.enter_async_context(hb.Helpdesk(through))
            options = hb.TransportOptions(read_gap=READ_GAP)
            hasty = await stack.enter_async_context(hb.Helpdesk(through, options=options))
            opened.append(Agent(RequestTrackerWitness(server, agent), proxy, desk, hasty))
        yield opened


async def test_a_reply_cut_anywhere_is_mailed_once_at_most(request_tracker: RequestTracker) -> None:
    async with agents(request_tracker) as working:
        each = [agent.cut(CUTS // WORKERS, seed) for seed, agent in enumerate(working)]
        made = [one for some in await asyncio.gather(*each) for one in some]
    wrong = [promise for one in made for promise in one.broken_promises()]
    assert not wrong, "\n".join([f"{len(wrong)} broken", *wrong[:20]])
    results = [one.result for one in made]
    verdicts = Tallied(result.verdict.verdict for result in results if result.verdict)
    logging.getLogger(__name__).info(
        "%d cuts: %s, then %s; %d replies are there, %d were mailed",
        len(made),
        dict(Tallied(result.outcome for result in results)),
        dict(verdicts),
        sum(result.made for result in results),
        sum(result.mails for result in results),
    )
    assert set(verdicts) == {hb.Verdict.SENT, hb.Verdict.NOT_SENT}
    assert sum(result.reached for result in results) > 0.9 * len(made)


async def test_a_reply_that_rt_is_still_at_is_waited_for(request_tracker: RequestTracker) -> None:
    """RT does not notice that who asked it has gone: the mail leaves all the same."""
    async with agents(request_tracker) as working:
        for _ in range(GIVEN_UP // WORKERS):
            found = await asyncio.gather(*(agent.give_up() for agent in working))
            assert found == [(hb.Verdict.SENT, 1, 1)] * WORKERS
