"""The first list of a lineage: every ticket there is, and where the polls behind it begin."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from helpdesk_bridge.errors import IncompleteList
from helpdesk_bridge.model import ChangeMode, Problem, Ticket
from helpdesk_bridge.sync.checkpoint import State, empty_versions
from helpdesk_bridge.sync.source import Source
from helpdesk_bridge.sync.taking import Taken, Taker
from helpdesk_bridge.sync.times import Beginning, floor_of, is_before, newest
from helpdesk_bridge.sync.versions import identity, is_gone, key_of, version
from helpdesk_bridge.sync.window import DEPTH, baseline, pages_of

__all__ = ["CHUNK", "read_first_list", "unread"]

CHUNK = 100
"""Tickets of a batch."""
_LARGE = 500
"""The same of the first list without messages: each batch has the ids of all that came."""


async def read_first_list(
    source: Source, state: State, taker: Taker
) -> AsyncGenerator[Taken, None]:
    """Yield all tickets; what changes while they are read is for the poll behind it.

    A list whose place is too long for a checkpoint is begun anew by whoever goes on.
    """
    if not state.begun:
        state.begun = True
        if state.mode is ChangeMode.WINDOW:
            yield await _newest_changes(source, state, taker)
    if state.cursor is None:
        state.versions = empty_versions()
    size = CHUNK if state.messages else _LARGE
    began = Beginning() if state.cursor is None else None
    async with aclosing(source.tickets(state.cursor)) as pager:
        kept = len(pager.problems)
        while True:
            found = await source.chunk(pager, size)
            problems, kept = unread(pager.problems[kept:]), len(pager.problems)
            if state.floor is None:
                state.floor = floor_of(newest(found), source.overlap)
            news = [one for one in found if not state.has_told(one)]
            taken = await taker.take(news, first=True, problems=problems)
            _note(state, found)
            if began is not None:
                began.note(found)
            if state.mode is ChangeMode.SCAN and (at := newest(found)) is not None:
                state.newest = max(state.newest or at, at)
            state.cursor = pager.cursor
            if len(found) < size or pager.exhausted:
                break
            yield taken
    if began is not None and state.mode is ChangeMode.SCAN:
        state.floor = began.floor(state.floor, source.overlap)
    state.listed, state.cursor = True, None
    yield taken


async def _newest_changes(source: Source, state: State, taker: Taker) -> Taken:
    """Tell of what changed last before anything is listed, and note where polls begin."""
    found: list[Ticket] = []
    problems: list[Problem] = []
    if source.has_deleted:
        await baseline(source, state)  # first: what is deleted behind it may be told by then
    async with aclosing(pages_of(source.changed)) as pages:
        async for page in pages:
            met = {one.id for one in found}
            found += [one for one in page.items if one.id not in met]
            problems += page.problems
            if len(found) >= DEPTH:
                break
    state.newest = newest(found)
    state.floor = floor_of(state.newest, source.overlap)
    taken = await taker.take(found, first=True, problems=problems)
    state.known.listed([one.id for one in found if not is_gone(one)])
    state.seen.renew((identity(one.id), version(one)) for one in found)
    return taken


def _note(state: State, found: Sequence[Ticket]) -> None:
    here = [one.id for one in found if not is_gone(one)]
    state.known.listed([one for one in here if not state.seen.knows(identity(one))])
    if state.mode is ChangeMode.SCAN:
        for one in found:
            said = version(one)
            state.versions.add(key_of(one.id, said))
            if not is_before(one.updated_at, state.floor):
                state.seen.put(identity(one.id), said)


def unread(problems: Sequence[Problem]) -> list[Problem]:
    """Return the records that could not be read; the error of a list that is short is raised."""
    for problem in problems:
        if isinstance(problem.error, IncompleteList):
            raise problem.error
    return list(problems)
