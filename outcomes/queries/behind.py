"""The patients behind a number: who met it, who did not, and who was left out and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db.models import Case, IntegerField, Model, Q, QuerySet, When

from bhi.errors import NotFound
from outcomes.models import MeasuredAdvice, MeasuredEpisode, MeasuredMonth, MeasuredReferral
from outcomes.queries.conditions import CONDITIONS, Condition, with_days
from outcomes.queries.measured import measured_month
from outcomes.queries.measuring import without_loops
from outcomes.queries.numbers import EVERYBODY, Only
from outcomes.rules.facts import AdviceFacts, EpisodeFacts, Facts, ReferralFacts
from outcomes.rules.measures import measure

PAGE_ROWS: Final = 50
PARTS: Final = ("met", "not_met", "excluded")
_FACTS: Final[dict[type[Model], type[Facts]]] = {
    MeasuredEpisode: EpisodeFacts,
    MeasuredReferral: ReferralFacts,
    MeasuredAdvice: AdviceFacts,
}
_SUBJECTS: Final[dict[type[Model], str]] = {
    MeasuredEpisode: "episode_id",
    MeasuredReferral: "referral_id",
    MeasuredAdvice: "recommendation_id",
}


@dataclass(frozen=True, slots=True)
class PatientBehind:
    """One row behind a number. `id` is the row's own, for the next page; `why` what the measure says of it."""

    id: UUID
    patient_id: UUID
    subject_id: UUID
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Behind:
    """A page of them by name, how many there are in all, and after which row the next page begins, if there is one."""

    rows: tuple[PatientBehind, ...]
    count: int
    next: UUID | None


def facts_of(row: Mapping[str, Any], month: date, model: type[Model]) -> Facts:
    """A measured row, as its columns' values, as the rules read it."""
    kind = _FACTS[model]
    known = {one.name: row[one.name] for one in fields(kind) if one.name in row}
    if "lacks" in known:
        known["lacks"] = tuple(known["lacks"])
    return kind(**known, month=month)


def behind(
    organization_id: UUID,
    month: date,
    key: str,
    *,
    part: str = "met",
    only: Only = EVERYBODY,
    after: UUID | None = None,
) -> Behind:
    """Fifty rows behind a number of a month's newest edition, by the patients' names.

    At most four statements, and two that set how they join.

    `part` is "met", "not_met" or "excluded"; of a measure that asks nothing of those it counts, all of them are "met".
    Raises UnknownMeasure, and NotFound where the month was not measured, the part is none or `after` is no row of it.
    """
    edition = measured_month(organization_id, month)
    if edition is None or part not in PARTS:
        raise NotFound
    return behind_edition(organization_id, edition, key, part=part, only=only, after=after)


def behind_edition(
    organization_id: UUID,
    edition: MeasuredMonth,
    key: str,
    *,
    part: str = "met",
    only: Only = EVERYBODY,
    after: UUID | None = None,
) -> Behind:
    """The same of an edition. Three statements, two on the first page; two more set how they join."""
    one = measure(key)
    condition = CONDITIONS[key]
    rows = _rows(organization_id, edition, condition, part, only)
    count = rows.count()
    # Few rows are expected of so many conditions, and patients by name would be gone through for each: squared.
    with without_loops():
        page = list(_from(rows, after).values(*_columns(condition.model))[: PAGE_ROWS + 1])
    shown = page[:PAGE_ROWS]
    return Behind(
        rows=tuple(
            PatientBehind(
                id=row["id"],
                patient_id=row["patient_id"],
                subject_id=row[_SUBJECTS[condition.model]],
                name=f"{row['patient__family_name']}, {row['patient__given_name']}",
                why=one.judge(facts_of(row, edition.month, condition.model)).why,
            )
            for row in shown
        ),
        count=count,
        next=shown[-1]["id"] if len(page) > PAGE_ROWS else None,
    )


def _columns(model: type[Model]) -> list[str]:
    own = {field.attname for field in model._meta.concrete_fields}
    named = ["id", "patient__family_name", "patient__given_name"]
    return [*named, *(one.name for one in fields(_FACTS[model]) if one.name in own)]


def _rows(organization_id: UUID, edition: MeasuredMonth, condition: Condition, part: str, only: Only) -> QuerySet:
    of_edition = condition.model._default_manager.filter(organization_id=organization_id, measured_id=edition.id)
    rows: QuerySet = with_days(of_edition, {edition.id: edition.month})
    rows = rows.filter(condition.scope & only.condition(condition.model))
    if part == "excluded":
        rows = rows.alias(counts=_holds(condition.counted)).filter(counts=0)
    else:
        meets = _holds(condition.met or Q())
        rows = rows.filter(condition.counted).alias(meets=meets).filter(meets=int(part == "met"))
    return rows


def _from(rows: QuerySet, after: UUID | None) -> QuerySet:
    """Those after a row, by name. Raises NotFound where there is no such row."""
    rows = rows.order_by("patient__sort_name", "id")
    if after is None:
        return rows
    last = rows.filter(id=after).values_list("patient__sort_name", flat=True).first()
    if last is None:
        raise NotFound
    return rows.filter(Q(patient__sort_name__gt=last) | Q(patient__sort_name=last, id__gt=after))


def _holds(condition: Q) -> Case:
    """1 where a condition holds, else 0, also where it is unknown; an empty one holds."""
    whens = [When(condition, then=1)] if condition else []
    return Case(*whens, default=0 if condition else 1, output_field=IntegerField())
