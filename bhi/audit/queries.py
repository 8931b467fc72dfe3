"""Who saw or changed what: by patient, by person, newest first. Words for the screen, never values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bhi.accounts.queries import people_of
from bhi.audit.models import AuditEvent
from bhi.audit.words import WORDS
from bhi.tenancy.models import Membership

PAGE = 50

CLOCK_SLACK_MS = 60_000


@dataclass(frozen=True)
class AuditRow:
    """One act: who, what, about which patient, which fields it touched."""

    id: UUID
    at: datetime
    person: str
    person_id: UUID
    words: str
    patient_id: UUID | None
    fields: tuple[str, ...]
    count: int | None


@dataclass(frozen=True)
class AuditPage:
    """Fifty events or fewer, the id that the next page begins after, and whom it may be narrowed to."""

    rows: tuple[AuditRow, ...]
    older_than: UUID | None
    people: tuple[tuple[UUID, str], ...]


NOTHING = AuditPage((), None, ())


def audit_page(
    *,
    organization_id: UUID,
    patient_id: UUID | None = None,
    person_id: UUID | None = None,
    before: UUID | None = None,
) -> AuditPage:
    """Fifty events, newest first, of one patient or one person or all; `before` continues after that event.

    Ids sort by time, so the next page is found by id however many came in meanwhile.
    """
    events = AuditEvent.objects.filter(organization_id=organization_id)
    if patient_id:
        events = events.filter(patient_id=patient_id)
    if person_id:
        events = events.filter(by_id=person_id)
    if before:
        events = events.filter(id__lt=before)
    found = list(events.order_by("-id")[: PAGE + 1])
    people = people_of(organization_id)
    rows = tuple(
        AuditRow(
            id=event.id,
            at=event.at,
            person=str(people[event.by_id]),
            person_id=event.by_id,
            words=WORDS.get(event.action, event.action),
            patient_id=event.patient_id,
            fields=tuple(event.fields),
            count=event.count,
        )
        for event in found[:PAGE]
    )
    names = sorted(((seat.id, str(seat)) for seat in people.values()), key=lambda pair: pair[1])
    return AuditPage(rows, rows[-1].id if len(found) > PAGE else None, tuple(names))


def acts_of(seat: Membership, *, since: datetime) -> list[datetime]:
    """When a seat did anything that is on record since an instant, in order."""
    # Ids sort by time, and the index of a person's events is in their order; clocks of servers differ a little.
    first = UUID(int=(int(since.timestamp() * 1000) - CLOCK_SLACK_MS << 80) & (1 << 128) - 1)
    found = AuditEvent.objects.filter(organization_id=seat.organization_id, by=seat, id__gte=first, at__gte=since)
    return list(found.order_by("id").values_list("at", flat=True))
