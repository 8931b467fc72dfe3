"""Which parts of a patient's record copies leave out, and why."""

from __future__ import annotations

from uuid import UUID

from billing.rules.withholding import Withheld
from registry.models import RecordWithholding, WithheldBecause

GROUNDS = tuple((str(value), str(label)) for value, label in WithheldBecause.choices)


def withholdings_of(organization_id: UUID, patient_id: UUID) -> tuple[tuple[UUID, Withheld], ...]:
    """Live decisions with their ids, the newest first. One statement."""
    rows = RecordWithholding.objects.live().filter(organization_id=organization_id, patient_id=patient_id)
    return tuple((row.id, _withheld(row)) for row in rows.order_by("-decided_on", "-id"))


def _withheld(row: RecordWithholding) -> Withheld:
    return Withheld(
        parts=tuple(row.parts),
        because=row.because,
        because_words=row.get_because_display(),
        told=row.told,
        decided_by=row.decided_by,
        licensed_as=row.license,
        decided_on=row.decided_on,
        reviewer=row.reviewer,
    )
