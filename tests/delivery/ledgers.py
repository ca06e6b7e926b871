"""The ledgers, each with the place it is kept in, for tests that hold of all of them."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from attrs import define, evolve, field

import helpdesk_bridge as hb
from helpdesk_bridge.delivery.entry import EntryState, LedgerEntry
from helpdesk_bridge.delivery.ledger import Ledger
from helpdesk_bridge.errors.moment import Moment
from helpdesk_bridge.model.fingerprint import Fingerprint

if TYPE_CHECKING:
    from tests.postgres import Postgres

CHILD = Path(__file__).with_name("ledger_child.py")
LONG_AGO = datetime(2020, 5, 1, tzinfo=UTC)


def entry(operation_id: str, **fields: Any) -> LedgerEntry:
    """Return an entry of a reply that begins now."""
    mark = Fingerprint.of(
        "reply", salt="s", body="Paid back.", files=["a.txt"], due=LONG_AGO, before=["n"]
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


@define
class Kept:
    """A place of a ledger, and the ledgers opened there."""

    kind: str
    """memory, sqlite or sql."""
    where: str
    """The file or the address."""
    server: Postgres | None = None
    opened: list[Any] = field(factory=list)
    _numbers: Any = field(factory=lambda: itertools.count(1), init=False)

    def open(self, **options: Any) -> Any:
        """Return a ledger; of those in memory always the same one."""
        if self.kind == "memory" and self.opened and not options:
            return self.opened[0]
        self.opened.append(make(self.kind, self.where, **options))
        return self.opened[-1]

    async def put(self, ledger: Ledger, days: float = 0.0, **fields: Any) -> str:
        """Keep an entry begun so many days ago, by the clock of the ledger; return its id."""
        state, made_id = fields.pop("state", EntryState.PENDING), fields.pop("made_id", None)
        operation_id = fields.pop("operation_id", f"put{next(self._numbers)}")
        began = datetime.now(UTC) - timedelta(days=days)
        aged = Moment.now().later(-86400 * days)
        one = entry(operation_id, started_at=began, beaten=aged, **fields)
        assert await ledger.begin(one) is None
        if state is not EntryState.PENDING:
            assert await ledger.record_result(operation_id, state, made_id)
        if self.kind == "sql":
            self.sql(
                f"update helpdesk_bridge_writes set started_at = now() - interval '{days} days'"
                f" where operation_id = '{operation_id}'"
            )
        if self.kind == "sqlite":
            self.sql(
                f"update writes set noted = noted - {86400 * days}"
                f" where operation_id = '{operation_id}'"
            )
        return operation_id

    def sql(self, statements: str) -> str:
        """Run statements past the ledger."""
        if self.server is not None:
            return self.server.sql(statements, urlsplit(self.where).path[1:])
        with closing(sqlite3.connect(self.where)) as file, file:
            return "\n".join(str(row[0]) for row in file.execute(statements).fetchall())

    async def children(self, *jobs: dict[str, Any]) -> list[dict[str, Any]]:
        """Run each job in a process of its own, all at once; return what each tells.

        A job is the name of a method, and lists of its arguments, each called at the same time.
        """
        processes = [
            await asyncio.create_subprocess_exec(
                sys.executable,
                str(CHILD),
                json.dumps({"kind": self.kind, "where": self.where, **job}),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            for job in jobs
        ]
        for process in processes:
            assert process.stdout is not None
            assert await process.stdout.readline() == b"ready\n"
        told = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
        complaints = b"".join(complaint for _, complaint in told).decode()
        assert not complaints, complaints
        return [json.loads(answer) for answer, _ in told]


def make(kind: str, where: str, **options: Any) -> Any:
    """Return a ledger."""
    if kind == "memory":
        return hb.MemoryLedger(**options)
    return {"sqlite": hb.SqliteLedger, "sql": hb.SqlLedger}[kind](where, **options)


def socket_of(url: str) -> Path:
    """Return the path of the socket that an address of PostgreSQL means."""
    (folder,) = parse_qs(urlsplit(url).query)["host"]
    return Path(folder) / ".s.PGSQL.5432"


def elsewhere(url: str, folder: Path | str) -> str:
    """Return the same database behind a socket in another folder."""
    return re.sub("host=.*", f"host={folder}", url)
