"""A success status whose answer says no is never a success, of any write of any adapter."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

import helpdesk_bridge as hb
from tests.every_adapter.saying import Answer, desk_and_fake, page, reads, said
from tests.vendors import FAKES

LOGIN = "<!DOCTYPE html><html><head><title>Sign in | Desk</title></head><body></body></html>"
FORM = "<html><title>Welcome</title><form><input name=p type='password'></form></html>"

NOS: dict[str, Answer] = {
    "success": said({"success": False}),
    "success in words": said({"success": "false", "message": "No."}),
    "success 0": said({"Success": 0}),
    "ok": said({"ok": False}),
    "error": said({"error": "quota exceeded"}),
    "error object": said({"error": {"code": "X_17", "message": "No."}, "id": "req_1"}),
    "errors": said({"errors": [{"title": "No."}]}),
    "errors and data": said({"data": None, "errors": {"subject": ["No."]}}),
    "status": said({"status": "ERROR", "message": "No."}),
    "status fail": said({"status": "fail", "data": {}}),
    "status 401": said({"status": 401, "message": "No."}),
    "code": said({"code": 403, "message": "No."}),
    "code in words": said({"code": "404"}),
    "is_error": said({"isError": True}),
    "result": said({"result": False}),
    "inside": said({"data": {"success": False}}),
    "meta": said({"meta": {"code": 400}, "data": []}),
    "only a sentence": said({"message": "Unauthenticated."}),
    "created": said({"error": "not_allowed"}, 201),
    "accepted": said({"success": False}, 202),
    "login page": page(LOGIN),
    "login form": page(FORM),
    "page": page("<html><title>Maintenance</title></html>"),
}
UNDOCUMENTED: dict[str, Answer] = {
    "rejected": said({"status": "rejected"}),
    "not sent": said({"sent": False}),
    "not deleted": said({"deleted": False}),
    "negative code": said({"code": -1}),
    "code inside a status": said({"status": {"code": 403}}),
    "redirect in words": said({"redirect": "/login"}),
    "in a list": said([{"error": "x"}]),
    "in results": said({"results": [{"success": False}]}),
    "sentence": said({"message": "Quota exceeded"}),
    "a count of nothing": said({"message": "Done: 0 of 1"}),
    "a draft": said({"message": "Reply saved as draft"}),
    "a yes taken back": said({"success": True, "message": "sent: 0"}),
    "a warning": said({"status": "success", "warning": "Mailbox full, nothing mailed"}),
    "no results": said({"results": []}),
    "sentence in German": said('"Nachricht konnte nicht gesendet werden"'),
}
"""What only a write whose record nobody reads could take for a success."""
Call = Callable[[hb.Helpdesk, hb.Ticket], Awaitable[Any]]
WRITES: dict[str, tuple[hb.Capability, Call]] = {
    "create_ticket": (
        hb.Capability.CREATE_TICKET,
        lambda d, t: d.create_ticket(subject="Next", requester="li@c.example", text="Some words."),
    ),
    "update_ticket": (
        hb.Capability.UPDATE_TICKET,
        lambda d, t: d.update_ticket(t, subject="Another"),
    ),
    "delete_ticket": (hb.Capability.DELETE_TICKET, lambda d, t: d.delete_ticket(t)),
    "reply": (
        hb.Capability.REPLY,
        lambda d, t: d.reply(t, text="Some words.", send_email=True),
    ),
    "note": (hb.Capability.NOTE, lambda d, t: d.note(t, text="Some words.")),
    "forward": (
        hb.Capability.FORWARD,
        lambda d, t: d.forward(t, to=["x@c.example"], text="Some words."),
    ),
    "add_request": (
        hb.Capability.ADD_REQUEST,
        lambda d, t: d.add_request(t, author="li@c.example", text="Some words."),
    ),
    "raw": (hb.Capability.GET_TICKET, lambda d, t: raw(d)),
}


NEW_TICKETS = {
    "helpspace": ("tickets",),
    "airclou": ("api", "v1", "tickets"),
    "omnidesk": ("api", "v2", "ticket"),
    "request_tracker": ("REST", "2.0", "ticket"),
}
"""The path of each vendor's new tickets."""


async def raw(desk: hb.Helpdesk) -> Any:
    """Write by the vendor's own API."""
    path = NEW_TICKETS[desk.adapter.name]
    return await desk.raw("POST", *path, json={}, effect=hb.Effect.UNSAFE_WRITE)


