"""Opening a record past its limits because somebody's safety requires it: one record, for an hour, looked at by others.

Nothing here crosses organizations: a patient of another is not there (bhi.tenancy).
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from bhi.accounts.permissions import Permission, permissions_of
from bhi.accounts.queries import email_of, people_of
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.jobs.operations import queue
from bhi.tenancy.models import Membership, Organization
from bhi.tenancy.sight import seeing_everything
from registry.models import EmergencyAccess, Patient
from registry.operations.errors import ReasonMissing
from registry.operations.limits_errors import LookedAtAlready, OwnAccess, ReasonTooShort, StillOpen
from registry.operations.messages import tell_of_emergency
from registry.rules.limits import LOOKED_AT_WITHIN, Access, Stage, fault_of_reason, stage_of, until_when

TELL: Final = "tell_of_emergency"


@transaction.atomic
def open_in_emergency(
    *, by: Membership, at: datetime, patient_id: UUID, reason: str, client_token: UUID
) -> EmergencyAccess:
    """Open one record to this seat for an hour. Leads are told at once; somebody else looks at it afterwards.

    Sent twice, or while it is open already, the first stands. Raises ReasonTooShort, NotFound.
    """
    fault = fault_of_reason(reason)
    if fault:
        raise ReasonTooShort(fault)
    with seeing_everything():
        live = Patient.objects.live().filter(organization_id=by.organization_id, id=patient_id)
        patient = live.select_for_update(no_key=True).first()
    if patient is None:
        raise NotFound
    own = EmergencyAccess.objects.filter(organization_id=by.organization_id, by=by)
    standing = own.filter(client_token=client_token) | own.filter(patient=patient, ended_at=None, until__gt=at)
    before = standing.order_by("begun_at").first()
    if before is not None:
        return before
    access = EmergencyAccess(
        organization_id=by.organization_id,
        patient=patient,
        by=by,
        reason=" ".join(reason.split()),
        begun_at=at,
        until=until_when(at),
        client_token=client_token,
    )
    access.save(force_insert=True)
    record("emergency.opened", by=by, at=at, patient_id=patient_id, object_id=access.id, fields=["reason"])
    _tell(access, at=at)
    _tell(access, at=at, run_after=access.until + LOOKED_AT_WITHIN)
    return access


@transaction.atomic
def end_emergency(*, by: Membership, at: datetime, access_id: UUID) -> EmergencyAccess:
    """Close the record again before its hour is over. Ended or over before, nothing changes. Raises NotFound."""
    access = _locked(by.organization_id, access_id)
    if access.by_id != by.id:
        raise NotFound
    if access.ended_at is None and at < access.until:
        access.ended_at = at
        access.save(update_fields=["ended_at"])
        record("emergency.ended", by=by, at=at, patient_id=access.patient_id, object_id=access.id, fields=["ended_at"])
    return access


@transaction.atomic
def look_at_emergency(
    *, by: Membership, at: datetime, access_id: UUID, was_justified: bool, finding: str
) -> EmergencyAccess:
    """Say whether an access was justified, and what was found. Once, by somebody else, when it is over.

    Raises OwnAccess, StillOpen, LookedAtAlready, ReasonMissing, NotFound.
    """
    access = _locked(by.organization_id, access_id)
    if access.by_id == by.id:
        raise OwnAccess
    stage = stage_of(known(access), at)
    if stage == Stage.OPEN:
        raise StillOpen
    if access.looked_at_at is not None:
        raise LookedAtAlready
    if not finding.strip():
        raise ReasonMissing
    access.looked_at_at, access.looked_at_by = at, by
    access.was_justified, access.finding = was_justified, finding.strip()
    access.save(update_fields=["looked_at_at", "looked_at_by", "was_justified", "finding"])
    fields = ["was_justified", "finding"]
    record("emergency.looked_at", by=by, at=at, patient_id=access.patient_id, object_id=access.id, fields=fields)
    return access


def mail_of_emergency(*, organization_id: UUID, access_id: UUID, at: datetime) -> int:
    """Tell every lead but the person themselves that a record was opened, or that nobody has looked at it in time.

    Where there is no other lead, the admins. Says neither who nor whose. Returns how many were written to; none where
    it was looked at meanwhile.
    """
    access = EmergencyAccess.objects.filter(organization_id=organization_id, id=access_id).first()
    if access is None or access.looked_at_at is not None:
        return 0
    is_late = stage_of(known(access), at) == Stage.LATE
    slug = Organization.objects.get(id=organization_id).slug
    addresses = _addresses(organization_id, Permission.LOOK_AT_EMERGENCIES, but=access.by_id)
    addresses = addresses or _addresses(organization_id, Permission.VIEW_AUDIT, but=access.by_id)
    for to in addresses:
        tell_of_emergency(to=to, organization_slug=slug, is_late=is_late)
    return len(addresses)


def _addresses(organization_id: UUID, permission: Permission, *, but: UUID) -> list[str]:
    seats = people_of(organization_id).values()
    able = [seat.id for seat in seats if seat.id != but and seat.is_active and permission in permissions_of(seat.roles)]
    return [to for to in (email_of(organization_id, seat_id) for seat_id in able) if to]


def known(access: EmergencyAccess) -> Access:
    """An access as the rules know it."""
    return Access(access.begun_at, access.until, access.ended_at, access.was_justified)


def _tell(access: EmergencyAccess, *, at: datetime, run_after: datetime | None = None) -> None:
    key = f"{access.id}:{'late' if run_after else 'now'}"
    arguments = {"access_id": access.id}
    organization_id = access.organization_id
    queue(TELL, organization_id=organization_id, key=key, at=at, arguments=arguments, run_after=run_after)


def _locked(organization_id: UUID, access_id: UUID) -> EmergencyAccess:
    found = EmergencyAccess.objects.select_for_update(no_key=True, of=("self",))
    access: EmergencyAccess | None = found.filter(organization_id=organization_id, id=access_id).first()
    if access is None:
        raise NotFound
    return access
