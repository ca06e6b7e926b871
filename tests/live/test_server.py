"""Servers that tests start are gone afterwards, and say why they did not start."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.live.server import free_port, running

RUN = """
import sys, time
from pathlib import Path
from tests.live.server import running
with running([sys.executable, *sys.argv[2:]], port=int(sys.argv[1]), log=Path(sys.argv[-1])):
    print("up", flush=True)
    time.sleep(600)
"""

LISTENS = """
import os, socket, sys
open(sys.argv[1], "w").write(str(os.getpid()))
server = socket.create_server(("127.0.0.1", int(sys.argv[2])))
while True:
    server.accept()
"""

PARENT = """
import os, socket, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open(sys.argv[1], "w").write(f"{os.getpid()} {child.pid}")
server = socket.create_server(("127.0.0.1", int(sys.argv[2])))
while True:
    server.accept()
"""


def is_alive(pid: int) -> bool:
    """Whether it runs; one that has ended and waits for its parent does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_for_end(*pids: str) -> None:
    """Wait until none of these processes runs; what ends does so at once."""
    deadline = time.monotonic() + 10
    while any(is_alive(int(pid)) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.05)


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


@needs_proc
def test_a_server_and_its_children_end_with_a_test_that_fails(tmp_path: Path) -> None:
    port, pids = free_port(), tmp_path / "pids"
    command = [sys.executable, "-c", PARENT, str(pids), str(port)]

    def failing_test() -> None:
        with running(command, port=port, log=tmp_path / "log"):
            assert all(is_alive(int(pid)) for pid in pids.read_text().split())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing_test()
    wait_for_end(*pids.read_text().split())


@needs_proc
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv of util-linux")
def test_a_server_ends_with_a_test_run_that_is_killed(tmp_path: Path) -> None:
    port, pids = free_port(), tmp_path / "pids"
    told = [str(port), "-c", LISTENS, str(pids), str(port), str(tmp_path / "log")]
    with subprocess.Popen([sys.executable, "-c", RUN, *told], stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == b"up\n"
        run.kill()
    wait_for_end(pids.read_text())


def test_a_server_that_does_not_start_shows_its_log(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such database')"]
    with (
        pytest.raises(RuntimeError, match="no such database"),
        running(command, port=free_port(), log=tmp_path / "log"),
    ):
        pass
