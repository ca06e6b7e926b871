"""What is sent to Request Tracker: searches, and the bodies of tickets and messages. No I/O.

``T1`` … as in :mod:`helpdesk_bridge_request_tracker.wire`.
"""

from __future__ import annotations

import json
import re
from codecs import getincrementaldecoder
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from types import EllipsisType
from typing import Any
from unicodedata import combining

from helpdesk_bridge import kit
from helpdesk_bridge.kit import Priority, Role, Status, errors, merge_extra, refuse_extra
from helpdesk_bridge_request_tracker.wire import NOBODY, PRIORITY, STATUS

_PERSON = "Name,EmailAddress,RealName"
USER_FIELDS = (("fields", f"id,{_PERSON},Organization,WorkPhone"),)
ALL_USERS = (("find_disabled_rows", "1"),)
"""What makes a list of users one of the disabled, too."""
GROUP_FIELDS = (("fields", "Name,Domain"),)
QUEUE_FIELDS = (("fields", "Name"),)
TICKET_FIELDS = (
    (
        "fields",
        "Subject,Status,Priority,Queue,Owner,Requestor,Created,LastUpdated,Told,CustomFields",
    ),
    ("fields[Queue]", "Name"),
    ("fields[Owner]", _PERSON),
    ("fields[Requestor]", _PERSON),
)
HISTORY_FIELDS = (
    ("fields", "Type,Creator,Created,Data,Field,OldValue,NewValue"),
    ("fields[Creator]", _PERSON),
)
SET_FIELDS = (("fields", "TimeTaken,CustomFields"),)
"""What the record of a message shows of what was set with it."""
PART_FIELDS = (("fields", "TransactionId,Filename,ContentType,ContentLength,Subject,Headers"),)
PARENT_FIELDS = (("fields", "Parent"),)
HELD = ({"field": "Parent", "operator": ">", "value": "0"},)
"""The limit of a list of parts to those that others hold."""
BODY_FIELDS = (("fields", "Content"),)

# -- asking ----------------------------------------------------------------------------------

ANY_ZONE = timedelta(days=1)
"""T5: RT reads times in the zone of the account, which it does not tell; no zone is further off."""


def quoted(value: str) -> str:
    r"""Return a value as TicketSQL takes it: in quotes, with ``\`` before ``'`` and ``\``."""
    if value[:3].lower() == "cf.":
        # RT takes such a value for the name of a custom field, whatever the quotes.
        raise errors.InvalidArgument("Request Tracker cannot search for words that begin with CF.")
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def search(query: kit.TicketQuery, *, after: int) -> str:
    """Return the TicketSQL for the tickets of ``query`` with an id above ``after``.

    It may find more than was asked for: :func:`wanted` judges what it found.
    """
    conditions = [f"id > {after}"]
    if query.statuses is not None:
        conditions += _statuses(query.statuses)
    if query.priority is not None:
        conditions.append(f"Priority = {PRIORITY.write(query.priority)}")
    if query.assignee is not None:
        conditions.append(_person("Owner", query.assignee))
    if query.requester is not None:
        conditions.append(_person("Requestor", query.requester))
    if query.team is not None:
        conditions.append(f"Queue = {quoted(query.team)}")
    if query.text is not None:
        conditions.append(f"Subject LIKE {quoted(query.text)}")
    if query.created_since is not None:
        conditions.append(f"Created >= '{_before(query.created_since)}'")
    if query.updated_since is not None:
        conditions.append(f"LastUpdated >= '{_before(query.updated_since)}'")
    return " AND ".join(conditions)


def _statuses(wanted: Collection[Status]) -> list[str]:
    """Return the conditions for statuses; UNKNOWN is every word that is none of RT's default.

    Deleted tickets are never found, so that nothing is said of them.
    """
    if Status.UNKNOWN in wanted:
        others = [w for w, s in STATUS.reads.items() if s not in (*wanted, Status.DELETED)]
        return [f"Status != {quoted(word)}" for word in others]
    return [_one_of(f"Status = {quoted(word)}" for word in sorted(map(STATUS.write, wanted)))]


