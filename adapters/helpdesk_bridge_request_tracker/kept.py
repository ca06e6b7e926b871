"""What Request Tracker made of the values that it was given. Pure functions.

T9: it answers 200 to what it refused. T17: it keeps some values in another spelling, or cut. So a
ticket is compared as it was before with what it is after: "refused" is said only of what is as it
was. ``T1`` … as in :mod:`helpdesk_bridge_request_tracker.wire`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from attrs import field, frozen

from helpdesk_bridge import kit
from helpdesk_bridge.kit import errors
from helpdesk_bridge_request_tracker import wire
from helpdesk_bridge_request_tracker.links import is_link, linked
from helpdesk_bridge_request_tracker.outgoing import TXN_FIELDS
from helpdesk_bridge_request_tracker.spellings import (
    UNSET,
    are_alike,
    are_different,
    each_value,
    plain,
)

__all__ = ["Judged", "denies", "judged", "judged_message", "others", "require"]

_SHOWN = ("Subject", "Status", "Priority", "Owner", "Queue")


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
    # What RT calls changed was not refused, though it is shown as before.
    changed = any(f"{value.name} changed from " in sentence for sentence in said or ())
    if value.alike and (silent or changed):
        return "done"
    return "otherwise" if changed else "refused"


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
        wanted, kept = each_value(given), each_value(now.get(key))
        found.append(
            _Value(
                f"{kind}.{name}",
                wanted == kept,
                None if was is None else each_value(was.get(key)),
                kept,
                alike=are_alike(wanted, kept),
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


def others(body: Mapping[str, Any]) -> list[str]:
    """Return the keys of a change that a neutral ticket has no place for."""
    return [name for name in body if name not in (*_SHOWN, "CustomFields")]


def _other(
    name: str, given: Any, before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> _Value:
    if is_link(name):
        links = linked(name, given, before, after)
        return _Value(
            name, links.exact, links.before, links.after, alike=links.taken, shown=links.told
        )
    was = None if before is None else plain(before.get(name))
    now, wanted = plain(after.get(name)), plain(given)
    unset = now in UNSET
    alike = are_alike([wanted], [now]) or (unset and wanted in UNSET)
    # What other words mean is RT's: whatever it made of them, it has taken them.
    taken = was not in (None, now) and not are_different(wanted, now)
    return _Value(
        name, wanted == now or taken, was, now, alike=alike, unset=unset, shown=name in after
    )


def denies(answer: kit.Response) -> bool:
    """Say whether all that RT says of a message is that a right is missing."""
    try:
        said = answer.read(wire.sentences)
    except errors.HelpdeskError:
        return False  # its Location tells what was made, and nobody needs its words
    return bool(said) and all(wire.is_denial([sentence]) for sentence in said)


def require(found: Judged, answer: kit.Response) -> None:
    """Raise for what RT did not set as it was given; nothing if it set all."""
    failure = found.failure(answer.said)
    if failure is not None:
        raise failure
