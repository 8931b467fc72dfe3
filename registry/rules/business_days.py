"""Business days: Monday to Friday, without the federal holidays of the United States.

The holidays are those of 5 U.S.C. 6103(a), on the day on which they are observed: one that falls on a Saturday is
kept on the Friday before, one on a Sunday on the Monday after (5 U.S.C. 6103(b) and Executive Order 11582).
Inauguration Day, which only the capital keeps, is left out.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6
_JUNETEENTH_SINCE = 2021
_DAY = timedelta(days=1)


def is_business_day(day: date) -> bool:
    """Whether offices work: no weekend and no federal holiday."""
    return day.weekday() < _SATURDAY and day not in holidays_observed_in(day.year)


def business_days_after(day: date, count: int) -> date:
    """The `count`th business day after `day`, which itself does not count.

    With 0 it is `day`, or the next business day where `day` is none. Raises ValueError for less than 0.
    """
    if count < 0:
        raise ValueError("a count of days is not negative")
    found = day
    if count == 0:
        while not is_business_day(found):
            found += _DAY
    for _ in range(count):
        found += _DAY
        while not is_business_day(found):
            found += _DAY
    return found


@lru_cache(maxsize=64)
def holidays_observed_in(year: int) -> frozenset[date]:
    """The days of a year on which federal holidays are observed; New Year's Day may be on December 31 before it."""
    kept = (_observed(day) for of in (year, year + 1) for day in _holidays(of))
    return frozenset(day for day in kept if day.year == year)


def _holidays(year: int) -> tuple[date, ...]:
    juneteenth = (date(year, 6, 19),) if year >= _JUNETEENTH_SINCE else ()
    return (
        date(year, 1, 1),
        _nth(year, 1, _MONDAY, 3),
        _nth(year, 2, _MONDAY, 3),
        _nth(year, 6, _MONDAY, 1) - 7 * _DAY,  # Memorial Day: the last Monday of May
        *juneteenth,
        date(year, 7, 4),
        _nth(year, 9, _MONDAY, 1),
        _nth(year, 10, _MONDAY, 2),
        date(year, 11, 11),
        _nth(year, 11, _THURSDAY, 4),
        date(year, 12, 25),
    )


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    """The first, second … of a weekday in a month."""
    first = date(year, month, 1)
    return first + _DAY * ((weekday - first.weekday()) % 7 + 7 * (number - 1))


def _observed(day: date) -> date:
    return day - _DAY if day.weekday() == _SATURDAY else day + _DAY if day.weekday() == _SUNDAY else day
