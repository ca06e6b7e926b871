"""The plain case of each capability: what a user would do first, in each way that it accepts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import helpdesk_bridge as hb
from helpdesk_bridge import Capability
from tests.every_adapter.bench import BO, LI, Bench, number_of

__all__ = ["CASES", "UNCOUNTED"]

T = TypeVar("T")

# -- reading -----------------------------------------------------------------------------------


async def _list_tickets(bench: Bench) -> None:
    wanted = [bench.put(), bench.put()]
    await bench.filter("the first page", wanted)


async def _get_ticket(bench: Bench) -> None:
    ticket = await bench.ticket()
    await bench.measure("by id", lambda: bench.desk.ticket(ticket.id))


async def _list_messages(bench: Bench) -> None:
    ticket = await bench.ticket()
    await bench.measure("of a Ticket", lambda: bench.desk.messages(ticket))
    await bench.measure("of an id", lambda: bench.desk.messages(ticket.id))


async def _get_message(bench: Bench) -> None:
    ticket = await bench.ticket(html="<p>Another message, with a zebra.</p>")
    bench.store.add_message(
        int(number_of(ticket.id)),
        type=hb.MessageType.RESPONSE,
        audience=hb.Audience.EXTERNAL,
        author=bench.agent,
        html="<p>We look into it.</p>",
    )
    message = await bench.message(ticket)

    def ours(_: hb.Message) -> str:
        return "others left out" if any(b"zebra" in a.content for a in bench.answers) else ""

    await bench.measure("of a Ticket", lambda: bench.desk.message(ticket, message.id), ours)
    await bench.measure("of an id", lambda: bench.desk.message(ticket.id, message.id), ours)


async def _list_custom_fields(bench: Bench) -> None:
    await bench.measure("all", bench.desk.custom_fields)


async def _all(listed: hb.Pager[Any]) -> list[Any]:
    """Read a list that people read as a whole."""
    return [one async for one in listed]


async def _list_agents(bench: Bench) -> None:
    await bench.measure("all", lambda: _all(bench.desk.agents()))


async def _list_teams(bench: Bench) -> None:
    await bench.measure("all", lambda: _all(bench.desk.teams()))


async def _who_am_i(bench: Bench) -> None:
    await bench.measure("me", bench.desk.me)


async def _list_customers(bench: Bench) -> None:
    for address in (LI, BO):
        bench.put(address)

    def others(page: hb.Page[hb.Party]) -> str:
        assert [person.email for person in page] == [LI]
        return "others left out" if any(BO.encode() in a.content for a in bench.answers) else ""

    await bench.measure("all", lambda: bench.desk.customers())
    await bench.measure("by address", lambda: bench.desk.customers(email=LI), others)
    await bench.measure("by words", lambda: bench.desk.customers(text="Zebra"), others)


# -- filters and orders ------------------------------------------------------------------------


async def _filter_status(bench: Bench) -> None:
    known = [s for s, use in bench.desk.statuses.items() if use.as_filter and s != "unknown"]
    numbers = {status: bench.put(status=status) for status in known}
    for status, number in numbers.items():
        if status is not hb.Status.DELETED:
            await bench.filter(status.value, [number], status=status)


async def _filter_statuses(bench: Bench) -> None:
    by = bench.desk.capabilities[Capability.FILTER_STATUSES].limits.statuses or frozenset(hb.Status)
    known = [status for status, use in bench.desk.statuses.items() if use.as_filter]
    first, second, third = [s for s in known if s in by and s is not hb.Status.DELETED][:3]
    numbers = [bench.put(status=status) for status in (first, second, third)]
    await bench.filter("two of them", numbers[:2], status=[first, second])


async def _taken(bench: Bench, name: str, values: Iterable[T]) -> list[T]:
    """Return those of the values that a filter takes here: tickets of the others are odd ones."""
    known = [value for value in values if str(value) != "unknown"]
    for value in known:
        await bench.filter(str(value), [], **{name: value})
    bench.measures.clear()
    return [value for value in known if str(value) not in bench.refused]


async def _filter_priority(bench: Bench) -> None:
    known = await _taken(bench, "priority", hb.Priority)
    numbers = {priority: bench.put(priority=priority) for priority in known}
    for priority, number in numbers.items():
        await bench.filter(priority.value, [number], priority=priority)


async def _filter_kind(bench: Bench) -> None:
    known = await _taken(bench, "kind", hb.TicketKind)
    numbers = {kind: bench.put(kind=kind) for kind in known}
    for kind, number in numbers.items():
        await bench.filter(kind.value, [number], kind=kind)


async def _filter_assignee(bench: Bench) -> None:
    agent = bench.agent
    wanted, _ = bench.put(assignee=agent), bench.put()
    await bench.filter("by id", [wanted], assignee=hb.Party(id=agent.id))
    if agent.email:
        await bench.filter("by address", [wanted], assignee=agent.email)


async def _filter_team(bench: Bench) -> None:
    wanted, _ = bench.put(team=bench.team), bench.put()
    await bench.filter("as tickets have it", [wanted], team=bench.team)
    known = {str(number): name for number, name in bench.store.teams.items()}
    for number, name in known.items():
        if bench.team in (number, name):
            await bench.filter("by id", [wanted], team=number)
            await bench.filter("by name", [wanted], team=name)


async def _filter_tag(bench: Bench) -> None:
    first, second = [*bench.store.tags, "vip", "bug"][:2]
    wanted, _ = bench.put(tags=(first, second)), bench.put(tags=(second,))
    await bench.filter("by name", [wanted], tag=first)


async def _filter_requester(bench: Bench) -> None:
    wanted, _ = bench.put(LI), bench.put(BO)
    await bench.filter("by address", [wanted], requester=LI)
    told = [t.requester async for t in bench.desk.tickets() if number_of(t.id) == wanted]
    if told[0].id:
        await bench.filter("by id", [wanted], requester=hb.Party(id=told[0].id))


async def _filter_text(bench: Bench) -> None:
    wanted, _ = bench.put(subject="A zebra crossing"), bench.put()
    await bench.filter("a word", [wanted], text="zebra")
    half, _ = bench.put(subject="50% done"), bench.put(subject="50 of 90 done")
    await bench.filter("with a sign", [half], text="50% done")


async def _since(bench: Bench, name: str) -> None:
    early = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
    old, new = bench.put(created_at=early), bench.put(created_at=early + timedelta(hours=1))
    for number in (old, new):  # what a fake notes of a change may be the Store's clock alone
        bench.store.tickets[int(number)].updated_at = bench.store.tickets[int(number)].created_at
    since = early + timedelta(minutes=30)
    await bench.filter("hours apart", [new], **{name: since})


async def _filter_created_since(bench: Bench) -> None:
    await _since(bench, "created_since")


async def _filter_updated_since(bench: Bench) -> None:
    await _since(bench, "updated_since")


async def _order(bench: Bench, name: str) -> None:
    """Ask for the first two of five, whose ids, creation and change stand in different orders."""
    start, hour = datetime(2026, 1, 4, 8, 0, tzinfo=UTC), timedelta(hours=1)
    created, updated = (2, 0, 4, 1, 3), (1, 3, 0, 4, 2)
    numbers = [bench.put(created_at=start + hour * place) for place in created]
    for number, place in zip(numbers, updated, strict=True):
        bench.store.tickets[int(number)].updated_at = start + hour * (10 + place)
    places = created if name == "created_at" else updated
    rising = [number for _, number in sorted(zip(places, numbers, strict=True))]
    for order_by, expected in ((name, rising), (f"-{name}", rising[::-1])):

        def ours(page: hb.Page[hb.Ticket], expected: list[str] = expected) -> str:
            assert [number_of(ticket.id) for ticket in page] == expected[:2]
            came = bench.came()
            return "" if came and came == expected[: len(came)] else "sorted here"

        def first(order_by: Any = order_by) -> Awaitable[Any]:
            return bench.desk.tickets(order_by=order_by, limit=2)

        await bench.measure(order_by, first, ours)


async def _order_created_at(bench: Bench) -> None:
    await _order(bench, "created_at")


async def _order_updated_at(bench: Bench) -> None:
    await _order(bench, "updated_at")


# -- writing -----------------------------------------------------------------------------------


async def _create_ticket(bench: Bench) -> None:
    given = {"subject": "Invoice", "requester": LI, "text": "I paid twice."}
    await bench.measure("plain", lambda: bench.desk.create_ticket(**given))


async def _update_ticket(bench: Bench) -> None:
    desk, ticket = bench.desk, await bench.ticket()
    await bench.measure("subject", lambda: desk.update_ticket(ticket, subject="Another one"))
    closing = desk.statuses.closing
    await bench.measure("status", lambda: desk.update_ticket(ticket, status=closing))


async def _delete_ticket(bench: Bench) -> None:
    ticket = await bench.ticket()
    await bench.measure("plain", lambda: bench.desk.delete_ticket(ticket))


async def _reply(bench: Bench, send_email: bool = True, **given: Any) -> None:
    ticket = await bench.ticket()
    words = {"text": "Some words.", "send_email": send_email, **given}
    await bench.measure("plain", lambda: bench.desk.reply(ticket, **words))


async def _note(bench: Bench) -> None:
    ticket = await bench.ticket()
    await bench.measure("plain", lambda: bench.desk.note(ticket, text="Some words."))


async def _forward(bench: Bench) -> None:
    ticket = await bench.ticket()
    to = "bank@partner.example"
    await bench.measure("plain", lambda: bench.desk.forward(ticket, to=to, text="Some words."))


async def _add_request(bench: Bench) -> None:
    ticket = await bench.ticket(requester=LI)
    await bench.measure(
        "plain", lambda: bench.desk.add_request(ticket, author=LI, text="Some words.")
    )


async def _send_attachments(bench: Bench) -> None:
    await _reply(bench, attachments=[hb.Upload("letter.txt", data=b"Dear Li")])


async def _reply_without_email(bench: Bench) -> None:
    await _reply(bench, send_email=False)


async def _reply_with_status(bench: Bench) -> None:
    await _reply(bench, status=bench.desk.statuses.closing)


async def _scheduled_send(bench: Bench) -> None:
    await _reply(bench, send_at=datetime.now(UTC) + timedelta(days=1))


async def _if_last(bench: Bench) -> None:
    ticket = await bench.ticket()
    last = await bench.message(ticket)
    words = {"text": "Some words.", "send_email": True}
    await bench.measure("plain", lambda: bench.desk.reply(ticket, if_last=last, **words))


# -- files -------------------------------------------------------------------------------------


async def _open(bench: Bench, *, inline: bool, size: str | None = None) -> None:
    name = "shot.png" if inline else "letter.txt"
    file = bench.store.file(
        name, "image/png" if inline else "text/plain", b"Dear Li", inline=inline, content_id=name
    )
    html = f'<p>It stops.</p><img src="cid:{name}">' if inline else "<p>It stops.</p>"
    message = await bench.message(await bench.ticket(html=html, files=[file]))

    async def read() -> bytes:
        async with bench.desk.open_attachment(message.attachments[0], size=size) as chunks:
            return b"".join([chunk async for chunk in chunks])

    await bench.measure("plain", read)


async def _open_attachment(bench: Bench) -> None:
    await _open(bench, inline=False)


async def _resized_image(bench: Bench) -> None:
    sizes = bench.desk.capabilities[Capability.RESIZED_IMAGE].limits.sizes
    assert sizes
    await _open(bench, inline=True, size=min(sizes))


CASES: Mapping[Capability, Callable[[Bench], Awaitable[None]]] = {
    Capability.LIST_TICKETS: _list_tickets,
    Capability.GET_TICKET: _get_ticket,
    Capability.CREATE_TICKET: _create_ticket,
    Capability.UPDATE_TICKET: _update_ticket,
    Capability.DELETE_TICKET: _delete_ticket,
    Capability.LIST_CUSTOM_FIELDS: _list_custom_fields,
    Capability.LIST_MESSAGES: _list_messages,
    Capability.GET_MESSAGE: _get_message,
    Capability.REPLY: _reply,
    Capability.NOTE: _note,
    Capability.FORWARD: _forward,
    Capability.ADD_REQUEST: _add_request,
    Capability.SEND_ATTACHMENTS: _send_attachments,
    Capability.OPEN_ATTACHMENT: _open_attachment,
    Capability.RESIZED_IMAGE: _resized_image,
    Capability.REPLY_WITHOUT_EMAIL: _reply_without_email,
    Capability.REPLY_WITH_STATUS: _reply_with_status,
    Capability.IF_LAST: _if_last,
    Capability.SCHEDULED_SEND: _scheduled_send,
    Capability.LIST_AGENTS: _list_agents,
    Capability.LIST_TEAMS: _list_teams,
    Capability.LIST_CUSTOMERS: _list_customers,
    Capability.WHO_AM_I: _who_am_i,
    Capability.FILTER_STATUS: _filter_status,
    Capability.FILTER_STATUSES: _filter_statuses,
    Capability.FILTER_PRIORITY: _filter_priority,
    Capability.FILTER_KIND: _filter_kind,
    Capability.FILTER_ASSIGNEE: _filter_assignee,
    Capability.FILTER_TEAM: _filter_team,
    Capability.FILTER_TAG: _filter_tag,
    Capability.FILTER_REQUESTER: _filter_requester,
    Capability.FILTER_TEXT: _filter_text,
    Capability.FILTER_CREATED_SINCE: _filter_created_since,
    Capability.FILTER_UPDATED_SINCE: _filter_updated_since,
    Capability.ORDER_CREATED_AT: _order_created_at,
    Capability.ORDER_UPDATED_AT: _order_updated_at,
}
UNCOUNTED: Mapping[Capability, str] = {
    Capability.RECONCILE: "It follows a write whose answer was lost, and reads until it is sure.",
    Capability.WEBHOOKS: "The vendor calls; no call of a desk belongs to it.",
    Capability.CHANGES: "What a poll takes goes by how much changed; its reason says how much.",
}
