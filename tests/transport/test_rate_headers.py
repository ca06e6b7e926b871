"""How long a vendor asks to be left alone: read without trusting a clock, or any text."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from multidict import CIMultiDict

from helpdesk_bridge.transport import rate_headers as waits
from helpdesk_bridge.transport.rate_headers import (
    asked_wait,
    http_date,
    retry_after,
    running_low,
    until_reset,
    vendor_time,
)

NOON = "Sun, 06 Nov 1994 12:00:00 GMT"
IN_2033 = "Wed, 18 May 2033 03:33:20 GMT"
"""2,000,000,000 seconds since 1970."""
JUNK = ["nan", "inf", "-inf", "1e309", "-5", "\u0665", "\uff15", "1_000", "0x10", "10" * 10]
JUNK += ["soon", "\x00", "Sun, 99 Nov 1994", "Mon", "0" * 10, "-", "1e9", "5 apples"]
JUNK += ["PT", "P", "PTS", "s", "1994-99-99T12:00:00Z", "1.2.3", "--5", ".", ",", "1994-11-06"]


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0.0), ("17", 17.0), (" 17 ", 17.0), ("999999999", 999999999.0)]
)
def test_whole_seconds_are_seconds(text: str, seconds: float) -> None:
    assert retry_after({"Retry-After": text}) == seconds


@pytest.mark.parametrize(
    "text", ["", *JUNK, "Sun, \u0660\u0666 Nov 1994 12:00:00 GMT", NOON + " x" * 30]
)
def test_anything_else_asks_for_nothing(text: str) -> None:
    assert retry_after({"Retry-After": text}) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2.5", 2.5),
        ("2.", 2.0),
        ("+3", 3.0),
        ("1e1", 10.0),
        ("2.5e1", 25.0),
        ('"7"', 7.0),
        ("120s", 120.0),
        ("10 seconds", 10.0),
        ("1 Second", 1.0),
        ("500ms", 0.5),
        ("2 min", 120.0),
        ("1m30s", 90.0),
        ("1h 5m", 3900.0),
        ("1.5s", 1.5),
        ("PT2S", 2.0),
        ("pt1m0.5s", 60.5),
        ("P1DT1H", 90000.0),
        ("5, 7", 7.0),
        ("3,600", 3600.0),
        ("1,209,600", 1209600.0),
        ("3,600 seconds", 3600.0),
        ("1,2345", 2345.0),
        ("300, 600", 600.0),
        ("P1M", 2592000.0),
        ("P1Y", 31536000.0),
        ("P1M1DT1M", 2678460.0),
        ("in 60 seconds", 60.0),
        ("Please try again in 2 minutes.", 120.0),
        ("1h30", 5400.0),
        ("1m5", 65.0),
        ("60 (seconds)", 60.0),
        ("(60)", 60.0),
        ("2,5", 5.0),  # a list, or two and a half: nobody comes sooner
        ("soon, 3", 3.0),
        ("1994-11-06T12:00:40Z", 40.0),
        ("1994-11-06 12:00:40", 40.0),
        ("1994-11-06T14:00:40.500+02:00", 40.5),
        ("Sun, 06 Nov 1994 12:00:40 +0000", 40.0),
        ("1994-11-06T12:00:40.1234567Z", 40.123456),
        ("1994-11-06T12:00:40.123456789+00:00", 40.123456),
        ("1994-11-06T12:00Z", 0.0),
        ("19941106T120040Z", 40.0),
        ("1994-11-06 12:00:40 UTC", 40.0),
        ("1994-11-06T12:00:40 gmt", 40.0),
        ("'8'", 8.0),
        ("\"'8'\"", 8.0),
        ("8;", 8.0),
        ("8 seconds.", 8.0),
        ("8 sec.", 8.0),
        (".5", 0.5),
        ("00:00:08", 8.0),
        ("1:00:08.5", 3608.5),
        ("P1W", 604800.0),
        ("2 weeks", 1209600.0),
        ("1 minute, 30 seconds", 90.0),
        ("1 minute and 30 seconds", 90.0),
        ("1 hour, 2 minutes, and 3 seconds", 3723.0),
        ("30 seconds, 1 minute", 60.0),
        ("5 s, 7 s", 7.0),
        ("1 min, 5 s, 2 min", 120.0),
        (f"{NOON[:-6]}40 GMT, 300", 300.0),
        (f"300, {NOON[:-6]}40 GMT", 300.0),
        ("Sun, 06 Nov 1994 12:00:40 GMT, Sun, 06 Nov 1994 12:00:50 GMT", 50.0),
    ],
)
def test_other_spellings_of_a_wait_are_understood(text: str, seconds: float) -> None:
    assert retry_after({"Retry-After": text, "Date": NOON}) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2000000030", 30.0),
        ("2000000030.25", 30.25),
        ("2000000030500", 30.5),
        ("1999999999", 0.0),
        ("2000000030500000", 30.5),
        ("2000000030500000000", 30.5),
        ("3000000000000", None),  # decades away: in some other unit
    ],
)
def test_a_wait_that_is_a_number_since_1970_counts_from_the_answers_date(
    text: str, seconds: float | None
) -> None:
    assert retry_after({"Retry-After": text, "Date": IN_2033}) == seconds


@pytest.mark.parametrize("name", ["Retry-After-Ms", "retry-after-ms", "X-Ms-Retry-After-Ms"])
def test_milliseconds_are_told_by_the_name(name: str) -> None:
    assert retry_after({name: "2500"}) == 2.5
    assert retry_after({name: "2500", "Retry-After": "2"}) == 2.5
    assert retry_after({name: "2500", "Retry-After": "3"}) == 3.0
    assert retry_after({name: "soon"}) is None


def test_of_two_headers_the_longer_wait_counts_whatever_their_order() -> None:
    for one, other in (("2", "9"), ("9", "2"), ("soon", "9")):
        twice = CIMultiDict([("retry-after", one), ("Retry-After", other)])
        assert retry_after(twice) == 9.0


USED_UP: list[tuple[dict[str, str], float | None]] = [
    ({"X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": "20"}, 20.0),
    ({"x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "1.25"}, 1.25),
    ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After-Ms": "1250"}, 1.25),
    ({"X-RateLimit-Remaining": "0", "X-RateLimit-Retry-After": "20"}, 20.0),
    ({"X-RateLimit-Remaining": "-1", "X-RateLimit-Reset": "20"}, 20.0),
    ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1m0s"}, 60.0),
    ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1994-11-06T12:00:20Z"}, 20.0),
    ({"X-Rate-Limit-Remaining": "0", "ratelimit-reset": "20"}, 20.0),
    ({"Rate-Limit-Remaining": "0", "Rate-Limit-Reset": "20"}, 20.0),
    ({"RateLimit": "limit=100, remaining=0, reset=5"}, 5.0),
    ({"RateLimit": '"default";r=0;t=5'}, 5.0),
    ({"RateLimit": "r=0; t=5"}, 5.0),
    ({"RateLimit": '"burst";r=0;t=5, "day";r=9;t=5000'}, 5.0),
    ({"RateLimit": '"burst";r=1;t=5, "day";r=0;t=50'}, 50.0),
    ({"RateLimit": "limit=100, remaining=1, reset=5"}, None),
    ({"RateLimit": "nonsense"}, None),
    ({"X-RateLimit-Remaining-Minute": "0", "RateLimit-Reset": "20"}, 20.0),
    (
        {
            "x-ratelimit-remaining-requests": "0",
            "x-ratelimit-reset-requests": "20s",
            "x-ratelimit-remaining-tokens": "5",
            "x-ratelimit-reset-tokens": "6m0s",
        },
        20.0,
    ),
    ({"X-RateLimit-Limit": "0", "X-RateLimit-Reset": "20"}, None),
    ({"X-RateLimit-Reset": "20"}, None),
]


@pytest.mark.parametrize(("headers", "seconds"), USED_UP)
def test_an_allowance_that_is_used_up_is_understood_in_any_spelling(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert until_reset({**headers, "Date": NOON}) == seconds


REFUSED: list[tuple[dict[str, str], float | None]] = [
    ({"X-RateLimit-Reset": "20"}, 20.0),
    ({"X-RateLimit-Reset-After": "2.5"}, 2.5),
    ({"X-RateLimit-Retry-After": "20"}, 20.0),
    ({"X-RateLimit-Remaining": "3", "X-RateLimit-Reset": "20"}, None),
    ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "20", "RateLimit-Reset": "9"}, 20.0),
    ({"Zendesk-RateLimit-Tickets": "total=100; remaining=0; resets=41"}, 41.0),
    ({"Retry-After": "4", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "20"}, 4.0),
    ({"Retry-After": "soon", "X-RateLimit-Reset": "20"}, 20.0),
    ({"Retry-After": "soon", "X-RateLimit-Reset": "later"}, None),
]


@pytest.mark.parametrize(("headers", "seconds"), REFUSED)
def test_a_429_may_tell_its_wait_by_a_reset_alone(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert asked_wait(headers) == seconds


@pytest.mark.parametrize("text", ["8 ticks", "0x10", "12:30", "8 or so", "8" * 300])
def test_a_429_whose_wait_has_a_figure_and_is_not_understood_is_given_half_a_minute(
    text: str,
) -> None:
    assert asked_wait({"Retry-After": text}) == 30.0
    assert asked_wait({"Retry-After": text, "X-RateLimit-Reset": "4"}) == 4.0
    assert asked_wait({"Retry-After": text, "X-Retry-After": "4"}) == 4.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90 ticks", 90.0), ("code 7, at least 120 s!", 120.0), ("9000 ticks", 3600.0), ("v1.90", 30)],
)
def test_a_wait_that_is_not_understood_is_at_least_its_largest_figure(
    text: str, seconds: float
) -> None:
    assert asked_wait({"Retry-After": text}) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-5", " -0.5 "])
def test_a_429_whose_wait_says_nothing_asks_for_none(text: str) -> None:
    assert asked_wait({"Retry-After": text}) is None


def test_the_allowance_of_one_operation_holds_nobody_back_before_a_429() -> None:
    told = {"Zendesk-RateLimit-Tickets": "total=100; remaining=0; resets=41"}
    assert until_reset(told) is None


def test_no_header_asks_for_nothing() -> None:
    assert retry_after({}) is None
    assert until_reset({}) is None


@pytest.mark.parametrize(
    ("until", "seconds"),
    [
        ("Sun, 06 Nov 1994 12:00:40 GMT", 40.0),
        ("Sunday, 06-Nov-94 12:00:40 GMT", 40.0),
        ("Sun Nov  6 12:00:40 1994", 40.0),
        ("Sun, 06 Nov 1994 11:59:00 GMT", 0.0),
    ],
)
def test_a_date_counts_from_the_answers_own_however_wrong_our_clock_is(
    until: str, seconds: float
) -> None:
    assert retry_after({"Retry-After": until, "Date": NOON}) == seconds


@pytest.mark.parametrize("date", ["", "yesterday", *JUNK])
def test_a_date_counts_from_our_clock_where_the_answer_has_none(
    date: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Ours(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime(1994, 11, 6, 11, 59, 30, tzinfo=UTC)

    monkeypatch.setattr(waits, "datetime", Ours)
    assert retry_after({"Retry-After": NOON, "Date": date}) == 30.0


def test_a_reset_that_is_a_time_counts_from_our_clock_where_the_answer_has_no_date() -> None:
    soon = datetime.now(UTC) + timedelta(minutes=10)
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(soon.timestamp()))}
    assert until_reset(headers) == pytest.approx(600, abs=60)
    when = soon.strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert retry_after({"Retry-After": when}) == pytest.approx(600, abs=60)


def test_a_date_of_another_time_zone_is_the_time_that_it_says() -> None:
    text = "Sun, 06 Nov 1994 14:00:00 +0200"
    assert retry_after({"Retry-After": text, "Date": "Sun, 06 Nov 1994 11:59:00 GMT"}) == 60.0


@given(st.integers(0, 4 * 10**9), st.integers(-(10**6), 10**6))
def test_skewed_clocks_do_not_matter(vendors_now: int, seconds: int) -> None:
    date = datetime.fromtimestamp(vendors_now, UTC)
    until = date + timedelta(seconds=seconds)
    text = [when.strftime("%a, %d %b %Y %H:%M:%S GMT") for when in (date, until)]
    assert retry_after({"Date": text[0], "Retry-After": text[1]}) == max(0, seconds)


@pytest.mark.parametrize("prefix", ["X-RateLimit-", "RateLimit-"])
@pytest.mark.parametrize(
    ("remaining", "reset", "seconds"),
    [
        ("0", "20", 20.0),
        ("0.0", "20.5", 20.5),
        ("0", "784123240", 784123240.0),
        ("0", "1", 1.0),
        ("1", "20", None),
        ("0", "", None),
        ("", "20", None),
        ("no", "20", None),
        ("\u0660", "20", None),
        ("0", "soon", None),
        ("0", "1.2.3", None),
        ("0", "nan", None),
        ("0", "-5", None),
        ("0", "1763730000000", None),  # milliseconds, or whatever: nobody says
    ],
)
def test_a_reset_counts_when_nothing_remains(
    prefix: str, remaining: str, reset: str, seconds: float | None
) -> None:
    headers = {prefix + "Remaining": remaining, prefix + "Reset": reset, "Date": NOON}
    assert until_reset(headers) == seconds


@pytest.mark.parametrize(("reset", "seconds"), [("2000000030", 30.0), ("1999999999", 0.0)])
def test_a_reset_that_is_a_time_counts_from_the_answers_date(reset: str, seconds: float) -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    headers["Date"] = IN_2033
    assert until_reset(headers) == seconds


@given(st.text() | st.from_regex(r"\A[0-9A-Za-z,:+ -]{0,70}\Z"), st.text())
@example("Fri, 31 Dec 9999 23:59:59 -2359", "Mon, 01 Jan 0001 00:00:00 +2359")
@example("Mon, 01 Jan 0001 00:00:00 +2359", "Fri, 31 Dec 9999 23:59:59 -2359")
@example("1 Jan 1 1:1:1 +99999999", "")
@example("9" * 30, "9" * 30)
def test_no_text_raises_or_gives_a_wait_that_is_none(text: str, other: str) -> None:
    for headers in (
        {"Retry-After": text, "Date": other},
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": text, "Date": other},
        {"RateLimit-Remaining": other, "RateLimit-Reset": text},
        {"RateLimit": text, "Date": other},
        {"Retry-After-Ms": text, "X-RateLimit-Reset-After-Ms": other},
    ):
        for wait in (retry_after(headers), until_reset(headers), asked_wait(headers)):
            assert wait is None or (math.isfinite(wait) and wait >= 0)


@given(st.text())
def test_a_date_is_aware_or_none(text: str) -> None:
    when = http_date(text)
    assert when is None or when.utcoffset() is not None


MORNING = datetime(2026, 3, 2, 8, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("date", "age", "ahead"),
    [
        ("Mon, 02 Mar 2026 08:00:00 GMT", "", 0),
        ("Mon, 02 Mar 2026 08:01:30 GMT", "", 90),
        ("Mon, 02 Mar 2026 07:58:30 GMT", "", -90),
        ("Mon, 02 Mar 2026 10:00:00 +0200", "", 0),
        ("Mon, 02 Mar 2026 08:00:00 -0000", "", 0),
        ("Mon, 02 Mar 2026 07:58:30 GMT", "90", 0),
        ("Mon, 02 Mar 2026 08:00:00 GMT", "soon", 0),
        ("Mon, 02 Mar 2026 08:00:00 GMT", "-90", 0),
        ("Mon, 02 Mar 2026 08:00:00 GMT", "9" * 400, 0),
    ],
)
def test_the_date_and_the_age_of_an_answer_tell_the_vendors_time(
    date: str, age: str, ahead: int
) -> None:
    assert vendor_time({"Date": date, "Age": age}) == MORNING + timedelta(seconds=ahead)


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Mar 2026 08:00:00 GMT", "0", "\0"])
def test_a_date_that_cannot_be_read_says_nothing(date: str) -> None:
    assert vendor_time({"Date": date}) is None


def test_a_date_at_the_end_of_time_says_nothing() -> None:
    last = {"Date": "Fri, 31 Dec 9999 23:59:59 GMT", "Age": "60"}
    assert vendor_time(last) is None


def test_of_many_headers_and_parts_the_first_ones_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[str] = []
    real = waits.seconds_in

    def counted(text: str, now: Callable[[], datetime]) -> float | None:
        read.append(text)
        return real(text, now)

    monkeypatch.setattr(waits, "seconds_in", counted)
    assert asked_wait({f"RateLimit-{number}-Reset": str(number) for number in range(2000)}) == 19.0
    assert until_reset({"RateLimit": '"a";r=0;t=7,' * 6000}) == 7.0
    assert retry_after({f"Retry{'-' * number}After": "8" for number in range(300)}) == 8.0
    assert len(read) == 20 + 10 + 20


# -- an allowance of which little is left ------------------------------------------------------


def _named(limit: str, left: str, reset: str, prefix: str = "X-RateLimit-") -> dict[str, str]:
    return {f"{prefix}Limit": limit, f"{prefix}Remaining": left, f"{prefix}Reset": reset}


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        (_named("100", "20", "50"), 50.0),
        (_named("100", "0", "50"), 50.0),
        (_named("100", "21", "50"), None),
        (_named("100", "20", "50", "RateLimit-"), 50.0),
        (_named("100", "20", "50", "X-Rate-Limit-"), 50.0),
        ({"RateLimit": "limit=100, remaining=12, reset=30"}, 30.0),
        ({"RateLimit": "limit=100, remaining=30, reset=30"}, None),
        # what is not told in full, or not clearly
        ({"X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "50"}, None),
        ({"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "1"}, None),
        ({"RateLimit": '"default";r=1;t=30'}, None),
        ({**_named("100", "20", "50"), "RateLimit-Limit": "5000"}, None),
        (_named("many", "1", "50"), None),
        (_named("0", "0", "50"), None),
        (_named("100, 100;w=60", "1", "50"), None),
        (_named("1" * 10, "1", "50"), None),
        (_named("100", "1", "50", "Zendesk-RateLimit-Users-"), None),
        ({"X-RateLimit-Limit": "100", "RateLimit-Reset": "50"}, None),
        ({}, None),
    ],
)
def test_little_is_left_where_one_allowance_is_told_in_full(
    headers: dict[str, str], wait: float | None
) -> None:
    assert running_low(headers, lambda full: full // 5) == wait


@given(st.dictionaries(st.sampled_from([*_named("", "", ""), "RateLimit"]), st.text()))
def test_no_text_of_an_allowance_breaks_it(headers: dict[str, str]) -> None:
    wait = running_low(headers, lambda full: full)
    assert wait is None or (wait >= 0 and math.isfinite(wait))
