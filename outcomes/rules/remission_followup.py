"""DRR-E: a follow-up score, remission and response 120 to 240 days after the first high score.

What NCQA and a plan publish of it was read (the description and its three numerators), not the certified
specification: the first and last day of the intake and the 15 days around a visit are as HEDIS is commonly described.
"""

from __future__ import annotations

from collections.abc import Callable
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
)

FROM_DAY: Final = 120
TO_DAY: Final = 240
NEAR_DAYS: Final = 15
_MAY: Final = 5


def identified(year: int) -> tuple[date, date]:
    """The days of first scores: from May 1 of the year before to April 30."""
    return date(year - 1, _MAY, 1), date(year, 4, 30)


def window(index: date) -> tuple[date, date]:
    """Days 120 to 240 after the first score, both included."""
    return index + timedelta(days=FROM_DAY), index + timedelta(days=TO_DAY)


def year_of(index: date) -> int:
    """In which year's measure a first score of this day counts."""
    return index.year + (1 if index.month >= _MAY else 0)


def is_scored(index: int, last: int) -> bool:
    """Any score."""
    return True


def is_remission(index: int, last: int) -> bool:
    """Below 5."""
    return last < REMISSION_BELOW


def is_response(index: int, last: int) -> bool:
    """At least 50 percent lower: exactly half counts."""
    return 2 * last <= index


_WHO: Final = (
    "Of patients 12 and older with a PHQ-9 above 9 from May 1 of the year before to April 30, within 15 days of a "
    "visit with major depression or dysthymia, the first such score counting: "
)
_NOT_CERTIFIED: Final = (
    "This is not HEDIS' certified measure, which a health plan counts of its own members: whether somebody was a "
    "member throughout is not known here, nor are visits and scores elsewhere."
)
_NOT_READ: Final = (
    "NCQA's specification was not read; what it publishes was. The intake from May 1 to April 30 and the 15 days "
    "around a visit are as commonly described, and age is that on the day of the first score."
)
_DIFFERS: Final = (_NOT_CERTIFIED, _NOT_READ, VISITS_SAID, HOSPICE_SAID, CODES_SAID, CONFIRMED_SAID)


def _followup(key: str, short: str, numerator: str, asks: str, meets: Callable[[int, int], bool]) -> Yearly:
    return Yearly(
        key=key,
        title=f"{short} within 120 to 240 days (DRR-E)",
        short=short,
        formula=f"{_WHO}{numerator}",
        exclusions=(*(words for words, _ in LEFT_OUT), "Died", "Hospice care"),
        source="NCQA, DRR-E as published: 4 to 8 months after the first high PHQ-9",
        differs=_DIFFERS,
        identified=identified,
        by_visit=False,
        days_before=NEAR_DAYS,
        days_after=NEAR_DAYS,
        window=window,
        year_of=year_of,
        meets=meets,
        asks=asks,
    )


SCORED: Final = _followup(
    "drre_followup", "Follow-up PHQ-9", "those with a PHQ-9 on day 120 to 240 after it.", "a PHQ-9", is_scored
)
REMISSION: Final = _followup(
    "drre_remission",
    "Remission",
    "those whose last PHQ-9 on day 120 to 240 after it is below 5. Who has no score fails.",
    "PHQ-9 below 5",
    is_remission,
)
RESPONSE: Final = _followup(
    "drre_response",
    "Response",
    "those whose last PHQ-9 on day 120 to 240 after it is at most half of it. Who has no score fails.",
    "half of the first PHQ-9 or less",
    is_response,
)
FOLLOW_UP: Final = (SCORED, REMISSION, RESPONSE)
