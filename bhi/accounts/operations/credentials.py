"""What somebody is licensed and trained for, and when they are away. Voided and recorded anew, never edited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from bhi.accounts.errors import CredentialRefused, LeaveRefused
from bhi.accounts.models import CredentialKind, SeatCredential, SeatLeave
from bhi.accounts.operations.access import seat_to_change
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.models import Membership


@dataclass(frozen=True)
class CredentialValues:
    """What it is, of which state and number, and from when until when it holds; both days included."""

    kind: CredentialKind
    name: str
    from_on: date
    until_on: date | None = None
    number: str = ""
    state: str = ""


@transaction.atomic
def record_credential(*, by: Membership, at: datetime, seat_id: UUID, values: CredentialValues) -> SeatCredential:
    """A license or a training of a seat. The same again returns what is there. Raises CredentialRefused, NotFound."""
    seat = seat_to_change(by.organization_id, seat_id)
    if values.until_on and values.until_on < values.from_on:
        raise CredentialRefused("The last day is before the first. Correct one of them.")
    says = {
        "kind": values.kind.value,
        "name": values.name.strip(),
        "number": values.number.strip(),
        "state": values.state.strip().upper(),
        "from_on": values.from_on,
        "until_on": values.until_on,
    }
    live = SeatCredential.objects.filter(organization_id=by.organization_id, seat=seat, voided_at=None)
    known = live.filter(**says).first()
    if known is not None:
        return known
    made = SeatCredential.objects.create(
        organization_id=by.organization_id, seat=seat, recorded_at=at, recorded_by=by, **says
    )
    record("seat.credential_recorded", by=by, at=at, object_id=seat.id, fields=[values.kind.value])
    return made


@transaction.atomic
def void_credential(*, by: Membership, at: datetime, credential_id: UUID, reason: str) -> UUID:
    """It was recorded wrongly, and says why. A second time changes nothing. Returns the seat's id. Raises NotFound."""
    rows = SeatCredential.objects.filter(organization_id=by.organization_id, id=credential_id)
    found = rows.select_for_update(of=("self",)).first()
    if found is None:
        raise NotFound
    if found.voided_at is None:
        found.voided_at, found.voided_by, found.void_reason = at, by, reason.strip()
        found.save(update_fields=["voided_at", "voided_by", "void_reason"])
        record("seat.credential_voided", by=by, at=at, object_id=found.seat_id, fields=[found.kind])
    return found.seat_id


@transaction.atomic
def record_leave(*, by: Membership, at: datetime, seat_id: UUID, from_on: date, until_on: date | None) -> SeatLeave:
    """Somebody is away from `from_on` until the end of `until_on`, or until they come back.

    The same again returns what is there. Raises LeaveRefused for days that are over before they begin or that meet
    another leave, NotFound.
    """
    seat = seat_to_change(by.organization_id, seat_id)
    if until_on and until_on < from_on:
        raise LeaveRefused("The last day is before the first. Correct one of them.")
    open_ones = SeatLeave.objects.filter(organization_id=by.organization_id, seat=seat, ended_at=None)
    for other in open_ones:
        if (other.from_on, other.until_on) == (from_on, until_on):
            return other
        if other.from_on <= (until_on or date.max) and from_on <= (other.until_on or date.max):
            raise LeaveRefused("These days meet a leave that is on record. End that one first.")
    made = SeatLeave.objects.create(
        organization_id=by.organization_id,
        seat=seat,
        from_on=from_on,
        until_on=until_on,
        recorded_at=at,
        recorded_by=by,
    )
    record("seat.leave_recorded", by=by, at=at, object_id=seat.id, fields=["from_on", "until_on"])
    return made


@transaction.atomic
def end_leave(*, by: Membership, at: datetime, leave_id: UUID, today: date) -> UUID:
    """Back at work on `today`: the day before was the last away. One that had not begun is taken back.

    A second time changes nothing. Returns the seat's id. Raises NotFound.
    """
    rows = SeatLeave.objects.filter(organization_id=by.organization_id, id=leave_id)
    found = rows.select_for_update(of=("self",)).first()
    if found is None:
        raise NotFound
    if found.ended_at is None:
        last = today - timedelta(days=1)
        if found.from_on <= last and (found.until_on is None or last < found.until_on):
            found.until_on = last
        found.ended_at, found.ended_by = at, by
        found.save(update_fields=["until_on", "ended_at", "ended_by"])
        record("seat.leave_ended", by=by, at=at, object_id=found.seat_id, fields=["until_on"])
    return found.seat_id
