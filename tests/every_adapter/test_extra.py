"""What ``extra`` may set on a message that mails nobody is a list of what is allowed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import helpdesk_bridge as hb
from tests.every_adapter.places import ADAPTERS, Place, opened

Call = Callable[..., Awaitable[Any]]

QUIET: dict[str, tuple[hb.Capability, Call]] = {
    "note": (hb.Capability.NOTE, lambda d, t, **more: d.note(t, text="Words for us.", **more)),
    "silent reply": (
        hb.Capability.REPLY_WITHOUT_EMAIL,
        lambda d, t, **more: d.reply(t, text="Words on record.", send_email=False, **more),
    ),
    "customer's words": (
        hb.Capability.ADD_REQUEST,
        lambda d, t, **more: d.add_request(
            t, author="li@customer.example", text="By telephone.", **more
        ),
    ),
}
KEYS = [
    *("to", "To", "TO[]", "to[0]", " to", "cc", "bcc", "recipients", "toAddress", "to_address"),
    *("send_mail_to_recipients", "sendMailToRecipients", "send-email", "sendEmail", "notify"),
    *("type", "Type", "is_public", "public", "isForward", "AdminCc", "newly_invented", "", "[]"),
]


async def made(place: Place) -> hb.Ticket:
    return await place.desk.create_ticket(
        subject="Invoice", requester="li@customer.example", text="I paid twice."
    )


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("what", QUIET)
async def test_what_mails_nobody_takes_no_key_that_nobody_vouches_for(
    adapter: str, what: str
) -> None:
    needed, call = QUIET[what]
    async with opened(adapter) as place:
        ticket = await made(place)
        if not place.desk.capabilities.supports(needed):
            return
        before = place.requests
        for key in KEYS:
            with pytest.raises(hb.InvalidArgument):
                await call(place.desk, ticket, extra={key: "li@customer.example"})
        assert place.requests == before
        assert place.mails == []


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_the_error_says_what_is_allowed(adapter: str) -> None:
    async with opened(adapter) as place:
        ticket = await made(place)
        with pytest.raises(hb.InvalidArgument) as caught:
            await place.desk.note(ticket, text="Words for us.", extra={"notify": True})
        allowed = ", ".join(sorted(place.desk.adapter.quiet_extra)) or "nothing"
        assert (
            f"extra must not set notify on a message that mails nobody; it may set {allowed}."
            in (str(caught.value))
        )
