"""Yearly measures of depression: who comes into one, by which first high score, and how the window after it went.

A measure of a year looks for the first high score near a visit with a diagnosis of depression, and then for the last
score within a window of days after it. Which days these are is each measure's own (remission_twelve and
remission_followup).

The lists of codes are our own short ones. The official value sets are kept by VSAC under a license and are not shipped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

HIGH: Final = 9
"""The first score must be above it."""
REMISSION_BELOW: Final = 5
YOUNGEST: Final = 12
SOON_DAYS: Final = 60
"""How far ahead windows that open are listed."""

# Major depression, also in remission, and dysthymia. Not among them: F32.8 (other episodes) and F32.A (depression that
# nobody specified).
DEPRESSION: Final = ("F32.0", "F32.1", "F32.2", "F32.3", "F32.4", "F32.5", "F32.9", "F33", "F34.1")
LEFT_OUT: Final = (
    ("Bipolar disorder", ("F30", "F31")),
    ("Emotionally labile personality disorder", ("F34.0", "F60.3", "F60.4")),
    ("Schizophrenia or another psychotic disorder", ("F20", "F21", "F22", "F23", "F24", "F25", "F28", "F29")),
    ("Pervasive developmental disorder", ("F84",)),
    ("Palliative care", ("Z51.5",)),
)
DIED: Final = "Died"
VISITS_SAID: Final = (
    "Visits are sessions with the patient, noted or timed, and initiating visits. Other visits in primary care are not "
    "on record here."
)
HOSPICE_SAID: Final = (
    "Hospice care is not on record here, and palliative care only as the diagnosis Z51.5: take such patients off by "
    "hand before you report."
)
CODES_SAID: Final = (
    "The codes are a short list of our own: F32.0 to F32.5, F32.9, F33 and F34.1 for depression and dysthymia; what "
    "leaves patients out is F30, F31, F34.0, F60.3, F60.4, F20 to F25, F28, F29, F84 and Z51.5. The official value "
    "sets need a license and are not part of this product."
)
CONFIRMED_SAID: Final = (
    "A diagnosis counts once the treating clinician confirmed it. One without a first day counts from ever, and the "
    "end of one is not recorded."
)


@dataclass(frozen=True, slots=True)
class Coded:
    """A diagnosis on record. Where nobody knows since when, it holds always; no end of one is recorded."""

    code: str
    from_on: date | None
    is_confirmed: bool

    def holds_on(self, day: date) -> bool:
        """Whether it began by a day."""
        return self.from_on is None or self.from_on <= day


@dataclass(frozen=True, slots=True)
class Scored:
    """A total of the PHQ-9, or of its form for adolescents, on the clinic's day."""

    on: date
    total: int


@dataclass(frozen=True, slots=True)
class Course:
    """What is known of a patient: codes, days of visits, and scores from the earliest on, those of a day as recorded.

    `clinic_id` and `care_manager_id` are of the latest episode.
    """

    patient_id: UUID
    birth_date: date
    died_on: date | None
    codes: tuple[Coded, ...]
    met_on: tuple[date, ...]
    scores: tuple[Scored, ...]
    clinic_id: UUID | None = None
    care_manager_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Yearly:
    """A yearly measure: its days, and what a last score has to be beside the first.

    `identified` are the first and last day, of a year, on which the visit lies (`by_visit`), or the first score. The
    first score lies from `days_before` a visit to `days_after` it. `window` are the first and last day on which the
    score is asked for, from the day of the first one. `meets` takes the first and the last total.
    """

    key: str
    title: str
    short: str
    formula: str
    exclusions: tuple[str, ...]
    source: str
    differs: tuple[str, ...]
    identified: Callable[[int], tuple[date, date]]
    by_visit: bool
    days_before: int
    days_after: int
    window: Callable[[date], tuple[date, date]]
    year_of: Callable[[date], int]
    meets: Callable[[int, int], bool]
    asks: str


class Standing(StrEnum):
    """How a patient stands in a measure on a day."""

    DUE = "due"
    AGAIN = "again"
    SOON = "soon"
    LATER = "later"
    MET = "met"
    MET_SO_FAR = "met_so_far"
    NO_SCORE = "no_score"
    TOO_HIGH = "too_high"
    UNCONFIRMED = "unconfirmed"
    LEFT_OUT = "left_out"


