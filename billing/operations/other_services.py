"""What is known of a patient's care that our own entries do not show, and what billing rests on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from bhi.audit.operations import record
from bhi.errors import MonthClosed
from bhi.tenancy.ids import uuid7
from bhi.tenancy.models import Membership
from billing.models import AccessAlignment, LateKind, OtherService, PriorService
from billing.operations.errors import ServiceKnown
from billing.operations.late import keep_late, saying_why, wait_for_closers
from billing.queries.other_services import RestingMonth, months_resting
from caseload.rules.clock import first_day
from registry.models import Fact, Patient
from registry.operations.persons import lock_patient
from registry.operations.recording import Stamp, announce_change, record_facts, stamped, void_facts
from registry.queries.episodes import episode_ids_of

T = TypeVar("T", bound=Fact)


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
    biller: str = "",
    minutes: int | None = None,
    import_id: UUID | None = None,
    service_id: UUID | None = None,
) -> OtherService:
    """Another service of a month that decides what the month may bill, and whether this practice bills it."""
    stamp = Stamp(by, at, import_id)
    service = stamped(
        OtherService,
        stamp,
        id=service_id or uuid7(),
        patient=patient,
        month=first_day(month),
        code=code,
        is_by_billing_practitioner=is_by_billing_practitioner,
        biller=biller,
        minutes=minutes,
    )
    _keep("other_service.recorded", service, patient, stamp=stamp, since=first_day(month), fields=["month", "code"])
    return service


@dataclass(frozen=True)
class ServiceValues:
    """Another service as a person tells of it."""

    month: str
    code: str
    is_by_billing_practitioner: bool
    biller: str = ""
    minutes: int | None = None


@transaction.atomic
def tell_of_service(
    *,
    by: Membership,
    at: datetime,
    patient: Patient,
    values: ServiceValues,
    client_token: UUID,
    is_one_more: bool = False,
    late: str = "",
) -> OtherService:
    """Record another service that somebody learned of, once for each form; one that is on record already is refused.

    `client_token` becomes its id. `is_one_more` says that the same was billed once more in the month. `late` says why
    it comes after the month was closed. Raises ServiceKnown, and MonthClosed where a closed month rests on it and
    nobody says why.
    """
    lock_patient(patient.id)
    wait_for_closers(by.organization_id, [patient.id])
    month = first_day(values.month)
    sent: OtherService | None = OtherService.objects.filter(organization_id=by.organization_id, id=client_token).first()
    if sent is not None:
        return sent
    if not is_one_more:
        _refuse_known(by, patient, values)

    def write() -> OtherService:
        return record_other_service(by=by, at=at, patient=patient, service_id=client_token, **asdict(values))

    return _written(write, by=by, at=at, patient_id=patient.id, first=month, last=month, late=late)


@transaction.atomic
def tell_of_earlier_month(
    *, by: Membership, at: datetime, patient: Patient, month: str, code: str = "", late: str = ""
) -> PriorService:
    """Record an earlier month with collaborative care elsewhere, once. Raises ServiceKnown, MonthClosed."""
    lock_patient(patient.id)
    wait_for_closers(by.organization_id, [patient.id])
    first = first_day(month)
    known = PriorService.objects.live().filter(organization_id=by.organization_id, patient=patient)
    if known.filter(month=first, code=code).exists():
        raise ServiceKnown

    def write() -> PriorService:
        return record_prior_service(by=by, at=at, patient=patient, month=month, code=code)

    return _written(write, by=by, at=at, patient_id=patient.id, first=first, last=None, late=late)


@transaction.atomic
def void_service(*, by: Membership, at: datetime, service: OtherService | PriorService, reason: str) -> None:
    """Take back another service or an earlier month that was not so; in a closed month that is kept as a change.

    Raises ReasonMissing, AlreadyVoided.
    """
    wait_for_closers(by.organization_id, [service.patient_id])
    is_other = isinstance(service, OtherService)
    last = service.month if is_other else None
    rests = months_resting(by.organization_id, service.patient_id, service.month, last)
    _void(service, by=by, at=at, reason=reason, rests=rests)
    action = "other_service.voided" if is_other else "prior_service.voided"
    record(action, by=by, at=at, patient_id=service.patient_id, object_id=service.id, fields=["void_reason"])
    announce_change(episode_ids_of(service.patient_id), stamp=Stamp(by, at), since=service.month)


@transaction.atomic
def record_access_alignment(
    *, by: Membership, at: datetime, patient: Patient, is_participant: bool, import_id: UUID | None = None
) -> AccessAlignment:
    """The patient is aligned to CMS's ACCESS model, with this practice as its participant or with another."""
    stamp = Stamp(by, at, import_id)
    alignment = stamped(AccessAlignment, stamp, patient=patient, is_participant=is_participant)
    _keep("access_alignment.recorded", alignment, patient, stamp=stamp, since=at.date(), fields=["is_participant"])
    return alignment


