"""What Request Tracker made of the values that it was given. Pure functions.

T9: it answers 200 to what it refused. T17: it keeps some values in another spelling, or cut. So a
ticket is compared as it was before with what it is after: "refused" is said only of what is as it
was. ``T1`` … as in :mod:`helpdesk_bridge_request_tracker.wire`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from typing import Any

from attrs import field, frozen

from helpdesk_bridge import kit
from helpdesk_bridge.kit import errors
from helpdesk_bridge_request_tracker import wire
from helpdesk_bridge_request_tracker.outgoing import TXN_FIELDS

__all__ = ["Judged", "judged", "judged_message", "others"]

_SHOWN = ("Subject", "Status", "Priority", "Owner", "Queue")
_LINKS = {
    "DependsOn": "depends-on",
    "DependedOnBy": "depended-on-by",
    "Parents": "parent",
    "MemberOf": "parent",
    "Children": "child",
    "Members": "child",
    "RefersTo": "refers-to",
    "ReferredToBy": "referred-to-by",
}
"""What RT calls a link to another ticket in a body, and among the ``_hyperlinks`` of a record."""


@frozen(kw_only=True)
class Judged:
    """What became of each value, by the names of the fields."""

    done: tuple[str, ...] = ()
    """Shown as given, or in RT's spelling of it."""
    refused: tuple[str, ...] = ()
    """Not as given, and as before the write."""
    otherwise: tuple[str, ...] = ()
    """Neither as given nor as before: RT rewrote it, or somebody changed it meanwhile."""
    untold: tuple[str, ...] = ()
    """Not shown to the account, so that nobody can tell."""
    moved: bool = False
    """Whether anything is not as it was before, as far as is told."""
    said: tuple[str, ...] = field(default=(), repr=False)
    """RT's sentences."""

    @property
    def is_refusal(self) -> bool:
        """Whether it is proved that nothing was changed."""
        return not (self.moved or self.otherwise or self.untold)

    def failure(
        self, clean: Callable[[Iterable[str]], Iterable[str]]
    ) -> errors.HelpdeskError | None:
        """Return the error for what is not as it was given; None if all is.

        ``clean`` takes out of RT's sentences what an error must not show. Only what is shown goes
        through it: what the sentences mean is judged by RT's own words.
        """
        clauses = []
        if self.refused:
            clauses.append(f"did not set {', '.join(self.refused)}")
        if self.otherwise:
            names = ", ".join(self.otherwise)
            clauses.append(f"shows {names} in another form than was given: read it before use")
        if self.untold:
            clauses.append(f"does not show {', '.join(self.untold)}, so that nobody can tell")
        if not clauses:
            return None
        shown = [sentence for sentence in self.said if not _TELLS_VALUES.search(sentence)]
        why = kit.redact(" ".join(clean(shown)))
        text = f"Request Tracker {', and '.join(clauses)}{f' ({why})' if why else ''}."
        if self.refused and wire.is_denial(self.said):
            error: errors.HelpdeskError = errors.PermissionDenied(text)
        elif "Status" in (*self.refused, *self.otherwise):
            error = errors.StatusNotAllowed(text)
        else:
            error = errors.ValidationFailed(text)
        if self.otherwise or self.untold:
            error.outcome = errors.Outcome.UNKNOWN
        return error


_TELLS_VALUES = re.compile(
    r" changed (?:from|to) | added(?: as a value for .*)?$| deleted$| is no longer a value ",
    re.DOTALL,
)
"""RT's sentences that quote values of the ticket; errors quote none."""


def judged(
    body: Mapping[str, Any],
    after: kit.Ticket,
    *,
    before: kit.Ticket | None,
    said: Iterable[str] | None = None,
    requester: kit.Party | None = None,
    raw: tuple[Mapping[str, Any] | None, Mapping[str, Any]] | None = None,
) -> Judged:
    """Say what became of each value of ``body``.

    Args:
        body: what was sent.
        after: the ticket as it was read after the write.
        before: the ticket as it was read before; None: there was none, it is new.
        said: RT's sentences on the write; None: it has none, as for a new ticket.
        requester: who was to be the requestor of a new ticket.
        raw: the records of before (None: there was none) and after, for keys that the ticket has
            no place for; None: such keys are not looked at.
    """
    values = [_shown(name, body[name], before, after) for name in _SHOWN if name in body]
    was, now = None if before is None else before.raw, after.raw
    values += _custom("CustomFields", body, was, now)
    if requester is not None:
        given, kept = _address(requester), _address(after.requester)
        values.append(_Value("Requestor", given == kept, None, kept, unset=not kept))
    if raw is not None:
        values += [_other(name, body[name], *raw) for name in others(body)]
    return _sorted_out(values, said)


