"""When consultants and care managers meet each week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.jobs.operations import queue
from bhi.tenancy.models import Clinic, Membership, Role
from caseload.models import ReviewSlot, SlotSeat
from caseload.operations.session_errors import SessionMoved, SessionRefused, SlotTaken
from caseload.rules.review_sessions import fault_of_room
from registry.operations.recording import refusing

PLAN_JOB = "plan_review_sessions"


@dataclass(frozen=True)
class Room:
    """How long a session lasts, for how many patients, and how many places those who do not improve have."""

    minutes: int = 60
    places: int = 12
    kept_for_stalled: int = 6


USUAL_ROOM = Room()


@dataclass(frozen=True)
class SlotTerms:
    """A standing slot as somebody wants it. `weekday` 0 is Monday; `begins_at` is the clinic's local time."""

    name: str
    clinic_id: UUID
    consultant_id: UUID
    weekday: int
    begins_at: time
    care_manager_ids: Sequence[UUID]
    room: Room = USUAL_ROOM


@transaction.atomic
def set_slot(
    *, by: Membership, at: datetime, terms: SlotTerms, slot_id: UUID | None = None, seen_at: datetime | None = None
) -> ReviewSlot:
    """A new slot, or another one as `slot_id` is from now on; `seen_at` is its last change as it was shown.

    Sessions that are planned already stay as they are. Raises SessionRefused, SlotTaken, SessionMoved, NotFound.
    """
    refuse_room(terms.room)
    clinic = clinic_here(terms.clinic_id, by.organization_id)
    consultant = consultant_here(terms.consultant_id, by.organization_id)
    people = care_managers_here(terms.care_manager_ids, by.organization_id)
    slot = _current(slot_id, by, seen_at) if slot_id else ReviewSlot(organization_id=by.organization_id)
    slot.name, slot.clinic, slot.consultant = terms.name.strip(), clinic, consultant
    slot.weekday, slot.begins_at = terms.weekday, terms.begins_at
    slot.minutes, slot.places = terms.room.minutes, terms.room.places
    slot.kept_for_stalled = terms.room.kept_for_stalled
    slot.changed_at, slot.changed_by = at, by
    with refusing({"caseload_reviewslot_one": SlotTaken}):
        slot.save()
    SlotSeat.objects.filter(slot=slot).delete()
    SlotSeat.objects.bulk_create(
        SlotSeat(organization_id=by.organization_id, slot=slot, membership=seat) for seat in people
    )
    record("review_slot.set", by=by, at=at, object_id=slot.id, count=len(people))
    queue(PLAN_JOB, organization_id=by.organization_id, key=f"slot:{slot.id}", at=at)
    return slot


@transaction.atomic
def end_slot(*, by: Membership, at: datetime, slot_id: UUID) -> None:
    """No further sessions are planned for this slot; those planned already stay. Raises NotFound."""
    slot = _current(slot_id, by, None)
    slot.is_current, slot.changed_at, slot.changed_by = False, at, by
    slot.save(update_fields=["is_current", "changed_at", "changed_by"])
    record("review_slot.ended", by=by, at=at, object_id=slot.id, fields=["is_current"])


def refuse_room(room: Room) -> None:
    """Raises SessionRefused where a session cannot be so."""
    fault = fault_of_room(room.minutes, room.places, room.kept_for_stalled)
    if fault is not None:
        raise SessionRefused(*fault)


def clinic_here(clinic_id: UUID, organization_id: UUID) -> Clinic:
    """Raises SessionRefused for a clinic that is not here."""
    found: Clinic | None = Clinic.objects.filter(organization_id=organization_id, id=clinic_id).first()
    if found is None:
        raise SessionRefused("clinic", "Choose a clinic from the list.")
    return found


def consultant_here(seat_id: UUID, organization_id: UUID) -> Membership:
    """Raises SessionRefused for somebody who is no consultant here at present."""
    found = _seats(organization_id, Role.PSYCHIATRIC_CONSULTANT, [seat_id])
    if not found:
        raise SessionRefused("consultant", "Choose somebody who is a psychiatric consultant here at present.")
    return found[0]


def care_managers_here(seat_ids: Sequence[UUID], organization_id: UUID) -> list[Membership]:
    """Raises SessionRefused where one does not manage care here at present, or nobody comes."""
    found = _seats(organization_id, Role.CARE_MANAGER, seat_ids)
    if not found or len(found) != len(set(seat_ids)):
        raise SessionRefused("care_managers", "Choose at least one care manager who works here at present.")
    return found


def _seats(organization_id: UUID, role: Role, seat_ids: Sequence[UUID]) -> list[Membership]:
    seats = Membership.objects.filter(
        organization_id=organization_id, id__in=list(seat_ids), is_active=True, roles__contains=[role.value]
    )
    return list(seats.order_by("name", "id"))


def _current(slot_id: UUID, by: Membership, seen_at: datetime | None) -> ReviewSlot:
    slots = ReviewSlot.objects.filter(organization_id=by.organization_id, id=slot_id, is_current=True)
    slot: ReviewSlot | None = slots.select_for_update(of=("self",)).first()
    if slot is None:
        raise NotFound
    if seen_at is not None and slot.changed_at != seen_at:
        raise SessionMoved
    return slot
