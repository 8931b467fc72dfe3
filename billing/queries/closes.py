"""Closes across months: which are open again or asked for, and what came after them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import DateTimeField, Exists, OuterRef, Q, QuerySet, Subquery

from billing.models import FrozenMonth, LateChange, MonthClose
from caseload.rules.clock import month_of

LATE_ROWS = 100


@dataclass(frozen=True, slots=True)
class OpenAgain:
    """A clinic's closed month that somebody opened again, or asked to. `is_alone`: nobody else agreed."""

    clinic_id: UUID
    clinic: str
    month: str
    is_open: bool
    is_alone: bool
    by: str
    at: datetime
    zone: ZoneInfo
    because: str


@dataclass(frozen=True, slots=True)
class LateRow:
    """Something that was written into a closed month, and when the month was corrected after it, if it was."""

    clinic_id: UUID
    clinic: str
    zone: ZoneInfo
    month: str
    episode_id: UUID
    patient_name: str
    kind: str
    because: str
    by: str
    at: datetime
    corrected_at: datetime | None


@dataclass(frozen=True, slots=True)
class LatePage:
    """Late changes of all clinics, the newest first, cut to a page."""

    rows: tuple[LateRow, ...]
    total: int
    open_count: int
    first_row: int
    has_more: bool


def months_open_again(organization_id: UUID) -> list[OpenAgain]:
    """Months that were opened again and not closed since, and those that somebody asks to open, the newest first.

    One statement.
    """
    closed_since = MonthClose.objects.filter(
        organization_id=organization_id,
        clinic=OuterRef("clinic"),
        month=OuterRef("month"),
        closed_at__gte=OuterRef("reopened_at"),
    )
    rows = MonthClose.objects.filter(
        Q(reopened_at__isnull=True) | ~Exists(closed_since), organization_id=organization_id, asked_at__isnull=False
    ).select_related("clinic", "asked_by", "reopened_by")
    found = [_open_again(row) for row in rows.order_by("-asked_at", "id")]
    return sorted(found, key=lambda one: one.at, reverse=True)


def late_changes(organization_id: UUID, *, is_all: bool = False, page: int = 1) -> LatePage:
    """What came after closes that hold: what no correction took in yet, or all of it. Three statements."""
    rows = _late_rows(organization_id)
    open_rows = rows.filter(corrected_at__isnull=True)  # type: ignore[misc]
    chosen = rows if is_all else open_rows
    start = (page - 1) * LATE_ROWS
    shown = [_late_row(row) for row in chosen.order_by("-at", "-id")[start : start + LATE_ROWS + 1]]
    return LatePage(
        rows=tuple(shown[:LATE_ROWS]),
        total=chosen.count(),
        open_count=open_rows.count(),
        first_row=start + 1,
        has_more=len(shown) > LATE_ROWS,
    )


def _late_rows(organization_id: UUID) -> QuerySet[LateChange]:
    corrected = FrozenMonth.objects.filter(
        organization_id=organization_id,
        close=OuterRef("close"),
        episode=OuterRef("episode"),
        because__gt="",
        frozen_at__gte=OuterRef("at"),
    ).order_by("number")
    rows = LateChange.objects.filter(organization_id=organization_id, close__reopened_at__isnull=True)
    corrected_at = Subquery(corrected.values("frozen_at")[:1], output_field=DateTimeField())
    return rows.annotate(corrected_at=corrected_at).select_related("close__clinic", "episode__patient", "by")


def _open_again(row: MonthClose) -> OpenAgain:
    by = row.reopened_by or row.asked_by
    at = row.reopened_at or row.asked_at
    assert at is not None
    return OpenAgain(
        clinic_id=row.clinic_id,
        clinic=row.clinic.name,
        month=month_of(row.month),
        is_open=row.reopened_at is not None,
        is_alone=row.reopened_by_id is not None and row.reopened_by_id == row.asked_by_id,
        by=str(by),
        at=at,
        zone=ZoneInfo(row.clinic.time_zone),
        because=row.asked_because,
    )


def _late_row(row: LateChange) -> LateRow:
    patient, clinic = row.episode.patient, row.close.clinic
    day: date = row.close.month
    corrected_at: datetime | None = row.corrected_at  # type: ignore[attr-defined]
    return LateRow(
        clinic_id=clinic.id,
        clinic=clinic.name,
        zone=ZoneInfo(clinic.time_zone),
        month=month_of(day),
        episode_id=row.episode_id,
        patient_name=f"{patient.family_name}, {patient.given_name}",
        kind=row.get_kind_display(),
        because=row.because,
        by=str(row.by),
        at=row.at,
        corrected_at=corrected_at,
    )