def judged_message(
    body: Mapping[str, Any], row: Mapping[str, Any], *, said: Iterable[str]
) -> Judged:
    """Say what became of the values of ``body`` that a message itself keeps.

    Args:
        body: what was sent.
        row: the record of the message; empty where the account does not see it.
        said: RT's sentences on these values.
    """
    values = [value for name in TXN_FIELDS for value in _custom(name, body, None, row)]
    if "TimeTaken" in body:
        values.append(_other("TimeTaken", body["TimeTaken"], None, row))
    return _sorted_out(values, said)


def _sorted_out(values: Sequence[_Value], said: Iterable[str] | None) -> Judged:
    sentences = None if said is None else tuple(filter(None, said))
    changed = [value for value in values if value.moved]
    # RT has a sentence for each change and for each refusal, in whatever language.
    silent = len(sentences or ()) <= len(changed)
    found: dict[str, list[str]] = {"done": [], "refused": [], "otherwise": [], "untold": []}
    for value in values:
        found[_place(value, silent=silent, said=sentences)].append(value.name)
    kinds = {kind: tuple(names) for kind, names in found.items()}
    return Judged(**kinds, moved=bool(changed), said=sentences or ())


@frozen
class _Value:
    """A value: whether it is shown as given, and as it was before (None: new) and after."""

    name: str
    exact: bool
    before: Any
    after: Any
    alike: bool = False
    """Whether it is the same in another spelling."""
    unset: bool = False
    """Whether a new ticket shows nothing in its place."""
    shown: bool = True

    @property
    def moved(self) -> bool:
        return self.before is not None and self.before != self.after


def _place(value: _Value, *, silent: bool, said: Sequence[str] | None) -> str:
    denied = said is not None and len(said) == 1 and wire.is_denial(said)
    if not value.shown:
        return "refused" if said == () or denied else "untold"
    if value.exact:
        return "done"
    if value.before is None:
        return "done" if value.alike else "refused" if value.unset or denied else "otherwise"
    if value.moved:
        return "done" if value.alike else "otherwise"
    return "done" if value.alike and silent else "refused"


def _shown(name: str, given: Any, before: kit.Ticket | None, after: kit.Ticket) -> _Value:
    was = None if before is None else _told(name, before)
    now = _told(name, after)
    wanted = str(given)
    if name in ("Status", "Owner", "Queue"):  # whose case RT does not mind
        wanted = wanted.lower()
    unset = now[0] in ("", wire.NOBODY.lower())
    return _Value(name, wanted in now, was, now, unset=unset)


def _told(name: str, ticket: kit.Ticket) -> tuple[str, ...]:
    """Return what a ticket shows of a field, in all spellings that RT takes for it."""
    if name == "Subject":
        return (ticket.subject,)
    if name == "Status":
        return (ticket.vendor_status.lower(),)
    if name == "Priority":
        return (str(ticket.raw.get("Priority")),)
    if name == "Owner":
        return ((ticket.assignee.id or "" if ticket.assignee else wire.NOBODY).lower(),)
    queue = ticket.raw.get("Queue")
    number = str(queue.get("id")) if isinstance(queue, Mapping) else ""
    return ((ticket.team or "").lower(), number)


def _address(person: kit.Party) -> str:
    return (person.email or "").lower()


