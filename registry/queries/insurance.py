"""A patient's insurances as claims carry them, each with what was said last of whether it is in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import F

from registry.models import Coverage, CoverageCheck


@dataclass(frozen=True, slots=True)
class CheckShown:
    """What was said of a coverage on a day, and where."""

    on: date
    source: str
    is_in_force: bool


@dataclass(frozen=True, slots=True)
class Insurance:
    """An insurance; `place` is its turn among those that are open, None for one that ended. `holder` is empty where
    the patient holds it.
    """

    id: UUID
    payer_id: UUID
    payer: str
    plan_name: str
    member_id: str
    group_number: str
    holder: str
    relationship: str
    from_on: date | None
    until_on: date | None
    place: int | None
    check: CheckShown | None


def insurance_of(patient_id: UUID) -> tuple[Insurance, ...]:
    """Those that are open in the order in which they pay, then those that ended. Two statements."""
    found = Coverage.objects.live().filter(patient_id=patient_id).select_related("payer")
    rows = list(found.order_by("rank", F("from_on").asc(nulls_first=True), "id"))
    checks = {row.coverage_id: CheckShown(row.on, row.source, row.is_in_force) for row in _checks(patient_id)}
    ordered = sorted(rows, key=lambda row: row.until_on is not None)
    return tuple(_shown(row, place, checks.get(row.id)) for place, row in enumerate(ordered, start=1))


def _checks(patient_id: UUID) -> list[CoverageCheck]:
    found = CoverageCheck.objects.live().filter(patient_id=patient_id)
    return list(found.order_by("on", "recorded_at", "id"))


def _shown(row: Coverage, place: int, check: CheckShown | None) -> Insurance:
    return Insurance(
        id=row.id,
        payer_id=row.payer_id,
        payer=row.payer.name,
        plan_name=row.plan_name,
        member_id=row.member_id,
        group_number=row.group_number,
        holder=f"{row.subscriber_given_name} {row.subscriber_family_name}".strip(),
        relationship=row.get_relationship_display(),
        from_on=row.from_on,
        until_on=row.until_on,
        place=place if row.until_on is None else None,
        check=check,
    )
