"""A response is one by evidence: only an agent, as RT tells who is one, speaks for the desk."""

from __future__ import annotations

import pytest

from helpdesk_bridge import Audience, AuthenticationError, Helpdesk, Message, MessageType, Role
from tests.adapters.doubles import Caught, asked
from tests.adapters.request_tracker.conftest import (
    CUSTOMER,
    RequestTrackerDouble,
    user_json,
)

pytestmark = pytest.mark.asyncio
COLLEAGUE = "colleague@northpier.example"


async def spoken(desk: Helpdesk) -> list[Message]:
    return [message async for message in desk.messages("4")]


def asked_for(fake: RequestTrackerDouble) -> list[str]:
    return [path for _, path, _ in asked(fake.journal) if path.startswith("/user/")]


async def test_somebody_in_copy_is_no_agent(fake: RequestTrackerDouble, desk: Helpdesk) -> None:
    fake.add(Creator=user_json(COLLEAGUE))
    (message,) = await spoken(desk)
    assert (message.type, message.audience) == (MessageType.UNKNOWN, Audience.EXTERNAL)
    assert (message.author.role, message.author.email) == (Role.UNKNOWN, COLLEAGUE)


@pytest.mark.parametrize("login", ["bob", "bob@helpdesk.example", "Bob Byron"])
async def test_a_privileged_user_is_an_agent(
    fake: RequestTrackerDouble, desk: Helpdesk, login: str
) -> None:
    fake.agents[login] = 1
    fake.add(Creator=user_json(login))
    (message,) = await spoken(desk)
    assert (message.type, message.author.role) == (MessageType.RESPONSE, Role.AGENT)


@pytest.mark.parametrize("told", [0, "0", None, ""])
async def test_a_user_without_rights_is_none(
    fake: RequestTrackerDouble, desk: Helpdesk, told: object
) -> None:
    fake.agents["bob"] = told
    fake.add(Creator=user_json("bob"))
    (message,) = await spoken(desk)
    assert (message.type, message.author.role) == (MessageType.UNKNOWN, Role.UNKNOWN)


