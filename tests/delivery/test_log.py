"""A write in doubt is one warning in the log; who configures no logging sees nothing of it."""

from __future__ import annotations

import ast
import logging
import subprocess
import sys
from pathlib import Path

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.testing import MemorySettings
from tests.delivery.places import WRITES, opened

LOGGED = {f"log.{level}" for level in ("debug", "info", "warning", "error", "exception")}


@pytest.mark.asyncio
@pytest.mark.parametrize("write", WRITES)
async def test_a_write_in_doubt_is_one_warning(
    write: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened("helpspace") as place:
        error = await place.fail(write, "answer")
    warned = [record.getMessage() for record in caplog.records if record.levelno > logging.INFO]
    sentence = f"{write} on it: it is not known whether it was done (VendorUnavailable)"
    assert warned == [f"{sentence} [{error.operation_id}]"]


@pytest.mark.asyncio
async def test_a_second_step_in_doubt_is_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    async with opened("helpspace") as place:
        unknown = hb.OutcomeUnknown("lost.", cause="VendorUnavailable")
        with pytest.raises(hb.PartlyDone), place.desk._calls.begin("reply"):
            raise hb.PartlyDone("the status was not set.", failure=unknown)
    warned = [record.getMessage() for record in caplog.records if record.levelno > logging.INFO]
    assert (len(warned), warned[0].startswith("reply on it: it is not known")) == (1, True)


@pytest.mark.asyncio
async def test_a_call_within_a_call_warns_once(caplog: pytest.LogCaptureFixture) -> None:
    async with opened("helpspace") as place:
        place.trouble.plan = ["answer"]
        with pytest.raises(hb.OutcomeUnknown), place.desk._calls.begin("outer"):
            await WRITES["reply"](place.desk, place.ticket, "Words.")
    warned = [record.getMessage() for record in caplog.records if record.levelno > logging.INFO]
    assert [text.split(" on ")[0] for text in warned] == ["reply"]


@pytest.mark.asyncio
async def test_a_warning_has_the_attributes_of_every_other_record(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with opened("helpspace") as place:
        error = await place.fail("reply", "answer")
    [record] = [record for record in caplog.records if record.levelno > logging.INFO]
    line = logging.Formatter("%(desk)s %(call)s %(operation_id)s %(attempt)s %(outcome)s")
    assert line.format(record) == f"it reply {error.operation_id} None unknown"


def test_every_record_of_the_library_has_the_same_attributes() -> None:
    """A format that names one of them must not fail on some lines."""
    root = Path(hb.__file__).parent
    for module in root.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in LOGGED:
                given = {key.arg: ast.unparse(key.value) for key in node.keywords}
                assert given.get("extra", "").startswith("attributes("), f"{module}: {node.lineno}"


@pytest.mark.asyncio
async def test_what_was_not_sent_is_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    desk = hb.Helpdesk(MemorySettings())
    await desk.aclose()
    with pytest.raises(hb.DeskClosed):
        await desk.note("1", text="Words.")
    assert not [record for record in caplog.records if record.levelno > logging.INFO]


def test_without_logging_nothing_is_written_to_stderr() -> None:
    code = "import logging, helpdesk_bridge; logging.getLogger('helpdesk_bridge.x').warning('w')"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("", "")
