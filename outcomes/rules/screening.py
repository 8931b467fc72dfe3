"""Screening for depression in the whole practice: who counts, who was screened, and who was followed up.

These measures are not of the program's own patients but of everybody seen in the practice, as its own system lists
them month by month. Sources: New York State's set for collaborative care (numbers 9 to 11) and, for follow-up, the
electronic measure of screening and follow-up (DSF-E).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from outcomes.rules.measure import FROM_2025, NOT_ASKED, Kind, Measure, Part, judged
from outcomes.rules.months import last_day_of

PHQ2: Final = "phq2"
PHQ9: Final = "phq9"
INSTRUMENT_WORDS: Final = {PHQ2: "PHQ-2", PHQ9: "PHQ-9"}
MOST_OF: Final = {PHQ2: 6, PHQ9: 27}
POSITIVE_FROM: Final = {PHQ2: 3, PHQ9: 10}
"""The score from which a screen is positive."""
FOLLOW_UP_DAYS: Final = 30
NEW_YORK: Final = "New York State Office of Mental Health, collaborative care metrics, 2025, number {}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenedFacts:
    """One patient seen in a month, with the screen that counts and the first follow-up after it, whoever told of it.

    `followed_up_on` is the first of what the file gives, a referral to the program and a contact of it, from the screen
    on.
    `on` is the day as of which this is known.
    """

    month: date
    on: date
    seen_on: date
    screened_on: date | None = None
    instrument: str = ""
    score: int | None = None
    is_first: bool = False
    followed_up_on: date | None = None

    @property
    def is_positive(self) -> bool:
        """A PHQ-2 of 3 or more, or a PHQ-9 of 10 or more."""
        return self.score is not None and self.score >= POSITIVE_FROM[self.instrument]

    @property
    def is_of_month(self) -> bool:
        """Whether the screen was in the month itself."""
        return self.screened_on is not None and self.month <= self.screened_on <= last_day_of(self.month)


def year_before(day: date) -> date:
    """The same day twelve months before; of a leap day the 28th."""
    return day.replace(year=day.year - 1, day=28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 1)


def judge_screened(facts: ScreenedFacts) -> Part:
    """Whether a patient seen in the month was screened in the twelve months up to the visit, or later in the month."""
    screened = facts.screened_on
    is_met = screened is not None and year_before(facts.seen_on) <= screened <= last_day_of(facts.month)
    return judged(is_met, "Screened", "No screen in the twelve months up to the visit")


def judge_yield(facts: ScreenedFacts) -> Part:
    """Whether the first PHQ-9 of a patient, if it was in the month, is 10 or more."""
    if not (facts.is_first and facts.instrument == PHQ9 and facts.is_of_month):
        return NOT_ASKED
    return judged(facts.is_positive, "10 or more", "Under 10")


def judge_followed_up(facts: ScreenedFacts) -> Part:
    """Whether a positive screen of the month was followed up on its day or within thirty days.

    A screen whose thirty days are not over by `on` is not asked about yet, followed up or not.
    """
    if facts.screened_on is None or not (facts.is_positive and facts.is_of_month):
        return NOT_ASKED
    until = facts.screened_on + timedelta(days=FOLLOW_UP_DAYS)
    if facts.on <= until:
        return Part(counted=False, why="The thirty days are not over")
    is_met = facts.followed_up_on is not None and facts.screened_on <= facts.followed_up_on <= until
    return judged(is_met, "Followed up", "Not followed up within 30 days")


def _measure(
    key: str, title: str, formula: str, judge: Callable[[ScreenedFacts], Part], source: str, *exclusions: str
) -> Measure:
    return Measure(
        key=key,
        title=title,
        kind=Kind.SHARE,
        subject="screened",
        family="screening",
        formula=formula,
        exclusions=exclusions,
        source=source,
        in_force_from=FROM_2025,
        target=Decimal(85) if key == SCREENED else None,
        better="" if key == YIELD else "up",
        judge=judge,
    )


SCREENED: Final = "nys_9"
YIELD: Final = "nys_10"
FOLLOWED_UP: Final = "screen_followed_up"
SCREENING: Final = (
    _measure(
        SCREENED,
        "Patients screened for depression",
        "Patients with a scored PHQ-2 or PHQ-9 in the twelve months up to their visit, or after it in the same month, "
        "of all whom the practice saw in the month and whom its own rule asks to screen. Each patient counts once.",
        judge_screened,
        NEW_YORK.format(9),
        "Whom the practice's file leaves out: best children under 12, and visits that were with a nurse, a laboratory "
        "or behavioral health only.",
    ),
    _measure(
        YIELD,
        "First PHQ-9 of 10 or more",
        "Patients whose first PHQ-9 was 10 or more, of all whose first PHQ-9 was in the month. First: none in the year "
        "before it. It says how much screening finds, so there is no target.",
        judge_yield,
        NEW_YORK.format(10),
        "A PHQ-2, and a PHQ-9 that the file does not mark as the first.",
    ),
    _measure(
        FOLLOWED_UP,
        "Positive screens followed up",
        "Positive screens of the month (PHQ-2 of 3 or more, PHQ-9 of 10 or more) with a follow-up on their day or "
        "within 30 days. Follow-up is what the file names, or a referral to the program or a contact of it.",
        judge_followed_up,
        "HEDIS measure of depression screening and follow-up (DSF-E), 2025",
        "Screens whose thirty days are not over yet.",
    ),
)
STAFFING_FORMULA: Final = (
    "Full-time posts that care managers work for the program, as set under Settings, at the end of the month. "
    f"Source: {NEW_YORK.format(11)}."
)


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many. `percent` to one decimal, a half upwards; None where there is nobody to count."""

    met: int = 0
    of: int = 0

    @property
    def percent(self) -> Decimal | None:
        """Rounded once, from whole numbers."""
        return Decimal((2000 * self.met + self.of) // (2 * self.of)).scaleb(-1) if self.of else None

    @property
    def figure(self) -> str:
        """`83.3 %`, or `n/a`."""
        return "n/a" if self.percent is None else f"{self.percent:.1f} %"

    @property
    def counts(self) -> str:
        """`5 of 6`, or that there is nobody."""
        return f"{self.met:,} of {self.of:,}" if self.of else "nobody to count"

    def reaches(self, target: Decimal | None) -> bool | None:
        """Compared as it is, not as rounded; None where there is nothing to compare."""
        return None if target is None or not self.of else 100 * self.met >= target * self.of


def share_of(one: Measure, rows: Iterable[ScreenedFacts]) -> Share:
    """A measure's number over rows."""
    parts = [part for row in rows if (part := one.judge(row)).counted]
    return Share(sum(part.met for part in parts), len(parts))


@dataclass(frozen=True, slots=True)
class ScreenedMonth:
    """What the files of a month, or of a month and a clinic, add up to. `pending`: positive screens still in time."""

    seen: int = 0
    screened: Share = Share()
    first: Share = Share()
    followed_up: Share = Share()
    pending: int = 0

    def share(self, key: str) -> Share:
        """The number of one of SCREENING."""
        return {SCREENED: self.screened, YIELD: self.first, FOLLOWED_UP: self.followed_up}[key]
