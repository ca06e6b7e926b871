"""What two sketches of keys tell of each other."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_bridge.sync.sketch import Sketch

ROOM, WIDTH = 8192, 16


def keys(amount: int, seed: int = 1, width: int = WIDTH) -> list[bytes]:
    made = random.Random(seed)
    return [at.to_bytes(4, "big") + made.randbytes(width - 4) for at in range(amount)]


def sketch(some: list[bytes] | frozenset[bytes], room: int = ROOM, width: int = WIDTH) -> Sketch:
    made = Sketch.empty(room, width)
    for key in some:
        made.add(key)
    return made


@given(
    st.sets(st.binary(max_size=WIDTH), max_size=60), st.sets(st.binary(max_size=WIDTH), max_size=60)
)
@settings(max_examples=60, deadline=None)
def test_difference_of_two_sets_is_told_with_keys_of_any_length(
    mine: set[bytes], its: set[bytes]
) -> None:
    told = sketch(frozenset(mine)).minus(sketch(frozenset(its)))
    assert told == (frozenset(mine - its), frozenset(its - mine))


def test_keys_that_differ_in_leading_zeros_only_are_told_apart() -> None:
    mine, its = [b"", b"\0", b"\0\0"], [b"\0\0\0", b"\1"]
    assert sketch(mine).minus(sketch(its)) == (frozenset(mine), frozenset(its))


def test_small_difference_of_large_sets_is_told() -> None:
    some = keys(20_000)
    told = sketch(some[100:]).minus(sketch(some[:-100]))
    assert told == (frozenset(some[-100:]), frozenset(some[:100]))


def test_two_keys_for_each_three_cells_are_told() -> None:
    for seed in range(20):
        some = keys(240, seed)  # of 368 cells
        assert sketch(some).minus(sketch([])) == (frozenset(some), frozenset())


@pytest.mark.parametrize("more", [300, 400, 2000])
def test_difference_that_is_too_large_is_none_and_never_wrong(more: int) -> None:
    for seed in range(5):
        assert sketch(keys(more, seed)).minus(sketch([])) is None


def test_difference_near_the_limit_is_right_or_none() -> None:
    outcomes = set()
    for seed in range(60):
        some = keys(276, seed)
        told = sketch(some[:100]).minus(sketch(some[100:]))
        assert told in (None, (frozenset(some[:100]), frozenset(some[100:])))
        outcomes.add(told is None)
    assert outcomes == {True, False}


def test_noise_in_any_cell_is_none_and_never_wrong() -> None:
    made = random.Random(3)
    some = keys(20)
    for _ in range(100):
        damaged = sketch(some)
        damaged._cells[made.randrange(len(damaged._cells))] ^= 1 << made.randrange(8 * 22)
        told = damaged.minus(sketch([]))
        assert told is None


def test_key_that_was_added_more_often_counts_as_one() -> None:
    mine = sketch([b"three", b"three", b"three", b"one"])
    assert mine.minus(sketch([b"one", b"three"])) == (frozenset([b"three"]), frozenset())
    assert sketch([]).minus(mine) == (frozenset(), frozenset([b"three", b"one"]))


def test_key_that_was_removed_is_gone() -> None:
    some = keys(50)
    made = sketch(some)
    copy = made.copy()
    made.remove(some[7])
    assert (len(made), len(copy)) == (49, 50)
    assert made.minus(sketch(some[:7] + some[8:])) == (frozenset(), frozenset())
    assert copy.minus(made) == (frozenset([some[7]]), frozenset())


@pytest.mark.parametrize("amount", [0, 5, 20_000])
def test_text_holds_all_of_it_in_its_room(amount: int) -> None:
    some = keys(amount)
    text = sketch(some).to_text()
    again = Sketch.from_text(text, ROOM, WIDTH)
    assert (len(again), again.to_text()) == (amount, text)
    assert again.minus(sketch(some[2:])) == (frozenset(some[:2]), frozenset())
    assert text.isascii()
    assert not {'"', "\\"} & set(text)
    assert len(text) <= (ROOM + 16) * 5 / 4


def test_text_of_a_sketch_below_nothing_comes_back() -> None:
    made = sketch([])
    made.remove(b"never")
    again = Sketch.from_text(made.to_text(), ROOM, WIDTH)
    again.add(b"more")
    assert len(again) == 0
    again.remove(b"more")
    assert again.minus(sketch([])) == (frozenset(), frozenset([b"never"]))


def test_text_that_is_damaged_is_refused() -> None:
    text = sketch(keys(500)).to_text()
    made = random.Random(4)
    for _ in range(50):
        at = made.randrange(len(text))
        for damaged in (text[:at], text[:at] + "~" + text[at + 1 :], text[:at] + text[at + 5 :]):
            if damaged != text:
                with pytest.raises(ValueError, match="the text is damaged"):
                    Sketch.from_text(damaged, ROOM, WIDTH)


@pytest.mark.parametrize("text", ["", "ü", '"', "0" * 5])
def test_text_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="the text is damaged"):
        Sketch.from_text(text, ROOM, WIDTH)


@pytest.mark.parametrize(("room", "width"), [(ROOM, 15), (ROOM - 500, WIDTH), (ROOM * 2, WIDTH)])
def test_text_of_another_sketch_is_refused(room: int, width: int) -> None:
    with pytest.raises(ValueError, match=r"another|damaged"):
        Sketch.from_text(sketch(keys(9)).to_text(), room, width)


def test_text_that_unpacks_to_more_than_its_room_is_refused_without_unpacking_it() -> None:
    bomb = sketch([], room=1_000_000).to_text()
    with pytest.raises(ValueError, match="damaged"):
        Sketch.from_text(bomb, ROOM, WIDTH)


def test_sketches_of_another_size_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="not the same room"):
        sketch([]).minus(Sketch.empty(ROOM, 8))


def test_key_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        sketch([]).add(b"x" * 17)


def test_sketch_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="no room"):
        Sketch.empty(80, WIDTH)


def test_another_process_makes_the_same_text() -> None:
    code = (
        "from helpdesk_bridge.sync.sketch import Sketch\n"
        "made = Sketch.empty(600, 4)\n"
        "for at in range(99): made.add(b'%d' % at)\n"
        "print(made.to_text())"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    made = Sketch.empty(600, 4)
    for at in range(99):
        made.add(b"%d" % at)
    assert texts == {made.to_text() + "\n"}
