"""What is known of a patient's other services, earlier months and ACCESS alignment, and where each came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from bhi.accounts.queries import people_of
from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from billing.models import AccessAlignment, OtherService, PracticeFile, PriorService
from billing.rules.books import RuleBook
from billing.rules.other_codes import code_known
from caseload.rules.clock import month_of
from registry.models import Fact

PAGE = 50

# Closed months at the clinics where the patient is or was enrolled; one row per close, the latest enrolment.
_RESTING = """
    SELECT DISTINCT ON (m.id) m.id, e.id, to_char(m.month, 'YYYY-MM')
    FROM billing_monthclose m
    JOIN registry_episode e ON e.organization_id = m.organization_id AND e.clinic_id = m.clinic_id
         AND e.patient_id = %(patient)s AND e.voided_at IS NULL AND e.enrolled_on < m.month + interval '1 month'
    WHERE m.organization_id = %(organization)s AND m.reopened_at IS NULL
      AND (%(first)s::date IS NULL OR m.month >= %(first)s) AND (%(last)s::date IS NULL OR m.month <= %(last)s)
    ORDER BY m.id, e.enrolled_on DESC, e.id DESC
"""


@dataclass(frozen=True, slots=True)
class RestingMonth:
    """A closed month of a patient that rests on something, and the episode whose month it is."""

    close_id: UUID
    episode_id: UUID
    month: str


@dataclass(frozen=True, slots=True)
class ServiceShown:
    """Another service, or an earlier month (then `changes` is empty), with its source; taken back: when and why."""

    id: UUID
    month: str
    code: str
    label: str
    is_ours: bool
    biller: str
    minutes: int | None
    changes: str
    source: str
    recorded_at: datetime
    recorded_by: str
    voided_because: str


@dataclass(frozen=True, slots=True)
class AlignmentShown:
    """The patient's ACCESS alignment, who recorded it and when."""

    id: UUID
    is_participant: bool
    recorded_at: datetime
    recorded_by: str


@dataclass(frozen=True, slots=True)
class ServicesShown:
    """A page of a patient's other services, the newest month first; earlier months; alignment."""

    rows: tuple[ServiceShown, ...]
    total: int
    page: int
    pages: int
    taken_back: tuple[ServiceShown, ...]
    earlier: tuple[ServiceShown, ...]
    alignment: AlignmentShown | None

    @property
    def first_row(self) -> int:
        return (self.page - 1) * PAGE + 1


def services_shown(organization_id: UUID, patient_id: UUID, book: RuleBook, *, page: int = 1) -> ServicesShown:
    """Everything of one patient's that the page shows. Six statements. A page beyond the last is the last."""
    of_patient = {"organization_id": organization_id, "patient_id": patient_id}
    rows = list(OtherService.objects.filter(**of_patient).order_by("-month", "code", "id"))
    earlier = list(PriorService.objects.live().filter(**of_patient).order_by("-month", "code", "id"))
    alignment = AccessAlignment.objects.live().filter(**of_patient).first()
    telling = _Telling(organization_id, [*rows, *earlier], book)
    live = [row for row in rows if row.is_live]
    pages = max(1, -(-len(live) // PAGE))
    page = min(max(page, 1), pages)
    return ServicesShown(
        rows=tuple(telling.service(row) for row in live[(page - 1) * PAGE : page * PAGE]),
        total=len(live),
        page=page,
        pages=pages,
        taken_back=tuple(telling.service(row) for row in rows if not row.is_live)[:PAGE],
        earlier=tuple(telling.earlier(row) for row in earlier),
        alignment=telling.alignment(alignment) if alignment is not None else None,
    )


def service_of(organization_id: UUID, patient_id: UUID, service_id: UUID) -> OtherService | PriorService:
    """A live other service or earlier month of the patient. Raises NotFound."""
    wanted = {"organization_id": organization_id, "patient_id": patient_id, "id": service_id}
    found = OtherService.objects.live().filter(**wanted).first() or PriorService.objects.live().filter(**wanted).first()
    if found is None:
        raise NotFound
    service: OtherService | PriorService = found
    return service


def months_resting(
    organization_id: UUID, patient_id: UUID, first: date | None = None, last: date | None = None
) -> tuple[RestingMonth, ...]:
    """The closed months of a patient from the first to the last of these; None leaves that side open."""
    values = {"organization": organization_id, "patient": patient_id, "first": first, "last": last}
    with connection.cursor() as cursor:
        cursor.execute(_RESTING, values)
        found = [RestingMonth(*row) for row in cursor.fetchall()]
    return tuple(sorted(found, key=lambda rest: rest.month))


class _Telling:
    """How rows are told, with what all of them need read once."""

    def __init__(self, organization_id: UUID, rows: Iterable[Fact], book: RuleBook) -> None:
        brought = {row.import_id for row in rows if row.import_id is not None}
        files = PracticeFile.objects.filter(organization_id=organization_id, id__in=brought)
        self.files = set(files.values_list("id", flat=True)) if brought else set()
        self.people: Mapping[UUID, Membership] = people_of(organization_id)
        self.book = book

    def service(self, row: OtherService) -> ServiceShown:
        known = code_known(self.book, row.code)
        return ServiceShown(
            id=row.id,
            month=month_of(row.month),
            code=row.code,
            label=known.label,
            is_ours=row.is_by_billing_practitioner,
            biller=row.biller,
            minutes=row.minutes,
            changes=known.ours if row.is_by_billing_practitioner else known.theirs,
            **self._stamp(row),
        )

    def earlier(self, row: PriorService) -> ServiceShown:
        return ServiceShown(
            id=row.id,
            month=month_of(row.month),
            code=row.code,
            label=code_known(self.book, row.code).label if row.code else "",
            is_ours=True,
            biller="",
            minutes=None,
            changes="",
            **self._stamp(row),
        )

    def alignment(self, row: AccessAlignment) -> AlignmentShown:
        return AlignmentShown(row.id, row.is_participant, row.recorded_at, str(self.people[row.recorded_by_id]))

    def _stamp(self, row: Fact) -> dict[str, Any]:
        return {
            "source": self._source(row.import_id),
            "recorded_at": row.recorded_at,
            "recorded_by": str(self.people[row.recorded_by_id]),
            "voided_because": row.void_reason,
        }

    def _source(self, import_id: UUID | None) -> str:
        if import_id is None:
            return "Entered by hand"
        return "Practice file" if import_id in self.files else "Import"