def finds_more(query: kit.TicketQuery) -> bool:
    """Say whether the search finds tickets besides that :func:`wanted` leaves out."""
    since = (query.created_since, query.updated_since)
    return since != (None, None) or not _WILD.isdisjoint(query.text or "")


_WILD = frozenset("%_")
"""T6: they stand for any letters in a search."""


def wanted(query: kit.TicketQuery, ticket: kit.Ticket) -> bool:
    """Say whether a ticket that the search found is asked for; what RT does not tell may be so."""
    times = kit.TicketQuery(created_since=query.created_since, updated_since=query.updated_since)
    # T6: wildcards find too much. What letters are alike is the database's to say (MySQL finds "ü"
    # by "u"), so that nothing else that it found is dropped.
    text = query.text or ""
    found = _WILD.isdisjoint(text) or kit.folded(text) in kit.folded(ticket.subject)
    queue = ticket.raw.get("Queue")
    teams = (ticket.team, queue.get("id") if isinstance(queue, Mapping) else None)
    return (
        found
        and times.matches(ticket)
        and (query.statuses is None or ticket.status in query.statuses)
        and query.priority in (None, ticket.priority)
        and (query.team is None or ticket.team is None or _is_one(queue_number(query.team), teams))
        and _may_be(query.assignee, [ticket.raw.get("Owner")])
        and _may_be(query.requester, ticket.raw.get("Requestor"))
    )


def _may_be(wanted: kit.Party | None, people: Any) -> bool:
    """Say whether one of a ticket's people is the one that was asked for, or may be."""
    known = [one for one in people or () if isinstance(one, Mapping)]
    if wanted is None or not known:
        return True
    logins = [str(one.get("id") or "") for one in known]
    if wanted.email is None:
        return _is_one(wanted.id or "", logins)
    addresses = [
        str(one.get("EmailAddress") or (login if "@" in login else ""))
        for one, login in zip(known, logins, strict=True)
    ]
    return not all(addresses) or any(
        kit.TicketQuery(requester=kit.Party(email=wanted.email)).matches(
            kit.Ticket(id="0", requester=kit.Party(email=address))
        )
        for address in addresses
    )


def queue_number(team: str) -> str:
    """Return the number of a queue as RT writes it; a name as it is."""
    return str(int(team)) if kit.is_digits(team) else team


def _is_one(word: str, known: Iterable[Any]) -> bool:
    return word.casefold() in [str(one).casefold() for one in known if one is not None]


def _person(role: str, person: kit.Party) -> str:
    if person.email is not None:
        forms = kit.address_spellings(person.email)  # RT keeps the one that came by mail
        return _one_of(f"{role}.EmailAddress = {quoted(form)}" for form in forms)
    if person.id is not None:
        return f"{role}.Name = {quoted(person.id)}"
    raise errors.InvalidArgument("Request Tracker finds people by address, login (id) or name.")


def _one_of(conditions: Iterable[str]) -> str:
    """Return the condition that one of these holds."""
    several = list(conditions)
    return several[0] if len(several) == 1 else f"({' OR '.join(several)})"


def _before(instant: datetime) -> str:
    try:
        widened = instant.astimezone(UTC) - ANY_ZONE
    except OverflowError:
        widened = instant
    return f"{max(widened, datetime(1971, 1, 1, tzinfo=UTC)):%Y-%m-%d %H:%M:%S}"


def matching(field: str, values: Iterable[str]) -> list[dict[str, str]]:
    """Return the JSON query for records with one of ``values``."""
    return [{"field": field, "value": value} for value in values]


def above(number: int) -> list[dict[str, str]]:
    """Return the JSON query for records with an id above ``number``."""
    return [{"field": "id", "operator": ">", "value": str(number)}]


def meant(person: kit.Party) -> list[dict[str, str]]:
    """Return the JSON query for users with an address, or else with a login."""
    if person.email is not None:
        return matching("EmailAddress", kit.address_spellings(person.email))
    return matching("Name", [person.id or ""])


