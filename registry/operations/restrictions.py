"""Keeping a record to some people: a colleague's, a relative's, somebody's whom the town knows."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from bhi.tenancy.sight import sight_of
from registry.models import Patient, Restriction
from registry.operations.errors import ReasonMissing
from registry.operations.limits_errors import NoSuchSeat, NotRestricted, OnlyInAnEmergency
from registry.operations.recording import Stamp, record_facts, stamped, void_facts
from registry.queries.restrictions import restrictions_of


@transaction.atomic
def restrict_record(
    *, by: Membership, at: datetime, patient_id: UUID, reason: str, seats: Collection[UUID]
) -> Restriction:
    """From now on only these seats see the record, and whoever restricts it. It replaces the restriction before.

    The same once more changes nothing. Raises OnlyInAnEmergency, ReasonMissing, NoSuchSeat, NotFound.
    """
    patient = _locked(by, at, patient_id)
    if not reason.strip():
        raise ReasonMissing
    chosen = sorted(set(seats))
    active = {seat.id for seat in people_of(by.organization_id).values() if seat.is_active}
    if set(chosen) - active:
        raise NoSuchSeat
    before = restrictions_of(by.organization_id, patient_id)
    for one in before:
        if one.recorded_by_id == by.id and sorted(one.seats) == chosen and one.reason == reason.strip():
            return one
    void_facts(before, stamp=Stamp(by, at), reason="Restricted anew")
    made = stamped(Restriction, Stamp(by, at), patient=patient, reason=reason.strip(), seats=chosen)
    record_facts([made])
    _mark(patient_id, [one.patient_id for one in before], is_restricted=True)
    fields = ["reason", "seats"]
    record("restriction.set", by=by, at=at, patient_id=patient_id, object_id=made.id, fields=fields)
    return made


@transaction.atomic
def end_restriction(*, by: Membership, at: datetime, patient_id: UUID, reason: str) -> None:
    """Everybody of the patient's clinic sees the record again, also what a merged record was restricted by.

    Raises OnlyInAnEmergency, ReasonMissing, NotRestricted, NotFound.
    """
    _locked(by, at, patient_id)
    before = restrictions_of(by.organization_id, patient_id)
    if not before:
        raise NotRestricted
    void_facts(before, stamp=Stamp(by, at), reason=reason)
    _mark(patient_id, [one.patient_id for one in before], is_restricted=False)
    record("restriction.ended", by=by, at=at, patient_id=patient_id, object_id=before[0].id, fields=["void_reason"])


def _mark(patient_id: UUID, others: Collection[UUID], *, is_restricted: bool) -> None:
    """What pages show; who sees the record is decided by the restriction itself."""
    Patient.objects.filter(id=patient_id).update(is_restricted=is_restricted)
    Patient.objects.filter(id__in=set(others) - {patient_id}).update(is_restricted=False)


def _locked(by: Membership, at: datetime, patient_id: UUID) -> Patient:
    """Raises NotFound; OnlyInAnEmergency, since an hour that is looked at afterwards would else become for good."""
    found: Patient | None = (
        Patient.objects.live()
        .select_for_update(no_key=True)
        .filter(organization_id=by.organization_id, id=patient_id)
        .first()
    )
    if found is None:
        raise NotFound
    if patient_id in {access.patient_id for access in sight_of(by, at).opened}:
        raise OnlyInAnEmergency
    return found
