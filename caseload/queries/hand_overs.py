"""Who may be given to whom, what was given, and who stands in for whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from bhi.accounts.queries import people_of
from caseload.models import Cover
from caseload.queries.caseload_list import clinics_today
from registry.models import Episode, Patient


@dataclass(frozen=True)
class ToGive:
    """An open episode that can be given to somebody else."""

    episode_id: UUID
    patient_id: UUID
    name: str
    mrn: str
    clinic: str
    status: str


@dataclass(frozen=True)
class HandedOver:
    """A patient who was given to somebody, and is new there until that was read."""

    id: UUID
    patient_id: UUID
    name: str
    given_by_id: UUID | None
    on: date
    note: str


@dataclass(frozen=True)
class CoverShown:
    """Who stands in for whom, from day to day."""

    id: UUID
    away_id: UUID
    by_id: UUID
    away: str
    by: str
    from_on: date
    until_on: date
    note: str
    is_now: bool


def episodes_to_give(organization_id: UUID, owner_id: UUID | None) -> tuple[ToGive, ...]:
    """The open episodes of a care manager, or of nobody, by name. One statement."""
    found = Episode.objects.live().filter(
        organization_id=organization_id,
        ended_on__isnull=True,
        patient__voided_at__isnull=True,
        patient__merged_into__isnull=True,
    )
    owned = found.filter(care_manager_id=owner_id) if owner_id else found.filter(care_manager__isnull=True)
    rows = owned.select_related("patient", "clinic").order_by("patient__sort_name", "id")
    return tuple(
        ToGive(
            row.id, row.patient_id, listed_name(row.patient), row.patient.mrn, row.clinic.name, row.get_status_display()
        )
        for row in rows
    )


def handed_over_from(row: Mapping[str, Any]) -> HandedOver:
    """One that a page's own statement reads along."""
    given_by = UUID(row["given_by_id"]) if row["given_by_id"] else None
    on = date.fromisoformat(row["on"])
    return HandedOver(UUID(row["id"]), UUID(row["patient_id"]), row["name"], given_by, on, row["note"])


def covers_from(organization_id: UUID, today: date) -> tuple[CoverShown, ...]:
    """Who stands in for whom today or later. Two statements."""
    people = people_of(organization_id)
    rows = Cover.objects.live().filter(organization_id=organization_id, until_on__gte=today)
    return tuple(
        CoverShown(
            id=row.id,
            away_id=row.away_id,
            by_id=row.by_id,
            away=people[row.away_id].name,
            by=people[row.by_id].name,
            from_on=row.from_on,
            until_on=row.until_on,
            note=row.note,
            is_now=row.from_on <= today,
        )
        for row in rows.order_by("from_on", "id")
    )


def organization_today(organization_id: UUID, at: datetime) -> date:
    """The latest day that it is in any of the organization's clinics; without a clinic that in UTC."""
    return max((clinic.today for clinic in clinics_today(organization_id, at).values()), default=at.date())


def listed_name(patient: Patient) -> str:
    """As lists have it, by which they are sorted: family name first."""
    return f"{patient.family_name}, {' '.join(filter(None, (patient.given_name, patient.middle_name)))}"
