"""The date of service: the month's last day, or the day on which it had reached what it bills."""

from dataclasses import replace
from datetime import date

import pytest

from billing.rules.books import book_in_force
from billing.rules.facts import MonthFacts, Visit
from billing.rules.service_day import Consented, consent_on, service_day
from caseload.rules.minutes import Counted, MonthMinutes

MINUTES_BY_DAY = {5: 20, 9: 16, 15: 60}
"""October: 20 minutes on the 5th, 36 (99492) on the 9th, 96 (with 99494) on the 15th."""


def until(day: date) -> MonthMinutes:
    seconds = 60 * sum(minutes for on, minutes in MINUTES_BY_DAY.items() if on <= day.day)
    first_on = date(2026, 10, 5) if seconds else None
    time = Counted(seconds, seconds, first_on, engaged=seconds > 0)
    return MonthMinutes(counted=time, if_consented=time, logged_seconds=seconds)


FACTS = MonthFacts(
    month="2026-10",
    enrolled_on=date(2026, 10, 1),
    time=until(date(2026, 10, 31)),
    visits=(Visit(date(2026, 9, 20), "99214"),),
    diagnoses=("F32.1",),
    care_plans=(date(2026, 10, 1),),
    scores=(date(2026, 10, 1),),
    reviews=(date(2026, 10, 2),),
)


@pytest.mark.parametrize(
    ("last_covered_on", "day"),
    [
        (None, 31),
        (date(2026, 10, 31), 31),
        (date(2026, 12, 1), 31),
        (date(2026, 10, 30), 15),
        (date(2026, 10, 15), 15),
        (date(2026, 10, 12), 12),
        (date(2026, 10, 1), 1),
    ],
)
def test_service_day(last_covered_on: date | None, day: int):
    """Never after the last covered day, also where the month came to bill only after it."""
    book = book_in_force("medicare_ffs", date(2026, 10, 1))
    assert service_day(FACTS, book, last_covered_on, until) == date(2026, 10, day)


@pytest.mark.parametrize(
    ("since", "until_on", "day"),
    [(1, 30, 15), (15, 30, 15), (20, 30, 20), (20, None, 31), (28, 25, 25)],
)
def test_never_before_the_coverage_began(since: int, until_on: int | None, day: int):
    """A later plan is not asked for a day of the earlier one; what came before still counts for the month."""
    book = book_in_force("medicare_ffs", date(2026, 10, 1))
    last = date(2026, 10, until_on) if until_on else None
    assert service_day(FACTS, book, last, until, since=date(2026, 10, since)) == date(2026, 10, day)


FIRST, SECOND = Consented(date(2026, 9, 1), date(2026, 10, 20)), Consented(date(2026, 10, 25))


@pytest.mark.parametrize(
    ("day", "consents", "found"),
    [
        (19, (SECOND, FIRST), FIRST),
        (20, (FIRST, SECOND), FIRST),
        (25, (FIRST, SECOND), SECOND),
        (1, (SECOND,), SECOND),
        (31, (Consented(date(2026, 8, 1)), SECOND), Consented(date(2026, 8, 1))),
        (31, (), None),
    ],
)
def test_the_consent_that_a_day_rests_on(day: int, consents: tuple[Consented, ...], found: Consented | None):
    assert consent_on(consents, date(2026, 10, day)) == found


def test_the_day_of_the_base_code_where_it_alone_bills():
    book = book_in_force("medicare_ffs", date(2026, 10, 1))
    capped = replace(FACTS, options=(("addon_cap", 0),))
    assert service_day(capped, book, date(2026, 10, 30), until) == date(2026, 10, 9)


def test_every_day_is_tried():
    book = book_in_force("medicare_ffs", date(2026, 10, 1))

    def from_the_tenth(day: date) -> MonthMinutes:
        return FACTS.time if day >= date(2026, 10, 10) else MonthMinutes()

    assert service_day(FACTS, book, date(2026, 10, 30), from_the_tenth) == date(2026, 10, 10)
