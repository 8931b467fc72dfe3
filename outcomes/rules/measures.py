"""The measures, by key and by month."""

from __future__ import annotations

from datetime import date
from typing import Final

from outcomes.rules.measure import DEFINITIONS, Kind, Measure, Part

__all__ = ["DEFINITIONS", "MEASURES", "Kind", "Measure", "Part", "UnknownMeasure", "measure", "measures_in_force"]


class UnknownMeasure(LookupError):
    """No measure has this key."""


MEASURES: Final[tuple[Measure, ...]] = ()
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
