"""The numbers of months, counted by Postgres from the measured rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from django.db.models import Aggregate, Count, F, FloatField, Model, Q, Sum, Value

from bhi.tenancy.sight import sees_every_clinic
from outcomes.models import MeasuredMonth, MeasuredReferral
from outcomes.queries.conditions import BEGINS_ON, CONDITIONS, Condition, with_days
from outcomes.queries.measured import measured_months
from outcomes.queries.posts import full_time_posts
from outcomes.rules.groups import GROUPINGS, UnknownGrouping, age_band_years
from outcomes.rules.measure import Kind, Measure
from outcomes.rules.measures import MEASURES, measure
from outcomes.rules.months import next_month
from outcomes.rules.numbers import (
    NO_OWN_SHARE,
    NO_SHARE,
    NOBODYS,
    OF_ALL_ONLY,
    Number,
    Tally,
    number_from,
    per_full_time,
)

Group = UUID | str | date | None
Numbers = dict[tuple[date, Group, str], Number]
_COLUMNS: Final = {"clinic": "clinic_id", "care_manager": "care_manager_id", "payer": "payer_id"}


@dataclass(frozen=True, slots=True)
class Only:
    """Which rows are counted: all but for what is given. `cohort` is a month of enrolment or referral.

    A referral is to no program before somebody is enrolled: `program` leaves none of them out.
    """

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
        plain = ("clinic_id", "care_manager_id", "payer_id", "payer_class", "language", "sex")
        found = Q(**{name: value for name in plain if (value := getattr(self, name))})
        if self.program and model is not MeasuredReferral:
            found &= Q(program=self.program)
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
    Referrals have no program, so by program their measures are not there.
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
    known_at: datetime | None = None,
) -> Numbers:
    """The same of given editions, of which each month has one: a report made again counts from what it rested on.

    `known_at`: shares of work as they were on record at an instant.
    """
    if by and by not in GROUPINGS:
        raise UnknownGrouping(by)
    measures = MEASURES if keys is None else tuple(measure(key) for key in keys)
    if not editions:
        return {}
    has_posts = any(one.kind is Kind.PER_POST for one in measures) and _are_posts_known(by, only)
    months = [one.month for one in editions] if has_posts else []
    posts = full_time_posts(organization_id, months, known_at=known_at) if has_posts else None
    asked = _Asked(organization_id, tuple(editions), by, only, posts)
    found: Numbers = {}
    for _model, of_table in groupby(sorted(measures, key=_table), key=_table):
        found |= _of_table(asked, tuple(of_table))
    return found


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is counted. `posts` by month and seat; None where they are not known of those who are counted."""

    organization_id: UUID
    editions: tuple[MeasuredMonth, ...]
    by: str
    only: Only
    posts: Mapping[date, Mapping[UUID, Decimal]] | None

    @property
    def month_of(self) -> dict[UUID, date]:
        return {one.id: one.month for one in self.editions}

    @property
    def without_share(self) -> Q:
        """Rows of care managers who have no share of work in their month. Months with the same seats are one test."""
        found: dict[frozenset[UUID], list[UUID]] = {}
        for one in self.editions:
            found.setdefault(frozenset((self.posts or {}).get(one.month, ())), []).append(one.id)
        carried = Q(care_manager_id__isnull=False)
        for seats, editions in found.items():
            if seats:
                carried &= ~Q(measured_id__in=editions, care_manager_id__in=seats)
        return carried


def _are_posts_known(by: str, only: Only) -> bool:
    """Posts are set for care managers: of another group, some of the patients or some clinics, they are not known."""
    own = Only(care_manager_id=only.care_manager_id)
    return by in {"", "care_manager"} and only == own and sees_every_clinic()


def _table(one: Measure) -> str:
    return str(CONDITIONS[one.key].model._meta.db_table)


def _of_table(asked: _Asked, measures: Sequence[Measure]) -> Numbers:
    model, by, month_of = CONDITIONS[measures[0].key].model, asked.by, asked.month_of
    if model is MeasuredReferral and by == "program":
        return {}
    of_editions = model._default_manager.filter(organization_id=asked.organization_id, measured_id__in=list(month_of))
    rows = with_days(of_editions, month_of)
    place = [_COLUMNS.get(by, by)] if by else []
    sums = {name: aggregate for one in measures for name, aggregate in _aggregates(asked, one).items()}
    if by in {"cohort", "age_band"}:
        rows = rows.annotate(**{by: F(by)})
    counted = rows.filter(asked.only.condition(model)).order_by().values("measured_id", *place).annotate(**sums)
    found: Numbers = {}
    if not by:
        found |= _numbers(asked, month_of.values(), None, measures, {})
    for row in counted:
        group = row[place[0]] if by else None
        found |= _numbers(asked, [month_of[row["measured_id"]]], group, measures, row)
    return found


def _numbers(
    asked: _Asked, months: Iterable[date], group: Group, measures: Sequence[Measure], row: Mapping[str, Any]
) -> Numbers:
    return {
        (month, group, one.key): _number(asked, month, group, one, row)
        for month in months
        for one in measures
        if one.is_in_force(month)
    }


def _number(asked: _Asked, month: date, group: Group, one: Measure, row: Mapping[str, Any]) -> Number:
    number = number_from(one, _tally(one.key, row))
    if one.kind is not Kind.PER_POST:
        return number
    if asked.posts is None:
        return per_full_time(number, None, OF_ALL_ONLY)
    return per_full_time(number, _posts(asked.posts[month], group, asked), _why_none(asked, group))


def _aggregates(asked: _Asked, one: Measure) -> dict[str, Aggregate]:
    """What a measure adds to the one statement over its table."""
    condition = CONDITIONS[one.key]
    found: dict[str, Aggregate] = {_name(one.key, "n"): Count(Value(1), filter=condition.counted)}
    if condition.of is not None:
        found[_name(one.key, "of")] = Sum(condition.of, filter=condition.counted)
    if one.kind is Kind.PER_POST and asked.posts:
        found[_name(one.key, "unset")] = Count(Value(1), filter=condition.counted & asked.without_share)
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
        unset=row.get(_name(key, "unset")) or 0,
    )


def _why_none(asked: _Asked, group: Group) -> str:
    if asked.by and group is None:
        return NOBODYS
    return NO_OWN_SHARE if asked.by or asked.only.care_manager_id else NO_SHARE


def _posts(shares: Mapping[UUID, Decimal], group: Group, asked: _Asked) -> Decimal | None:
    """Of a care manager, or of all."""
    seat = group if asked.by else asked.only.care_manager_id
    if asked.by or seat:
        return shares.get(seat) if isinstance(seat, UUID) else None
    return sum(shares.values(), Decimal(0))
