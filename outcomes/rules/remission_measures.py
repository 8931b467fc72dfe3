"""The yearly measures, and what a population comes to in one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final
from uuid import UUID

from outcomes.rules.numbers import NOT_AVAILABLE
from outcomes.rules.remission import FAILED, HIT, OPEN, UNCOUNTED, Course, Judged, Standing, Yearly, judged
from outcomes.rules.remission_followup import FOLLOW_UP, SCORED
from outcomes.rules.remission_followup import window as followup_window
from outcomes.rules.remission_twelve import TWELVE
from outcomes.rules.remission_twelve import window as twelve_window

YEARLY: Final[tuple[Yearly, ...]] = (TWELVE, *FOLLOW_UP)
_BY_KEY: Final = {one.key: one for one in YEARLY}

_MARGIN: Final = timedelta(days=15)
"""The farthest that a first score, or a visit, may lie outside of the days that a measure names."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What a year's measure comes to on a day: who counts, who met it, who failed for good, whose window still runs."""

    counted: int
    met: int
    failed: int
    open: int
    unconfirmed: int
    left_out: tuple[tuple[str, int], ...]

    @property
    def left_out_count(self) -> int:
        return sum(count for _, count in self.left_out)

    @property
    def not_counted(self) -> int:
        return self.left_out_count + self.unconfirmed

    @property
    def words(self) -> str:
        """`3 of 12`."""
        return f"{self.met:,} of {self.counted:,} met it so far" if self.open else f"{self.met:,} of {self.counted:,}"

    @property
    def percent(self) -> Decimal | None:
        """To one decimal, a half upwards; None where nobody counts."""
        if not self.counted:
            return None
        return (Decimal(100 * self.met) / self.counted).quantize(Decimal("0.1"), ROUND_HALF_UP)

    @property
    def figure(self) -> str:
        return NOT_AVAILABLE if self.percent is None else f"{self.percent} %"


@dataclass(frozen=True, slots=True)
class Due:
    """Of whom a year's measure asks for a score now."""

    one: Yearly
    year: int
    patients: frozenset[UUID]


def yearly(key: str) -> Yearly | None:
    """The measure of a key; None for what is none."""
    return _BY_KEY.get(key)


def population(one: Yearly, courses: Iterable[Course], year: int, today: date) -> list[Judged]:
    """Everybody in a year's measure, those who are left out as well."""
    found = (judged(one, course, year, today) for course in courses)
    return [row for row in found if row is not None]


def tally(rows: Sequence[Judged]) -> Tally:
    """What they come to."""
    counted = [row for row in rows if row.standing not in UNCOUNTED]
    reasons = Counter(row.why for row in rows if row.standing is Standing.LEFT_OUT)
    return Tally(
        counted=len(counted),
        met=sum(row.standing in HIT for row in counted),
        failed=sum(row.standing in FAILED for row in counted),
        open=sum(row.standing in OPEN for row in counted),
        unconfirmed=sum(row.standing is Standing.UNCONFIRMED for row in rows),
        left_out=tuple(sorted(reasons.items())),
    )


def reach(years: Iterable[int]) -> tuple[date, date]:
    """From which to which day scores and visits matter for all measures of these years."""
    days = [day for one in YEARLY for year in years for day in one.identified(year)]
    first, last = min(days), max(days)
    return first - _MARGIN, max(twelve_window(last)[1], followup_window(last)[1]) + _MARGIN


def usual_year(one: Yearly, today: date) -> int:
    """The year in whose measure the middle of a window that lies on this day counts."""
    opens_on, closes_on = one.window(today)
    return one.year_of(today - (closes_on - today + (opens_on - today)) / 2)


def due_now(courses: Iterable[Course], today: date) -> list[Due]:
    """Where a score is asked for now, as a window is open and holds none: each measure and year with anybody due.

    Looked at are this year and the next. The three of DRR-E ask for the same score, so only the first is told.
    """
    known = list(courses)
    found = (
        Due(one, year, frozenset(_due(population(one, known, year, today))))
        for one in (TWELVE, SCORED)
        for year in years_now(today)
    )
    return [due for due in found if due.patients]


def years_now(today: date) -> tuple[int, int]:
    """The years in whose measures a window can be open on a day."""
    return today.year, today.year + 1


def _due(rows: Iterable[Judged]) -> Iterator[UUID]:
    return (row.course.patient_id for row in rows if row.standing is Standing.DUE)
