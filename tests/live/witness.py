"""What Request Tracker itself says: its outbox, its Perl API, and customers who write mail."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses
from pathlib import Path
from typing import Any

from attrs import define, field

from helpdesk_bridge.model import Audience, MessageType, Status
from helpdesk_bridge.model.html_text import html_to_text
from helpdesk_bridge.testing.conformance import Letter, Seen
from tests.live.request_tracker import Agent, RequestTracker

STATUSES = {
    Status.NEW: "new",
    Status.OPEN: "open",
    Status.ON_HOLD: "stalled",
    Status.RESOLVED: "resolved",
    Status.CLOSED: "rejected",
    Status.DELETED: "deleted",
}

AUTOMATIC = {"On Create Autoreply To Requestors", "On Resolve Notify Requestors"}
"""The scrips by which a new RT tells customers of itself that their ticket is there, or is done."""

_SCRIP = re.compile(r"\.\d+-(\d+)-\d+@")  # a message id ends with ticket, scrip and number
_OWN_DOMAIN = "@desk.test"


@define
class RequestTrackerWitness:
    """The witness of one account, which is a queue."""

    server: RequestTracker
    agent: Agent
    counted: list[str] = field(factory=list)
    """One entry a request that the desk has made."""
    _read: dict[Path, EmailMessage] = field(factory=dict, init=False)
    _numbers: itertools.count[int] = field(factory=itertools.count, init=False)

    async def letters(self) -> list[Letter]:
        """Return the mails to people outside. There are no others: RT sends before it answers."""
        scrips = await self._ask("scrips")
        letters = [_letter(mail, scrips) for mail in self._mails()]
        return [letter for letter in letters if letter.recipients]

    def _mails(self) -> list[EmailMessage]:
        """Return the mails of this account's two queues, which are who they are from."""
        for path in sorted(self.server.outbox.glob("*.eml")):
            if path not in self._read:
                parsed = message_from_bytes(path.read_bytes(), policy=policy.default)
                self._read[path] = parsed
        own = (f"{self.agent.queue}@", f"{self.agent.queue}-")
        return [mail for mail in self._read.values() if mail["Reply-To"].startswith(own)]

    async def messages(self, ticket_id: str) -> list[Seen]:
        """Return the messages that RT keeps."""
        return [_seen(told) for told in await self._ask("messages", ticket_id)]

    async def sent(self, ticket_id: str) -> list[str]:
        """Return the words of each mail that RT has put on record as sent."""
        return [str(words) for words in await self._ask("sent", ticket_id)]

    async def arrange(self, ticket_id: str, **fields: Any) -> None:
        """Set status, assignee and team (a queue) as RT's system user."""
        told: dict[str, str] = {}
        if "status" in fields:
            told["status"] = STATUSES[fields["status"]]
        if "assignee" in fields:
            told["assignee"] = fields["assignee"].id
        if "team" in fields:
            told["team"] = fields["team"]
        assert len(told) == len(fields), "RT knows nothing else"
        await self._ask("arrange", ticket_id, *itertools.chain.from_iterable(told.items()))

    async def add_requests(self, ticket_id: str, texts: Sequence[str]) -> None:
        """Answer by mail, as the customer."""
        subject = f"Re: [desk.test #{ticket_id}] Invoice 4711"
        went = await self._write("li@customer.example", [(subject, text) for text in texts])
        assert set(went) == {ticket_id}

    async def add_notes(self, ticket_id: str, texts: Sequence[str]) -> None:
        """Write notes as RT's system user."""
        await self._ask("notes", ticket_id, *texts)

    async def add_ticket(self, requester: str, subject: str, text: str) -> str:
        """Write to the desk by mail."""
        (ticket_id,) = await self._write(requester, [(subject, text)])
        return ticket_id

    async def add_tickets(self, requester: str, count: int) -> None:
        """Open tickets as the customer, past the mail gateway, which takes five times as long."""
        await self._ask("opened", self.agent.queue, requester, count)

    def requests(self) -> int:
        """Return the number of requests."""
        return len(self.counted)

    async def _write(self, author: str, mails: Sequence[tuple[str, str]]) -> list[str]:
        written = [self._mail(author, subject, text) for subject, text in mails]
        return [str(number) for number in await self._ask("mails", self.agent.queue, *written)]

    def _mail(self, author: str, subject: str, text: str) -> str:
        mail = EmailMessage(policy=policy.SMTP)
        mail["From"], mail["To"] = author, f"{self.agent.queue}{_OWN_DOMAIN}"
        mail["Subject"] = subject
        mail["Message-ID"] = f"<{self.agent.queue}.{next(self._numbers)}@customer.example>"
        mail.set_content(text)
        return mail.as_string()

    async def _ask(self, question: str, *arguments: Any) -> Any:
        return await asyncio.to_thread(self.server.console.ask, question, *arguments)


def _letter(mail: EmailMessage, scrips: dict[str, str]) -> Letter:
    scrip = _SCRIP.search(mail["Message-ID"])
    assert scrip is not None, f"not sent by a scrip: {mail['Message-ID']}"
    headers = [str(value) for name in ("To", "Cc", "Bcc") for value in mail.get_all(name, [])]
    addresses = [address for _, address in getaddresses(headers)]
    body = mail.get_body(("html", "plain"))
    assert body is not None
    content = body.get_content()
    return Letter(
        recipients=frozenset(a for a in addresses if not a.endswith(_OWN_DOMAIN)),
        text=html_to_text(content) if body.get_content_subtype() == "html" else content,
        automatic=scrips[scrip[1]] in AUTOMATIC,
    )


def _seen(told: dict[str, Any]) -> Seen:
    by_desk = (MessageType.RESPONSE, Audience.EXTERNAL)
    kinds = {
        "Create": (MessageType.REQUEST, Audience.EXTERNAL),
        "Correspond": (MessageType.REQUEST, Audience.EXTERNAL) if told["by_customer"] else by_desk,
        "Comment": (MessageType.NOTE, Audience.INTERNAL),
        "Forward Ticket": (MessageType.RESPONSE, Audience.FORWARD),
        "Forward Transaction": (MessageType.RESPONSE, Audience.FORWARD),
    }
    kind, audience = kinds[told["type"]]
    text = html_to_text(told["content"]) if told["html"] else told["content"]
    return Seen(type=kind, audience=audience, text=text)