@transaction.atomic
def set_access_alignment(
    *, by: Membership, at: datetime, patient: Patient, is_participant: bool | None, reason: str
) -> AccessAlignment | None:
    """Say how the patient stands to the ACCESS model: None is not aligned. What is so already stays as it is.

    `reason` says why it is not as was recorded, and why it comes late. Raises ReasonMissing where something else was
    recorded, and MonthClosed where closed months rest on it and there is no reason.
    """
    lock_patient(patient.id)
    wait_for_closers(by.organization_id, [patient.id])
    standing: AccessAlignment | None = (
        AccessAlignment.objects.live().filter(organization_id=by.organization_id, patient=patient).first()
    )
    if (standing.is_participant if standing is not None else None) == is_participant:
        return standing
    rests = months_resting(by.organization_id, patient.id)
    if standing is not None:
        _void(standing, by=by, at=at, reason=reason, rests=rests)
        fields = ["void_reason"]
        record("access_alignment.voided", by=by, at=at, patient_id=patient.id, object_id=standing.id, fields=fields)
        announce_change(episode_ids_of(patient.id), stamp=Stamp(by, at), since=at.date())
    if is_participant is None:
        return None
    aligned = is_participant

    def write() -> AccessAlignment:
        return record_access_alignment(by=by, at=at, patient=patient, is_participant=aligned)

    return _written(write, by=by, at=at, patient_id=patient.id, first=None, last=None, late=reason)


def _refuse_known(by: Membership, patient: Patient, values: ServiceValues) -> None:
    same = OtherService.objects.live().filter(
        organization_id=by.organization_id,
        patient=patient,
        month=first_day(values.month),
        code=values.code,
        is_by_billing_practitioner=values.is_by_billing_practitioner,
    )
    if values.biller:
        same = same.filter(Q(biller__iexact=values.biller) | Q(biller=""))
    if same.exists():
        raise ServiceKnown


def _written(
    write: Callable[[], T],
    *,
    by: Membership,
    at: datetime,
    patient_id: UUID,
    first: date | None,
    last: date | None,
    late: str,
) -> T:
    """Carry out a write; where closed months rest on it, as one that comes late. Raises MonthClosed."""
    rests = months_resting(by.organization_id, patient_id, first, last)
    if not rests:
        return write()
    if not late.strip():
        raise MonthClosed(rests[0].month)
    made = write()
    keep_late(by=by, at=at, because=late, rests=rests, kind=LateKind.ADDED, object_id=made.id)
    return made


def _void(
    fact: OtherService | PriorService | AccessAlignment,
    *,
    by: Membership,
    at: datetime,
    reason: str,
    rests: Sequence[RestingMonth],
) -> None:
    with saying_why(reason):
        void_facts([fact], stamp=Stamp(by, at), reason=reason)
    keep_late(by=by, at=at, because=reason, rests=rests, kind=LateKind.TAKEN_BACK, object_id=fact.id)


def _keep(action: str, fact: Fact, patient: Patient, *, stamp: Stamp, since: date, fields: list[str]) -> None:
    record_facts([fact])
    record(action, by=stamp.by, at=stamp.at, patient_id=patient.id, object_id=fact.id, fields=fields)
    announce_change(episode_ids_of(patient.id), stamp=stamp, since=since)