def is_meant(person: kit.Party, found: kit.Party) -> bool:
    """Say whether somebody whom RT found has the address, or else the login, of ``person``."""
    if person.email is not None:
        return kit.CustomerQuery(email=person.email).matches(found)
    return _is_one(person.id or "", [found.id])


PRIVILEGED = (
    {"field": "Domain", "value": "SystemInternal"},
    {"field": "Name", "value": "Privileged"},
)
"""The JSON query for RT's own group of those whom it counts among its staff."""


def customers(query: kit.CustomerQuery) -> list[dict[str, str]]:
    """Return the JSON query for users with an address, in any spelling, and with words as name."""
    found: list[dict[str, str]] = []
    if query.email is not None:
        found += matching("EmailAddress", kit.address_spellings(query.email))
    if query.text is not None:
        found.append({"field": "RealName", "operator": "LIKE", "value": query.text})
    return found


def is_customer(query: kit.CustomerQuery, person: kit.Party) -> bool:
    """Say whether somebody whom RT found is asked for.

    T6, T20: wildcards find too much, and a condition that the account may not ask for is ignored.
    """
    named = query.text is None or _letters(query.text) in _letters(person.name or "")
    return person.role is Role.CUSTOMER and named and query.matches(person)


def _letters(text: str) -> str:
    """Return a text without accents and case, which some databases do not mind."""
    return "".join(c for c in kit.normalised("NFKD", kit.folded(text)) if not combining(c))


# -- writing ---------------------------------------------------------------------------------

_MAILED = ("Cc", "AdminCc", "CustomRoles", "SquelchMailTo", "TransSquelchMailTo")
"""Keys of a new ticket that decide who is mailed."""
TXN_FIELDS = ("TxnCustomFields", "TransactionCustomFields")
"""RT's two names for the custom fields of a message."""
SET_ON_TICKET = frozenset(("Status", "CustomFields"))
SET_ON_MESSAGE = frozenset(("TimeTaken", *TXN_FIELDS))
QUIET_EXTRA = frozenset(("Subject", "CustomFields", *SET_ON_MESSAGE))
"""T7: all that may be added to a message; ``Cc`` and the like would change the ticket's people."""

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(rf"{_ATOM}(\.{_ATOM})*@{_ATOM}(\.{_ATOM})*")
"""T15: the addresses that RT understands."""


def ticket_body(new: kit.NewTicket, queue: str) -> dict[str, Any]:
    """Return the body of POST /ticket.

    T8: RT answers a new ticket to its requestor by itself; ``TransSquelchMailTo`` keeps it from
    that, for this one transaction. REST 2.0 lets a list through only as the id of a reference.
    """
    refuse_extra(new.extra, _MAILED)
    address = new.requester.email or ""
    if not _ADDRESS.fullmatch(address):
        raise errors.InvalidArgument("Request Tracker would drop a requester of this address.")
    body: dict[str, Any] = {
        "Queue": new.team or queue,
        "Subject": new.subject,
        "Requestor": _mailbox(new.requester.name, address),
        "TransSquelchMailTo": {"type": "user", "id": [address], "_url": "-"},
        **_words(new.body),
    }
    if new.status is not None:
        body["Status"] = STATUS.write(new.status)
    if new.priority is not None:
        body["Priority"] = PRIORITY.write(new.priority)
    if new.assignee is not None:
        body["Owner"] = _login(new.assignee)
    if new.custom_fields:
        body["CustomFields"] = dict(new.custom_fields)
    return _merged(body, new.extra)


