"""Adapters whose changes are wrong are caught by the promise that names the fault."""

from __future__ import annotations

import inspect

import pytest

from helpdesk_bridge.testing import Memory
from helpdesk_bridge.testing.conformance.changes import ChangePromises
from tests.testing.mutants_of_changes import MUTANTS, PROMISES, SOUND
from tests.testing.test_conformance_mutants import run


@pytest.mark.asyncio
@pytest.mark.parametrize("test", PROMISES)
@pytest.mark.parametrize("adapter", SOUND)
async def test_a_sound_adapter_keeps_the_promise(
    adapter: type[Memory], test: str, pauses: list[float]
) -> None:
    await run(adapter, test)
    assert pauses == [], "nothing is waited for where changes show at once"


@pytest.mark.asyncio
@pytest.mark.parametrize(("mutant", "test"), MUTANTS.items(), ids=[m.__name__ for m in MUTANTS])
async def test_a_broken_adapter_breaks_its_promise(mutant: type[Memory], test: str) -> None:
    with pytest.raises(AssertionError):
        await run(mutant, test)


def test_every_promise_is_tried() -> None:
    """That of REFUSED is the core's own: no adapter can break it."""
    assert {
        name for name, _ in inspect.getmembers(ChangePromises, callable) if name[:4] == "test"
    } == {*PROMISES}
