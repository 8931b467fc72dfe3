"""When a tool is next due."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules.tools import DEFAULT_RHYTHMS, USUAL, WHEN_ASKED, Rhythm, in_order, next_score_due, rhythm_fault

ENROLLED = date(2026, 1, 5)


def day(number: int) -> date:
    return ENROLLED + timedelta(days=number)


@pytest.mark.parametrize(
    ("rhythm", "scored", "due"),
    [
        (USUAL, [], 0),
        (USUAL, [-3], 0),  # a referral score does not count
        (USUAL, [0], 14),
        (USUAL, [0, 20], 34),
        (USUAL, [20, 0], 34),
        (USUAL, [55], 69),  # the last day of the first eight weeks
        (USUAL, [56], 86),
        (USUAL, [200], 230),
        (WHEN_ASKED, [], None),
        (WHEN_ASKED, [10], None),
        (Rhythm(14, None), [], 0),
        (Rhythm(14, None), [10], 24),
        (Rhythm(14, None), [56], None),
        (Rhythm(None, 30), [], 56),
        (Rhythm(None, 30), [10], 56),
        (Rhythm(None, 30), [40], 70),
        (Rhythm(None, 30), [60], 90),
    ],
)
def test_when_the_next_score_is_due(rhythm, scored, due):
    found = next_score_due(rhythm, enrolled_on=ENROLLED, scored_on=[day(number) for number in scored])
    assert found == (None if due is None else day(due))


def test_the_phq9_and_the_gad7_every_two_weeks_then_monthly_unless_a_clinic_says_otherwise():
    assert {"gad7": Rhythm(14, 30), "phq9": Rhythm(14, 30)} == DEFAULT_RHYTHMS


@given(st.integers(1, 366), st.integers(1, 366), st.lists(st.integers(-60, 400), max_size=6))
def test_a_full_rhythm_always_has_a_next_day_after_the_last_score(early, later, scored):
    due = next_score_due(Rhythm(early, later), enrolled_on=ENROLLED, scored_on=map(day, scored))
    counted = [number for number in scored if number >= 0]
    assert due == ENROLLED if not counted else due > day(max(counted))


@pytest.mark.parametrize(
    ("rhythm", "part"),
    [
        (Rhythm(1, 366), None),
        (Rhythm(None, None), None),
        (Rhythm(0, 30), "early"),
        (Rhythm(367, 30), "early"),
        (Rhythm(14, 0), "later"),
    ],
)
def test_days_between_scores_are_one_to_366(rhythm, part):
    fault = rhythm_fault(rhythm)
    expected = None if part is None else (part, "Enter every how many days, 1 to 366, or leave it empty.")
    assert fault == expected


def test_the_phq9_and_the_gad7_come_first():
    assert in_order(["auditc", "gad7", "cssrs", "phq9"]) == ["phq9", "gad7", "auditc", "cssrs"]
