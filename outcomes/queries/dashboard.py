"""What the dashboard shows of a month: chosen measures beside their targets and the organization's own past."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from outcomes.models import MeasuredMonth
from outcomes.queries.numbers import EVERYBODY, Numbers, Only, numbers_of
from outcomes.queries.targets import Targets, targets_of
from outcomes.rules.charts import PERCENT, Spark, spark
from outcomes.rules.experience import ANSWERS
from outcomes.rules.measure import Kind, Measure
from outcomes.rules.measures import MEASURES, measure
from outcomes.rules.months import month_before
from outcomes.rules.numbers import Number, reaches
from outcomes.rules.words import target_text

Edition = MeasuredMonth
Editions = Mapping[date, Edition]
MONTHS_SHOWN: Final = 13
"""A tile shows the month, and the twelve before it."""
RECENT: Final = 3

FAMILIES: Final = {
    "engagement": "Engagement",
    "change": "Change",
    "review": "Review and safety",
    "work": "Work",
    "experience": "What patients say",
    "money": "Money",
    "nys": "New York State’s eight",
}
_FAMILY_OF: Final = {"safety": "review"}
TILES: Final = (
    *("enrolled", "newly_enrolled", "referred_enrolled", "attempt_days", "retention_90", "contact_and_score"),
    *("improvement", "remission", "response_16", "completeness"),
    *("reviewed_30", "consultation", "closed_14", "safety_same_day"),
    *("caseload_per_fte", "minutes_per_contact", "registry_complete"),
    "said_share",
    *("billed_share", "expected_mean", "paid_mean"),
)


@dataclass(frozen=True, slots=True)
class Tile:
    """A measure of the month. `number` is None where the month was not measured or the measure was not in force.

    `months` are the month and those before it, the oldest first; `is_met` is None without a target or without a number.
    """

    measure: Measure
    number: Number | None
    target: Decimal | None
    is_met: bool | None
    year_before: Number | None
    months: tuple[tuple[date, Number | None], ...]
    spark: Spark | None

    @property
    def recent(self) -> tuple[tuple[date, Number | None], ...]:
        """The three months before, the oldest first."""
        return self.months[-1 - RECENT : -1]

    @property
    def has_past(self) -> bool:
        """Whether any month before has a number."""
        return any(number and number.value is not None for _, number in self.months[:-1])

    @property
    def year_before_month(self) -> date:
        """The same month of the year before."""
        return month_before(self.months[-1][0], 12)

    @property
    def target_text(self) -> str:
        """`80 %`; empty without one."""
        return target_text(self.measure, self.target)


@dataclass(frozen=True, slots=True)
class Section:
    """Measures of one kind, as a dashboard groups them."""

    key: str
    title: str
    tiles: tuple[Tile, ...]


def family_of(one: Measure) -> str:
    """The section that a measure stands in."""
    return _FAMILY_OF.get(one.family, one.family)


def keys_shown(month: date, *, sees_money: bool, of: Collection[str] | None = None) -> list[str]:
    """The keys of the measures of a month, those of money only for who may see money; `of` these, or of all.

    Never of what patients said: that is told by quarter only.
    """
    return [
        one.key
        for one in MEASURES
        if (of is None or one.key in of)
        and one.key not in ANSWERS
        and one.is_in_force(month)
        and (sees_money or not one.is_money)
    ]


def dashboard(
    organization_id: UUID,
    month: date,
    editions: Editions,
    *,
    sees_money: bool,
    only: Only = EVERYBODY,
    of: Collection[str] = TILES,
) -> tuple[Section, ...]:
    """The tiles of a month by section. `editions` are the newest of each measured month. At most five statements."""
    months = [month_before(month, back) for back in reversed(range(MONTHS_SHOWN))]
    keys = keys_shown(month, sees_money=sees_money, of=of)
    measured = [editions[one] for one in months if one in editions]
    found = numbers_of(organization_id, measured, keys=keys, only=only)
    aims = targets_of(organization_id, [month])
    tiles = [_tile(measure(key), months, found, aims) for key in keys]
    return _sections(tiles)


def listing(
    organization_id: UUID,
    month: date,
    editions: Editions,
    *,
    sees_money: bool,
    only: Only = EVERYBODY,
) -> tuple[Section, ...]:
    """All measures of a month, beside the month before and the same month a year before. At most five statements."""
    months = [month_before(month, back) for back in (12, 1, 0)]
    keys = keys_shown(month, sees_money=sees_money)
    measured = [editions[one] for one in months if one in editions]
    found = numbers_of(organization_id, measured, keys=keys, only=only)
    aims = targets_of(organization_id, [month])
    return _sections([_tile(measure(key), months, found, aims) for key in keys])


def spark_of(one: Measure, numbers: Sequence[Number | None]) -> Spark | None:
    """The line of some months; a share's lies between 0 and 100."""
    values = [number.value if number else None for number in numbers]
    return spark(values, highest=PERCENT if one.kind is Kind.SHARE else None)


def _tile(one: Measure, months: Sequence[date], found: Numbers, aims: Targets) -> Tile:
    shown = tuple((month, found.get((month, None, one.key))) for month in months)
    month, number = shown[-1]
    target = aims.get((month, one.key))
    return Tile(
        measure=one,
        number=number,
        target=target,
        is_met=reaches(number, target) if number else None,
        year_before=found.get((month_before(month, 12), None, one.key)),
        months=shown,
        spark=spark_of(one, [number for _, number in shown]),
    )


def _sections(tiles: Sequence[Tile]) -> tuple[Section, ...]:
    found = {key: tuple(tile for tile in tiles if family_of(tile.measure) == key) for key in FAMILIES}
    return tuple(Section(key, FAMILIES[key], of) for key, of in found.items() if of)
