"""Request Tracker's REST 2.0 over the testing Store, as an ordinary agent of version 5.0.3 sees it.

What it answers was observed, and is asked of both by tests/live/test_fake_agrees.py. It has no
custom fields, one requestor a ticket and no copies. What RT has and this has not is a 501 that says
so: nothing is left out in silence. Mails to agents are not in the outbox.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from email.utils import parseaddr
from typing import Any

from aiohttp import web

from helpdesk_bridge.kit import Audience, MessageType, Party, Role, address_key
from helpdesk_bridge.testing import (
    Mail,
    Refusal,
    Store,
    StoredFile,
    StoredMessage,
    StoredTicket,
)
from helpdesk_bridge_request_tracker.fake_people import People
from helpdesk_bridge_request_tracker.fake_records import (
    JSON,
    NOBODY,
    PRIORITIES,
    SYSTEM,
    WORDS,
    json_answer,
    parts_of,
    stamp,
    word_of,
)
from helpdesk_bridge_request_tracker.fake_requests import (
    Row,
    is_true,
    matching,
    names_of,
    no,
    read_body,
    read_limits,
    stored_words,
    unknown,
)

__all__ = ["RequestTrackerFake"]

_STATUSES = {word: status for status, word in WORDS.items()}
_FIRST = ("new", "open", "resolved")
"""The statuses that a new ticket may have in the default lifecycle."""
_DONE = ("resolved", "rejected", "deleted")
_NAMED = {number: priority for priority, number in PRIORITIES.items()}
_LABELS = {0: "Low", 50: "Medium", 100: "High"}
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+")
_RIGHTS = frozenset(
    (
        *("ShowTicketComments", "ShowOutgoingEmail", "CommentOnTicket", "ReplyToTicket"),
        *("ModifyTicket", "DeleteTicket"),
    )
)

_MORE_RIGHTS = frozenset(("SeeGroup",))

_ALLOWED = {
    r"/tickets": ("GET", "HEAD", "POST"),
    r"/ticket(/\d+)?": ("GET", "HEAD", "DELETE", "PUT", "POST"),
    r"/ticket/\d+/(correspond|comment)": ("POST",),
    r"/attachments|/ticket/\d+/(history|attachments)": ("GET", "POST"),
    r"/(attachment|transaction)/\d+": ("GET", "HEAD"),
    r"/users|/groups|/queues|/transactions": ("GET", "POST"),
    r"/user/[^/]+|/group/\d+": ("GET", "HEAD", "DELETE", "PUT", "POST"),
}
"""The methods that RT has for a path."""

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class RequestTrackerFake(People):
    """``may_not`` names rights that the account lacks, ``may`` others that it has: SeeGroup.

    Without ``ShowOutgoingEmail`` rows are left out of histories after their pages were cut.
    """

    prefix = "/REST/2.0"
    password = "fake-password"  # noqa: S105 - made up
    token = "1-4831932-fake-token"  # noqa: S105 - made up

    def __init__(
        self, store: Store | None = None, *, may_not: Iterable[str] = (), may: Iterable[str] = ()
    ) -> None:
        super().__init__(store, may_not=may_not, may=may)
        if self.may_not - _RIGHTS:
            raise ValueError(f"may_not knows only {sorted(_RIGHTS)}")
        if self.may - _MORE_RIGHTS:
            raise ValueError(f"may knows only {sorted(_MORE_RIGHTS)}")

    def table(self) -> dict[str, Any]:
        """Return the configuration that connects to this fake."""
        return {"adapter": "request_tracker", "base_url": self.base_url, "token": self.token}

    def routes(self) -> Iterable[web.RouteDef]:
        """Return RT's operations on tickets, transactions and attachments."""
        ticket = r"/ticket/{id:\d+}"
        handlers: tuple[tuple[str, str, _Handler], ...] = (
            ("GET", "/tickets", self.search),
            ("GET", "/transactions", self.deletions),
            ("POST", "/ticket", self.create),
            ("GET", ticket, self.show),
            ("PUT", ticket, self.update),
            ("DELETE", ticket, self.delete),
            ("POST", ticket + "/{kind:correspond|comment}", self.write),
            ("GET", ticket + "/history", self.history),
            ("POST", ticket + "/history", self.history),
            ("GET", ticket + "/attachments", self.attachments),
            ("POST", ticket + "/attachments", self.attachments),
            ("POST", "/attachments", self.attachments),
            ("GET", r"/transaction/{id:\d+}", self.transaction),
            ("GET", r"/attachment/{id:\d+}", self.attachment),
            *self.people_routes(),
            ("*", "/{rest:.*}", self.otherwise),
        )
        return [web.route(verb, path, self._answered(handler)) for verb, path, handler in handlers]

    # -- tickets -----------------------------------------------------------------------------

    async def create(self, request: web.Request) -> web.StreamResponse:
        """POST /ticket: what is wrong with requestor or owner is left out without a word."""
        fields, files = await read_body(request, self.store, "Field {} is required")
        queue = self._queue(fields.get("Queue"))
        if not fields.get("Queue"):
            raise no(400, "Could not create ticket. Queue not set")
        if queue is None:
            raise no(403, f"No permission to create tickets in the queue '{fields['Queue']}'")
        status = str(fields.get("Status") or "new")
        if status.lower() not in _STATUSES:
            raise no(400, f"Status '{status}' isn't a valid status for tickets in this queue.")
        if status.lower() not in _FIRST:
            raise no(400, f"New tickets can not have status '{status}' in this queue.")
        ticket = self._created(fields, files, queue=queue, status=status.lower())
        ref = self.ref("ticket", ticket.id)
        location = f"{self.prefix}/ticket/{ticket.id}"
        return json_answer(ref, status=201, headers={"Location": location})

    def _created(
        self, fields: Mapping[str, Any], files: list[StoredFile], *, queue: str, status: str
    ) -> StoredTicket:
        priority = str(fields.get("Priority") or 0)
        if not priority.isdecimal():
            raise unknown("labels of priorities on a new ticket")  # a matter of RT's database
        name, address = parseaddr(str(fields.get("Requestor") or ""))
        wrong = not _ADDRESS.fullmatch(address) or ".." in address
        requester = Party(role=Role.CUSTOMER) if wrong else self._customer(address, name or None)
        subject = _subject(fields.get("Subject") or "")
        ticket = self.store.create_ticket(
            subject=subject,
            requester=requester,
            files=files,
            status=_STATUSES[status],
            team=queue,
            **stored_words(fields, "text/plain"),
        )
        ticket.messages[0].subject = subject
        kept = self.of(ticket)
        kept.creator = kept.changed_by = self.agent
        kept.priority = int(priority)
        ticket.priority = _NAMED.get(kept.priority)
        kept.started = None if status == "new" else ticket.created_at
        kept.resolved = ticket.created_at if status in _DONE else None
        owner = self._owner(fields.get("Owner"))
        if owner is not None and owner is not NOBODY:
            ticket.assignee = owner
        # REST 2.0 drops plain lists; one that is the id of a reference comes through.
        squelched = fields.get("TransSquelchMailTo")
        kept_back = squelched if isinstance(squelched, list) else []
        if requester.email and requester.email not in kept_back:
            self._mail_of_itself(ticket, f"AutoReply: {subject}", "<p>Your ticket is there.</p>")
        return ticket

    async def show(self, request: web.Request) -> web.StreamResponse:
        """GET /ticket/{id}."""
        ticket = self._stored(request)
        headers = {"ETag": self.etag(ticket), "Last-Modified": stamp(ticket.updated_at)}
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return web.Response(status=304, headers=headers)
        return json_answer(self.ticket_json(ticket, request, alone=True), headers=headers)

    async def update(self, request: web.Request) -> web.StreamResponse:
        """PUT /ticket/{id}: 200 and sentences, whatever was done."""
        fields, _ = await read_body(request, self.store, "")
        ticket = self._stored(request, missing="Resource does not exist; use POST to create")
        if request.headers.get("If-Match", self.etag(ticket)) != self.etag(ticket):
            raise no(412, "Precondition Failed")
        if "Requestor" in fields:
            raise unknown("another requestor")
        setters = {
            "Owner": self._set_owner,
            "Priority": self._set_priority,
            "Queue": self._set_queue,
            "Status": self._set_status,
            "Subject": self._set_subject,
        }
        said = []
        for name, setter in setters.items():
            before = {"Status": word_of(ticket), "Subject": ticket.subject}.get(name)
            if fields.get(name) is None or fields[name] == before:
                continue
            said += setter(ticket, fields[name])
        return json_answer([f"Ticket {ticket.id}: {sentence}" for sentence in said])

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """DELETE /ticket/{id}: a second time, or without the right, it is a 500."""
        ticket = self._stored(request)
        if word_of(ticket) == "deleted" or not self.may_set("deleted"):
            raise no(500, "Internal Server Error")
        self._set_status(ticket, "deleted")
        return web.Response(status=204, headers={"Content-Type": JSON})

    # -- what PUT sets, each with RT's sentence ----------------------------------------------

    def _set_owner(self, ticket: StoredTicket, value: Any) -> list[str]:
        owner = self._owner(value)
        if owner is None:
            known = address_key(str(value)) in self.store.people
            may_not = "That user may not own tickets in that queue"
            return [may_not if known else "That user does not exist"]
        before = ticket.assignee or NOBODY
        if self.login(before) == self.login(owner):
            return []
        ticket.assignee = None if owner is NOBODY else owner
        old, new = self.principal(before), self.principal(owner)
        self.event(ticket, "Set", field="Owner", old=old, new=new)
        self.event(ticket, "SetWatcher", field="Owner", old=old, new=new)
        return [f"Owner changed from {self.login(before)} to {self.login(owner)}"]

    def _set_priority(self, ticket: StoredTicket, value: Any) -> list[str]:
        number, before = _number(value), self.priority(ticket)
        if number == before:
            return []
        if "ModifyTicket" in self.may_not:
            return ["Permission Denied"]
        self.of(ticket).priority = number
        ticket.priority = _NAMED.get(number)
        self.event(ticket, "Set", field="Priority", old=str(before), new=str(number))
        return [f"Priority changed from '{_label(before)}' to '{_label(number)}'"]

    def _set_queue(self, ticket: StoredTicket, value: Any) -> list[str]:
        queue, before = self._queue(value), self.team(ticket)
        if queue is None:
            return [f"Queue {value} does not exist"]
        if queue == before:
            return []
        if "ModifyTicket" in self.may_not:
            return ["Permission Denied"]
        ticket.team = queue
        old, new = str(self.queues[before]), str(self.queues[queue])
        self.event(ticket, "Set", field="Queue", old=old, new=new)
        return [f"Queue changed from {before} to {queue}"]

    def _set_subject(self, ticket: StoredTicket, value: Any) -> list[str]:
        if "ModifyTicket" in self.may_not:
            return ["Permission Denied"]
        before, ticket.subject = ticket.subject, _subject(value)
        new = _cut(str(value).replace("\n", ""), 255)
        self.event(ticket, "Set", field="Subject", old=before, new=new)
        return [f"Subject changed from {_quoted(before)} to {_quoted(new)}"]

    def _set_status(self, ticket: StoredTicket, value: Any) -> list[str]:
        before, word = word_of(ticket), str(value).lower()
        if word not in _STATUSES:
            return [f"Status '{value}' isn't a valid status for this ticket."]
        if not self.may_set(word):
            return ["Permission Denied"]
        if word == before:
            return [f"You can't change status from '{before}' to '{value}'."]
        self._move(ticket, word, self.agent)
        if word == "resolved":
            self._mail_of_itself(ticket, f"Resolved: {ticket.subject}", "<p>It is done.</p>")
        if word == "deleted":
            return ["Ticket deleted"]
        return [f"Status changed from '{before}' to '{word}'"]

    def _move(self, ticket: StoredTicket, word: str, by: Party) -> None:
        before = word_of(ticket)
        event = self.event(ticket, "Status", by=by, field="Status", old=before, new=word)
        ticket.status = _STATUSES[word]
        ticket.deleted_at = event.created_at if word == "deleted" else None
        kept = self.of(ticket)
        if before == "new":
            kept.started = kept.started or event.created_at
        if word in _DONE and before not in _DONE:
            kept.resolved = event.created_at

    # -- messages ----------------------------------------------------------------------------

    async def write(self, request: web.Request) -> web.StreamResponse:
        """POST …/correspond mails the requestor and opens the ticket; …/comment does neither."""
        fields, files = await read_body(request, self.store, "{} is a required field", message=True)
        if is_true(fields.get("Content")) and not fields.get("ContentType"):
            raise no(400, "ContentType is a required field for application/json")
        note = request.match_info["kind"] == "comment"
        ticket = self.store.tickets.get(int(request.match_info["id"]))
        right = {"CommentOnTicket" if note else "ReplyToTicket", "ModifyTicket"}
        if ticket is None or right <= self.may_not:
            raise no(400, "Permission Denied")
        message = self.store.add_message(
            ticket.id,
            type=MessageType.NOTE if note else MessageType.RESPONSE,
            audience=Audience.INTERNAL if note else Audience.EXTERNAL,
            author=self.agent,
            subject=fields.get("Subject"),
            files=files,
            to=() if note else [ticket.requester],
            mail=not note and ticket.requester.email is not None,
            **stored_words(fields, "application/octet-stream"),
        )
        self.of(ticket).changed_by = self.agent
        if not note:
            self._after_reply(ticket, message)
        said = ["Comments added" if note else "Correspondence added"]
        if fields.get("Status"):
            said += self._set_status(ticket, fields["Status"])
        location = f"{self.prefix}/transaction/{message.id}"
        return json_answer(said, status=201, headers={"Location": location})

    def _after_reply(self, ticket: StoredTicket, message: StoredMessage) -> None:
        if ticket.requester.email is not None:
            self.of(ticket).told = message.created_at
            self._record_mail(ticket, message.html)
        if word_of(ticket) not in ("open", "stalled"):
            self._move(ticket, "open", SYSTEM)

    async def history(self, request: web.Request) -> web.StreamResponse:
        """GET or POST /ticket/{id}/history: hidden notes are left out, mails leave gaps."""
        rows = [
            (
                message.id,
                "transaction" if self.may_see(message) else "",
                self.transaction_json(ticket, message, request),
            )
            for ticket, message in self.messages(request.match_info["id"])
            if message.type is not MessageType.NOTE or self.may_see(message)
        ]
        return self.listed(request, matching(rows, await read_limits(request)))

    async def transaction(self, request: web.Request) -> web.StreamResponse:
        """GET /transaction/{id}: what has no value is left out; 500 for one that is not there."""
        number = int(request.match_info["id"])
        for ticket, message in self.messages():
            if message.id == number:
                self._require_sight(message)
                shown = {
                    k: v
                    for k, v in self.transaction_json(ticket, message, request).items()
                    if v != ""
                }
                urls = [self.ref("attachment", part.id)["_url"] for part in parts_of(message)]
                links = [{"ref": "attachment", "_url": url} for url in urls]
                more = {"Object": self.ref("ticket", ticket.id), "TimeTaken": "0"}
                return json_answer({**shown, **more, **self.alone("transaction", number, links)})
        raise no(500, "Internal Server Error")

    async def attachments(self, request: web.Request) -> web.StreamResponse:
        """POST /attachments, GET or POST /ticket/{id}/attachments: text comes decoded."""
        rows: list[Row] = []
        for _, message in self.messages(request.match_info.get("id")):
            kind = "attachment" if self.may_see(message) else ""
            rows += [(part.id, kind, self.listed_part(part)) for part in parts_of(message)]
        found = matching(rows, await read_limits(request))
        if "Parent" in names_of(request, "fields") and any(not row[2]["Parent"] for row in found):
            raise Refusal(500, None)  # RT asks what holds it, and nothing does
        return self.listed(request, found)

    async def attachment(self, request: web.Request) -> web.StreamResponse:
        """GET /attachment/{id}: the bytes in base64; 500 for one that is not there."""
        number = int(request.match_info["id"])
        for ticket, message in self.messages():
            for part in parts_of(message):
                if part.id == number:
                    self._require_sight(message)
                    return json_answer(self.file_json(ticket, part, request))
        raise no(500, "Internal Server Error")

    async def otherwise(self, request: web.Request) -> web.StreamResponse:
        """Refuse whatever RT has not, or this has not."""
        path = request.path.removeprefix(self.prefix)
        allowed = next((a for p, a in _ALLOWED.items() if re.fullmatch(p, path)), None)
        if request.method == "PATCH":
            raise no(501, "Not Implemented")
        if allowed is None:
            raise no(404, "Not Found")
        if request.method in allowed:
            if path.startswith(("/ticket/", "/user/")) and request.method == "POST":
                raise no(409, "Resource already exists; use PUT to update")
            raise unknown(f"{request.method} {path}")
        raise Refusal(405, {"message": "Method Not Allowed"}, {"Allow": ", ".join(allowed)})

    # -- within ------------------------------------------------------------------------------

    def _answered(self, handler: _Handler) -> _Handler:
        async def answer(request: web.Request) -> web.StreamResponse:
            response: web.StreamResponse
            try:
                self._require_login(request)
                response = await handler(request)
            except Refusal as refusal:
                body = b"" if refusal.body is None else json.dumps(refusal.body).encode()
                kind = {"Content-Type": JSON, **refusal.headers}
                response = web.Response(status=refusal.status, body=body, headers=kind)
            response.force_close()
            return response

        return answer

    def _require_login(self, request: web.Request) -> None:
        basic = base64.b64encode(f"{self.agent.id}:{self.password}".encode()).decode()
        known = (f"token {self.token}", f"Basic {basic}")
        if request.headers.get("Authorization") not in known:
            raise no(401, "Unauthorized")

    def _stored(self, request: web.Request, missing: str = "Not Found") -> StoredTicket:
        ticket = self.store.tickets.get(int(request.match_info["id"]))
        if ticket is None:
            raise no(404, missing)
        if not self.may_find(ticket):
            raise no(403, "Forbidden")
        return ticket

    def _require_sight(self, message: StoredMessage) -> None:
        if not self.may_see(message):
            raise no(403, "Forbidden")

    def _record_mail(self, ticket: StoredTicket, html: str) -> None:
        data = f"<rt-5.0.3-{self.store.last_number}@helpdesk.example>"
        self.event(ticket, "EmailRecord", by=SYSTEM, data=data, html=html)

    def _mail_of_itself(self, ticket: StoredTicket, subject: str, html: str) -> None:
        """Mail the requestor as RT's own scrips do, not because of a message."""
        if ticket.requester.email is None:
            return
        self.store.outbox.append(
            Mail(
                ticket_id=ticket.id,
                message_id=None,
                type=MessageType.SYSTEM,
                to=(ticket.requester.email,),
                subject=subject,
                html=html,
            )
        )
        self._record_mail(ticket, html)

    def _customer(self, address: str, name: str | None) -> Party:
        """Return the user of an address, with the name under which RT met him first."""
        person = self.store.person(address, name)
        return self._people.setdefault(address.casefold(), person)

    def _owner(self, value: Any) -> Party | None:
        known = {self.login(p).lower(): p for p in (NOBODY, *self.store.agents, self.agent)}
        return known.get(str(value).lower())

    def _queue(self, value: Any) -> str | None:
        for name, number in self.queues.items():
            if str(value).lower() in (name.lower(), str(number)):
                return name
        return None


def _number(value: Any) -> int:
    """Return a priority, from its number or its label; whatever else is 0."""
    text = str(value)
    labels = {label.lower(): number for number, label in _LABELS.items()}
    return int(text) if text.isdecimal() else labels.get(text.lower(), 0)


def _subject(value: Any) -> str:
    """Return a subject as RT keeps it: 200 bytes, in one line."""
    return _cut(str(value).replace("\n", ""), 200)


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")


def _label(number: int) -> str:
    return _LABELS[max(key for key in _LABELS if key <= number)]


def _quoted(text: str) -> str:
    return f"'{text}'" if text else "(no value)"
