"""Which months are measured, and when they are frozen."""

from datetime import date

import pytest

from outcomes.rules.months import (
    freezes_on,
    is_freeze_due,
    last_day_of,
    month_before,
    months_to_measure,
    next_month,
)

TODAY = date(2026, 4, 3)
APRIL, MARCH, FEBRUARY = date(2026, 4, 1), date(2026, 3, 1), date(2026, 2, 1)


@pytest.mark.parametrize(
    ("month", "following", "last"),
    [
        (date(2026, 1, 1), FEBRUARY, date(2026, 1, 31)),
        (FEBRUARY, MARCH, date(2026, 2, 28)),
        (date(2024, 2, 1), date(2024, 3, 1), date(2024, 2, 29)),
        (date(2025, 12, 1), date(2026, 1, 1), date(2025, 12, 31)),
    ],
)
def test_a_month_and_the_next(month: date, following: date, last: date) -> None:
    assert (next_month(month), last_day_of(month), month_before(following)) == (following, last, month)


@pytest.mark.parametrize(("count", "expected"), [(0, MARCH), (2, date(2026, 1, 1)), (3, date(2025, 12, 1))])
def test_months_before(count: int, expected: date) -> None:
    assert month_before(MARCH, count) == expected


@pytest.mark.parametrize(
    ("today", "is_due"), [(date(2026, 3, 31), False), (date(2026, 4, 14), False), (date(2026, 4, 15), True)]
)
def test_a_month_is_frozen_from_its_day_of_the_next_month_on(today: date, is_due: bool) -> None:
    assert is_freeze_due(MARCH, 15, today) == is_due
    assert is_freeze_due(MARCH, 28, today) is False
    assert freezes_on(date(2025, 12, 1), 20) == date(2026, 1, 20)


def test_an_organization_without_patients_has_its_present_month_measured() -> None:
    assert months_to_measure(TODAY, None, [], []) == (APRIL,)


def test_a_first_night_measures_the_year_before_back_to_the_first_patient() -> None:
    assert months_to_measure(TODAY, date(2026, 2, 27), [], []) == (FEBRUARY, MARCH, APRIL)
    found = months_to_measure(TODAY, date(2019, 1, 1), [], [])
    assert (len(found), found[0], found[-1]) == (13, date(2025, 4, 1), APRIL)


def test_a_patient_planned_for_a_later_month_changes_nothing() -> None:
    assert months_to_measure(TODAY, date(2026, 5, 2), [], []) == (APRIL,)


def test_frozen_months_are_left_alone() -> None:
    assert months_to_measure(TODAY, FEBRUARY, [FEBRUARY], [MARCH]) == (MARCH, APRIL)


def test_a_further_edition_is_measured_however_old_its_month() -> None:
    old = date(2024, 5, 1)
    assert months_to_measure(TODAY, MARCH, [old, MARCH], [old, date(2026, 6, 1)]) == (old, APRIL)


def test_missed_nights_are_made_up_for() -> None:
    assert months_to_measure(date(2026, 6, 2), FEBRUARY, [FEBRUARY], [MARCH]) == (
        MARCH,
        APRIL,
        date(2026, 5, 1),
        date(2026, 6, 1),
    )
