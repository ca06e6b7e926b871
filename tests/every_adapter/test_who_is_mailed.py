"""Over random sequences of calls, what was to be mailed is mailed once, and nothing else is."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import helpdesk_bridge as hb
from tests.every_adapter.places import ADAPTERS, Place, opened

CUSTOMER = "li@customer.example"
PARTNER = "bank@partner.example"
KINDS = ("note", "reply", "silent reply", "forward", "request", "status", "read")
STATUSES = (hb.Status.OPEN, hb.Status.PENDING, hb.Status.RESOLVED)


class Teller:
    """Makes calls and writes down whom each of them was to mail, by the words of its body."""

    def __init__(self, place: Place, ticket: hb.Ticket) -> None:
        self.desk = place.desk
        self.ticket = ticket
        self.expected: Counter[tuple[str, str]] = Counter()

    async def tell(self, number: int, kind: str, status: hb.Status, *, by_id: bool) -> None:
        ticket = self.ticket.id if by_id else self.ticket
        words = f"these are words {number} of the story"
        try:
            match kind:
                case "note":
                    await self.desk.note(ticket, text=words, status=self.with_status(status))
                case "reply":
                    await self.desk.reply(
                        ticket, text=words, send_email=True, status=self.with_status(status)
                    )
                    self.expected[words, CUSTOMER] += 1
                case "silent reply":
                    await self.desk.reply(ticket, text=words, send_email=False)
                case "forward":
                    await self.desk.forward(ticket, to=[PARTNER], html=f"<p>{words}</p>")
                    self.expected[words, PARTNER] += 1
                case "request":
                    await self.desk.add_request(ticket, author=CUSTOMER, text=words)
                case "status":
                    await self.desk.update_ticket(ticket, status=status)
                case _:
                    assert [m async for m in self.desk.messages(ticket)]
        except hb.HelpdeskError as error:
            if error.outcome is not hb.Outcome.NOT_SENT:
                raise

    def with_status(self, status: hb.Status) -> hb.Status | None:
        support = self.desk.capabilities[hb.Capability.REPLY_WITH_STATUS]
        known = support.limits.statuses
        return status if known is None or status in known else None


async def play(adapter: str, script: list[tuple[str, hb.Status, bool]]) -> None:
    async with opened(adapter) as place:
        ticket = await place.desk.create_ticket(
            subject="Invoice", requester=CUSTOMER, text="I paid twice."
        )
        teller = Teller(place, ticket)
        for number, (kind, status, by_id) in enumerate(script):
            await teller.tell(number, kind, status, by_id=by_id)
        mailed: Counter[tuple[str, str]] = Counter()
        of_itself = [mail for mail in place.store.outbox if mail not in place.mails]
        assert not any("these are words" in mail.html for mail in of_itself)
        for mail in place.mails:
            assert mail.type is hb.MessageType.RESPONSE
            words = mail.html.removeprefix("<p>").removesuffix("</p>")
            mailed.update((words, recipient) for recipient in mail.recipients)
        assert mailed == teller.expected


@pytest.mark.parametrize("adapter", ADAPTERS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    script=st.lists(
        st.tuples(st.sampled_from(KINDS), st.sampled_from(STATUSES), st.booleans()), max_size=8
    )
)
def test_exactly_what_was_to_be_mailed_is_mailed(
    adapter: str, script: list[tuple[str, hb.Status, bool]]
) -> None:
    asyncio.run(play(adapter, script))


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_nobody_is_hidden_who_is_written_to_anyway(adapter: str) -> None:
    async with opened(adapter) as place:
        desk = place.desk
        options = desk.capabilities[hb.Capability.REPLY].limits.options
        if options is not None and "bcc" not in options:
            pytest.skip("not offered")
        ticket = await desk.create_ticket(subject="Invoice", requester=CUSTOMER, text="Twice.")
        for who in (ticket, ticket.id):
            with pytest.raises(hb.InvalidArgument, match="bcc= has somebody"):
                await desk.reply(who, text="It is paid.", send_email=True, bcc=CUSTOMER.title())
        assert place.mails == []
        await desk.reply(ticket, text="It is paid.", send_email=True, to=PARTNER, bcc=CUSTOMER)
        assert len(place.mails) == 1
