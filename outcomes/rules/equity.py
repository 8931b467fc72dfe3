"""How a group of patients does beside everybody else: rates with counts, and no word of why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from outcomes.rules.capacity import rounded
from outcomes.rules.case_mix import SMALL


@dataclass(frozen=True, slots=True)
class GroupRate:
    """How many of a group met something, of how many; `hits` may be more than `of` where things are counted."""

    name: str
    hits: int
    of: int

    @property
    def rate(self) -> Decimal | None:
        """Of 100, to one decimal, a half upwards; None of nobody."""
        return _tenths(Fraction(100 * self.hits, self.of)) if self.of else None


@dataclass(frozen=True, slots=True)
class Compared:
    """A group beside everybody else. `difference` is its rate less theirs, worked out before anything is rounded;
    None where either is nobody. `is_small`: so few on either side that chance alone may do it.
    """

    group: GroupRate
    others: GroupRate
    difference: Decimal | None
    is_small: bool


def compared(groups: Iterable[GroupRate]) -> tuple[Compared, ...]:
    """Each group beside all the others together, in the order given."""
    found = list(groups)
    hits, of = sum(one.hits for one in found), sum(one.of for one in found)
    return tuple(_beside(one, GroupRate("Everybody else", hits - one.hits, of - one.of)) for one in found)


def difference_words(one: Compared, *, is_share: bool) -> str:
    """`9.2 points below everybody else`, `1.5 per 100 above everybody else`, `the same as everybody else`."""
    if one.difference is None:
        return "nobody to compare with" if one.group.of else "nobody to count"
    if not one.difference:
        return "the same as everybody else"
    unit = "per 100" if not is_share else "point" if abs(one.difference) == 1 else "points"
    size = abs(one.difference)
    plain = f"{size:f}".removesuffix(".0")
    return f"{plain} {unit} {'below' if one.difference < 0 else 'above'} everybody else"


def _beside(group: GroupRate, others: GroupRate) -> Compared:
    difference = None
    if group.of and others.of:
        exact = Fraction(100 * group.hits, group.of) - Fraction(100 * others.hits, others.of)
        difference = -_tenths(-exact) if exact < 0 else _tenths(exact)
    is_small = difference is not None and min(group.of, others.of) < SMALL
    return Compared(group, others, difference, is_small)


def _tenths(value: Fraction) -> Decimal:
    return Decimal(rounded(value * 10)).scaleb(-1)
