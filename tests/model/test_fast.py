"""What is built quickly is what the constructors build: equal, frozen, and of the same class."""

from __future__ import annotations

import inspect
import pickle
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model import (
    Attachment,
    Audience,
    Channel,
    Message,
    MessageType,
    Party,
    Priority,
    Role,
    Status,
    Ticket,
    TicketKind,
)
from helpdesk_bridge.model import fast as build

BUILDERS: list[tuple[Callable[..., Any], type]] = [
    (build.fast_party, Party),
    (build.fast_attachment, Attachment),
    (build.fast_message, Message),
    (build.fast_ticket, Ticket),
]
NOW = datetime(2025, 6, 17, 8, 41, tzinfo=UTC)
FULL: dict[str, Any] = {
    "name": "Ada",
    "email": "ada@customer.example",
    "id": "7",
    "role": Role.CUSTOMER,
    "organization": "Northpier",
    "phone": "+44 20 7946 0011",
    "external_id": "crm-7",
    "mime_type": "image/png",
    "size": 3,
    "inline": True,
    "content_id": "7",
    "ticket_id": "1",
    "type": MessageType.NOTE,
    "audience": Audience.INTERNAL,
    "vendor_type": "internal",
    "author": Party(id="1"),
    "to": (Party(id="2"),),
    "cc": (Party(id="3"),),
    "bcc": (Party(id="4"),),
    "subject": "Invoice",
    "html": "<p>Paid twice.</p>",
    "text": "Paid twice.",
    "attachments": (Attachment(id="1"),),
    "created_at": NOW,
    "updated_at": NOW,
    "last_message_at": NOW,
    "deleted_at": NOW,
    "desk": "support",
    "vendor": "memory",
    "status": Status.OPEN,
    "vendor_status": "open",
    "priority": Priority.HIGH,
    "kind": TicketKind.TASK,
    "requester": Party(id="5"),
    "assignee": Party(id="6"),
    "team": "Billing",
    "channel": Channel(id="8"),
    "tags": ("bug",),
    "custom_fields": {"1": 2},
    "raw": {"id": 7},
}


def values(cls: type, *, required_only: bool) -> dict[str, Any]:
    return {
        a.alias: FULL[a.alias]
        for a in attrs.fields(cls)
        if not required_only or a.default is attrs.NOTHING or a.name == "raw"
    }


def differences(new: Callable[..., Any], cls: type) -> Iterator[str]:
    """Yield the fields in which a builder's parameters, defaults or results are not the class's."""
    parameters = inspect.signature(new).parameters
    wanted = [a.alias for a in attrs.fields(cls)]
    yield from set(parameters) ^ set(wanted)
    if list(parameters) != wanted:
        return
    for a in attrs.fields(cls):
        parameter = parameters[a.alias]
        required = a.default is attrs.NOTHING or a.name == "raw"  # no record comes without its raw
        if parameter.kind is not parameter.KEYWORD_ONLY:
            yield a.alias
        if required != (parameter.default is parameter.empty):
            yield a.alias
        plain = not required and not isinstance(a.default, attrs.Factory)  # type: ignore[arg-type]
        if plain and repr(parameter.default) != repr(a.default):  # 0 is not False
            yield a.alias
    for required_only in (True, False):
        given = values(cls, required_only=required_only)
        made, known = new(**given), cls(**given)
        for a in attrs.fields(cls):
            if getattr(made, a.name, attrs.NOTHING) != getattr(known, a.name):
                yield a.alias


@pytest.mark.parametrize(("new", "cls"), BUILDERS)
def test_a_builder_knows_every_field_as_the_class_does(new: Callable[..., Any], cls: type) -> None:
    assert list(differences(new, cls)) == []