FAILED: Final = frozenset({Standing.NO_SCORE, Standing.TOO_HIGH})
HIT: Final = frozenset({Standing.MET, Standing.MET_SO_FAR})
UNCOUNTED: Final = frozenset({Standing.UNCONFIRMED, Standing.LEFT_OUT})
OPEN: Final = frozenset({Standing.DUE, Standing.AGAIN, Standing.SOON, Standing.LATER})


@dataclass(frozen=True, slots=True)
class Judged:
    """A patient in a measure. `last` is the last score within the window, `latest` the last of all; `why` says why
    somebody is left out.
    """

    course: Course
    index: Scored
    opens_on: date
    closes_on: date
    last: Scored | None
    standing: Standing
    why: str = ""

    @property
    def latest(self) -> Scored:
        return self.course.scores[-1]

    def days_left(self, today: date) -> int:
        """Days until the window closes, the last one included as 0."""
        return (self.closes_on - today).days


def judged(one: Yearly, course: Course, year: int, today: date) -> Judged | None:
    """How a patient stands in a year's measure on a day; None for who is not in its population.

    A diagnosis counts once the treating clinician confirmed it; who would be in by one that is not, is told apart.
    """
    confirmed = [code for code in course.codes if code.is_confirmed]
    index = first_high(one, course, confirmed, year)
    known = index
    if index is None and len(confirmed) < len(course.codes):
        known = first_high(one, course, course.codes, year)
    if known is None or age_on(course.birth_date, known.on) < YOUNGEST:
        return None
    opens_on, closes_on = one.window(known.on)
    within = [score for score in course.scores if opens_on <= score.on <= closes_on]
    last = within[-1] if within else None
    why = left_out(course, confirmed, closes_on)
    if why:
        standing = Standing.LEFT_OUT
    elif index is None:
        standing = Standing.UNCONFIRMED
    else:
        standing = _standing(one, known, last, (opens_on, closes_on), today)
    return Judged(course, known, opens_on, closes_on, last, standing, why)


def first_high(one: Yearly, course: Course, codes: Sequence[Coded], year: int) -> Scored | None:
    """The first score above 9 near a visit with depression, in the year's days; None where there is none."""
    first, last = one.identified(year)
    before, after = timedelta(days=one.days_before), timedelta(days=one.days_after)
    # Of visits in the days that are named, or of scores in them: the other lies near.
    earliest, latest = (first - before, last + after) if one.by_visit else (first, last)
    high = [score for score in course.scores if score.total > HIGH and earliest <= score.on <= latest]
    depressed = [code for code in codes if is_one_of(code.code, DEPRESSION)]
    if not high or not depressed:
        return None
    visits = [day for day in course.met_on if any(code.holds_on(day) for code in depressed)]
    if one.by_visit:
        visits = [day for day in visits if first <= day <= last]
    return next((score for score in high if any(day - before <= score.on <= day + after for day in visits)), None)


def left_out(course: Course, codes: Sequence[Coded], until: date) -> str:
    """Why somebody does not count: a death or a diagnosis up to the window's last day. Empty: they do."""
    if course.died_on is not None and course.died_on <= until:
        return DIED
    for words, prefixes in LEFT_OUT:
        if any(is_one_of(code.code, prefixes) and code.holds_on(until) for code in codes):
            return words
    return ""


def is_one_of(code: str, prefixes: Sequence[str]) -> bool:
    """Whether a code is one of these or below it."""
    return code.startswith(tuple(prefixes))


def age_on(birth_date: date, day: date) -> int:
    """Whole years on a day."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def a_year_after(day: date) -> date:
    """The same day twelve months on; Feb 28 after Feb 29."""
    return day.replace(year=day.year + 1, day=28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year + 1)


def _standing(one: Yearly, index: Scored, last: Scored | None, window: tuple[date, date], today: date) -> Standing:
    opens_on, closes_on = window
    is_met = last is not None and one.meets(index.total, last.total)
    if today > closes_on:
        return Standing.MET if is_met else Standing.TOO_HIGH if last else Standing.NO_SCORE
    if today < opens_on:
        return Standing.SOON if (opens_on - today).days <= SOON_DAYS else Standing.LATER
    return Standing.MET_SO_FAR if is_met else Standing.AGAIN if last else Standing.DUE
