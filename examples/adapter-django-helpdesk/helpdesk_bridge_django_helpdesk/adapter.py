"""django-helpdesk's operations, one short method each.

Addresses end in ``.json`` (Django REST framework's format suffix). Without it they would need
a slash at their end, which is answered with a redirect when it is missing (observed on 2.6.1).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, ClassVar

from helpdesk_bridge import kit
from helpdesk_bridge.kit import (
    Capability,
    CapabilityLimits,
    ChangeKind,
    ChangeMode,
    Effect,
    Operation,
    Status,
    emulated,
    errors,
    native,
    none,
)

from helpdesk_bridge_django_helpdesk import outgoing, wire
from helpdesk_bridge_django_helpdesk.settings import DjangoHelpdeskSettings

LIST = Operation("list_tickets", Effect.READ)
GET = Operation("get_ticket", Effect.READ)
CREATE = Operation("create_ticket")
UPDATE = Operation("update_ticket", Effect.IDEMPOTENT_WRITE)
DELETE = Operation("delete_ticket", Effect.IDEMPOTENT_WRITE)
SEND = Operation("send")
PUBLISH = Operation("publish", Effect.IDEMPOTENT_WRITE)
LINK = Operation("get_file", Effect.READ)
DOWNLOAD = Operation("open_attachment", Effect.READ)

_STATUSES = frozenset(outgoing.STATUS_FIELDS)
_NEW = frozenset({"status", "priority", "assignee", "attachments"})
_CHANGES = frozenset({"subject", "status", "priority", "assignee"})
_PLAIN = CapabilityLimits(options=frozenset())
# HELPDESK_MAX_EMAIL_ATTACHMENT_SIZE: a larger file is stored, and left out of the mail.
_FILES = CapabilityLimits(attachment_bytes=511_999)
_AS_TEXT = "As text: django-helpdesk shows no HTML."
_SEEN = "observed on django-helpdesk 2.6.1"
_BY_STATUS = emulated(
    "By the vendor; on hold or not, on what is read.",
    limits=CapabilityLimits(statuses=_STATUSES),
    source=_SEEN,
)
_BY_STATUSES = emulated(
    "By the vendor; on hold or not, and a status that is not known here, on what is read.",
    limits=CapabilityLimits(statuses=_STATUSES | {Status.UNKNOWN}),
    source=_SEEN,
)
_NO_CHANGES = none("The API does not tell when a ticket was changed.", source=_SEEN)
_NOT_SILENT = (
    "django-helpdesk mails notes to whoever is in copy of the ticket, unless the site sets"
    " HELPDESK_PRIVATE_FOLLOWUP_MEANS_NO_EMAILS = True: if it does, set silent_notes."
)


class DjangoHelpdesk(kit.Adapter):
    """The REST API of django-helpdesk."""

    name = "django_helpdesk"
    settings_type = DjangoHelpdeskSettings
    id_pattern = r"[1-9][0-9]{0,8}"
    id_words = 'digits, such as "1003"'
    settings: DjangoHelpdeskSettings
    error_codes: ClassVar = {  # 403 unless the site puts an authentication first that says 401
        "Invalid username/password.": errors.AuthenticationError,
        "Authentication credentials were not provided.": errors.AuthenticationError,
    }
    assignee_by = frozenset(("id",))
    team_by = frozenset(("id",))
    named_settings: ClassVar = {"queue": f"The API lists no queues ({_SEEN})."}
    offers: ClassVar = {
        Capability.LIST_TICKETS: native(
            limits=CapabilityLimits(page_size=wire.PAGE_SIZE), source=_SEEN
        ),
        Capability.GET_TICKET: native(source=_SEEN),
        Capability.CREATE_TICKET: emulated(
            "The requester is set by a second request, so that nobody is mailed.",
            limits=CapabilityLimits(statuses=_STATUSES, options=_NEW, attachments=1),
            source=_SEEN,
        ),
        Capability.UPDATE_TICKET: native(
            "The history does not show it.",
            limits=CapabilityLimits(statuses=_STATUSES, options=_CHANGES),
            source=_SEEN,
        ),
        Capability.DELETE_TICKET: native("For good, with all messages and files.", source=_SEEN),
        Capability.LIST_MESSAGES: native(source=_SEEN),
        Capability.CHANGES: emulated(
            f"Every ticket is read, a request for each {wire.PAGE_SIZE}, and compared with what it"
            " was: the API tells no time of a change. A ticket's record holds its whole"
            " conversation, so that a message and a note show at once. Deleted tickets are found"
            " by a sweep.",
            limits=CapabilityLimits(
                mode=ChangeMode.SCAN, sees=frozenset((ChangeKind.FIELDS, ChangeKind.MESSAGES))
            ),
            source=_SEEN,
        ),
        Capability.GET_MESSAGE: emulated("Out of the whole conversation.", source=_SEEN),
        Capability.REPLY: native(
            f"{_AS_TEXT} Also to whoever is in copy.", limits=_PLAIN, source=_SEEN
        ),
        Capability.NOTE: native(_AS_TEXT, limits=_PLAIN, source=_SEEN),
        Capability.FORWARD: none("The API cannot choose the recipients.", source=_SEEN),
        Capability.ADD_REQUEST: none(
            "Whatever the API adds is the words of its own user.", source=_SEEN
        ),
        Capability.SEND_ATTACHMENTS: native(
            "Of the types in file_types.", limits=_FILES, source=_SEEN
        ),
        Capability.OPEN_ATTACHMENT: emulated(
            "A first request asks where the file is.", source=_SEEN
        ),
        Capability.REPLY_WITHOUT_EMAIL: emulated(
            "A note that a second request makes public.", source=_SEEN
        ),
        Capability.REPLY_WITH_STATUS: emulated(
            "By a second request: the mail that tells a new status may leave out the words.",
            limits=CapabilityLimits(statuses=_STATUSES),
            source=_SEEN,
        ),
        Capability.WEBHOOKS: none(
            "Not offered by this adapter yet: the vendor does not sign them.", source=_SEEN
        ),
        Capability.LIST_AGENTS: none("The API makes users, and lists none.", source=_SEEN),
        Capability.LIST_TEAMS: none("The API has no queues of its own.", source=_SEEN),
        Capability.LIST_CUSTOMERS: none("The API has no customers of its own.", source=_SEEN),
        Capability.WHO_AM_I: none("The API does not tell whose account it is.", source=_SEEN),
        Capability.FILTER_STATUS: _BY_STATUS,
        Capability.FILTER_STATUSES: _BY_STATUSES,
        Capability.FILTER_PRIORITY: emulated("On what is read."),
        Capability.FILTER_KIND: none("The API's tickets have no kind.", source=_SEEN),
        Capability.FILTER_TAG: none("The API's tickets have no tags.", source=_SEEN),
        Capability.FILTER_ASSIGNEE: emulated("By id, on what is read."),
        Capability.FILTER_TEAM: emulated("By the id of the queue, on what is read."),
        Capability.FILTER_REQUESTER: emulated("By address, on what is read."),
        Capability.FILTER_CREATED_SINCE: emulated("By the first message, on what is read."),
        Capability.FILTER_UPDATED_SINCE: _NO_CHANGES,
        Capability.ORDER_CREATED_AT: emulated(
            "By the first message: every ticket is read, and sorted here.", source=_SEEN
        ),
        Capability.ORDER_UPDATED_AT: _NO_CHANGES,
    }

    def __init__(self, settings: DjangoHelpdeskSettings, transport: kit.Transport) -> None:
        super().__init__(settings, transport)
        self._root = [*filter(None, settings.mounted_at.split("/")), "api"]

    @classmethod
    def auth(cls, settings: DjangoHelpdeskSettings) -> kit.Middleware:
        """Sign each request."""
        return kit.HeaderAuth({"Authorization": settings.authorization})

    @classmethod
    def explain(cls, response: kit.Response) -> kit.Explanation:
        """Read Django REST framework's ``{"detail": …}`` or ``{field: [sentence, …]}``."""
        data = response.json()
        if isinstance(detail := data.get("detail"), str):
            return kit.Explanation(message=detail, code=detail)
        fields = {
            name: (*map(str, told if isinstance(told, list) else [told]),)
            for name, told in data.items()
        }
        # A message for a ticket that is not there is a 400 (observed): its id is a number for sure.
        return kit.Explanation(fields=fields, kind=errors.NotFound if "ticket" in fields else None)

    @property
    def capabilities(self) -> kit.Capabilities:
        """What this site can do: no notes unless they are silent."""
        offered = kit.Capabilities(self.offers)
        if self.settings.silent_notes:
            return offered
        mailed = none(_NOT_SILENT, source=_SEEN)
        missing = (Capability.NOTE, Capability.REPLY_WITHOUT_EMAIL)
        return kit.Capabilities({**offered, **dict.fromkeys(missing, mailed)})

    async def list_tickets(
        self, query: kit.TicketQuery, cursor: kit.Cursor | None
    ) -> kit.Page[kit.Ticket]:
        """GET tickets, by rising id; in any other order they are sorted here."""
        fetch = partial(self._tickets, outgoing.list_query(query), outgoing.page_size(query))
        if query.order_by is None:
            page = await fetch(cursor)
        else:
            page = await kit.in_order(fetch, query.order_by, cursor)
        return page.where(query.matches)

    async def _tickets(
        self, asked: list[tuple[str, str]], size: int, cursor: kit.Cursor | None
    ) -> kit.Page[kit.Ticket]:
        number, size = wire.place(cursor, size)
        try:
            return await self._page(asked, number, size)
        except errors.NotFound:  # "Invalid page.", in the site's language, or there is no API
            first = await self._page(asked, 1, 1)
        return kit.Page(items=(), listed=first.listed)

    async def _page(
        self, asked: list[tuple[str, str]], number: int, size: int
    ) -> kit.Page[kit.Ticket]:
        place = [("page", str(number)), ("page_size", str(size))]
        answer = await self.transport.send(LIST, "GET", self._at("tickets"), query=place + asked)
        return answer.read(partial(wire.tickets, page=number, size=size))

    async def get_ticket(self, ticket_id: str) -> kit.Ticket:
        """GET tickets/{id}."""
        return (await self._read(ticket_id)).read(wire.one_ticket)

    async def create_ticket(self, new: kit.NewTicket) -> kit.Ticket:
        """POST tickets, then PATCH tickets/{id}."""
        body, later = outgoing.ticket_body(new, self.settings.queue)
        _, ticket_id = await self._post(CREATE, "tickets", body, "attachment", new.attachments)
        lacks = f"ticket {ticket_id} was created, and perhaps lacks its requester"
        with kit.partly_done(lacks, ticket_id=ticket_id):
            return await self._change(ticket_id, later)

    async def update_ticket(self, ticket_id: str, changes: kit.TicketChanges) -> kit.Ticket:
        """PATCH tickets/{id}."""
        return await self._change(ticket_id, outgoing.changes(changes))

    async def delete_ticket(self, ticket_id: str) -> None:
        """DELETE tickets/{id}."""
        await self.transport.send(DELETE, "DELETE", self._at("tickets", ticket_id))

    async def list_messages(
        self, ticket: kit.TicketRef, query: kit.MessageQuery, cursor: kit.Cursor | None
    ) -> kit.Page[kit.Message]:
        """GET tickets/{id}: the conversation comes with it, whole."""
        if kit.page_number(cursor) > 1:
            raise errors.InvalidArgument("a conversation is one page here.")
        page = (await self._read(ticket.id)).read(wire.conversation)
        return page.where(query.matches)

    async def get_message(self, ticket: kit.TicketRef, message_id: str) -> kit.Message:
        """GET tickets/{id}, and find the message in it."""
        for message in (await self._read(ticket.id)).read(wire.conversation).items:
            if message.id == message_id:
                return message
        raise errors.NotFound("the ticket has no such message.")

    async def send(self, ticket: kit.TicketRef, message: kit.OutgoingMessage) -> kit.SentMessage:
        """POST followups; a reply that is not to be mailed is published afterwards."""
        body = outgoing.follow_up(ticket.id, message)
        made, message_id = await self._post(
            SEND, "followups", body, "attachments", message.attachments
        )
        failure = _mailed_wrongly(made.get("email_recipients"), public=body["public"])
        if failure is None and isinstance(message, kit.Reply) and not message.send_email:
            failure = await self._publish(message_id)
        if failure is not None:
            raise errors.PartlyDone(
                f"the message was stored, but not as it was meant: {failure.message}",
                failure=failure,
                ticket_id=ticket.id,
                message_id=message_id,
            )
        return kit.SentMessage(ticket_id=ticket.id, id=message_id)

    async def _publish(self, message_id: str) -> errors.HelpdeskError | None:
        """Let the customer see a note; this mails nobody (observed on 2.6.1)."""
        path = self._at("followups", message_id)
        try:
            await self.transport.send(PUBLISH, "PATCH", path, json={"public": True})
        except errors.HelpdeskError as error:
            return error
        return None

    @asynccontextmanager
    async def open_attachment(
        self, attachment: kit.Attachment, size: str | None = None
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """GET followups-attachments/{id}, then the file itself."""
        del size  # refused before: there is no RESIZED_IMAGE
        path = self._at("followups-attachments", attachment.id)
        answer = await self.transport.send(LINK, "GET", path)
        base = str(kit.base_url(self.settings.base_url)).rstrip("/")
        segments = answer.read(partial(wire.file_path, base))
        async with self.transport.stream(DOWNLOAD, segments) as chunks:
            yield chunks

    def parse_ticket(self, raw: Mapping[str, Any]) -> kit.Ticket:
        """Read the vendor's own ticket, as ``Ticket.raw`` has it."""
        return wire.one_ticket(raw)

    def parse_message(self, raw: Mapping[str, Any], ticket_id: str) -> kit.Message:
        """Read the vendor's own follow-up of the ticket ``ticket_id``, as ``Message.raw`` has it.

        What a user wrote for the customer to see is of type UNKNOWN, and its text as it is stored:
        only the whole conversation tells whether it is the customer's first words.
        """
        return wire.one_message(raw, ticket_id)

    def _at(self, *segments: str) -> list[str]:
        return [*self._root, *segments[:-1], f"{segments[-1]}.json"]

    async def _read(self, ticket_id: str) -> kit.Response:
        return await self.transport.send(GET, "GET", self._at("tickets", ticket_id))

    async def _change(self, ticket_id: str, body: Mapping[str, Any]) -> kit.Ticket:
        path = self._at("tickets", ticket_id)
        answer = await self.transport.send(UPDATE, "PATCH", path, json=body)
        return answer.read(wire.one_ticket)

    async def _post(
        self,
        operation: Operation,
        collection: str,
        body: Mapping[str, Any],
        field: str,
        files: tuple[kit.Upload, ...],
    ) -> tuple[dict[str, Any], str]:
        """Post ``body``, as a form if there are files; return what was made, and its id."""
        outgoing.check_files(files, self.settings.file_types)
        content: dict[str, Any] = {"json": body}
        if files:
            content = {"multipart": outgoing.parts(body)}
            content["multipart"] += [
                kit.Part(
                    name=field,
                    content=await file.read(),
                    filename=file.name,
                    mime_type=file.mime_type,
                )
                for file in files
            ]
        answer = await self.transport.send(operation, "POST", self._at(collection), **content)
        made_id = answer.accepted().read(lambda data: kit.created_id(data, pattern=self.id_pattern))
        return answer.json(), made_id


def _mailed_wrongly(recipients: Any, *, public: bool) -> errors.HelpdeskError | None:
    """Say what is wrong with who was mailed; None where that is not told."""
    if public and recipients == []:
        return errors.ValidationFailed(
            "nobody was mailed: the ticket has no address, or mail fails"
        )
    if recipients and not public:
        return errors.ConfigurationError(
            "a note was mailed: the site does not set HELPDESK_PRIVATE_FOLLOWUP_MEANS_NO_EMAILS,"
            " so silent_notes must not be set",
            key="silent_notes",
        )
    return None
