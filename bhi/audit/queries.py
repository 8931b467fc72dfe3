"""Who saw or changed what: by patient, by person, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bhi.accounts.queries import people_of
from bhi.audit.models import AuditEvent

PAGE = 50

# What was done, as a sentence says it. An action without words here shows its own name.
WORDS: dict[str, str] = {
    "chart.viewed": "opened the chart",
    "caseload.viewed": "opened the caseload",
    "patients.searched": "searched patients",
    "contact.recorded": "logged a contact",
    "time.recorded": "logged minutes",
    "time.voided": "voided minutes",
    "time.replaced": "corrected minutes",
    "month.viewed": "opened a month",
    "month_row.viewed": "opened a patient's month",
    "batch.made": "made a batch of claims",
    "batch.viewed": "opened a batch",
    "batch.downloaded": "downloaded a batch",
    "import.uploaded": "uploaded a caseload",
    "import.viewed": "looked through an import",
    "import.confirmed": "imported a caseload",
    "import.undone": "undid an import",
    "audit.viewed": "opened the audit",
}


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
    rows: tuple[AuditRow, ...]
    older_than: UUID | None
    people: tuple[tuple[UUID, str], ...]


def audit_page(
    *,
    organization_id: UUID,
    patient_id: UUID | None = None,
    person_id: UUID | None = None,
    before: UUID | None = None,
) -> AuditPage:
    """Fifty events, newest first, of one patient or one person or all; `before` continues (ids sort by time)."""
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
            words=WORDS.get(event.action, event.action.replace(".", " ").replace("_", " ")),
            patient_id=event.patient_id,
            fields=tuple(event.fields),
            count=event.count,
        )
        for event in found[:PAGE]
    )
    names = sorted(((seat.id, str(seat)) for seat in people.values()), key=lambda pair: pair[1])
    return AuditPage(rows, rows[-1].id if len(found) > PAGE else None, tuple(names))
