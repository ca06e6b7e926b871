"""Request Tracker's JSON as we read it: tickets, people, lists. No I/O.

RT's manual of REST 2.0 (RT::REST2) shows the shapes; what it leaves open was observed on Request
Tracker 5.0.3. ``T1`` … are the traps, as docs/vendors/request_tracker.md lists them.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Self

from helpdesk_bridge import kit
from helpdesk_bridge.kit import (
    AnyId,
    JsonRecord,
    Priority,
    Role,
    Status,
    WrongType,
    errors,
    fast_party,
    fast_ticket,
    is_digits,
    read,
    read_one,
)

# -- words -----------------------------------------------------------------------------------

STATUS = kit.Vocabulary(  # RT's default lifecycle; words of other lifecycles read as UNKNOWN
    reads={
        "new": Status.NEW,
        "open": Status.OPEN,
        "stalled": Status.ON_HOLD,
        "resolved": Status.RESOLVED,
        "rejected": Status.CLOSED,
        "deleted": Status.DELETED,
    },
    writes={
        Status.NEW: "new",
        Status.OPEN: "open",
        Status.ON_HOLD: "stalled",
        Status.RESOLVED: "resolved",
        Status.CLOSED: "rejected",
    },
    unknown=Status.UNKNOWN,
)
PRIORITY = kit.Vocabulary(  # the default of $PriorityAsString; RT itself keeps any number
    reads={"0": Priority.LOW, "50": Priority.NORMAL, "100": Priority.HIGH},
    writes={Priority.LOW: "0", Priority.NORMAL: "50", Priority.HIGH: "100"},
    unknown=Priority.UNKNOWN,
)
NOBODY = "Nobody"
"""The owner of a ticket that nobody has taken."""
SYSTEM_USER = "RT_System"
MOST_DIGITS = 18
"""RT's ids are integers of 64 bits; a longer number is none."""

# -- reading ---------------------------------------------------------------------------------

Word = str | int
"""A text; numbers come as either: ``"Priority": "50"`` and ``"Priority": 50``."""

_LOWER = frozenset(("id", "items", "total", "per_page", "name", "values"))
"""Keys that RT itself spells in lower case: those of its envelopes, not of its records."""
_KEYS = {"login": "id", "label": "Name"}


def json_name(name: str) -> str:
    """Return RT's spelling of a field: ``TransactionId`` for ``transaction_id``."""
    if name in _LOWER:
        return name
    return _KEYS.get(name) or "".join(word.capitalize() for word in name.split("_"))


