"""A measure by language, sex, age and kind of coverage, over one month or several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from outcomes.models import MeasuredMonth, PayerClass
from outcomes.queries.choices import Choices
from outcomes.queries.numbers import Group, numbers_of
from outcomes.rules.equity import Compared, GroupRate, compared
from outcomes.rules.groups import AGE_BANDS, GROUPINGS
from outcomes.rules.measure import Kind, Measure
from outcomes.rules.measures import MEASURES

BY: Final = ("language", "sex", "age_band", "payer_class")
_ORDER: Final[Mapping[str, Sequence[str]]] = {
    "age_band": [words for _, words in AGE_BANDS],
    "payer_class": list(PayerClass.values),
    "sex": ["F", "M", "X", "U"],
}
_LAST: Final = ("", None, "U", "none")


@dataclass(frozen=True, slots=True)
class Grouping:
    """A measure by one property of the patients; groups that have somebody to count, what is unknown last."""

    by: str
    title: str
    rows: tuple[Compared, ...]


def comparable(measures: Sequence[Measure] = MEASURES, *, sees_money: bool) -> list[Measure]:
    """The measures that can be compared between groups: shares, and rates per 100."""
    return [one for one in measures if one.kind in {Kind.SHARE, Kind.RATE} and (sees_money or not one.is_money)]


def groupings(
    organization_id: UUID, one: Measure, editions: Sequence[MeasuredMonth], names: Choices
) -> tuple[Grouping, ...]:
    """The measure by each property, the months added up. Four statements. No names of anybody are read."""
    return tuple(_grouping(organization_id, one, editions, names, by) for by in BY)


def _grouping(
    organization_id: UUID, one: Measure, editions: Sequence[MeasuredMonth], names: Choices, by: str
) -> Grouping:
    sums: dict[Group, tuple[int, int]] = {}
    for (_, group, _), number in numbers_of(organization_id, editions, keys=[one.key], by=by).items():
        hits, of = sums.get(group or "", (0, 0))
        sums[group or ""] = (hits + (number.numerator or 0), of + (number.denominator or 0))
    counted = {group: sums[group] for group in sorted(sums, key=lambda group: _place(by, group)) if sums[group][1]}
    rows = compared(GroupRate(names.name_of(by, group), hits, of) for group, (hits, of) in counted.items())
    return Grouping(by, GROUPINGS[by], rows)


def _place(by: str, group: Group) -> tuple[bool, int, str]:
    order = _ORDER.get(by, ())
    return group in _LAST, order.index(str(group)) if group in order else len(order), str(group).lower()
