"""Emergency visits and hospital stays. What follows from them is for the apps above, which are told."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.jobs.operations import announce
from bhi.tenancy.models import Membership
from registry.models import Patient, Stay, StayKind
from registry.operations.errors import DateOutOfOrder, NothingChanges
from registry.operations.persons import lock_patient
from registry.operations.recording import Stamp, record_facts, stamped, void_facts


@transaction.atomic
def record_stay(
    *,
    by: Membership,
    at: datetime,
    patient: Patient,
    kind: str,
    from_on: date,
    until_on: date | None = None,
    facility: str = "",
    reason: str = "",
) -> Stay:
    """A visit or stay, open while the day of leaving is not known. Raises DateOutOfOrder.

    An emergency visit without another end ends on its day. Sent twice, it is kept once.
    """
    if kind == StayKind.EMERGENCY and until_on is None:
        until_on = from_on
    _in_order(patient.birth_date, from_on, until_on)
    values = {"kind": kind, "from_on": from_on, "until_on": until_on, "facility": facility, "reason": reason}
    lock_patient(patient.id)
    same: Stay | None = Stay.objects.live().filter(patient=patient, **values).first()
    if same is not None:
        return same
    stay = stamped(Stay, Stamp(by, at), patient=patient, **values)
    record_facts([stay])
    _tell("stay.recorded", stay, by=by, at=at, fields=sorted(values))
    return stay


@transaction.atomic
def end_stay(*, by: Membership, at: datetime, stay_id: UUID, on: date) -> Stay:
    """The patient left on a day. Raises DateOutOfOrder, NothingChanges when it was ended before, NotFound."""
    stay = _live(by, stay_id)
    if stay.until_on is not None:
        raise NothingChanges("This stay has an end already. Take it back and record it anew to correct it.")
    _in_order(stay.from_on, stay.from_on, on)
    stay.until_on = on
    stay.save(update_fields=["until_on"])
    _tell("stay.ended", stay, by=by, at=at, fields=["until_on"])
    return stay


@transaction.atomic
def void_stay(*, by: Membership, at: datetime, stay_id: UUID, reason: str) -> None:
    """Take back a stay that was not so. Raises ReasonMissing, AlreadyVoided, NotFound."""
    stay = _live(by, stay_id)
    void_facts([stay], stamp=Stamp(by, at), reason=reason)
    _tell("stay.voided", stay, by=by, at=at, fields=["void_reason"])


def _live(by: Membership, stay_id: UUID) -> Stay:
    found = Stay.objects.live().filter(organization_id=by.organization_id, id=stay_id)
    stay: Stay | None = found.select_for_update(no_key=True).first()
    if stay is None:
        raise NotFound
    return stay


def _in_order(birth: date, from_on: date, until_on: date | None) -> None:
    if from_on < birth:
        raise DateOutOfOrder("The stay begins before the patient's birth. Correct its first day.")
    if until_on is not None and until_on < from_on:
        raise DateOutOfOrder("The patient left before the stay began. Correct one of the days.")


def _tell(action: str, stay: Stay, *, by: Membership, at: datetime, fields: list[str]) -> None:
    record(action, by=by, at=at, patient_id=stay.patient_id, object_id=stay.id, fields=fields)
    announce("patient_stay", organization_id=by.organization_id, at=at, stay_id=stay.id)
