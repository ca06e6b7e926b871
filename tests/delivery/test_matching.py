"""The judgement of a lost write is pure: what holds of it holds for any conversation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import assume, given
from hypothesis import strategies as st

from helpdesk_bridge import Attachment, Audience, Message, MessageType, Party, Ticket
from helpdesk_bridge.delivery.entry import EntryState, LedgerEntry
from helpdesk_bridge.delivery.evidence import (
    OLDER,
    Evidence,
    Finding,
    Search,
    doubt_of_absence,
)
from helpdesk_bridge.delivery.matching import (
    can_be,
    find_new,
    first_words,
    judge_messages,
    judge_tickets,
    likely_tickets,
)
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
times = st.none() | st.integers(-900_000, 200_000).map(lambda s: BEGAN + timedelta(seconds=s))
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
        "now": BEGAN + timedelta(seconds=70),
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


def entry_of(operation: str, number: int, state: EntryState = EntryState.SENT) -> LedgerEntry:
    begun = LedgerEntry(
        desk="it",
        vendor="v",
        operation=operation,
        operation_id=f"o{number}",
        ticket_id="7",
        fingerprint=mark_of(operation),
    )
    return evolve(begun, state=state, started_at=BEGAN + timedelta(seconds=number))


def proof(messages: Sequence[Message], **more: object) -> Evidence:
    ids = frozenset(message.id for message in messages)
    given = {"walks": [ids, ids], "passed": 300.0, "patience": 300.0}
    return Evidence(**{**given, **more})  # type: ignore[arg-type]


def is_unsent(search: Search, there: Sequence[Message], **more: object) -> bool:
    """Say whether it would be called not sent, and so be sent again."""
    return not doubt_of_absence(search, judge_messages(search, there), proof(there, **more))


shifts = st.integers(-700_000, 90_000).map(lambda seconds: timedelta(seconds=seconds))


@given(operations, conversations, st.booleans(), words, st.none() | shifts, st.floats(-9e4, 9e4))
def test_what_was_sent_is_never_called_unsent(
    operation: str,
    others: list[Message],
    noted: bool,
    shown: str,
    shift: timedelta | None,
    offset: float,
) -> None:
    """Whatever words and whatever time of the last week the vendor gives it, or none."""
    made_at = None if shift is None else BEGAN + shift
    mine = evolve(sent_by(operation, "new"), text=shown, created_at=made_at)
    before = tuple(one.id for one in others) if noted else None
    mark = mark_of(operation, before=before, offset=offset)
    assume(noted or made_at is None or made_at >= BEGAN - OLDER)
    search = search_of(mark, offset=0.0)
    finding = judge_messages(search, [*others, mine])
    assert not is_unsent(search, [*others, mine])
    assert finding.sure is not None or mine in finding.candidates or finding.candidates


@given(st.sampled_from(["reply", "forward", "add_request"]), conversations, words, st.booleans())
def test_a_reply_whose_author_cannot_be_told_is_never_called_unsent(
    operation: str, others: list[Message], shown: str, noted: bool
) -> None:
    mine = evolve(
        sent_by(operation, "new"), type=MessageType.UNKNOWN, audience=Audience.EXTERNAL, text=shown
    )
    before = tuple(one.id for one in others) if noted else None
    search = search_of(mark_of(operation, before=before))
    assert not is_unsent(search, [*others, mine])
    assert judge_messages(search, [*others, mine]).sure is not mine


@pytest.mark.parametrize("text", ["", " \n", "Your refund is \u2026", "This mail is HTML.", None])
def test_the_words_of_either_form_are_compared(text: str | None) -> None:
    mine = evolve(sent_by("reply", "new"), html=f"<p>{WORDS}</p>", text=text)
    mark = mark_of("reply", before=())
    assert judge_messages(search_of(mark), [mine]) == Finding(sure=mine)
    assert find_new(mark, [mine]) is mine
    asked = mark_of("add_request", before=())
    assert first_words(asked, [evolve(mine, type=MessageType.REQUEST)]) is not None


@given(operations, conversations)
def test_what_was_sent_as_it_was_is_found_among_what_was_there(
    operation: str, others: list[Message]
) -> None:
    mark = mark_of(operation, before=tuple(one.id for one in others))
    mine = sent_by(operation, "new")
    assert judge_messages(search_of(mark), [*others, mine]) == Finding(sure=mine)


@given(operations, conversations)
def test_what_the_vendor_leaves_open_is_found_and_proves_nothing(
    operation: str, others: list[Message]
) -> None:
    mark = mark_of(operation, before=tuple(one.id for one in others))
    kind, audience = KINDS[-1]
    mine = evolve(sent_by(operation, "new"), type=kind, audience=audience, author=Party())
    assert find_new(mark, [*others, mine]) is mine
    assert judge_messages(search_of(mark), [*others, mine]).candidates == (mine,)
    assert not is_unsent(search_of(mark), [*others, mine])


@given(operations, conversations)
def test_what_was_there_before_is_not_what_was_sent(operation: str, there: list[Message]) -> None:
    mark = mark_of(operation, before=tuple(message.id for message in there))
    assert judge_messages(search_of(mark), there) == Finding()
    assert is_unsent(search_of(mark), there)
    assert find_new(mark, there) is None


@given(operations, conversations, st.sets(st.sampled_from(IDS)), st.sets(st.sampled_from(IDS)))
def test_what_another_write_has_made_is_not_taken(
    operation: str, there: list[Message], known: set[str], taken: set[str]
) -> None:
    others = [evolve(entry_of(operation, n), made_id=made) for n, made in enumerate(taken)]
    search = search_of(mark_of(operation, known=tuple(known)), others=others)
    finding = judge_messages(search, there)
    shown = [finding.sure, *finding.candidates]
    assert not {one.id for one in shown if one is not None} & (known | taken)


@given(operations, conversations, st.booleans())
def test_what_is_sure_has_the_words_the_side_and_the_time(
    operation: str, there: list[Message], noted: bool
) -> None:
    sure = judge_messages(search_of(mark_of(operation, before=() if noted else None)), there).sure
    if sure is not None:
        assert isinstance(sure, Message)
        assert sure.text == WORDS
        assert sure.type is WRITES[operation][0]
        assert can_be(sure, operation)
        assert noted or sure.created_at is not None
        assert sure.created_at is None or abs(sure.created_at - BEGAN) < timedelta(minutes=3)


@pytest.mark.parametrize("seconds", [-3600, -66, 3600, -172_800])
@pytest.mark.parametrize("noted", [True, False])
def test_the_same_words_at_another_time_are_a_candidate_only(seconds: int, noted: bool) -> None:
    """They may be an old reply that a stale read before the send did not show."""
    other = evolve(sent_by("reply", "1"), created_at=BEGAN + timedelta(seconds=seconds))
    search = search_of(mark_of("reply", before=() if noted else None))
    finding = judge_messages(search, [other])
    assert (finding.sure, finding.candidates) == (None, (other,))
    assert not is_unsent(search, [other])


@pytest.mark.parametrize("noted", [True, False])
@pytest.mark.parametrize(
    ("offset", "seconds", "sure"),
    [
        (0.0, -4, "both"),
        (0.0, -30, "neither"),
        (None, -30, "both"),
        (3600.0, 3601, "noted"),
        (3600.0, 1, "noted"),
        (-259_200.0, -259_199, "noted"),
    ],
)
def test_a_clock_that_is_told_to_be_wrong_is_believed_only_of_what_is_new(
    offset: float | None, seconds: int, sure: str, noted: bool
) -> None:
    """An old Date of a cache would else make a reply of that day ours."""
    made = evolve(sent_by("reply", "1"), created_at=BEGAN + timedelta(seconds=seconds))
    mark = mark_of("reply", offset=offset, before=() if noted else None)
    finding = judge_messages(search_of(mark, offset=offset), [made])
    assert (finding.sure is not None) is (sure == "both" or (noted and sure == "noted"))


@given(st.integers(0, 3), st.integers(0, 3), operations)
def test_likes_are_sure_only_where_each_write_has_its_own(
    likes: int, others: int, operation: str
) -> None:
    there = [sent_by(operation, str(number)) for number in range(likes)]
    entries = tuple(entry_of(operation, number) for number in range(others))
    search = search_of(mark_of(operation), others=entries)
    finding = judge_messages(search, there)
    assert (finding.sure is not None) is (likes == others + 1)
    assert is_unsent(search, there) is (likes == 0)


@pytest.mark.parametrize("state", [EntryState.PENDING, EntryState.SENT, EntryState.UNKNOWN])
def test_a_write_with_the_same_words_may_have_made_it(state: EntryState) -> None:
    mine, rival = sent_by("reply", "1"), entry_of("reply", 1, state)
    assert judge_messages(search_of(mark_of("reply"), others=[rival]), [mine]).doubt
    noted = evolve(rival, fingerprint=evolve(rival.fingerprint, before=("1",)))
    assert judge_messages(search_of(mark_of("reply"), others=[noted]), [mine]).sure == mine


@given(operations, st.integers(1, 3))
def test_a_write_that_was_not_sent_explains_nothing(operation: str, others: int) -> None:
    entries = tuple(entry_of(operation, number, EntryState.NOT_SENT) for number in range(others))
    search = search_of(mark_of(operation), others=entries)
    assert judge_messages(search, [sent_by(operation, "1")]).sure is not None


@given(operations, st.sampled_from(EntryState), st.integers(1, 2))
def test_other_words_are_explained_once_by_a_write_of_them(
    operation: str, state: EntryState, times: int
) -> None:
    theirs = "Somebody else's words."
    there = [evolve(sent_by(operation, str(n)), text=theirs) for n in range(times)]
    mark = Fingerprint.of(operation, salt="another process", body=theirs)
    entry = evolve(entry_of(operation, 1, state), fingerprint=mark)
    explained = times == 1 and state is not EntryState.NOT_SENT
    assert is_unsent(search_of(mark_of(operation), others=[entry]), there) is explained


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


def test_the_vendors_own_mark_counts_for_more_than_words() -> None:
    other = evolve(sent_by("reply", "1"), text="Rewritten.", created_at=BEGAN - timedelta(days=30))
    alike, me = sent_by("reply", "2"), "0" * 32
    search = search_of(mark_of("reply"), own_mark=me, marks={"1": me, "2": "1" * 32})
    assert judge_messages(search, [alike, other]) == Finding(sure=other)
    assert not is_unsent(search, [alike])  # of which nobody knows who made it


def test_other_files_are_a_doubt_and_none_are_one_where_nothing_was_noted() -> None:
    mark = Fingerprint.of("reply", salt="s", body=WORDS, files=["a.pdf"])
    bare = sent_by("reply", "1")
    other = evolve(bare, attachments=(Attachment(id="1", name="b.pdf"),))
    whole = evolve(bare, attachments=(Attachment(id="1", name="a.pdf"),))
    assert judge_messages(search_of(mark), [whole]).sure == whole
    assert judge_messages(search_of(mark), [other]).candidates == (other,)
    assert judge_messages(search_of(mark), [bare]).candidates == (bare,)
    assert judge_messages(search_of(evolve(mark, before=())), [bare]).sure == bare


def test_an_empty_text_beside_html_is_not_the_message() -> None:
    shown = evolve(sent_by("reply", "1"), text="", html=f"<p>{WORDS}</p>")
    assert judge_messages(search_of(mark_of("reply")), [shown]).sure == shown


def test_a_forward_is_not_the_reply() -> None:
    forward = sent_by("forward", "1")
    finding = judge_messages(search_of(mark_of("reply")), [forward])
    assert (finding.sure, finding.candidates) == (None, (forward,))


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"walks": []}, "twice"),
        ({"walks": [frozenset("a")]}, "twice"),
        ({"walks": [frozenset("ab"), frozenset("a")]}, "still"),
        ({"walks": [frozenset("ab"), frozenset("a"), frozenset("a")]}, ""),
        ({"problems": 1}, "read"),
        ({"walks": [frozenset("b"), frozenset("b")]}, "before"),
        ({"passed": 299.0}, "had its time"),
        ({}, ""),
    ],
)
def test_an_absence_is_proved_by_a_list_that_is_whole_and_by_time(
    more: dict[str, object], word: str
) -> None:
    search = search_of(mark_of("reply", before=("a",)))
    doubt = doubt_of_absence(search, Finding(), proof([sent_by("reply", "a")], **more))
    assert (word in doubt) if word else not doubt


@pytest.mark.parametrize(("seconds", "later"), [(3600, True), (-200, True), (-400, False)])
def test_what_was_due_is_given_the_vendors_time_from_then(seconds: int, later: bool) -> None:
    search = search_of(mark_of("reply", before=(), due=BEGAN + timedelta(seconds=seconds)))
    assert is_unsent(search, []) is not later


@given(operations, conversations)
def test_a_message_without_an_id_is_found_by_type_words_and_newness(
    operation: str, there: list[Message]
) -> None:
    before = tuple(message.id for message in there[::2])
    found = find_new(mark_of(operation, before=before), there)
    same = [one for one in there if one.id not in before and one.text == WORDS]
    fits = [one for one in same if one.type is WRITES[operation][0]]
    left_open = [one for one in same if (one.type, one.audience) == KINDS[-1]]
    assert found == next(iter([*fits, *left_open]), None)
    assert find_new(mark_of(operation), there) is None  # nobody looked what was there before


# -- new tickets -----------------------------------------------------------------------------

SUBJECTS = ("Invoice 4711", "[#7] Invoice 4711", "Re: invoice 4711", "EXT Invoice 4711")
ADDRESSES = ("li+shop@b\u00fccher.example", "LI@xn--bcher-kva.example")
NEW = evolve(
    Fingerprint.of(
        "create_ticket",
        salt="s",
        body=WORDS,
        subject="Invoice 4711",
        requester="li+shop@b\u00fccher.example",
    )
)


def ticket_of(subject: str, email: str | None, made_at: datetime | None) -> Ticket:
    return Ticket(id="new", subject=subject, requester=Party(email=email), created_at=made_at)


@given(
    st.sampled_from((*SUBJECTS, "Something else")),
    st.sampled_from((*ADDRESSES, None)),
    st.none() | shifts,
    st.booleans(),
)
def test_a_new_ticket_is_never_called_unsent(
    subject: str, email: str | None, shift: timedelta | None, read: bool
) -> None:
    made = ticket_of(subject, email, None if shift is None else BEGAN + shift)
    assume(made.created_at is None or made.created_at >= BEGAN - OLDER)
    finding = judge_tickets(search_of(NEW), [made], ["new"] if read else [])
    assert (finding.sure or finding.candidates[0]) == made
    if finding.sure:
        assert read
        assert email is not None
        assert subject in SUBJECTS[:3]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_ticket_of_somebody_else_with_the_subject_is_a_candidate(subject: str) -> None:
    made = ticket_of(subject, "bo@customer.example", BEGAN)
    assert judge_tickets(search_of(NEW), [made], ["new"]).candidates == (made,)
    other = evolve(made, subject="Something else")
    assert judge_tickets(search_of(NEW), [other], ["new"]) == Finding()


def test_two_new_tickets_alike_are_not_told_from_each_other() -> None:
    made = ticket_of(SUBJECTS[0], ADDRESSES[0], BEGAN)
    both = [made, evolve(made, id="other")]
    assert likely_tickets(search_of(NEW), both) == both
    assert judge_tickets(search_of(NEW), both, ["new", "other"]).sure is None
    assert judge_tickets(search_of(NEW), both, ["new"]).sure == made


def test_a_first_message_has_the_words_and_the_files() -> None:
    said = sent_by("add_request", "1")
    event = evolve(said, type=MessageType.SYSTEM, audience=Audience.INTERNAL, text="made")
    assert first_words(NEW, [event, said]) == said
    assert first_words(NEW, [evolve(said, text="Hello"), said]) is None
    assert first_words(NEW, [sent_by("note", "1")]) is None
    assert first_words(NEW, []) is None
    filed = evolve(NEW, files=("digest",))
    assert first_words(filed, [said]) is None


@given(st.integers(1, 400), st.integers(0, 60))
def test_a_sender_whose_clock_was_ahead_takes_nothing_for_older(days: int, seconds: int) -> None:
    """What was begun later than now was begun by a clock that was wrong."""
    now = BEGAN - timedelta(days=days)
    search = search_of(mark_of("reply"), now=now)
    assert search.is_new("made", now - timedelta(seconds=seconds))


def test_thousands_of_new_messages_are_not_compared_with_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared = 0

    def counted(self: object, other: object) -> bool:
        nonlocal compared
        compared += 1
        return self is other

    monkeypatch.setattr(Message, "__eq__", counted)
    now = datetime.now(UTC)
    listed = [
        Message(
            id=str(number),
            ticket_id="1",
            type=MessageType.RESPONSE,
            audience=Audience.EXTERNAL,
            text=f"Number {number}",
            created_at=now,
        )
        for number in range(1000)
    ]
    mark = Fingerprint.of("reply", salt="s", body="Paid back.", before=["1", "2"])
    found = judge_messages(Search(mark=mark, began=now, now=now), listed)
    assert len(found.candidates) == 998
    assert compared < 10 * len(listed)
