"""What a payer agreed to beforehand: its number is recorded, corrected by void and replacement, or taken back."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from registry.models import Patient, Payer, PriorAuthorization
from registry.operations.errors import DateOutOfOrder, NumberMissing
from registry.operations.persons import lock_patient
from registry.operations.recording import Stamp, record_facts, stamped, void_facts

CORRECTED = "Corrected: another stands in its place."
_FIELDS = ["payer", "number", "from_on", "until_on"]


@transaction.atomic
def record_authorization(
    *,
    by: Membership,
    at: datetime,
    patient: Patient,
    payer_id: UUID,
    number: str,
    from_on: date,
    until_on: date | None = None,
) -> PriorAuthorization:
    """A payer agreed beforehand, under this number and for these days. Sent twice, kept once.

    Raises NumberMissing, DateOutOfOrder, NotFound for a payer that is none of the organization's.
    """
    said = _said(by, payer_id, number, from_on, until_on)
    lock_patient(patient.id)
    if same := _same(patient.id, said):
        return same
    return _keep("authorization.recorded", by=by, at=at, patient_id=patient.id, said=said)


@transaction.atomic
def replace_authorization(
    *,
    by: Membership,
    at: datetime,
    authorization_id: UUID,
    payer_id: UUID,
    number: str,
    from_on: date,
    until_on: date | None = None,
) -> PriorAuthorization:
    """Correct a number or its days: the earlier row is voided, and another stands in its place. Sent twice, kept once.

    Raises NumberMissing, DateOutOfOrder, AlreadyVoided when somebody took it back meanwhile, NotFound.
    """
    said = _said(by, payer_id, number, from_on, until_on)
    before = _known(by, authorization_id)
    lock_patient(before.patient_id)
    if same := _same(before.patient_id, said):
        return same
    void_facts([before], stamp=Stamp(by, at), reason=CORRECTED)
    return _keep("authorization.corrected", by=by, at=at, patient_id=before.patient_id, said=said)


@transaction.atomic
def void_authorization(*, by: Membership, at: datetime, authorization_id: UUID, reason: str) -> None:
    """Take back a number that the payer never gave. Raises ReasonMissing, AlreadyVoided, NotFound."""
    row = _known(by, authorization_id)
    void_facts([row], stamp=Stamp(by, at), reason=reason)
    record("authorization.voided", by=by, at=at, patient_id=row.patient_id, object_id=row.id, fields=["void_reason"])


def _said(by: Membership, payer_id: UUID, number: str, from_on: date, until_on: date | None) -> dict[str, Any]:
    number = " ".join(number.split())
    if not number:
        raise NumberMissing
    if until_on is not None and until_on < from_on:
        raise DateOutOfOrder("The last day of the authorization is before its first. Correct one of them.")
    if not Payer.objects.filter(organization_id=by.organization_id, id=payer_id).exists():
        raise NotFound
    return {"payer_id": payer_id, "number": number, "from_on": from_on, "until_on": until_on}


def _same(patient_id: UUID, said: dict[str, Any]) -> PriorAuthorization | None:
    found: PriorAuthorization | None = PriorAuthorization.objects.live().filter(patient_id=patient_id, **said).first()
    return found


def _known(by: Membership, authorization_id: UUID) -> PriorAuthorization:
    found = PriorAuthorization.objects.filter(organization_id=by.organization_id, id=authorization_id)
    row: PriorAuthorization | None = found.first()
    if row is None:
        raise NotFound
    return row


def _keep(action: str, *, by: Membership, at: datetime, patient_id: UUID, said: dict[str, Any]) -> PriorAuthorization:
    row = stamped(PriorAuthorization, Stamp(by, at), patient_id=patient_id, **said)
    record_facts([row])
    record(action, by=by, at=at, patient_id=patient_id, object_id=row.id, fields=_FIELDS)
    return row
