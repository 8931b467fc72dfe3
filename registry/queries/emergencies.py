"""Records that were opened in an emergency, and finding the one that somebody asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from bhi.accounts.queries import people_of
from bhi.audit.models import AuditEvent
from bhi.audit.words import WORDS
from bhi.errors import NotFound
from bhi.tenancy.sight import seeing_everything
from registry.models import EmergencyAccess, Patient, RecordNumber
from registry.rules.identifiers import normal_mrn
from registry.rules.limits import Access, Stage, stage_of
from registry.rules.names import sort_name

PAGE_ROWS = 50
MOST_ACTS = 100


@dataclass(frozen=True)
class Named:
    """A record as somebody knows it: its number, or the name and the day of birth, or all of that."""

    mrn: str = ""
    family_name: str = ""
    given_name: str = ""
    birth_date: date | None = None


@dataclass(frozen=True)
class FoundRecord:
    """The one record that is meant, and whether who asks sees it anyway."""

    patient_id: UUID
    is_seen: bool


@dataclass(frozen=True)
class AccessShown:
    """One access as a lead reads it: the record by its number, never by name."""

    id: UUID
    patient_id: UUID
    record_number: str
    clinic: str
    who: str
    is_own: bool
    reason: str
    begun_at: datetime
    over_at: datetime
    stage: Stage
    looked_at_at: datetime | None
    looked_at_by: str
    finding: str


@dataclass(frozen=True)
class ActShown:
    """What was done with the record meanwhile."""

    at: datetime
    words: str


def record_meant(organization_id: UUID, named: Named) -> FoundRecord:
    """The one live record with exactly this number, or this name and birth date; of any clinic, seen or not.

    Raises NotFound for none, for several, and where too little was said: who asks learns no difference.
    """
    with seeing_everything():
        ids = list(_matching(organization_id, named)[:2])
    if len(ids) != 1:
        raise NotFound
    return FoundRecord(ids[0], Patient.objects.filter(organization_id=organization_id, id=ids[0]).exists())


def _matching(organization_id: UUID, named: Named) -> QuerySet[Patient, UUID]:
    found = Patient.objects.live().filter(organization_id=organization_id)
    has_name = bool(named.family_name.strip() and named.given_name.strip() and named.birth_date)
    if not named.mrn.strip() and not has_name:
        return found.none().values_list("id", flat=True)
    if named.mrn.strip():
        numbers = RecordNumber.objects.live().filter(organization_id=organization_id, mrn=normal_mrn(named.mrn))
        found = found.filter(Q(mrn=normal_mrn(named.mrn)) | Q(id__in=numbers.values("patient_id")))
    if has_name:
        begins = sort_name(named.family_name, named.given_name, "")
        same_name = Q(sort_name=begins) | Q(sort_name__startswith=f"{begins} ")
        found = found.filter(same_name, birth_date=named.birth_date)
    return found.order_by("id").values_list("id", flat=True)


def emergencies_page(
    organization_id: UUID, *, by_id: UUID, at: datetime, start: int = 0
) -> tuple[tuple[AccessShown, ...], int]:
    """Every access, those to look at first, the oldest of them first, then the newest; and how many there are."""
    rows = EmergencyAccess.objects.filter(organization_id=organization_id)
    is_done = Case(When(looked_at_at=None, then=Value(0)), default=Value(1), output_field=IntegerField())
    ordered = rows.annotate(is_done=is_done).order_by("is_done", "-begun_at", "-id")
    return _shown(ordered[start : start + PAGE_ROWS], by_id=by_id, at=at), rows.count()


def emergency_shown(organization_id: UUID, access_id: UUID, *, by_id: UUID, at: datetime) -> AccessShown:
    """One access. Raises NotFound."""
    rows = EmergencyAccess.objects.filter(organization_id=organization_id, id=access_id)
    for one in _shown(rows, by_id=by_id, at=at):
        return one
    raise NotFound


def acts_during(organization_id: UUID, access: AccessShown, *, by_id: UUID) -> tuple[ActShown, ...]:
    """What that person did with the record while it was open, the first hundred, from the audit."""
    events = AuditEvent.objects.filter(
        organization_id=organization_id,
        patient_id=access.patient_id,
        by_id=by_id,
        at__gte=access.begun_at,
        at__lte=access.over_at,
    )
    found = events.order_by("id").values_list("at", "action")[:MOST_ACTS]
    return tuple(ActShown(at, WORDS.get(action, action)) for at, action in found)


def who_opened(organization_id: UUID, access_id: UUID) -> UUID:
    """Whose access it was. Raises NotFound."""
    seat: UUID | None = (
        EmergencyAccess.objects.filter(organization_id=organization_id, id=access_id)
        .values_list("by_id", flat=True)
        .first()
    )
    if seat is None:
        raise NotFound
    return seat


def accesses_waiting(organization_id: UUID, at: datetime) -> tuple[int, int]:
    """How many accesses nobody has looked at, and how many of those for longer than three days."""
    rows = EmergencyAccess.objects.filter(organization_id=organization_id, looked_at_at=None)
    stages = [
        stage_of(Access(begun, until, ended), at)
        for begun, until, ended in rows.filter(begun_at__lte=at).values_list("begun_at", "until", "ended_at")[:1000]
    ]
    return len(stages), stages.count(Stage.LATE)


def _shown(rows: QuerySet[EmergencyAccess], *, by_id: UUID, at: datetime) -> tuple[AccessShown, ...]:
    found = list(rows)
    records = _records([row.patient_id for row in found])
    people = people_of(found[0].organization_id) if found else {}
    return tuple(
        AccessShown(
            id=row.id,
            patient_id=row.patient_id,
            record_number=records[row.patient_id][0],
            clinic=records[row.patient_id][1],
            who=people[row.by_id].name,
            is_own=row.by_id == by_id,
            reason=row.reason,
            begun_at=row.begun_at,
            over_at=_access(row).over_at,
            stage=stage_of(_access(row), at),
            looked_at_at=row.looked_at_at,
            looked_at_by=people[row.looked_at_by_id].name if row.looked_at_by_id else "",
            finding=row.finding,
        )
        for row in found
    )


def _access(row: EmergencyAccess) -> Access:
    return Access(row.begun_at, row.until, row.ended_at, row.was_justified)


def _records(patient_ids: Sequence[UUID]) -> dict[UUID, tuple[str, str]]:
    """Record number and clinic, also of records that who looks may not open."""
    with seeing_everything():
        rows = Patient.objects.filter(id__in=patient_ids).values_list("id", "mrn", "clinic__name")
        return {patient_id: (mrn, clinic) for patient_id, mrn, clinic in rows}
