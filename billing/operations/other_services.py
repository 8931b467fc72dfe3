"""What is known of a patient's care that our own entries do not show, and what billing rests on."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.tenancy.models import Membership
from billing.models import AccessAlignment, OtherService, PriorService
from caseload.rules.clock import first_day
from registry.models import Fact, Patient
from registry.operations.recording import Stamp, announce_change, record_facts, stamped
from registry.queries.episodes import episode_ids_of


@transaction.atomic
def record_prior_service(
    *, by: Membership, at: datetime, patient: Patient, month: str, code: str = "", import_id: UUID | None = None
) -> PriorService:
    """A month before our records with collaborative care; with a code, what was billed for it."""
    stamp = Stamp(by, at, import_id)
    service = stamped(PriorService, stamp, patient=patient, month=first_day(month), code=code)
    _keep("prior_service.recorded", service, patient, stamp=stamp, since=first_day(month), fields=["month", "code"])
    return service


@transaction.atomic
def record_other_service(
    *,
    by: Membership,
    at: datetime,
    patient: Patient,
    month: str,
    code: str,
    is_by_billing_practitioner: bool,
    minutes: int | None = None,
    import_id: UUID | None = None,
) -> OtherService:
    """Another service of a month that decides what the month may bill, and whether this practice bills it."""
    stamp = Stamp(by, at, import_id)
    service = stamped(
        OtherService,
        stamp,
        patient=patient,
        month=first_day(month),
        code=code,
        is_by_billing_practitioner=is_by_billing_practitioner,
        minutes=minutes,
    )
    _keep("other_service.recorded", service, patient, stamp=stamp, since=first_day(month), fields=["month", "code"])
    return service


@transaction.atomic
def record_access_alignment(
    *, by: Membership, at: datetime, patient: Patient, is_participant: bool, import_id: UUID | None = None
) -> AccessAlignment:
    """The patient is aligned to CMS's ACCESS model, with this practice as its participant or with another."""
    stamp = Stamp(by, at, import_id)
    alignment = stamped(AccessAlignment, stamp, patient=patient, is_participant=is_participant)
    _keep("access_alignment.recorded", alignment, patient, stamp=stamp, since=at.date(), fields=["is_participant"])
    return alignment


def _keep(action: str, fact: Fact, patient: Patient, *, stamp: Stamp, since: date, fields: list[str]) -> None:
    record_facts([fact])
    record(action, by=stamp.by, at=stamp.at, patient_id=patient.id, object_id=fact.id, fields=fields)
    announce_change(episode_ids_of(patient.id), stamp=stamp, since=since)
