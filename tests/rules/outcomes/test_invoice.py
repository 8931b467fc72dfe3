"""A consultant's hours: one line for each rate, floored minutes, amounts that anybody can work out again."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from outcomes.rules.invoice import (
    HoursLine,
    HoursSum,
    Rate,
    Seen,
    Worked,
    amount_of,
    hours_lines,
    hours_sum,
    rate_on,
    time_words,
)

LEE, ROE = UUID(int=1), UUID(int=2)
NORTH, SOUTH = UUID(int=11), UUID(int=12)
OLD, NEW = Rate(date(2026, 1, 1), Decimal("200.00")), Rate(date(2026, 3, 16), Decimal("210.50"))


def day(number: int, seconds: int, who: UUID = LEE, clinic: UUID = NORTH) -> Worked:
    return Worked(who, clinic, date(2026, 3, number), seconds)


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2025, 12, 31), None),
        (date(2026, 1, 1), "200.00"),
        (date(2026, 3, 15), "200.00"),
        (date(2026, 3, 16), "210.50"),
    ],
)
def test_the_rate_of_a_day(on: date, expected: str | None) -> None:
    assert rate_on([NEW, OLD], on) == (None if expected is None else Decimal(expected))
    assert rate_on([], on) is None


def test_seconds_are_floored_once_for_the_line() -> None:
    lines = hours_lines([day(3, 3599), day(10, 61)], {LEE: [OLD]}, {(LEE, NORTH): Seen(12, 14, 2)})
    assert lines == (HoursLine(LEE, NORTH, 61, Decimal("200.00"), Decimal("203.33"), Seen(12, 14, 2)),)


def test_a_rate_that_changes_within_the_month_makes_two_lines_and_counts_patients_once() -> None:
    lines = hours_lines([day(16, 3600), day(3, 7200), day(15, 1800)], {LEE: [OLD, NEW]}, {(LEE, NORTH): Seen(5, 6, 2)})
    assert lines == (
        HoursLine(LEE, NORTH, 150, Decimal("200.00"), Decimal("500.00"), Seen(5, 6, 2)),
        HoursLine(LEE, NORTH, 60, Decimal("210.50"), Decimal("210.50"), None),
    )


def test_without_a_rate_the_amount_is_not_known() -> None:
    lines = hours_lines([day(3, 3600), day(3, 1200, ROE)], {LEE: [OLD]}, {})
    assert lines == (
        HoursLine(LEE, NORTH, 60, Decimal("200.00"), Decimal("200.00"), Seen()),
        HoursLine(ROE, NORTH, 20, None, None, Seen()),
    )
    assert hours_sum(lines) == HoursSum(80, Decimal("200.00"), 20, Seen())


def test_a_rate_that_begins_within_the_month_leaves_the_days_before_unknown() -> None:
    lines = hours_lines([day(15, 600), day(16, 600)], {LEE: [NEW]}, {})
    assert [(line.minutes, line.amount) for line in lines] == [(10, None), (10, Decimal("35.08"))]


def test_clinics_are_apart_and_sums_add_what_each_saw() -> None:
    seen = {(LEE, NORTH): Seen(4, 5, 1), (LEE, SOUTH): Seen(2, 2, 1)}
    lines = hours_lines([day(3, 600), day(3, 1800, clinic=SOUTH)], {LEE: [OLD]}, seen)
    assert [(line.clinic_id, line.minutes) for line in lines] == [(NORTH, 10), (SOUTH, 30)]
    assert hours_sum(lines) == HoursSum(40, Decimal("133.33"), 0, Seen(6, 7, 2))


def test_who_reviewed_without_time_on_record_is_there_with_none() -> None:
    lines = hours_lines([], {LEE: [OLD]}, {(LEE, NORTH): Seen(1, 1, 0)})
    assert lines == (HoursLine(LEE, NORTH, 0, None, None, Seen(1, 1, 0)),)


@pytest.mark.parametrize(
    ("minutes", "hourly", "expected"),
    [(1, "210.00", "3.50"), (1, "0.30", "0.01"), (1, "0.29", "0.00"), (60, "333.33", "333.33"), (0, "200", "0.00")],
)
def test_half_a_cent_goes_upwards(minutes: int, hourly: str, expected: str) -> None:
    assert amount_of(minutes, Decimal(hourly)) == Decimal(expected)


def test_time_in_words() -> None:
    assert [time_words(one) for one in (0, 45, 60, 725, 61_205)] == [
        "0 min", "45 min", "1 h", "12 h 5 min", "1,020 h 5 min",
    ]  # fmt: skip
