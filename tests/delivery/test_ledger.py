"""A ledger is on the disk before a byte leaves, and never in the way of what was sent."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import subprocess
import sys
from contextlib import aclosing, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import define, evolve, field

import helpdesk_bridge as hb
from helpdesk_bridge.delivery.entry import EntryState, LedgerEntry, Writer
from helpdesk_bridge.delivery.lease import LEASE, Life, Watch
from helpdesk_bridge.delivery.memory_ledger import MemoryLedger
from helpdesk_bridge.delivery.reconcile import Reconciler
from helpdesk_bridge.delivery.sqlite_ledger import SqliteLedger
from helpdesk_bridge.errors import Moment, moment
from helpdesk_bridge.errors.moment import uptime
from helpdesk_bridge.model.fingerprint import Fingerprint
from tests.delivery.places import CUSTOMER, WORDS, WRITES, Place, number_of, opened

pytestmark = pytest.mark.asyncio
NOW = datetime.now(UTC)
LONG_AGO = datetime(2020, 5, 1, tzinfo=UTC)


def rows(box: SqliteLedger) -> list[tuple[str, str | None]]:
    """Return the state and the made id of each entry, oldest first."""
    with closing(sqlite3.connect(box.path)) as file:
        return file.execute("select state, made_id from writes order by started_at").fetchall()


def entry(operation_id: str, **fields: Any) -> LedgerEntry:
    mark = Fingerprint.of(
        "reply", salt="s", body=WORDS, files=["a.txt"], due=LONG_AGO, before=["n"], content=b"all"
    )
    given = {
        "desk": "it",
        "vendor": "helpspace",
        "operation": "reply",
        "operation_id": operation_id,
        "ticket_id": "7",
        "fingerprint": evolve(mark, known=("3",), offset=0.25),
    }
    return LedgerEntry(**given | fields)


def writer(**fields: Any) -> Writer:
    """Return another process of this machine, which lives, unless ``fields`` say otherwise."""
    parent = os.getppid()
    given = {"name": "other", "pid": parent, "started": Writer.of(parent).started}
    return evolve(Writer.this(), **given | fields)


GONE = 2**22 + 1
"""The id of no process."""


# -- what is kept ----------------------------------------------------------------------------


@pytest.mark.parametrize("adapter", ["helpspace", "airclou", "omnidesk", "memory"])
async def test_an_entry_is_on_the_disk_before_a_byte_leaves(
    adapter: str, box: SqliteLedger
) -> None:
    seen: list[Any] = []
    async with opened(adapter, ledger=box) as place:
        add_message = place.store.add_message

        def look(*values: Any, **fields: Any) -> Any:
            seen.append(rows(box)[-1])
            return add_message(*values, **fields)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(place.store), "add_message", lambda _, *v, **f: look(*v, **f))
            for write in WRITES.values():
                await write(place.desk, place.ticket, WORDS)
        assert seen == [("pending", None)] * 4
        states = [state for state, _ in rows(box)]
        assert states == ["sent"] * 5


async def test_a_commit_is_synced_with_the_folder_of_its_journal(box: SqliteLedger) -> None:
    await box.begin(entry("a"))
    assert box._file is not None
    assert box._file.execute("pragma synchronous").fetchone() == (3,)  # extra


async def test_an_entry_comes_back_as_it_was(box: SqliteLedger) -> None:
    for kept in (entry("a"), entry("b", ticket_id=None)):
        await box.begin(kept)
        found = await box.on_ticket("it", kept.ticket_id)
        assert found == [kept]


async def test_the_file_holds_no_word_and_no_address(tmp_path: Path) -> None:
    box = SqliteLedger(tmp_path / "ledger.db")
    async with opened("helpspace", ledger=box) as place:
        await place.fail("reply", "answer")
        await place.desk.reply(
            place.ticket, text=WORDS, send_email=True, attachments=[hb.Upload("a.txt", data=b"x")]
        )
    await box.aclose()
    content = (tmp_path / "ledger.db").read_bytes()
    for word in (b"invoice", b"paid", CUSTOMER.encode(), b"customer.example", b"a.txt", b"Help"):
        assert word not in content
        assert word.title() not in content


@pytest.mark.parametrize("jumps", [[365], [-365], [-40, 40], [40, -40], [-40, 40, 1, 1]])
async def test_a_clock_that_is_set_drops_no_key(
    tmp_path: Path, jumps: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wrong when a key was used, or wrong later: the age of an entry is told by uptime."""
    present, ahead = moment.wall_clock, [timedelta()]
    monkeypatch.setattr(moment, "wall_clock", lambda: present() + ahead[0])
    for number, days in enumerate([0, *jumps, 0]):
        ahead[0] += timedelta(days=days)
        async with aclosing(SqliteLedger(tmp_path / "ledger.db")) as box:
            await box.begin(entry(f"job {number}", key=f"job {number}"))
            await box.record_result(f"job {number}", EntryState.SENT)
    async with aclosing(SqliteLedger(tmp_path / "ledger.db")) as box:
        for number in range(len(jumps) + 2):
            assert await box.with_key("it", f"job {number}") is not None


