"""The fake's users, queues and groups, as an ordinary agent of Request Tracker sees them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from aiohttp import web

from helpdesk_bridge.kit import Party, Role
from helpdesk_bridge.testing import Store
from helpdesk_bridge_request_tracker.fake_lists import Listings
from helpdesk_bridge_request_tracker.fake_records import (
    NOBODY,
    SYSTEM,
    json_answer,
    stamp,
)
from helpdesk_bridge_request_tracker.fake_requests import Row, matching, no, read_limits

__all__ = ["People"]

_SEARCHABLE = frozenset(("RealName", "EmailAddress", "Name"))
"""What an ordinary agent may look for in users, by the default of ``$UserSummaryExtraInfo``."""
_PRIVILEGED = 4
"""The number of RT's group of the privileged."""


class People(Listings):
    """Users, of whom those of the desk are privileged, queues, and one group."""

    def __init__(
        self, store: Store | None = None, *, may_not: Iterable[str] = (), may: Iterable[str] = ()
    ) -> None:
        super().__init__(store, may_not=may_not, may=may)
        self._people: dict[str, Party] = {}

    def people_routes(
        self,
    ) -> list[tuple[str, str, Callable[[web.Request], Awaitable[web.StreamResponse]]]]:
        """Return the operations on users, queues and groups."""
        return [
            ("GET", "/users", self.list_users),
            ("POST", "/users", self.list_users),
            ("GET", r"/user/{login:[^/]+}", self.show_user),
            ("GET", "/queues", self.list_queues),
            ("POST", "/queues", self.list_queues),
            ("GET", "/groups", self.list_groups),
            ("POST", "/groups", self.list_groups),
            ("GET", r"/group/{id:\d+}", self.show_group),
        ]

    def _users(self) -> dict[str, tuple[Party, bool]]:
        """Return all users by their logins, and whether each is privileged."""
        wrote = [message.author for _, message in self.messages()]
        asked = [t.requester for t in self.store.tickets.values() if t.requester.email]
        agents = [self.agent, *self.store.agents, *(p for p in wrote if p.role is Role.AGENT)]
        others = (*self._people.values(), SYSTEM, NOBODY, *asked, *wrote)
        found: dict[str, tuple[Party, bool]] = {}
        for person, privileged in (*((p, True) for p in agents), *((p, False) for p in others)):
            if self.login(person):
                found.setdefault(self.login(person).lower(), (person, privileged))
        return found

    async def list_users(self, request: web.Request) -> web.StreamResponse:
        """GET or POST /users: who is privileged is not told; other fields are not looked at.

        Nobody is disabled here.
        """
        rows: list[Row] = []
        for person, _ in self._users().values():
            number = int(self.principal(person))
            told: dict[str, Any] = {
                "id": number,
                "Name": self.login(person),
                "EmailAddress": person.email or "",
                "RealName": person.name or "",
                "Organization": person.organization or "",
            }
            rows.append((number, "user", told))
        limits = [one for one in await read_limits(request) if one["field"] in _SEARCHABLE]
        found = matching(rows, limits)
        return self.listed(request, found, total=len(found))

    async def show_user(self, request: web.Request) -> web.StreamResponse:
        """GET /user/{login or number}: what an agent sees of others, and whether privileged.

        RT takes a login of digits for its own number of a user; here it is one, as the Store's are.
        """
        login = request.match_info["login"].lower()
        users = self._users()
        numbers = {self.principal(person): one for one, (person, _) in users.items()}
        found = users.get(login) or users.get(numbers.get(login, ""))
        if found is None:
            raise no(404, "Not Found")
        told = self.person_json(found[0], privileged=found[1])
        dated = {"ETag": f'"{stamp(None)}"', "Last-Modified": stamp(None)}
        return json_answer(told, headers=dated)

    async def list_queues(self, request: web.Request) -> web.StreamResponse:
        """GET or POST /queues: no total is told, and what may not be seen leaves a gap.

        All conditions must hold, also several on one field.
        """
        for name in self.store.teams.values():
            self.queues.setdefault(name, len(self.queues) + 1)
        rows: list[Row] = [
            (number, "" if name in self.hidden_queues else "queue", {"id": number, "Name": name})
            for name, number in self.queues.items()
        ]
        limits = await read_limits(request)
        for limit in limits:
            rows = matching(rows, [limit])
        shown = [(number, kind, {**told, "id": str(number)}) for number, kind, told in rows]
        return self.listed(request, shown if limits else [])

    async def list_groups(self, request: web.Request) -> web.StreamResponse:
        """GET or POST /groups: of RT's own groups there is one here."""
        told = {"Name": "Privileged", "Domain": "SystemInternal"}
        kind = "group" if "SeeGroup" in self.may else ""
        limits = await read_limits(request)
        rows: list[Row] = [(_PRIVILEGED, kind, told)] if limits else []
        return self.listed(request, matching(rows, limits))

    async def show_group(self, request: web.Request) -> web.StreamResponse:
        """GET /group/{id} with its members."""
        number = int(request.match_info["id"])
        if "SeeGroup" not in self.may:
            raise no(403, "Forbidden")
        if number != _PRIVILEGED:
            raise no(404, "Not Found")
        agents = [person for person, privileged in self._users().values() if privileged]
        links = ("history", "members")
        url = self.ref("group", number)["_url"]
        told = {
            "Name": "Privileged",
            "Domain": "SystemInternal",
            "Description": "Pseudogroup for internal use",
            "Instance": "0",
            "Disabled": "0",
            "CustomFields": [],
            "Members": [self.ref("user", self.login(agent)) for agent in agents],
            **self.alone("group", number, [{"ref": ref, "_url": f"{url}/{ref}"} for ref in links]),
        }
        return json_answer(told)
