"""A server in the place of Request Tracker that answers as it is told to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from aiohttp import web

from helpdesk_bridge.testing import FakeServer


class Strange(FakeServer):
    """Answers with what it is told to, by path."""

    prefix = "/REST/2.0"

    def __init__(self, answers: dict[str, Any]) -> None:
        super().__init__()
        self.answers = answers

    def table(self) -> dict[str, Any]:
        return {
            "adapter": "request_tracker",
            "base_url": self.base_url,
            "user": "ada",
            "password": "x",
        }

    def routes(self) -> Iterable[web.RouteDef]:
        return [web.route("*", "/{rest:.*}", self.answer)]

    async def answer(self, request: web.Request) -> web.Response:
        path = request.path.removeprefix(self.prefix)
        found = self.answers.get(path, {"items": [], "total": None})
        if isinstance(found, int):
            return web.json_response({"message": "No"}, status=found)
        return web.json_response(found(request) if callable(found) else found)


def listed(*rows: dict[str, Any], total: int | None = -1) -> dict[str, Any]:
    return {"items": list(rows), "total": len(rows) if total == -1 else total, "per_page": 50}