async def ticket_of(desk: hb.Helpdesk) -> hb.Ticket:
    return await desk.create_ticket(
        subject="Export stops", requester="li@c.example", text="It stops at 90 percent."
    )


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", FAKES)
@pytest.mark.parametrize("write", WRITES)
async def test_no_write_succeeds_by_an_answer_that_says_no(adapter: str, write: str) -> None:
    capability, call = WRITES[write]
    async with desk_and_fake(adapter) as (desk, fake):
        if not desk.capabilities.supports(capability):
            pytest.skip("not offered")
        ticket = await ticket_of(desk)
        for name, answer in NOS.items():
            fake.answer, fake.counted = answer, 0
            with pytest.raises(hb.HelpdeskError) as caught:
                await call(desk, ticket)
            fake.answer = None
            error = caught.value
            assert fake.counted == 1, name
            assert error.outcome is not hb.Outcome.NOT_SENT, name
            if isinstance(error, hb.OutcomeUnknown):
                continue
            # What nobody documents proves nothing: only what leaves the same may be typed.
            assert write in ("update_ticket", "delete_ticket"), (name, error)
            assert error.outcome is hb.Outcome.UNKNOWN, (name, error)


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", ["helpspace", "airclou", "omnidesk"])
@pytest.mark.parametrize("write", ["delete_ticket", "update_ticket", "reply", "add_request"])
async def test_no_write_succeeds_by_an_answer_without_a_yes(adapter: str, write: str) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        ticket = await ticket_of(desk)
        for name, answer in UNDOCUMENTED.items():
            fake.answer, fake.counted = answer, 0
            with pytest.raises(hb.HelpdeskError) as caught:
                await WRITES[write][1](desk, ticket)
            assert (caught.value.outcome, fake.counted) == (hb.Outcome.UNKNOWN, 1), name
            unsafe = write in ("reply", "add_request")
            assert isinstance(caught.value, hb.OutcomeUnknown) is unsafe, name


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", ["helpspace", "airclou", "omnidesk"])
@pytest.mark.parametrize("write", ["delete_ticket", "update_ticket", "reply", "add_request"])
async def test_no_write_succeeds_by_another_deed(adapter: str, write: str) -> None:
    others = ["Ticket closed."]
    others += ["Ticket deleted."] if write != "delete_ticket" else ["Ticket created"]
    others += ["Message sent."] if write == "update_ticket" else ["Ticket updated."]
    async with desk_and_fake(adapter) as (desk, fake):
        ticket = await ticket_of(desk)
        for text in others:
            for answer in (said({"message": text}), said(json.dumps(text)), said({"result": text})):
                fake.answer, fake.counted = answer, 0
                with pytest.raises(hb.HelpdeskError) as caught:
                    await WRITES[write][1](desk, ticket)
                assert (caught.value.outcome, fake.counted) == (hb.Outcome.UNKNOWN, 1), text


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", FAKES)
async def test_a_list_that_says_no_is_no_empty_list(adapter: str) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        ticket = await ticket_of(desk)
        fake.wanted = reads
        empty = {"items": [], "data": [], "tickets": [], "messages": [], "total": 0, "per_page": 50}
        more: dict[str, Answer] = {
            "empty and false": said({**empty, "success": False}),
            "empty and error": said({**empty, "error": "maintenance"}),
            "empty and status": said({**empty, "status": "error"}),
        }
        for name, answer in {**NOS, **more}.items():
            fake.answer = answer
            for pager in (desk.tickets(), desk.messages(ticket)):
                with pytest.raises(hb.HelpdeskError) as caught:
                    _ = [one async for one in pager]
                assert not isinstance(caught.value, hb.OutcomeUnknown), name
            with pytest.raises(hb.HelpdeskError):
                await desk.ticket(ticket.id)


