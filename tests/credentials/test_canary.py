"""The plugin that looks for canaries finds one in every channel, and nothing elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LEAKS = """
import asyncio, logging, pickle, sys, warnings
import aiohttp, pytest
from helpdesk_bridge import errors
from helpdesk_bridge.errors import HelpdeskError

CANARY = "kanarien" + "vogel"


def test_fine_nothing():
    logging.getLogger("any").debug("nothing to see")


def test_fine_request_headers_of_a_fake():
    logging.getLogger("aiohttp.access").debug(CANARY)


def test_leak_in_a_log_message():
    logging.getLogger("helpdesk_bridge.transport").debug("Authorization: Bearer " + CANARY)


def test_leak_in_a_log_argument():
    logging.getLogger("aiohttp.client").debug("%s", {"Authorization": CANARY})


def test_leak_in_a_field_of_a_log_record():
    logging.getLogger("helpdesk_bridge").debug("said", extra={"token": CANARY})


def test_leak_in_the_exception_of_a_log_record():
    try:
        raise ValueError(CANARY)
    except ValueError:
        logging.getLogger("helpdesk_bridge").exception("failed")


def test_leak_in_a_warning():
    with pytest.warns(ResourceWarning):
        warnings.warn(CANARY, ResourceWarning)


def test_leak_in_what_is_printed():
    print(CANARY)


def test_leak_in_what_is_printed_as_an_error():
    print(CANARY, file=sys.stderr)


def test_leak_in_the_text_of_an_error():
    with pytest.raises(HelpdeskError):
        raise errors.NotFound(CANARY)


def test_leak_in_an_error_nobody_raised():
    errors.NotFound("gone", vendor_code=CANARY)


def test_leak_in_an_error_that_is_filled_later():
    error = errors.NotFound("gone")
    error.request_id = CANARY


def test_leak_in_an_error_that_is_kept():
    global kept
    kept = errors.NotFound(CANARY)


def test_leak_in_a_note_on_an_error():
    errors.NotFound("gone").add_note(CANARY)


def test_leak_in_a_pickle_only():
    class Odd:
        def __repr__(self):
            return "fine"

        def __reduce__(self):
            return str, (CANARY,)

    errors.NotFound("gone").trace = Odd()


def test_leak_in_what_hangs_on_an_error():
    with pytest.raises(HelpdeskError):
        try:
            raise KeyError(CANARY)
        except KeyError:
            raise errors.NotFound("gone")


def test_leak_of_an_exception_of_aiohttp():
    with pytest.raises(HelpdeskError):
        try:
            raise aiohttp.ServerDisconnectedError
        except aiohttp.ClientError as error:
            raise errors.NotFound("gone") from error


def test_leak_to_the_handler_of_the_event_loop():
    async def forget():
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        asyncio.get_running_loop().call_exception_handler({"message": "x", "future": CANARY})

    asyncio.run(forget())


@pytest.mark.shows_canaries
def test_fine_on_purpose():
    print(CANARY)


def test_fine_after_a_leak():
    pass
"""


def test_a_canary_is_found_in_every_channel(tmp_path: Path) -> None:
    (tmp_path / "test_leaks.py").write_text(LEAKS)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "tests.canary", "-p", "no:cacheprovider"),
            *("-p", "no:randomly", "-c", os.devnull, "--rootdir", str(tmp_path), "-rAE"),
            str(tmp_path),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    written = set(re.findall(r"^def (test_leak_\w+)", LEAKS, re.MULTILINE))
    failed = set(re.findall(r"^ERROR \S*::(\w+)", done.stdout, re.MULTILINE))
    assert (failed, len(written)) == (written, 16), done.stdout
    assert "20 passed, 16 errors" in done.stdout
