"""From rows to a number, its words, and what of it leaves the organization."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Final

from outcomes.rules.measure import Kind, Measure, Part
from outcomes.rules.measures import measure

NOT_AVAILABLE: Final = "n/a"
NO_SHARE: Final = "shares of work are not set"
NO_OWN_SHARE: Final = "no share of work is set"
NOT_EVERY_SHARE: Final = "not every care manager with patients has a share of work set"
NOBODYS: Final = "nobody carries them"
OF_ALL_ONLY: Final = "posts are known of the whole organization only"
DOLLARS: Final = "dollars"


@dataclass(frozen=True, slots=True)
class Tally:
    """What rows add up to: how many counted, what they stand for, how much of it met, the sum or median of values.

    `unset` of the counted are carried by somebody whose share of work is not set.
    """

    subjects: int = 0
    of: int = 0
    hits: int = 0
    total: Decimal | int = 0
    median: Decimal | None = None
    unset: int = 0


@dataclass(frozen=True, slots=True)
class Number:
    """A measure's number. `value` is as shown: the percent of a share, rounded; None where nobody counts.

    `numerator` is what met it, the sum of a rate, or a count; `denominator` what was asked of, None for a count.
    `subjects` is how many rows it rests on, which is fewer where a row stands for several contacts or concerns.
    `why` says why there is no value although there is somebody to count.
    """

    measure_key: str
    numerator: int | None
    denominator: int | None
    value: Decimal | None
    subjects: int = 0
    why: str = ""

    @property
    def percent(self) -> Decimal | None:
        """Of a share, to one decimal, a half upwards; None for other kinds and where nobody counts."""
        return self.value if measure(self.measure_key).kind is Kind.SHARE else None

    @property
    def figure(self) -> str:
        """The value alone, as a tile shows it: `87.5 %`, `18.7 weeks`, `9`, `n/a`."""
        return _figure(measure(self.measure_key), self.value)

    @property
    def text(self) -> str:
        """The whole of it: `7 of 8, 87.5 %`, `18.7 weeks`, `9`, `n/a`, `n/a: shares of work are not set`."""
        if self.why:
            return f"{self.figure}: {self.why}"
        if self.value is None or measure(self.measure_key).kind is not Kind.SHARE:
            return self.figure
        return f"{self.numerator:,} of {self.denominator:,}, {self.figure}"


@dataclass(frozen=True, slots=True)
class Masked:
    """A number that is not shown, since so few people stand behind it or beside it. `text` says that only."""

    measure_key: str
    under: int

    @property
    def numerator(self) -> None:
        """Not shown."""
        return

    @property
    def denominator(self) -> None:
        """Not shown."""
        return

    @property
    def value(self) -> None:
        """Not shown."""
        return

    @property
    def percent(self) -> None:
        """Not shown."""
        return

    @property
    def text(self) -> str:
        """`fewer than 11`."""
        return f"fewer than {self.under}"

    @property
    def figure(self) -> str:
        """The same."""
        return self.text


def number_of(one: Measure, parts: Iterable[Part]) -> Number:
    """The number of a measure from what each row adds."""
    counted = [part for part in parts if part.counted]
    values = [part.value for part in counted if part.value is not None]
    return number_from(
        one,
        Tally(
            subjects=len(counted),
            of=sum(part.of for part in counted),
            hits=sum(part.hit for part in counted),
            total=sum(values),
            median=median(values),
        ),
    )


def number_from(one: Measure, tally: Tally) -> Number:
    """The number of a measure from the sums. An empty denominator is not 0: the value is None."""
    match one.kind:
        case Kind.COUNT:
            return Number(one.key, tally.of, None, Decimal(tally.of), tally.subjects)
        case Kind.SHARE:
            percent = _divided(one, 100 * tally.hits, tally.of)
            return Number(one.key, tally.hits, tally.of, percent, tally.subjects)
        case Kind.MEAN:
            mean = _divided(one, tally.total, tally.of * one.divisor)
            return Number(one.key, None, tally.of, mean, tally.subjects)
        case Kind.MEDIAN:
            middle = None if tally.median is None else _divided(one, tally.median, one.divisor)
            return Number(one.key, None, tally.of, middle, tally.subjects)
        case Kind.RATE:
            rate = _divided(one, 100 * tally.total, tally.of)
            return Number(one.key, int(tally.total), tally.of, rate, tally.subjects)
    # Per post: the posts are told by `per_full_time`.
    return Number(one.key, tally.of, None, None, tally.subjects, NOT_EVERY_SHARE if tally.unset else "")


def median(values: Sequence[Decimal | int]) -> Decimal | None:
    """The middle value, or halfway between the two middle ones; None of nothing."""
    ordered = sorted(values)
    if not ordered:
        return None
    middle = len(ordered) // 2
    return (Decimal(ordered[middle]) + Decimal(ordered[-middle - 1])) / 2


def per_full_time(number: Number, posts: Decimal | None, why: str = "") -> Number:
    """A count of patients for each full-time post; n/a, and why, where nobody said how much of one they work.

    It is so too where that is known of some only who carry them: the others' patients are not theirs. `why` is said
    where posts are not known for another reason.
    """
    one = measure(number.measure_key)
    if not posts:
        return replace(number, value=None, why=why or NO_SHARE)
    if number.why:
        return number
    return replace(number, value=_divided(one, number.numerator or 0, posts))


def reaches(number: Number | Masked, target: Decimal | None) -> bool | None:
    """Whether a number is as good as a target or better; None where either is missing or neither side is better.

    A share is compared as it is, not as rounded: 79.96 % is short of 80.
    """
    better = measure(number.measure_key).better
    if number.value is None or target is None or not better:
        return None
    exact = Fraction(number.value)
    if number.percent is not None and number.numerator is not None and number.denominator:
        exact = Fraction(100 * number.numerator, number.denominator)
    return exact >= Fraction(target) if better == "up" else exact <= Fraction(target)


def masked(number: Number, under: int) -> Number | Masked:
    """The number as it may leave: hidden where 1 to `under` - 1 people or things stand behind it.

    So it is where those whom it leaves are so few: of 50 with 48 met, the two others could be told.
    """
    behind = [number.subjects, number.numerator or 0, number.denominator or 0]
    if measure(number.measure_key).kind is Kind.SHARE:
        behind.append((number.denominator or 0) - (number.numerator or 0))
    is_small = any(0 < count < under for count in behind)
    return Masked(number.measure_key, under) if is_small else number


def _divided(one: Measure, part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    """Rounded to the measure's decimals, a half upwards; from fractions, so that nothing is rounded twice."""
    if not whole:
        return None
    scaled = Fraction(part) / Fraction(whole) * 10**one.places
    return Decimal((2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)).scaleb(-one.places)


def _figure(one: Measure, value: Decimal | None) -> str:
    if value is None:
        return NOT_AVAILABLE
    if one.kind is Kind.SHARE:
        return f"{value:.1f} %"
    if one.unit == DOLLARS:
        return f"${value:,.2f}"
    shown = f"{value:,f}"
    if one.kind is Kind.MEDIAN:
        shown = shown.rstrip("0").rstrip(".") if "." in shown else shown
    if one.kind is Kind.COUNT and not one.unit:
        return shown
    unit = one.unit.removesuffix("s") if shown == "1" else one.unit
    return f"{shown} {unit}".rstrip()