async def test_what_passes_while_the_machine_is_off_is_believed_for_a_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    present, days = moment.wall_clock, 0
    monkeypatch.setattr(moment, "wall_clock", lambda: present() + timedelta(days=days))
    keep = timedelta(days=3)
    left = []
    for boot in range(6):  # a start of the machine each two days
        monkeypatch.setattr(moment, "BOOT", f"boot {boot}")
        days = 2 * boot
        async with aclosing(SqliteLedger(tmp_path / "ledger.db", keep)) as box:
            await box.begin(entry(f"e{boot}"))
            await box.record_result(f"e{boot}", EntryState.SENT)
            left.append(await box.entry("e0") is not None)
    assert left == [True, True, True, True, False, False]


# -- who may settle --------------------------------------------------------------------------


async def test_only_one_is_told_that_an_entry_was_not_sent(tmp_path: Path) -> None:
    boxes = [SqliteLedger(tmp_path / "ledger.db") for _ in range(5)]
    await boxes[0].begin(entry("a"))
    told = await asyncio.gather(*(box.record_result("a", EntryState.NOT_SENT) for box in boxes))
    assert sorted(told) == [False, False, False, False, True]
    assert await boxes[0].record_result("not kept here", EntryState.NOT_SENT)
    await boxes[0].record_result("a", EntryState.UNKNOWN)
    assert rows(boxes[0]) == [("not_sent", None)]
    assert await boxes[0].record_result("a", EntryState.SENT, "9")  # its own call knows better
    assert not await boxes[0].record_result("a", EntryState.NOT_SENT)
    assert rows(boxes[0]) == [("sent", "9")]
    for box in boxes:
        await box.aclose()


async def test_what_was_made_belongs_to_one_entry(box: SqliteLedger) -> None:
    for one in (entry("a"), entry("b"), entry("c", ticket_id="8"), entry("d", ticket_id=None)):
        await box.begin(one)
    assert await box.record_result("a", EntryState.SENT, "9")
    assert await box.record_result("a", EntryState.SENT, "9")
    assert not await box.record_result("b", EntryState.SENT, "9")
    assert await box.record_result("c", EntryState.SENT, "9")
    assert await box.record_result("d", EntryState.SENT, "9")
    assert dict(zip("abcd", [state for state, _ in rows(box)], strict=True)) == {
        "a": "sent",
        "b": "pending",
        "c": "sent",
        "d": "sent",
    }


async def test_a_call_whose_message_was_taken_for_another_is_sent_all_the_same(
    box: SqliteLedger,
) -> None:
    async with opened("helpspace", ledger=box) as place:
        await box.begin(entry("thief", ticket_id=place.ticket.id))

        async def stolen(request: Any, handler: Any) -> Any:
            response = await handler(request)
            await box.record_result("thief", EntryState.SENT, str(place.last))
            return response

        place.trouble.plan = [stolen]
        await WRITES["reply"](place.desk, place.ticket, WORDS)
        assert await place.desk.recover(settle=0) == []
        assert [state for state, _ in rows(box)] == ["sent"] * 3


async def test_reconcile_gives_one_leave_to_send_again(box: SqliteLedger) -> None:
    async with opened("helpspace", ledger=box) as place:
        error = await place.fail("reply", "request")
        found = [await place.desk.reconcile(error) for _ in range(2)]
        verdicts = [one.verdict for one in found]
        assert verdicts == [hb.Verdict.NOT_SENT, hb.Verdict.STILL_UNKNOWN]
        assert "somebody has been told" in found[1].reason
        assert rows(box)[-1] == ("not_sent", None)
        assert await place.desk.recover() == []


