"""The numbers of months, counted by Postgres from the measured rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from django.db.models import Aggregate, Count, F, FloatField, Model, Q, Sum, Value

from outcomes.models import MeasuredMonth
from outcomes.queries.conditions import BEGINS_ON, CONDITIONS, Condition, with_days
from outcomes.queries.measured import measured_months
from outcomes.queries.posts import full_time_posts
from outcomes.rules.groups import GROUPINGS, UnknownGrouping, age_band_years
from outcomes.rules.measure import Kind, Measure
from outcomes.rules.measures import MEASURES, measure
from outcomes.rules.months import next_month
from outcomes.rules.numbers import Number, Tally, number_from, per_full_time

Group = UUID | str | date | None
Numbers = dict[tuple[date, Group, str], Number]
_COLUMNS: Final = {"clinic": "clinic_id", "care_manager": "care_manager_id", "payer": "payer_id"}


@dataclass(frozen=True, slots=True)
class Only:
    """Which rows are counted: all but for what is given. `cohort` is a month of enrolment or referral."""

    clinic_id: UUID | None = None
    care_manager_id: UUID | None = None
    payer_id: UUID | None = None
    payer_class: str = ""
    program: str = ""
    language: str = ""
    sex: str = ""
    age_band: str = ""
    cohort: date | None = None

    def condition(self, model: type[Model]) -> Q:
        """The same on rows of a measured table."""
        plain = ("clinic_id", "care_manager_id", "payer_id", "payer_class", "program", "language", "sex")
        found = Q(**{name: value for name in plain if (value := getattr(self, name))})
        if self.age_band:
            first, until = age_band_years(self.age_band)
            found &= Q(age__gte=first, age__lt=until)
        if self.cohort:
            begins = BEGINS_ON[model]
            found &= Q(**{f"{begins}__gte": self.cohort, f"{begins}__lt": next_month(self.cohort)})
        return found


EVERYBODY: Final = Only()


class Median(Aggregate):
    """The middle value, or halfway between the two middle ones."""

    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


def numbers(
    organization_id: UUID,
    months: Sequence[date],
    *,
    keys: Sequence[str] | None = None,
    by: str = "",
    only: Only = EVERYBODY,
) -> Numbers:
    """The numbers of months that were measured, each from its newest edition: by month, group and measure.

    `by` is one of outcomes.rules.groups.GROUPINGS, or nothing: then the group is None. It is so too for rows without
    one, as without a payer. A month has those measures that were in force then; a group is there where it has a row.
    Without groups a month is there even when nobody is. At most one statement for each measured table, one for the
    editions, and one for shares of work where they are asked about. Raises UnknownMeasure, UnknownGrouping.
    """
    return numbers_of(
        organization_id, list(measured_months(organization_id, months).values()), keys=keys, by=by, only=only
    )


def numbers_of(
    organization_id: UUID,
    editions: Sequence[MeasuredMonth],
    *,
    keys: Sequence[str] | None = None,
    by: str = "",
    only: Only = EVERYBODY,
) -> Numbers:
    """The same of given editions, of which each month has one: a report made again counts from what it rested on."""
    if by and by not in GROUPINGS:
        raise UnknownGrouping(by)
    asked = MEASURES if keys is None else tuple(measure(key) for key in keys)
    found: Numbers = {}
    if not editions:
        return found
    for _model, of_table in groupby(sorted(asked, key=_table), key=_table):
        found |= _of_table(organization_id, editions, tuple(of_table), by, only)
    posts = [one for one in asked if one.kind is Kind.PER_POST]
    return found | _per_post(organization_id, found, posts, by, only) if posts else found


def _table(one: Measure) -> str:
    return str(CONDITIONS[one.key].model._meta.db_table)


def _of_table(
    organization_id: UUID, editions: Sequence[MeasuredMonth], asked: Sequence[Measure], by: str, only: Only
) -> Numbers:
    month_of = {one.id: one.month for one in editions}
    model = CONDITIONS[asked[0].key].model
    of_editions = model._default_manager.filter(organization_id=organization_id, measured_id__in=list(month_of))
    rows = with_days(of_editions, month_of)
    place = [_COLUMNS.get(by, by)] if by else []
    sums = {name: aggregate for one in asked for name, aggregate in _aggregates(one).items()}
    if by in {"cohort", "age_band"}:
        rows = rows.annotate(**{by: F(by)})
    counted = rows.filter(only.condition(model)).order_by().values("measured_id", *place).annotate(**sums)
    found: Numbers = {}
    if not by:
        found |= _numbers(month_of.values(), None, asked, {})
    for row in counted:
        group = row[place[0]] if by else None
        found |= _numbers([month_of[row["measured_id"]]], group, asked, row)
    return found


def _numbers(months: Iterable[date], group: Group, asked: Sequence[Measure], row: Mapping[str, Any]) -> Numbers:
    return {
        (month, group, one.key): number_from(one, _tally(one.key, row))
        for month in months
        for one in asked
        if one.is_in_force(month)
    }


def _aggregates(one: Measure) -> dict[str, Aggregate]:
    """What a measure adds to the one statement over its table."""
    condition = CONDITIONS[one.key]
    found: dict[str, Aggregate] = {_name(one.key, "n"): Count(Value(1), filter=condition.counted)}
    if condition.of is not None:
        found[_name(one.key, "of")] = Sum(condition.of, filter=condition.counted)
    if one.kind is Kind.SHARE:
        found[_name(one.key, "hits")] = _hits(condition)
    if one.kind in {Kind.MEAN, Kind.RATE}:
        found[_name(one.key, "total")] = Sum(condition.value, filter=condition.counted)
    if one.kind is Kind.MEDIAN:
        found[_name(one.key, "median")] = Median(condition.value, filter=condition.counted)
    return found


def _hits(condition: Condition) -> Aggregate:
    if condition.hits is not None:
        return Sum(condition.hits, filter=condition.counted)
    assert condition.met is not None
    return Count(Value(1), filter=condition.counted & condition.met)


def _name(key: str, what: str) -> str:
    return f"sum_{key}_{what}"


def _tally(key: str, row: Mapping[str, Any]) -> Tally:
    subjects = row.get(_name(key, "n")) or 0
    median = row.get(_name(key, "median"))
    return Tally(
        subjects=subjects,
        of=row.get(_name(key, "of"), subjects) or 0,
        hits=row.get(_name(key, "hits")) or 0,
        total=row.get(_name(key, "total")) or 0,
        # A double, of whole or half days: exact.
        median=None if median is None else Decimal(str(median)),
    )


def _per_post(organization_id: UUID, found: Numbers, asked: Sequence[Measure], by: str, only: Only) -> Numbers:
    """Posts are known of care managers: of another group, or only some of the patients, they are not."""
    keys = {one.key for one in asked}
    own = Only(care_manager_id=only.care_manager_id)
    posts = full_time_posts(organization_id, [month for month, _, _ in found]) if only == own else {}
    return {
        (month, group, key): per_full_time(number, _posts(posts.get(month, {}), group, by, only))
        for (month, group, key), number in found.items()
        if key in keys
    }


def _posts(shares: Mapping[UUID, Decimal], group: Group, by: str, only: Only) -> Decimal | None:
    match by:
        case "care_manager":
            return shares.get(group) if isinstance(group, UUID) else None
        case "":
            return shares.get(only.care_manager_id) if only.care_manager_id else sum(shares.values(), Decimal(0))
        case _:
            return None
