"""Where an open month is going: a range whose every end is a real verdict."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.rules.books import book_in_force
from billing.rules.forecast import RULE, at_pace, days_between, forecast
from billing.rules.verdicts import judge
from caseload.rules.minutes import MonthMinutes
from tests.rules.billing.test_properties import BOOK, facts
from tests.rules.billing.test_verdicts import IN_ORDER, worked


def going(on: date, until: date | None = None, **changed) -> tuple[str, str, str]:
    month = replace(IN_ORDER, **changed)
    book = book_in_force(month.payer, date(2026, 10, 1))
    found = forecast(month, book, judge(month, book), on=on, until=until)
    return str(found.least), str(found.at_pace), str(found.most)


@pytest.mark.parametrize(
    ("first_on", "last_on", "expected"),
    [
        (date(2026, 10, 1), date(2026, 10, 31), 21),  # Columbus Day, October 12, is none
        (date(2026, 10, 1), date(2026, 10, 1), 1),
        (date(2026, 10, 3), date(2026, 10, 4), 0),
        (date(2026, 10, 2), date(2026, 10, 1), 0),
        (date(2026, 11, 1), date(2026, 10, 1), 0),
    ],
)
def test_business_days_between(first_on, last_on, expected):
    assert days_between(first_on, last_on) == expected


# October 2026 has 21 business days: 10 of them by the 15th, 11 after it.
@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (0, ("0", "0", "0")),
        (7, ("0", "0", "0")),
        (8, ("0", "60.79", "60.79")),
        (18, ("60.79", "160.32", "160.32")),
        (40, ("160.32", "160.32", "160.32")),
        (41, ("160.32", "221.78", "221.78")),
    ],
)
def test_the_pace_goes_on_by_business_days(minutes, expected):
    assert going(date(2026, 10, 15), time=worked(minutes)) == expected


def test_papers_on_record_cut_the_pace_and_those_to_come_do_not():
    assert going(date(2026, 10, 15), time=worked(20), diagnoses=()) == ("0", "0", "160.32")
    assert going(date(2026, 10, 15), time=worked(20), reviews=()) == ("57.45", "57.45", "160.32")


def test_on_the_last_day_only_papers_are_left():
    assert going(date(2026, 10, 31), time=worked(20)) == ("60.79", "60.79", "60.79")


def test_a_patient_who_came_in_the_middle_has_a_pace_of_their_own():
    """Three business days since the 13th, and 11 to come: 16 minutes become 74. Since the first, they become 33."""
    came = {"time": worked(16), "enrolled_on": date(2026, 10, 13), "reviews": (date(2026, 10, 14),)}
    assert going(date(2026, 10, 15), **came) == ("60.79", "160.32", "160.32")
    assert going(date(2026, 10, 15), **came, episode_from=date(2026, 10, 1)) == ("60.79", "60.79", "60.79")


def test_nothing_goes_on_after_the_end_of_the_program():
    assert going(date(2026, 10, 15), until=date(2026, 10, 16), time=worked(34)) == ("60.79", "160.32", "160.32")
    assert going(date(2026, 10, 15), until=date(2026, 10, 15), time=worked(34)) == ("60.79", "60.79", "60.79")


def test_without_a_business_day_or_a_counted_minute_there_is_no_pace():
    for month in (replace(IN_ORDER, time=worked(10)), replace(IN_ORDER, time=worked(10, consented=False))):
        assert at_pace(month, done=0, left=10) is month
        assert at_pace(month, done=5, left=0) is month
    assert at_pace(replace(IN_ORDER, time=worked(10, consented=False)), done=5, left=5).time.counted.bhi_seconds == 0
    assert at_pace(IN_ORDER, done=4, left=3).time.counted == worked(70).counted
    assert at_pace(replace(IN_ORDER, time=MonthMinutes()), done=1, left=1).time == MonthMinutes()


def test_without_a_counted_minute_only_a_paper_brings_anything():
    """As the rule says: 40 minutes without consent have no pace, and bring what the consent on paper would."""
    assert RULE.endswith("have no pace: they add only what a paper can bring.")
    assert going(date(2026, 10, 15), time=worked(40, consented=False)) == ("0", "0", "160.32")


def test_what_no_book_knows_stays_unknown():
    assert going(date(2026, 10, 15), time=worked(10), payer="commercial") == ("0", "None", "None")
    assert going(date(2026, 10, 31), time=worked(20), payer="commercial") == ("None", "None", "None")


@settings(max_examples=100, deadline=None)
@given(facts, st.integers(1, 31))
def test_the_ends_of_the_range_are_in_order(month, day):
    found = forecast(month, BOOK, judge(month, BOOK), on=date(2026, 10, day))
    known = [amount for amount in (found.least, found.at_pace, found.most) if amount is not None]
    assert known == sorted(known)
    assert found.least == judge(month, BOOK).amount
