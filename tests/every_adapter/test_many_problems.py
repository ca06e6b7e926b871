"""A page of nothing but unreadable records costs little, and is told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from attrs import evolve

import helpdesk_bridge as hb
from helpdesk_bridge.kit.reading import MOST_PROBLEMS
from helpdesk_bridge.transport.credentials import Credentials
from tests.every_adapter.saying import desk_and_fake
from tests.every_adapter.test_envelopes import LISTS, serving

pytestmark = pytest.mark.asyncio
WHOLE = {"hasMore": False, "links": {"next": None}}


@pytest.fixture
def cleared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the texts of the errors that were looked through for credentials."""
    found: list[str] = []
    clear = Credentials.clear

    def counted(self: Credentials, error: hb.HelpdeskError) -> None:
        found.append(error.message)
        clear(self, error)

    monkeypatch.setattr(Credentials, "clear", counted)
    return found


def _check(error: BaseException, count: int, cleared: list[str]) -> None:
    assert isinstance(error, hb.ProtocolError)
    assert f"more than {MOST_PROBLEMS} of {count} records cannot be read, the first (" in str(error)
    assert error.items_read == 0
    assert len(cleared) < 20


@pytest.mark.parametrize("name", LISTS)
async def test_a_page_with_too_many_is_one_error(name: str, cleared: list[str]) -> None:
    kind = evolve(LISTS[name], record=lambda _: 0)
    async with serving(kind, lambda *_: WHOLE, size=5000, count=5000) as (desk, _):
        with pytest.raises(hb.ProtocolError) as caught:
            await kind.read(desk)
        _check(caught.value, 5000, cleared)


@pytest.mark.parametrize("what", ["tickets", "messages"])
async def test_a_page_of_request_tracker_with_too_many_is_one_error(
    what: str, cleared: list[str]
) -> None:
    async with desk_and_fake("request_tracker") as (desk, fake):
        made = await desk.create_ticket(subject="S", requester="li@c.example", text="Words.")

        def spoilt(value: Any) -> Any:
            if isinstance(value, dict) and "items" in value:
                rows = [{**value["items"][0], "id": str(one)} for one in range(1, 301)]
                for row in rows:
                    row.update({"Subject": [1], "Type": [1], "Creator": 5})
                return {**value, "items": rows, "count": 300, "total": 300}
            return value

        fake.change = spoilt
        cleared.clear()
        with pytest.raises(hb.ProtocolError) as caught:
            await (desk.tickets() if what == "tickets" else desk.messages(made))
        _check(caught.value, 300, cleared)


@pytest.mark.parametrize("name", LISTS)
async def test_each_of_many_is_told_and_looked_through_once(name: str, cleared: list[str]) -> None:
    kind = evolve(LISTS[name], record=lambda _: 0)
    turns = 0

    async def turning() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += bool(cleared)

    async with serving(kind, lambda *_: WHOLE, size=MOST_PROBLEMS, count=MOST_PROBLEMS) as (
        desk,
        _,
    ):
        other = asyncio.create_task(turning())
        page = await kind.read(desk)
        other.cancel()
        assert len(page.problems) == MOST_PROBLEMS
        assert len(cleared) < MOST_PROBLEMS + 20
        assert turns > MOST_PROBLEMS / 20
        for problem in page.problems:
            error = problem.error
            assert (error.desk, error.operation) == ("it", name.split(" ")[1])
            assert error.items_read == 0
        assert len({problem.error.cursor for problem in page.problems}) == MOST_PROBLEMS


@pytest.mark.parametrize("name", LISTS)
async def test_too_many_records_of_one_id_are_one_error(name: str, cleared: list[str]) -> None:
    own = LISTS[name].record
    kind = evolve(LISTS[name], record=lambda number: {**own(1), "novelty": number})
    async with serving(kind, lambda *_: WHOLE, size=5000, count=5000) as (desk, _):
        with pytest.raises(hb.ProtocolError) as caught:
            await kind.read(desk)
        _check(caught.value, 5000, cleared)
