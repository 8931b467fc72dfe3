"""The follow-up after a stay."""

from datetime import date

import pytest

from caseload.rules.facility_stays import FollowUpAfter, follow_up_after, follow_up_words


@pytest.mark.parametrize(
    ("left_on", "today", "due_on"),
    [
        (date(2026, 2, 25), date(2026, 2, 25), date(2026, 3, 4)),
        (date(2026, 2, 25), date(2026, 3, 4), date(2026, 3, 4)),
        (date(2026, 2, 25), date(2026, 3, 10), date(2026, 3, 10)),
        (date(2026, 2, 25), date(2026, 3, 27), date(2026, 3, 27)),
    ],
)
def test_it_is_due_in_a_week_or_at_once(left_on: date, today: date, due_on: date) -> None:
    after = follow_up_after("inpatient", left_on, today)
    assert after == FollowUpAfter(due_on, "After hospital stay, left Feb 25, 2026")


def test_who_left_long_ago_needs_none() -> None:
    assert follow_up_after("inpatient", date(2026, 2, 25), date(2026, 3, 28)) is None


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("emergency", "After emergency visit, left Feb 5, 2026"),
        ("observation", "After observation stay, left Feb 5, 2026"),
        ("inpatient", "After hospital stay, left Feb 5, 2026"),
    ],
)
def test_it_says_what_it_follows(kind: str, words: str) -> None:
    assert follow_up_words(kind, date(2026, 2, 5)) == words
