"""Which months are measured, and from which day on a month is frozen. All days are those of the organization."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

DEFINITIONS: Final = "2026-02"
"""Which wording of the facts a month was gathered for; it changes with what a column means."""
MONTHS_BACK: Final = 12
"""How far back months are measured when an organization is measured for the first time, so that there is a trend."""
STAYS_DAYS: Final = 182
"""Stays are compared over so many days before and from enrolment on: the longest that an episode is followed."""


def next_month(month: date) -> date:
    """The first day of the month after."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def last_day_of(month: date) -> date:
    """A month's last day."""
    return next_month(month) - timedelta(days=1)


def month_before(month: date, count: int = 1) -> date:
    """The first day of the month so many months before."""
    index = month.year * 12 + month.month - 1 - count
    return date(index // 12, index % 12 + 1, 1)


def freezes_on(month: date, freeze_day: int) -> date:
    """The day of the month after on which a month is frozen."""
    return next_month(month).replace(day=freeze_day)


def is_freeze_due(month: date, freeze_day: int, today: date) -> bool:
    """Whether a month is to be frozen on a day, or was before."""
    return today >= freezes_on(month, freeze_day)


def months_to_measure(
    today: date, first_fact_on: date | None, frozen: Iterable[date], living: Iterable[date]
) -> tuple[date, ...]:
    """What a night measures, the oldest first: the present month and those of the year before it that are not frozen,
    back to the first enrolment or referral; and any older one of which an edition is open.
    """
    present = today.replace(day=1)
    begins = month_before(present, MONTHS_BACK)
    begins = max(begins, first_fact_on.replace(day=1)) if first_fact_on else present
    found = {month for month in living if month <= present} | {present}
    month = min(begins, present)
    while month < present:
        found.add(month)
        month = next_month(month)
    return tuple(sorted(found - (set(frozen) - set(living))))
