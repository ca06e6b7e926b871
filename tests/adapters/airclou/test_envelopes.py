"""Lists are complete and objects are found, in whichever envelope the vendor wraps them."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from helpdesk_bridge import Helpdesk, MessageType, Pager, Status, errors
from helpdesk_bridge.testing import StoredTicket
from tests.adapters.airclou.conftest import ScriptedFake, message_json, note_json, ticket_json, tkt
from tests.adapters.doubles import Caught, add_message, asked, cursor_at, drain, ids, new_ticket

TICKETS = "/api/v1/tickets"
MESSAGES = "/api/messages"

# -- messages --------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("envelope", ["messages", "data", "items", ""])
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 200, 221])
async def test_a_conversation_is_complete_and_in_order_in_every_envelope(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, envelope: str, count: int
) -> None:
    fake.envelope = envelope
    stored.messages.clear()
    expected = [f"msg_{add_message(fake.store, stored).id}" for _ in range(count)]
    assert ids([message async for message in desk.messages(tkt(stored))]) == expected


@pytest.mark.asyncio
@pytest.mark.parametrize("wrap", ["", "message", "data"])
async def test_a_message_is_found_in_every_envelope(
    fake: ScriptedFake, desk: Helpdesk, wrap: str
) -> None:
    body = {wrap: message_json(), "success": True} if wrap else message_json()
    fake.script.add("GET", f"{MESSAGES}/msg_7f3a", body)
    message = await desk.message("tkt_482", "msg_7f3a")
    assert (message.id, message.type) == ("msg_7f3a", MessageType.REQUEST)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "body",
    [
        note_json(),
        {"message": note_json()},
        {"data": note_json()},
        {"message": "Created", "data": note_json()},
    ],
)
async def test_a_made_message_is_found_in_every_envelope(
    fake: ScriptedFake, desk: Helpdesk, body: Any
) -> None:
    fake.script.add("POST", MESSAGES, body, 201)
    sent = await desk.note("tkt_482", text="Hi")
    assert sent.message is not None
    assert (sent.id, sent.message.html) == ("msg_7f3b", "<p>Known issue.</p>")


def serve(fake: ScriptedFake, count: int, figures: Any, size: int = 100) -> None:
    """Answer with ``count`` messages in pages of ``size``; ``figures`` makes what is told."""

    def answer(request: web.Request) -> web.StreamResponse:
        page = int(request.query["page"])
        start, end = size * (page - 1), min(count, size * page)
        records = [note_json(id=f"msg_{number}") for number in range(start, max(start, end))]
        return web.json_response({"messages": records, **figures(page, end < count, count)})

    fake.script.add("GET", MESSAGES, answer, times=20)


FIGURES: dict[str, Any] = {
    "nothing": lambda page, more, total: {},
    "hasMore": lambda page, more, total: {"hasMore": more},
    "has_more": lambda page, more, total: {"has_more": more},
    "total": lambda page, more, total: {"total": total},
    "meta.hasMore": lambda page, more, total: {"meta": {"hasMore": more}},
    "meta.total": lambda page, more, total: {"meta": {"total": total}},
    "pagination.has_more": lambda page, more, total: {"pagination": {"has_more": more}},
    "pagination.total": lambda page, more, total: {"pagination": {"total": total}},
    "null figures": lambda page, more, total: {"hasMore": None, "total": None, "meta": None},
    "odd figures": lambda page, more, total: {"hasMore": "yes", "total": "9", "meta": [1]},
    "a link": lambda page, more, total: {"links": {"next": "/elsewhere"}, "hasMore": more},
}


@pytest.mark.asyncio
@pytest.mark.parametrize("told", FIGURES)
async def test_all_messages_are_read_however_the_vendor_counts(
    fake: ScriptedFake, desk: Helpdesk, told: str
) -> None:
    serve(fake, 221, FIGURES[told])
    found = [message async for message in desk.messages("tkt_482")]
    assert ids(found) == [f"msg_{number}" for number in range(221)]
    # A short page alone does not say that it is the last.
    beyond = ["4"] if told in ("nothing", "null figures", "odd figures") else []
    # Without a count only another walk tells whether a message moved meanwhile.
    walks = 1 if "total" in told or told == "odd figures" else 2
    assert [(e.path, e.values("page")) for e in fake.journal] == [
        (MESSAGES, [number]) for number in ("1", "2", "3", *beyond) * walks
    ]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("told", "requests"), [("nothing", 2 * 3), ("total", 2), ("hasMore", 2 * 2), ("meta.total", 2)]
)
async def test_beyond_a_full_last_page_is_asked_only_if_nothing_is_told(
    fake: ScriptedFake, desk: Helpdesk, told: str, requests: int
) -> None:
    serve(fake, 200, FIGURES[told])
    found = [message async for message in desk.messages("tkt_482")]
    assert (len(found), len(fake.journal)) == (200, requests)


@pytest.mark.asyncio
@pytest.mark.parametrize("count", [49, 50, 51, 100, 121, 200])
@pytest.mark.parametrize("told", FIGURES)
async def test_all_messages_are_read_of_a_server_that_gives_pages_of_its_default_size(
    fake: ScriptedFake, desk: Helpdesk, told: str, count: int
) -> None:
    serve(fake, count, FIGURES[told], size=50)
    found = [message async for message in desk.messages("tkt_482")]
    assert ids(found) == [f"msg_{number}" for number in range(count)]


@pytest.mark.asyncio
@pytest.mark.parametrize("place", [{}, {"meta": {}}])
async def test_a_server_with_shorter_pages_is_read_to_its_end(
    fake: ScriptedFake, desk: Helpdesk, place: Any
) -> None:
    def figures(page: int, more: bool, total: int) -> Any:
        told = {"limit": 20, "total": total}
        return {"meta": told} if place else told

    serve(fake, 60, figures, size=20)
    assert len([message async for message in desk.messages("tkt_482")]) == 60


@pytest.mark.asyncio
@pytest.mark.parametrize("told", ["nothing", "hasMore"])
async def test_messages_that_repeat_themselves_are_an_error_and_none_comes_twice(
    fake: ScriptedFake, desk: Helpdesk, told: str
) -> None:
    records = [note_json(id=f"msg_{number}") for number in range(50)]
    figures = FIGURES[told](1, True, 0)
    fake.script.add("GET", MESSAGES, {"messages": records, **figures}, times=9)
    found, error = await drain(desk.messages("tkt_482"))
    assert ids(found) == [f"msg_{number}" for number in range(50)]
    assert type(error) is errors.PaginationLoop


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "$"),
        ({"messages": {}}, "$.messages"),
        ({"items": None}, "$.items"),
        ({"records": []}, "$"),
        (7, "$"),
        ([[1]], "$[0]"),
        ({"messages": ["canary"]}, "$.messages[0]"),
    ],
)
async def test_a_list_that_is_none_is_an_error_that_says_where(
    fake: ScriptedFake, desk: Helpdesk, body: Any, path: str
) -> None:
    fake.script.add("GET", MESSAGES, body)
    _, error = await drain(desk.messages("tkt_482"))
    assert isinstance(error, errors.ProtocolError)
    assert (error.path, "canary" in str(error)) == (path, False)


@pytest.mark.asyncio
async def test_one_unreadable_message_does_not_lose_the_others(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    records = [note_json(id="msg_1"), note_json(id=None), note_json(id="msg_3")]
    fake.script.add("GET", MESSAGES, {"messages": records, "hasMore": False})
    pager = desk.messages("tkt_482").collect_problems()
    assert ids([message async for message in pager]) == ["msg_1", "msg_3"]
    (problem,) = pager.problems
    assert isinstance(problem.error, errors.ProtocolError)
    assert (problem.error.path, problem.raw) == ("$.messages[1].id", records[1])


@pytest.mark.asyncio
async def test_messages_of_another_ticket_are_problems_and_not_this_ones(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    records = [note_json(id="msg_1"), note_json(id="msg_2", ticketId="tkt_9")]
    fake.script.add("GET", MESSAGES, {"messages": records, "hasMore": False}, times=2)
    found, error = await drain(desk.messages("tkt_482"))
    assert (ids(found), type(error)) == (["msg_1"], errors.ProtocolError)
    assert getattr(error, "path", "") == "$.messages[1].ticketId"
    pager = desk.messages("tkt_482").collect_problems()
    assert (ids([message async for message in pager]), len(pager.problems)) == (["msg_1"], 1)


@pytest.mark.asyncio
@pytest.mark.parametrize("told", [{"page": 3}, {"meta": {"currentPage": "3"}}])
async def test_another_page_than_was_asked_for_is_an_error(
    fake: ScriptedFake, desk: Helpdesk, told: Any
) -> None:
    serve(fake, 121, lambda page, more, total: {"total": total, **(told if page == 2 else {})})
    found, error = await drain(desk.messages("tkt_482"))
    assert (len(found), type(error)) == (100, errors.PaginationLoop)


@pytest.mark.asyncio
async def test_another_message_than_was_asked_for_is_an_error(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught
) -> None:
    fake.script.add("GET", f"{MESSAGES}/msg_1", {"message": note_json(id="msg_2")})
    assert type(await caught(desk.message("tkt_482", "msg_1"))) is errors.ProtocolError


# -- custom fields ---------------------------------------------------------------------------


def fields_json(start: int, count: int) -> list[dict[str, Any]]:
    return [{"id": f"fld_{n}", "title": "T", "type": "text"} for n in range(start, start + count)]


@pytest.mark.asyncio
@pytest.mark.parametrize("told", ["hasMore", "has_more", "total"])
async def test_custom_fields_are_read_to_the_end(
    fake: ScriptedFake, desk: Helpdesk, told: str
) -> None:
    first = {"hasMore": {"meta": {"hasMore": 1, "nextCursor": "c2"}}}.get(
        told, {told: 130, "after_cursor": "c2"}
    )
    path = "/api/v1/ticket_fields"
    fake.script.add("GET", path, {"ticketFields": fields_json(0, 100), **first})
    fake.script.add("GET", path, {"ticketFields": fields_json(100, 30), "after_cursor": None})
    assert len(await desk.custom_fields()) == 130
    assert [e.values("after") for e in fake.journal] == [[], ["c2"]]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("meta", "kind"),
    [
        ({"meta": []}, errors.ProtocolError),
        ({}, errors.ProtocolError),
        ({"total": 130}, errors.ProtocolError),
        ({"total": 130, "meta": {"hasMore": False}}, errors.IncompleteList),
        ({"total_pages": 2}, errors.ProtocolError),
    ],
)
async def test_custom_fields_that_are_not_all_there_are_an_error(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, meta: Any, kind: type[Exception]
) -> None:
    answer = {"ticketFields": fields_json(0, 100), **meta}
    fake.script.add("GET", "/api/v1/ticket_fields", answer, times=2)
    error = await caught(desk.custom_fields())
    assert (type(error), error.operation, error.desk) == (kind, "custom_fields", desk.name)


@pytest.mark.asyncio
async def test_custom_fields_come_all_or_none_and_the_error_says_so(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught
) -> None:
    path = "/api/v1/ticket_fields"
    fields = fields_json(0, 3)
    fake.script.add("GET", path, {"ticketFields": fields, "total": 5, "hasMore": False})
    error = await caught(desk.custom_fields())
    assert type(error) is errors.IncompleteList
    assert "Nothing was handed out" in str(error)
    assert "collect_problems" not in str(error)
    del fields[1]["id"]
    fake.script.add("GET", path, {"ticketFields": fields, "hasMore": False})
    error = await caught(desk.custom_fields())
    assert (type(error), getattr(error, "path", "")) == (
        errors.ProtocolError,
        "$.ticketFields[1].id",
    )


# -- tickets ---------------------------------------------------------------------------------

NEXT: dict[str, dict[str, Any]] = {
    "meta.afterCursor": {"meta": {"hasMore": True, "afterCursor": "c 2/&"}},
    "the cursor alone": {"meta": {"afterCursor": "c 2/&"}},
    "after": {"meta": {"hasMore": True}, "links": {"next": f"{TICKETS}?after=c+2%2F%26"}},
    "page[after]": {"links": {"next": "/x?page%5Bsize%5D=9&page%5Bafter%5D=c%202%2F%26"}},
    "page[after], bare": {"links": {"next": "?page[after]=c%202%2F%26"}},
    "pageAfter": {"links": {"next": "https://elsewhere.example/x?pageAfter=c%202%2F%26"}},
    "cursor before link": {
        "meta": {"hasMore": True, "afterCursor": "c 2/&"},
        "links": {"next": f"{TICKETS}?after=another"},
    },
}
LAST: dict[str, dict[str, Any]] = {
    "hasMore false": {"meta": {"hasMore": False}, "links": {"next": None}},
    "no cursor": {"meta": {"pageSize": 100, "afterCursor": None}},
    "hasMore over cursor": {"meta": {"hasMore": False, "afterCursor": "c9"}},
    "nulls": {"meta": None, "links": None},
    "nothing": {},
}


@pytest.mark.asyncio
@pytest.mark.parametrize("last", LAST)
@pytest.mark.parametrize("told", NEXT)
async def test_the_next_page_is_asked_for_by_cursor_and_a_link_is_never_followed(
    fake: ScriptedFake, desk: Helpdesk, told: str, last: str
) -> None:
    fake.script.add("GET", TICKETS, {"tickets": [ticket_json(id="tkt_1")], **NEXT[told]})
    fake.script.add("GET", TICKETS, {"tickets": [ticket_json(id="tkt_2")], **LAST[last]})
    assert ids([ticket async for ticket in desk.tickets()]) == ["tkt_1", "tkt_2"]
    assert [(e.path, e.values("after")) for e in fake.journal] == [
        (TICKETS, []),
        (TICKETS, ["c 2/&"]),
    ]


@pytest.mark.asyncio
@pytest.mark.parametrize("wrap", ["tickets", "data", ""])
async def test_tickets_are_found_in_every_envelope(
    fake: ScriptedFake, desk: Helpdesk, wrap: str
) -> None:
    records = [ticket_json(id="tkt_1")]
    fake.script.add("GET", TICKETS, {wrap: records} if wrap else records)
    assert ids([ticket async for ticket in desk.tickets()]) == ["tkt_1"]


LOST: dict[str, tuple[dict[str, Any], str]] = {
    "hasMore without a cursor": ({"meta": {"hasMore": True}}, "$.meta"),
    "an empty cursor": ({"meta": {"hasMore": True, "afterCursor": ""}}, "$.meta"),
    "a link without a cursor": ({"links": {"next": "/x?page=2"}}, "$.links.next"),
    "a cursor that is a list": ({"meta": {"afterCursor": [7391]}}, "$.meta.afterCursor"),
    "hasMore that is a word": ({"meta": {"hasMore": "canary"}}, "$.meta.hasMore"),
    "a link that is an object": ({"links": {"next": {"href": "canary"}}}, "$.links.next"),
    "meta that is a list": ({"meta": ["canary"]}, "$.meta"),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("told", LOST)
async def test_a_list_that_goes_on_nobody_knows_where_is_an_error_and_does_not_end_short(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, told: str
) -> None:
    figures, path = LOST[told]
    fake.script.add("GET", TICKETS, {"tickets": [ticket_json()], **figures})
    error = await caught(desk.tickets())
    assert isinstance(error, errors.ProtocolError)
    assert (error.path, error.status) == (path, 200)
    assert not [word for word in ("canary", "7391") if word in str(error)]


HINTS: dict[str, dict[str, Any]] = {
    "remaining": {"remaining": 125},
    "scroll_id": {"scroll_id": "c5"},
    "a total of another name": {"ticketsTotalNumber": 130},
    "an object nobody knows": {"envelope": {"total": 130, "hasMore": True}},
    "pages": {"pages": {"next": {"page": 2}, "total_pages": 26}},
    "info": {"info": {"total": 130, "hasMore": True}},
    "hasMoreTickets": {"hasMoreTickets": True},
    "numFound": {"numFound": 130},
    "totalHits": {"totalHits": 130},
    "total_tickets": {"total_tickets": 130},
    "a link that is denied": {"has_more": False, "next": "/x?page=2"},
}


@pytest.mark.asyncio
@pytest.mark.parametrize("told", HINTS)
async def test_a_small_page_is_not_the_end_where_anything_may_say_otherwise(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, told: str
) -> None:
    fake.script.add("GET", TICKETS, {"tickets": [ticket_json()], **HINTS[told]})
    _, error = await drain(desk.tickets())
    assert isinstance(error, errors.ProtocolError)
    answer = {"ticketFields": fields_json(0, 3), **HINTS[told]}
    fake.script.add("GET", "/api/v1/ticket_fields", answer)
    assert type(await caught(desk.custom_fields())) is errors.ProtocolError


PLACES: dict[str, dict[str, Any]] = {
    "paging.after": {"paging": {"after": "c2"}, "remaining": 125},
    "after": {"after": "c2"},
    "next_after": {"next_after": "c2"},
    "nextMarker": {"nextMarker": "c2"},
    "an object as others have it": {"pages": {"next": {"starting_after": "c2"}}},
    "a link that is denied": {"has_more": False, "next": "/x?after=c2"},
}


@pytest.mark.asyncio
@pytest.mark.parametrize("told", PLACES)
async def test_the_next_page_is_asked_for_by_any_name_also_on_a_small_page(
    fake: ScriptedFake, desk: Helpdesk, told: str
) -> None:
    fake.script.add("GET", TICKETS, {"tickets": [ticket_json(id="tkt_1")], **PLACES[told]})
    fake.script.add("GET", TICKETS, {"tickets": [ticket_json(id="tkt_2")], "after": "c2"})
    assert await exhausted(desk.tickets()) == (["tkt_1", "tkt_2"], type(None))
    assert [e.values("after") for e in fake.journal] == [[], ["c2"]]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "header", [{"Link": '</x?after=c2>; rel="next"'}, {"X-Total-Count": "130"}]
)
async def test_the_headers_of_a_list_are_read(
    fake: ScriptedFake, desk: Helpdesk, header: dict[str, str]
) -> None:
    records = [ticket_json(id="tkt_1")]
    fake.script.add("GET", TICKETS, lambda _: web.json_response(records, headers=header))
    fake.script.add("GET", TICKETS, [ticket_json(id="tkt_2")])
    found, error = await drain(desk.tickets())
    if "Link" in header:
        assert (ids(found), error) == (["tkt_1", "tkt_2"], None)
    else:
        assert type(error) is errors.ProtocolError


GOOD: dict[str, dict[str, Any]] = {
    "paging.after": {"paging": {"after": None}},
    "after": {"after": None},
    "cursor": {"cursor": None},
    "remaining": {"remaining": 0},
    "has_more in words": {"has_more": "no"},
    "a link without an address": {"links": {"next": {"href": None}}},
    "no link": {"next": {}},
    "a cursor of 0": {"next_cursor": 0},
    "a cursor of 0 as text": {"nextCursor": "0"},
    "links without a next one": {"links": {"self": "/x?p=1", "first": "/x?p=1", "prev": None}},
    "links of the last page": {"links": {"self": "/x?p=3", "prev": "/x?p=2", "last": "/x?p=3"}},
    "a filtered count": {"recordsTotal": 900, "recordsFiltered": 30},
    "a filtered count in meta": {"meta": {"total": 900, "filtered": "30"}},
}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("link", "ended"),
    [
        ('</x?p=1>; rel="first", </x?p=1>; rel="last"', True),
        ('</x?p=1>; rel="first", </x?p=2>; rel="last", </x?p=1>; rel="prev"', True),
        ('</x?p=1>; rel="first", </x?p=2>; rel="last"', False),
        ('</x>; rel="self"', False),
        ('</x?p=1>; rel="first"', False),
    ],
)
async def test_a_header_that_leaves_the_next_page_out_tells_of_the_end(
    fake: ScriptedFake, desk: Helpdesk, link: str, ended: bool
) -> None:
    records = [ticket_json(id=f"tkt_{n}") for n in range(30)]
    fake.script.add("GET", TICKETS, lambda _: web.json_response(records, headers={"Link": link}))
    found, error = await drain(desk.tickets())
    assert (len(found), error is None) == ((30, True) if ended else (0, False))


NUMBERS: dict[str, dict[str, Any]] = {
    "nextCursor": {"nextCursor": 100},
    "next": {"hasMore": True, "next": "100"},
    "next as a number": {"meta": {"next": 100}},
    "cursor.next": {"cursor": {"next": "100"}},
}


@pytest.mark.asyncio
@pytest.mark.parametrize("told", NUMBERS)
async def test_a_cursor_may_be_a_number_and_an_empty_page_that_repeats_it_is_the_end(
    fake: ScriptedFake, desk: Helpdesk, told: str
) -> None:
    fake.script.add("GET", TICKETS, {"tickets": [ticket_json(id="tkt_1")], **NUMBERS[told]})
    behind = {name: value for name, value in NUMBERS[told].items() if name != "hasMore"}
    fake.script.add("GET", TICKETS, {"tickets": [], **behind})
    assert await exhausted(desk.tickets()) == (["tkt_1"], type(None))
    assert [e.values("after") for e in fake.journal] == [[], ["100"]]


HARMLESS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "all tickets of the account": ({"nextCursor": None, "total": 3}, {"X-Total-Count": "900"}),
    "an archive": ({"nextCursor": None}, {"Link": '</old>; rel="next-archive"'}),
    "requests that remain": ({"nextCursor": None, "remaining": 999}, {}),
    "requests that remain, and a total": ({"total": 3, "remaining": 999}, {}),
    "an address": ({"moreInfo": "https://docs.example/tickets"}, {}),
    "a time": ({"next_sync_in": 60}, {}),
    "a flag of something else": ({"afterHours": True}, {}),
    "a place of something else": ({"foundIn": "db1"}, {}),
    "an account": ({"account": {"totalTickets": 900}}, {}),
    "a quota": ({"quota": {"remaining": 900}}, {}),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("told", HARMLESS)
async def test_what_says_nothing_of_the_list_is_no_reason_to_refuse_it(
    fake: ScriptedFake, desk: Helpdesk, told: str
) -> None:
    envelope, headers = HARMLESS[told]
    answer = {"tickets": [ticket_json(id=f"tkt_{n}") for n in range(3)], **envelope}
    fake.script.add("GET", TICKETS, lambda _: web.json_response(answer, headers=headers))
    pager = desk.tickets()
    found, error = await drain(pager)
    assert (len(found), error, pager.exhausted) == (3, None, True)


@pytest.mark.asyncio
@pytest.mark.parametrize("told", GOOD)
async def test_a_page_that_says_that_it_is_the_last_is(
    fake: ScriptedFake, desk: Helpdesk, told: str
) -> None:
    records = [ticket_json(id=f"tkt_{n}") for n in range(30)]
    fake.script.add("GET", TICKETS, {"tickets": records, **GOOD[told]})
    pager = desk.tickets()
    found, error = await drain(pager)
    assert (len(found), error, pager.exhausted) == (30, None, True)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("sizes", "cursor", "told", "kind"),
    [
        ((20, 12), None, {}, None),
        ((20, 9), None, {}, None),
        ((20, 20), None, {}, errors.ProtocolError),
        ((20, 20), None, {"total": 40}, None),
        ((0, 20), "c1", {}, errors.ProtocolError),
        ((0, 100), "c1", {"total": 500}, errors.ProtocolError),
        ((0, 9), "c1", {}, None),
    ],
)
async def test_a_later_page_without_a_cursor_is_the_last_if_its_size_confirms_that(
    fake: ScriptedFake,
    desk: Helpdesk,
    sizes: tuple[int, int],
    cursor: str | None,
    told: dict[str, int],
    kind: Any,
) -> None:
    def answer(request: web.Request) -> web.StreamResponse:
        page = 1 if "after" in request.query else 0
        place = {} if page else {"after_cursor": "c1"}
        records = [ticket_json(id=f"tkt_{page}{n}") for n in range(sizes[page])]
        return web.json_response({"tickets": records, **place, **told})

    fake.script.add("GET", TICKETS, answer, times=2)
    pager = desk.tickets(cursor=None if cursor is None else cursor_at(desk, "tickets", cursor))
    found, error = await drain(pager)
    assert (len(found), type(error), pager.exhausted) == (sum(sizes), kind or type(None), not kind)


async def exhausted(pager: Pager[Any]) -> tuple[list[str], Any]:
    found, error = await drain(pager)
    return ids(found), type(error)


@pytest.mark.asyncio
async def test_a_cursor_that_repeats_is_an_error(fake: ScriptedFake, desk: Helpdesk) -> None:
    for number in range(9):
        meta = {"hasMore": True, "afterCursor": "c2"}
        answer = {"tickets": [ticket_json(id=f"tkt_{number}")], "meta": meta}
        fake.script.add("GET", TICKETS, answer)
    assert await exhausted(desk.tickets()) == (["tkt_0", "tkt_1"], errors.PaginationLoop)
    assert len(fake.journal) == 2


@pytest.mark.asyncio
async def test_the_fakes_own_link_is_read_and_not_followed(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    for _ in range(101):
        new_ticket(fake.store, status=Status.OPEN)
    tickets = [ticket async for ticket in desk.tickets(status=Status.OPEN)]
    assert (len(tickets), asked(fake.journal)) == (101, [("GET", TICKETS, 200)] * 2)
    assert [e.values("status") for e in fake.journal] == [["open"], ["open"]]
