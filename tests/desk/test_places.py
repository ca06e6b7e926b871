"""A cursor is one text: what it holds comes back from it, and what was not made here is refused."""

from __future__ import annotations

import base64
import tracemalloc
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_bridge.desk import arguments
from helpdesk_bridge.desk import known as known_module
from helpdesk_bridge.desk import place as place_module
from helpdesk_bridge.desk.known import Known
from helpdesk_bridge.desk.pager import Pager
from helpdesk_bridge.desk.place import Listing, Place, packed_text
from helpdesk_bridge.desk.pressed import pressed, unpressed
from helpdesk_bridge.errors import InvalidArgument, VendorUnavailable
from helpdesk_bridge.model import Cursor, Page, Party, Status, TicketOrder, TicketQuery
from helpdesk_bridge.transport.credentials import Credentials

IDS = st.one_of(st.integers(0, 10**20).map(str), st.integers(0, 300).map(str), st.text())


@given(st.sets(IDS), st.sets(IDS), st.sets(IDS))
@settings(deadline=None)
def test_the_ids_that_were_packed_are_known(
    first: set[str], then: set[str], others: set[str]
) -> None:
    known = Known.unpacked(Known().packed(first))
    known = Known.unpacked(known.packed({*then, *others})).without(others - then - first)
    assert known.among(first | then | others) == first | then


@pytest.mark.parametrize(
    ("numbers", "most"),
    [(range(1000, 1020), 30), (range(0, 100_000, 5), 20_010), (range(10**6, 10**6 + 10**5), 20)],
)
def test_numbers_in_rows_take_little_room(numbers: range, most: int) -> None:
    packed = Known().packed(map(str, numbers))
    assert len(packed) <= most
    assert Known.unpacked(packed).among(map(str, numbers)) == set(map(str, numbers))


async def fetch(place: Cursor | None) -> Page[str]:
    asked.append(place)
    return Page(items=tuple("abc"), next=Cursor("2"))


asked: list[Cursor | None] = []


async def made(listing: Listing, items: int = 2) -> str:
    pager = Pager(fetch, str, listing=listing)
    for _ in range(items):
        await anext(pager)
    await pager.aclose()
    assert pager.cursor
    return pager.cursor


TICKETS = Listing.of(
    "helpspace",
    "tickets",
    TicketQuery(
        statuses=frozenset((Status.OPEN, Status.NEW)),
        assignee=Party(email="li@customer.example"),
        text="secret words",
        created_since=datetime(2026, 1, 1, tzinfo=UTC),
        order_by=TicketOrder.CREATED_AT,
        limit=20,
        extra={"a": ["b", "c"]},
    ),
)


def other(**changes: Any) -> Listing:
    filters: Mapping[str, Any] = {**TICKETS.filters, **changes}
    return Listing(TICKETS.vendor, TICKETS.call, filters)


@pytest.mark.asyncio
async def test_a_cursor_belongs_to_any_list_of_the_same_query() -> None:
    cursor = await made(TICKETS)
    again = other(statuses=frozenset((Status.NEW, Status.OPEN)), extra={"a": ("b", "c")})
    pager = Pager(fetch, str, listing=again, cursor=cursor, limit=7)
    assert (await anext(pager), pager.items_read) == ("c", 1)
    await pager.aclose()


@pytest.mark.parametrize(
    ("listing", "said"),
    [
        (Listing("airclou", "tickets", TICKETS.filters), "another vendor (helpspace)"),
        (Listing("helpspace", "messages", TICKETS.filters), "of tickets(), not of messages()"),
        (other(statuses=frozenset((Status.NEW,))), "other values of status."),
        (other(text=None, team="A"), "other values of team, text."),
        (other(order_by=TicketOrder.CREATED_AT_DESC), "other values of order_by."),
        (other(assignee=Party(id="7")), "other values of assignee."),
        (other(extra={"a": ["b"]}), "other values of extra."),
        (other(created_since=datetime(2026, 1, 2, tzinfo=UTC)), "other values of created_since."),
    ],
)
@pytest.mark.asyncio
async def test_a_cursor_of_another_list_is_refused_and_says_what_differs(
    listing: Listing, said: str
) -> None:
    cursor = await made(TICKETS)
    asked.clear()
    with pytest.raises(InvalidArgument) as caught:
        Pager(fetch, str, listing=listing, cursor=cursor)
    assert said in str(caught.value)
    assert asked == []


@pytest.mark.asyncio
async def test_a_cursor_tells_no_word_of_a_filter_nor_any_address() -> None:
    pager = Pager(fetch, lambda _: "li@customer.example", listing=TICKETS)
    await anext(pager)
    await pager.aclose()
    parts = [base64.urlsafe_b64decode(one + "===") for one in (pager.cursor or "").split(".")[1:]]
    told = b"".join((unpressed(parts[0], place_module._USUAL), *parts))
    assert b"tickets" in told
    for word in (b"customer", b"secret", b"words", b"li@"):
        assert word not in told


@pytest.mark.asyncio
async def test_a_cursor_is_a_text_for_urls() -> None:
    cursor = await made(TICKETS)
    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


@pytest.mark.asyncio
async def test_a_damaged_cursor_is_refused_wherever_the_damage_is() -> None:
    cursor = await made(TICKETS)
    for at in range(4, len(cursor)):
        for damaged in (
            cursor[:at],
            cursor[:at] + cursor[at + 1 :],
            cursor[:at] + "x" + cursor[at:],
        ):
            with pytest.raises(InvalidArgument, match="damaged, or was cut"):
                Pager(fetch, str, listing=TICKETS, cursor=damaged)


