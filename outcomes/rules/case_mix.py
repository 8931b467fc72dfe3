"""What a caseload is made of, for comparing it with what is published and with others, and how large it should be."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from outcomes.rules.capacity import rounded

SMALL: Final = 30
"""A share of fewer people moves by more than three points with each of them."""
MOSTLY: Final = 50
SEVERE_FROM: Final = 20
"""PHQ-9: severe depression from 20 points on (Kroenke, Spitzer and Williams, 2001)."""


@dataclass(frozen=True, slots=True)
class Band:
    """How many patients one full-time care manager carries, by what the program is like."""

    name: str
    least: int
    most: int
    source: str
    is_for_medicaid: bool | None = None


_AIMS: Final = "AIMS Center, University of Washington: caseload size guidance, 2020"
BANDS: Final = (
    Band("Commercial, behavioral health only", 90, 120, _AIMS, is_for_medicaid=False),
    Band("Commercial, with other chronic conditions", 80, 100, _AIMS, is_for_medicaid=False),
    Band("Medicaid, behavioral health only", 60, 80, _AIMS, is_for_medicaid=True),
    Band("Medicaid, with other chronic conditions", 50, 75, _AIMS, is_for_medicaid=True),
    Band("In the IMPACT trial", 100, 120, "IMPACT, University of Washington: its team and their caseloads"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMix:
    """Sums over the patients of a month's caseload. Weeks and baselines are told as averages.

    `scored` have a PHQ-9 baseline; `severe` of these had 20 or more. `spoken` have a language on record.
    """

    patients: int = 0
    contacts: int = 0
    scored: int = 0
    baselines: int = 0
    severe: int = 0
    medicaid: int = 0
    spoken: int = 0
    not_english: int = 0
    days: int = 0

    def __add__(self, other: CaseMix) -> CaseMix:
        names = CaseMix.__slots__
        return CaseMix(**{name: getattr(self, name) + getattr(other, name) for name in names})

    @property
    def contacts_each(self) -> Decimal | None:
        """Clinical contacts for each patient in the month."""
        return _tenths(self.contacts, self.patients)

    @property
    def baseline(self) -> Decimal | None:
        """The mean PHQ-9 baseline."""
        return _tenths(self.baselines, self.scored)

    @property
    def severe_percent(self) -> int | None:
        """Of those with a PHQ-9 baseline."""
        return percent(self.severe, self.scored)

    @property
    def medicaid_percent(self) -> int | None:
        """Of all patients, first or second coverage."""
        return percent(self.medicaid, self.patients)

    @property
    def not_english_percent(self) -> int | None:
        """Of those whose language is known."""
        return percent(self.not_english, self.spoken)

    @property
    def weeks(self) -> Decimal | None:
        """In the program on average, up to the month's end or the end of treatment."""
        return _tenths(self.days, 7 * self.patients)


def percent(part: int, whole: int) -> int | None:
    """Whole percent, a half upwards; None of nobody."""
    return rounded(Fraction(100 * part, whole)) if whole else None


def is_small(count: int) -> bool:
    """Whether a share of so many people is left to chance: say so beside it. Of nobody there is no share."""
    return 0 < count < SMALL


def bands_for(medicaid_percent: int | None) -> tuple[Band, ...]:
    """The bands that fit who pays: those for Medicaid where at least half of the patients have it."""
    if medicaid_percent is None:
        return ()
    return tuple(band for band in BANDS if band.is_for_medicaid is (medicaid_percent >= MOSTLY))


def load_words(each: Decimal | None, medicaid_percent: int | None) -> str:
    """Where a caseload for one full-time post stands to the bands for who pays: `below 80 to 120`.

    Empty where either is unknown.
    """
    fitting = bands_for(medicaid_percent)
    if each is None or not fitting:
        return ""
    least, most = min(band.least for band in fitting), max(band.most for band in fitting)
    where = "below" if each < least else "above" if each > most else "within"
    return f"{where} {least} to {most}"


def _tenths(part: int, whole: int) -> Decimal | None:
    return Decimal(rounded(Fraction(10 * part, whole))).scaleb(-1) if whole else None
