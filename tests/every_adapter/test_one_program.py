"""One program text runs on every vendor; only its configuration differs."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from helpdesk_bridge.model import MessageType
from helpdesk_bridge.testing import Store, TickingClock
from helpdesk_bridge.testing.sandbox import fake_of
from tests.every_adapter.places import ADAPTERS

PROGRAM = textwrap.dedent(
    """
    import asyncio, json, sys
    import helpdesk_bridge as hb
    from helpdesk_bridge import Capability

    async def main():
        said = {"lacks": [], "kinds": []}
        async with hb.connect() as desk:
            can = desk.capabilities.supports
            ticket = await desk.create_ticket(
                subject="Invoice", requester="li@customer.example", text="I paid twice."
            )
            if can(Capability.NOTE):
                await desk.note(ticket, text="He did pay twice.")
            else:
                said["lacks"].append("note")
            if can(Capability.REPLY_WITHOUT_EMAIL):
                await desk.reply(ticket, text="For the record.", send_email=False)
            else:
                said["lacks"].append("reply_without_email")
            await desk.reply(ticket, html="<p>Refunded.</p>", send_email=True)
            if can(Capability.SEND_ATTACHMENTS):
                letter = hb.Upload("letter.txt", data=b"Dear Li")
                await desk.reply(ticket, text="As a file.", send_email=True, attachments=[letter])
            else:
                said["lacks"].append("send_attachments")
            async for message in desk.messages(ticket.id):
                if message.type is not hb.MessageType.SYSTEM:
                    said["kinds"].append(message.type.value)
        print(json.dumps(said))

    asyncio.run(main())
    """
)
LACKS = {
    "airclou": ["send_attachments"],
    "helpspace": [],
    "memory": [],
    "omnidesk": ["reply_without_email", "send_attachments"],
    "request_tracker": ["reply_without_email"],
}


def run(folder: Path, table: dict[str, Any]) -> dict[str, Any]:
    lines = [f"{key} = {json.dumps(value)}" for key, value in table.items()]
    (folder / "helpdesk.toml").write_text("[desks.support]\n" + "\n".join(lines))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_the_program_runs_and_asks_for_what_may_be_missing(
    adapter: str, tmp_path: Path
) -> None:

    store = Store(clock=TickingClock())
    kind = fake_of(adapter)
    if kind is None:
        told = await asyncio.to_thread(run, tmp_path, {"adapter": adapter})
    else:
        async with kind(store) as fake:
            told = await asyncio.to_thread(run, tmp_path, fake.table())
        notes = [mail for mail in store.outbox if mail.type is MessageType.NOTE]
        assert (notes, len(store.outbox)) == ([], 1 + ("send_attachments" not in told["lacks"]))
    assert told["lacks"] == LACKS[adapter]
    expected = ["request", "note", *["response"] * (3 - len(told["lacks"]))]
    assert told["kinds"] == expected
