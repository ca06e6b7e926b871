"""Examine one desk by reading from it, and say what is wrong with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import attrs
from attrs import define

from helpdesk_bridge.cli.doctor.diagnosis import (
    ADVICE,
    CheckResult,
    Finding,
    Trouble,
    clock,
    diagnose,
)
from helpdesk_bridge.cli.doctor.rights import Seen, judge
from helpdesk_bridge.config import Config, DeskConfig
from helpdesk_bridge.delivery.file_trouble import can_be_made
from helpdesk_bridge.delivery.open_ledger import open_ledger
from helpdesk_bridge.delivery.sqlite_ledger import SqliteLedger
from helpdesk_bridge.desk import Helpdesk
from helpdesk_bridge.errors import HelpdeskError, Reason, reason_of
from helpdesk_bridge.kit.contract import Adapter
from helpdesk_bridge.kit.numbers import CREDENTIAL
from helpdesk_bridge.model import Capability, MessageType, Page, Party, Problem, Ticket
from helpdesk_bridge.secret import Secret
from helpdesk_bridge.transport import Attempt, AttemptResult, Observer, TokenProvider

__all__ = ["examine"]

T = TypeVar("T")

_LOOKED_INTO = 3
"""Tickets whose first page of messages is read, at the most, to see whether a note comes."""
_FOR_EVER = timedelta(days=36500)


@define
class _Clock(Observer):
    """Compares the vendor's clock with ours, by the first answer that tells it."""

    answered: bool = False
    skew: timedelta | None = None

    def attempt_ended(self, attempt: Attempt, result: AttemptResult) -> None:  # noqa: ARG002
        self.answered = self.answered or result.status is not None
        if self.skew is None and result.vendor_time is not None:
            self.skew = result.vendor_time - datetime.now(UTC)


async def examine(config: Config, name: str) -> AsyncIterator[Finding]:
    """Yield the findings about one desk as they are made."""
    seen = _Clock()
    try:
        found = config.desk(name)
        desk = _opened(found, seen)
    except Exception as error:  # noqa: BLE001 - whatever somebody else's adapter raises
        yield diagnose("settings", error)
        return
    async with desk:
        examination = _Examination(desk, found)
        yield _good("settings", examination.description)
        if found.ledger is not None:
            yield await _ledger(config.origin, found, found.ledger)
        async for finding in examination.run():
            yield finding
    if seen.answered:
        yield clock(seen.skew)


def _opened(found: DeskConfig, observer: Observer) -> Helpdesk:
    return Helpdesk(
        found.settings,
        name=found.name,
        adapter=found.adapter,
        options=found.options,
        observers=[observer],
    )


async def _ledger(origin: str, found: DeskConfig, place: Secret) -> Finding:
    """Read what is open in the ledger. Nothing is kept or dropped, and no file is made."""
    try:
        ledger = open_ledger(place, origin=origin, desk=found.name, keep=_FOR_EVER)
        if isinstance(ledger, SqliteLedger) and can_be_made(ledger.path):
            return _good("ledger", f"{ledger.path} is not there yet; its first use makes it.")
        try:
            count = len(await ledger.unresolved(found.name))
        finally:
            await ledger.aclose()
    except Exception as error:  # noqa: BLE001 - whatever a driver raises
        return diagnose("ledger", error)
    if not count:
        return _good("ledger", "no write is open.")
    writes = "1 write is" if count == 1 else f"{count} writes are"
    return _good("ledger", f"{writes} open; desk.recover() settles what a crash left.")


