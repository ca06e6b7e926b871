"""What is sent to HelpSpace: filters, and the bodies of tickets and messages. No I/O.

Pages and ``T1`` … as in :mod:`helpdesk_bridge_helpspace.wire`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from types import EllipsisType
from typing import Any, Self, assert_never
from uuid import uuid4

from attrs import evolve, field, frozen

from helpdesk_bridge import kit
from helpdesk_bridge.kit import Status, errors, exact_number, extra_query, merge_extra, refuse_extra
from helpdesk_bridge_helpspace.wire import STATUS

QUIET_EXTRA = frozenset(("subject", "created_at", "skip_notifications"))
"""MESSAGES, "Create new Ticket Message": the other fields say what is sent and who is mailed."""
_MAILED = ("to", "cc", "bcc", "send_mail_to_recipients")
"""Fields that could have somebody mailed for a new ticket; the last is named in a comment only."""

_NO_ID = "an agent's id is a number in HelpSpace, as its list of agents tells it."

# -- asking ----------------------------------------------------------------------------------

_LAST_DAY = date(2037, 12, 31)
"""The end of an open range: the last whole year every date column can hold."""
_FIRST = datetime(1971, 1, 1, tzinfo=UTC)
"""Before any ticket, and within what every date column can hold."""


def ticket_filters(query: kit.TicketQuery) -> list[tuple[str, str]]:
    """Return the vendor's filters for ``query``; :func:`matches` applies the rest.

    T25: hyphens, and ``[]`` also for one value. T26: ``contacts[]``. What the vendor's filter
    would widen or cannot express is asked for wider here and cut exactly afterwards.
    """
    pairs: list[tuple[str, str]] = []
    # T1: nobody knows how to spell ESCALATED, nor whether several values are alternatives.
    if query.status not in (None, Status.ESCALATED):
        pairs.append(("status[]", STATUS.write(query.status)))
    if query.assignee is not None:
        if query.assignee.id is not None and exact_number(query.assignee.id) is None:
            raise errors.InvalidArgument(_NO_ID)
        word = query.assignee.id or query.assignee.name
        pairs += [("assignees[]", word)] if word else []
    if query.team is not None:
        pairs.append(("teams[]", query.team))
    if query.tag is not None:
        pairs.append(("tags[]", query.tag))
    if query.requester is not None and query.requester.email:
        pairs += [("contacts[]", part) for part in _common_part(query.requester.email)]
    if query.text is not None:
        pairs.append(("subject-or-body[]", query.text))
    if query.created_since is not None:
        pairs.append(("created-between", _days_from(query.created_since)))
    taken = [*(name for name, _ in pairs), "page", "per-page"]
    return pairs + extra_query(query.extra, taken)


def spoken_since(since: datetime) -> list[tuple[str, str]]:
    """Return the filter for tickets whose last contact was at ``since`` or later; more may come."""
    return [("last-contact-between", _days_from(since))]


def _days_from(since: datetime) -> str:
    """Return the range of days that begins with ``since`` or before, and does not end.

    The vendor does not document the zone of its days: one day earlier is on the safe side of all.
    """
    first = max(since, _FIRST).astimezone(UTC).date() - timedelta(days=1)
    return f"{first}/{_LAST_DAY}"


def is_exact(query: kit.TicketQuery) -> bool:
    """Say whether the vendor answers only what matches, so that nothing is left out here."""
    statuses, assignee = query.statuses, query.assignee
    return (
        (statuses is None or query.status not in (None, Status.ESCALATED))
        and (assignee is None or bool(assignee.id or assignee.name))
        and query.requester is None
        and query.created_since is None
        and query.updated_since is None
    )


def _common_part(address: str) -> list[str]:
    """Return what all spellings of an address hold, for a filter that looks for a part of it.

    Which spelling of a domain HelpSpace keeps (``bücher``, ``xn--bcher-kva``) is not documented,
    nor whether several values are alternatives: then all before the domain is asked for.
    """
    spellings = kit.address_spellings(address)
    if len(spellings) == 1 and spellings[0].isascii():
        return [spellings[0]]
    before, _, _ = address.strip().rpartition("@")
    return [f"{before}@"] if before.isascii() else []


def matches(ticket: kit.Ticket, query: kit.TicketQuery) -> bool:
    """Say whether a ticket is one that was asked for; the words of its bodies are not looked at.

    T26: the vendor reads some filters widely, and probably ignores what it does not know. A team
    may be asked for by its id as well as by its name.
    """
    team = ticket.raw.get("team")
    if isinstance(team, Mapping) and query.team == str(team.get("id")):
        query = evolve(query, team=None)
    return query.matches(ticket)


# -- writing ---------------------------------------------------------------------------------


@frozen
class Encoded:
    """A file in JSON: ``data`` stands where its base64 is put while the body is sent."""

    upload: kit.Upload
    source: kit.Base64
    size: int
    """The number of base64 characters."""
    data: str = field(factory=lambda: f"file-{uuid4().hex}")

    @classmethod
    async def of(cls, upload: kit.Upload) -> Self:
        """Return a file that can be read, or raise InvalidArgument."""
        source = kit.Base64(upload)
        return cls(upload, source, await source.ready())

    def to_json(self) -> dict[str, str]:
        """T21: ``name`` on writing, ``file_name`` on reading."""
        body = {"name": self.upload.name, "mime_type": self.upload.mime_type, "data": self.data}
        return {"cid": self.upload.content_id, **body} if self.upload.content_id else body


def body_bytes(html: str, files: Sequence[Encoded]) -> int:
    """Return the size of a body with its images put in."""
    images = sum(html.count(file.data) * (file.size - len(file.data)) for file in files)
    return len(html.encode()) + images


def sources(files: Sequence[Encoded]) -> dict[str, kit.Source]:
    """Return what is to be put into the body, and where."""
    return {file.data: file.source for file in files}


def ticket_body(
    new: kit.NewTicket, files: Sequence[Encoded], *, channel: str | None, escalated: str
) -> dict[str, Any]:
    """Return the body of POST /tickets (TICKETS, "Create Ticket")."""
    refuse_extra(new.extra, _MAILED)
    body: dict[str, Any] = {
        "subject": new.subject,
        "channel": {"id": _channel_id(new.channel, channel)},
        "from_contact": _contact(new.requester),
        "message": {"body": _with_images(new.body.html, files)},
        # The neutral call mails nobody, and HelpSpace would answer the customer by itself.
        "skip_autoreply": True,
    }
    attached = [file.to_json() for file in files if file.upload.content_id is None]
    if attached:
        body["message"]["attachments"] = attached
    if new.status is not None:
        body["status"] = status_word(new.status, escalated)
    if new.assignee is not None:
        body["assignee"] = {"id": _assignee_id(new.assignee)}
    if new.team is not None:
        body["team"] = _team(new.team)
    if new.tags:
        body["tags"] = list(new.tags)
    if new.created_at is not None:
        body["created_at"] = instant(new.created_at)
    return merge_extra(body, new.extra)


def changes(changed: kit.TicketChanges, *, escalated: str) -> dict[str, Any]:
    """Return the body of PATCH /tickets/{id} (TICKETS, "Update Ticket"): only what changes."""
    body: dict[str, Any] = {}
    if not isinstance(changed.subject, EllipsisType):
        body["subject"] = changed.subject
    if not isinstance(changed.status, EllipsisType):
        body["status"] = status_word(changed.status, escalated)
    if not isinstance(changed.assignee, EllipsisType):
        body["assignee"] = changed.assignee and _assignee(changed.assignee)
    if not isinstance(changed.team, EllipsisType):
        body["team"] = changed.team and _team(changed.team)
    if not isinstance(changed.tags, EllipsisType):
        body["tags"] = list(changed.tags)
    return merge_extra(body, changed.extra)


def message_body(
    message: kit.OutgoingMessage, files: Sequence[Encoded], ticket: kit.Ticket, sender: kit.Party
) -> dict[str, Any]:
    """Return the body of POST /tickets/{id}/messages (MESSAGES, "Create new Ticket Message").

    T13: with the subject, which the vendor requires; T8: a ticket may have none, and then the
    caller gives one. T14: without an id. T19: it always says whether mail is to leave.
    """
    body: dict[str, Any] = {
        **_subject(ticket, message.extra),
        "from_contact": _contact(sender),
        "body": _with_plain_cids(message.body.html, files),
        "type": "external",
        "send_mail_to_recipients": False,
    }
    attached = [file.to_json() for file in files if file.upload.content_id is None]
    images = [file.to_json() for file in files if file.upload.content_id is not None]
    if attached:
        body["attachments"] = attached
    if images:
        body["inline_images"] = images
    match message:
        case kit.Note():
            body["type"] = "internal"
        case kit.CustomerMessage():
            if message.created_at is not None:
                body["created_at"] = instant(message.created_at)
        case kit.Forward():
            body |= {"type": "forward", "send_mail_to_recipients": True, **_recipients(message)}
        case kit.Reply():
            message = evolve(message, to=message.to or (ticket.requester,))
            kit.require_hidden(message.bcc, message.to, message.cc)
            body |= {"send_mail_to_recipients": message.send_email, **_recipients(message)}
        case _:
            assert_never(message)
    return merge_extra(body, message.extra)


def _subject(ticket: kit.Ticket, extra: Mapping[str, Any]) -> dict[str, str]:
    if ticket.subject.strip():
        return {"subject": ticket.subject}
    given = extra.get("subject")
    if not isinstance(given, str) or not given.strip():
        raise errors.InvalidArgument(
            "the ticket has no subject, and HelpSpace takes no message without one: give one with"
            ' extra={"subject": "…"}.'
        )
    return {}


def _recipients(message: kit.Reply | kit.Forward) -> dict[str, list[str]]:
    lists = {"to": message.to, "cc": message.cc, "bcc": message.bcc}
    return {
        name: [person.email for person in people if person.email]
        for name, people in lists.items()
        if people
    }


def _contact(person: kit.Party) -> dict[str, str]:
    if person.email is None:
        raise errors.InvalidArgument("HelpSpace knows people by their e-mail address.")
    return {"email": person.email, **({"name": person.name} if person.name else {})}


def _channel_id(channel: kit.Channel | None, configured: str | None) -> int:
    # T6: creating is documented with an id only.
    given = configured if channel is None else channel.id
    number = None if given is None else exact_number(given)
    if number is None:
        raise errors.InvalidArgument(
            "HelpSpace creates tickets in a channel: give channel= with the id of one (a ticket's"
            " channel.id), or set `channel` for the desk."
        )
    return number


def _assignee_id(person: kit.Party) -> int:
    number = None if person.id is None else exact_number(person.id)
    if number is None:
        raise errors.InvalidArgument(
            "HelpSpace assigns a new ticket by the agent's id only, which is a number."
        )
    return number


def _assignee(person: kit.Party) -> dict[str, Any]:
    if person.id is not None and exact_number(person.id) is not None:
        return {"id": exact_number(person.id)}
    if person.email is None:
        raise errors.InvalidArgument("HelpSpace assigns by an agent's id or address.")
    return {"email": person.email}


def _team(team: str) -> dict[str, Any]:
    # T7: the table says a string of 14 characters, the example an object.
    number = exact_number(team)
    return {"name": team} if number is None else {"id": number}


def status_word(status: Status, escalated: str) -> str:
    """Return the vendor's word. T1: how ``escalated`` is spelled is a setting."""
    return escalated if status is Status.ESCALATED else STATUS.write(status)


