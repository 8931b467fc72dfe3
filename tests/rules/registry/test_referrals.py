"""When a referral is due, how it goes on, what its end demands, who waits first."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules.business_days import business_days_after, holidays_observed_in, is_business_day
from registry.rules.csv_text import csv_bytes
from registry.rules.local_time import instant_of
from registry.rules.protocols import clock_words, is_open_at, weekday_words
from registry.rules.referrals import (
    ENDINGS,
    Median,
    ScoreSeen,
    Times,
    Try,
    days_in_vain,
    due_day,
    due_on,
    fault_of_ending,
    median_of,
    severity_of,
    state_after,
    times_of,
    waiting_order,
)

MONDAY = date(2026, 3, 2)
DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))


def day(text: str) -> date:
    return date.fromisoformat(text)


def tries(*written: str) -> list[Try]:
    """`03-02` in vain, `03-02!` reached, `03-02>03-09` with a next try."""
    made = []
    for text in written:
        on, _, following = text.partition(">")
        next_try = day(f"2026-{following}") if following else None
        made.append(Try(day(f"2026-{on.rstrip('!')}"), on.endswith("!"), next_try))
    return made


# Business days

OBSERVED_2026 = "01-01 01-19 02-16 05-25 06-19 07-03 09-07 10-12 11-11 11-26 12-25"


@pytest.mark.parametrize(
    ("year", "observed"),
    [
        (2026, OBSERVED_2026),
        # January 1, 2022 is a Saturday: kept on the last day of 2021. Juneteenth is a Saturday too.
        (2021, "01-01 01-18 02-15 05-31 06-18 07-05 09-06 10-11 11-11 11-25 12-24 12-31"),
        (2022, "01-17 02-21 05-30 06-20 07-04 09-05 10-10 11-11 11-24 12-26"),
        # A law before Juneteenth was one; New Year's Day on a Sunday.
        (2017, "01-02 01-16 02-20 05-29 07-04 09-04 10-09 11-10 11-23 12-25"),
    ],
)
def test_federal_holidays_are_kept_on_the_day_that_is_observed(year: int, observed: str) -> None:
    assert sorted(holidays_observed_in(year)) == [day(f"{year}-{on}") for on in observed.split()]


@pytest.mark.parametrize(
    ("referred", "days", "due"),
    [
        ("2026-03-02", 2, "2026-03-04"),  # Monday
        ("2026-03-05", 2, "2026-03-09"),  # Thursday: over a weekend
        ("2026-03-06", 2, "2026-03-10"),  # Friday
        ("2026-03-07", 2, "2026-03-10"),  # Saturday: Monday is the first
        ("2026-03-08", 2, "2026-03-10"),  # Sunday
        ("2026-11-25", 2, "2026-11-30"),  # the day before Thanksgiving
        ("2026-12-24", 1, "2026-12-28"),
        ("2021-12-30", 1, "2022-01-03"),  # New Year's Day kept on December 31
        ("2026-07-02", 1, "2026-07-06"),  # July 4 on a Saturday, kept on the Friday
        ("2026-03-02", 0, "2026-03-02"),
        ("2026-03-07", 0, "2026-03-09"),
        ("2026-03-02", 10, "2026-03-16"),
    ],
)
def test_the_first_attempt_is_due_in_business_days(referred: str, days: int, due: str) -> None:
    assert due_day(day(referred), days) == day(due)


def test_days_are_not_counted_backwards() -> None:
    with pytest.raises(ValueError, match="negative"):
        business_days_after(MONDAY, -1)


@given(DAYS, st.integers(1, 40))
def test_counting_on_gives_business_days_each_after_the_last(referred: date, count: int) -> None:
    due = business_days_after(referred, count)
    assert is_business_day(due)
    assert due == business_days_after(business_days_after(referred, count - 1), 1) or count == 1
    between = [referred + timedelta(days=n) for n in range(1, (due - referred).days + 1)]
    assert sum(map(is_business_day, between)) == count


@given(DAYS)
def test_no_holiday_is_observed_on_a_weekend(on: date) -> None:
    assert all(holiday.weekday() < 5 for holiday in holidays_observed_in(on.year))


# States and what is due


@pytest.mark.parametrize(
    ("made", "waiting_from", "state"),
    [
        ((), None, "referred"),
        (("03-02",), None, "contacting"),
        (("03-02!",), None, "contacting"),
        ((), MONDAY, "waiting"),
        (("03-02!",), MONDAY, "waiting"),
    ],
)
def test_the_state_follows_from_what_was_done(made: tuple[str, ...], waiting_from: date | None, state: str) -> None:
    assert state_after(tries(*made), waiting_from) == state


@pytest.mark.parametrize(
    ("made", "waiting", "due"),
    [
        ((), "", "03-04"),  # the first attempt
        (("03-03>03-09",), "", "03-09"),  # the next try that was named
        (("03-03",), "", "03-06"),  # none named: three business days on
        (("03-06",), "", "03-11"),
        (("03-03>03-09", "03-09!"), "", "03-12"),
        ((), "03-05", "03-19"),  # waiting since, fourteen days
        (("03-03!",), "03-05", "03-19"),  # reached before the wait began
        (("03-03!", "03-17!"), "03-05", "03-31"),  # an interim contact
        (("03-03!", "03-17"), "03-05", "03-19"),  # tried in vain: still due
        (("03-03!", "03-17>03-20"), "03-05", "03-20"),  # tried in vain, with a next try
        (("03-03>03-04",), "03-05", "03-19"),  # a next try named before the wait is no longer what is due
    ],
)
def test_every_open_referral_is_due_something(made: tuple[str, ...], waiting: str, due: str) -> None:
    found = due_on(
        first_attempt_due_on=day("2026-03-04"),
        tries=tries(*made),
        waiting_from=day(f"2026-{waiting}") if waiting else None,
        interim_contact_days=14,
    )
    assert found == day(f"2026-{due}")


@pytest.mark.parametrize(
    ("made", "days"),
    [
        ((), 0),
        (("03-02", "03-02", "03-02"), 1),
        (("03-02", "03-04", "03-10"), 3),
        (("03-02", "03-04!", "03-10"), 1),
        (("03-02", "03-04!"), 0),
    ],
)
def test_attempts_in_vain_count_by_days_since_the_patient_was_last_reached(made: tuple[str, ...], days: int) -> None:
    assert days_in_vain(tries(*made)) == days


ENROL_INSTEAD = "A referral ends as enrolled when the patient is enrolled. Enrol the patient."


@pytest.mark.parametrize(
    ("outcome", "reason", "made", "fault"),
    [
        ("declined", "Prefers own therapist", (), ""),
        ("declined", "  ", (), "Say why the patient declined."),
        ("ineligible", "", (), "Say why the patient is not eligible."),
        ("ineligible", "Under 18", (), ""),
        ("duplicate", "", (), ""),
        ("unreachable", "", ("03-02", "03-04", "03-10"), ""),
        ("unreachable", "Moved abroad, says the family", (), ""),
        ("enrolled", "because", ("03-02!",), ENROL_INSTEAD),
    ],
)
def test_each_end_demands_its_own(outcome: str, reason: str, made: tuple[str, ...], fault: str) -> None:
    assert fault_of_ending(outcome, reason=reason, tries=tries(*made)) == fault


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ((), "on no day in vain"),
        (("03-02", "03-02"), "on 1 day in vain"),
        (("03-02", "03-04"), "on 2 days in vain"),
        (("03-02", "03-04", "03-10!"), "on no day in vain"),
    ],
)
def test_unreachable_takes_attempts_on_three_days(made: tuple[str, ...], said: str) -> None:
    assert fault_of_ending("unreachable", reason=" ", tries=tries(*made)) == (
        f"So far the patient was tried {said}; unreachable takes 3 different days. "
        "Try again, or say why this is enough."
    )


def test_every_outcome_has_its_rule() -> None:
    assert sorted(ENDINGS) == ["declined", "duplicate", "enrolled", "ineligible", "unreachable"]


# Times


def test_times_are_days_from_the_referral() -> None:
    found = times_of(
        referred_on=MONDAY, first_attempt_on=MONDAY, reached_on=day("2026-03-05"), enrolled_on=day("2026-04-02")
    )
    assert found == Times(0, 3, 31)
    nothing_yet = times_of(referred_on=MONDAY, first_attempt_on=None, reached_on=None, enrolled_on=None)
    assert nothing_yet == Times(None, None, None)


@pytest.mark.parametrize(
    ("days", "median", "words"),
    [
        ([], Median(None, 0, 0), "—"),
        ([None, None], Median(None, 0, 2), "—"),
        ([3, None, 1], Median(Decimal(2), 2, 3), "2 days"),
        ([1, 2], Median(Decimal("1.5"), 2, 2), "1.5 days"),
        ([0, 9, 0], Median(Decimal(0), 3, 3), "same day"),
        ([1], Median(Decimal(1), 1, 1), "1 day"),
        ([10, 10], Median(Decimal(10), 2, 2), "10 days"),
    ],
)
def test_a_median_says_of_how_many(days: list[int | None], median: Median, words: str) -> None:
    assert median_of(days) == median
    assert median.words == words


# Waiting


@pytest.mark.parametrize(
    ("scores", "severity"),
    [
        ((), None),
        ((ScoreSeen("phq9", 4),), 0),
        ((ScoreSeen("phq9", 5),), 1),
        ((ScoreSeen("phq9", 10),), 2),
        ((ScoreSeen("phq9", 15),), 3),
        ((ScoreSeen("phq9", 20),), 4),
        ((ScoreSeen("gad7", 14),), 2),
        ((ScoreSeen("gad7", 15),), 4),
        ((ScoreSeen("phq9", 12), ScoreSeen("gad7", 15)), 4),
        ((ScoreSeen("phq9", 8, item9=1),), 4),
        ((ScoreSeen("phq9", None, item9=2),), 4),
        ((ScoreSeen("phq9", None),), None),
        ((ScoreSeen("auditc", 9),), None),
    ],
)
def test_the_worst_score_decides_and_a_positive_item_9_is_severe(
    scores: tuple[ScoreSeen, ...], severity: int | None
) -> None:
    assert severity_of(scores) == severity


def test_the_waiting_list_goes_by_urgency_then_severity_then_age() -> None:
    new, old = day("2026-03-02"), day("2026-01-05")
    people = [
        ("routine", 4, old), ("urgent", 0, new), ("soon", 1, new), ("routine", None, old), ("routine", 2, old),
        ("routine", 3, new), ("routine", 1, old), ("routine", 4, new),
    ]  # fmt: skip
    assert sorted(people, key=lambda person: waiting_order(*person)) == [
        ("urgent", 0, new), ("soon", 1, new), ("routine", 4, old), ("routine", 4, new), ("routine", 3, new),
        ("routine", None, old), ("routine", 2, old), ("routine", 1, old),
    ]  # fmt: skip


# Hours, words and files


@pytest.mark.parametrize(
    ("local", "is_open"),
    [
        (datetime(2026, 3, 2, 8, 0), True),
        (datetime(2026, 3, 2, 16, 59, 59), True),
        (datetime(2026, 3, 2, 17, 0), False),
        (datetime(2026, 3, 2, 7, 59), False),
        (datetime(2026, 3, 7, 12, 0), False),
    ],
)
def test_a_clinic_is_open_by_its_hours(local: datetime, is_open: bool) -> None:
    hours = {"weekdays": (0, 1, 2, 3, 4), "opens_at": time(8), "closes_at": time(17)}
    assert is_open_at(local, **hours) == is_open


@pytest.mark.parametrize(
    ("weekdays", "words"),
    [
        ((0, 1, 2, 3, 4), "Monday to Friday"),
        ((4, 0, 2), "Monday, Wednesday, Friday"),
        ((5, 6), "Saturday, Sunday"),
        ((0, 1, 2, 3, 4, 5, 6), "every day"),
        ((2,), "Wednesday"),
    ],
)
def test_weekdays_in_words(weekdays: tuple[int, ...], words: str) -> None:
    assert weekday_words(weekdays) == words


@pytest.mark.parametrize(
    ("at", "words"),
    [(time(0, 5), "12:05 am"), (time(8), "8:00 am"), (time(12), "12:00 pm"), (time(17, 30), "5:30 pm")],
)
def test_times_of_day_in_words(at: time, words: str) -> None:
    assert clock_words(at) == words


@pytest.mark.parametrize(
    ("local", "instant"),
    [
        ("2026-03-02T09:00", "2026-03-02T15:00+00:00"),
        ("2026-03-08T01:59", "2026-03-08T07:59+00:00"),
        ("2026-03-08T02:00", None),  # the clocks go forward
        ("2026-03-08T03:00", "2026-03-08T08:00+00:00"),
        ("2026-11-01T01:30", "2026-11-01T06:30+00:00"),  # they go back: the earlier of the two
    ],
)
def test_a_local_time_is_an_instant_unless_it_was_skipped(local: str, instant: str | None) -> None:
    found = instant_of(datetime.fromisoformat(local), ZoneInfo("America/Chicago"))
    assert found == (datetime.fromisoformat(instant) if instant else None)


def test_an_instant_is_no_local_time() -> None:
    with pytest.raises(ValueError, match="no offset"):
        instant_of(datetime(2026, 3, 2, tzinfo=UTC), ZoneInfo("America/Chicago"))


def test_a_file_for_spreadsheets_runs_nothing() -> None:
    rows = [["=HYPERLINK(1)", 5, None], ["+1", date(2026, 3, 2), True], ['a, "b"', -3, False], ["@x", "-y", "\tz"]]
    assert csv_bytes(["Name", "Days", "Yes"], rows).decode("utf-8-sig") == (
        'Name,Days,Yes\r\n\'=HYPERLINK(1),5,\r\n\'+1,2026-03-02,yes\r\n"a, ""b""",-3,no\r\n' + "'@x,'-y,'\tz\r\n"
    )