@pytest.mark.parametrize("text", ["hb1.", "hb1.a.b.c.d", "hb1.e30...", "hb1.\u00e4...", "hb1.\0"])
def test_what_only_looks_like_a_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        Place.read(text, Listing())


def test_a_cursor_of_another_version_says_so() -> None:
    with pytest.raises(InvalidArgument, match="another version"):
        Place.read("hb2.e30", Listing())


def crafted(head: bytes, ids: bytes = b"") -> str:
    """Return a cursor with a right sum, as somebody makes it who knows how."""
    text = f"hb1.{packed_text(pressed(head, place_module._USUAL))}.{packed_text(ids)}."
    return f"{text}.{packed_text(known_module.digest(text, 6))}"


@pytest.mark.parametrize(
    "head",
    [
        b"[]",
        b"{}",
        b'{"v":"","c":"","f":[]}',
        b'{"v":1,"c":"","f":{}}',
        b'{"v":"","c":"","f":{"a":1}}',
        b'{"v":"","c":"","f":{},"p":7}',
        b'{"v":"","c":"","f":{},"p":""}',
        b'{"v":"","c":"","f":{},"o":[1]}',
        b'{"v":"","c":"","f":{},"w":["x"]}',
        b'{"v":"","c":"","f":{},"w":[-1]}',
        b'{"v":"","c":"","f":{},"w":[1,1,1,1,1,"x"]}',
        b'{"v":"","c":"","f":{},"w":[1,1,1,1,1,0,0,0,7]}',
        b'{"v":"","c":"","f":{},"w":[1,1,1,1,1,0,0,0,"x",1]}',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_a_cursor_with_a_head_that_no_pager_writes_is_refused(head: bytes) -> None:
    with pytest.raises(InvalidArgument, match="damaged"):
        Place.read(crafted(head), Listing())


HEAD = b'{"v":"","c":"","f":{}}'


def folded(octets: bytes) -> bytes:
    """Return octets pressed as much as can be."""
    pressing = zlib.compressobj(9, zlib.DEFLATED, -15)
    return pressing.compress(octets) + pressing.flush()


def counted(steps: bytes) -> bytes:
    """Return packed ids of these steps."""
    return bytes(known_module._varint(len(steps))) + steps


@pytest.mark.parametrize("times", [17, 1000])
def test_what_unfolds_to_much_more_than_its_length_is_refused(times: int) -> None:
    bomb = folded(b"\x02" * 5000 * times)
    with pytest.raises(InvalidArgument, match="damaged"):
        Place.read(crafted(HEAD, counted(bomb)), Listing())
    head = f"hb1.{packed_text(folded(HEAD + b' ' * 5000 * times))}.."
    with pytest.raises(InvalidArgument, match="damaged"):
        Place.read(f"{head}.{packed_text(known_module.digest(head, 6))}", Listing())


def test_a_row_of_numbers_takes_no_more_room_however_long_it_is() -> None:
    row = counted(folded(b"\x03" + bytes(known_module._varint(2**62))))
    tracemalloc.start()
    known = Place.read(crafted(HEAD, row), Listing()).known
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
    assert known.among(("0", str(2**50), "x")) == {"0", str(2**50)}
    row = counted(folded(b"\x03" + bytes(known_module._varint(2**63 + 1))))
    with pytest.raises(InvalidArgument, match="damaged"):
        Place.read(crafted(HEAD, row), Listing())


@given(st.binary(max_size=300), st.integers(1, 3000))
@settings(deadline=None)
def test_whatever_is_pressed_is_unfolded_again(octets: bytes, times: int) -> None:
    assert unpressed(pressed(octets * times)) == octets * times


def test_spellings_of_one_address_ask_for_the_same_list() -> None:
    spelt = ("li@customer.example", "LI@Customer.Example", "Li <li@customer.example>")
    asked = [other(requester=arguments.sought_person(one, "requester")).told() for one in spelt]
    assert asked[0] == asked[1] == asked[2]
    assert asked[0] != other(requester=Party(email="lo@customer.example")).told()


@pytest.mark.parametrize(
    "ids", [b"\x01", b"\x80", b"\x00abc", b"\xff" * 11, b"\x03abc", b"\x01\x00"]
)
def test_ids_that_are_cut_are_refused(ids: bytes) -> None:
    with pytest.raises(InvalidArgument, match="damaged"):
        Place.read(crafted(HEAD, ids), Listing())


def test_a_cursor_that_is_too_long_is_refused_unread() -> None:
    with pytest.raises(InvalidArgument, match="longer than any"):
        Place.read("hb1." + "a" * place_module._MOST, Listing())


@given(st.binary(max_size=60))
@settings(deadline=None)
def test_whatever_ids_somebody_makes_they_are_read_or_refused(ids: bytes) -> None:
    try:
        Known.unpacked(ids)
    except ValueError:
        return


def test_a_cursor_on_an_error_stays_whole_though_it_is_long_or_like_a_credential() -> None:
    ids = {str(one) for one in range(0, 10**6, 61)}
    cursor = Place(at=Cursor("2")).written(TICKETS, packed_text(Known().packed(ids)), b"")
    credentials, error = Credentials(), VendorUnavailable("down.")
    credentials.add("Bearer " + cursor[20:60])
    error.cursor = cursor
    credentials.clear(error)
    assert error.cursor == cursor
    error.cursor = cursor[20:60]  # a place of the vendor's that is not packed
    credentials.clear(error)
    assert cursor[30:40] not in error.cursor
