"""What happens at the boundaries of a poll, each as a scenario that a wrong reader loses.

A scenario is a function without arguments that raises AssertionError where something is lost or
told twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from attrs import evolve

from helpdesk_bridge import ChangeMode
from helpdesk_bridge.kit import errors
from tests.sync.helpdesk import Case, Setup, VendorDesk, mixed
from tests.sync.machine.reader import Breaks, Reader
from tests.sync.machine.world import Model
from tests.sync.vendor import opened

__all__ = ["SCENARIOS"]

_PAGE = 25
"""More tickets than a poll meets of those that it knows, before it ends."""

Scenario = Callable[[], Awaitable[None]]
SCENARIOS: dict[str, Scenario] = {}


def scenario(tell: Scenario) -> Scenario:
    """Have a function be one of the scenarios."""
    SCENARIOS[tell.__name__] = tell
    return tell


class _Pages(Breaks):
    """Does something before a page of what changed, by the number of the page."""

    def __init__(self, acts: dict[int, Callable[[], None]]) -> None:
        super().__init__()
        self.acts = acts
        self.pages = 0

    async def __call__(self, name: str) -> None:
        if name == "list_changed":
            self.pages += 1
            self.acts.get(self.pages, lambda: None)()
        await super().__call__(name)


async def _poll(reader: Reader, desk: VendorDesk, breaks: Breaks | None = None) -> None:
    breaks = breaks or Breaks()
    async with opened(desk, breaks) as reading:
        assert await reader.poll(reading, breaks, sweep=False) == "caught up"


async def _check(reader: Reader, desk: VendorDesk) -> None:
    model = Model(desk.setup)
    model.desk = desk
    await model.check(reader)


def _in_order(*cases: Case) -> list[Case]:
    """Return tickets as a list has them that changed in the same second."""
    return sorted(cases, key=lambda case: mixed(case.number))


def _many(desk: VendorDesk, count: int) -> list[Case]:
    """Have tickets come, and return them as lists have them."""
    return _in_order(*(desk.create() for _ in range(count)))


def _late(case: Case, tick: int) -> None:
    """Have lists show the last change of a ticket at ``tick`` only."""
    case.rows[-1] = evolve(case.rows[-1], shown_from=tick)


@scenario
async def a_change_at_the_floor_shows_behind_one_that_was_told() -> None:
    desk, reader = VendorDesk(Setup(page_size=_PAGE, lag=3)), Reader()
    *told, late = _many(desk, 2 * _PAGE)
    desk.tick = 1
    for case in (*told, late):
        desk.update(case)
    _late(late, 6)
    desk.tick = 5
    desk.update(told[0])
    await _poll(reader, desk)  # the newest change is of second 5, so the floor is second 1
    desk.tick = 6
    await _poll(reader, desk)
    await _check(reader, desk)


@scenario
async def a_change_shows_late_among_others() -> None:
    await _shown_late_behind_a_page(ahead=0)


async def _shown_late_behind_a_page(ahead: int) -> None:
    desk, reader = VendorDesk(Setup(page_size=_PAGE, lag=3), ahead=ahead), Reader()
    late, new, *told = _many(desk, 2 * _PAGE)
    desk.tick = 102
    desk.update(late, late=3)
    desk.tick = 103
    for case in told:
        desk.update(case)
    desk.tick = 104
    desk.update(new)
    await _poll(reader, desk)
    desk.tick = 105
    await _poll(reader, desk)
    await _check(reader, desk)


@scenario
async def a_reader_ends_behind_each_batch() -> None:
    desk, reader = VendorDesk(Setup(page_size=_PAGE)), Reader()
    for desk.tick in range(230):
        desk.create()
    for ends in range(12):
        breaks = Breaks()
        async with opened(desk, breaks) as reading:
            # It is killed when the second batch comes, which is not stored.
            ended = await reader.poll(reading, breaks, sweep=False, lost=1)
        if ended == "caught up" and ends:
            break
        desk.tick += 1
        desk.update(desk.cases[1200 + ends % 5])
        desk.say(desk.cases[1200 + (ends + 1) % 5])
    await _poll(reader, desk)
    await _check(reader, desk)


@scenario
async def the_clock_of_the_vendor_is_far_behind() -> None:
    await _shown_late_behind_a_page(ahead=-400_000_000)


@scenario
async def a_record_is_jumped_over_in_a_pass_that_takes_long() -> None:
    setup = Setup(page_size=_PAGE, anchored=False, deletions="apart")
    desk, reader = VendorDesk(setup), Reader()
    last, *cases = _many(desk, 6 * _PAGE)
    fresh, second, third = cases[-29:], cases[-54:-29], cases[-78:-54]
    jumped, gone = cases[-79], cases[-80]
    later = second.pop()
    desk.tick = 5
    desk.update(last)
    await _poll(reader, desk)
    desk.tick = 10
    for case in fresh:
        desk.update(case)

    def much_changes() -> None:
        for tick, case in (
            (15, jumped),
            *((16, case) for case in second),
            (20, later),
            *((21, case) for case in third),
            (22, gone),
        ):
            desk.tick = tick
            desk.update(case)

    def one_goes() -> None:
        desk.tick = 23
        desk.delete(gone)

    # Two pages are the first walk. In the second walk, behind its first page, two more pages come
    # before all others, and a ticket. Its second page has the older one of these; then a ticket of
    # the newer one goes, and what was the first of the third page is the last of the second.
    await _poll(reader, desk, _Pages({4: much_changes, 5: one_goes}))
    desk.tick = 30
    desk.update(cases[0])
    await _poll(reader, desk)
    await _check(reader, desk)


@scenario
async def a_ticket_is_deleted() -> None:
    for deletions in ("apart", "marked"):
        desk, reader = VendorDesk(Setup(deletions=deletions)), Reader()
        for _ in range(4):
            desk.create()
        await _poll(reader, desk)
        desk.tick = 5
        desk.delete(desk.cases[1001])
        await _poll(reader, desk)
        await _check(reader, desk)


@scenario
async def a_conversation_is_read_again() -> None:
    for ids_grow in (True, False):
        desk, reader = VendorDesk(Setup(ids_grow=ids_grow)), Reader()
        case = desk.create()
        await _poll(reader, desk)
        for _ in range(3):
            desk.say(case)
            await _poll(reader, desk)
            desk.say(case, note=True)
            desk.update(case)
            await _poll(reader, desk)
            desk.tick += 1
        await _check(reader, desk)


@scenario
async def more_change_in_a_second_than_a_page_has() -> None:
    desk, reader = VendorDesk(Setup(page_size=3)), Reader()
    cases = [desk.create() for _ in range(11)]
    await _poll(reader, desk)
    desk.tick = 60
    for case in cases[:8]:
        desk.update(case)
    await _poll(reader, desk)
    await _check(reader, desk)


@scenario
async def a_scan_tells_what_has_no_time() -> None:
    setup = Setup(mode=ChangeMode.SCAN, unit=None, page_size=2)
    desk, reader = VendorDesk(setup), Reader()
    cases = [desk.create() for _ in range(7)]
    await _poll(reader, desk)
    desk.update(cases[2])
    desk.say(cases[5])
    await _poll(reader, desk)
    await _check(reader, desk)


@scenario
async def a_record_of_the_feed_cannot_be_read_for_a_while() -> None:
    setup = Setup(mode=ChangeMode.CURSOR, deletions="apart")
    desk, reader = VendorDesk(setup), Reader()
    case = desk.create()
    case.spoilt = True
    await _poll(reader, desk)
    case.spoilt = False
    await _poll(reader, desk)
    await _check(reader, desk)


@scenario
async def a_ticket_is_stamped_earlier_than_its_last_message() -> None:
    desk, reader = VendorDesk(Setup()), Reader()
    case = desk.create()
    desk.create()
    desk.tick = 1000
    desk.say(case)
    await _poll(reader, desk)
    desk.ahead = -300
    desk.update(case)
    await _poll(reader, desk)
    await _check(reader, desk)


@scenario
async def the_clock_of_the_vendor_is_put_back() -> None:
    desk, reader = VendorDesk(Setup(page_size=1)), Reader()
    cases = [desk.create() for _ in range(7)]
    for case in cases[:5]:
        desk.tick += 60
        desk.update(case)
    await _poll(reader, desk)
    desk.ahead -= 150
    desk.update(cases[6])
    await _poll(reader, desk)
    await _check(reader, desk)


@scenario
async def the_first_change_is_the_only_ticket_of_a_page_and_stamped_ahead() -> None:
    desk, reader = VendorDesk(Setup(page_size=1, lag=5)), Reader()
    cases = [desk.create() for _ in range(4)]
    desk.tick = 100
    desk.update(cases[0], future=86_400)
    await _poll(reader, desk)
    desk.tick = 200
    desk.update(cases[1], late=5)
    desk.tick = 201
    desk.update(cases[2])
    await _poll(reader, desk)
    desk.tick = 300
    await _poll(reader, desk)
    await _check(reader, desk)


@scenario
async def two_tickets_are_stamped_ahead_where_times_are_coarse() -> None:
    await _spoken_behind_two_stamped_ahead(Setup(mode=ChangeMode.SCAN, unit=60))


async def _spoken_behind_two_stamped_ahead(setup: Setup) -> None:
    desk, reader = VendorDesk(setup), Reader()
    cases = [desk.create() for _ in range(8)]
    for case in cases[:2]:
        desk.update(case, future=86_400)
    desk.tick = 1200
    desk.say(cases[4])
    await _poll(reader, desk)
    await _poll(reader, desk)
    desk.say(cases[4])
    await _poll(reader, desk)
    await _poll(reader, desk)
    await _check(reader, desk)


@scenario
async def a_scan_begins_with_an_empty_desk() -> None:
    desk, reader = VendorDesk(Setup(mode=ChangeMode.SCAN)), Reader()
    await _poll(reader, desk)
    case = desk.create()
    await _poll(reader, desk)
    desk.say(case)  # in the second of its creation
    desk.tick = 60
    await _poll(reader, desk)
    await _check(reader, desk)


@scenario
async def a_ticket_is_deleted_once_the_clock_was_put_back() -> None:
    desk, reader = VendorDesk(Setup(page_size=1, deletions="apart")), Reader()
    cases = _many(desk, 9)
    await _poll(reader, desk)
    for case in cases[:4]:
        desk.tick += 60
        desk.delete(case)
    await _poll(reader, desk)
    desk.ahead -= 150
    desk.delete(cases[6])
    await _poll(reader, desk)
    await _check(reader, desk)


class _Fails(Breaks):
    """Has the vendor answer with what cannot be read where a ticket is asked for."""

    async def __call__(self, name: str) -> None:
        if name == "get_ticket":
            raise errors.ProtocolError("$: an answer that cannot be read.", path="$")
        await super().__call__(name)


@scenario
async def a_deletion_cannot_be_verified_for_a_while() -> None:
    desk, reader = VendorDesk(Setup(deletions="apart")), Reader()
    cases = _many(desk, 9)
    await _poll(reader, desk)
    desk.tick = 60
    desk.delete(cases[0])
    await _poll(reader, desk, _Fails())
    assert reader.last[-1].problems or reader.last[-2].problems
    await _poll(reader, desk)
    await _check(reader, desk)


@scenario
async def a_message_comes_behind_one_ticket_that_was_stamped_ahead() -> None:
    for mode in (ChangeMode.WINDOW, ChangeMode.SCAN):
        desk, reader = VendorDesk(Setup(mode=mode)), Reader()
        cases = _many(desk, 9)
        await _poll(reader, desk)
        desk.tick = 7200
        desk.update(cases[0])
        await _poll(reader, desk)
        desk.update(cases[1], future=86_400)
        await _poll(reader, desk)
        await _poll(reader, desk)
        desk.say(cases[0])  # in the second of its change, which had been told
        await _poll(reader, desk)
        await _check(reader, desk)


@scenario
async def a_reader_ends_in_its_second_scan_of_a_desk_that_was_empty() -> None:
    desk, reader, breaks = VendorDesk(Setup(mode=ChangeMode.SCAN)), Reader(), Breaks()
    await _poll(reader, desk)
    case = desk.create()
    async with opened(desk, breaks) as reading:
        assert await reader.poll(reading, breaks, sweep=False, lost=1) == "lost"
    desk.say(case)  # in the second of its creation
    await _poll(reader, desk)
    await _check(reader, desk)
