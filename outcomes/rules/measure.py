"""What a measure is, and what it says of one row of facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

FROM_2025: Final = date(2025, 1, 1)
OWN: Final = "The product's own, 2025"


class Kind(StrEnum):
    """How rows become a number.

    COUNT counts them; SHARE is met of counted; MEAN and MEDIAN are of their values; RATE is the sum of values per 100
    of them; PER_POST is their count for each full-time post, which is told from elsewhere.
    """

    COUNT = "count"
    SHARE = "share"
    MEAN = "mean"
    MEDIAN = "median"
    RATE = "rate"
    PER_POST = "per_post"


@dataclass(frozen=True, slots=True)
class Part:
    """What one row adds to a measure.

    Not `counted` without `why`: the measure does not ask about it. Not counted with `why`: left out, for this reason.
    Counted: `why` is what a list of patients says of it. A row stands for `of` things (itself, as a rule; its contacts
    or its safety concerns where these are counted), of which `hits` met what was asked.
    """

    counted: bool
    met: bool = False
    value: Decimal | int | None = None
    why: str = ""
    of: int = 1
    hits: int | None = None

    @property
    def hit(self) -> int:
        """How many of what it stands for met what was asked."""
        return int(self.met) if self.hits is None else self.hits


NOT_ASKED: Final = Part(counted=False)


def left_out(why: str) -> Part:
    """The row belongs to those whom the measure is about, but does not count, for a reason."""
    return Part(counted=False, why=why)


def judged(is_met: bool, met: str = "", not_met: str = "") -> Part:
    """It counts, and meets what is asked or not; with the words for each."""
    return Part(counted=True, met=is_met, why=met if is_met else not_met)


def valued(value: Decimal | int, why: str = "", *, of: int = 1) -> Part:
    """It counts with a value."""
    return Part(counted=True, met=True, value=value, why=why, of=of)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A measure as its page explains it, and its judge: what one row adds.

    `subject` is "episode", "referral" or "advice". `target` is in the unit in which the number is shown (percent for a
    share), None where the source gives none; `better` is "up", "down" or "" where neither is. `divisor` turns the
    values' unit (days, seconds) into the shown one, and `places` are its decimals. A definition that changes is a
    measure with a key of its own: the earlier one ends with `in_force_until`, since the two cannot be compared.
    """

    key: str
    title: str
    kind: Kind
    subject: str
    formula: str
    exclusions: tuple[str, ...] = ()
    source: str = OWN
    in_force_from: date = FROM_2025
    in_force_until: date | None = None
    unit: str = ""
    target: Decimal | None = None
    better: str = ""
    family: str
    judge: Callable[[Any], Part]
    divisor: int = 1
    places: int = 1
    # Shown to who may see money only.
    is_money: bool = False

    def is_in_force(self, month: date) -> bool:
        """Whether it is one of the measures of a month."""
        return self.in_force_from <= month and (self.in_force_until is None or month < self.in_force_until)