class _Examination:
    """The requests made to one desk, each a check."""

    def __init__(self, desk: Helpdesk, found: DeskConfig) -> None:
        self._desk = desk
        self._settings = found.settings
        self._address: str | None = getattr(found.settings, "base_url", None)
        self._keys = _credentials(found.settings)
        self._seen = Seen(counts={}, refused=set())

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
            async for one in self._account(page, finding.trouble):
                yield one
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
            yield _unchecked("messages", "no ticket is known whose messages could be read.")

    async def _account(
        self, page: Page[Ticket] | None, trouble: Trouble | None
    ) -> AsyncIterator[Finding]:
        """Say whose account it is, and what it may do; nothing where the vendor cannot be asked."""
        if page is None and trouble is not Trouble.RIGHT:
            return
        me: Party | None = None
        if self._desk.capabilities.supports(Capability.WHO_AM_I):
            asked = await self._try("account", self._desk.me, _who)
            me, told = asked
            if told.trouble is None or page is not None:
                yield told
        if page is None:
            return
        self._seen.unreadable = len(page.problems)
        self._seen.tickets = len(page.items) + self._seen.unreadable
        for name, call in (("agents", self._desk.agents), ("teams", self._desk.teams)):
            if self._desk.capabilities.supports(Capability(f"list_{name}")):
                counted = await self._count(name, call, me)
                if counted.result is CheckResult.WRONG:
                    yield counted
        for finding in await self._configured():
            yield finding
        yield judge(self._seen, self._desk.capabilities, is_remote=self._address is not None)

    async def _count(
        self, name: str, call: Callable[[], Awaitable[Page[Any]]], me: Party | None
    ) -> Finding:
        """Count the first page of a list; that the account may not see it is told, and no error."""
        listed = await self._try(name, call, lambda page: f"{len(page.items)} on the first page.")
        found, finding = listed
        if found is not None:
            self._seen.counts[name] = len(found.items) + len(found.problems)
            if name == "agents" and me is not None and found.next is None:
                self._seen.alone = [one.id for one in found.items] == [me.id] and not found.problems
        elif finding.trouble is Trouble.RIGHT:
            self._seen.refused.add(name)
            return _unchecked(name, finding.says)
        return finding

    async def _configured(self) -> list[Finding]:
        """Say of each setting that names something at the vendor whether it is there.

        What nobody can tell is told as not checked, and so is what the account may not ask.
        """
        kind = type(self._desk.adapter)
        named = {
            name: why
            for name, why in kind.named_settings.items()
            if getattr(self._settings, name, None) is not None
        }
        asks = kind.check_settings is not Adapter.check_settings
        findings: list[Finding] = []
        told = [name for name, why in named.items() if why is None]
        if asks and (told or not named):
            findings += await self._asked_for(told)
        return findings + [
            _unchecked("configured", f"{name}: {why}") for name, why in named.items() if why
        ]

    async def _asked_for(self, names: Sequence[str]) -> list[Finding]:
        """Say which of the settings of these names lead to what is there, by asking for it."""
        asked = await self._try("configured", self._desk.check_settings, _all_there)
        lost, finding = asked
        if lost is None and finding.trouble is Trouble.RIGHT:
            return [_unchecked("configured", f"{one}: {finding.says}") for one in names or ["all"]]
        if lost is None or not (lost or names):
            return [finding]
        there = [one for one in names if not any(says.startswith(f"{one}:") for says in lost)]
        return [
            *map(_lost, lost),
            *(_good("configured", f"{one}: it is there.") for one in there),
        ]

    async def _messages(self, page: Page[Ticket] | None) -> Finding:
        if page is None or (page.problems and not page.items):
            return _unchecked("messages", "the tickets could not be read.")
        if not page.items:
            return _unchecked("messages", "there is no ticket whose messages could be read.")
        first: Finding | None = None
        for ticket in page.items[:_LOOKED_INTO]:
            listed = await self._try(
                "messages",
                partial(self._desk.messages, ticket),
                lambda found: f"{len(found.items)} on the first page of a ticket.",
            )
            found, finding = listed
            first = first or finding
            if found is None:
                return finding
            if first.trouble is None and finding.trouble is not None:
                first = finding  # what cannot be read is said, of whichever ticket it is
            self._seen.messages = self._seen.messages or bool(found.items)
            self._seen.notes = any(one.type is MessageType.NOTE for one in found.items)
            if self._seen.notes:
                break
        assert first is not None  # noqa: S101 - there is a ticket
        return first

    async def _connection(self) -> Finding:
        """Ask for base_url itself: whatever is answered, there is somebody who answers."""
        try:
            await self._desk.raw("GET")
        except HelpdeskError as error:
            if error.status is None or error.reason is Reason.PROXY:
                return self._diagnosed("connection", error)
        return _good("connection", "somebody answers; whether the credentials do is not known.")

    async def _try(
        self, check: str, call: Callable[[], Awaitable[T]], tell: Callable[[T], str]
    ) -> tuple[T | None, Finding]:
        """Return what came, and the finding about it: wrong where a record cannot be read.

        A list of which nothing is shown, because the account may not see it, is no list.
        """
        try:
            found = await call()
            problems = _problems(found)
        except Exception as error:  # noqa: BLE001 - as above
            return None, self._diagnosed(check, error)
        finding = _good(check, tell(found))
        if problems:
            told = self._diagnosed(check, problems[0].error)
            count = f"{tell(found)[:-1]}, and {len(problems)} that cannot be read: "
            finding = attrs.evolve(told, says=count + told.says)
        return found, finding

    def _diagnosed(self, check: str, error: Exception) -> Finding:
        return diagnose(check, error, keys=self._keys)


def _problems(found: Any) -> Sequence[Problem]:
    """Return the records that cannot be read; raise where the account may see none of a list."""
    if not isinstance(found, Page):
        return ()
    for problem in found.problems[:1]:
        if not found.items and reason_of(problem.error) is Reason.PERMISSION:
            raise problem.error
    return found.problems


def _count_of_tickets(page: Page[Ticket]) -> str:
    return f"{len(page.items)} on the first page."


def _who(person: Party) -> str:
    known = f"{person}, id {person.id}" if person.id and str(person) != person.id else str(person)
    return f"{known}."


def _lost(says: str) -> Finding:
    advice = ADVICE[Trouble.SETTING]
    return Finding(
        check="configured",
        result=CheckResult.WRONG,
        trouble=Trouble.SETTING,
        says=says,
        advice=advice,
    )


def _all_there(_: Sequence[str]) -> str:
    return "what the settings name is there."


def _credentials(settings: Any) -> list[str]:
    """Return the names of the settings that hold a credential, or what goes with one."""
    return [
        attribute.alias
        for attribute in attrs.fields(type(settings))
        if isinstance(value := getattr(settings, attribute.name), (Secret, TokenProvider))
        or (value is not None and attribute.metadata.get(CREDENTIAL))
    ]


def _good(check: str, says: str) -> Finding:
    return Finding(check=check, result=CheckResult.OK, says=says)


def _unchecked(check: str, says: str) -> Finding:
    return Finding(check=check, result=CheckResult.UNCHECKED, says=says)
