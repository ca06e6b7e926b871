"""Whatever happens to several workers and their vendor, nobody is mailed twice.

Workers on two machines share a ledger. They are killed and held up at any await, the vendor loses
answers, is late, signs messages, tells times wrong or from a cache, clocks jump, other people write
and delete. What must hold is asked of the vendor.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from contextlib import suppress
from typing import Any

import pytest
from attrs import define, evolve
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

import helpdesk_bridge as hb
from helpdesk_bridge.delivery.memory_ledger import MemoryLedger
from tests.delivery.many_workers import TICKET, Died, Time, Vendor, Worker

pytestmark = pytest.mark.timeout(3600)
ALL = os.environ.get("HELPDESK_BRIDGE_ALL_FAULTS") == "1"
TEXTS = ("Paid twice, refunded.", "Thank you  for asking.", "It is -5 degrees.")
MACHINES = ("one machine", "one machine", "another machine")
ANSWERS = (
    "fine",
    "fine",
    "lost before",
    "lost after",
    "gateway before",
    "gateway after",
    "late",
    "refused",
)
SEEN: Counter[str] = Counter()


@define(eq=False)
class Job:
    """A message that the application wants to have sent once."""

    name: str
    text: str
    kind: str
    key: str | None
    may_send: bool = True
    """Whether a call for it may be made; with a key it always may."""
    done: bool = False
    begun: bool = False
    """Whether a call for it is or was under way of which it is not known that it did nothing."""
    error: hb.OutcomeUnknown | None = None


class ManyWorkers(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.time = Time()
        self.ruling = self.time.ruling(self.runner.get_loop())
        self.ruling.__enter__()
        self.vendor = Vendor(self.time)
        self.vendor.add("", "Where is my order?", hb.MessageType.REQUEST)
        self.vendor.refresh()
        self.ledger = MemoryLedger()
        self.jobs: dict[str, Job] = {}
        self.calls = 0
        self.count = 0
        self.foreign: set[str] = set()
        """The texts that others have written, too."""
        self.workers = [self._worker(boot) for boot in MACHINES]

    def _worker(self, boot: str) -> Worker:
        self.count += 1

        async def made() -> Worker:
            return Worker(self.count, self.vendor, self.ledger, boot)

        return self.runner.run(made())

    def turns(self, number: int) -> None:
        async def some() -> None:
            for _ in range(number):
                await asyncio.sleep(0)

        self.runner.run(some())

    def teardown(self) -> None:
        for worker in self.workers:
            worker.dead = True
            if worker.task is not None:
                worker.task.cancel()
        self.turns(30)
        self.ruling.__exit__(None, None, None)
        self.runner.close()

    # -- what workers do -----------------------------------------------------------------------

    @rule(
        at=st.integers(0, 2),
        text=st.sampled_from(TEXTS),
        kind=st.sampled_from(("reply", "reply", "note")),
        keyed=st.booleans(),
        old=st.integers(0, 3),
        turns=st.integers(0, 24),
        answer=st.sampled_from(ANSWERS),
    )
    def send(
        self, at: int, text: str, kind: str, keyed: bool, old: int, turns: int, answer: str
    ) -> None:
        """Begin a call for a new job, or again for one that has been begun."""
        self.vendor.mood = evolve(self.vendor.mood, answer=answer)
        again = [job for job in self.jobs.values() if job.key or (job.may_send and not job.done)]
        if old and again:
            job = again[-min(old, len(again))]
        else:
            name = f"job {len(self.jobs)}"
            words = f"{text} ({name})" if len(self.jobs) % 3 else text  # some are alike
            job = self.jobs[name] = Job(name, words, kind, name if keyed else None)
        self._begin(self.workers[at], job)
        self.turns(turns)

    def _begin(self, worker: Worker, job: Job) -> None:
        if worker.task is not None and not worker.task.done():
            return
        job.may_send, job.begun = False, True
        worker.job = job.name
        coroutine = self._call(worker, job)
        worker.task = self.runner.get_loop().create_task(coroutine)

    async def _call(self, worker: Worker, job: Job) -> None:
        """Make the call, and learn from how it ends, as an application should."""
        SEEN["calls"] += 1
        desk, key = worker.desk, job.key
        try:
            if job.kind == "reply":
                sent = await desk.reply(TICKET, text=job.text, send_email=True, key=key)
            else:
                sent = await desk.note(TICKET, text=job.text, key=key)
        except hb.OutcomeUnknown as error:
            job.error = error
            SEEN["unknown"] += 1
        except hb.HelpdeskError as error:
            job.may_send = error.outcome is not hb.Outcome.UNKNOWN
            if not job.key:
                job.begun = False
            SEEN[type(error).__name__] += 1
        except Died:
            SEEN["died"] += 1
        except asyncio.CancelledError:
            SEEN["died" if worker.dead else "cancelled"] += 1
            left = [e for e in desk.interrupted if worker.job_of.get(e.operation_id) == job.name]
            if left:
                job.error = left[-1]
            elif not worker.dead and not job.key:
                job.may_send, job.begun = True, False
        else:
            SEEN["repeated" if sent.repeated else "sent"] += 1
            job.done = True

    @rule(turns=st.integers(1, 120))
    def go_on(self, turns: int) -> None:
        self.turns(turns)

    @rule(
        at=st.integers(0, 2),
        text=st.sampled_from(TEXTS),
        keyed=st.booleans(),
        answer=st.sampled_from(ANSWERS),
        asked=st.booleans(),
    )
    def lose(self, at: int, text: str, keyed: bool, answer: str, asked: bool) -> None:
        """Make a call to its end, and perhaps ask what became of it, with nobody in between."""
        self.turns(60)
        self.send(at, text, "reply", keyed, 0, 60, answer)
        if asked:
            self.ask(at, 1, patient=True)
            self.recover((at + 1) % 3, wait=True)

    @rule(
        at=st.integers(0, 2),
        text=st.sampled_from(TEXTS),
        keyed=st.booleans(),
        old=st.integers(0, 2),
        turns=st.integers(1, 40),
        answer=st.sampled_from(ANSWERS),
    )
    def die(self, at: int, text: str, keyed: bool, old: int, turns: int, answer: str) -> None:
        """Begin a call, and be killed in the middle of it."""
        self.send(at, text, "reply", keyed, old, turns, answer)
        self.kill(at)

    @rule(at=st.integers(0, 2))
    def kill(self, at: int) -> None:
        """End a process where it stands, and start it again."""
        worker = self.workers[at]
        worker.dead = True
        if worker.task is not None:
            worker.task.cancel()
        self.turns(20)
        fresh = self._worker(worker.boot)
        fresh.job_of = worker.job_of
        self.workers[at] = fresh

    @rule(at=st.integers(0, 2))
    def cancel(self, at: int) -> None:
        worker = self.workers[at]
        if worker.task is not None:
            worker.task.cancel()
            self.turns(40)

    @rule(at=st.integers(0, 2), seconds=st.sampled_from((20.0, 40.0, 400.0)))
    def hold_up(self, at: int, seconds: float) -> None:
        """A machine sleeps, and the others do not."""
        worker = self.workers[at]
        worker.stopped = True
        self.time.advance(seconds)
        self.turns(5)
        other = self.workers[(at + 1) % 3]
        jobs = [job for job in self.jobs.values() if job.key]
        if jobs:
            self._begin(other, jobs[-1])
            self.turns(60)
        worker.stopped = False
        self.turns(10)

    @rule(at=st.integers(0, 2), old=st.integers(1, 3), patient=st.booleans())
    def ask(self, at: int, old: int, patient: bool) -> None:
        """Ask what became of a call that failed."""
        jobs = [job for job in self.jobs.values() if job.error and not job.done and not job.key]
        if not jobs:
            return
        job = jobs[-min(old, len(jobs))]
        desk = self.workers[at].desk
        self._told(job, self._ask(desk.reconcile(job.error)) if patient else None)

    @rule(at=st.integers(0, 2), wait=st.booleans())
    def recover(self, at: int, wait: bool) -> None:
        worker = self.workers[at]
        names = {op: job for one in self.workers for op, job in one.job_of.items()}
        for found in self._ask(worker.desk.recover(wait=wait)) or []:
            name = names.get(found.operation_id or "")
            if name is not None:
                self._told(self.jobs[name], found)

    def _ask(self, question: Any) -> Any:
        async def asked() -> Any:
            with suppress(Died):
                return await question
            return None

        return self.runner.run(asked())

    def _told(self, job: Job, found: hb.Reconciliation | None) -> None:
        if found is None:
            return
        SEEN[f"told {found.verdict}"] += 1
        if found.verdict is hb.Verdict.SENT:
            job.done = True
        elif found.verdict is hb.Verdict.NOT_SENT:
            job.begun = False
            others = sum(other.begun for other in self._alike(job))
            assert self._there(job) <= others, "NOT_SENT of what the vendor has"
            job.may_send = True

    # -- what the world does -------------------------------------------------------------------

    @rule(
        signs=st.booleans(),
        shift=st.sampled_from((0.0, 0.0, 3600.0, -10.0, -172800.0, None)),
        mangles=st.booleans(),
        stale=st.booleans(),
    )
    def mood(self, signs: bool, shift: Any, mangles: bool, stale: bool) -> None:
        self.vendor.refresh()
        self.vendor.mood = evolve(
            self.vendor.mood, signs=signs, shift=shift, stale=stale, mangles=mangles
        )

    @rule()
    def refresh(self) -> None:
        self.vendor.refresh()
        self.vendor.mood = evolve(self.vendor.mood, stale=False)

    @rule(seconds=st.sampled_from((1.0, 15.0, 70.0, 400.0)))
    def time_passes(self, seconds: float) -> None:
        self.time.advance(seconds)
        self.vendor.refresh()  # no cache is older

    @rule(seconds=st.sampled_from((-3.2e7, -7200.0, -30.0, 30.0, 7200.0, 3.2e7)))
    def clock_jumps(self, seconds: float) -> None:
        self.time.jumped += seconds

    @rule(text=st.sampled_from((*TEXTS, "Another agent's words.")), customer=st.booleans())
    def somebody_writes(self, text: str, customer: bool) -> None:
        kind = hb.MessageType.REQUEST if customer else hb.MessageType.RESPONSE
        self.vendor.add("", text, kind, sign=False)
        if not customer:
            self.foreign.add(text)

    @rule(old=st.integers(0, 5))
    def somebody_deletes(self, old: int) -> None:
        others = [one for one in self.vendor.sent if not one.job]
        if others:
            self.vendor.sent.remove(others[min(old, len(others) - 1)])

    # -- what must hold ------------------------------------------------------------------------

    def _alike(self, job: Job) -> list[Job]:
        """Return the jobs with the same words, which nobody can tell apart: their number counts."""
        return [one for one in self.jobs.values() if (one.text, one.kind) == (job.text, job.kind)]

    def _there(self, job: Job) -> int:
        """Return how many of these words the vendor has sent, or is going to."""
        names = {one.name for one in self._alike(job)}
        return sum(name in names for name in (*self.vendor.mails, *self.vendor.underway))

    @invariant()
    def nobody_is_mailed_twice(self) -> None:
        SEEN["steps"] += 1
        for job in self.jobs.values():
            there, alike = self._there(job), self._alike(job)
            assert there <= sum(one.begun for one in alike), f"{job.name} was mailed twice"
            # What another program wrote in the same words at the same time can be taken for it.
            done = sum(one.done for one in alike)
            assert there >= done or job.text in self.foreign, f"{job.name} was not mailed"


ManyWorkers.TestCase.settings = settings(
    max_examples=3000 if ALL else 60,
    stateful_step_count=40 if ALL else 30,
    derandomize=not ALL,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


class TestManyWorkers(ManyWorkers.TestCase):  # type: ignore[misc]
    def runTest(self) -> None:  # noqa: N802 - unittest's name
        SEEN.clear()
        super().runTest()
        # Else the invariant would hold for nothing.
        for name in ("sent", "repeated", "unknown", "died", "told sent", "told not_sent"):
            assert SEEN[name] > 0, SEEN
        assert SEEN["steps"] > (100_000 if ALL else 500)
