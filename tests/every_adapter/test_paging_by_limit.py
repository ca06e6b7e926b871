"""Who pages by ``limit`` and ``cursor`` gets what one list gives, whatever happens between them.

Each list is read by a desk of its own, as another process has it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import helpdesk_bridge as hb
from helpdesk_bridge import Capability
from helpdesk_bridge.desk.tickets import OrderLike
from helpdesk_bridge.testing import MemorySettings, Store, TickingClock
from helpdesk_bridge.testing.sandbox import fake_of
from tests.every_adapter.places import ADAPTERS

ORDERS: Sequence[OrderLike | None] = (
    None,
    "created_at",
    "-created_at",
    "updated_at",
    "-updated_at",
)
WAYS = ("items", "pages", "await", "next")
CHANGES = ("closed", "deleted", "created", "changed")
Opened = Callable[[], hb.Helpdesk]


@asynccontextmanager
async def desks(adapter: str, store: Store) -> AsyncIterator[Opened]:
    """Give what opens a new desk of ``adapter`` on a helpdesk, whenever it is called."""
    kind = fake_of(adapter)
    if kind is None:
        yield lambda: hb.Helpdesk(MemorySettings(store=store))
        return
    async with kind(store) as fake:
        config = {"desks": {"it": fake.table()}}
        yield lambda: hb.connect("it", config=config)


def add(store: Store, count: int) -> None:
    for _ in range(count):
        store.create_ticket(
            subject="One of many.",
            requester=store.person("li@customer.example"),
            html="<p>One of many.</p>",
            status=hb.Status.OPEN,
        )


def change(store: Store, kind: str, dice: random.Random) -> None:
    """Have some tickets leave the list of the open ones, come to it, or change in it."""
    if kind == "created":
        add(store, dice.randint(1, 30))
        return
    there = [one.id for one in store.tickets.values() if _is_listed(store, one.id)]
    some = dice.sample(there, min(len(there), dice.randint(1, 30)))
    for one in dice.choice((some, there[: len(some)])):
        if kind == "closed":
            store.update_ticket(one, status=hb.Status.RESOLVED)
        elif kind == "deleted":
            store.delete_ticket(one)
        elif kind == "changed":
            store.update_ticket(one, subject="Another one.")


def _is_listed(store: Store, ticket_id: int) -> bool:
    ticket = store.tickets[ticket_id]
    return ticket.deleted_at is None and ticket.status is hb.Status.OPEN


async def subjects(opened: Opened, store: Store) -> dict[str, int]:
    """Return the helpdesk's own number of each ticket, by the id that the vendor gives it."""
    async with opened() as desk:
        listed = [ticket.id async for ticket in desk.tickets(status=hb.Status.OPEN)]
    numbers = [one for one in store.tickets if _is_listed(store, one)]
    assert len(listed) == len(numbers)

    def figure(identity: str) -> int:
        return int("".join(c for c in identity if c.isdigit()))

    return dict(zip(sorted(listed, key=figure), sorted(numbers), strict=True))


async def walk(
    opened: Opened,
    limits: Sequence[int],
    order_by: OrderLike | None,
    between: Callable[[int], None],
    ways: Sequence[str] = WAYS[:2],
) -> list[str]:
    """Read on, each time with another desk, until all came."""
    found: list[str] = []
    cursor: str | None = None
    for turn in range(200):
        limit = limits[turn % len(limits)]
        async with opened() as desk:
            pager = desk.tickets(
                status=hb.Status.OPEN, order_by=order_by, limit=limit, cursor=cursor
            )
            way = ways[turn % len(ways)]
            if way == "items":
                came = [ticket.id async for ticket in pager]
            elif way == "pages":
                came = [ticket.id async for page in pager.pages() for ticket in page]
            else:
                page = await pager
                came = [ticket.id for ticket in page]
                assert page.next == pager.cursor
        assert len(came) == limit or pager.exhausted or (way in ("await", "next") and came)
        assert pager.exhausted is (pager.cursor is None)
        found += came
        cursor = page.next if way == "next" else pager.cursor
        if cursor is None:
            return found
        between(turn)
    raise AssertionError("it goes on for ever")


async def offered(opened: Opened) -> list[OrderLike | None]:
    async with opened() as desk:
        able = desk.capabilities
    return [
        order
        for order in ORDERS
        if order is None
        or able.supports(
            Capability.ORDER_CREATED_AT if "created" in order else Capability.ORDER_UPDATED_AT
        )
    ]


async def check(
    adapter: str,
    count: int,
    limits: Sequence[int],
    which: int,
    changes: Sequence[Sequence[str]],
    seed: int,
    ways: Sequence[str],
) -> None:
    store, dice = Store(clock=TickingClock()), random.Random(seed)
    async with desks(adapter, store) as opened:
        orders = await offered(opened)
        order_by = orders[which % len(orders)]
        add(store, count)
        numbers = await subjects(opened, store)
        async with opened() as desk:
            whole = [t.id async for t in desk.tickets(status=hb.Status.OPEN, order_by=order_by)]
        turned = list[int]()

        def between(turn: int) -> None:
            turned.append(turn)
            for kind in changes[turn] if turn < len(changes) else ():
                change(store, kind, dice)

        found = await walk(opened, limits, order_by, between, ways)
        assert len(found) == len(set(found))
        stayed = {one for one, number in numbers.items() if _is_listed(store, number)}
        assert stayed <= set(found)
        if not any(changes[: len(turned)]):
            assert found == whole


