"""T1: a conversation is whole though rows are hidden, pages short and the end is not told."""

from __future__ import annotations

from typing import Any

import pytest
from helpdesk_bridge_request_tracker import messages, wire

from helpdesk_bridge import Helpdesk, MessageType, NotFound, ProtocolError
from tests.adapters.doubles import Caught, drain
from tests.adapters.request_tracker.conftest import (
    RequestTrackerDouble,
    part_json,
    row_json,
    ticket_json,
)


def talk(fake: RequestTrackerDouble, *counts: int) -> list[str]:
    """Add runs of replies and of hidden comments, by turns; return the ids of the replies."""
    seen: list[str] = []
    for turn, count in enumerate(counts):
        for _ in range(count):
            if turn % 2 == 0:
                seen.append(str(fake.add()))
            else:
                fake.hide(fake.add("Comment"))
    return seen


@pytest.mark.parametrize(
    "counts",
    [
        (3,),
        (100,),
        (250,),
        (1, 330, 1),  # three pages show nothing at all
        (1, 99, 1, 500, 2),
        (1, 1, 98, 1, 99, 650, 1),
        (0, 700, 1),
        (5, 400),  # the newest visible one is followed by hidden ones
        (99, 1, 100, 200, 100),
    ],
)
@pytest.mark.asyncio
async def test_hidden_rows_do_not_end_a_conversation(
    fake: RequestTrackerDouble, desk: Helpdesk, counts: tuple[int, ...]
) -> None:
    expected = talk(fake, *counts)
    read, error = await drain(desk.messages("4"))
    assert error is None
    assert [message.id for message in read] == expected
    assert all(message.text == "Correspond" for message in read)


