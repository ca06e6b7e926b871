"""One short story of a support desk, told on any adapter and checked against the Store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

from attrs import field, frozen

from helpdesk_bridge.desk import Helpdesk
from helpdesk_bridge.errors import HelpdeskError
from helpdesk_bridge.model import Capability, Message, MessageType, Status, Ticket
from helpdesk_bridge.testing import Mail, Store

__all__ = ["Step", "tell"]

CUSTOMER = "ines.okafor@northpier.example"
PARTNER = "workshop@partner.example"
SUBJECT = "Export stops at 90 percent"


class Unexpected(Exception):
    """What happened is not what should have happened."""


@frozen(kw_only=True)
class Step:
    """A step of the story: what was tried, and how it ended."""

    name: str
    result: str
    good: bool
    mails: tuple[Mail, ...] = field(default=(), repr=False)


async def tell(desk: Helpdesk, store: Store) -> AsyncIterator[Step]:
    """Tell the story on ``desk``; each step says whether the Store saw what it should have."""
    story = _Story(desk, store)
    steps: tuple[tuple[str, Capability, Callable[[], Awaitable[str]]], ...] = (
        ("a customer writes", Capability.CREATE_TICKET, story.write),
        ("list open tickets", Capability.LIST_TICKETS, story.list),
        ("read the conversation", Capability.LIST_MESSAGES, story.read),
        ("write a note", Capability.NOTE, story.note),
        ("reply to the customer", Capability.REPLY, story.reply),
        ("forward to a partner", Capability.FORWARD, story.forward),
        ("close the ticket", Capability.UPDATE_TICKET, story.close),
        ("read it back", Capability.LIST_MESSAGES, story.read_back),
    )
    for name, needed, step in steps:
        before = len(store.outbox)
        try:
            result, good = await step(), True
        except (HelpdeskError, Unexpected) as error:
            result, good = str(error), False
            if not desk.capabilities.supports(needed):
                result, good = f"not available: {desk.capabilities[needed].reason}", True
        yield Step(name=name, result=result, good=good, mails=tuple(store.outbox[before:]))
        if not good:
            return


class _Story:
    def __init__(self, desk: Helpdesk, store: Store) -> None:
        self._desk = desk
        self._store = store
        self._ticket: Ticket

    def _mails_since(self, before: int) -> list[Mail]:
        return self._store.outbox[before:]

    async def _conversation(self) -> list[Message]:
        """Read what people wrote; some helpdesks list events as well."""
        read = [message async for message in self._desk.messages(self._ticket.id)]
        return [message for message in read if message.type is not MessageType.SYSTEM]

    async def write(self) -> str:
        self._ticket = await self._desk.create_ticket(
            subject=SUBJECT,
            requester=CUSTOMER,
            html="<p>The export stops at 90&nbsp;percent since this morning.</p>",
        )
        _expect(not self._store.outbox, "creating a ticket mailed somebody")
        return f"ticket {self._ticket.id}: {SUBJECT}"

    async def list(self) -> str:
        found = [ticket async for ticket in self._desk.tickets()]
        _expect(self._ticket.id in [t.id for t in found], "the ticket is not in the list")
        return f"{len(found)} ticket{'s' if len(found) != 1 else ''}"

    async def read(self) -> str:
        messages = await self._conversation()
        kinds = [message.type for message in messages]
        _expect(kinds == [MessageType.REQUEST], "the conversation is not one request")
        return f"{messages[0].author}: {messages[0].text}"

    async def note(self) -> str:
        before = len(self._store.outbox)
        await self._desk.note(self._ticket, text="Seen before: the disk quota. Asked the workshop.")
        _expect(not self._mails_since(before), "a note was mailed")
        return "seen by agents only; nobody was mailed"

    async def reply(self) -> str:
        before = len(self._store.outbox)
        await self._desk.reply(
            self._ticket, html="<p>Thank you, we are on it.</p>", send_email=True
        )
        _expect_one(self._mails_since(before), CUSTOMER)
        return "mailed once, to the customer"

    async def forward(self) -> str:
        before = len(self._store.outbox)
        await self._desk.forward(self._ticket, to=[PARTNER], text="Can you look at the quota?")
        _expect_one(self._mails_since(before), PARTNER)
        return "mailed once, to the partner and not to the customer"

    async def close(self) -> str:
        closed = await self._desk.update_ticket(self._ticket, status=Status.RESOLVED)
        _expect(closed.status in (Status.RESOLVED, Status.CLOSED), "the ticket is still open")
        return f"now {closed.status.value} (the vendor says {closed.vendor_status!r})"

    async def read_back(self) -> str:
        messages = await self._conversation()
        kinds = [message.type.value for message in messages]
        expected = ["request"]
        for capability, kind in (
            (Capability.NOTE, "note"),
            (Capability.REPLY, "response"),
            (Capability.FORWARD, "response"),
        ):
            expected += [kind] if self._desk.capabilities.supports(capability) else []
        _expect(kinds == expected, f"read {kinds} where {expected} were written")
        private = [message for message in messages if not message.is_public]
        return f"{', '.join(kinds)}; {len(private)} of them internal"


def _expect(condition: bool, otherwise: str) -> None:
    if not condition:
        raise Unexpected(otherwise)


def _expect_one(mails: list[Mail], recipient: str) -> None:
    _expect(len(mails) == 1, f"{len(mails)} mails left where one should have")
    _expect(mails[0].recipients == {recipient}, "the mail went to other people")
