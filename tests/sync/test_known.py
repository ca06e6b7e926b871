"""Which tickets are known to a lineage of checkpoints."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from helpdesk_bridge.model import Ticket
from helpdesk_bridge.sync import known as known_ids
from helpdesk_bridge.sync.known import Comparison, KnownIds

MOST_LETTERS = 16 * 1024
BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
AMOUNT = 6_000

Make = Callable[[random.Random], str]


def _opaque(made: random.Random) -> str:
    return f"tkt_{made.getrandbits(64):016x}"


def _uuid(made: random.Random) -> str:
    return str(uuid.UUID(int=made.getrandbits(128)))


def _sparse(made: random.Random) -> str:
    return str(made.randrange(10**9))


def _dense(made: random.Random) -> str:
    return str(made.randrange(10**5))


def _word(made: random.Random) -> str:
    return "".join(made.choices("abcXYZ019_-", k=made.randrange(8, 14)))


KINDS: dict[str, Make] = {
    "dense numbers": _dense,
    "sparse numbers": _sparse,
    "opaque": _opaque,
    "UUID": _uuid,
    "words": _word,
}
SKETCHED = ["opaque", "UUID"]


@cache
def _pool(kind: str, amount: int, seed: int) -> tuple[str, ...]:
    made, ids = random.Random(seed), dict[str, None]()
    while len(ids) < amount:
        ids[KINDS[kind](made)] = None
    return tuple(ids)


def ids_of(kind: str, amount: int = AMOUNT, seed: int = 1) -> list[str]:
    return list(_pool(kind, amount, seed))


def again(known: KnownIds) -> KnownIds:
    """Return what another process reads, and check the room it takes."""
    text = json.dumps(known.to_plain())
    assert len(text) <= MOST_LETTERS
    return KnownIds.from_plain(json.loads(text))


def tickets(ids: Iterable[str], created_at: datetime | None = None) -> list[Ticket]:
    return [Ticket(id=one, created_at=created_at) for one in ids]


def after(ids: list[str]) -> KnownIds:
    """Return what is known after the list of ``ids``, in two batches."""
    known = KnownIds.nothing()
    known.listed(ids[:1000])
    known = again(known)
    known.listed(ids[1000:])
    return again(known)


@pytest.mark.parametrize("kind", KINDS)
def test_missing_and_arrived_tickets_are_named(kind: str) -> None:
    ids = ids_of(kind, 20_100)
    known = after(ids[:20_000])
    told = known.compare(ids[100:])
    assert told == Comparison(tuple(sorted(ids[:100])), tuple(sorted(ids[20_000:])), 0)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_missing_from_the_same_list(kind: str) -> None:
    ids = ids_of(kind)
    assert after(ids).compare(set(ids)) == Comparison((), (), 0)


def test_all_is_named_where_nothing_was_known_or_nothing_is_left() -> None:
    ids = ids_of("UUID", 30)
    assert again(KnownIds.nothing()).compare(ids).arrived == tuple(sorted(ids))
    assert after(ids).compare([]) == Comparison(tuple(sorted(ids)), (), 0)


def test_any_number_of_missing_tickets_is_named_where_the_ids_are_dense_numbers() -> None:
    ids = ids_of("dense numbers")
    assert len(after(ids).compare(ids[5_000:]).missing) == 5_000


@pytest.mark.parametrize("kind", SKETCHED)
@pytest.mark.parametrize("missing", [1500, 5000])
def test_more_than_can_be_named_is_counted(kind: str, missing: int) -> None:
    ids = ids_of(kind)
    told = after(ids).compare(ids[missing:])
    assert set(told.missing) <= set(ids[:missing])
    assert told.unnamed == missing - len(told.missing) > 1000


def test_more_than_can_be_named_is_at_least_one_where_as_many_arrived() -> None:
    ids = ids_of("UUID", AMOUNT + 1500)
    assert after(ids[:AMOUNT]).compare(ids[1500:]) == Comparison((), (), 1)


@pytest.mark.parametrize("kind", SKETCHED)
@pytest.mark.parametrize("created_at", [None, BEGAN])
def test_ticket_told_again_is_known_once(kind: str, created_at: datetime | None) -> None:
    ids = ids_of(kind)
    known = after(ids)
    known.told(tickets(ids[:200], created_at))
    known = again(known)
    known.told(tickets(ids[:200], created_at))
    assert again(known).compare(ids[50:]) == Comparison(tuple(sorted(ids[:50])), (), 0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("created_at", [None, BEGAN + timedelta(days=1)])
def test_any_number_of_new_tickets_is_known(kind: str, created_at: datetime | None) -> None:
    ids = ids_of(kind)
    known = after(ids[:4_000])
    known.covers(BEGAN)
    for at in range(4_000, AMOUNT, 50):
        known.told(tickets(ids[at : at + 50], created_at))
    gone = ids[:40] + ids[5_000:5_040] + ids[-40:]
    told = again(known).compare(set(ids) - set(gone))
    assert told == Comparison(tuple(sorted(gone)), (), 0)


@pytest.mark.parametrize("kind", SKETCHED)
def test_any_number_of_tickets_told_again_costs_nothing_where_their_time_is_covered(
    kind: str,
) -> None:
    ids = ids_of(kind)
    known = after(ids)
    known.covers(BEGAN)
    for _ in range(2):
        known.told(tickets(ids, BEGAN))
        known = again(known)
    told = known.compare(ids[100:])
    assert told == Comparison(tuple(sorted(ids[:100])), (), 0)


def test_ticket_created_later_than_what_is_covered_is_not_taken_for_known() -> None:
    ids = ids_of("UUID")
    known = after(ids[:5_000])
    known.covers(BEGAN)
    known.told(tickets(ids[5_000:], BEGAN + timedelta(microseconds=1)))
    told = again(known).compare(ids[:5_000] + ids[5_050:])
    assert told == Comparison(tuple(sorted(ids[5_000:5_050])), (), 0)


@pytest.mark.parametrize("kind", SKETCHED)
def test_too_many_tickets_told_again_are_never_silent(kind: str) -> None:
    ids = ids_of(kind)
    known = after(ids)
    known.told(tickets(ids[:2000]))
    told = again(known).compare(ids[1:])
    assert told.unnamed > 0
    assert set(told.missing) <= {ids[0]}


@pytest.mark.parametrize("kind", KINDS)
def test_ticket_that_is_gone_is_not_known_until_it_is_told_again(kind: str) -> None:
    ids = ids_of(kind)
    known = after(ids)
    known.gone(ids[:60])
    known = again(known)
    assert known.compare(ids[60:]) == Comparison((), (), 0)
    assert known.compare(ids[59:]) == Comparison((), (ids[59],), 0)
    known.told(tickets(ids[50:60]))
    assert again(known).compare(ids[60:]).missing == tuple(sorted(ids[50:60]))


@pytest.mark.parametrize("kind", SKETCHED)
@pytest.mark.parametrize("more", [0, 400])
def test_ticket_that_was_new_and_gone_and_is_restored_is_known(kind: str, more: int) -> None:
    ids = ids_of(kind, AMOUNT + 1001)
    known = after(ids[:AMOUNT])
    one = ids[-1]
    known.told(tickets([one], BEGAN))
    known.gone([one])
    known.covers(BEGAN)
    known = again(known)
    assert known.compare(ids[:AMOUNT]) == Comparison((), (), 0)
    known.told(tickets([one], BEGAN))
    known.told(tickets(ids[AMOUNT : AMOUNT + more], BEGAN + timedelta(days=1)))
    told = again(known).compare(ids[: AMOUNT + more])
    assert told == Comparison((one,), (), 0)


@pytest.mark.parametrize("kind", SKETCHED)
def test_gone_ticket_that_was_never_known_changes_nothing(kind: str) -> None:
    ids = ids_of(kind, AMOUNT + 1)
    known = after(ids[:AMOUNT])
    known.gone(ids[-1:])
    assert again(known).compare(ids[1:AMOUNT]) == Comparison((ids[0],), (), 0)
    known.told(tickets(ids[-1:]))
    known = again(known)
    assert known.compare(ids) == Comparison((), (), 0)
    assert known.compare(ids[:-1]) == Comparison((ids[-1],), (), 0)


def test_ticket_gone_before_many_others_is_named_once_more_and_never_lost() -> None:
    ids = ids_of("UUID")
    known = after(ids)
    known.gone(ids[:150])
    known = again(known)
    told = known.compare(ids[150:])
    assert (told.arrived, told.unnamed) == ((), 0)
    assert 50 < len(told.missing) < 150
    assert set(told.missing) <= set(ids[:150])
    known.told(tickets(ids[:1], BEGAN))
    assert ids[0] in known.compare(ids[150:]).missing


def test_tickets_that_are_gone_take_no_room_of_those_that_are_missing() -> None:
    ids = ids_of("UUID")
    known = after(ids)
    known.gone(ids[:60])
    assert known.compare(ids[320:]) == Comparison(tuple(sorted(ids[60:320])), (), 0)


def test_new_ticket_that_is_gone_before_many_others_and_restored_is_known() -> None:
    ids = ids_of("UUID")
    known, one = after(ids[:-1]), ids[-1]
    known.told(tickets([one], BEGAN))
    known.gone([one])
    known.gone(ids[:150])
    known.covers(BEGAN)
    known = again(known)
    known.told(tickets([one, *ids[200:500]], BEGAN))
    assert one in again(known).compare(ids[150:-1]).missing


@pytest.mark.parametrize("kind", KINDS)
def test_list_and_what_is_kept_are_known_after_renewing(kind: str) -> None:
    ids = ids_of(kind)
    known = after(ids[:4_000])
    known.told(tickets(ids[:2000]))
    known.gone(ids[:50])
    known = again(known)
    known.renew(ids[100:-1], keep=ids[-1:])
    known = again(known)
    assert known.compare(ids[100:]) == Comparison((), (), 0)
    assert known.compare(ids[101:-1]).missing == tuple(sorted([ids[100], ids[-1]]))


def test_ids_longer_than_the_rest_are_known_as_they_are() -> None:
    ids = ids_of("opaque")
    odd = ["wholly another id of twice the length", "ä" * 90, "x" * 40]
    known = after([*ids[:10_000], odd[0], *ids[10_000:]])
    known.told(tickets(odd[1:]))
    known = again(known)
    assert known.compare([*ids, *odd]) == Comparison((), (), 0)
    assert known.compare([*ids, "y" * 40, odd[0]]) == Comparison(
        tuple(sorted(odd[1:])), ("y" * 40,), 0
    )
    known.gone(odd)
    assert again(known).compare(ids) == Comparison((), (), 0)


@pytest.mark.parametrize("length", [40, 5000])
def test_ids_that_have_no_room_are_never_silent(length: int) -> None:
    ids = ids_of("opaque")
    known = after(ids)
    known.told(tickets(f"{at:03} {'x' * length}" for at in range(90)))
    told = again(known).compare(ids)
    assert len(told.missing) + told.unnamed == 90
    known.renew(ids)
    assert again(known).compare(ids).unnamed == 0


def test_longer_numbers_have_room_later() -> None:
    ids = ids_of("sparse numbers")
    known = after(ids)
    later = [str(10**10 + at) for at in range(600)]
    known.told(tickets(later))
    told = again(known).compare([*ids, *later[30:]])
    assert told == Comparison(tuple(sorted(later[:30])), (), 0)


@pytest.mark.parametrize("kind", SKETCHED)
@pytest.mark.parametrize("is_exact", [True, False])
def test_ticket_that_is_restored_after_renewing_is_known(kind: str, is_exact: bool) -> None:
    ids = ids_of(kind)
    known = after(ids[:400]) if is_exact else after(ids)
    known.covers(BEGAN)
    known.gone(ids[:10])
    known.renew(ids[10:])
    known = again(known)
    known.told(tickets(ids[:5], BEGAN))
    known.told(tickets(ids[10:1000], BEGAN))
    assert again(known).compare(ids[10:]).missing == tuple(sorted(ids[:5]))


@pytest.mark.parametrize("kind", ["dense numbers", *SKETCHED])
@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_it_knows_what_a_set_knows(
    kind: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if seed % 2:
        monkeypatch.setattr(known_ids, "_LETTERS", 0)
    story = Story(kind, seed, covers=seed >= 2)
    for _ in range(240):
        story.now += timedelta(minutes=1)
        getattr(story, story.made.choice(STEPS))()
    assert story.compared > 15


STEPS = ["new", "again", "again", "gone", "restored", "restart", "restart", "compare"]


class Story:
    """What happens to a desk, with a set beside what is tested."""

    def __init__(self, kind: str, seed: int, covers: bool) -> None:
        pool = ids_of(kind, 2000, seed)
        self.made, self.compared, self.covers = random.Random(f"{kind} {seed}"), 0, covers
        self.model, self.deleted, self.now = set(pool[:400]), list[str](), BEGAN
        self.fresh, self.created = iter(pool[400:]), dict.fromkeys(pool, BEGAN)
        self.known = KnownIds.nothing()
        self.known.listed(pool[:400])

    def told(self, some: list[str]) -> None:
        self.known.told([Ticket(id=one, created_at=self.created[one]) for one in some])
        self.model.update(some)

    def new(self) -> None:
        some = [next(self.fresh) for _ in range(self.made.randrange(4))]
        self.created.update(dict.fromkeys(some, self.now))
        self.told(some)

    def again(self) -> None:
        self.told(self.made.sample(sorted(self.model), 2))

    def gone(self) -> None:
        one = self.made.choice(sorted(self.model))
        self.known.gone([one])
        self.model.discard(one)
        self.deleted.append(one)

    def restored(self) -> None:
        if self.deleted:
            self.told([self.deleted.pop(self.made.randrange(len(self.deleted)))])

    def restart(self) -> None:
        if self.covers:
            self.known.covers(self.now)
        self.known = again(self.known)

    def compare(self) -> None:
        lost = set(self.made.sample(sorted(self.model), self.made.randrange(6)))
        more = {next(self.fresh) for _ in range(self.made.randrange(4))}
        present = (self.model - lost) | more
        told = self.known.compare(present)
        assert told == Comparison(tuple(sorted(lost)), tuple(sorted(more)), 0)
        self.compared += 1
        if self.compared % 6 == 0:
            self.known.renew(present, keep=lost)
            self.model |= more


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("until", "yesterday"),
        ("until", "2026-03-01T00:00:00"),
        ("until", 5),
        ("prefix", None),
        ("width", "9"),
        ("width", -1),
        ("width", 200),
        ("width", True),
        ("sketch", None),
        ("sketch", "damaged"),
        ("waiting", "damaged"),
        ("new", "no number"),
        ("new", "-1"),
        ("new", "f" * 90),
        ("gone", 3),
        ("held", "g"),
        ("held", "f" * 90),
        ("long", ["x"]),
        ("lost", None),
        ("ids", "damaged"),
    ],
)
def test_what_is_damaged_is_refused(name: str, value: object) -> None:
    known = after(ids_of("UUID", 2000))
    known.told(tickets(ids_of("UUID", 20)))
    plain = known.to_plain()
    assert KnownIds.from_plain(plain).to_plain() == plain
    with pytest.raises(ValueError, match=r"."):
        KnownIds.from_plain({**plain, name: value})


@pytest.mark.parametrize("data", [None, [], "text", {}])
def test_what_is_none_of_it_is_refused(data: Any) -> None:
    with pytest.raises(ValueError, match=r"no object|is no text"):
        KnownIds.from_plain(data)


def test_it_is_the_same_however_often_it_is_read() -> None:
    known = after(ids_of("words", 3000))
    known.covers(BEGAN)
    known.told(tickets(ids_of("words", 30, seed=2)))
    known.gone(ids_of("words", 10))
    assert again(again(known)).to_plain() == known.to_plain()


@pytest.mark.parametrize("kind", KINDS)
def test_room_is_kept_where_every_list_is_full(kind: str) -> None:
    ids = ids_of(kind)
    known = after(ids)
    known.covers(BEGAN)
    known.told(tickets(ids[:2000], BEGAN + timedelta(days=1)))
    known.gone(ids[2000:3000])
    known.told(tickets(f"an id with blanks {at:03} {'x' * 20}" for at in range(30)))
    assert len(json.dumps(again(known).to_plain())) > 5_000
