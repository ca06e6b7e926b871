"""A django-helpdesk started for the tests, and the witness who asks it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from helpdesk_bridge import Helpdesk, kit
from helpdesk_bridge.kit import Audience, MessageType, Party, Priority, Role, Status
from helpdesk_bridge.testing.conformance import Account, Letter, Seen

from helpdesk_bridge_django_helpdesk import DjangoHelpdeskSettings

WANTED = "django-helpdesk==2.6.1"
HERE = Path(__file__).parent
CACHE = HERE.parent / ".venv-django-helpdesk"
FILE_TYPES = (".txt", ".pdf", ".png", ".bin")
TOKEN = "0123456789abcdef0123456789abcdef01234567"  # noqa: S105 - of this server only
AGENT = "agent@desk.example"
COLLEAGUE = "colleague@desk.example"
CUSTOMER = "li@customer.example"
COLUMNS: dict[Status, dict[str, Any]] = {
    Status.OPEN: {"status": 2, "on_hold": False},  # reopened: what the adapter never writes
    Status.ON_HOLD: {"status": 1, "on_hold": True},
    Status.RESOLVED: {"status": 3},
    Status.CLOSED: {"status": 5},  # duplicate
}

PRIORITIES = {  # 1 Critical … 5 Very low, which the adapter never writes
    Priority.URGENT: 1,
    Priority.HIGH: 2,
    Priority.NORMAL: 3,
    Priority.LOW: 5,
}


@cache
def python() -> Path:
    """Return a Python that has django-helpdesk; made once, in a folder that git ignores."""
    found = CACHE / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    mark = CACHE / WANTED
    if not mark.exists():
        venv.create(CACHE, with_pip=True, clear=True)
        command = [str(found), "-m", "pip", "install", "-q", "--disable-pip-version-check", WANTED]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"pip cannot get {WANTED}: {done.stderr.strip()[-300:]}")
        mark.touch()
    return found


class Server:
    """The process of tests/desk.py: its address, and its commands."""

    def __init__(self, process: subprocess.Popen[str], *, strict: bool) -> None:
        self._process = process
        self.strict = strict
        self.address = self._read().strip()

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "django-helpdesk has ended: its reason is on standard error"
        return line

    def ask(self, command: str, **given: Any) -> Any:
        """Have a command of tests/desk.py done, and return its answer."""
        assert self._process.stdin is not None
        print(json.dumps([command, given]), file=self._process.stdin, flush=True)
        return json.loads(self._read())

    def settings(self, **changed: Any) -> DjangoHelpdeskSettings:
        """Return settings that lead here: by token if it is strict, else by password."""
        signed = {"token": TOKEN} if self.strict else {"user": "agent", "password": "password"}
        known: dict[str, Any] = {"base_url": self.address, "file_types": FILE_TYPES, **signed}
        return DjangoHelpdeskSettings(**{**known, "silent_notes": self.strict, **changed})


@contextmanager
def serve(folder: Path, *, strict: bool) -> Iterator[Server]:
    """Start a server that keeps its data in ``folder``."""
    command = [str(python()), "-W", "ignore", str(HERE / "desk.py"), str(folder)]
    with subprocess.Popen(
        [*command, "--strict"] if strict else command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Server(process, strict=strict)
        finally:
            process.kill()


class DjangoWitness:
    """Asks the helpdesk itself: its database, and the mails it has sent."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.counted = 0

    async def count(self, request: kit.Request, handler: kit.Handler) -> kit.Response:
        """Count a request of a desk's."""
        self.counted += 1
        return await handler(request)

    def requests(self) -> int:
        """Return the number of requests so far."""
        return self.counted

    async def letters(self) -> Sequence[Letter]:
        """Return the mails to others than agents; django-helpdesk sends at once."""
        return [
            Letter(recipients=frozenset(sent["to"]), text=quoted(sent["html"]))
            for sent in self.server.ask("letters")
            if sent["to"] not in ([AGENT], [COLLEAGUE])
        ]

    async def messages(self, ticket_id: str) -> Sequence[Seen]:
        """Return the rows with a comment; the description is the customer's."""
        return [
            Seen(type=type_, audience=audience, text=row["comment"])
            for row in self.server.ask("follow_ups", ticket=int(ticket_id))
            if row["comment"]
            for type_, audience in [judge(row)]
        ]

    async def arrange(self, ticket_id: str, **fields: Any) -> None:
        """Set columns of a ticket."""
        columns: dict[str, Any] = {}
        if "status" in fields:
            columns |= COLUMNS[fields["status"]]
        if "assignee" in fields:
            columns["assigned_to_id"] = int(fields["assignee"].id)
        if "priority" in fields:
            columns["priority"] = PRIORITIES[fields["priority"]]
        if "team" in fields:
            columns["queue_id"] = int(fields["team"])
        self.server.ask("arrange", ticket=int(ticket_id), **columns)

    async def add_requests(self, ticket_id: str, texts: Sequence[str]) -> None:
        """Have the customer answer by mail."""
        subject = f"Re: [support-{ticket_id}] Invoice"
        self.server.ask("receive", mails=[mail(CUSTOMER, subject, text) for text in texts])

    async def add_ticket(self, requester: str, subject: str, text: str) -> str:
        """Have a customer write a mail."""
        found: list[int] = self.server.ask("receive", mails=[mail(requester, subject, text)])
        return str(found[0])

    async def add_tickets(self, requester: str, count: int) -> None:
        """Have a customer write many mails."""
        mails = [mail(requester, f"One of many, {n}", "One of many.") for n in range(count)]
        self.server.ask("receive", mails=mails)


def mail(sender: str, subject: str, text: str) -> str:
    """Return a mail as it arrives."""
    head = f"From: {sender}\nTo: support@desk.example\nSubject: {subject}\n"
    return f'{head}Content-Type: text/plain; charset="utf-8"\n\n{text}\n'


def quoted(html: str) -> str:
    """Return the words that a mail of the default templates quotes, as its reader sees them."""
    found = re.search(r"<blockquote[^>]*>(.*?)</blockquote>", html, re.DOTALL)
    return kit.html_to_text(found[1]) if found else ""


def judge(row: dict[str, Any]) -> tuple[MessageType, Audience]:
    """Say what a row is."""
    if not row["public"]:
        return MessageType.NOTE, Audience.INTERNAL
    theirs = row["user_id"] is None or row["comment"] == row["ticket__description"]
    return MessageType.REQUEST if theirs else MessageType.RESPONSE, Audience.EXTERNAL


def account(server: Server, **changed: Any) -> Account:
    """Return an empty account on ``server``."""
    server.ask("reset")
    witness = DjangoWitness(server)
    wrong = {"token": "f" * 40} if server.strict else {"password": "wrong"}

    def open_desk(**keys: Any) -> Helpdesk:
        return Helpdesk(server.settings(**changed, **keys), middlewares=[witness.count])

    return Account(
        open=open_desk,
        witness=witness,
        stranger=lambda: open_desk(**wrong),
        customer=CUSTOMER,
        agent=Party(id="1", email=AGENT, role=Role.AGENT),
        agents=[Party(id="3", email=COLLEAGUE, role=Role.AGENT)],  # 2 is the customer
        team="2",  # a queue: new tickets come into the first
        teams=["1"],
    )
