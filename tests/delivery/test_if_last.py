"""A reply with if_last= is sent only if the customer has written nothing since."""

from __future__ import annotations

import pickle
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.delivery.moved import written_since
from helpdesk_bridge.transport import clock
from tests.delivery.places import FAKES, WORDS, Place, number_of, opened

pytestmark = pytest.mark.asyncio
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


async def conversation(place: Place) -> list[hb.Message]:
    read = [message async for message in place.desk.messages(place.ticket)]
    return [message for message in read if message.type is not hb.MessageType.SYSTEM]


def customer_writes(place: Place, text: str = "One more thing.") -> str:
    """Have the customer write by mail; return the number of that message."""
    stored = place.store.tickets[number_of(place.ticket)]
    made = place.store.add_message(
        stored.id,
        type=hb.MessageType.REQUEST,
        audience=hb.Audience.EXTERNAL,
        author=stored.requester,
        html=f"<p>{text}</p>",
    )
    return str(made.id)


async def moved(place: Place, last: Any, **more: Any) -> hb.ConversationMoved:
    """Make a reply that must be kept back, and return why."""
    before = len(place.stored)
    with pytest.raises(hb.ConversationMoved) as caught:
        await place.desk.reply(place.ticket, text=WORDS, send_email=True, if_last=last, **more)
    assert (len(place.stored), place.store.outbox) == (before, [])
    assert (caught.value.outcome, caught.value.retryable) == (hb.Outcome.NOT_SENT, False)
    return caught.value


@pytest.mark.parametrize("by_id", [True, False])
async def test_it_is_sent_while_that_is_the_customers_last_word(place: Place, by_id: bool) -> None:
    await place.desk.note(place.ticket, text="A colleague looks into it.")
    last = (await conversation(place))[0]
    await place.desk.reply(
        place.ticket, text=WORDS, send_email=True, if_last=last.id if by_id else last
    )
    assert len(place.store.outbox) == 1
    await place.desk.reply(place.ticket, text="Another.", send_email=True, if_last=last)
    assert len(place.store.outbox) == 2


@pytest.mark.parametrize("by_id", [True, False])
async def test_it_is_kept_back_once_the_customer_has_written_since(
    place: Place, by_id: bool
) -> None:
    last = (await conversation(place))[-1]
    numbers = [customer_writes(place), customer_writes(place, "And another.")]
    error = await moved(place, last.id if by_id else last)
    assert [re.sub(r"\D", "", one) for one in error.newer] == numbers
    assert error.last_message_id == error.newer[-1]
    assert "the customer has written since (2 more)" in str(error)
    now = await conversation(place)
    await place.desk.reply(place.ticket, text=WORDS, send_email=True, if_last=now[-1])
    assert len(place.store.outbox) == 1


async def test_a_message_that_is_gone_keeps_it_back(place: Place) -> None:
    last = (await conversation(place))[-1]
    gone = last.id.replace(str(number_of(last)), "999999")
    error = await moved(place, gone)
    assert (error.newer, error.last_message_id) == ((), None)
    assert "is not on the ticket" in str(error)


async def test_a_message_of_another_ticket_or_desk_and_no_message_at_all_are_refused(
    place: Place,
) -> None:
    last = (await conversation(place))[-1]
    requests = len(place.fake.journal) if place.fake else 0
    wrong = (
        attrs.evolve(last, ticket_id="1" + last.ticket_id),
        attrs.evolve(last, desk="sales"),
        "not an id!",
        7,
        place.ticket,
    )
    for one in wrong:
        with pytest.raises(hb.InvalidArgument):
            await place.desk.reply(
                place.ticket,
                text=WORDS,
                send_email=True,
                if_last=one,  # type: ignore[arg-type]
            )
    assert (len(place.fake.journal) if place.fake else 0) == requests
    assert place.store.outbox == []


async def test_what_was_read_is_not_read_once_more_to_send(place: Place) -> None:
    """And the ids that were there before are what a lost answer is looked for by."""
    if place.fake is None:
        pytest.skip("no request is made")
    last = (await conversation(place))[-1]
    sent = await place.desk.reply(place.ticket, text="First.", send_email=True, if_last=last)
    assert sent.fingerprint is not None
    assert sent.fingerprint.before is not None
    assert last.id in sent.fingerprint.before
    asked = [e.path for e in place.fake.journal if e.method == "GET"]
    del place.fake.journal[:]
    await place.desk.reply(place.ticket, text="Second.", send_email=True, if_last=last)
    asked = [(e.path, e.query) for e in place.fake.journal if e.method == "GET"]
    if place.adapter != "request_tracker":  # whose histories are asked for by several requests
        assert len(asked) == len(set(asked))


async def test_a_desk_without_conversations_says_so() -> None:
    async with opened("airclou") as place:
        able = place.desk.capabilities
        reason = able[hb.Capability.IF_LAST].reason
        assert (able[hb.Capability.IF_LAST].level, "just before" in reason) == ("emulated", True)
        less = able.without("No.", hb.Capability.LIST_MESSAGES)
        assert not less.supports(hb.Capability.IF_LAST)
        assert able.without("No.", hb.Capability.NOTE).supports(hb.Capability.IF_LAST)
        assert not able.without("No.", hb.Capability.REPLY).supports(hb.Capability.IF_LAST)


