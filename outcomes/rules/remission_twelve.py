"""CMS159, MIPS 370: depression in remission twelve months after the first high score."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from outcomes.rules.remission import (
    CODES_SAID,
    CONFIRMED_SAID,
    HOSPICE_SAID,
    LEFT_OUT,
    REMISSION_BELOW,
    VISITS_SAID,
    Yearly,
    a_year_after,
)

AROUND_DAYS: Final = 60
"""The last score counts within so many days of the day twelve months after the first."""
_NOVEMBER: Final = 11


def identified(year: int) -> tuple[date, date]:
    """The days of visits: from 14 months before the year begins up to, not with, the day two months before it."""
    return date(year - 2, _NOVEMBER, 1), date(year - 1, 10, 31)


def window(index: date) -> tuple[date, date]:
    """From 60 days before to 60 days after the day twelve months on, both included."""
    middle, around = a_year_after(index), timedelta(days=AROUND_DAYS)
    return middle - around, middle + around


def year_of(index: date) -> int:
    """In which year's measure a visit of this day counts."""
    return index.year + (2 if index.month >= _NOVEMBER else 1)


def is_remission(index: int, last: int) -> bool:
    """Below 5, whatever the first was."""
    return last < REMISSION_BELOW


TWELVE: Final = Yearly(
    key="cms159",
    title="Depression remission at twelve months (CMS159, MIPS 370)",
    short="Remission at 12 months",
    formula=(
        "Of patients 12 and older whose first PHQ-9 above 9 was taken from 7 days before a visit with major depression "
        "or dysthymia to that visit, the visit from November 1 two years before to October 31 of the year before: "
        "those whose last PHQ-9 from 60 days before to 60 days after the day twelve months later is below 5. "
        "Who has no score in that time fails."
    ),
    exclusions=(*(words for words, _ in LEFT_OUT), "Died", "Hospice care"),
    source="CMS159 as CQL for QI-Core, version 0.3.000, measurement period 2026",
    differs=(
        VISITS_SAID,
        HOSPICE_SAID,
        CODES_SAID,
        CONFIRMED_SAID,
    ),
    identified=identified,
    by_visit=True,
    days_before=7,
    days_after=0,
    window=window,
    year_of=year_of,
    meets=is_remission,
    asks="PHQ-9 below 5",
)
