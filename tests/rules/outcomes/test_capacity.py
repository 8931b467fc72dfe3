"""The calculator of capacity: its worked example, its edges, and the months ahead."""

from dataclasses import replace
from decimal import Decimal

import pytest

from outcomes.rules.capacity import (
    Capacity,
    MonthAhead,
    Plan,
    a_month,
    capacity,
    hire_in,
    hours_of,
    months_ahead,
    over_in,
    own_minutes,
    shared,
)

EXAMPLE = Plan(
    posts=Decimal("1.0"),
    productive_percent=80,
    new=Decimal(6),
    leaving=Decimal(4),
    active=60,
    contacts=Decimal("1.5"),
    attempts=Decimal(60),
)


def test_the_worked_example() -> None:
    found = capacity(EXAMPLE)
    # One more patient takes 82.5 minutes of contacts and 10 of attempts: 840 / 92.5 is nine.
    assert found == Capacity(
        for_new=510,
        for_contacts=4950,
        for_attempts=600,
        needed=6060,
        paid=7680,
        for_review=780,
        there=6900,
        fits=9,
        posts_needed=Decimal("0.88"),
    )
    assert (found.left, found.percent) == (840, 88)


@pytest.mark.parametrize(
    ("changed", "there", "fits", "posts"),
    [
        ({"posts": Decimal("0.5")}, 3450, -29, "0.88"),  # 2,610 too many: 28.2 patients, so 29
        ({"posts": Decimal(0)}, 0, -66, "0.88"),
        ({"productive_percent": 100}, 8820, 29, "0.69"),
        ({"review_hours": Decimal(0)}, 7680, 17, "0.79"),
        ({"active": 0, "attempts": Decimal(0)}, 6900, 77, "0.08"),
        ({"contacts": Decimal(0), "attempts": Decimal(0)}, 6900, None, "0.08"),
    ],
)
def test_what_if(changed: dict[str, Decimal], there: int, fits: int | None, posts: str) -> None:
    found = capacity(replace(EXAMPLE, **changed))
    assert (found.there, found.fits, found.posts_needed) == (there, fits, Decimal(posts))


def test_a_post_without_time_for_patients_needs_no_number_of_them() -> None:
    found = capacity(replace(EXAMPLE, productive_percent=8))  # 768 minutes, of which review takes 780
    assert (found.there, found.posts_needed, found.percent) == (0, None, None)


def test_it_fits_to_the_last_minute() -> None:
    exact = replace(EXAMPLE, new=Decimal(0), leaving=Decimal(0), active=69, contacts=Decimal(1), attempts=Decimal(0),
                    contact_minutes=Decimal(100))  # fmt: skip
    assert (capacity(exact).needed, capacity(exact).fits, over_in(exact)) == (6900, 0, None)
    assert over_in(replace(exact, active=70)) == 0


def test_the_months_ahead() -> None:
    # Two more patients a month, each 92.5 minutes: 6,060 + 185 a month; above 6,900 from the fifth on.
    assert months_ahead(EXAMPLE, 2) == (
        MonthAhead(0, 60, 6060, 6900, is_over=False),
        MonthAhead(1, 62, 6245, 6900, is_over=False),
        MonthAhead(2, 64, 6430, 6900, is_over=False),
    )
    assert [one.is_over for one in months_ahead(EXAMPLE, 5)] == [False, False, False, False, False, True]
    assert (over_in(EXAMPLE), hire_in(EXAMPLE, 3), hire_in(EXAMPLE, 6)) == (5, 2, 0)


def test_a_caseload_that_shrinks_is_never_over_and_never_below_nobody() -> None:
    shrinking = replace(EXAMPLE, leaving=Decimal(26))
    assert [one.active for one in months_ahead(shrinking, 4)] == [60, 40, 20, 0, 0]
    assert (over_in(shrinking), hire_in(shrinking, 3)) == (None, None)


@pytest.mark.parametrize(
    ("seconds", "count", "expected"),
    [(33_000, 10, "55.0"), (33_000, 9, None), (0, 0, None), (36_315, 11, "55.0"), (36_333, 11, "55.1")],
)
def test_own_minutes_rest_on_ten_at_least(seconds: int, count: int, expected: str | None) -> None:
    assert own_minutes(seconds, count) == (None if expected is None else Decimal(expected))


def test_averages() -> None:
    assert (a_month(17, 3), a_month(5, 0), a_month(5, 2)) == (Decimal("5.7"), Decimal(0), Decimal("2.5"))
    assert (shared(92, 61, places=2), shared(1, 0)) == (Decimal("1.51"), None)
    assert hours_of(6900) == Decimal("115.0")
