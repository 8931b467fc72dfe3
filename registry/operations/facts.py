"""The dated facts that care and billing rest on, recorded one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from bhi.audit.operations import record
from bhi.tenancy.models import Membership
from registry.models import (
    Assessment,
    CarePlan,
    Consent,
    ConsentForm,
    ConsentService,
    Coverage,
    Diagnosis,
    Episode,
    Fact,
    InitiatingVisit,
    Patient,
    TreatingClinician,
)
from registry.operations.drafts import (
    draft_care_plan,
    draft_consent,
    draft_diagnosis,
    draft_visit,
)
from registry.operations.errors import DateOutOfOrder, DiagnosisKnown, NothingChanges
from registry.operations.recording import Stamp, announce_change, record_facts, refusing, void_facts
from registry.queries.episodes import episode_ids_of

Voidable = Assessment | CarePlan | Consent | Coverage | Diagnosis | InitiatingVisit


@transaction.atomic
def record_consent(
    *,
    by: Membership,
    at: datetime,
    patient: Patient,
    given_at: datetime,
    service: str = ConsentService.BHI,
    form: str = ConsentForm.VERBAL,
    is_time_known: bool = True,
    treating_clinician: TreatingClinician | None = None,
    import_id: UUID | None = None,
) -> Consent:
    """Consent given at an instant; where only the day is known, at its local start."""
    stamp = Stamp(by, at, import_id)
    consent = draft_consent(
        stamp,
        patient=patient,
        given_at=given_at,
        service=service,
        form=form,
        is_time_known=is_time_known,
        treating_clinician=treating_clinician,
    )
    episodes = episode_ids_of(patient.id)
    _keep("consent.recorded", consent, patient.id, episodes, stamp=stamp, since=given_at.date(), fields=["given_at"])
    return consent


@transaction.atomic
def revoke_consent(*, by: Membership, at: datetime, consent: Consent, on: date) -> Consent:
    """The patient took consent back: nothing counts from the local start of `on`.

    Raises NothingChanges when it was revoked before, DateOutOfOrder when `on` is before the day it was given.
    """
    zone = ZoneInfo(consent.patient.clinic.time_zone)
    if on < consent.given_at.astimezone(zone).date():
        raise DateOutOfOrder("Consent cannot be taken back before it was given. Correct the date.")
    if not Consent.objects.live().filter(id=consent.id, revoked_on__isnull=True).update(revoked_on=on):
        raise NothingChanges("This consent was taken back before.")
    consent.revoked_on = on
    record("consent.revoked", by=by, at=at, patient_id=consent.patient_id, object_id=consent.id, fields=["revoked_on"])
    announce_change(episode_ids_of(consent.patient_id), stamp=Stamp(by, at), since=on)
    return consent


@transaction.atomic
def record_visit(
    *,
    by: Membership,
    at: datetime,
    patient: Patient,
    on: date,
    code: str = "",
    is_by_billing_practitioner: bool = True,
    import_id: UUID | None = None,
) -> InitiatingVisit:
    """A visit that may begin the services, with the billing practitioner or another."""
    stamp = Stamp(by, at, import_id)
    visit = draft_visit(stamp, patient=patient, on=on, code=code, is_by_billing_practitioner=is_by_billing_practitioner)
    episodes = episode_ids_of(patient.id)
    _keep("visit.recorded", visit, patient.id, episodes, stamp=stamp, since=on, fields=["on", "code"])
    return visit


@transaction.atomic
def record_diagnosis(
    *,
    by: Membership,
    at: datetime,
    episode: Episode,
    code: str,
    rank: int = 1,
    from_on: date | None = None,
    import_id: UUID | None = None,
) -> Diagnosis:
    """A diagnosis treated in the episode. Raises DiagnosisUnreadable, DiagnosisKnown."""
    stamp = Stamp(by, at, import_id)
    diagnosis = draft_diagnosis(stamp, episode=episode, code=code, rank=rank, from_on=from_on)
    since = from_on or episode.enrolled_on
    with refusing({"registry_diagnosis_once": DiagnosisKnown}):
        _keep(
            "diagnosis.recorded",
            diagnosis,
            episode.patient_id,
            [episode.id],
            stamp=stamp,
            since=since,
            fields=["code"],
        )
    return diagnosis


@transaction.atomic
def record_care_plan(
    *, by: Membership, at: datetime, episode: Episode, on: date, text: str = "", import_id: UUID | None = None
) -> CarePlan:
    """A new version of the care plan, in force from its date."""
    stamp = Stamp(by, at, import_id)
    plan = draft_care_plan(stamp, episode=episode, on=on, text=text)
    _keep("care_plan.recorded", plan, episode.patient_id, [episode.id], stamp=stamp, since=on, fields=["on", "text"])
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


def _keep(
    action: str,
    fact: Fact,
    patient_id: UUID,
    episode_ids: Iterable[UUID],
    *,
    stamp: Stamp,
    since: date,
    fields: Sequence[str],
) -> None:
    record_facts([fact])
    record(action, by=stamp.by, at=stamp.at, patient_id=patient_id, object_id=fact.id, fields=fields)
    announce_change(episode_ids, stamp=stamp, since=since)


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
