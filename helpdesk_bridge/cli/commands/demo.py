"""``helpdesk-bridge demo``: one support story on every adapter that has a fake."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from helpdesk_bridge.cli.console import plain
from helpdesk_bridge.cli.story import Step, tell
from helpdesk_bridge.desk import connect
from helpdesk_bridge.testing import Store, TickingClock
from helpdesk_bridge.testing.sandbox import Sandbox

__all__ = ["demo"]


def demo() -> None:
    """Tell one support story on every adapter that has a fake, over real HTTP on loopback.

    No account is needed and nothing leaves this machine. Exits with 1 if any step fails.
    """
    sys.exit(asyncio.run(_demo(Console())))


async def _demo(console: Console) -> int:
    failed = 0
    clock = TickingClock(datetime(2026, 3, 2, 8, 0, tzinfo=UTC))
    async with Sandbox(Store(clock=clock)) as box:
        with tempfile.TemporaryDirectory() as folder:
            path = box.write_config(Path(folder))
            for name, fake in box.fakes.items():
                box.store.outbox.clear()
                async with connect(name, config=path) as desk:
                    steps = [step async for step in tell(desk, box.store)]
                failed += sum(not step.good for step in steps)
                console.print(_table(name, steps, len(fake.journal)))
    if not box.fakes:
        console.print("No installed adapter has a fake.")
        return 1
    console.print("[red]Something failed.[/]" if failed else "[green]All steps went well.[/]")
    return 1 if failed else 0


def _table(name: str, steps: list[Step], requests: int) -> Table:
    table = Table(
        title=f"{escape(plain(name))}: {requests} HTTP requests", title_justify="left", expand=False
    )
    table.add_column("")
    table.add_column("step")
    table.add_column("what happened")
    table.add_column("mails that would have left")
    for step in steps:
        mails = [plain(f"to {', '.join(sorted(mail.recipients))}") for mail in step.mails]
        table.add_row(
            "[green]ok[/]" if step.good else "[red]failed[/]",
            step.name,
            escape(plain(step.result)),
            escape("\n".join(mails)) or "-",
        )
    return table
