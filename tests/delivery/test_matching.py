"""The judgement of a lost write is pure: what holds of it holds for any conversation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_bridge import Audience, Message, MessageType, Party, Ticket
from helpdesk_bridge.delivery.ledger import Entry, State
from helpdesk_bridge.delivery.matching import Search, find_new, judge_messages, judge_tickets
from helpdesk_bridge.model.fingerprint import Fingerprint

BEGAN = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
WORDS = "Your refund is on its way."
OTHER_WORDS = ("Thank you.", "Where is my order?", "", "Your refund")
WRITES = {
    "reply": (MessageType.RESPONSE, Audience.EXTERNAL),
    "forward": (MessageType.RESPONSE, Audience.FORWARD),
    "note": (MessageType.NOTE, Audience.INTERNAL),
    "add_request": (MessageType.REQUEST, Audience.EXTERNAL),
}
KINDS = (
    *WRITES.values(),
    (MessageType.SYSTEM, Audience.INTERNAL),
    (MessageType.UNKNOWN, Audience.EXTERNAL),
    (MessageType.UNKNOWN, Audience.UNKNOWN),
)
IDS = [str(number) for number in range(8)]

operations = st.sampled_from(sorted(WRITES))
times = st.none() | st.integers(-200_000, 200_000).map(lambda s: BEGAN + timedelta(seconds=s))
kinds = st.sampled_from(KINDS)
words = st.sampled_from([WORDS, *OTHER_WORDS])


@st.composite
def messages(draw: st.DrawFn, ids: Sequence[str] = IDS) -> Message:
    kind, audience = draw(kinds)
    return Message(
        id=draw(st.sampled_from(ids)),
        ticket_id="7",
        type=kind,
        audience=audience,
        text=draw(words),
        created_at=draw(times),
    )


conversations = st.lists(messages(), max_size=6, unique_by=lambda message: message.id)


def mark_of(operation: str, **more: object) -> Fingerprint:
    return evolve(Fingerprint.of(operation, salt="s", body=WORDS), **more)


def search_of(mark: Fingerprint, **more: object) -> Search:
    given = {
        "mark": mark,
        "began": BEGAN,
        "failed": BEGAN + timedelta(seconds=10),
        "now": BEGAN + timedelta(seconds=70),
        "patience": 60.0,
    }
    return Search(**{**given, **more})  # type: ignore[arg-type]


def sent_by(operation: str, message_id: str) -> Message:
    kind, audience = WRITES[operation]
    return Message(
        id=message_id,
        ticket_id="7",
        type=kind,
        audience=audience,
        text=WORDS,
        created_at=BEGAN + timedelta(seconds=1),
    )


def entry_of(operation: str, number: int, state: State = State.SENT) -> Entry:
    begun = Entry.begun(
        desk="it",
        vendor="v",
        operation=operation,
        operation_id=f"o{number}",
        ticket_id="7",
        fingerprint=mark_of(operation),
        seconds=60,
    )
    return evolve(begun, state=state, started_at=BEGAN + timedelta(seconds=number))


@given(operations, conversations, st.integers(0, 6), st.booleans())
def test_what_was_sent_is_never_nothing(
    operation: str, others: list[Message], place: int, noted: bool
) -> None:
    there = [*others[:place], sent_by(operation, "new"), *others[place:]]
    before = tuple(message.id for message in others) if noted else None
    found = judge_messages(search_of(mark_of(operation, before=before)), there)
    assert found is not None
    if noted:
        assert found.message == sent_by(operation, "new")
        assert not found.doubt


@given(operations, st.integers(-90_000, 90_000))
def test_what_is_new_and_has_the_words_is_certain_whatever_its_time(
    operation: str, seconds: int
) -> None:
    late = evolve(sent_by(operation, "new"), created_at=BEGAN + timedelta(seconds=seconds))
    found = judge_messages(search_of(mark_of(operation, before=())), [late])
    assert found is not None
    assert (found.message, found.doubt) == (late, "")


@given(operations, st.sampled_from(State))
def test_other_words_of_that_time_are_explained_by_a_write_that_may_be_theirs(
    operation: str, state: State
) -> None:
    other = evolve(sent_by(operation, "1"), text="Somebody else's words.")
    entry = entry_of(operation, 1, state)
    mark = Fingerprint.of(operation, salt="s", body="Somebody else's words.")
    found = judge_messages(
        search_of(mark_of(operation), others=[evolve(entry, fingerprint=mark)]), [other]
    )
    assert (found is None) is (state is not State.NOT_SENT)
    assert found is None or found.doubt


@given(operations, conversations)
def test_what_was_there_before_is_not_what_was_sent(operation: str, there: list[Message]) -> None:
    mark = mark_of(operation, before=tuple(message.id for message in there))
    assert judge_messages(search_of(mark), there) is None
    assert find_new(mark, there) is None


@given(operations, conversations, st.sets(st.sampled_from(IDS)), st.sets(st.sampled_from(IDS)))
def test_what_another_write_has_made_is_not_taken(
    operation: str, there: list[Message], known: set[str], taken: set[str]
) -> None:
    search = search_of(mark_of(operation, known=tuple(known)), taken=frozenset(taken))
    found = judge_messages(search, there)
    assert found is None or found.message is None or found.message.id not in known | taken


@given(operations, conversations, st.booleans())
def test_who_is_certain_has_the_words_and_can_have_the_audience(
    operation: str, there: list[Message], noted: bool
) -> None:
    found = judge_messages(search_of(mark_of(operation, before=() if noted else None)), there)
    if found is not None and not found.doubt:
        assert found.message is not None
        assert found.message.text == WORDS
        assert found.message.type is not MessageType.SYSTEM
        internal = found.message.audience is Audience.INTERNAL
        assert internal is (operation == "note") or found.message.audience is Audience.UNKNOWN


@given(operations, st.integers(0, 3), st.integers(0, 3))
def test_likes_are_certain_only_when_there_is_one_more_than_other_writes_explain(
    operation: str, likes: int, others: int
) -> None:
    there = [sent_by(operation, str(number)) for number in range(likes)]
    entries = tuple(entry_of(operation, number) for number in range(others))
    found = judge_messages(search_of(mark_of(operation), others=entries), there)
    certain = found is not None and not found.doubt
    assert certain is (likes > others)
    assert (found is None) is (likes == 0)


@given(operations, st.integers(1, 3))
def test_a_write_that_was_not_sent_explains_nothing(operation: str, others: int) -> None:
    entries = tuple(entry_of(operation, number, State.NOT_SENT) for number in range(others))
    found = judge_messages(search_of(mark_of(operation), others=entries), [sent_by(operation, "1")])
    assert found is not None
    assert not found.doubt


@given(operations, conversations, conversations)
def test_events_of_the_system_change_nothing(
    operation: str, there: list[Message], events: list[Message]
) -> None:
    silent = [
        evolve(one, id=f"e{one.id}", type=MessageType.SYSTEM, audience=Audience.INTERNAL)
        for one in events
    ]
    search = search_of(mark_of(operation))
    assert judge_messages(search, [*there, *silent]) == judge_messages(search, there)


@given(operations, conversations)
def test_a_message_without_an_id_is_found_by_type_words_and_newness(
    operation: str, there: list[Message]
) -> None:
    before = tuple(message.id for message in there[::2])
    found = find_new(mark_of(operation, before=before), there)
    fits = [
        message
        for message in there
        if message.id not in before
        and message.type is WRITES[operation][0]
        and message.text == WORDS
    ]
    assert found == (fits[0] if fits else None)
    assert find_new(mark_of(operation), there) is None  # nobody looked what was there before


subjects = st.sampled_from(["Invoice 4711", "Invoice 4712", ""])
addresses = st.sampled_from([None, "li@customer.example", "bo@customer.example"])


@st.composite
def tickets(draw: st.DrawFn) -> Ticket:
    return Ticket(
        id=draw(st.sampled_from(IDS)),
        subject=draw(subjects),
        requester=Party(email=draw(addresses)),
        created_at=draw(times),
    )


@given(st.lists(tickets(), max_size=6, unique_by=lambda ticket: ticket.id))
def test_a_new_ticket_is_certain_only_with_its_requester_and_subject(there: list[Ticket]) -> None:
    mark = Fingerprint.of(
        "create_ticket",
        salt="s",
        body=WORDS,
        subject="Invoice 4711",
        requester="li@customer.example",
    )
    found = judge_tickets(search_of(mark), there)
    if found is not None:
        assert found.ticket is not None
        assert found.ticket.requester.email != "bo@customer.example"
    if found is not None and not found.doubt:
        assert found.ticket is not None
        assert found.ticket.requester.email == "li@customer.example"
        assert found.ticket.subject == "Invoice 4711"


@given(st.integers(-100_000, 100_000), st.integers(-90_000, 90_000))
def test_a_clock_that_is_off_by_as_much_as_is_known_changes_nothing(
    offset: int, after: int
) -> None:
    """The vendor's times are compared with the sender's by the vendor's clock."""
    mark = mark_of("reply", offset=float(offset))
    made_at = BEGAN + timedelta(seconds=after)
    shifted = search_of(mark, offset=float(offset)).nearness(made_at + timedelta(seconds=offset))
    assert shifted == search_of(mark_of("reply", offset=0.0), offset=0.0).nearness(made_at)