def instant(value: datetime) -> str:
    """T12: always with the offset; without one the vendor's zone would be anybody's guess."""
    return value.astimezone(UTC).isoformat(timespec="seconds")


def _with_images(html: str, files: Sequence[Encoded]) -> str:
    """T23: a new ticket takes inline images as data URLs, a message as parts with a cid."""
    images = {file.upload.content_id: file for file in files if file.upload.content_id is not None}
    urls = {
        cid: f"data:{image.upload.mime_type};base64,{image.data}" for cid, image in images.items()
    }
    html, shown = kit.with_cids(html, urls)
    if not shown.issuperset(map(kit.normal_cid, images)):  # or it would be lost without a word
        raise errors.InvalidArgument("an inline image is not shown in the body.")
    return html


def _with_plain_cids(html: str, files: Sequence[Encoded]) -> str:
    """MESSAGES: an image that the body does not have as ``src="cid:…"`` becomes an attachment."""
    cids = [file.upload.content_id for file in files if file.upload.content_id is not None]
    if not cids:
        return html
    return kit.with_cids(html, {cid: f"cid:{cid}" for cid in cids}, quoted=True)[0]


def with_all_tags(ticket: kit.Ticket, wanted: Sequence[str]) -> kit.Ticket:
    """T11: the vendor drops tags that do not exist without a word; we do not."""
    dropped = kit.tags_left_out(wanted, ticket.tags)
    if not dropped:
        return ticket
    failure = errors.ValidationFailed(
        "HelpSpace knows only tags that exist already.",
        fields={"tags": [f"not set: {kit.redact(tag)}" for tag in dropped]},
    )
    raise errors.PartlyDone(
        f"ticket {ticket.id} was written, but {len(dropped)} of its tags were not set: HelpSpace"
        " knows only tags that exist already.",
        failure=failure,
        ticket_id=ticket.id,
    )
