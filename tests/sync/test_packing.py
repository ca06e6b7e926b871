"""Ids as short numbers, and back."""

from __future__ import annotations

import random
import uuid

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from helpdesk_bridge.sync.packing import Packing

some_ids = st.one_of(
    st.text(),
    st.from_regex(r"[0-9]+", fullmatch=True),
    st.from_regex(r"tkt_[0-9A-Za-z_-]+", fullmatch=True),
    st.from_regex(r"T?[0-9a-fA-F]+", fullmatch=True),
    st.uuids().map(str),
)


@given(ticket_id=some_ids, prefix=st.sampled_from(["", "tkt_", "T", "0"]))
@example(ticket_id="", prefix="")
@example(ticket_id="tkt_", prefix="tkt_")
@example(ticket_id="007", prefix="0")
@example(ticket_id="0", prefix="")
@example(ticket_id="A" * 9, prefix="")
@example(ticket_id="\ud800", prefix="")
@example(ticket_id="9" * 5000, prefix="")
@example(ticket_id="9" * 999, prefix="")
@example(ticket_id="z" * 5000, prefix="")
@example(ticket_id="٣", prefix="")
@settings(max_examples=150, deadline=None)
def test_every_id_comes_back(ticket_id: str, prefix: str) -> None:
    packing = Packing(prefix)
    assert packing.from_key(packing.key(ticket_id)) == ticket_id
    assert packing.list_from(packing.list_text([ticket_id]), 10_000) == [ticket_id]


@given(st.lists(some_ids, unique=True))
@settings(max_examples=50, deadline=None)
def test_sets_and_lists_come_back(ids: list[str]) -> None:
    packing = Packing.of(ids)
    assert packing.list_from(packing.list_text(ids), 100_000) == ids
    assert packing.set_from(packing.set_text(ids), 100_000) == set(ids)


@given(st.binary(max_size=20))
@settings(max_examples=150, deadline=None)
def test_every_key_is_that_of_one_id_or_refused(key: bytes) -> None:
    packing = Packing("tkt_")
    try:
        ticket_id = packing.from_key(key)
    except ValueError:
        return
    assert packing.key(ticket_id) == key


@pytest.mark.parametrize(
    ("ids", "prefix", "size"),
    [
        (["12", "20000"], "", 3),
        (["tkt_0123456789abcdef", "tkt_0123456789abcdee"], "tkt_", 9),
        (["tkt_0123456789abcdef", "tkt_8123456789abcdee"], "tkt_", 9),
        (["TKT000123", "TKT000124"], "TKT", 4),
        (["case-ABCDEFGH-a", "case-ABCDEFGH-b"], "case-ABCDEFGH-", 2),
        (["0198c0de-0000-7000-8000-000000000000", "0198c0de-0000-7000-8000-000000000001"], "", 17),
        (["aZ3_-bcdefghij", "bZ3_-bcdefghij"], "", 12),
    ],
)
def test_ids_of_a_desk_have_short_keys(ids: list[str], prefix: str, size: int) -> None:
    packing = Packing.of(ids)
    assert packing.prefix == prefix
    assert max(len(packing.key(one)) for one in ids) <= size


def test_dense_numbers_take_a_few_bits_each() -> None:
    made = random.Random(5)
    ids = {str(at) for at in made.sample(range(100_000), 20_000)}
    assert len(Packing.of(ids).set_text(ids)) < 16_000


@pytest.mark.parametrize("read", [Packing().list_from, Packing().set_from])
def test_texts_that_are_damaged_are_refused(read: object) -> None:
    ids = {str(uuid.UUID(int=at << 120)) for at in range(9)}
    text = Packing().set_text(ids) if read == Packing().set_from else Packing().list_text(ids)
    assert callable(read)
    for damaged in (text[:-5], text[5:], "", "ü", text + "00000"):
        with pytest.raises(ValueError, match=r"."):
            read(damaged, 10_000)
    with pytest.raises(ValueError, match=r"."):
        read(text, 20)