def _custom(
    kind: str, body: Mapping[str, Any], before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> list[_Value]:
    """Return what became of the custom fields that a body sets, from the records of both."""
    was = None if before is None else _fields(before)
    now = _fields(after)
    found = []
    for name, given in (body.get(kind) or {}).items():
        key = name.casefold()
        wanted, kept = _values(given), _values(now.get(key))
        found.append(
            _Value(
                f"{kind}.{name}",
                wanted == kept,
                None if was is None else _values(was.get(key)),
                kept,
                alike={_canonical(value) for value in wanted}
                == {_canonical(value) for value in kept},
                unset=not kept,
                shown=key in now or key in (was or ()) or not wanted,
            )
        )
    return found


def _fields(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of custom fields as RT finds them: by name in any case, or by number."""
    told = record.get("CustomFields")
    shown = (
        [one for one in told if isinstance(one, Mapping)] if isinstance(told, (list, tuple)) else []
    )
    named = {str(one.get("name")).casefold(): one.get("values") for one in reversed(shown)}
    return named | {str(one.get("id")): one.get("values") for one in shown}


def _values(given: Any) -> frozenset[str]:
    """Return the values of a custom field: RT keeps no order and nothing twice."""
    several = given if isinstance(given, (list, tuple, set, frozenset)) else [given]
    return frozenset(_TIME.sub(r"\1 \2", _text(v)) for v in several if v is not None and v != "")


_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)Z")
"""RT writes a date and time in ISO 8601, and takes one in UTC without that."""


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _canonical(value: str) -> str:
    """Return a value in one spelling of several that RT takes for the same.

    Addresses of machines lose their noughts, ranges have two ends, times lose their zone, names of
    choices their case.
    """
    plain = re.sub(r"\s+", " ", value).strip().casefold()
    with suppress(ValueError):
        return _addresses(re.sub(r"(?<![\da-f.:])0+(?=\d)|(?<=\.)0+(?=\d)", "", plain))
    with suppress(ValueError, OverflowError):
        at = datetime.fromisoformat(plain.upper())
        if len(plain) > len("2026-01-01"):
            at = at if at.tzinfo else at.replace(tzinfo=UTC)
            return at.astimezone(UTC).isoformat()
    return plain


def _addresses(plain: str) -> str:
    """Return an address, or the first and the last of a range; ValueError for anything else."""
    if "/" in plain:
        network = ip_network(plain, strict=False)
        return f"{network[0]}-{network[-1]}"
    return "-".join(str(ip_address(word.strip())) for word in plain.split("-", 1))


def others(body: Mapping[str, Any]) -> list[str]:
    """Return the keys of a change that a neutral ticket has no place for."""
    return [name for name in body if name not in (*_SHOWN, "CustomFields")]


def _other(
    name: str, given: Any, before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> _Value:
    if _link(name) in _LINKS:
        return _linked(name, given, before, after)
    was = None if before is None else _plain(before.get(name))
    now, wanted = _plain(after.get(name)), _plain(given)
    unset = now in _UNSET
    alike = _canonical(wanted) == _canonical(now) or (unset and wanted in _UNSET)
    # What these words mean is RT's: whatever it made of them, it has taken them.
    exact = wanted == now or was not in (None, now)
    return _Value(name, exact, was, now, alike=alike, unset=unset, shown=name in after)


_UNSET = ("", "0", "1970-01-01T00:00:00Z")
"""What a record shows in the place of a text, a number or a time that nobody has set."""


def _link(name: str) -> str:
    return name.removeprefix("Add").removeprefix("Delete")


def _linked(
    name: str, given: Any, before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> _Value:
    """Return what became of links. RT shows none to a deleted ticket, though it has set it."""
    was, now = (_links(_link(name), record or {}) for record in (before, after))
    several = given if isinstance(given, (list, tuple)) else [given]
    wanted = {_plain(one) for one in several} - {""}
    taken = not wanted & now if name.startswith("Delete") else wanted <= now
    done = taken and (name != _link(name) or wanted == now)
    done = done or (before is not None and was != now)
    return _Value(name, done, None if before is None else was, now, shown=done)


def _links(name: str, record: Mapping[str, Any]) -> set[str]:
    told = record.get("_hyperlinks")
    shown = (
        [one for one in told if isinstance(one, Mapping)] if isinstance(told, (list, tuple)) else []
    )
    return {str(one.get("id", one.get("_url"))) for one in shown if one.get("ref") == _LINKS[name]}


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return str(value.get("id"))
    if isinstance(value, (list, tuple)):
        return ",".join(sorted(map(_plain, value)))
    return "" if value is None else _text(value)
