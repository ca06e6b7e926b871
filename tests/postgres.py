"""A PostgreSQL of the test run's own: a folder under the temporary one, a socket in it, no network.

Needs the Debian package ``postgresql``; nothing of its own is used or changed. As PostgreSQL
refuses to run as root, a session of root starts it as ``postgres`` or ``nobody``.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field

from tests.live.server import START_SECONDS, stop, tail

if sys.platform != "win32":
    import pwd

PACKAGES = Path("/usr/lib/postgresql")
"""Where Debian has it, a folder a version."""
PROGRAMS = ("postgres", "initdb", "psql")
_MORTAL = ["setpriv", "--pdeathsig", "INT"] if shutil.which("setpriv") else []
"""Ends a server at once with a test run that is killed and cannot clean up."""


def programs() -> Path | None:
    """Return the folder of PostgreSQL's programs; None: it is not installed."""
    found = shutil.which("postgres")
    folders = sorted(PACKAGES.glob("*/bin"), key=lambda path: float(path.parent.name))
    if found:
        folders.append(Path(found).resolve().parent)
    for folder in reversed(folders):
        if all((folder / name).exists() for name in PROGRAMS):
            return folder
    return None


def missing() -> str | None:
    """Return why PostgreSQL cannot be started here; None where it can."""
    if sys.platform == "win32":
        return "PostgreSQL is started on a unix socket"
    return None if programs() else "PostgreSQL is not installed (Debian: postgresql)"


def _owner() -> pwd.struct_passwd:
    """Return whom the server runs as."""
    for name in ("postgres", "nobody") if os.getuid() == 0 else ():
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return pwd.getpwuid(os.getuid())


@define
class Postgres:
    """A server that runs."""

    folder: Path
    """Where its socket is."""
    programs: Path
    _numbers: Iterator[int] = field(factory=lambda: itertools.count(1), init=False)

    def url(self, database: str, user: str = "tester") -> str:
        """Return the address of a database."""
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def sql(self, statements: str, database: str = "postgres") -> str:
        """Run statements and return what they print."""
        command = [self.programs / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1"]
        where = ["-h", str(self.folder), "-U", "tester", "-d", database, "-f", "-"]
        done = subprocess.run(
            [*command, *where], input=statements, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    @contextmanager
    def database(self) -> Iterator[str]:
        """Make a database that nobody has used; gives its name."""
        name = f"test{next(self._numbers)}"
        self.sql(f"create database {name}")
        yield name
        self.sql(f"drop database {name} with (force)")


@contextmanager
def started() -> Iterator[Postgres]:
    """Run a server until the block ends."""
    bin_folder = programs()
    assert bin_folder is not None
    owner = _owner()
    # pytest's folders are closed to other users, and a socket's path has at most 107 characters
    folder = Path(tempfile.mkdtemp(prefix="hb-pg-", dir="/tmp"))
    try:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        as_owner: dict[str, Any] = {"cwd": folder, "stdin": subprocess.DEVNULL}
        if os.getuid() == 0:
            as_owner |= {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        data, log = folder / "data", folder / "log"
        settings = ["--auth=trust", "--username=tester", "--encoding=UTF8", "--locale=C"]
        made = subprocess.run(
            [bin_folder / "initdb", "-D", data, "--no-sync", "--no-instructions", *settings],
            capture_output=True,
            text=True,
            check=False,
            **as_owner,
        )
        assert made.returncode == 0, made.stderr
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(folder),
            "max_connections": "100",
            "shared_buffers": "16MB",
            "fsync": "off",  # the machine does not crash in a test
            "full_page_writes": "off",
        }
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*_MORTAL, bin_folder / "postgres", "-D", data, *words],
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **as_owner,
            )
        try:
            _wait_for(process, data / "postmaster.pid", log)
            yield Postgres(folder, bin_folder)
        finally:
            stop(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(process: subprocess.Popen[bytes], notes: Path, log: Path) -> None:
    """Wait until the server notes that it takes connections."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        lines = notes.read_text().splitlines() if notes.exists() else []
        if len(lines) > 7 and lines[7].strip() == "ready":
            return
        time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL does not start:\n{tail(log)}")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server for the whole run (of each process of a run in several)."""
    if why := missing():
        pytest.skip(why)
    with started() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """The address of a database of the test's own."""
    with postgres.database() as name:
        yield postgres.url(name)
