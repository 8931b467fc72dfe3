"""Local times, days and months of a clinic's zone."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from caseload.rules.clock import (
    day_start,
    first_day,
    is_ambiguous,
    is_nonexistent,
    last_day,
    local_date,
    local_instant,
    month_index,
    month_named,
    month_of,
    month_starts_and_ends,
    short_day,
)

EASTERN = ZoneInfo("America/New_York")
SANTIAGO = ZoneInfo("America/Santiago")


@pytest.mark.parametrize(
    ("local", "instant"),
    [
        (datetime(2026, 10, 5, 10), datetime(2026, 10, 5, 14, tzinfo=UTC)),
        # Clocks go forward on 8 March 2026: 02:30 does not exist and is read as 03:30 daylight time.
        (datetime(2026, 3, 8, 2, 30), datetime(2026, 3, 8, 7, 30, tzinfo=UTC)),
        (datetime(2026, 3, 8, 3, 30), datetime(2026, 3, 8, 7, 30, tzinfo=UTC)),
        # Clocks go back on 1 November 2026: the earlier 01:10 is that of daylight time.
        (datetime(2026, 11, 1, 1, 10), datetime(2026, 11, 1, 5, 10, tzinfo=UTC)),
        (datetime(2026, 11, 1, 1, 10, fold=1), datetime(2026, 11, 1, 5, 10, tzinfo=UTC)),
    ],
)
def test_a_local_time_is_one_instant(local, instant):
    assert local_instant(local, EASTERN) == instant


def test_a_time_with_an_offset_is_not_local():
    with pytest.raises(ValueError, match="no offset"):
        local_instant(datetime(2026, 10, 5, 10, tzinfo=UTC), EASTERN)


@pytest.mark.parametrize(
    ("local", "ambiguous", "nonexistent"),
    [
        (datetime(2026, 3, 8, 1, 59), False, False),
        (datetime(2026, 3, 8, 2, 0), False, True),
        (datetime(2026, 3, 8, 2, 59), False, True),
        (datetime(2026, 3, 8, 3, 0), False, False),
        (datetime(2026, 11, 1, 0, 59), False, False),
        (datetime(2026, 11, 1, 1, 0), True, False),
        (datetime(2026, 11, 1, 1, 59), True, False),
        (datetime(2026, 11, 1, 2, 0), False, False),
    ],
)
def test_times_that_occur_twice_or_never_are_told_apart(local, ambiguous, nonexistent):
    assert (is_ambiguous(local, EASTERN), is_nonexistent(local, EASTERN)) == (ambiguous, nonexistent)


def test_a_day_without_midnight_begins_when_the_clocks_have_gone_forward():
    assert day_start(date(2026, 9, 6), SANTIAGO) == datetime(2026, 9, 6, 4, tzinfo=UTC)
    assert local_date(datetime(2026, 9, 6, 4, tzinfo=UTC), SANTIAGO) == date(2026, 9, 6)


def test_a_month_has_the_hours_of_its_zone():
    starts, ends = month_starts_and_ends("2026-11", EASTERN)
    assert (starts, ends) == (datetime(2026, 11, 1, 4, tzinfo=UTC), datetime(2026, 12, 1, 5, tzinfo=UTC))


@pytest.mark.parametrize(
    ("month", "first", "last"),
    [
        ("2026-12", date(2026, 12, 1), date(2026, 12, 31)),
        ("2028-02", date(2028, 2, 1), date(2028, 2, 29)),
        ("2027-02", date(2027, 2, 1), date(2027, 2, 28)),
    ],
)
def test_a_month_has_a_first_and_a_last_day(month, first, last):
    assert (first_day(month), last_day(month), month_of(last)) == (first, last, month)


def test_neighbouring_months_differ_by_one():
    assert month_index("2027-01") - month_index("2026-12") == 1
    assert month_named(month_index("2026-01")) == "2026-01"


@pytest.mark.parametrize("text", ["2026-13", "2026-00", "0000-01", "26-01", "2026-1", "2026/01", "2026", "2026-0x", ""])
def test_what_is_no_month_is_refused(text):
    with pytest.raises(ValueError, match="2026-10"):
        month_index(text)


def test_a_day_is_said_shortly():
    assert short_day(date(2026, 10, 12)) == "Oct 12"
