"""A private Request Tracker 5 on loopback: its own database, configuration and outbox.

Needs the Debian packages ``request-tracker5``, ``rt5-standalone`` and ``rt5-db-sqlite``; nothing of
theirs is changed. Its administrator is ``root`` with the password ``password``.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from tests.live.server import free_port, running, stop, tail

SERVER = Path("/usr/share/request-tracker5/libexec/rt-server")
SETUP = "rt-setup-database-5"
SQLITE = Path("/usr/share/request-tracker5/etc/schema.SQLite")
WORKERS = 4

CONFIGURATION = """
Set($rtname, 'desk.test'); Set($Organization, 'desk.test');
Set($WebDomain, '127.0.0.1'); Set($WebPort, PORT); Set($WebPath, '');
Set($WebBaseURL, 'http://127.0.0.1:PORT');
Set($Timezone, 'UTC');
Set($CorrespondAddress, 'desk@desk.test'); Set($CommentAddress, 'desk-notes@desk.test');
Set($DatabaseType, 'SQLite'); Set($DatabaseName, 'FOLDER/database');
Set($DatabaseHost, ''); Set($DatabasePort, '');
Set($DatabaseUser, ''); Set($DatabasePassword, '');
Set($BcryptCost, 4);  # the default of 12 costs 0.4 s of processor time for each request
Set($LogToSyslog, undef); Set($LogToFile, undef); Set($LogToSTDERR, 'warning');
$RT::MasonDataDir = 'FOLDER/mason'; $RT::MasonSessionDir = 'FOLDER/sessions';
use File::Temp (); use Time::HiRes ();
Set($MailCommand, sub {
    my ($mail) = @_;
    my $name = sprintf('FOLDER/outbox/%.6f-', Time::HiRes::time());
    my $file = File::Temp->new(TEMPLATE => $name . 'XXXXXX', UNLINK => 0);
    $mail->print($file);
    close $file or die $!;
    rename $file->filename, $file->filename . '.eml' or die $!;
    return 1;
});
1;
"""
"""Mail is handed to a folder in place of a mail server."""


def missing() -> str | None:
    """Return why Request Tracker cannot be started here; None where it can."""
    for needed in (SERVER, SQLITE):
        if not os.access(needed, os.R_OK):
            return f"Request Tracker 5 is not installed: there is no {needed}"
    return None if shutil.which(SETUP, path=_path()) else f"there is no {SETUP}"


def _path() -> str:
    return f"{os.environ.get('PATH', '')}:/usr/sbin"


@frozen(kw_only=True)
class Agent:
    """A queue, another one to move tickets to, and an agent who sees only the two; a colleague."""

    queue: str
    team: str
    agent: str
    colleague: str
    token: str = field(repr=False)


@define
class Console:
    """RT's own Perl API, in a process of its own; one question at a time."""

    process: subprocess.Popen[bytes]
    log: Path
    _lock: threading.Lock = field(factory=threading.Lock, init=False)

    def ask(self, question: str, *arguments: Any) -> Any:
        """Return the answer of ``console.pl``; a RuntimeError says why there is none."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with self._lock:
            line = json.dumps([question, *arguments]).encode() + b"\n"
            self.process.stdin.write(line)
            self.process.stdin.flush()
            told = self.process.stdout.readline()
        if not told:
            raise RuntimeError(f"RT's console has ended:\n{tail(self.log)}")
        answer = json.loads(told)
        if "error" in answer:
            raise RuntimeError(f"RT refused {question}: {answer['error']}")
        return answer["result"]


@define
class RequestTracker:
    """A server that runs."""

    base_url: str
    outbox: Path
    console: Console
    _numbers: Iterator[int] = field(factory=lambda: itertools.count(1), init=False)

    def new_account(self, *, may_not: Sequence[str] = ()) -> Agent:
        """Make an account that nobody has used: no tickets, and an agent of its own.

        ``may_not`` names rights that such an agent has otherwise.
        """
        name = f"queue{next(self._numbers)}"
        return Agent(**self.console.ask("account", name, *may_not))


@contextmanager
def started(folder: Path) -> Iterator[RequestTracker]:
    """Make a database and run a server on it until the block ends."""
    for name in ("outbox", "mason", "sessions", "site"):
        (folder / name).mkdir()
    port = free_port()
    site = folder / "RT_SiteConfig.pm"
    site.write_text(CONFIGURATION.replace("PORT", str(port)).replace("FOLDER", str(folder)))
    env = {
        "RT_SITE_CONFIG": str(site),
        "RT_SITE_CONFIG_DIR": str(folder / "site"),
        "PATH": _path(),
    }
    _make_database(env, folder / "setup.log")
    command = [str(SERVER), "--host=127.0.0.1", f"--port={port}", f"--max-workers={WORKERS}"]
    with (
        _console(env, folder / "console.log") as console,
        running(command, port=port, log=folder / "server.log", env=env),
    ):
        yield RequestTracker(f"http://127.0.0.1:{port}", folder / "outbox", console)


def _make_database(env: dict[str, str], log: Path) -> None:
    with log.open("wb") as output:
        made = subprocess.run(
            [SETUP, "--action", "init", "--skip-create"],
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if made.returncode:
        raise RuntimeError(f"RT's database could not be made:\n{tail(log)}")


@contextmanager
def _console(env: dict[str, str], log: Path) -> Iterator[Console]:
    with (
        log.open("wb") as output,
        subprocess.Popen(
            ["perl", str(Path(__file__).with_name("console.pl"))],
            env={**os.environ, **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield Console(process, log)
        finally:
            stop(process)