def time_in(value: str | None, name: str) -> datetime | None:
    """Read the time in the field ``name``: nothing and the beginning of 1970 are none."""
    if value is None or kit.is_no_time(value):
        return None
    try:
        instant = datetime.fromisoformat(value)
        instant = (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise WrongType("expected a date and time in ISO 8601", f".{name}") from None
    return None if instant.timestamp() == 0 else instant


class Listing(JsonRecord, frozen=True):
    """The envelope of a list. T1: ``total`` is null wherever rows may have been left out.

    ``{"items": [{"id": "7", …}], "count": 1, "page": 1, "per_page": 100, "total": null}``
    """

    items: list[Any]

    @property
    def told(self) -> kit.Told:
        """What it says of the list."""
        return kit.Told.of(self.raw, len(self.items))

    @property
    def last_id(self) -> int:
        """The highest id among the rows, from where a list in the order of ids goes on.

        Rows without a readable id are a problem in their place; the others say where to go on.
        """
        if not self.numbers:
            raise errors.ProtocolError("$.items: no id is a number.", path="$.items")
        return max(self.numbers)

    @property
    def numbers(self) -> list[int]:
        """The ids of the rows that have a readable one."""
        found = [str(row.get("id")) for row in self.items if isinstance(row, Mapping)]
        return [int(one) for one in found if is_digits(one) and len(one) <= MOST_DIGITS]

    def require_order(self, *, descending: bool) -> None:
        """Raise ProtocolError where the rows do not come by id, as they were asked for.

        Whoever goes on behind one of them would lose others: RT cut this page in another order,
        and to sort it here would not help. A row that comes twice is judged elsewhere.
        """
        found = [*dict.fromkeys(self.numbers)]
        if found != sorted(found, reverse=descending):
            raise errors.ProtocolError(
                "$.items: the rows do not come in the order of their ids, as they were asked for.",
                path="$.items",
            )

    def reaches(self, newest: int, after: int) -> bool:
        """Say whether these rows, which begin behind ``after``, bear out the newest row's id.

        They end before it, or have it; none of them is asked for where ``after`` is it already.
        """
        if not self.items:
            return after == newest
        return self.last_id < newest or newest in self.numbers


NO_ROWS = Listing(items=[])


class UserJson(JsonRecord, frozen=True, rename=json_name):
    """A user. The id is the login, which for customers is their address.

    ``{"id": "li@customer.example", "RealName": "Li", "EmailAddress": "li@customer.example"}``
    """

    login: AnyId
    real_name: str | None = None
    email_address: str | None = None

    def to_party(self, role: Role) -> kit.Party:
        """Return the person. Where RT does not tell the address, a login that is one will do."""
        login = str(self.login)
        return fast_party(
            id=login,
            name=self.real_name or None,
            email=self.email_address or (login if "@" in login else None),
            role=role,
        )


class PersonJson(JsonRecord, frozen=True, rename=json_name):
    """A user by himself, or in a list of users, which does not tell whether he is privileged.

    ``{"Name": "ada", "Privileged": 1, "EmailAddress": "ada@helpdesk.example"}``
    """

    id: AnyId | None = None
    """His number, where it was asked for; whoever asks for another by himself is not told it."""
    label: str | None = None
    """His login."""
    real_name: str | None = None
    email_address: str | None = None
    organization: str | None = None
    work_phone: Word | None = None
    """For administrators, and of oneself."""
    privileged: Word | bool | None = None

    @property
    def is_privileged(self) -> bool:
        """Whether RT counts him among its staff, who alone can be given rights by name."""
        return self.privileged not in (None, "", "0", 0, False)

    @property
    def login(self) -> str:
        """His login."""
        return self.label or ""

    def with_login(self) -> Self:
        """Return himself; WrongType where his login is not told."""
        if not self.label:
            raise WrongType("expected a login", ".Name")
        return self

    def to_party(self, role: Role) -> kit.Party:
        """Return the person, as :class:`UserJson` does, with what else is told of him."""
        login = self.with_login().login
        return fast_party(
            id=login,
            name=self.real_name or None,
            email=self.email_address or (login if "@" in login else None),
            role=role,
            organization=self.organization or None,
            phone=str(self.work_phone) if self.work_phone else None,
        )


class ReferenceJson(JsonRecord, frozen=True, rename=json_name):
    """A reference to another record. ``{"id": "41", "type": "attachment", "_url": "…"}``."""

    id: AnyId


class QueueJson(JsonRecord, frozen=True, rename=json_name):
    """A queue; its name is empty for an account without the right SeeQueue."""

    id: AnyId
    label: str | None = None

    def to_team(self) -> kit.Team:
        """Return the queue as a team."""
        if not is_digits(str(self.id)):
            raise WrongType("no id of Request Tracker", ".id")
        return kit.Team(id=str(self.id), name=self.label or "", raw=self.raw)


class GroupJson(JsonRecord, frozen=True, rename=json_name):
    """A group. A list of groups shows no members."""

    id: AnyId
    label: str | None = None
    domain: str | None = None
    members: tuple[ReferenceJson, ...] = ()


class FieldJson(JsonRecord, frozen=True, rename=json_name):
    """A custom field of a ticket with its values."""

    id: AnyId
    name: str
    values: list[Any]


class TicketJson(JsonRecord, frozen=True, rename=json_name):
    """A ticket, from a list or by itself."""

    id: AnyId
    requestor: tuple[UserJson, ...]
    subject: str | None = None
    status: str | None = None
    priority: Word | None = None
    queue: QueueJson | None = None
    owner: UserJson | None = None
    custom_fields: list[Any] | str | None = None
    """"" where the account may see none."""
    created: str | None = None
    last_updated: str | None = None

    @property
    def number(self) -> str:
        """Its id as ours."""
        return str(self.id)

    def to_ticket(self) -> kit.Ticket:
        """Return the neutral ticket; its requester is the first of its requestors."""
        taken = self.owner is not None and self.owner.login != NOBODY
        priority = "" if self.priority is None else str(self.priority)
        return fast_ticket(
            id=self.number,
            subject=self.subject or "",
            status=STATUS.read(self.status or ""),
            vendor_status=self.status or "",
            priority=PRIORITY.reads.get(priority),
            requester=(
                self.requestor[0].to_party(Role.CUSTOMER)
                if self.requestor
                else fast_party(role=Role.CUSTOMER)
            ),
            assignee=self.owner.to_party(Role.AGENT) if self.owner and taken else None,
            team=(self.queue.label or None) if self.queue else None,
            custom_fields=self._custom(),
            created_at=time_in(self.created, "Created"),
            updated_at=time_in(self.last_updated, "LastUpdated"),
            raw=self.raw,
        )

    def to_listed(self) -> kit.Ticket:
        """Return the neutral ticket of a row of a list, which goes on behind its id."""
        if not is_digits(self.number) or len(self.number) > MOST_DIGITS or not int(self.number):
            raise WrongType("no id of Request Tracker", ".id")
        return self.to_ticket()

    def _custom(self) -> dict[str, list[Any]]:
        """Return the values by the field's name, or by its id where two have the same name."""
        told = self.custom_fields or []
        if isinstance(told, str):
            raise WrongType("expected a list", ".CustomFields")
        found: dict[str, list[Any]] = {}
        for index, record in enumerate(told):
            field = read(record, FieldJson, f"$.CustomFields[{index}]")
            found[str(field.id) if field.name in found else field.name] = field.values
        return found

    @property
    def taken_by(self) -> str | None:
        """The login of its owner; None while nobody has taken it."""
        if self.owner is None or str(self.owner.login) == NOBODY:
            return None
        return str(self.owner.login)

    @property
    def logins(self) -> frozenset[str]:
        """The logins of the requestors."""
        return frozenset(str(person.login) for person in self.requestor)


def to_ticket(record: Any, path: str = "$") -> kit.Ticket:
    """Return the neutral ticket that a record stands for."""
    return read_one(record, TicketJson, TicketJson.to_ticket, path)


def newest(etag: str | None) -> int | None:
    """Return the id of the newest transaction that the account may see, as a ticket's ETag has it.

    0 where it sees none: the ETag is a time then. None where the ETag does not tell. A web server
    that compresses answers may add the name of the encoding (``"12-gzip"``: Apache's mod_deflate,
    "DeflateAlterETag") or call the ETag a weak one; what else it made of it is not guessed.
    """
    found = _ETAG.fullmatch(etag or "")
    if found is None:
        return None
    return int(found["id"]) if found["id"] else 0


_ETAG = re.compile(
    r"""(?:W/)?"?(?:(?P<id>[0-9]{1,18})|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]+Z)
    (?:[-;:]{1,2}(?:x-)?(?:gzip|gz|br|zstd|deflate))?"?""",
    re.VERBOSE | re.IGNORECASE,
)


def authors(rows: Iterable[Any]) -> set[str]:
    """Return the logins of those who wrote the rows of a history; of odd rows none."""
    found = (row.get("Creator") for row in rows if isinstance(row, Mapping))
    people = (one.get("id") for one in found if isinstance(one, Mapping))
    return {str(login) for login in people if isinstance(login, (str, int)) and login != ""}


def located(location: str | None, kind: str) -> str | None:
    """Return the id at the end of a header Location, which is a path; None without one."""
    found = re.search(rf"/{kind}/([0-9]{{1,18}})$", location or "")
    return found[1] if found else None


def content(data: Any) -> bytes | str:
    """Return the bytes of an attachment; ``Content`` is base64 in lines.

    T18: of an attached mail RT keeps none under this id; then the id of its message is returned.
    """
    text = data["Content"]
    if text is None:
        return str(read(data["TransactionId"], ReferenceJson).id)
    if type(text) is not str:
        raise errors.ProtocolError("$.Content: expected text.", path="$.Content")
    return b64decode("".join(text.split()), validate=True)


def sentences(data: Any) -> tuple[str, ...]:
    """Return what RT says of a change: a list of sentences, also when it refused."""
    if type(data) is not list:
        raise errors.ProtocolError("$: expected a list.", path="$")
    return tuple(word for word in data if isinstance(word, str))


def explain(data: Any, status: int) -> kit.Explanation:
    """Read ``{"message": …}``. T3: a missing right or ticket is a 400 where a message is sent."""
    message = data.get("message") if isinstance(data, Mapping) else None
    text = message if isinstance(message, str) else ""
    kind: type[errors.HelpdeskError] | None = None
    if status == 400 and is_denial([text]):
        kind = errors.PermissionDenied
    elif status == 400 and text.startswith("Message could not be recorded"):
        kind = errors.NotFound
    elif status == 403 and text.startswith("No permission to create tickets in the queue"):
        text += ": there may be no such queue, for RT says the same of one that is misspelt"
    elif text.startswith("Wrong query"):
        text = "Wrong query"  # the rest quotes the query, with the customer's address
    return kit.Explanation(message=text, kind=kind)


def is_denial(said: Iterable[str]) -> bool:
    """Say whether one of RT's sentences tells of a missing right; T4: in English only."""
    return any("Permission Denied" in sentence for sentence in said)
