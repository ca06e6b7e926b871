"""Which answers with a success status say no, by their envelope alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from helpdesk_bridge import errors
from helpdesk_bridge.errors import Outcome
from helpdesk_bridge.transport import Operation, Transport
from helpdesk_bridge.transport.acceptance import is_accepted
from helpdesk_bridge.transport.refusal import (
    is_login_page,
    leads_to_login,
    says_no,
)

RECORD = {"id": 7, "subject": "error", "status": "open"}
YES: list[Any] = [
    {},
    [],
    [{"error": "x"}],
    None,
    {"data": RECORD},
    {"data": {**RECORD, "error": "smtp", "success": False, "status": "error"}},
    {"data": [], "error": None, "errors": [], "success": True, "ok": 1, "status": "ok"},
    {"data": [], "error": "", "errors": {}, "error_code": 0, "errno": "0", "errmsg": "ok"},
    {"data": [], "error": False, "errors": {"subject": []}, "status": 200, "code": 0},
    {"data": [], "error": {"code": None, "message": ""}, "success": None, "code": "200"},
    {**RECORD, "error": "mailbox full"},
    {**RECORD, "status": "error", "type": "error"},
    {**RECORD, "status": 401, "code": 404},
    {**RECORD, "errors": [1], "failed": True},
    {"id": "1", "type": "ticket", "_url": "http://rt/ticket/1"},
    {"id": 7, "status": "open"},
    {"type": "result", "message": "Message sent.", "ticketID": 12312},
    {"type": "collection", "itemTotal": "2", "items": []},
    {"message": {"id": 1, "error": "x"}, "success": True},
    {"message": "Ticket deleted"},
    {"status": "resolved"},
    {"custom_fields": {"error": "E-17", "success": False}},
    {"data": {"id": 7, "status": "failed", "type": "error"}},
    {"result": "success"},
    {"total": 0, "items": [], "page": 401},
    {"meta": {"current_page": 404}, "data": []},
    {"data": RECORD, "error": "No error."},
    {"data": RECORD, "errorCode": "0000", "errmsg": "Request successful"},
    {"data": RECORD, "error": {"code": 200, "message": "ok"}},
    {"items": [RECORD], "errors": [{"code": "deprecated", "message": "`a` is deprecated"}]},
    {"items": [RECORD], "errorCode": 200, "error": "n/a"},
    {"items": [RECORD], "success": "2 tickets found"},
]
NO: list[Any] = [
    {"success": False},
    {"success": "FALSE "},
    {"success": 0},
    {"is_success": False},
    {"Succeeded": False, "data": RECORD},
    {**RECORD, "success": False},
    {"ok": "no"},
    *({"success": word, "items": [RECORD]} for word in ("failed", -1, [])),
    {"error": "x"},
    {"items": [RECORD], "errors": ["`a` is deprecated", "a shard failed"]},
    {"errors": ["`a` is deprecated"]},
    {"errors": ["no"]},
    {"error": {"code": 200, "message": "Quota exceeded"}},
    {"error": True},
    {"error": 5},
    {"error": {"code": "X"}},
    {"error": [None, "x"]},
    {"ERROR": "x", "data": RECORD},
    {"errors": {"subject": ["Required."]}},
    {"errors": "x", "items": []},
    {"error_code": 17},
    {"errorMessage": "x"},
    {"exception": "RuntimeException", "message": ""},
    {"status": "Error"},
    {"status": "fail"},
    {"status": False},
    {"status": 500},
    {"status": "403"},
    {"statusCode": 404},
    {"code": 401},
    {"type": "error", "message": "x"},
    {"result": "FAILED"},
    {"id": "req_1", "error": {"message": "x"}},
    {"id": "req_1", "status": "error"},
    {"data": {"success": False}},
    {"response": {"status": "error", "message": "x"}},
    {"meta": {"code": 400}, "data": []},
    {"message": "Unauthenticated."},
    {"message": "Your session has expired"},
    {"type": "about:blank", "title": "Forbidden", "status": 403},
]


SIGNED_OUT: list[Any] = [
    {"messages": [], "total": 0, "isLoggedIn": False},
    {"messages": [], "page": 1, "message": "Session expired"},
    {"messages": [], "total": 0, "status": "session_expired"},
    {"messages": [], "redirect": "/login"},
    {"messages": [], "total": 0, "code": "SESSION_EXPIRED"},
    {"data": [], "meta": {"total": 0}, "links": {}, "authenticated": False},
    {"data": [], "meta": {"total": 0}, "links": {"next": None}, "message": "Please log in."},
    {"data": [], "current_page": 1, "message": "Unauthenticated."},
    {"items": [], "total": 0, "authenticated": False},
    {"items": [RECORD], "total": 1, "logged_in": "no"},
    {"redirect": "https://desk.example/users/sign_in?next=1"},
    {"id": "req_9", "redirect": "/login"},
]
SIGNED_IN: list[Any] = [
    {"messages": [], "total": 0, "isLoggedIn": True},
    {"messages": [], "page": 1, "message": "No messages"},
    {"messages": [RECORD], "page": 1, "message": "Session expired"},
    {"data": [RECORD], "message": "Session expired"},
    {"data": {**RECORD, "authenticated": False}},
    {**RECORD, "authenticated": False, "redirect": "/login", "message": "Unauthenticated."},
    {"messages": [], "redirect": "/messages"},
    {"ticket": RECORD, "status": "session_expired"},
]


@pytest.mark.parametrize("data", SIGNED_OUT, ids=repr)
def test_who_is_signed_out_has_no_empty_list(data: Any) -> None:
    found = says_no(data)
    assert found is not None
    assert found.login


@pytest.mark.parametrize("data", SIGNED_IN, ids=repr)
def test_content_that_tells_of_signing_in_is_no_refusal(data: Any) -> None:
    assert says_no(data) is None


@pytest.mark.parametrize("data", YES, ids=repr)
def test_an_ordinary_answer_says_no_such_thing(data: Any) -> None:
    assert says_no(data) is None


@pytest.mark.parametrize("data", NO, ids=repr)
def test_an_answer_that_says_no_is_noticed(data: Any) -> None:
    assert says_no(data) is not None


def test_a_code_that_the_vendor_documents_says_no() -> None:
    assert says_no({"code": "TICKET_CLOSED", "message": "x"}) is None
    assert says_no({"code": "TICKET_CLOSED", "message": "x"}, {"TICKET_CLOSED"}) is not None


@pytest.mark.parametrize(
    "data",
    [
        {"error": "unauthenticated"},
        {"error": "invalid_token", "error_description": "x"},
        {"success": False, "message": "Token has expired"},
        {"error": {"code": "SESSION_EXPIRED"}},
        {"errors": [{"code": "not-authenticated"}]},
        {"error": "x", "status": 401},
        {"error": "Please log in"},
        {"code": 419},
    ],
    ids=repr,
)
def test_a_refusal_of_who_asks_is_told_from_others(data: Any) -> None:
    found = says_no(data)
    assert found is not None
    assert found.login


@pytest.mark.parametrize(
    "text",
    [
        "missing key 'author'",
        "invalid key: authors",
        "Invalid token '<' in body",
        "unknown session type for chat",
        "wrong token count",
    ],
)
def test_a_refused_value_is_not_about_who_asks(text: str) -> None:
    for data in ({"error": text}, {"success": False, "message": text}, {"error": {"title": text}}):
        found = says_no(data)
        assert found is not None
        assert not found.login


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["id", "error", "errors", "status", "code", "data", "ok"])
                | st.text(max_size=40),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_whatever_was_answered_is_judged(data: Any) -> None:
    says_no(data)
    is_accepted(data)
    is_accepted(data, "7")


# -- pages for people --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "page",
    [
        b"<title>Sign in</title>",
        b"<html><TITLE lang=en>Acme - Log In</title>",
        b"<title>Anmeldung</title>",
        b"<form><input name='p' type=\"password\"></form>",
        b"<title>Your session has expired</title>",
    ],
)
def test_a_login_page_is_known_by_its_title_or_its_password(page: bytes) -> None:
    assert is_login_page(page)


@pytest.mark.parametrize("page", [b"<html>", b"<title>502</title>", b"<p>Sign in</p>", b"<" * 999])
def test_another_page_is_none(page: bytes) -> None:
    assert not is_login_page(page)


@pytest.mark.parametrize("sign_in", [b"<title>Sign in</title>", b"<input type=password>"])
def test_a_login_page_is_known_by_its_beginning(sign_in: bytes) -> None:
    assert is_login_page(b"<html>" + b" " * 16_000 + sign_in)
    assert not is_login_page(b"<html>" + b" " * 17_000 + sign_in)


@pytest.mark.parametrize("tag", [b"<input", b"<title"])
def test_a_tag_that_never_ends_is_looked_at_up_to_the_next_one(tag: bytes) -> None:
    """So that each character is looked at once, however many tags there are."""
    assert is_login_page(tag + b" class='x'><input\n name='p'\n TYPE = 'password'>")
    assert not is_login_page(tag + b" <p type=password> sign in")
    assert not is_login_page(b"<title x <p>Sign in")


OWN = URL("https://desk.example/api/v1/tickets")


@pytest.mark.parametrize(
    "target",
    [
        "https://desk.example/login",
        "https://desk.example/users/sign_in?next=x",
        "https://desk.example/NoAuth/Login.html?next=1",
        "https://desk.example/index.php?page=login",
        "https://desk.example/auth/realms/x",
        "https://desk.example/oauth2/authorize?a=b",
        "https://accounts.idp.example/x",
        "https://login.idp.example/",
        "https://desk.example/session/new",
    ],
)
def test_a_redirect_to_where_people_sign_in_is_known_by_its_address(target: str) -> None:
    assert leads_to_login(URL(target), OWN)


@pytest.mark.parametrize(
    "target",
    [
        "https://desk.example/api/v1/tickets/",
        "https://desk.example/api/v2/tickets?token=login_x",
        "https://cdn.example/files/7?X-Amz-Signature=1",
        "https://desk.example/authors/7",
        "https://desk.example/blogins",
        "",
    ],
)
def test_another_redirect_is_not(target: str) -> None:
    assert not leads_to_login(URL(target), OWN)


def test_a_word_that_the_request_had_itself_says_nothing() -> None:
    own = URL("https://desk.example/auth/api/tickets")
    assert not leads_to_login(URL("https://desk.example/auth/api/v2/tickets"), own)
    assert leads_to_login(URL("https://desk.example/auth/login"), own)


# -- over a socket -----------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("body", [b'{"success": false}', b'{"error": {"code": "X"}}'])
async def test_what_nobody_documents_proves_nothing(
    connect: Any,
    vendor: Any,
    read: Operation,
    idempotent: Operation,
    unsafe: Operation,
    body: bytes,
) -> None:
    transport: Transport = connect(vendor)
    kinds = {read: "GET", idempotent: "PUT", unsafe: "POST"}
    found: dict[Operation, errors.HelpdeskError] = {}
    for operation, method in kinds.items():
        vendor.answers(200, body)
        with pytest.raises(errors.HelpdeskError) as caught:
            await transport.send(operation, method, ("t",))
        found[operation] = caught.value
    assert type(found[unsafe]) is errors.OutcomeUnknown
    assert {type(found[read]), type(found[idempotent])} == {errors.ValidationFailed}
    assert {error.outcome for error in found.values()} == {Outcome.UNKNOWN}


@pytest.mark.asyncio
async def test_what_the_vendor_documents_was_refused(
    connect: Any, vendor: Any, unsafe: Operation, caught: Any
) -> None:
    transport: Transport = connect(vendor, is_error=lambda response: True)
    vendor.answers(200, b'{"success": false}')
    error = await caught(transport.send(unsafe, "POST", ("t",)))
    assert (type(error), error.outcome) == (errors.ValidationFailed, Outcome.REJECTED)


@pytest.mark.asyncio
async def test_nothing_is_taken_for_gone_by_a_success(
    connect: Any, vendor: Any, idempotent: Operation, caught: Any
) -> None:
    vendor.answers(200, b'{"code": 404}')
    error = await caught(connect(vendor).send(idempotent, "DELETE", ("t",)))
    assert type(error) is errors.ValidationFailed


@pytest.mark.asyncio
async def test_a_secret_that_a_refusal_quotes_is_struck_out(
    connect: Any, vendor: Any, read: Operation, caught: Any
) -> None:
    vendor.answers(200, b'{"error": "bad word swordfish-canary for mia@c.example", "code": "Q"}')
    error = await caught(
        connect(vendor).send(read, "GET", ("t",), query=[("q", "swordfish-canary")])
    )
    assert "swordfish" not in str(error)
    assert "mia@" not in str(error)
    assert "bad word" in str(error)
