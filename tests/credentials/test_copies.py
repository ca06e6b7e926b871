"""Every error there is survives a queue: pickle, copy and deepcopy keep all that it knows."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from helpdesk_bridge import errors
from helpdesk_bridge.errors import HelpdeskError, Outcome, OutcomeUnknown
from helpdesk_bridge.model.fingerprint import Fingerprint
from tests.credentials.copies import COPIES, known

TIME = datetime(2026, 5, 1, tzinfo=UTC)
PRINT = Fingerprint.of(operation="reply", salt="it", body="Words.", files=["a.txt"], due=TIME)
VALUES: dict[str, Any] = {
    "vendor": "memory",
    "desk": "support",
    "operation": "reply",
    "operation_id": "0a1b",
    "status": 418,
    "vendor_code": "teapot",
    "request_id": "r-1",
    "outcome": Outcome.UNKNOWN,
    "retryable": True,
    "retry_after": 2.5,
    "attempts": 3,
    "key": "token",
    "capability": "forward",
    "newer": ("9",),
    "fields": {"a": ("is odd",)},
    "fields_left_out": 3,
    "listed": 5,
    "came": 4,
    "path": "$.data",
    "ticket_id": "7",
    "message_id": "8",
    "started_at": TIME,
    "bytes_sent": True,
    "cause": "TruncatedBody",
    "fingerprint": PRINT,
    "failure": OutcomeUnknown("lost.", fingerprint=PRINT, ticket_id="7"),
}


def tree(kind: type[HelpdeskError]) -> Iterator[type[HelpdeskError]]:
    yield kind
    for one in kind.__subclasses__():
        if one.__module__.startswith("helpdesk_bridge"):
            yield from tree(one)


KINDS = list(tree(HelpdeskError))


def arguments(kind: type[HelpdeskError]) -> set[str]:
    """Return the names of all keyword arguments of an error and of those it stands under."""
    return {
        name
        for one in kind.__mro__
        if issubclass(one, HelpdeskError)
        for name, given in inspect.signature(one.__init__).parameters.items()
        if given.kind is inspect.Parameter.KEYWORD_ONLY
    }


def test_the_tree_is_what_is_public() -> None:
    assert {kind.__name__ for kind in KINDS} <= set(errors.__all__)
    assert len(KINDS) == len(set(KINDS)) > 24


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_copy_knows_all(kind: type[HelpdeskError], way: str) -> None:
    given = {name: VALUES[name] for name in arguments(kind)}
    error = kind("it failed.", **given)
    error.fill(items_read=12, cursor="page-2", stage=errors.Stage.PREPARING, step="get_ticket")
    error.add_note("seen by the night shift")
    twin = COPIES[way](error)
    assert twin is not error
    assert known(twin) == known(error)
    assert all(getattr(twin, name) == given[name] for name in given if name != "failure")
