"""A small Request Tracker on loopback that answers as version 5.0.3 was observed to answer."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from email.message import Message as Mail
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

import pytest_asyncio
from aiohttp import web

from helpdesk_bridge import Helpdesk
from helpdesk_bridge.testing import FakeServer, Refusal
from tests.adapters.doubles import Connect
from tests.adapters.request_tracker.strange import Strange

CUSTOMER = "ines.okafor@northpier.example"
AGENT = "ada"


def user_json(login: str, name: str = "", address: str = "") -> dict[str, Any]:
    """Return a user as lists have one with fields[…]=Name,EmailAddress,RealName."""
    return {
        "id": login,
        "type": "user",
        "_url": f"http://127.0.0.1:8088/REST/2.0/user/{login}",
        "Name": login,
        "EmailAddress": address or (login if "@" in login else ""),
        "RealName": name,
    }


def ticket_json(number: int = 4, **changes: Any) -> dict[str, Any]:
    """Return a ticket as GET /tickets lists one."""
    return {
        "id": str(number),
        "type": "ticket",
        "_url": f"http://127.0.0.1:8088/REST/2.0/ticket/{number}",
        "Subject": "Export stops",
        "Status": "open",
        "Priority": "0",
        "Queue": {
            "id": "1",
            "type": "queue",
            "_url": "http://127.0.0.1:8088/REST/2.0/queue/1",
            "Name": "General",
        },
        "Owner": user_json("Nobody", "Nobody in particular"),
        "Requestor": [user_json(CUSTOMER, "Ines Okafor")],
        "Created": "2026-11-21T14:46:34Z",
        "LastUpdated": "2026-11-21T14:51:58Z",
        "Told": "1970-01-01T00:00:00Z",
        "CustomFields": [
            {
                "id": "2",
                "type": "customfield",
                "_url": "http://127.0.0.1:8088/REST/2.0/customfield/2",
                "name": "Severity",
                "values": ["high"],
            }
        ],
        **changes,
    }


def row_json(number: int, kind: str = "Correspond", **changes: Any) -> dict[str, Any]:
    """Return a transaction as GET /ticket/{id}/history lists one."""
    return {
        "id": str(number),
        "type": "transaction",
        "_url": f"http://127.0.0.1:8088/REST/2.0/transaction/{number}",
        "Type": kind,
        "Creator": user_json(AGENT, "Ada", "ada@helpdesk.example"),
        "Created": "2026-11-21T14:51:58Z",
        "Data": "No Subject",
        "Field": "",
        "OldValue": "",
        "NewValue": "",
        **changes,
    }


def part_json(number: int, transaction: int, **changes: Any) -> dict[str, Any]:
    """Return an attachment as POST /ticket/{id}/attachments lists one."""
    return {
        "id": str(number),
        "type": "attachment",
        "_url": f"http://127.0.0.1:8088/REST/2.0/attachment/{number}",
        "TransactionId": str(transaction),
        "Filename": "",
        "ContentType": "text/html",
        "ContentLength": "12",
        "Subject": "",
        "Headers": "Content-Disposition: inline\nContent-Length: 12",
        **changes,
    }


class RequestTrackerDouble(FakeServer):
    """Tickets, a history with rows that the account may not see, and their parts.

    Pages are cut first, and rows that are hidden dropped after, as RT does for all accounts but
    SuperUser. What it says to a write is set by the test.
    """

    prefix = "/REST/2.0"

    def __init__(self) -> None:
        super().__init__()
        self.tickets: dict[int, dict[str, Any]] = {4: ticket_json(4)}
        self.history: list[dict[str, Any]] = []
        self.hidden: set[int] = set()
        self.parts: list[dict[str, Any]] = []
        self.files: dict[str, Any] = {}
        self.agents: dict[str, Any] = {AGENT: 1}
        self.renamed: dict[str, str] = {}
        self.parents: dict[str, str] = {}
        self.no_users = 0
        self.total: bool = True
        self.ignores = ""
        self.etag: str | None = None
        self.bodies_lost = False
        self.beside: dict[str, Any] = {}
        self.said: list[str] = []
        self.is_error: set[str] = set()
        self.rewrites: dict[str, Callable[[Any], Any]] = {}
        self.location = "/REST/2.0/transaction/{}"
        self.searches: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self.uploads: list[Mail] = []

    def table(self) -> dict[str, Any]:
        return {
            "adapter": "request_tracker",
            "base_url": self.base_url,
            "user": AGENT,
            "password": "made-up",
        }

    def routes(self) -> Iterable[web.RouteDef]:
        return (
            web.get("/tickets", self.search),
            web.post("/ticket", self.create),
            web.get("/ticket/{id}", self.ticket),
            web.put("/ticket/{id}", self.update),
            web.get("/ticket/{id}/history", self.rows),
            web.post("/ticket/{id}/attachments", self.attachments),
            web.post("/ticket/{id}/{kind:correspond|comment}", self.message),
            web.get("/attachment/{id}", self.file),
            web.get("/user/{login}", self.user),
            web.post("/attachments", self.attachments),
        )

    # -- filling -----------------------------------------------------------------------------

    def add(self, kind: str = "Correspond", text: str = "", **changes: Any) -> int:
        """Add a transaction with one part that holds ``text``."""
        number = 100 + len(self.history)
        self.history.append(row_json(number, kind, **changes))
        self.parts.append({**part_json(1000 + number, number), "Content": text or f"<p>{kind}</p>"})
        return number

    def hide(self, *numbers: int) -> None:
        """Keep transactions and their parts from the account."""
        self.hidden.update(numbers)

    # -- answering ---------------------------------------------------------------------------

    cap = 100
    """How many attachments a page has, whatever it says of itself."""

    def page(
        self, request: web.Request, rows: Sequence[dict[str, Any]], *, total: bool
    ) -> web.Response:
        size = min(int(request.query.get("per_page", 20)), 100)
        number = int(request.query.get("page", 1))
        by, *_ = request.query.getall("orderby", ["id"])
        backwards = request.query.get("order") == "DESC"
        most = min(size, self.cap) if request.path.endswith("/attachments") else size
        by_id = sorted(rows, key=lambda row: int(row["id"]), reverse=backwards and by == "id")
        if by != "id":
            by_id.sort(key=lambda row: str(row[by]), reverse=backwards)
        cut = by_id[(number - 1) * most : number * most]
        shown = [r for r in cut if int(r.get("TransactionId", r["id"])) not in self.hidden]
        return web.json_response(
            {
                "count": len(shown),
                "total": len(rows) if total else None,
                "per_page": size,
                "page": number,
                "pages": -(-len(rows) // size) if total else None,
                "items": shown,
                **self.beside,
            }
        )

    async def search(self, request: web.Request) -> web.Response:
        sql = request.query["query"]
        self.searches.append(sql)
        sign, number = re.match(r"id ([>=]) (\d+)", sql).groups()  # type: ignore[union-attr]
        rows = [
            ticket
            for key, ticket in self.tickets.items()
            if ticket["Status"] != "deleted"
            and (key > int(number) if sign == ">" else key == int(number))
        ]
        return self.page(request, rows, total=self.total)

    async def ticket(self, request: web.Request) -> web.Response:
        ticket = self._ticket(request)
        seen = [int(r["id"]) for r in self.history if int(r["id"]) not in self.hidden]
        etag = self.etag if self.etag is not None else f'"{max(seen, default=0)}"'
        people = [{k: p[k] for k in ("id", "type", "_url")} for p in ticket["Requestor"]]
        alone = {**ticket, "id": int(ticket["id"]), "Requestor": people}
        return web.json_response(alone, headers={"ETag": etag} if etag else {})

    async def rows(self, request: web.Request) -> web.Response:
        if request.query.get("order") == "DESC":
            return self.page(request, self.history, total=False)
        (limit,) = json.loads(request.query["query"])
        assert (limit["field"], limit["operator"]) == ("id", ">")
        rows = [
            r
            for r in self.history
            if self.ignores == "history" or int(r["id"]) > int(limit["value"])
        ]
        return self.page(request, rows, total=False)

    async def attachments(self, request: web.Request) -> web.Response:
        limits = await request.json()
        field = limits[0]["field"]
        values = {limit["value"] for limit in limits if limit["field"] == field}
        if "Parent" in request.query.get("fields", ""):
            assert limits[-1] == {"field": "Parent", "operator": ">", "value": "0"}
            rows = [
                {"id": number, "Parent": {"type": "attachment", "id": parent, "_url": "-"}}
                for number, parent in self.parents.items()
                if any(p["id"] == number and p["TransactionId"] in values for p in self.parts)
            ]
            return self.page(request, rows, total=False)
        fields = {"id", "type", "_url", *request.query.get("fields", "").split(",")}
        rows = [
            {k: v for k, v in part.items() if k in fields or k == "TransactionId"}
            for part in self.parts
            if self.ignores == "attachments" or part[field] in values
        ]
        if self.bodies_lost and "Content" in fields:
            rows = []
        return self.page(request, rows, total=False)

    async def file(self, request: web.Request) -> web.Response:
        if request.match_info["id"] not in self.files:
            raise Refusal(500, {"message": "Internal Server Error"})
        return web.json_response(self.files[request.match_info["id"]])

    async def user(self, request: web.Request) -> web.Response:
        login = request.match_info["login"]
        if self.no_users:
            raise Refusal(self.no_users, {"message": "No"})
        if login not in self.agents and "@" not in login:
            raise Refusal(404, {"message": "Not Found"})
        told = {"Name": self.renamed.get(login, login), "Privileged": self.agents.get(login, 0)}
        return web.json_response(told)

    async def create(self, request: web.Request) -> web.Response:
        body = await self._body(request)
        number = max(self.tickets) + 1
        ticket = ticket_json(number, CustomFields="", Status="new")
        self.tickets[number] = ticket
        address = body["Requestor"].rpartition("<")[2].strip(">")
        self._set(ticket, {**body, "Requestor": [user_json(address)]})
        made = {"type": "ticket", "id": str(number), "_url": f"{self.base_url}/ticket/{number}"}
        return web.json_response(made, status=201)

    async def update(self, request: web.Request) -> web.Response:
        self._set(self._ticket(request), await self._body(request))
        return web.json_response(self.said)

    async def message(self, request: web.Request) -> web.Response:
        body = await self._body(request)
        if int(request.match_info["id"]) not in self.tickets:
            raise Refusal(400, {"message": "Permission Denied"})
        kind = {"correspond": "Correspond", "comment": "Comment"}[request.match_info["kind"]]
        if kind in self.is_error:
            raise Refusal(400, {"message": "Permission Denied"})
        number = self.add(kind, body["Content"], TimeTaken="0", CustomFields="")
        on_message = {"CustomFields": "TxnCustomFields", "TimeTaken": "TimeTaken"}
        own = {name: body[key] for name, key in on_message.items() if key in body}
        self._set(self.history[-1], own)
        self._set(self._ticket(request), body)
        return web.json_response(
            [f"{kind} added", *self.said],
            status=201,
            headers={"Location": self.location.format(number)} if self.location else {},
        )

    # -- within ------------------------------------------------------------------------------

    def _ticket(self, request: web.Request) -> dict[str, Any]:
        found = self.tickets.get(int(request.match_info["id"]))
        if found is None:
            raise Refusal(404, {"message": "Not Found"})
        return found

    async def _body(self, request: web.Request) -> dict[str, Any]:
        content = await request.read()
        if request.content_type == "multipart/form-data":
            head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
            first, *files = BytesParser(policy=HTTP).parsebytes(head + content).iter_parts()
            self.uploads += files
            content = first.get_payload(decode=True)
        body: dict[str, Any] = json.loads(content)
        self.bodies.append(body)
        return body

    def _set(self, ticket: dict[str, Any], body: dict[str, Any]) -> None:
        for name in set(body) & set(ticket) - self.is_error:
            value = self.rewrites.get(name, lambda given: given)(body[name])
            if name == "Queue":
                value = {**ticket["Queue"], "Name": value}
            elif name == "Owner":
                value = user_json(value)
            elif name == "CustomFields":
                value = [
                    {"id": str(index), "name": key, "values": [values] if values else []}
                    for index, (key, values) in enumerate(value.items())
                ]
            ticket[name] = value


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[RequestTrackerDouble]:
    async with RequestTrackerDouble() as double:
        yield double


@pytest_asyncio.fixture
async def strange(connect_to: Connect) -> AsyncIterator[Callable[[dict[str, Any]], Any]]:
    """Open a desk on a server that answers so."""
    async with AsyncExitStack() as stack:

        async def opened(answers: dict[str, Any]) -> tuple[Strange, Helpdesk]:
            fake = await stack.enter_async_context(Strange(answers))
            return fake, connect_to(fake)

        yield opened
