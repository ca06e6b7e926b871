"""A system that starts no more threads is told by our own errors, and nothing is done later."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.model.disk import OwnThread
from helpdesk_bridge.model.disk_threads import NoThread
from helpdesk_bridge.testing import MemorySettings
from helpdesk_bridge.transport.shared_limits import FileLimiter
from tests.delivery.ledgers import entry


@contextmanager
def without_threads() -> Iterator[None]:
    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading.Thread, "start", refused)
        yield


def test_what_no_thread_was_there_for_is_not_done_later() -> None:
    own, done = OwnThread("own"), []
    with without_threads(), pytest.raises(NoThread, match="no thread can be started"):
        own.submit(lambda: done.append("refused"))
    assert not own.started
    own.submit(lambda: done.append("asked again")).result(30)
    own.close(wait=True)
    assert done == ["asked again"]


def test_a_thread_that_takes_nothing_any_more_keeps_what_it_has() -> None:
    own, go = OwnThread("own"), threading.Event()
    first: Future[bool] = own.submit(lambda: go.wait(30))
    second = own.submit(lambda: "done")
    assert own._executor is not None
    own._executor.shutdown(wait=False)  # as at the end of the interpreter
    with pytest.raises(NoThread):
        own.submit(int)
    go.set()
    assert (first.result(30), second.result(30)) == (True, "done")


@pytest.mark.asyncio
async def test_a_ledger_sends_nothing_and_notes_nothing_later(tmp_path: Path) -> None:
    ledger = hb.SqliteLedger(tmp_path / "w.db")
    with without_threads(), pytest.raises(hb.ConfigurationError) as caught:
        await ledger.begin(entry("refused", key="k"))
    assert caught.value.retryable
    assert caught.value.message.endswith("w.db cannot be used: no thread can be started.")
    assert await ledger.begin(entry("again", key="k")) is None
    assert await ledger.entry("refused") is None
    await ledger.aclose()


@pytest.mark.asyncio
async def test_a_memory_desk_says_that_nothing_was_done(tmp_path: Path) -> None:
    async with hb.Helpdesk(MemorySettings(path=tmp_path / "desk.db"), name="it") as desk:
        new = {"subject": "S", "requester": "li@customer.example", "text": "x"}
        with without_threads():
            with pytest.raises(hb.VendorUnavailable, match="no thread can be started") as caught:
                await desk.create_ticket(**new)
            with pytest.raises(hb.VendorUnavailable):
                await desk.ticket("1001")
        assert (caught.value.outcome, caught.value.retryable) == (hb.Outcome.NOT_SENT, True)
        await desk.create_ticket(**new)
        assert len([one async for one in desk.tickets()]) == 1


@pytest.mark.asyncio
async def test_a_limiter_takes_no_permit(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    limiter = FileLimiter("1/hour", tmp_path / "rate.db")
    with without_threads(), pytest.raises(hb.ConnectFailed, match="no thread can be started"):
        await limiter.acquire()
    await limiter.acquire()
    limiter.close()
    with without_threads():
        limiter.release(used=False)
    assert "could not be given back" in caplog.text
    limiter.close()