@pytest.mark.parametrize("adapter", ADAPTERS)
@given(
    count=st.integers(0, 160),
    limits=st.lists(st.integers(7, 70), min_size=1, max_size=4),
    which=st.integers(0, 4),
    changes=st.lists(st.lists(st.sampled_from(CHANGES), max_size=3), max_size=6),
    seed=st.integers(0, 999),
    ways=st.lists(st.sampled_from(WAYS), min_size=1, max_size=3),
)
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whoever_pages_by_limit_gets_each_ticket_once(
    adapter: str,
    count: int,
    limits: list[int],
    which: int,
    changes: list[list[str]],
    seed: int,
    ways: list[str],
) -> None:
    asyncio.run(check(adapter, count, limits, which, changes, seed, ways))


@pytest.mark.parametrize("order_by", ORDERS)
@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.asyncio
async def test_a_bot_that_closes_each_ticket_it_got_comes_to_all(
    adapter: str, order_by: OrderLike | None
) -> None:
    store = Store(clock=TickingClock())
    async with desks(adapter, store) as opened:
        if order_by not in await offered(opened):
            return
        add(store, 130)
        numbers = await subjects(opened, store)
        found: list[str] = []
        cursor: str | None = None
        while True:
            async with opened() as desk:
                pager = desk.tickets(
                    status=hb.Status.OPEN, order_by=order_by, limit=20, cursor=cursor
                )
                page = await pager
                cursor = pager.cursor
                assert page.next == cursor
            for ticket in page:
                store.update_ticket(numbers[ticket.id], status=hb.Status.RESOLVED)
                found.append(ticket.id)
            if cursor is None:
                break
        assert sorted(found) == sorted(numbers)


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.asyncio
async def test_a_cursor_of_another_list_is_refused_before_anything_is_asked(adapter: str) -> None:
    store = Store(clock=TickingClock())
    async with desks(adapter, store) as opened, opened() as desk:
        add(store, 3)
        pager = desk.tickets(status=hb.Status.OPEN, limit=2)
        ticket = (await pager).items[0]
        assert pager.cursor
        with pytest.raises(hb.InvalidArgument, match="other values of status") as caught:
            desk.tickets(cursor=pager.cursor)
        assert (caught.value.desk, caught.value.operation) == (desk.name, "tickets")
        with pytest.raises(hb.InvalidArgument, match="of tickets"):
            desk.messages(ticket, cursor=pager.cursor)
        with pytest.raises(hb.InvalidArgument, match="damaged"):
            desk.tickets(status=hb.Status.OPEN, cursor=pager.cursor[:-1])


@pytest.mark.parametrize("limit", [1, 2, 3])
@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.asyncio
async def test_a_limit_that_takes_the_last_one_exhausts_the_list(adapter: str, limit: int) -> None:
    store = Store(clock=TickingClock())
    async with desks(adapter, store) as opened, opened() as desk:
        add(store, 3)
        pager = desk.tickets(status=hb.Status.OPEN, limit=limit)
        page = await pager
        assert (len(page), pager.exhausted) == (limit, limit == 3)
        assert (pager.cursor, page.next) == ((None, None) if limit == 3 else (page.next,) * 2)


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.asyncio
async def test_the_walk_at_the_end_is_made_in_the_largest_pages(adapter: str) -> None:
    store, kind = Store(clock=TickingClock()), fake_of(adapter)
    if kind is None:
        return
    add(store, 170)
    async with kind(store) as fake:
        config = {"desks": {"it": fake.table()}}
        async with hb.connect("it", config=config) as desk:
            pager = desk.tickets(limit=160)
            assert len([ticket async for ticket in pager]) == 160
            whole = desk.tickets()
            before = len(fake.journal)
            assert len([ticket async for ticket in whole]) == 170
            once = len(fake.journal) - before
            rest = desk.tickets(limit=20, cursor=pager.cursor)
            before = len(fake.journal)
            assert len([ticket async for ticket in rest]) == 10
            while not rest.exhausted:
                rest = desk.tickets(limit=20, cursor=rest.cursor)
                assert not [ticket async for ticket in rest]
            assert len(fake.journal) - before <= 2 * once + 2


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.asyncio
async def test_conversations_go_on_behind_the_last_one_that_was_handed_out(adapter: str) -> None:
    store = Store(clock=TickingClock())
    async with desks(adapter, store) as opened:
        add(store, 37)
        async with opened() as desk:
            whole = [ticket.id async for ticket in desk.tickets()]
        found: list[str] = []
        cursor: str | None = None
        for _ in range(20):
            async with opened() as desk:
                pager, left = desk.tickets(cursor=cursor), 4
                async for one in desk.conversations(pager, concurrency=3):
                    found.append(one.ticket.id)
                    left -= 1
                    if not left:
                        break
                cursor = pager.cursor
            if cursor is None:
                break
        assert found == whole
