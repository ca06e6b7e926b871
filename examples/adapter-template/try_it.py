"""Start the fake, write a helpdesk.toml that leads to it, and use the desk by its name."""

from __future__ import annotations

import asyncio
from pathlib import Path

import helpdesk_bridge as hb

from helpdesk_bridge_acme.fake import AcmeFake


def write_config(table: dict[str, str]) -> None:
    """Write what hb.connect("support") will look for in this folder."""
    lines = [f'{key} = "{value}"' for key, value in table.items()]
    Path("helpdesk.toml").write_text("\n".join(["[desks.support]", *lines, ""]))


async def main() -> None:
    """Tell a short story, and what the fake saw of it."""
    async with AcmeFake() as fake:
        write_config(fake.table())
        async with hb.connect("support") as desk:
            ticket = await desk.create_ticket(
                subject="Invoice 4711", requester="li@customer.example", text="I paid twice."
            )
            await desk.note(ticket, text="Checked the invoice.")
            await desk.reply(ticket, text="Refunded.", send_email=True, status=hb.Status.RESOLVED)
            async for message in desk.messages(ticket):
                print(message.type, message.audience, message.text)
        print("mailed:", [sorted(mail.recipients) for mail in fake.store.outbox])


asyncio.run(main())
