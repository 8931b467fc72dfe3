"""By what numbers are grouped, and bands of age."""

from __future__ import annotations

from typing import Final

# Bands by their first year; the last has no end.
AGE_BANDS: Final = (
    (0, "Under 12"),
    (12, "12 to 17"),
    (18, "18 to 24"),
    (25, "25 to 44"),
    (45, "45 to 64"),
    (65, "65 and over"),
)
GROUPINGS: Final = {
    "clinic": "Clinic",
    "care_manager": "Care manager",
    "payer": "Payer",
    "payer_class": "Kind of coverage",
    "program": "Program",
    "language": "Language",
    "sex": "Sex",
    "age_band": "Age",
    "cohort": "Month of enrolment or referral",
}


def groupings_of(subject: str) -> dict[str, str]:
    """By what a measure of episodes, referrals or advice is grouped: a referral is to no program before enrolment."""
    return {by: words for by, words in GROUPINGS.items() if not (subject == "referral" and by == "program")}


class UnknownGrouping(LookupError):
    """Numbers are not grouped by this."""


def age_band(age: int) -> str:
    """The band of whole years."""
    return next(words for first, words in reversed(AGE_BANDS) if age >= first)


def age_band_years(band: str) -> tuple[int, int]:
    """The first year of a band and the first after it. Raises UnknownGrouping."""
    firsts = {words: first for first, words in AGE_BANDS}
    if band not in firsts:
        raise UnknownGrouping(band)
    later = [first for first, _ in AGE_BANDS if first > firsts[band]]
    return firsts[band], min(later, default=1000)