def mutants() -> Iterator[Any]:
    """Yield each builder's source with one assignment less, or with one other default."""
    for new, cls in BUILDERS:
        body = inspect.getsource(new)
        for a in attrs.fields(cls):
            assigned = re.search(rf"^    made\.{a.name} = .*$", body, re.MULTILINE)
            assert assigned, a.name
            changed = body.replace(assigned[0], "    pass")
            yield pytest.param(new, cls, changed, a.alias, id=f"{cls.__name__} lost {a.alias}")
            default = re.search(rf"^    {a.alias}: [^=\n]* = ([^,#]+),", body, re.MULTILINE)
            if default:
                changed = body.replace(default[0], f"    {a.alias}=b'another',")
                yield pytest.param(new, cls, changed, a.alias, id=f"{cls.__name__} {a.alias}=other")


@pytest.mark.parametrize(("new", "cls", "changed", "name"), list(mutants()))
def test_a_builder_that_treats_a_field_otherwise_is_found(
    new: Callable[..., Any], cls: type, changed: str, name: str
) -> None:
    copy = dict(vars(build))
    exec("from __future__ import annotations\n" + changed, copy)
    assert copy[new.__name__] is not new
    try:
        found = set(differences(copy[new.__name__], cls))
    except (AttributeError, TypeError):  # it breaks on the other default at once
        return
    assert name in found


@pytest.mark.parametrize(("new", "cls"), BUILDERS)
def test_a_field_that_only_the_class_has_is_found(new: Callable[..., Any], cls: type) -> None:
    wider = attrs.make_class(
        "Wider", {"novelty": attrs.field(default=None)}, bases=(cls,), frozen=True, kw_only=True
    )
    assert set(differences(new, wider)) == {"novelty"}


@pytest.mark.parametrize("required_only", [True, False])
@pytest.mark.parametrize(("new", "cls"), BUILDERS)
def test_a_builder_makes_what_the_constructor_makes(
    new: Callable[..., Any], cls: type, required_only: bool
) -> None:
    given = values(cls, required_only=required_only)
    made, plain = new(**given), cls(**given)
    assert type(made) is cls
    assert made == plain
    assert hash(made) == hash(plain)
    assert repr(made) == repr(plain)
    for a in attrs.fields(cls):
        assert getattr(made, a.name) == getattr(plain, a.name)
    assert pickle.loads(pickle.dumps(made)) == plain
    assert attrs.evolve(made) == plain


@pytest.mark.parametrize(("new", "cls"), BUILDERS)
def test_what_was_built_cannot_be_changed(new: Callable[..., Any], cls: type) -> None:
    made = new(**values(cls, required_only=True))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        made.id = "other"
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        del made.id


@pytest.mark.parametrize("audience", [one for one in Audience if one != Audience.INTERNAL])
def test_a_note_that_is_not_internal_is_not_built_quickly_either(audience: Audience) -> None:
    with pytest.raises(InvalidArgument, match="a note is internal"):
        build.fast_message(id="1", ticket_id="1", type=MessageType.NOTE, audience=audience, raw={})


def test_a_body_that_was_built_is_derived_as_ever() -> None:
    made = build.fast_message(id="1", ticket_id="1", html="<p>Paid twice.</p>", raw={})
    assert made.text == "Paid twice."
    assert made.text is made.text


def test_two_tickets_do_not_share_their_custom_fields() -> None:
    one, other = (build.fast_ticket(id=word, raw={}) for word in "ab")
    assert one.custom_fields == {}
    assert one.custom_fields is not other.custom_fields


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("Li\tWang", "Li Wang"),
        ("Li Wang\r\n", "Li Wang"),
        ("Li\u2028Wang\x85", "Li Wang"),
        ("\n\t", None),
        ("Li\u00a0Wang", "Li\u00a0Wang"),
        ("\U0001f469\u200d\U0001f4bb  Li", "\U0001f469\u200d\U0001f4bb  Li"),
    ],
)
def test_a_name_is_read_as_one_line(told: str, read: str | None) -> None:
    assert build.fast_party(name=told).name == read
