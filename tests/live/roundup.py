"""A private Roundup on loopback: an issue tracker that limits its API by 429 and Retry-After."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from attrs import frozen

from helpdesk_bridge.model.file_lock import FileLock
from tests.live.server import free_port, running

VERSION = "2.6.0"
ENVIRONMENT = "HELPDESK_BRIDGE_ROUNDUP"
"""A folder to keep Roundup's virtual environment in; it is made there once."""
INSTALLATION = 100.0
"""Seconds that an installation by another process may take."""


@frozen(kw_only=True)
class Roundup:
    """A tracker that runs; ``calls`` in so many ``seconds`` is what it grants each user."""

    base_url: str
    calls: int
    seconds: int
    user: str = "agent"
    password: str = "agentpw"

    @property
    def authorization(self) -> str:
        """What signs a request of the user's."""
        return f"Basic {b64encode(f'{self.user}:{self.password}'.encode()).decode()}"

    def use_up(self) -> None:
        """Call it, as another program of the user's would, until it says that this is too often."""
        url, headers = f"{self.base_url}rest/data/issue", {"Authorization": self.authorization}
        try:
            while True:
                urlopen(Request(url, headers=headers)).close()
        except HTTPError as refused:
            refused.close()
            if refused.code != HTTPStatus.TOO_MANY_REQUESTS:
                raise


def installed(folder: Path) -> Path | str:
    """Return where Roundup's programs are, installed with pip if need be; or why they are not.

    Whoever else wants to install them there waits until this is done.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / f"roundup-{VERSION}").held(INSTALLATION):
        return _installed(folder.absolute() / f"roundup-{VERSION}" / "bin")


def _installed(bin_: Path) -> Path | str:
    if (bin_ / "roundup-server").exists():
        return bin_
    subprocess.run([sys.executable, "-m", "venv", bin_.parent], check=True)
    done = subprocess.run(
        [bin_ / "pip", "install", "--quiet", f"roundup=={VERSION}"],
        capture_output=True,
        text=True,
        check=False,
    )
    return bin_ if done.returncode == 0 else f"Roundup cannot be installed: {done.stderr[-300:]}"


@contextmanager
def started(bin_: Path, *, calls: int, seconds: int) -> Iterator[Roundup]:
    """Make a tracker and run it until the block ends."""
    # not a folder of pytest's, which only its owner may enter: the server refuses to be root
    with TemporaryDirectory() as made:
        folder = Path(made)
        port = free_port()
        base_url = f"http://127.0.0.1:{port}/desk/"
        _make_tracker(bin_, folder, base_url, calls, seconds)
        command = [str(bin_ / "roundup-server"), "-n", "127.0.0.1", "-p", str(port)]
        if os.getuid() == 0:
            command += ["-u", "nobody"]
            for path in (folder, *folder.rglob("*")):
                shutil.chown(path, "nobody")
        command.append(f"desk={folder / 'tracker'}")
        with running(command, port=port, log=folder / "server.log"):
            yield Roundup(base_url=base_url, calls=calls, seconds=seconds)


def _make_tracker(bin_: Path, folder: Path, base_url: str, calls: int, seconds: int) -> None:
    settings = {
        "tracker_web": base_url,
        "mail_domain": "desk.test",
        "mail_host": "localhost",
        "admin_email": "admin@desk.test",
        "mail_debug": str(folder / "mail"),
        "web_api_calls_per_interval": str(calls),
        "web_api_interval_in_sec": str(seconds),
    }
    told = ",".join(f"{key}={value}" for key, value in settings.items())
    admin = [str(bin_ / "roundup-admin"), "-i", str(folder / "tracker")]
    for command in (
        ["install", "classic", "sqlite", told],
        ["initialise", "adminpw"],
        ["create", "user", "username=agent", "password=agentpw", "roles=User"],
    ):
        subprocess.run([*admin, *command], check=True, capture_output=True)