def set_on(names: Collection[str], body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a message sets of ``names``."""
    return {name: value for name, value in body.items() if name in names}


def shown_of(body: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a new ticket without what no ticket shows: its words and who is mailed."""
    return {name: value for name, value in body.items() if name in extra or name not in _UNSHOWN}


_UNSHOWN = ("Content", "ContentType", "TransSquelchMailTo", "Requestor")


def changes(changed: kit.TicketChanges) -> dict[str, Any]:
    """Return the body of PUT /ticket/{id}: only what changes."""
    body: dict[str, Any] = {}
    if not isinstance(changed.subject, EllipsisType):
        body["Subject"] = changed.subject
    if not isinstance(changed.status, EllipsisType):
        body["Status"] = STATUS.write(changed.status)
    if not isinstance(changed.priority, EllipsisType):
        body["Priority"] = _priority(changed.priority)
    if not isinstance(changed.assignee, EllipsisType):
        body["Owner"] = NOBODY if changed.assignee is None else _login(changed.assignee)
    if not isinstance(changed.team, EllipsisType):
        if changed.team is None:
            raise errors.InvalidArgument("a ticket of Request Tracker is always in a queue.")
        body["Queue"] = changed.team
    if not isinstance(changed.custom_fields, EllipsisType) and changed.custom_fields:
        body["CustomFields"] = dict(changed.custom_fields)
    return _merged(body, changed.extra)


def message_body(message: kit.OutgoingMessage) -> dict[str, Any]:
    """Return the body of POST …/correspond or …/comment. T7: it names no people."""
    refuse_extra(message.extra, set(message.extra) - QUIET_EXTRA)
    body = _words(message.body)
    if isinstance(message, (kit.Reply, kit.Note)) and message.status is not None:
        body["Status"] = STATUS.write(message.status)
    return _merged(body, message.extra)


def _merged(body: dict[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    for name in {"CustomFields", *TXN_FIELDS} & set(extra):
        if not isinstance(extra[name], Mapping):
            raise errors.InvalidArgument(f"extra: {name} must be a mapping of names to values.")
    return merge_extra(body, extra)


async def parts(body: Mapping[str, Any], files: Sequence[kit.Upload]) -> list[kit.Part]:
    """Return a multipart body. T10: as JSON a file name outside ASCII would be an error 500."""
    found = [kit.Part(name="JSON", content=_json(body))]
    for file in files:
        if file.content_id is not None:
            raise errors.InvalidArgument("Request Tracker's API takes no inline images.")
        if not await file.ready():
            raise errors.InvalidArgument("Request Tracker's API takes no empty files.")
        if file.name == "0":
            raise errors.InvalidArgument("Request Tracker's API takes no file named 0.")
        kind = await _kept_type(file)
        found.append(kit.Part(name="Attachments", content=file, filename=file.name, mime_type=kind))
    return found


async def _kept_type(file: kit.Upload) -> str:
    """Return the type to send a file as. T14: RT rewrites text that is not plain UTF-8."""
    if not file.mime_type.lower().startswith("text/"):
        return file.mime_type
    decoder = getincrementaldecoder("utf-8")()
    try:
        async with aclosing(file.chunks()) as chunks:
            async for chunk in chunks:
                if "\0" in decoder.decode(chunk):
                    return "application/octet-stream"
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "application/octet-stream"
    return file.mime_type.partition(";")[0]


def _json(body: Mapping[str, Any]) -> str:
    """Return what goes as JSON elsewhere, in ASCII: beside files RT may take UTF-8 for letters."""
    return json.dumps(json.loads(kit.encode_json(body)))


def _words(body: kit.Body) -> dict[str, Any]:
    """Return the body as HTML; T11: RT's Perl takes a lone "0" for nothing."""
    return {"Content": "<p>0</p>" if body.html == "0" else body.html, "ContentType": "text/html"}


def _login(person: kit.Party) -> str:
    if person.id is None:
        raise errors.InvalidArgument("Request Tracker takes an owner by login: give Party(id=…).")
    return person.id


def _priority(priority: Priority | None) -> str:
    if priority is None:
        raise errors.InvalidArgument("a ticket of Request Tracker always has a priority.")
    return PRIORITY.write(priority)


def _mailbox(name: str | None, address: str) -> str:
    if not name or name == address:
        return address
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}" <{address}>'