async def test_reconcile_of_what_an_other_process_settled_as_sent_says_so(
    box: SqliteLedger,
) -> None:
    async with opened("helpspace", ledger=box) as place:
        error = await place.fail("reply", "answer")
        for _ in range(2):
            found = await place.desk.reconcile(error)
            assert found.verdict is hb.Verdict.SENT
        assert rows(box)[-1] == ("sent", str(place.last))


async def test_two_processes_do_not_claim_one_message_for_two_writes(
    box: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the other desk claims between this one's look and its own claim is found out."""
    async with opened("helpspace", ledger=box) as place:
        first = await place.fail("reply", "answer")
        second = await place.fail("reply", "request")
        learn = Reconciler._learn

        async def meanwhile(*values: Any) -> None:
            await learn(*values)
            await box.record_result(first.operation_id or "", EntryState.SENT, str(place.last))

        monkeypatch.setattr(Reconciler, "_learn", meanwhile)
        found = await place.desk.reconcile(second)
        assert found.verdict is not hb.Verdict.SENT


@pytest.mark.parametrize("kept", [True, False])
async def test_two_who_look_at_once_do_not_take_one_message_for_two_writes(
    box: SqliteLedger, tmp_path: Path, kept: bool
) -> None:
    """Neither may be told SENT because of the other's message, whatever the ledger holds."""
    async with opened("memory", ledger=box) as place:
        errors = [await place.fail("add_request", how) for how in ("answer", "request")]
        async with aclosing(SqliteLedger(tmp_path / "another.db")) as another:
            place.desk._sender.ledger = box if kept else another
            found = await asyncio.gather(
                *(place.desk.reconcile(error, settle=0) for error in errors)
            )
        verdicts = [one.verdict for one in found]
        assert verdicts.count(hb.Verdict.SENT) == 1, verdicts


async def test_what_another_process_made_is_not_taken_for_it(box: SqliteLedger) -> None:
    async with opened("helpspace", ledger=box) as place:
        await WRITES["reply"](place.desk, place.ticket, WORDS)
        error = await place.fail("reply", "request")
        assert (await place.desk.reconcile(error)).verdict is hb.Verdict.NOT_SENT


# -- whose entries are left alone ------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "beaten", "expected"),
    [
        (Writer.this(), 0, Life(False)),
        (writer(), 0, Life(True)),
        (writer(), LEASE + 1, Life(False)),
        (writer(pid=GONE), 0, Life(False)),
        (writer(started="1"), 0, Life(False)),
        (writer(pid=GONE, processes="another container"), 10, Life(True, LEASE - 10)),
        (writer(pid=GONE, processes="another container"), LEASE + 1, Life(False)),
        (writer(pid=GONE, boot="other"), 1000, Life(True, LEASE)),
        (writer(name=Writer.this().name), 0, Life(True)),
    ],
)
async def test_only_the_entries_of_the_dead_are_taken_up(
    who: Writer, beaten: float, expected: Life
) -> None:
    when = Moment(who.boot, uptime() - beaten)
    life = Watch().life(entry("a", writer=who, beaten=when))
    assert life.under_way is expected.under_way
    assert life.known_in == pytest.approx(expected.known_in, abs=1)
    assert (life.ended is None) is life.under_way


async def test_of_another_machine_only_the_beats_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    """No clock is compared: a writer is dead when its beat has not moved for a lease, as seen."""
    now = [1000.0]
    monkeypatch.setattr(moment, "uptime", lambda: now[0])
    watch, far = Watch(), writer(boot="other")
    one = entry("a", writer=far, beaten=Moment("other", 5.0))
    assert watch.life(one) == Life(True, LEASE)
    now[0] += LEASE - 1
    assert watch.life(one) == Life(True, 1.0)
    one = evolve(one, beat=1)
    assert watch.life(one) == Life(True, 0.0)  # it has beaten: it lives
    now[0] += LEASE - 1
    assert watch.life(one) == Life(True, 1.0)
    now[0] += 1
    seen = Moment(moment.BOOT, 1000.0 + LEASE - 1)
    assert watch.life(one) == Life(False, 0.0, seen)


