"""The days in which a payment without support goes back (42 CFR 401.305), and what is without support."""

from datetime import date

import pytest

from billing.rules.closing import FrozenLine
from billing.rules.refunds import RefundClock, paid_without_support, refund_clock

FOUND = date(2026, 4, 1)


@pytest.mark.parametrize(
    ("begun", "ended", "expected"),
    [
        (None, None, RefundClock(date(2026, 5, 31))),
        # Begun at once and still going on: 180 days, then 60.
        (FOUND, None, RefundClock(date(2026, 11, 27), suspended_until=date(2026, 9, 28))),
        # Begun on the tenth day, ended on the twentieth: ten days stood still.
        (date(2026, 4, 11), date(2026, 4, 21), RefundClock(date(2026, 6, 10))),
        # Begun and ended on one day: nothing stood still.
        (date(2026, 4, 11), date(2026, 4, 11), RefundClock(date(2026, 5, 31))),
        # Ended on day 180, and a day and a year later: never later than that.
        (FOUND, date(2026, 9, 28), RefundClock(date(2026, 11, 27))),
        (FOUND, date(2026, 9, 29), RefundClock(date(2026, 11, 27))),
        (FOUND, date(2027, 9, 29), RefundClock(date(2026, 11, 27))),
        # Begun on the last of sixty days: none is left once it ends.
        (date(2026, 5, 31), None, RefundClock(date(2026, 9, 28), suspended_until=date(2026, 9, 28))),
        # Begun a day too late: suspends nothing.
        (date(2026, 6, 1), None, RefundClock(date(2026, 5, 31))),
    ],
)
def test_the_clock(begun: date | None, ended: date | None, expected: RefundClock):
    assert refund_clock(FOUND, begun, ended) == expected


@pytest.mark.parametrize(
    ("found", "begun", "ended", "expected"),
    [
        # Over the end of a year, over February, over a leap day: days are counted, not months.
        (date(2026, 12, 3), None, None, date(2027, 2, 1)),
        (date(2026, 12, 31), None, None, date(2027, 3, 1)),
        (date(2027, 12, 31), None, None, date(2028, 2, 29)),
        (date(2028, 1, 1), None, None, date(2028, 3, 1)),
        # Clocks go forward and back between the two days.
        (date(2026, 3, 7), None, None, date(2026, 5, 6)),
        (date(2026, 10, 31), None, None, date(2026, 12, 30)),
        # Looked into over the end of a year, and 180 days over a leap day.
        (date(2026, 11, 10), date(2026, 12, 30), date(2027, 1, 9), date(2027, 1, 19)),
        (date(2027, 10, 1), date(2027, 10, 1), date(2028, 6, 1), date(2028, 5, 28)),
        # Begun on day 59, one of the sixty is left once it ends; begun on day 60, none.
        (date(2026, 4, 1), date(2026, 5, 30), date(2026, 6, 30), date(2026, 7, 1)),
        (date(2026, 4, 1), date(2026, 5, 31), date(2026, 6, 30), date(2026, 6, 30)),
        # Ended on day 179 and 180.
        (date(2026, 4, 1), date(2026, 4, 2), date(2026, 9, 27), date(2026, 11, 25)),
        (date(2026, 4, 1), date(2026, 4, 2), date(2026, 9, 28), date(2026, 11, 26)),
    ],
)
def test_the_clock_counts_days_whatever_lies_between(
    found: date, begun: date | None, ended: date | None, expected: date
):
    assert refund_clock(found, begun, ended) == RefundClock(expected)


@pytest.mark.parametrize(
    ("paid", "now", "expected"),
    [
        ((("99493", 1),), (("99493", 1),), ()),
        ((("99493", 1),), (("99493", 1), ("99494", 1)), ()),
        ((("99493", 1), ("99494", 2)), (("99493", 1), ("99494", 1)), (("99494", 1),)),
        ((("99493", 1),), (("G2214", 1),), (("99493", 1),)),
        ((("99493", 1),), (), (("99493", 1),)),
        ((("99493", 1),), (("99493", -1), ("99493", 1)), (("99493", 1),)),
        ((), (("99493", 1),), ()),
    ],
)
def test_what_was_paid_and_would_not_be_asked_for_now(
    paid: tuple[tuple[str, int], ...], now: tuple[tuple[str, int], ...], expected: tuple[tuple[str, int], ...]
):
    lines = tuple(FrozenLine(code, units, None) for code, units in now)
    assert paid_without_support(paid, lines) == expected
