"""Which program an episode is in on a day."""

from datetime import date

import pytest

from registry.rules.programs import program_on

PERIODS = ((date(2026, 2, 2), "bhi"), (date(2026, 3, 15), "cocm"))


@pytest.mark.parametrize(
    ("day", "program"),
    [
        (date(2026, 1, 31), "bhi"),
        (date(2026, 2, 2), "bhi"),
        (date(2026, 3, 14), "bhi"),
        (date(2026, 3, 15), "cocm"),
        (date(2030, 1, 1), "cocm"),
    ],
)
def test_the_last_period_begun_holds_and_the_first_also_before_it(day, program):
    assert program_on(PERIODS, day) == program


def test_without_periods_no_program_is_known():
    assert program_on((), date(2026, 2, 2)) == ""
