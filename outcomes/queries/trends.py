"""A measure over two years, and its parts by clinic, care manager, payer and the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from outcomes.models import MeasuredMonth
from outcomes.queries.choices import Choices
from outcomes.queries.numbers import EVERYBODY, Group, Only, numbers_of
from outcomes.rules.charts import PERCENT, Trend, trend
from outcomes.rules.measure import Kind, Measure
from outcomes.rules.measures import measure
from outcomes.rules.months import month_before
from outcomes.rules.numbers import Number

MOST_MONTHS: Final = 24
FEWEST_MONTHS: Final = 12
FEW: Final = 30
"""Under so many a patient more or less moves a share by more than three points."""


@dataclass(frozen=True, slots=True)
class Course:
    """A measure's months, the oldest first, and the chart of them; None where no month has a number."""

    months: tuple[tuple[date, Number | None], ...]
    chart: Trend | None

    @property
    def latest_first(self) -> tuple[tuple[date, Number | None], ...]:
        """As a table shows them."""
        return self.months[::-1]


@dataclass(frozen=True, slots=True)
class GroupShown:
    """A part of those whom a number counts, and its own number. `id` is what the part is asked for by."""

    id: Group
    name: str
    number: Number

    @property
    def is_few(self) -> bool:
        """Whether so few stand behind it that it says little; of a count it says just that."""
        is_count = measure(self.number.measure_key).kind is Kind.COUNT
        return not is_count and 0 < self.number.subjects < FEW


def course(
    organization_id: UUID,
    one: Measure,
    month: date,
    editions: Mapping[date, MeasuredMonth],
    *,
    target: Decimal | None,
    only: Only = EVERYBODY,
) -> Course:
    """The measure in the two years that end with a month, from the first one that was measured, in at least twelve.

    `editions` are the newest of each measured month. At most two statements.
    """
    months = [month_before(month, back) for back in reversed(range(MOST_MONTHS))]
    first = min((place for place, of in enumerate(months) if of in editions), default=MOST_MONTHS)
    months = months[min(first, MOST_MONTHS - FEWEST_MONTHS) :]
    found = numbers_of(organization_id, [editions[of] for of in months if of in editions], keys=[one.key], only=only)
    shown = tuple((of, found.get((of, None, one.key))) for of in months)
    values = [(of, number.value if number else None) for of, number in shown]
    highest = PERCENT if one.kind is Kind.SHARE else None
    return Course(shown, trend(values, target=target, highest=highest))


def parts(
    organization_id: UUID, one: Measure, edition: MeasuredMonth, by: str, names: Choices, *, only: Only = EVERYBODY
) -> tuple[GroupShown, ...]:
    """The measure of a month by groups that have somebody to count, by name, those without one last; months in order.

    At most two statements. Raises UnknownGrouping.
    """
    found = numbers_of(organization_id, [edition], keys=[one.key], by=by, only=only)
    rows = [
        GroupShown(group, names.name_of(by, group), number)
        for (_, group, _), number in found.items()
        if number.subjects or number.denominator
    ]
    return tuple(sorted(rows, key=_place))


def _place(row: GroupShown) -> tuple[bool, str]:
    return row.id in (None, ""), f"{row.id:%Y-%m}" if isinstance(row.id, date) else row.name.lower()
