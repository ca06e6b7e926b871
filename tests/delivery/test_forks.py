"""A ledger in a forked process refuses at once, and harms nothing of its parent's."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from helpdesk_bridge.delivery.entry import EntryState
from helpdesk_bridge.delivery.ledger import Ledger
from helpdesk_bridge.delivery.memory_ledger import MemoryLedger
from helpdesk_bridge.delivery.sqlite_ledger import SqliteLedger
from helpdesk_bridge.model import disk
from tests.delivery.ledgers import entry
from tests.forked import in_a_fork, needs_fork, outcome

Ask: TypeAlias = Callable[[Ledger], Awaitable[Any]]
ASKS: dict[str, Ask] = {
    "begin": lambda ledger: ledger.begin(entry("two", key="k2")),
    "renew": lambda ledger: ledger.renew("one"),
    "take_over": lambda ledger: ledger.take_over("one", 0),
    "record_result": lambda ledger: ledger.record_result("one", EntryState.SENT),
    "entry": lambda ledger: ledger.entry("one"),
    "with_key": lambda ledger: ledger.with_key("it", "k"),
    "unresolved": lambda ledger: ledger.unresolved("it"),
    "on_ticket": lambda ledger: ledger.on_ticket("it", "7"),
    "decide": lambda ledger: ledger.decide("one", sent=True),
}


def _made(kind: str, folder: Path) -> Ledger:
    return MemoryLedger() if kind == "memory" else SqliteLedger(folder / "writes.db")


def _all(ledger: Ledger) -> str:
    return "\n".join(
        f"{name} {outcome(lambda ask=ask: ask(ledger))}"  # type: ignore[misc]
        for name, ask in ASKS.items()
    )


@needs_fork
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_a_ledger_that_was_used_before_the_fork_refuses(kind: str, tmp_path: Path) -> None:
    ledger = _made(kind, tmp_path)
    asyncio.run(ledger.begin(entry("one", key="k")))
    told = in_a_fork(lambda: _all(ledger)).split("\n")
    for name, line in zip(ASKS, told, strict=True):
        assert line.startswith(f"{name} ConfigurationError: "), line
        assert "before this process was forked" in line
    found = asyncio.run(ledger.with_key("it", "k"))
    assert found is not None
    assert found.state is EntryState.PENDING
    asyncio.run(ledger.aclose())


@needs_fork
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_one_that_nobody_used_before_is_the_forks_own(kind: str, tmp_path: Path) -> None:
    ledger = _made(kind, tmp_path)
    assert "returned None" in in_a_fork(
        lambda: outcome(lambda: ledger.begin(entry("one", key="k")))
    )
    found = asyncio.run(ledger.with_key("it", "k"))
    assert (found is not None) == (kind == "sqlite")
    asyncio.run(ledger.aclose())


@needs_fork
def test_a_fork_makes_its_own_on_the_same_file_and_sees_the_key(tmp_path: Path) -> None:
    path = tmp_path / "writes.db"
    ledger = SqliteLedger(path)
    asyncio.run(ledger.begin(entry("one", key="k")))

    def child() -> str:
        return outcome(lambda: SqliteLedger(path).begin(entry("two", key="k")))

    assert "operation_id='one'" in in_a_fork(child)
    assert asyncio.run(ledger.unresolved("it"))
    asyncio.run(ledger.aclose())


@needs_fork
def test_what_a_fork_frees_is_not_closed(tmp_path: Path) -> None:
    """To close SQLite's connection there may undo what its parent is writing."""
    ledger = SqliteLedger(tmp_path / "writes.db")
    asyncio.run(ledger.begin(entry("one", key="k")))
    connection = ledger._file
    assert connection is not None
    held = sys.getrefcount(connection)

    def child() -> str:
        gc.collect()
        return f"{ledger._file is None} {sys.getrefcount(connection) - held}"

    assert in_a_fork(child) == "True 0"  # the ledger's own became that of nobody
    asyncio.run(ledger.aclose())


@needs_fork
def test_a_fork_can_let_go_of_it_and_begin_anew(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "writes.db")
    asyncio.run(ledger.begin(entry("one", key="k")))

    async def anew() -> str | None:
        await ledger.aclose()
        found = await ledger.with_key("it", "k")
        return found.operation_id if found else None

    assert in_a_fork(lambda: outcome(anew)) == "returned 'one'"
    assert asyncio.run(ledger.unresolved("it"))
    asyncio.run(ledger.aclose())


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_one_ledger_serves_several_threads_that_begin_at_once(kind: str, tmp_path: Path) -> None:
    ledger = _made(kind, tmp_path)

    async def main() -> list[str]:
        loop = asyncio.get_running_loop()
        return await asyncio.gather(
            *(
                loop.run_in_executor(
                    None,
                    outcome,
                    lambda number=number: _won(ledger, number),
                )
                for number in range(8)
            )
        )

    assert sorted(asyncio.run(main())) == ["returned False"] * 7 + ["returned True"]
    asyncio.run(ledger.aclose())


async def _won(ledger: Ledger, number: int) -> bool:
    return await ledger.begin(entry(f"o{number}", key="k")) is None


def test_threads_that_ask_first_at_once_share_one_thread_of_the_ledger(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[ThreadPoolExecutor] = []

    class Slow(ThreadPoolExecutor):
        def __init__(self, *given: Any, **more: Any) -> None:
            super().__init__(*given, **more)
            made.append(self)
            for _ in range(1000):
                time.sleep(0)  # let the others run

    monkeypatch.setattr(disk, "ThreadPoolExecutor", Slow)
    own, ready = disk.OwnThread("x"), threading.Barrier(4)

    def ask() -> None:
        ready.wait()
        own.submit(int)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for executor in made:
        executor.shutdown()
    assert len(made) == 1
