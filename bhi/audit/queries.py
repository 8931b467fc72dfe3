"""Who saw or changed what: by patient, by person, newest first. Words for the screen, never values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from bhi.accounts.queries import people_of
from bhi.audit.kinds import ACTIONS_OF
from bhi.audit.models import AuditEvent
from bhi.audit.seen import WRITTEN_WITHIN, least_id
from bhi.audit.words import WORDS
from bhi.tenancy.models import Membership

PAGE = 50

CLOCK_SLACK = timedelta(minutes=1)


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
    ip: str
    session: str


@dataclass(frozen=True)
class Narrowed:
    """What the events are narrowed to; nothing narrows by itself. `kind` is one of KINDS."""

    person_id: UUID | None = None
    patient_ids: frozenset[UUID] | None = None
    kind: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: UUID | None = None


@dataclass(frozen=True)
class AuditPage:
    """Fifty events or fewer, the id that the next page begins after, and whom it may be narrowed to."""

    rows: tuple[AuditRow, ...]
    older_than: UUID | None
    people: tuple[tuple[UUID, str], ...]


EVERYTHING = Narrowed()


def audit_page(organization_id: UUID, asked: Narrowed = EVERYTHING) -> AuditPage:
    """Fifty events, newest first. Of a patient: what was done to their record, and the lists that showed them.

    Ids sort by time, so the next page is found by id however many came in meanwhile.
    """
    found = _newest(_narrowed(organization_id, asked), asked.patient_ids)
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
            ip=event.ip or "",
            session=event.session,
        )
        for event in found[:PAGE]
    )
    names = sorted(((seat.id, str(seat)) for seat in people.values()), key=lambda pair: pair[1])
    return AuditPage(rows, rows[-1].id if len(found) > PAGE else None, tuple(names))


def _narrowed(organization_id: UUID, asked: Narrowed) -> QuerySet[AuditEvent]:
    events = AuditEvent.objects.filter(organization_id=organization_id)
    if asked.person_id:
        events = events.filter(by_id=asked.person_id)
    if asked.kind:
        events = events.filter(action__in=ACTIONS_OF[asked.kind])
    if asked.since:
        events = events.filter(id__gte=least_id(asked.since), at__gte=asked.since)
    if asked.until:
        events = events.filter(id__lt=least_id(asked.until + WRITTEN_WITHIN), at__lt=asked.until)
    return events.filter(id__lt=asked.before) if asked.before else events


def _newest(events: QuerySet[AuditEvent], patient_ids: frozenset[UUID] | None) -> list[AuditEvent]:
    """One more than a page. Pages of a patient's own and lists have each their index, and are read apart."""
    if patient_ids is None:
        return list(events.order_by("-id")[: PAGE + 1])
    own = events.filter(patient_id__in=patient_ids).order_by("-id")[: PAGE + 1]
    lists = events.filter(shown__overlap=sorted(patient_ids)).order_by("-id")[: PAGE + 1] if patient_ids else []
    found = {event.id: event for event in (*own, *lists)}
    return [found[id_] for id_ in sorted(found, reverse=True)][: PAGE + 1]


def acts_of(seat: Membership, *, since: datetime) -> list[datetime]:
    """When a seat did anything that is on record since an instant, in order."""
    # Ids sort by time, and the index of a person's events is in their order; clocks of servers differ a little.
    first = least_id(since - CLOCK_SLACK)
    found = AuditEvent.objects.filter(organization_id=seat.organization_id, by=seat, id__gte=first, at__gte=since)
    return list(found.order_by("id").values_list("at", flat=True))