async def test_the_owner_and_the_account_itself_need_no_question(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    fake.no_users = 403
    fake.tickets[4]["Owner"] = user_json("Bob")
    fake.add(Creator=user_json("Bob"))
    fake.add()  # by the account
    fake.add(Creator=user_json(CUSTOMER))
    fake.add("Status", Creator=user_json("RT_System"))
    read = await spoken(desk)
    types = [MessageType.RESPONSE, MessageType.RESPONSE, MessageType.REQUEST, MessageType.SYSTEM]
    assert [message.type for message in read] == types
    assert asked_for(fake) == []


async def test_an_agent_is_asked_for_once(fake: RequestTrackerDouble, desk: Helpdesk) -> None:
    fake.agents["bob"] = 1
    for _ in range(150):
        fake.add(Creator=user_json("bob"))
    assert {message.type for message in await spoken(desk)} == {MessageType.RESPONSE}
    assert {message.type for message in await spoken(desk)} == {MessageType.RESPONSE}
    assert asked_for(fake) == ["/user/bob"]


async def test_an_account_that_may_not_ask_calls_nobody_an_agent(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    fake.no_users = 403
    fake.agents["bob"] = 1
    fake.add(Creator=user_json("bob"))
    fake.add("Comment", Creator=user_json("bob"))
    first, note = await spoken(desk)
    assert (first.type, first.author.role) == (MessageType.UNKNOWN, Role.UNKNOWN)
    assert (note.type, note.author.role) == (MessageType.NOTE, Role.UNKNOWN)


@pytest.mark.parametrize("status", [400, 404, 405])
async def test_a_web_server_that_keeps_users_from_us_costs_no_conversation(
    fake: RequestTrackerDouble, desk: Helpdesk, status: int
) -> None:
    fake.no_users = status
    fake.agents["bob"] = 1
    fake.add(Creator=user_json("bob"))
    (message,) = await spoken(desk)
    assert message.type is MessageType.UNKNOWN


async def test_a_failure_to_tell_who_speaks_is_raised_and_not_taken_for_an_answer(
    fake: RequestTrackerDouble, desk: Helpdesk, caught: Caught
) -> None:
    fake.no_users = 401
    fake.add(Creator=user_json("bob"))
    assert isinstance(await caught(spoken(desk)), AuthenticationError)


async def test_a_login_of_digits_is_not_the_user_of_that_number(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    fake.renamed["27"] = "ada"  # RT answers with the user whose number is 27
    fake.agents["27"] = 1
    fake.add(Creator=user_json("27"))
    (message,) = await spoken(desk)
    assert message.type is MessageType.UNKNOWN


@pytest.mark.parametrize(
    "headers",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-replied (vacation)",
        "Return-Path: <>",
        'Content-Type: multipart/report;\n report-type="delivery-status"; boundary=B',
        "Content-Type: multipart/report; report-type=Delivery-Status; boundary=B",
        "Content-Type: Multipart/Report; report-type=disposition-notification; boundary=B",
        "Auto-Submitted: auto-generated\nX-Auto-Response-Suppress: All",
        "Precedence: bulk\nX-Auto-Response-Suppress: OOF",
        "X-Failed-Recipients: li@customer.example",
        "From: Mail Delivery System <Mailer-Daemon>",
        "RT-DetectedAutoGenerated: true\nIn-Reply-To: <rt-5.0.3@desk.example>",
        "RT-DetectedAutoGenerated: true\nReferences: <rt-5.0.3@desk.example>",
        "From: MAILER-DAEMON@mx.example (Mail Delivery System)",
        'From: "Post" <postmaster@mx.example>',
        "X-Autoreply: yes",
        "Precedence: auto_reply",
    ],
)
@pytest.mark.parametrize("login", [CUSTOMER, COLLEAGUE, "bob"])
async def test_what_a_mail_program_answers_is_nobodys_word(
    fake: RequestTrackerDouble, desk: Helpdesk, headers: str, login: str
) -> None:
    fake.agents["bob"] = 1
    fake.add(Creator=user_json(login))
    fake.parts[0]["Headers"] = f"Subject: Re: x\n{headers}\nX-RT-Interface: Email"
    if "/report" in headers.lower():
        fake.parts[0]["ContentType"] = "multipart/Report"
    (message,) = await spoken(desk)
    assert (message.type, message.audience) == (MessageType.UNKNOWN, Audience.EXTERNAL)


async def test_what_a_program_of_the_customers_begins_is_a_request_and_an_agents_no_response(
    fake: RequestTrackerDouble, desk: Helpdesk
) -> None:
    fake.agents["bob"] = 1
    for login in (CUSTOMER, "bob"):
        fake.add(Creator=user_json(login))
    for part in fake.parts:
        part["Headers"] = "Auto-Submitted: auto-generated\nRT-DetectedAutoGenerated: true"
    read = await spoken(desk)
    assert [message.type for message in read] == [MessageType.REQUEST, MessageType.UNKNOWN]


@pytest.mark.parametrize(
    "headers",
    [
        "In-Reply-To: <rt-5.0.3@desk.example>",
        "X-Auto-Response-Suppress: All",
        "Auto-Submitted: no\nX-Auto-Response-Suppress: All",
        "RT-DetectedAutoGenerated: true\nPrecedence: bulk",
    ],
)
async def test_what_the_customer_writes_or_begins_stays_a_request(
    fake: RequestTrackerDouble, desk: Helpdesk, headers: str
) -> None:
    fake.add(Creator=user_json(CUSTOMER))
    fake.add("Create", Creator=user_json(CUSTOMER))
    for part in fake.parts:
        part["Headers"] = headers
    assert [message.type for message in await spoken(desk)] == [MessageType.REQUEST] * 2