REQUESTS_ID: dict[str, Answer] = {
    "rejected": said({"id": "req_9", "status": "rejected"}),
    "led away": said({"id": "req_9", "redirect": "/login"}),
    "sentence": said({"id": "req_1", "message": "Monthly quota reached"}),
    "sentence inside": said({"data": {"id": "req_1", "message": "Quota reached"}}),
    "only an id": said({"data": {"id": "req/1"}, "ticket": {"id": "a b"}, "id": "../x"}),
    **{
        f"success {word!r}": said({"success": word, key: {"id": "7", "subject": "S"}, "id": "12"})
        for word in ("failed", -1, [], "nein")
        for key in ("message", "ticket", "data")
    },
    "flags": said({"message": {"id": "m", "success": False, "sent": False}}),
    "beside": said({"info": {"success": False}, "message": {"id": "m"}, "ticket": {"id": "t"}}),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", FAKES)
@pytest.mark.parametrize("write", ["create_ticket", "reply", "note", "add_request"])
async def test_an_id_makes_no_success_of_a_refusal(adapter: str, write: str) -> None:
    capability, call = WRITES[write]
    async with desk_and_fake(adapter) as (desk, fake):
        if not desk.capabilities.supports(capability):
            pytest.skip("not offered")
        ticket = await ticket_of(desk)
        for name, answer in REQUESTS_ID.items():
            if name == "only an id" and adapter == "omnidesk" and write != "create_ticket":
                continue  # no id of a message is read there, and nothing denies
            fake.answer, fake.counted = answer, 0
            with pytest.raises(hb.OutcomeUnknown):
                await call(desk, ticket)
            assert fake.counted == 1, name


@pytest.mark.asyncio
@pytest.mark.parametrize("said_by_rt", [["Permission Denied"], ["Ticket 1: Permission Denied"]])
async def test_a_location_makes_no_success_of_a_missing_right(said_by_rt: list[str]) -> None:
    async with desk_and_fake("request_tracker") as (desk, fake):
        ticket = await ticket_of(desk)
        where = {"Location": f"{fake.base_url}/REST/2.0/transaction/7"}
        fake.answer = lambda: web.json_response(said_by_rt, status=201, headers=where)
        with pytest.raises(hb.OutcomeUnknown):
            await desk.reply(ticket, text="Some words.", send_email=True)
        with pytest.raises(hb.OutcomeUnknown):
            await desk.note(ticket, text="Some words.")
        fake.answer = lambda: web.json_response(["Angelegt."], status=201, headers=where)
        assert (await desk.note(ticket, text="Some words.")).id == "7"


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", FAKES)
async def test_a_report_that_is_read_by_raw_is_no_refusal(adapter: str) -> None:
    reports: list[Any] = [
        {"status": "failed", "attempts": 3},
        {"failed": 12, "sent": 100},
        {"code": 404, "hits": 7},
        {"success": False},
        {"message": "Unauthenticated."},
    ]
    async with desk_and_fake(adapter) as (desk, fake):
        path = {**NEW_TICKETS, "request_tracker": ("REST", "2.0", "tickets")}[adapter]
        fake.wanted = lambda _: True
        for report in reports:
            fake.answer = said(report)
            assert await desk.raw("GET", *path) == report
        fake.answer = page(LOGIN)
        with pytest.raises(hb.AuthenticationError):
            await desk.raw("GET", *path)


EMPTY: dict[str, Any] = {"items": [], "data": [], "tickets": [], "messages": [], "total": 0}
SIGNED_OUT: dict[str, Answer] = {
    "flag": said({**EMPTY, "isLoggedIn": False}),
    "another flag": said({**EMPTY, "meta": {"total": 0}, "links": {}, "authenticated": False}),
    "sentence": said({**EMPTY, "page": 1, "message": "Session expired"}),
    "status": said({**EMPTY, "status": "session_expired"}),
    "code": said({**EMPTY, "code": "SESSION_EXPIRED"}),
    "redirect": said({**EMPTY, "redirect": "/login"}),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", FAKES)
async def test_who_is_signed_out_is_not_told_that_nothing_was_sent(adapter: str) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        ticket = await ticket_of(desk)
        fake.answer = said("<html>Bad gateway</html>", 502)
        with pytest.raises(hb.OutcomeUnknown) as lost:
            await desk.reply(ticket, text="It is on its way.", send_email=True)
        fake.wanted = lambda _: True
        for name, answer in SIGNED_OUT.items():
            fake.answer = answer
            for pager in (desk.tickets(), desk.messages(ticket)):
                with pytest.raises(hb.AuthenticationError):
                    _ = [one async for one in pager]
            found = await desk.reconcile(lost.value, settle=0)
            assert found.verdict is hb.Verdict.STILL_UNKNOWN, name


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", FAKES)
@pytest.mark.parametrize(
    "location", ["/login", "/NoAuth/Login.html?next=%2F", "https://sso.c.example/"]
)
@pytest.mark.parametrize("status", [302, 303, 307])
async def test_a_redirect_to_a_login_page_is_about_credentials(
    adapter: str, location: str, status: int
) -> None:
    async with desk_and_fake(adapter) as (desk, fake):
        ticket = await ticket_of(desk)
        fake.wanted = lambda _: True
        fake.answer = lambda: web.Response(status=status, headers={"Location": location})
        with pytest.raises(hb.AuthenticationError) as caught:
            await desk.ticket(ticket.id)
        assert (caught.value.reason, caught.value.status) == (hb.Reason.CREDENTIALS, status)
        fake.wanted, fake.counted = (lambda request: not reads(request)), 0
        with pytest.raises(hb.HelpdeskError) as refused:
            await ticket_of(desk)
        kind = hb.AuthenticationError if status == 307 else hb.OutcomeUnknown
        assert (type(refused.value), fake.counted) == (kind, 1)
        assert refused.value.reason is hb.Reason.CREDENTIALS


@pytest.mark.asyncio
@pytest.mark.parametrize("adapter", FAKES)
async def test_what_a_record_says_of_itself_is_no_refusal(adapter: str) -> None:
    async with desk_and_fake(adapter) as (desk, _):
        made = await desk.create_ticket(
            subject="error", requester="li@c.example", text='{"success": false} and error 401'
        )
        await desk.update_ticket(made, subject="success: false, status: error")
        assert (await desk.ticket(made.id)).subject == "success: false, status: error"
        assert [one.id async for one in desk.tickets()] == [made.id]
