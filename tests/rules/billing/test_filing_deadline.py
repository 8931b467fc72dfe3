"""Until when a payer takes a claim."""

from datetime import date

import pytest

from billing.rules.filing_deadline import Deadline, deadline

FEBRUARY = date(2026, 2, 28)
LEAP = date(2028, 2, 29)


@pytest.mark.parametrize(
    ("service_on", "days", "today", "on", "is_near", "is_past"),
    [
        (FEBRUARY, 365, date(2026, 3, 1), date(2027, 2, 28), False, False),
        (FEBRUARY, 365, date(2027, 1, 28), date(2027, 2, 28), False, False),
        (FEBRUARY, 365, date(2027, 1, 29), date(2027, 2, 28), True, False),
        (FEBRUARY, 365, date(2027, 2, 28), date(2027, 2, 28), True, False),
        (FEBRUARY, 365, date(2027, 3, 1), date(2027, 2, 28), False, True),
        (FEBRUARY, 90, date(2026, 5, 29), date(2026, 5, 29), True, False),
        (FEBRUARY, 90, date(2026, 5, 30), date(2026, 5, 29), False, True),
        # Over a leap day a year of 365 days ends a day before the calendar year does.
        (date(2027, 3, 31), 365, date(2027, 4, 1), date(2028, 3, 30), False, False),
        (LEAP, 365, date(2028, 3, 1), date(2029, 2, 28), False, False),
        (LEAP, 0, LEAP, LEAP, True, False),
    ],
)
def test_the_last_day_is_still_in_time(
    service_on: date, days: int, today: date, on: date, is_near: bool, is_past: bool
):
    assert deadline(service_on, days, today) == Deadline(on, is_near, is_past)
