"""The measures, by key and by month."""

from __future__ import annotations

from datetime import date
from typing import Final

from outcomes.rules.change import CHANGE
from outcomes.rules.engagement import ENGAGEMENT
from outcomes.rules.experience import EXPERIENCE
from outcomes.rules.measure import Kind, Measure, Part
from outcomes.rules.money import MONEY
from outcomes.rules.nys import NEW_YORK
from outcomes.rules.review import REVIEW
from outcomes.rules.safety import SAFETY
from outcomes.rules.work import WORK

__all__ = [
    "HEADLINES",
    "MEASURES",
    "Kind",
    "Measure",
    "Part",
    "UnknownMeasure",
    "measure",
    "measures_in_force",
]

# What a dashboard shows first: who comes, who stays, who gets better, and whether the team keeps up.
HEADLINES: Final = (
    "enrolled",
    "newly_enrolled",
    "referred_enrolled",
    "retention_90",
    "contact_and_score",
    "improvement",
    "remission",
    "reviewed_30",
    "consultation",
    "closed_14",
    "safety_same_day",
    "completeness",
)


class UnknownMeasure(LookupError):
    """No measure has this key."""


MEASURES: Final[tuple[Measure, ...]] = (
    *NEW_YORK,
    *ENGAGEMENT,
    *CHANGE,
    *REVIEW,
    *SAFETY,
    *WORK,
    *EXPERIENCE,
    *MONEY,
)
_BY_KEY: Final = {one.key: one for one in MEASURES}


def measure(key: str) -> Measure:
    """The measure of a key. Raises UnknownMeasure."""
    try:
        return _BY_KEY[key]
    except KeyError:
        raise UnknownMeasure(key) from None


def measures_in_force(month: date) -> tuple[Measure, ...]:
    """Those that a month, given by its first day, is measured by."""
    return tuple(one for one in MEASURES if one.is_in_force(month))
