"""Batches and events leave the process as they are, whose checkpoints may not be made yet."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

import helpdesk_bridge as hb
from tests.model.values import ERRORS

TICKET = hb.Ticket(id="1", subject="Export stops", desk="it", vendor="memory")
SECRETIVE = evolve(TICKET, status=hb.Status.RESOLVED, requester=hb.Party(email="li@a.example"))
SAID = hb.Message(id="8", ticket_id="1", text="Why?", author=SECRETIVE.requester)


class Made:
    """Makes a checkpoint, and counts how often."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        return "place"


def event(made: Any) -> hb.Event:
    kind = hb.EventKind.TICKET_CREATED
    return hb.Event(kind=kind, ticket_id="1", ticket=TICKET, id="e", checkpoint=made)


WAYS: list[Callable[[hb.Event], hb.Event]] = [
    copy.copy,
    copy.deepcopy,
    lambda one: pickle.loads(pickle.dumps(one)),
    evolve,
    lambda one: hb.from_dict(hb.Event, json.loads(hb.to_json(one, raw=True))),
]


@pytest.mark.parametrize("way", WAYS, ids=["copy", "deepcopy", "pickle", "evolve", "json"])
def test_an_event_keeps_its_checkpoint_whichever_way_it_goes(
    way: Callable[[hb.Event], hb.Event],
) -> None:
    there = way(event(Made()))
    assert there.checkpoint == "place"
    assert (there, there.ticket) == (event(None), TICKET)


def test_a_checkpoint_is_made_once_and_only_where_it_is_read() -> None:
    made = Made()
    one = event(made)
    assert (repr(one), one == event("other"), hash(one) == hash(event(None)), made.calls) == (
        "<Event ticket_created: ticket '1', status unknown>",
        True,
        True,
        0,
    )
    assert (one.checkpoint, one.checkpoint, made.calls) == ("place", "place", 1)


def test_a_function_that_keeps_what_pickle_cannot_take_is_no_hindrance() -> None:
    held = Path(__file__).open(encoding="utf-8")  # noqa: SIM115
    with held:
        read = pickle.loads(pickle.dumps(event(lambda: f"{held.fileno() > 0}")))
    assert read.checkpoint == "True"


def test_what_could_not_be_read_goes_with_the_batch() -> None:
    broken = hb.Problem(index=3, error=ERRORS[0], raw={"id": "7"})
    batch = hb.ChangeBatch(tickets=(TICKET,), problems=(broken,), checkpoint="place")
    read = hb.from_dict(hb.ChangeBatch, hb.to_dict(batch, raw=True))
    assert (read.tickets, read.checkpoint, read.caught_up) == ((TICKET,), "place", False)
    (problem,) = read.problems
    assert (problem.index, problem.raw, problem.error.ticket_id) == (3, {"id": "7"}, "7")
    kept = pickle.loads(pickle.dumps(batch)).problems[0].error
    assert (type(kept), kept.message) == (hb.NotFound, ERRORS[0].message)


@pytest.mark.parametrize(
    ("kind", "fields", "said"),
    [
        ("TICKET_CREATED", {"ticket": SECRETIVE}, "ticket '1', status resolved"),
        ("TICKET_UPDATED", {"ticket": SECRETIVE}, "ticket '1', status resolved"),
        (
            "STATUS_CHANGED",
            {"ticket": SECRETIVE, "before": hb.Status.OPEN},
            "ticket '1', status open -> resolved",
        ),
        ("STATUS_CHANGED", {"ticket": SECRETIVE}, "ticket '1', status resolved"),
        ("TICKET_DELETED", {}, "ticket '1'"),
        ("MESSAGE_RECEIVED", {"ticket": SECRETIVE, "message": SAID}, "ticket '1', message '8'"),
    ],
)
def test_an_event_shows_what_happened_and_no_words(
    kind: str, fields: dict[str, Any], said: str
) -> None:
    one = hb.Event(kind=hb.EventKind[kind], ticket_id="1", id="e", checkpoint="place", **fields)
    assert repr(one) == f"<Event {kind.lower()}: {said}>"
