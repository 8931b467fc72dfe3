"""Care plans as stories and imports bring them, and taking back any dated fact."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.tenancy.models import Membership
from registry.models import Assessment, CarePlan, Consent, Coverage, Diagnosis, Episode, InitiatingVisit
from registry.operations.drafts import draft_care_plan
from registry.operations.recording import Stamp, announce_change, keep_fact, void_facts
from registry.queries.episodes import episode_ids_of

Voidable = Assessment | CarePlan | Consent | Coverage | Diagnosis | InitiatingVisit


@transaction.atomic
def record_care_plan(
    *, by: Membership, at: datetime, episode: Episode, on: date, text: str = "", import_id: UUID | None = None
) -> CarePlan:
    """A new version of the care plan, in force from its date."""
    stamp = Stamp(by, at, import_id)
    plan = draft_care_plan(stamp, episode=episode, on=on, text=text)
    keep_fact(
        "care_plan.recorded", plan, episode.patient_id, [episode.id], stamp=stamp, since=on, fields=["on", "text"]
    )
    return plan


@transaction.atomic
def void_fact(*, by: Membership, at: datetime, fact: Voidable, reason: str) -> None:
    """Take back a fact that was recorded in error; it stays on record with the reason.

    Raises ReasonMissing, and AlreadyVoided also when somebody else was faster.
    """
    stamp = Stamp(by, at)
    void_facts([fact], stamp=stamp, reason=reason)
    patient_id, episodes = _of(fact)
    record(
        f"{fact._meta.model_name}.voided",
        by=by,
        at=at,
        patient_id=patient_id,
        object_id=fact.id,
        fields=["voided_at", "void_reason"],
    )
    announce_change(episodes, stamp=stamp, since=_dated(fact))


def _of(fact: Voidable) -> tuple[UUID, list[UUID]]:
    """Whose fact it is, and which episodes rest on it."""
    if isinstance(fact, CarePlan | Diagnosis):
        return fact.episode.patient_id, [fact.episode_id]
    return fact.patient_id, episode_ids_of(fact.patient_id)


def _dated(fact: Voidable) -> date:
    if isinstance(fact, Consent):
        return fact.given_at.date()
    if isinstance(fact, Coverage | Diagnosis):
        return fact.from_on or fact.recorded_at.date()
    return fact.on
