"""Care plans that wait for the word of their treating clinician."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import F

from registry.models import CarePlan, Episode, PlanSignOff
from registry.queries.plans import plan_content
from registry.rules.care_plans import Plan


@dataclass(frozen=True)
class PlanToSign:
    """The plan in force of a patient, not signed off yet; what it says in a few lines."""

    plan_id: UUID
    episode: Episode
    number: int | None
    on: date
    goals: str
    medication: str
    practised: str

    @property
    def says_something(self) -> bool:
        """Whether enough of it is shown to agree to it at sight."""
        return bool(self.goals or self.medication or self.practised)

    @property
    def patient_name(self) -> str:
        return str(self.episode.patient.name)


def plans_to_sign(organization_id: UUID, clinician_ids: Iterable[UUID]) -> tuple[PlanToSign, ...]:
    """The plans in force of clinicians' open episodes without sign-off, the longest waiting first. Two statements.

    A plan of which an import brought only the day says nothing that anybody could agree to.
    """
    episodes = Episode.objects.live().filter(
        organization_id=organization_id, ended_on__isnull=True, treating_clinician_id__in=list(clinician_ids)
    )
    latest = F("number").desc(nulls_last=True)
    rows = CarePlan.objects.live().filter(organization_id=organization_id, episode_id__in=episodes.values("id"))
    ordered = rows.order_by("episode_id", latest, "-on", "-recorded_at", "-id").distinct("episode_id")
    found = ordered.select_related("episode__patient", "episode__clinic")
    plans = [plan for plan in found if not plan.is_assumed and plan_content(plan) != Plan()]
    signed = PlanSignOff.objects.live().filter(organization_id=organization_id, plan_id__in=[one.id for one in plans])
    done = set(signed.values_list("plan_id", flat=True))
    return tuple(_to_sign(plan) for plan in sorted(plans, key=lambda one: (one.on, one.id)) if plan.id not in done)


def _to_sign(plan: CarePlan) -> PlanToSign:
    content = plan_content(plan)
    taken = ", ".join(filter(None, (f"{one.name} {one.dose}".strip() for one in content.taken_now)))
    practised = ", ".join(f"{word}: {how}" if how else word for word, how in content.practised)
    return PlanToSign(plan.id, plan.episode, plan.number, plan.on, content.goals, taken, practised)
