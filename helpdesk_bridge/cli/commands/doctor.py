"""``helpdesk-bridge doctor``: what is wrong with a desk, found by reading only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

import attrs
from attrs import define
from rich.console import Console

from helpdesk_bridge.cli.console import complain, plain, say
from helpdesk_bridge.cli.doctor.diagnosis import (
    CheckResult,
    Finding,
    Trouble,
    classify,
    clock,
    diagnose,
    skew_of,
)
from helpdesk_bridge.config import Config, DeskConfig, load_config
from helpdesk_bridge.desk import Helpdesk
from helpdesk_bridge.errors import HelpdeskError
from helpdesk_bridge.kit.contract import Adapter
from helpdesk_bridge.model import Capability, Page, Ticket
from helpdesk_bridge.secret import Secret
from helpdesk_bridge.transport import Explanation, Handler, Request, Response, TokenProvider

__all__ = ["doctor", "examine"]

T = TypeVar("T")

_STYLE = {CheckResult.OK: "green", CheckResult.WRONG: "red", CheckResult.UNCHECKED: "yellow"}


def doctor(desk: str | None = None, /, *, config: Path | None = None) -> int:
    """Check a desk, or all desks of the configuration, and say what to do about what is wrong.

    It only reads: the first page of tickets and the messages of one of them, or what else the desk
    can list. No credential is shown. Exits with 1 if anything is wrong.

    Parameters
    ----------
    desk
        The name of a desk in the configuration.
    config
        The path of a helpdesk.toml, in place of the usual ones.
    """
    try:
        found = load_config(config)
    except HelpdeskError as error:
        return complain(error.message)
    return asyncio.run(_report(found, found.desks if desk is None else [desk]))


async def _report(config: Config, names: list[str]) -> int:
    console = Console()
    count = dict.fromkeys(CheckResult, 0)
    for name in names:
        say(console, (f"desk {plain(name)}", "bold"))
        async for finding in examine(config, name):
            count[finding.verdict] += 1
            trouble = f"{finding.trouble}: " if finding.trouble else ""
            says = plain(f"{trouble}{finding.says} {finding.advice}")
            verdict = (f"  {finding.verdict:<11}", _STYLE[finding.verdict])
            say(console, verdict, f"  {finding.check:<13}  {says}")
    ending = f"{count[CheckResult.WRONG]} wrong" if count[CheckResult.WRONG] else "Nothing is wrong"
    say(console, f"{ending}; {count[CheckResult.UNCHECKED]} not checked.")
    return 1 if count[CheckResult.WRONG] else 0


@define
class _Watch:
    """Looks at the dates of a desk's answers."""

    answered: bool = False
    skew: timedelta | None = None

    def look(self, response: Response) -> None:
        """Compare clocks, once."""
        self.answered = True
        if self.skew is None:
            headers = response.headers
            now = datetime.now(UTC)
            self.skew = skew_of(headers.get("Date", ""), headers.get("Age", ""), now)

    async def __call__(self, request: Request, handler: Handler) -> Response:
        """See the good answers; as a middleware."""
        response = await handler(request)
        self.look(response)
        return response

    def over(self, kind: type[Adapter]) -> type[Adapter]:
        """Return ``kind`` with an eye on the error answers, which pass no user's middleware."""

        def explain(_: type[Adapter], response: Response) -> Explanation:
            self.look(response)
            return kind.explain(response)

        return cast(
            "type[Adapter]", type(kind.__name__, (kind,), {"explain": classmethod(explain)})
        )


async def examine(config: Config, name: str) -> AsyncIterator[Finding]:
    """Yield the findings about one desk as they are made."""
    watch = _Watch()
    try:
        found = config.desk(name)
        desk = _opened(found, watch)
    except Exception as error:  # noqa: BLE001 - whatever somebody else's adapter raises
        yield diagnose("settings", error)
        return
    async with desk:
        examination = _Examination(desk, found)
        yield _good("settings", examination.description)
        async for finding in examination.run():
            yield finding
    if watch.answered:
        yield clock(watch.skew)


def _opened(found: DeskConfig, watch: _Watch) -> Helpdesk:
    return Helpdesk(
        found.settings,
        name=found.name,
        adapter=watch.over(found.adapter),
        options=found.options,
        middlewares=[watch],
    )


class _Examination:
    """The requests made to one desk, each a check."""

    def __init__(self, desk: Helpdesk, found: DeskConfig) -> None:
        self._desk = desk
        self._address: str | None = getattr(found.settings, "base_url", None)
        self._keys = _credentials(found.settings)

    @property
    def description(self) -> str:
        where = f" at {self._address}" if self._address else ""
        return f"{self._desk.adapter.name}{where}."

    async def run(self) -> AsyncIterator[Finding]:
        """Read what can be read, and say what cannot be checked."""
        able = self._desk.capabilities
        if able.supports(Capability.LIST_TICKETS):
            listed = await self._try("tickets", self._desk.tickets, _count_of_tickets)
            page, finding = listed
            yield finding
            if able.supports(Capability.LIST_MESSAGES):
                yield await self._messages(page)
            else:
                yield _unchecked("messages", able[Capability.LIST_MESSAGES].reason)
            return
        yield _unchecked("tickets", able[Capability.LIST_TICKETS].reason)
        if able.supports(Capability.LIST_CUSTOM_FIELDS):
            _, finding = await self._try(
                "custom fields", self._desk.custom_fields, lambda found: f"{len(found)} defined."
            )
            yield finding
        elif self._address is not None:
            yield await self._connection()
        if able.supports(Capability.LIST_MESSAGES):
            yield _unchecked("messages", _NO_TICKET)

    async def _messages(self, page: Page[Ticket] | None) -> Finding:
        if page is None or not page.items:
            return _unchecked("messages", _NO_TICKET)
        ticket = page.items[0]
        _, finding = await self._try(
            "messages",
            lambda: self._desk.messages(ticket),
            lambda found: f"{len(found.items)} on the first page of a ticket.",
        )
        return finding

    async def _connection(self) -> Finding:
        """Ask for base_url itself: whatever is answered, there is somebody who answers."""
        try:
            await self._desk.raw("GET")
        except HelpdeskError as error:
            if error.status is None or classify(error) is Trouble.PROXY:
                return self._diagnosed("connection", error)
        return _good("connection", "somebody answers; whether the credentials do is not known.")

    async def _try(
        self, check: str, call: Callable[[], Awaitable[T]], tell: Callable[[T], str]
    ) -> tuple[T | None, Finding]:
        try:
            found = await call()
            problems = getattr(found, "problems", ())
            if problems:
                raise problems[0].error
        except Exception as error:  # noqa: BLE001 - as above
            return None, self._diagnosed(check, error)
        return found, _good(check, tell(found))

    def _diagnosed(self, check: str, error: Exception) -> Finding:
        return diagnose(check, error, keys=self._keys)


_NO_TICKET = "there is no ticket whose messages could be read."


def _count_of_tickets(page: Page[Ticket]) -> str:
    return f"{len(page.items)} on the first page."


def _credentials(settings: Any) -> list[str]:
    """Return the names of the settings that hold a credential."""
    return [
        attribute.alias
        for attribute in attrs.fields(type(settings))
        if isinstance(getattr(settings, attribute.name), (Secret, TokenProvider))
    ]


def _good(check: str, says: str) -> Finding:
    return Finding(check=check, verdict=CheckResult.OK, says=says)


def _unchecked(check: str, says: str) -> Finding:
    return Finding(check=check, verdict=CheckResult.UNCHECKED, says=says)
