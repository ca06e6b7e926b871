"""What is sent to django-helpdesk: pure functions. No I/O.

What is said to be observed was observed on version 2.6.1.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from types import EllipsisType
from typing import Any

from helpdesk_bridge import kit
from helpdesk_bridge.kit import Priority, Status, errors

from helpdesk_bridge_django_helpdesk.wire import PAGE_SIZE

STATUS_FIELDS: Mapping[Status, Mapping[str, Any]] = {
    Status.OPEN: {"status": 1, "on_hold": False},
    Status.ON_HOLD: {"status": 1, "on_hold": True},
    Status.RESOLVED: {"status": 3, "on_hold": False},
    Status.CLOSED: {"status": 4, "on_hold": False},
}
STATUS_QUERY = {  # numbers only: a name is ignored, and then all tickets come (observed)
    Status.OPEN: "1,2",
    Status.ON_HOLD: "1,2",
    Status.RESOLVED: "3",
    Status.CLOSED: "4,5",
}
PRIORITY_NUMBERS = {Priority.URGENT: 1, Priority.HIGH: 2, Priority.NORMAL: 3, Priority.LOW: 4}

_BY_ID = "an assignee is given by the number that the user has in Django."

# A comment goes into the HTML mail as it is, into the text mail as it is, and into the web page
# as Markdown with HTML escaped (observed). Escaped is only what HTML would read as something
# else; the web page shows that as it should be, too.
_ENTITY = re.compile(r"&[#A-Za-z][#A-Za-z0-9]*;?")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
# Before that, a comment is rendered as a Django template; a lone "%}" is a 500 (observed). The
# long word is what the vendor puts in place of "{%" while doing so (helpdesk/update_ticket.py).
_TEMPLATE = re.compile(r"[{}]|X(?=-HELPDESK-COMMENT-)")


def write_comment(text: str) -> str:
    """Return the comment that shows ``text``; line ends are CR LF, else the HTML mail has none."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _ENTITY.sub(_literal, text)
    text = _TAG.sub("&lt;", text)
    text = _TEMPLATE.sub(r'{{ "\g<0>" }}', text)
    return text.replace("\n", "\r\n")


def _literal(found: re.Match[str]) -> str:
    word = found[0]
    return word if html.unescape(word) == word else f"&amp;{word[1:]}"


def list_query(query: kit.TicketQuery) -> list[tuple[str, str]]:
    """Return the parameters of a list, less the page; a person whom no ticket names is refused."""
    if query.assignee is not None:
        _agent(query.assignee)
    if query.requester is not None and query.requester.email is None:
        raise errors.InvalidArgument("django-helpdesk knows a requester by address only.")
    if query.team is not None and kit.exact_number(query.team) is None:
        raise errors.InvalidArgument("django-helpdesk knows teams (queues) by their number.")
    asked_for = frozenset() if _is_read_for(query.statuses) else query.statuses or frozenset()
    words = [STATUS_QUERY[status] for status in asked_for]
    numbers = sorted({number for word in words for number in word.split(",")})
    asked = {"status": ",".join(numbers)} if numbers else {}
    return kit.extra_query(kit.merge_extra(asked, query.extra), ("page", "page_size"))


def _is_read_for(statuses: frozenset[Status] | None) -> bool:
    """Say whether every ticket has to be read for these: a number of a site's own is UNKNOWN."""
    return statuses is not None and Status.UNKNOWN in statuses


def page_size(query: kit.TicketQuery) -> int:
    """Return how many tickets a page needs: no more than are wanted, if the vendor picks them."""
    vendors = kit.TicketQuery(statuses=query.statuses, limit=query.limit, extra=query.extra)
    by_hold = not {Status.OPEN, Status.ON_HOLD}.isdisjoint(query.statuses or ())
    if query.limit is None or query != vendors or by_hold or _is_read_for(query.statuses):
        return PAGE_SIZE
    return min(PAGE_SIZE, max(query.limit, kit.SMALLEST_PAGE))


def ticket_body(new: kit.NewTicket, queue: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what makes a ticket, and what is changed on it at once.

    With the requester's address in the first, the customer is mailed an acknowledgement; with an
    assignee, the agent is. A change mails nobody (observed). The form demands a priority.
    """
    body = {
        "queue": queue,
        "title": new.subject,
        "description": new.body.text.replace("\n", "\r\n"),
        "priority": PRIORITY_NUMBERS[new.priority or Priority.NORMAL],
    }
    later: dict[str, Any] = {"submitter_email": new.requester.email}
    if new.status is not None:
        later |= STATUS_FIELDS[new.status]
    if new.assignee is not None:
        later["assigned_to"] = _agent(new.assignee)
    kit.refuse_extra(new.extra, later)
    return kit.merge_extra(body, new.extra), later


def changes(changed: kit.TicketChanges) -> dict[str, Any]:
    """Return the body of a change: only what changes."""
    body: dict[str, Any] = {}
    if not isinstance(changed.subject, EllipsisType):
        body["title"] = changed.subject
    if not isinstance(changed.status, EllipsisType):
        body |= STATUS_FIELDS[changed.status]
    if not isinstance(changed.priority, EllipsisType):
        if changed.priority not in PRIORITY_NUMBERS:
            raise errors.InvalidArgument("a ticket has a priority: low, normal, high or urgent.")
        body["priority"] = PRIORITY_NUMBERS[changed.priority]
    if not isinstance(changed.assignee, EllipsisType):
        body["assigned_to"] = None if changed.assignee is None else _agent(changed.assignee)
    return kit.merge_extra(body, changed.extra)


def _agent(person: kit.Party) -> int:
    number = kit.exact_number(person.id)
    if number is None:
        raise errors.InvalidArgument(_BY_ID)
    return number


def follow_up(ticket_id: str, message: kit.OutgoingMessage) -> dict[str, Any]:
    """Return the body of a message; a public one is mailed.

    A title would rename the ticket. A new status would choose another mail: one on closing shows
    the ticket's earlier resolution in place of these words (both observed).
    """
    if not message.body.text.strip():
        raise errors.InvalidArgument("the body has no words, and this vendor shows nothing else.")
    kit.refuse_extra(message.extra, ("title", "new_status", "attachments"))
    body = {
        "ticket": ticket_id,
        "comment": write_comment(message.body.text),
        "public": isinstance(message, kit.Reply) and message.send_email,
    }
    return kit.merge_extra(body, message.extra)


def check_files(files: tuple[kit.Upload, ...], allowed: tuple[str, ...]) -> None:
    """Refuse what the vendor would choke on after it has stored the message (observed: a 500)."""
    for file in files:
        stem, dot, kind = file.name.rpartition(".")
        if stem and kind and f"{dot}{kind.lower()}" not in allowed:
            raise errors.InvalidArgument(
                f"django-helpdesk does not take .{kind} files here: see file_types."
            )
        if len(file.name.encode()) > 240:  # a file system's 255, less what Django may add
            raise errors.InvalidArgument("an attachment's name is longer than 240 bytes.")
        if file.content_id is not None:
            raise errors.InvalidArgument("django-helpdesk has no inline images.")


def parts(body: Mapping[str, Any]) -> list[kit.Part]:
    """Return ``body`` as the text fields of a form."""
    fields = []
    for name, value in body.items():
        if not isinstance(value, (str, int)):
            raise errors.InvalidArgument(f"extra's {name} cannot go along with files.")
        text = str(value).lower() if isinstance(value, bool) else str(value)
        fields.append(kit.Part(name=name, content=text))
    return fields
