"""The doctor says whose account it is, what it was seen to do, and which settings lead nowhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, ClassVar, TypeAlias, TypeVar

import pytest
from aiohttp import web
from attrs import frozen

from helpdesk_bridge import kit
from helpdesk_bridge.cli.doctor.diagnosis import CheckResult
from helpdesk_bridge.cli.doctor.rights import Seen, judge
from helpdesk_bridge.config import registry
from helpdesk_bridge.kit import Capability, Effect, Operation, errors, native
from helpdesk_bridge.model import Capabilities
from tests.cli.conftest import Answer, Ran, Vendor, Write

Beside: TypeAlias = Callable[..., Awaitable[Ran]]
Serve: TypeAlias = Callable[[Answer], Awaitable[Vendor]]

T = TypeVar("T")
READ = Operation("read", Effect.READ)
BO = {"id": "8", "name": "Bo", "email": "bo@desk.example"}
ME = {"id": "7", "name": "Ada", "email": "ada@desk.example"}
WELL: dict[str, Any] = {
    "me": ME,
    "agents": [ME],
    "teams": ["General"],
    "tickets": ["1", "2", "3", "4"],
    "1": ["customer"],
    "2": ["note"],
    "3": [],
}


@frozen(kw_only=True)
class Settings:
    base_url: str
    queue: str = "General"


def readable(records: Sequence[Any], convert: Callable[[Any], T]) -> kit.Page[T]:
    """Return a page of the records that can be read; the others are its problems."""
    items: list[T] = []
    problems: list[kit.Problem] = []
    for at, one in enumerate(records):
        try:
            items.append(convert(one))
        except (TypeError, KeyError, ValueError):
            error = errors.ProtocolError(f"$[{at}]: a text is missing.", path=f"$[{at}]")
            problems.append(kit.Problem(index=at, error=error))
    return kit.Page(items=tuple(items), problems=tuple(problems))


class Clinic(kit.Adapter):
    """A vendor of which everything is one GET."""

    name = "clinic"
    settings_type = Settings
    settings: Settings
    offers: ClassVar = {
        one: native()
        for one in (
            *(Capability.LIST_TICKETS, Capability.LIST_MESSAGES, Capability.WHO_AM_I),
            *(Capability.LIST_AGENTS, Capability.LIST_TEAMS),
        )
    }

    async def _read(self, *path: str) -> Any:
        return (await self.transport.send(READ, "GET", path)).json()["is"]

    async def list_tickets(
        self, query: kit.TicketQuery, cursor: kit.Cursor | None
    ) -> kit.Page[kit.Ticket]:
        del query, cursor
        return readable(
            await self._read("tickets"),
            lambda one: kit.Ticket(id="" + one, subject="S", status=kit.Status.OPEN),
        )

    async def list_messages(
        self, ticket: kit.TicketRef, query: kit.MessageQuery, cursor: kit.Cursor | None
    ) -> kit.Page[kit.Message]:
        del query, cursor
        types = {"note": kit.MessageType.NOTE, "customer": kit.MessageType.REQUEST}
        audiences = {"note": kit.Audience.INTERNAL, "customer": kit.Audience.EXTERNAL}
        return readable(
            await self._read(ticket.id),
            lambda word: kit.Message(
                id=word, ticket_id=ticket.id, type=types[word], audience=audiences[word]
            ),
        )

    async def list_agents(self, cursor: kit.Cursor | None) -> kit.Page[kit.Party]:
        del cursor
        return readable(await self._read("agents"), lambda one: kit.Party(**one))

    async def list_teams(self, cursor: kit.Cursor | None) -> kit.Page[kit.Team]:
        del cursor
        names = await self._read("teams")
        return kit.Page(items=tuple(kit.Team(id=name, name=name) for name in names))

    async def who_am_i(self) -> kit.Party:
        return kit.Party(**await self._read("me"))


class Configured(Clinic):
    """One that can tell whether its queue is there."""

    name = "configured"
    named_settings: ClassVar = {"queue": None, "base_url": "Nobody lists addresses."}

    async def check_settings(self) -> Sequence[str]:
        if self.settings.queue in await self._read("teams"):
            return ()
        return [f'queue: there is no queue "{self.settings.queue}" that this account may see.']


class Hidden(Clinic):
    """One that counts teams, and shows none of them."""

    name = "hidden"

    async def list_teams(self, cursor: kit.Cursor | None) -> kit.Page[kit.Team]:
        del cursor
        error = errors.PermissionDenied("3 teams are not shown.")
        return kit.Page(items=(), problems=(kit.Problem(index=0, error=error),))


class Reader(Clinic):
    """One that knows tickets only."""

    name = "reader"
    offers: ClassVar = {Capability.LIST_TICKETS: native()}
    list_messages = kit.Adapter.list_messages
    list_agents = kit.Adapter.list_agents
    list_teams = kit.Adapter.list_teams
    who_am_i = kit.Adapter.who_am_i


@pytest.fixture
def examined(
    monkeypatch: pytest.MonkeyPatch, run_beside: Beside, write: Write, serve: Serve
) -> Callable[..., Awaitable[tuple[Ran, list[tuple[str, str]]]]]:
    """Return what the doctor says of a vendor, and what was asked of it."""
    monkeypatch.setattr(registry, "_registered", {})
    for kind in (Clinic, Configured, Hidden, Reader):
        registry.register(kind.name, kind)

    async def call(
        adapter: str = "clinic", queue: str = "General", **answers: Any
    ) -> tuple[Ran, list[tuple[str, str]]]:
        told = {**WELL, **answers}

        async def answer(request: web.Request) -> web.Response:
            found = told[request.path.rpartition("/")[2]]
            if isinstance(found, int):
                return web.json_response({}, status=found)
            return web.json_response({"is": found})

        vendor = await serve(answer)
        write(support={"adapter": adapter, "base_url": f"http://{vendor.origin}", "queue": queue})
        done = await run_beside("doctor")
        return done, vendor.seen

    return call


pytestmark = pytest.mark.asyncio


async def test_it_says_who_one_is_and_what_was_seen_and_writes_nothing(examined: Any) -> None:
    done, seen = await examined()
    assert done.status == 0
    assert done.line("account") == "ok account Ada <ada@desk.example>, id 7."
    assert (
        done.line("rights")
        == "ok rights reads tickets, messages and notes; lists agents and teams."
    )
    assert {method for method, _ in seen} == {"GET"}
    assert ("GET", "/3") not in seen  # a note had been seen by then


async def test_that_no_note_was_seen_is_said_after_a_few_tickets(examined: Any) -> None:
    done, seen = await examined(**{"2": []})
    assert done.line("messages") == "ok messages 1 on the first page of a ticket."
    assert "No note was among what was read." in done.line("rights")
    assert [path for _, path in seen].count("/4") == 0


async def test_what_it_may_not_list_is_told_and_no_error(examined: Any) -> None:
    done, _ = await examined(agents=403)
    assert done.status == 0
    assert "reads tickets, messages and notes; lists teams. It may not list agents." in done.line(
        "rights"
    )


async def test_a_list_that_fails_otherwise_is_an_error(examined: Any) -> None:
    done, _ = await examined(teams=[{}])
    assert done.status == 1
    assert done.line("teams").startswith("wrong teams ")


@pytest.mark.parametrize("empty", [[], 403])
async def test_an_account_without_any_right_is_not_called_healthy(
    examined: Any, empty: Any
) -> None:
    done, _ = await examined(tickets=[], agents=empty, teams=empty)
    assert done.status == 1
    assert done.line("rights").startswith(
        "wrong rights missing right: it sees no ticket, no agents and no teams, as an account"
    )
    assert done.line("account").startswith("ok account ")


NONE_SEEN = (
    "not checked rights no ticket to be seen: the desk is empty, or the account may not see any."
)


@pytest.mark.parametrize(
    ("agents", "teams", "lists"),
    [
        ([ME, BO], ["General"], "agents and teams"),
        ([ME], ["General"], "agents and teams"),
        ([ME, BO], [], "agents"),
        ([ME, BO], 403, "agents"),
        ([], ["General"], "teams"),
    ],
)
async def test_to_list_people_is_no_right_to_tickets(
    examined: Any, agents: Any, teams: Any, lists: str
) -> None:
    done, _ = await examined(tickets=[], agents=agents, teams=teams)
    assert done.status == 0
    assert done.line("rights") == (f"{NONE_SEEN} It lists {lists}, which is no right to tickets.")


@pytest.mark.parametrize("teams", [[], 403])
async def test_an_account_that_sees_itself_alone_is_not_called_healthy(
    examined: Any, teams: Any
) -> None:
    done, _ = await examined(tickets=[], agents=[ME], teams=teams)
    assert done.status == 1
    assert done.line("rights").startswith(
        "wrong rights missing right: it sees no ticket, no agents but itself and no teams, as an"
    )


async def test_where_only_tickets_can_be_listed_and_there_are_none_nobody_knows(
    examined: Any,
) -> None:
    done, _ = await examined(adapter="reader", tickets=[])
    assert done.status == 0
    assert done.line("rights") == NONE_SEEN


async def test_one_ticket_that_nobody_can_read_hides_nothing_else(examined: Any) -> None:
    done, _ = await examined(tickets=["1", 7, "2"])
    assert done.status == 1
    assert done.line("tickets").startswith(
        "wrong tickets unexpected answer: 2 on the first page, and 1 that cannot be read: "
    )
    assert done.line("messages").startswith("ok messages 1 on")
    assert done.line("account") == "ok account Ada <ada@desk.example>, id 7."
    assert done.line("rights").startswith(
        "ok rights reads tickets, messages and notes; lists agents and teams."
    )


async def test_tickets_that_nobody_can_read_are_seen(examined: Any) -> None:
    done, _ = await examined(tickets=[7, 8], agents=[])
    assert done.line("tickets").startswith(
        "wrong tickets unexpected answer: 0 on the first page, and 2 that cannot be read: "
    )
    assert done.line("messages") == "not checked messages the tickets could not be read."
    assert done.line("rights").startswith("ok rights sees tickets; lists teams.")


async def test_an_agent_or_a_message_that_nobody_can_read_is_counted(examined: Any) -> None:
    done, _ = await examined(agents=[ME, {"odd": True}], **{"1": ["odd", "customer"]})
    assert done.status == 1
    assert done.line("agents").startswith("wrong agents unexpected answer: 1 on the first page, ")
    assert "1 on the first page of a ticket, and 1 that cannot be read: " in done.line("messages")
    assert done.line("rights").startswith(
        "ok rights reads tickets, messages and notes; lists agents and teams."
    )


async def test_who_may_not_read_tickets_is_named(examined: Any) -> None:
    done, seen = await examined(tickets=403)
    assert done.status == 1
    assert done.line("tickets").startswith("wrong tickets missing right: ")
    assert done.line("account").startswith("ok account Ada")
    assert ("GET", "/agents") not in seen


@pytest.mark.parametrize("status", [401, 500, 404])
async def test_where_the_tickets_fail_otherwise_nothing_else_is_asked(
    examined: Any, status: int
) -> None:
    done, seen = await examined(tickets=status)
    assert done.status == 1
    assert {path for _, path in seen} == {"/tickets"}


async def test_an_account_that_cannot_be_told_is_an_error(examined: Any) -> None:
    done, _ = await examined(me=403)
    assert done.status == 1
    assert done.line("account").startswith("wrong account missing right: ")


async def test_a_setting_that_leads_nowhere_is_named(examined: Any) -> None:
    done, _ = await examined(adapter="configured", queue="Suport")
    assert done.status == 1
    assert (
        'wrong configured missing or wrong setting: queue: there is no queue "Suport" that this'
        in done.words
    )
    assert "not checked configured base_url: Nobody lists addresses." in done.words
    done, _ = await examined(adapter="configured")
    assert done.status == 0
    assert "ok configured queue: it is there." in done.words
    assert "not checked configured base_url: Nobody lists addresses." in done.words


async def test_settings_that_the_account_may_not_look_for_are_not_checked(examined: Any) -> None:
    done, _ = await examined(adapter="configured", teams=403)
    assert done.status == 0
    assert "not checked configured queue: " in done.words


async def test_settings_that_cannot_be_looked_for_are_told_as_what_failed(examined: Any) -> None:
    done, _ = await examined(adapter="configured", teams=500)
    assert done.status == 1
    assert "wrong configured the vendor fails: " in done.words


async def test_an_adapter_cannot_call_well_what_it_does_not_look_for() -> None:
    with pytest.raises(TypeError, match="named_settings has None, but check_settings is lacking"):
        type("Odd", (Clinic,), {"named_settings": {"queue": None}})


async def test_a_desk_in_this_process_may_be_empty(run_beside: Beside, write: Write) -> None:
    write(support={"adapter": "memory"})
    done = await run_beside("doctor")
    assert done.status == 0
    line = done.line("rights")
    assert line.startswith(
        "ok rights there is nothing yet that it could read. Whether it may write"
    )
    assert "(new tickets, changes, replies, notes) is not tried." in line


async def test_what_is_offered_is_no_right_to_it() -> None:
    able = Capabilities({Capability.NOTE: native(), Capability.REPLY: native()})
    seen = Seen(tickets=1, messages=True, notes=True, counts={}, refused=set())
    found = judge(seen, able, is_remote=True)
    assert found.result is CheckResult.OK
    assert found.says == (
        "reads tickets, messages and notes. Whether it may write (replies, notes) is not tried."
    )


async def test_a_list_of_which_the_account_may_see_nothing_is_refused(examined: Any) -> None:
    done, _ = await examined(adapter="hidden")
    assert done.status == 0
    assert "lists agents. It may not list teams." in done.line("rights")
