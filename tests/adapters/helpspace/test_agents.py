"""Who speaks for the desk is also told by HelpSpace's list of agents, asked when it is needed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web
from attrs import evolve
from helpdesk_bridge_helpspace import agents

from helpdesk_bridge import Audience, Helpdesk, Message, MessageType, Party, Role, errors
from helpdesk_bridge.testing import StoredTicket
from tests.adapters.doubles import CUSTOMER, Caught, Clock, drain, new_ticket
from tests.adapters.helpspace.conftest import (
    CHANNEL,
    ScriptedFake,
    add,
    agent_contact_json,
    collection,
    contact_json,
    message_json,
    note_json,
    ticket_json,
)

pytestmark = pytest.mark.asyncio
TICKET, TALK = "/tickets/48211", "/tickets/48211/messages"
OURS = (MessageType.RESPONSE, Audience.EXTERNAL, Role.AGENT)
NOBODYS = (MessageType.UNKNOWN, Audience.EXTERNAL, Role.UNKNOWN)
BO = Party(id="12", name="Bo", email="bo@helpdesk.example")
COPIED = {"id": 99, "user_id": 98, "name": "Mo", "value": "mo@else.example", "type": "email"}


def agent_json(number: int = 77, **changes: Any) -> dict[str, Any]:
    """Return a record of the list of agents."""
    told = {"id": number, "name": "Kim", "email": f"a{number}@brightloom.example"}
    return {**told, "is_agent": True, **changes}


def kind(message: Message) -> tuple[MessageType, Audience, Role]:
    return message.type, message.audience, message.author.role


def says(fake: ScriptedFake, *authors: Any, word: str = "external") -> None:
    """Have the ticket hold a message of each author."""
    said = [message_json(id=9 + n, type=word, from_contact=a) for n, a in enumerate(authors)]
    fake.instead("GET", TICKET, {"data": ticket_json()}, times=9)
    fake.instead("GET", TALK, collection("tickets/48211/messages", said), times=9)


def lists(fake: ScriptedFake, *records: Any, **told: Any) -> None:
    """Have the vendor list these agents, once."""
    fake.instead("GET", "/agents", collection("agents", list(records), **told))


async def read(desk: Helpdesk, ticket: str = "48211") -> list[tuple[MessageType, Audience, Role]]:
    return [kind(message) async for message in desk.messages(ticket)]


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(agents, "_now", clock)
    return clock


# -- who is one ------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["external", "widget"])
@pytest.mark.parametrize(
    ("listed", "author"),
    [
        ({}, {"value": "a77@brightloom.example", "type": "email"}),
        ({"email": "Kim <A77@BRIGHTLOOM.example>"}, {"email": "a77@brightloom.example"}),
        ({"email": "kim@bücher.example"}, {"value": "KIM@xn--bcher-kva.example"}),
        ({"email": None}, {"user_id": 77, "value": "kim@home.example", "type": "email"}),
        ({"id": "77"}, {"user_id": 77}),
        ({"id": None}, {"value": "a77@brightloom.example"}),
        ({"is_agent": 1}, {"user_id": "77"}),
        ({"is_agent": "true"}, {"user_id": "77"}),
        ({"is_agent": None}, {"user_id": "77"}),
    ],
)
async def test_an_agent_of_the_vendors_list_speaks_a_response(
    fake: ScriptedFake, desk: Helpdesk, listed: Any, author: Any, word: str
) -> None:
    says(fake, author, word=word)
    lists(fake, agent_json(5), agent_json(**listed))
    assert await read(desk) == [OURS]
    assert len(fake.asked("GET", "/agents")) == 1


@pytest.mark.parametrize(
    ("listed", "author"),
    [
        ({}, COPIED),
        ({}, {"id": 77, "value": "mo@else.example", "type": "email"}),  # the id of a contact
        ({"email": None}, {**COPIED, "value": None}),
        ({"email": ""}, {**COPIED, "value": "no address"}),
        ({"id": None}, {"value": "mo@else.example"}),
        *(
            ({"is_agent": no}, {"user_id": 77, "value": "a77@brightloom.example"})
            for no in (False, 0, "0", "false", "")
        ),
    ],
)
async def test_who_is_not_on_the_list_or_is_said_to_be_no_agent_stays_unknown(
    fake: ScriptedFake, desk: Helpdesk, listed: Any, author: Any
) -> None:
    says(fake, author)
    lists(fake, agent_json(**listed))
    assert await read(desk) == [NOBODYS]


async def test_the_tickets_contact_speaks_a_request_though_an_agent_too(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    says(fake, COPIED, contact_json())
    lists(fake, agent_json(18440, email=CUSTOMER))
    assert [one for one, _, _ in await read(desk)] == [MessageType.UNKNOWN, MessageType.REQUEST]


@pytest.mark.parametrize("word", ["ai-summary", "event", "internal"])
async def test_the_list_says_nothing_of_messages_whose_word_tells_what_they_are(
    fake: ScriptedFake, desk: Helpdesk, word: str
) -> None:
    says(fake, {"user_id": 77}, word=word)
    (found,) = await read(desk)
    assert (found[0] is MessageType.RESPONSE, fake.asked("GET", "/agents")) == (False, [])


# -- when it is asked ------------------------------------------------------------------------


async def test_where_everybody_is_known_the_list_is_not_asked(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    nobody = {"id": 31, "name": "Kim"}  # nothing that the list could tell
    says(fake, contact_json(), agent_contact_json(), {"value": CHANNEL}, {}, None, nobody)
    fake.instead("GET", f"{TALK}/7", {"data": note_json(id=7)})
    assert len(await read(desk)) == 6
    await desk.message("48211", "7")
    assert fake.asked("GET", "/agents") == []


async def test_the_list_is_asked_once_in_five_minutes(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, now: Clock
) -> None:
    other = new_ticket(fake.store)
    for ticket in (stored, other):
        add(fake.store, ticket, author=BO)
        add(fake.store, ticket, author=Party(id="44", email="mo@else.example"))
    asked = []
    for ticket, later in ((stored, 0), (other, 0), (stored, 299), (other, 2), (stored, 1)):
        now.now += later
        assert (await read(desk, str(ticket.id)))[1:] == [OURS, NOBODYS]
        asked.append(len(fake.asked("GET", "/agents")))
    assert asked == [1, 1, 1, 2, 2]


async def test_conversations_that_are_read_at_once_ask_once(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    tickets = [new_ticket(fake.store) for _ in range(5)]
    for ticket in tickets:
        add(fake.store, ticket, author=BO)
    found = await asyncio.gather(*(read(desk, str(ticket.id)) for ticket in tickets))
    assert [kinds[1] for kinds in found] == [OURS] * 5
    assert len(fake.asked("GET", "/agents")) == 1


async def test_a_conversation_of_several_pages_asks_once(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    for _ in range(120):
        add(fake.store, stored, author=BO)
    assert (await read(desk, str(stored.id)))[1:] == [OURS] * 120
    assert (len(fake.asked("GET", "/agents")), len(fake.asked("GET", "/messages"))) == (1, 3)


async def test_all_pages_of_the_list_are_read(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    fake.store.agents += [
        Party(id=str(n), name="A", email=f"a{n}@helpdesk.example", role=Role.AGENT)
        for n in range(5000, 5120)
    ]
    add(fake.store, stored, author=Party(id="3", email="a5119@helpdesk.example"))
    assert (await read(desk, str(stored.id)))[1:] == [OURS]
    pages = [dict(exchange.query) for exchange in fake.asked("GET", "/agents")]
    assert pages == [{"page": str(n), "per-page": "50"} for n in (1, 2, 3)]


async def test_a_message_that_is_asked_for_is_told_by_the_list(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    reply = add(fake.store, stored, author=BO)
    found = await desk.message(str(stored.id), str(reply.id))
    assert (kind(found), len(fake.asked("GET", "/agents"))) == (OURS, 1)


async def test_after_a_message_was_sent_nothing_more_is_asked(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    """A second request that hangs would put in doubt what is known to be sent."""
    shown = message_json(id=9, from_contact={"value": BO.email, "type": "email"})
    path = f"/tickets/{stored.id}/messages"
    fake.instead("POST", path, {"data": shown}, 201, times=2)
    add(fake.store, stored, author=BO)
    kinds = []
    for _ in range(2):
        sent = await desk.reply(str(stored.id), text="T", send_email=False)
        assert sent.message is not None
        kinds.append(kind(sent.message))
        assert fake.journal[-1].method == "POST"
        await read(desk, str(stored.id))  # which asks, and what is known by now is used
    assert kinds == [NOBODYS, OURS]


# -- when it does not come -------------------------------------------------------------------


@pytest.mark.parametrize("status", [403, 404])
async def test_an_account_that_may_not_read_the_list_knows_nobody_by_it(
    fake: ScriptedFake, desk: Helpdesk, now: Clock, status: int
) -> None:
    says(fake, {"value": BO.email})
    fake.instead("GET", "/agents", {"message": "No."}, status)
    for later in (0, 299):
        now.now += later
        assert await read(desk) == [NOBODYS]
        assert len(fake.asked("GET", "/agents")) == 1
    now.now += 1
    assert await read(desk) == [OURS]


@pytest.mark.parametrize(
    ("status", "kind_of_error"),
    [(401, errors.AuthenticationError), (500, errors.VendorUnavailable)],
)
async def test_another_failure_of_the_list_is_one_of_the_reading(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, status: int, kind_of_error: Any
) -> None:
    says(fake, {"value": BO.email})
    fake.instead("GET", f"{TALK}/9", {"data": message_json(id=9, from_contact=COPIED)})
    fake.instead("GET", "/agents", {"message": "No."}, status, times=2)
    error = await caught(read(desk))
    assert (type(error), error.message.startswith("the list of agents: ")) == (kind_of_error, True)
    assert type(await caught(desk.message("48211", "9"))) is kind_of_error
    assert await read(desk) == [OURS]


async def test_a_list_that_is_refused_midway_is_not_taken_for_one_that_may_not_be_read(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught
) -> None:
    says(fake, COPIED)
    lists(fake, *map(agent_json, range(50)), last=2, total=51)
    fake.instead("GET", "/agents", {"message": "No."}, 403)
    assert type(await caught(read(desk))) is errors.PermissionDenied


async def test_a_list_that_is_refused_when_it_is_read_again_does_not_count_as_empty(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught
) -> None:
    says(fake, {"value": BO.email})
    fake.instead("GET", "/agents", cut_short, times=2)  # both pages of the first walk
    fake.instead("GET", "/agents", {"message": "No."}, 403)
    assert type(await caught(read(desk))) is errors.PermissionDenied


def cut_short(request: web.Request) -> web.Response:
    """List one agent, and count two."""
    page = int(request.query["page"])
    answer = collection("agents", [agent_json(1)] if page == 1 else [], page=page)
    answer["meta"]["total"] = 2
    return web.json_response(answer)


def with_an_odd_one(request: web.Request) -> web.Response:
    return web.json_response(collection("agents", [agent_json(1), {"id": 2, "email": ["zq7"]}]))


@pytest.mark.parametrize(
    ("listed", "error", "text"),
    [
        (cut_short, errors.IncompleteList, "the list of agents: the vendor counts 2 records"),
        (with_an_odd_one, errors.ProtocolError, "the list of agents: $.data[1].email"),
    ],
)
async def test_a_list_that_lacks_somebody_is_told_of_where_a_stranger_may_be_the_one(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught, listed: Any, error: Any, text: str
) -> None:
    says(fake, {"user_id": 1}, COPIED)
    fake.instead("GET", f"{TALK}/9", {"data": message_json(id=9, from_contact=COPIED)})
    fake.instead("GET", "/agents", listed, times=20)
    found, failure = await drain(desk.messages("48211"))
    assert [kind(message) for message in found] == [OURS, NOBODYS]
    assert (type(failure), text in str(failure)) == (error, True)
    asked = len(fake.asked("GET", "/agents"))
    assert type(await caught(desk.message("48211", "9"))) is error
    assert len(fake.asked("GET", "/agents")) == 2 * asked  # for it is not kept


async def test_a_list_that_is_not_kept_is_asked_once_a_conversation_all_the_same(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    for _ in range(120):
        add(fake.store, stored, author=Party(id="44", email="mo@else.example"))
    fake.instead("GET", "/agents", with_an_odd_one, times=20)
    found, _ = await drain(desk.messages(str(stored.id)))
    assert (len(found), len(fake.asked("GET", "/messages"))) == (121, 3)
    assert len(fake.asked("GET", "/agents")) == 1


@pytest.mark.parametrize("listed", [cut_short, with_an_odd_one])
async def test_a_list_that_lacks_somebody_does_where_it_names_all(
    fake: ScriptedFake, desk: Helpdesk, listed: Any
) -> None:
    says(fake, {"user_id": 1})
    fake.instead("GET", "/agents", listed, times=20)
    assert await read(desk) == [OURS]


# -- the fake --------------------------------------------------------------------------------


async def test_the_fake_lists_its_agents_and_who_spoke_as_one(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    cy = Party(id="70", name="Cy", email="cy@helpdesk.example", role=Role.AGENT)
    mo = Party(id="98", name="Mo", email="mo@else.example")
    for author in (evolve(BO, role=Role.AGENT), cy, mo, cy):
        add(fake.store, stored, author=author)
    answer = await desk.raw("GET", "agents")
    told = [(one["id"], one["email"], one["is_agent"]) for one in answer["data"]]
    assert told == [
        (11, "ada@helpdesk.example", True),
        (12, "bo@helpdesk.example", True),
        (70, "cy@helpdesk.example", True),
    ]


async def test_the_fake_refuses_a_parameter_of_the_list_that_is_not_documented(
    desk: Helpdesk, caught: Caught
) -> None:
    error = await caught(desk.raw("GET", "agents", query={"is-agent": "true"}))
    assert type(error) is errors.ValidationFailed