@pytest.mark.asyncio
async def test_a_conversation_of_nothing_visible_is_empty(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    fake.etag = '"2026-11-21T15:01:17Z"'
    assert await drain(desk.messages("4")) == ([], None)


@pytest.mark.asyncio
async def test_a_conversation_goes_on_from_its_cursor(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    expected = talk(fake, 130, 250, 40)
    first = await desk.messages("4")
    rest = [m.id async for m in desk.messages("4", cursor=first.next)]
    assert [m.id for m in first.items] + rest == expected
    assert first.next is not None


@pytest.mark.asyncio
async def test_what_is_said_meanwhile_comes_too(fake: RequestTrackerDouble, desk: Helpdesk) -> None:
    talk(fake, 100)
    read = []
    async for message in desk.messages("4"):
        read.append(message.id)
        if len(read) == 50:
            late = str(fake.add())
    assert read[-1] != late  # the list was whole when it was read
    assert [m.id async for m in desk.messages("4")][-1] == late


@pytest.mark.asyncio
async def test_types_do_not_end_a_conversation(fake: RequestTrackerDouble, desk: Helpdesk) -> None:
    for _ in range(350):
        fake.add("Correspond")
    note = str(fake.add("Comment"))
    asked = desk.messages("4", types=[MessageType.NOTE])
    assert [message.id async for message in asked] == [note]


@pytest.mark.parametrize(
    "etag",
    ["", '"abc"', '"7x"', '"76-5f3a"', '"103-gzip"', 'W/"103"', '"103;gz"', '"1"', '"99"', '"101"'],
)
@pytest.mark.asyncio
async def test_an_etag_that_was_changed_on_its_way_ends_no_conversation(
    fake: RequestTrackerDouble, desk: Helpdesk, etag: str
) -> None:
    """ "1", "99" and "101" are numbers that no visible row has: somebody else's ETag."""
    expected = talk(fake, 1, 1, 2, 150)
    fake.etag = etag
    read, error = await drain(desk.messages("4"))
    assert ([message.id for message in read], error) == (expected, None)


@pytest.mark.asyncio
async def test_without_an_etag_the_newest_row_is_behind_the_hidden_ones(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    expected = talk(fake, 120, 250, 1, 330)
    fake.etag = ""
    read, error = await drain(desk.messages("4"))
    assert ([message.id for message in read], error) == (expected, None)


@pytest.mark.asyncio
async def test_rows_that_are_all_hidden_are_an_error_and_no_end(
    fake: RequestTrackerDouble, desk: Helpdesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("helpdesk_bridge_request_tracker.lists.MAX_EMPTY", 5)
    talk(fake, 0, 3)
    fake.etag = ""
    read, error = await drain(desk.messages("4"))
    assert (read, type(error)) == ([], ProtocolError)


@pytest.mark.asyncio
async def test_an_end_that_never_comes_is_an_error(
    fake: RequestTrackerDouble, desk: Helpdesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("helpdesk_bridge_request_tracker.lists.MAX_EMPTY", 5)
    talk(fake, 3)
    fake.etag = '"999999"'
    read, error = await drain(desk.messages("4"))
    assert (len(read), type(error)) == (3, ProtocolError)


@pytest.mark.asyncio
async def test_a_server_that_ignores_the_query_is_noticed(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    talk(fake, 150)
    fake.ignores = "history"
    _, error = await drain(desk.messages("4"))
    assert isinstance(error, ProtocolError)


@pytest.mark.asyncio
async def test_parts_that_were_not_asked_for_are_an_error(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    fake.add()
    fake.parts.append(part_json(5000, 77))
    fake.ignores = "attachments"
    _, error = await drain(desk.messages("4"))
    assert isinstance(error, ProtocolError)


@pytest.mark.asyncio
async def test_messages_of_many_files_have_all_of_them(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    fake.add()
    number = fake.add()
    fake.parts += [part_json(2000 + n, number, Filename=f"{n}.txt") for n in range(230)]
    read = [m async for m in desk.messages("4")]
    assert [len(m.attachments) for m in read] == [0, 230]


@pytest.mark.asyncio
async def test_attachments_on_shorter_pages_than_are_told_all_come(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    fake.cap = 50
    expected = talk(fake, 80)
    read, error = await drain(desk.messages("4"))
    assert (error, [message.id for message in read]) == (None, expected)
    assert all(message.text == "Correspond" for message in read)


@pytest.mark.asyncio
async def test_a_body_that_does_not_come_is_an_error(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    talk(fake, 2)
    fake.bodies_lost = True
    read, error = await drain(desk.messages("4"))
    assert (read, type(error)) == ([], ProtocolError)


@pytest.mark.asyncio
async def test_a_row_that_cannot_be_read_does_not_lose_the_others(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    talk(fake, 2)
    fake.history.insert(1, {**row_json(200), "Creator": None})
    pager = desk.messages("4").collect_problems()
    assert [m.id async for m in pager] == ["100", "101"]
    assert [getattr(p.error, "path", "") for p in pager.problems] == ["$.items[2].Creator"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "change", [{"ContentLength": "many"}, {"Filename": 7}, {"Content": ["<p>"]}, {"Headers": {}}]
)
async def test_a_part_that_cannot_be_read_is_a_problem_of_its_message_alone(
    fake: RequestTrackerDouble, desk: Helpdesk, change: dict[str, Any]
) -> None:
    talk(fake, 3)
    fake.parts[1] |= change
    pager = desk.messages("4").collect_problems()
    assert [m.id async for m in pager] == ["100", "102"]
    (problem,) = pager.problems
    assert (problem.index, isinstance(problem.error, ProtocolError)) == (1, True)


@pytest.mark.asyncio
async def test_a_part_that_names_no_message_is_an_error(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    talk(fake, 2)
    fake.ignores = "attachments"
    fake.parts[1]["TransactionId"] = "77"
    fake.parts[1]["Filename"] = 7
    _, error = await drain(desk.messages("4"))
    assert isinstance(error, ProtocolError)


@pytest.mark.asyncio
async def test_a_row_without_a_readable_id_does_not_lose_the_others() -> None:
    rows = [row_json(100), {**row_json(101), "id": None}, "?", row_json(102), {"id": "9" * 300}]
    assert wire.Listing(items=rows).last_id == 102
    assert messages.speaking(rows) == ["100", "102"]
    with pytest.raises(ProtocolError):
        _ = wire.Listing(items=[{"id": "x"}, {}]).last_id


@pytest.mark.asyncio
async def test_one_message_is_read_as_in_its_conversation(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    talk(fake, 3)
    listed = [m async for m in desk.messages("4")]
    assert [await desk.message("4", m.id) for m in listed] == listed


@pytest.mark.parametrize("number", ["99", "102", "103", "7"])
@pytest.mark.asyncio
async def test_a_message_that_is_hidden_or_of_another_ticket_is_not_found(
    fake: RequestTrackerDouble, desk: Helpdesk, caught: Caught, number: str
) -> None:
    talk(fake, 2, 1, 0)
    assert isinstance(await caught(desk.message("4", number)), NotFound)


@pytest.mark.asyncio
async def test_the_conversation_of_a_merged_ticket_says_where_it_is(
    fake: RequestTrackerDouble, desk: Helpdesk, caught: Caught
) -> None:
    fake.tickets[5] = ticket_json(6)
    for call in (desk.messages("5")._first(), desk.message("5", "100")):
        error = await caught(call)
        assert isinstance(error, NotFound)
        assert "merged into 6" in str(error)


@pytest.mark.asyncio
async def test_the_conversation_of_no_ticket_is_not_found_though_its_history_is_empty(
    fake: RequestTrackerDouble, desk: Helpdesk, caught: Caught
) -> None:
    assert isinstance(await caught(desk.messages("9999")._first()), NotFound)
