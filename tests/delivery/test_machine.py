"""In any order of calls, faults, cancellations and crashes nobody is mailed twice."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections import Counter
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any, ClassVar

import pytest
from attrs import define
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

import helpdesk_bridge as hb
from helpdesk_bridge.delivery.entry import EntryState
from helpdesk_bridge.delivery.sqlite_ledger import SqliteLedger, _all
from helpdesk_bridge.testing import Store
from helpdesk_bridge.transport import CURRENT_CALL, clock
from tests.delivery.places import CUSTOMER, FAKES, Trouble, connected, lost, number_of

pytestmark = pytest.mark.timeout(3600)
ALL = os.environ.get("HELPDESK_BRIDGE_ALL_FAULTS") == "1"
TEXTS = ("Paid twice, refunded.", "Thank you for asking.")
FAULTS = ("fine", "answer", "request", "refused", "limited", "unavailable before", "unavailable")
VERDICTS: Counter[str] = Counter()


class CrashingOutbox(SqliteLedger):
    """A ledger whose process may be dead: what it would still write is lost."""

    dead = False

    async def record_result(
        self,
        operation_id: str,
        state: EntryState,
        made_id: str | None = None,
        *,
        finished: bool | None = None,
    ) -> bool:
        return self.dead or await super().record_result(
            operation_id, state, made_id, finished=finished
        )


@define
class Logical:
    """A message that the application wants to have sent once; it is what the desk told of it."""

    kind: str
    text: str
    state: str = "open"
    error: hb.OutcomeUnknown | None = None


class Desk(RuleBasedStateMachine):
    adapter: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.stack = AsyncExitStack()
        self.trouble = Trouble()
        self.store = Store()
        self.logical: dict[str, Logical] = {}
        self.pause = clock.pause
        self.ahead = 0.0
        self.run(self._open())

    def run(self, coroutine: Any) -> Any:
        return self.runner.run(coroutine)

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        present = loop.time
        loop.time = lambda: present() + self.ahead  # type: ignore[method-assign]
        clock.pause = self._skip
        self.fake = await self.stack.enter_async_context(FAKES[self.adapter](self.store))
        self._start()
        self.ticket = await self.desk.create_ticket(
            subject="S", requester=CUSTOMER, text="Help me please."
        )

    async def _skip(self, seconds: float) -> None:
        self.ahead += seconds
        await asyncio.sleep(0)

    def _start(self) -> None:
        self.box = CrashingOutbox(Path(self.folder.name) / "ledger.db")
        self.desk = connected(self.fake, self.trouble, ledger=self.box)

    async def _stop(self) -> None:
        await self.desk.aclose()
        await self.box.aclose()

    def teardown(self) -> None:
        self.run(self._stop())
        self.run(self.stack.aclose())
        self.runner.close()
        clock.pause = self.pause
        self.folder.cleanup()

    # -- what the application does -----------------------------------------------------------

    def _send(self, kind: str, text: str) -> Any:
        if kind == "reply":
            return self.desk.reply(self.ticket.id, text=text, send_email=True)
        if kind == "note":
            return self.desk.note(self.ticket.id, text=text)
        return self.desk.create_ticket(subject=text, requester=CUSTOMER, text="Some words.")

    def _plan(self, fault: str, one: Logical) -> Any:
        async def act(request: Any, handler: Any) -> Any:
            call = CURRENT_CALL.get()
            assert call is not None
            self.logical[call.operation_id] = one
            if fault in ("request", "unavailable before"):
                request.progress.bytes_sent = True
                raise lost(None)
            if fault in ("refused", "limited"):
                kind = hb.RateLimited if fault == "limited" else hb.ValidationFailed
                raise kind("no.")
            response = await handler(request)
            if fault in ("answer", "unavailable"):
                error: Any = lost(None)
                error.status = 503 if fault == "unavailable" else None
                raise error
            return response

        return act

    async def _try(self, one: Logical, fault: str) -> None:
        """Send, and learn from how it ends, as an application should."""
        self.trouble.plan = [self._plan(fault, one)]
        try:
            await self._send(one.kind, one.text)
        except hb.OutcomeUnknown as error:
            one.error = error
        except hb.PartlyDone:
            one.state = "done"
        except hb.HelpdeskError as error:
            one.state = "open" if error.outcome is hb.Outcome.UNKNOWN else "not done"
        else:
            one.state = "done"
        self.trouble.plan = []

    @rule(
        kind=st.sampled_from(("reply", "reply", "note", "create")),
        text=st.sampled_from(TEXTS),
        fault=st.sampled_from(FAULTS),
    )
    def write(self, kind: str, text: str, fault: str) -> None:
        one = Logical(kind, text)
        self.run(self._try(one, fault))
        self._remember(one)

    @rule(text=st.sampled_from(TEXTS), fault=st.sampled_from(FAULTS), steps=st.integers(0, 60))
    def cancel(self, text: str, fault: str, steps: int) -> None:
        one = Logical("reply", text)

        async def cancelled() -> None:
            task = asyncio.create_task(self._try(one, fault))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            for _ in range(60):
                await asyncio.sleep(0)
            if task.cancelled():
                kept = list(self.desk.interrupted)
                self.desk.interrupted.clear()
                one.error = kept[0] if kept else None
                one.state = "open" if kept else "not done"
            self.trouble.plan = []

        self.run(cancelled())
        self._remember(one)

    def _remember(self, one: Logical) -> None:
        if one.error is not None and one.error.operation_id:
            self.logical[one.error.operation_id] = one
        elif all(one is not other for other in self.logical.values()):
            self.logical[f"never asked for {len(self.logical)}"] = one

    @precondition(lambda self: any(self._asking()))
    @rule(data=st.data(), patient=st.booleans())
    def ask(self, data: st.DataObject, patient: bool) -> None:
        one = data.draw(st.sampled_from(self._asking()))
        assert one.error is not None
        settle = None if patient else 0.0
        self._told(one, self.run(self.desk.reconcile(one.error, settle=settle)).verdict)

    def _asking(self) -> list[Logical]:
        return [one for one in self.logical.values() if one.state == "open" and one.error]

    @rule()
    def recover(self) -> None:
        for found in self.run(self.desk.recover(settle=0)):
            assert not found.under_way
            self._told(self.logical[found.operation_id], found.verdict)

    def _told(self, one: Logical, verdict: hb.Verdict) -> None:
        VERDICTS[verdict] += 1
        if verdict is hb.Verdict.SENT:
            one.state = "done"
        elif verdict is hb.Verdict.NOT_SENT:
            assert one.state != "done"
            one.state = "not done"

    @precondition(lambda self: any(one.state == "not done" for one in self.logical.values()))
    @rule(data=st.data(), fault=st.sampled_from(FAULTS))
    def send_again(self, data: st.DataObject, fault: str) -> None:
        left = [key for key, one in self.logical.items() if one.state == "not done"]
        key = data.draw(st.sampled_from(left))
        one = Logical(self.logical[key].kind, self.logical[key].text)
        self.logical[key].state = "replaced"
        self.run(self._try(one, fault))
        self._remember(one)

    @rule(text=st.sampled_from(TEXTS), fault=st.sampled_from(FAULTS))
    def crash(self, text: str, fault: str) -> None:
        """Die in the middle of a reply: what it came to is not written down by anybody."""
        one = Logical("reply", text)

        async def die() -> None:
            begin = self.box.begin

            async def last(entry: Any) -> Any:
                other = await begin(entry)
                self.box.dead = True
                return other

            self.box.begin = last  # type: ignore[method-assign]
            await self._try(one, fault)
            one.state, one.error = "open", None
            await self._stop()
            self._start()

        self.run(die())
        self._remember(one)

    @rule(subject=st.sampled_from(TEXTS))
    def update(self, subject: str) -> None:
        self.trouble.plan = []
        self.run(self.desk.update_ticket(self.ticket.id, subject=subject))

    # -- what must be true -------------------------------------------------------------------

    @invariant()
    def nobody_is_mailed_twice_and_nothing_is_called_sent_that_is_not(self) -> None:
        for kind in ("reply", "note", "create"):
            for text in TEXTS:
                there = self._there(kind, text)
                states = Counter(
                    one.state
                    for one in self.logical.values()
                    if (one.kind, one.text) == (kind, text)
                )
                assert states["done"] <= there <= states["done"] + states["open"]

    def _there(self, kind: str, text: str) -> int:
        if kind == "create":
            tickets = self.store.tickets.values()
            own = number_of(self.ticket)
            return sum(ticket.subject == text and ticket.id != own for ticket in tickets)
        messages = self.store.tickets[number_of(self.ticket)].messages
        wanted = hb.MessageType.NOTE if kind == "note" else hb.MessageType.RESPONSE
        there = [m for m in messages if m.type is wanted and text[:10] in (m.text or m.html)]
        if kind == "reply":
            assert len(there) == sum(text[:10] in mail.html for mail in self.store.outbox)
        return len(there)

    @invariant()
    def the_outbox_does_not_contradict_the_desk(self) -> None:
        entries = self.run(self.box._run(lambda file: _all(file, "desk = ?", "it")))
        told: Counter[tuple[str, str, EntryState]] = Counter()
        for entry in entries:
            one = self.logical.get(entry.operation_id)
            if one is not None:  # else it was cancelled before any request
                told[one.kind, one.text, entry.state] += 1
        for kind, text in {(one.kind, one.text) for one in self.logical.values()}:
            sent = told[kind, text, EntryState.SENT]
            in_doubt = told[kind, text, EntryState.PENDING] + told[kind, text, EntryState.UNKNOWN]
            assert sent <= self._there(kind, text) <= sent + in_doubt


SETTINGS = settings(
    max_examples=150 if ALL else 6,
    stateful_step_count=40 if ALL else 20,
    derandomize=not ALL,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def _machine(name: str) -> type[Any]:
    machine: Any = type(f"Desk_{name}", (Desk,), {"adapter": name})

    class Case(machine.TestCase):  # type: ignore[misc]
        settings = SETTINGS

        def runTest(self) -> None:  # noqa: N802 - unittest's name
            VERDICTS.clear()
            super().runTest()
            # Else the invariants would hold for nothing.
            assert VERDICTS[hb.Verdict.SENT] > 0
            assert VERDICTS[hb.Verdict.NOT_SENT] > 0

    return Case


for _name in FAKES:
    globals()[f"Test_{_name}"] = _machine(_name)
