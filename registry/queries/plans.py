"""First assessments, care plans, plans against relapse, safety plans: the version in force, then its history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import F

from bhi.accounts.queries import people_of
from registry.models import CarePlan, InitialAssessment, PlanSignOff, RelapsePlan, SafetyPlan, TreatingClinician
from registry.rules.care_plans import Plan, sign_off_words
from registry.rules.content import ShownPart, from_json, shown
from registry.rules.initial_assessment import FirstAssessment
from registry.rules.relapse_plans import RelapsePrevention
from registry.rules.safety_plans import PARTS as SAFETY_PARTS
from registry.rules.safety_plans import Safety

C = TypeVar("C")


@dataclass(frozen=True)
class SignOff:
    """The treating clinician's word on a version: who, when, and how they said so."""

    clinician: str
    on: date
    how: str
    recorded_by: str


@dataclass(frozen=True)
class Version(Generic[C]):
    """A version of a document. `number` is None for a plan that an import brought; `by` saved it."""

    id: UUID
    number: int | None
    on: date
    recorded_at: datetime
    by: str
    content: C
    is_assumed: bool = False
    sign_off: SignOff | None = None

    @property
    def name(self) -> str:
        """What it is called on screen."""
        return f"Version {self.number}" if self.number is not None else "From an import"


def first_assessments(episode_id: UUID) -> tuple[Version[FirstAssessment], ...]:
    """Every version of an episode's first assessment, the one in force first."""
    rows = InitialAssessment.objects.live().filter(episode_id=episode_id).order_by("-number")
    return _versions(rows, lambda row: from_json(FirstAssessment, row.content))


def first_assessment(episode_id: UUID) -> Version[FirstAssessment] | None:
    """An episode's first assessment as it was last updated; for the consultant's page too."""
    return next(iter(first_assessments(episode_id)), None)


def earlier_first_assessment(patient_id: UUID, *, without: UUID) -> Version[FirstAssessment] | None:
    """The patient's last first assessment from another episode: a return begins with what was known."""
    rows = InitialAssessment.objects.live().filter(episode__patient_id=patient_id).exclude(episode_id=without)
    latest = rows.order_by("-episode__enrolled_on", "-number")[:1]
    return next(iter(_versions(latest, lambda row: from_json(FirstAssessment, row.content))), None)


def care_plans(episode_id: UUID) -> tuple[Version[Plan], ...]:
    """Every version of an episode's care plan with its sign-off, the one in force first."""
    versions = _versions(_plan_rows(episode_id), plan_content)
    signed = _sign_offs([version.id for version in versions])
    return tuple(replace(version, sign_off=signed.get(version.id)) for version in versions)


def plan_in_force(episode_id: UUID) -> CarePlan | None:
    """The row of the care plan in force: the last that was written here, else the last that an import brought."""
    return next(iter(_plan_rows(episode_id)[:1]), None)


def plan_content(row: CarePlan) -> Plan:
    """What a plan's row says; the words of an imported one are its text."""
    return replace(from_json(Plan, row.content), text=row.text)


def safety_plans(patient_id: UUID) -> tuple[Version[Safety], ...]:
    """Every version of the patient's safety plan, the one in force first."""
    rows = SafetyPlan.objects.live().filter(patient_id=patient_id).order_by("-number")
    return _versions(rows, lambda row: from_json(Safety, row.content))


def safety_plan(patient_id: UUID) -> Version[Safety] | None:
    """The patient's safety plan in force."""
    return next(iter(safety_plans(patient_id)), None)


def relapse_plans(episode_id: UUID) -> tuple[Version[RelapsePrevention], ...]:
    """Every version of an episode's plan against relapse, the one in force first."""
    rows = RelapsePlan.objects.live().filter(episode_id=episode_id).order_by("-number")
    return _versions(rows, lambda row: from_json(RelapsePrevention, row.content))


def relapse_plan_of(episode_id: UUID) -> Version[RelapsePrevention] | None:
    """An episode's plan against relapse in force."""
    return next(iter(relapse_plans(episode_id)), None)


def earlier_relapse_plan(patient_id: UUID, *, without: UUID) -> Version[RelapsePrevention] | None:
    """The patient's last plan against relapse from another episode: who comes back brings it along."""
    rows = RelapsePlan.objects.live().filter(episode__patient_id=patient_id).exclude(episode_id=without)
    latest = rows.order_by("-episode__enrolled_on", "-number")[:1]
    return next(iter(_versions(latest, lambda row: from_json(RelapsePrevention, row.content))), None)


@dataclass(frozen=True)
class SafetyPart:
    """The safety plan as the chart shows it: what it says, in its parts."""

    number: int
    on: date
    parts: tuple[ShownPart, ...]


def safety_part(row: Mapping[str, Any] | None) -> SafetyPart | None:
    """A stored safety plan (`number`, `on` as a date or ISO text, `content`) for `registry/_safety_plan_part.html`."""
    if row is None:
        return None
    on = row["on"] if isinstance(row["on"], date) else date.fromisoformat(row["on"])
    parts = shown(from_json(Safety, row["content"]), SAFETY_PARTS)
    return SafetyPart(row["number"], on, tuple(part for part in parts if part.is_filled))


def clinician_of_seat(seat_id: UUID) -> UUID | None:
    """The treating clinician whose seat this is; None for everybody else."""
    found: UUID | None = TreatingClinician.objects.filter(membership_id=seat_id).values_list("id", flat=True).first()
    return found


def _plan_rows(episode_id: UUID) -> Any:
    """The plan in force first: what was numbered here before what an import brought."""
    rows = CarePlan.objects.live().filter(episode_id=episode_id)
    return rows.order_by(F("number").desc(nulls_last=True), "-on", "-recorded_at", "-id")


def _sign_offs(plan_ids: list[UUID]) -> dict[UUID, SignOff]:
    rows = PlanSignOff.objects.live().filter(plan_id__in=plan_ids).select_related("treating_clinician")
    found = list(rows)
    people = people_of(found[0].organization_id) if found else {}
    return {
        row.plan_id: SignOff(
            str(row.treating_clinician), row.on, sign_off_words(row.how), str(people[row.recorded_by_id])
        )
        for row in found
    }


def _versions(rows: Iterable[Any], read: Callable[[Any], C]) -> tuple[Version[C], ...]:
    found = list(rows)
    people = people_of(found[0].organization_id) if found else {}
    return tuple(
        Version(
            id=row.id,
            number=row.number,
            on=row.on,
            recorded_at=row.recorded_at,
            by=str(people[row.recorded_by_id]),
            content=read(row),
            is_assumed=getattr(row, "is_assumed", False),
        )
        for row in found
    )