async def test_a_host_is_known_by_its_boot_and_its_processes() -> None:
    this = Writer.this()
    if sys.platform == "linux":
        assert this.processes.startswith("pid:[")
        assert "time:[" in this.boot
        assert this.started.isdigit()
        assert this.is_visible


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks")
async def test_a_fork_leaves_the_entries_of_its_parent_alone() -> None:
    script = (
        "import os\n"
        "from tests.delivery.test_ledger import entry\n"
        "from helpdesk_bridge.delivery.lease import Watch\n"
        "mine = entry('a')\n"
        "assert not Watch().life(mine).under_way\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    os._exit(0 if Watch().life(mine).under_way else 1)\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stderr=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    _, complaint = await process.communicate()
    assert (process.returncode, complaint) == (0, b"")


async def test_recover_leaves_calls_that_are_under_way(box: SqliteLedger) -> None:
    async with opened("helpspace", ledger=box) as place:
        arrived, go_on = asyncio.Event(), asyncio.Event()

        async def held(request: Any, handler: Any) -> Any:
            arrived.set()
            await go_on.wait()
            return await handler(request)

        place.trouble.plan = [held]
        call = asyncio.create_task(WRITES["reply"](place.desk, place.ticket, WORDS))
        await arrived.wait()
        (left,) = await place.desk.recover(settle=0)
        assert (left.verdict, left.under_way) == (hb.Verdict.STILL_UNKNOWN, True)
        assert "still at it" in left.reason
        assert rows(box)[-1] == ("pending", None)
        go_on.set()
        await call
        assert rows(box)[-1] == ("sent", str(place.last))


async def test_recover_leaves_the_entries_of_other_desks_and_vendors(box: SqliteLedger) -> None:
    gone = writer(pid=GONE)
    await box.begin(entry("a", desk="other", writer=gone))
    await box.begin(entry("b", vendor="airclou", writer=gone, key="k"))
    async with opened("helpspace", ledger=box) as place:
        (left,) = await place.desk.recover(settle=0)
    assert (left.operation_id, left.operation, left.key, left.ticket_id) == ("b", "reply", "k", "7")
    assert not left.under_way
    assert "adapter airclou" in left.reason


async def test_a_dead_process_may_have_sent_at_the_very_end_of_its_lease(
    box: SqliteLedger, pauses: list[float]
) -> None:
    async with opened("helpspace", ledger=box) as place:
        beaten = Moment.now().later(-20.0)
        mark = Fingerprint.of("reply", salt="s", body=WORDS, before=[])
        await box.begin(
            entry(
                "a",
                ticket_id=place.ticket.id,
                writer=writer(pid=GONE),
                beaten=beaten,
                fingerprint=mark,
            )
        )
        found = await place.desk.recover()
        assert [one.verdict for one in found] == [hb.Verdict.NOT_SENT]
        assert sum(pauses) == pytest.approx(300, abs=1)  # since it was seen to be dead


@pytest.mark.parametrize("elsewhere", [{"boot": "other"}, {"processes": "the container before"}])
async def test_recover_can_wait_for_what_cannot_be_told_yet(
    box: SqliteLedger, pauses: list[float], elsewhere: dict[str, str]
) -> None:
    """On another machine, and after a restart of a container, a process cannot be seen to be dead.

    That is said, and half a minute later it is known.
    """
    async with opened("helpspace", ledger=box) as place:
        mark = Fingerprint.of("reply", salt="s", body=WORDS, before=[])
        far = writer(pid=GONE, **elsewhere)
        await box.begin(
            entry("a", ticket_id=place.ticket.id, writer=far, fingerprint=mark, key="k")
        )
        (left,) = await place.desk.recover(settle=0, wait=False)
        assert (left.verdict, left.under_way, left.key) == (hb.Verdict.STILL_UNKNOWN, True, "k")
        assert left.retry_after == pytest.approx(LEASE, abs=1)
        assert "still at it, or may be" in left.reason
        assert pauses == []
        (found,) = await place.desk.recover(settle=0)
        assert found.verdict is hb.Verdict.NOT_SENT
        assert sum(pauses) == pytest.approx(LEASE, abs=2)


async def test_a_desk_without_an_outbox_has_nothing_to_recover(place: Place) -> None:
    with pytest.raises(hb.InvalidArgument, match="ledger"):
        await place.desk.recover()


# -- what was done in part -------------------------------------------------------------------


async def test_a_ticket_without_its_first_message_is_a_ticket(box: SqliteLedger) -> None:
    async with opened("airclou", ledger=box) as place:
        place.trouble.plan = ["fine", "request"]
        with pytest.raises(hb.PartlyDone) as caught:
            await place.desk.create_ticket(subject="S", requester=CUSTOMER, text=WORDS)
        assert rows(box)[-1] == ("sent", caught.value.ticket_id)
        found = await place.desk.reconcile(caught.value)
        assert found.verdict is hb.Verdict.NOT_SENT  # the message, not the ticket
        assert rows(box)[-2:] == [("sent", caught.value.ticket_id), ("not_sent", None)]
        found = await place.desk.reconcile(caught.value)
        assert found.verdict is hb.Verdict.STILL_UNKNOWN  # one may add it, and was told so


async def test_a_ticket_made_in_a_crash_is_found_with_what_is_missing(box: SqliteLedger) -> None:
    async with opened("airclou", ledger=box) as place:
        place.trouble.plan = ["answer"]
        with pytest.raises(hb.OutcomeUnknown):
            await place.desk.create_ticket(subject="S", requester=CUSTOMER, text=WORDS)
        (found,) = await place.desk.recover()
        assert (found.verdict, found.message) == (hb.Verdict.SENT, None)
        assert "may have to be added" in found.reason


# -- when the file fails ---------------------------------------------------------------------


def _corrupt(path: Path) -> None:
    path.write_bytes(b"This is no database, and longer than a page is not needed." * 100)


def _a_folder(path: Path) -> None:
    path.mkdir()


def _locked(path: Path) -> Any:
    file = sqlite3.connect(path, isolation_level=None)
    file.execute("begin exclusive")
    return file


@pytest.mark.parametrize("spoil", [_corrupt, _a_folder, _locked])
async def test_a_file_that_cannot_be_used_keeps_the_message_unsent(
    tmp_path: Path, spoil: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda p, **o: connect(p, **o | {"timeout": 0.01}))
    box = SqliteLedger(tmp_path / "ledger.db")
    async with opened("helpspace") as place:
        place.desk._sender.ledger = box
        place.desk._sender.is_given = True
        held = spoil(box.path)
        with pytest.raises(hb.ConfigurationError, match="ledger") as caught:
            await WRITES["reply"](place.desk, place.ticket, WORDS)
        assert caught.value.outcome is hb.Outcome.NOT_SENT
        assert caught.value.__cause__ is None
        assert len(place.store.outbox) == 0
        with pytest.raises(hb.ConfigurationError):
            await place.desk.recover()
        if held is not None:
            held.close()
    await box.aclose()


async def test_a_file_that_cannot_be_used_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def remembered(*values: Any, **options: Any) -> sqlite3.Connection:
        files.append(connect(*values, **options))
        return files[-1]

    monkeypatch.setattr(sqlite3, "connect", remembered)
    box = SqliteLedger(tmp_path / "ledger.db")
    _corrupt(box.path)
    with pytest.raises(hb.ConfigurationError):
        await box.unresolved("it")
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        files[0].execute("select 1")
    await box.aclose()


async def test_a_full_disk_keeps_the_message_unsent(box: SqliteLedger) -> None:
    async with opened("helpspace", ledger=box) as place:
        assert box._file is not None
        (pages,) = box._file.execute("pragma page_count").fetchone()
        box._file.execute(f"pragma max_page_count = {pages}")
        sent = 0
        for _ in range(50):
            try:
                await WRITES["reply"](place.desk, place.ticket, WORDS)
            except hb.ConfigurationError as error:
                outcome = error.outcome
                break
            sent += 1
        assert outcome is hb.Outcome.NOT_SENT
        assert sent < 50
        assert len(place.store.outbox) == sent
        box._file.execute("pragma max_page_count = 100000")
        await WRITES["reply"](place.desk, place.ticket, WORDS)
        assert [state for state, _ in rows(box)] == ["sent"] * (sent + 2)


async def test_an_entry_that_cannot_be_read_is_told(box: SqliteLedger) -> None:
    await box.begin(entry("a"))
    for blob in (b"{", b"{}", b"[]"):
        with closing(sqlite3.connect(box.path)) as file, file:
            file.execute("update writes set entry = ?", (blob,))
        with pytest.raises(hb.ConfigurationError, match="cannot be read"):
            await box.unresolved("it")


@define
class Broken:
    """Somebody's own ledger, which raises what it likes in the methods named."""

    fails: set[str]
    error: BaseException
    settled: list[Any] = field(factory=list)

    def _maybe(self, name: str) -> None:
        if name in self.fails:
            raise self.error

    async def begin(self, entry: LedgerEntry) -> LedgerEntry | None:
        self._maybe("begin")
        return None

    async def renew(self, operation_id: str) -> bool:
        self._maybe("renew")
        return True

    async def take_over(self, operation_id: str, beat: int) -> bool:
        self._maybe("take_over")
        return True

    async def record_result(
        self,
        operation_id: str,
        state: EntryState,
        made_id: str | None = None,
        *,
        finished: bool | None = None,
    ) -> bool:
        self._maybe("record_result")
        self.settled.append((state, made_id))
        return True

    async def entry(self, operation_id: str) -> LedgerEntry | None:
        self._maybe("entry")
        return None

    async def with_key(self, desk: str, key: str) -> LedgerEntry | None:
        self._maybe("with_key")
        return None

    async def unresolved(self, desk: str) -> list[LedgerEntry]:
        self._maybe("unresolved")
        return []

    async def on_ticket(self, desk: str, ticket_id: str | None) -> list[LedgerEntry]:
        self._maybe("on_ticket")
        return []

    async def decide(
        self, operation_id: str, *, sent: bool, made_id: str | None = None
    ) -> LedgerEntry:
        raise NotImplementedError

    async def aclose(self) -> None:
        pass


@pytest.mark.parametrize("error", [OSError("disk"), TimeoutError(), RuntimeError("x"), KeyError()])
async def test_a_foreign_exception_of_an_outbox_does_not_get_out(error: Exception) -> None:
    async with opened("helpspace") as place:
        place.desk._sender.ledger = Broken({"begin", "unresolved", "on_ticket"}, error)
        place.desk._sender.is_given = True
        with pytest.raises(hb.ConfigurationError) as caught:
            await WRITES["reply"](place.desk, place.ticket, WORDS)
        assert caught.value.outcome is hb.Outcome.NOT_SENT
        assert len(place.store.outbox) == 0
        with pytest.raises(hb.ConfigurationError):
            await place.desk.recover()
        place.desk._sender.ledger = MemoryLedger()
        unknown = await place.fail("reply", "answer")
        place.desk._sender.ledger = Broken({"on_ticket"}, error)
        place.desk._sender.is_given = True
        found = await place.desk.reconcile(unknown)
        assert found.verdict is hb.Verdict.STILL_UNKNOWN


async def test_a_reply_that_was_sent_stands_when_the_outbox_fails_afterwards(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with opened("helpspace") as place:
        place.desk._sender.ledger = Broken({"record_result"}, OSError("disk"))
        place.desk._sender.is_given = True
        with caplog.at_level(logging.ERROR, "helpdesk_bridge"):
            sent = await WRITES["reply"](place.desk, place.ticket, WORDS)
        assert number_of(sent) == place.last
        assert [one.getMessage() for one in caplog.records if one.levelno > logging.INFO] == [
            "the ledger of desk 'it' failed (OSError)"
        ]


async def test_without_a_note_of_it_nobody_is_told_to_send_again() -> None:
    async with opened("helpspace") as place:
        error = await place.fail("reply", "request")
        place.desk._sender.ledger = Broken({"record_result"}, OSError("disk"))
        place.desk._sender.is_given = True
        found = await place.desk.reconcile(error)
        assert found.verdict is hb.Verdict.STILL_UNKNOWN
        assert "failed to note" in found.reason


async def test_the_memory_of_a_desk_is_bounded() -> None:
    async with opened("memory") as place:
        made = place.desk._sender.ledger
        for number in range(3000):
            await made.begin(entry(f"o{number}"))
            await made.record_result(f"o{number}", EntryState.SENT, str(number))
        assert len(await made.on_ticket("it", "7")) == 2000
        assert not await made.record_result("o2998", EntryState.SENT, "2999")
        assert await made.record_result("o2999", EntryState.SENT, "0")


async def test_a_closed_outbox_leaves_no_thread_and_no_file(tmp_path: Path) -> None:
    import threading

    before = set(threading.enumerate())
    box = SqliteLedger(tmp_path / "ledger.db")
    await box.begin(entry("a"))
    (thread,) = set(threading.enumerate()) - before
    await box.aclose()
    await box.aclose()
    thread.join(5)
    assert not thread.is_alive()
    assert box._file is None
