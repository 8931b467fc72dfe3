"""What of a number leaves the organization: all of it, or nothing where it would tell of a few."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, TypeVar
from uuid import UUID

from outcomes.rules.masking import hidden_among, is_small
from outcomes.rules.measure import Kind
from outcomes.rules.measures import measure
from outcomes.rules.nested import WITHIN
from outcomes.rules.numbers import Number

NOT_SHOWN: Final = "not shown"
Numbers = Mapping[str, Number]
G = TypeVar("G", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as a report shows it; a hidden one says nothing else."""

    text: str
    numerator: int | None = None
    denominator: int | None = None
    value: Decimal | None = None
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Beside:
    """The groups that are everybody together, as all clinics, of which a report is of one: their numbers by month."""

    own: UUID
    by_month: Mapping[date, Mapping[UUID | None, Numbers]]


def figures(numbers: Numbers, under: int, *, told_elsewhere: Collection[str] = ()) -> dict[str, Figure]:
    """The numbers of one group of patients, each hidden where a count of it or between two of them is small, or where
    another report would tell with it what is hidden of another group.
    """
    return {
        key: figure_of(one, is_hidden=key in told_elsewhere or is_small(counts_of(key, numbers), under))
        for key, one in numbers.items()
    }


def told_elsewhere(month: date, beside: Sequence[Beside], under: int) -> frozenset[str]:
    """The measures that a report of one clinic or payer leaves out: of all clinics and payers, which have reports too,
    those that the report of everybody less the others would tell stay hidden, here and there.
    """
    return frozenset(
        key
        for one in beside
        for key in one.by_month.get(month, {}).get(one.own, {})
        if one.own in _hidden(key, one.by_month[month], under)
    )


def counts_of(key: str, numbers: Numbers) -> tuple[int, ...]:
    """The counts of people or things that a number tells of: in it, and between it and others beside it."""
    one = numbers[key]
    between = [
        abs(_part(numbers[key], part) - _part(numbers[other], of_other)) if other in numbers else 0
        for part, other, of_other in WITHIN.get(key, ())
    ]
    return (one.subjects, _part(one, "met"), _part(one, "base"), _part(one, "missed"), *between)


def table_figures(key: str, rows: Mapping[UUID, Numbers], under: int) -> dict[UUID, Figure]:
    """A measure's figures by clinic, so that neither one of them nor the total less the others tells a small count."""
    hidden = _hidden(key, rows, under)
    return {clinic: figure_of(numbers[key], is_hidden=clinic in hidden) for clinic, numbers in rows.items()}


def _hidden(key: str, rows: Mapping[G, Numbers], under: int) -> frozenset[G]:
    """Of groups that are everybody together, those whose figure is hidden; one may have no row of the measure."""
    return hidden_among({group: counts_of(key, numbers) for group, numbers in rows.items() if key in numbers}, under)


def _part(one: Number, part: str) -> int:
    numerator, denominator = one.numerator or 0, one.denominator or 0
    is_share = measure(one.measure_key).kind is Kind.SHARE
    match part:
        case "met":
            return numerator
        case "missed":
            return denominator - numerator if is_share else 0
        case _:
            return numerator if one.denominator is None else denominator


def figure_of(one: Number, *, is_hidden: bool) -> Figure:
    """A number, or that it is not shown."""
    return Figure(NOT_SHOWN, is_hidden=True) if is_hidden else Figure(
        one.text, one.numerator, one.denominator, one.value
    )  # fmt: skip