async def test_a_message_that_cannot_be_read_keeps_it_back() -> None:
    async with opened("airclou") as place:
        last = (await conversation(place))[-1]

        def spoiled(response: Any) -> Any:
            if "messages" in response.request.path:
                response.content = re.sub(
                    rb'("messages": ?\[)(?=\s*\{)', rb"\1 7,", response.content
                )
            return response

        place.trouble.reads = spoiled
        error = await moved(place, last)
        assert "cannot be read" in str(error)


async def test_a_conversation_that_cannot_be_read_keeps_it_back() -> None:
    async with opened("airclou", options=hb.TransportOptions(max_attempts=1)) as place:
        last = (await conversation(place))[-1]

        def failing(response: Any) -> Any:
            raise hb.VendorUnavailable("down.")

        place.trouble.reads = failing
        before = len(place.stored)
        with pytest.raises(hb.VendorUnavailable) as caught:
            await place.desk.reply(place.ticket, text=WORDS, send_email=True, if_last=last)
        assert (caught.value.outcome, len(place.stored)) == (hb.Outcome.NOT_SENT, before)
        assert "cursor" not in str(caught.value)


@pytest.mark.parametrize("adapter", FAKES)
async def test_reading_and_sending_have_one_deadline(adapter: str) -> None:
    async with opened(adapter) as place:
        last = (await conversation(place))[-1]
        ends: list[float] = []

        def told(response: Any) -> Any:
            ends.append(response.request.progress.ends_at)
            return response

        async def write(request: Any, handler: Any) -> Any:
            return told(await handler(request))

        place.trouble.reads, place.trouble.plan = told, [write]
        await place.desk.reply(place.ticket, text=WORDS, send_email=True, if_last=last)
        assert len(ends) > 1
        assert len(set(ends)) == 1


async def test_the_error_survives_a_pickle() -> None:
    error = hb.errors.ConversationMoved("moved.", newer=["1", "2"])
    twin = pickle.loads(pickle.dumps(error))
    assert (twin.newer, twin.last_message_id, str(twin)) == (("1", "2"), "2", str(error))


# -- what counts -----------------------------------------------------------------------------


def message(number: int, minutes: int | None = None, **fields: Any) -> hb.Message:
    given = {"type": hb.MessageType.REQUEST, "audience": hb.Audience.EXTERNAL, **fields}
    at = None if minutes is None else NOON + timedelta(minutes=minutes)
    return hb.Message(id=str(number), ticket_id="1", created_at=at, **given)


LAST = message(1, 0)
T, A = hb.MessageType, hb.Audience
OURS = {
    "response": {"type": T.RESPONSE},
    "forward": {"type": T.RESPONSE, "audience": A.FORWARD},
    "note": {"type": T.NOTE, "audience": A.INTERNAL},
    "event": {"type": T.SYSTEM, "audience": A.INTERNAL},
    "internal, of a type nobody knows": {"type": T.UNKNOWN, "audience": A.INTERNAL},
}
THEIRS = {
    "request": {},
    "unknown, external": {"type": T.UNKNOWN},
    "unknown": {"type": T.UNKNOWN, "audience": A.UNKNOWN},
    "a response by a customer": {"type": T.RESPONSE, "author": hb.Party(role=hb.Role.CUSTOMER)},
}


@pytest.mark.parametrize("what", OURS)
async def test_what_the_desk_wrote_since_does_not_count(what: str) -> None:
    assert written_since("1", [LAST, message(2, 1, **OURS[what])]) == []


@pytest.mark.parametrize("what", THEIRS)
async def test_what_is_not_known_to_be_the_desks_counts(what: str) -> None:
    newer = message(2, 1, **THEIRS[what])
    assert written_since("1", [LAST, newer]) == [newer]


@pytest.mark.parametrize(
    ("others", "last", "newer"),
    [
        ([("before", -1)], 0, []),
        ([("before", 0)], 0, []),
        ([("before", 1)], 0, ["before"]),  # listed before, and later by its time
        ([("before", None)], 0, ["before"]),
        ([("before", -1)], None, ["before"]),
        ([("before", None)], None, []),
        ([("after", -1)], 0, ["after"]),  # the vendor's order says so
        ([("after", 0)], 0, ["after"]),
        ([("after", None)], 0, ["after"]),
        ([("after", 1), ("before", 2)], 0, ["before", "after"]),
    ],
)
async def test_what_is_not_known_to_be_older_counts(
    others: list[tuple[str, int | None]], last: int | None, newer: list[str]
) -> None:
    made = {where: message(n + 2, at) for n, (where, at) in enumerate(others)}
    listed = [message(1, last)]
    listed = [*([made["before"]] if "before" in made else []), *listed]
    listed += [made["after"]] if "after" in made else []
    assert written_since("1", listed) == [made[where] for where in newer]


async def test_without_that_message_nothing_can_be_told() -> None:
    assert written_since("9", [LAST]) is None


async def test_a_reply_that_had_to_wait_after_the_reading_is_kept_back(place: Place) -> None:
    """A rate limit, a lease, a middleware: whatever it waits for, the customer may write then."""
    if place.fake is None:
        pytest.skip("a desk in memory waits for nothing")
    last = (await conversation(place))[-1]

    async def late(request: Any, handler: Any) -> Any:
        await clock.pause(6)
        return await handler(request)

    place.trouble.plan = [late]
    error = await moved(place, last)
    assert "had to wait" in str(error)
