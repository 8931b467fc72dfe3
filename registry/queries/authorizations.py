"""What payers agreed to beforehand: numbers by patient, payer and days."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from bhi.errors import NotFound
from registry.models import PriorAuthorization


@dataclass(frozen=True, slots=True)
class Authorization:
    """A payer's number, from its first day to its last; None goes on."""

    id: UUID
    patient_id: UUID
    payer_id: UUID
    payer: str
    number: str
    from_on: date
    until_on: date | None

    def holds_on(self, day: date) -> bool:
        """Whether the payer's word covers a day, its last included."""
        return self.from_on <= day and (self.until_on is None or day <= self.until_on)


def authorizations_of(organization_id: UUID, patient_ids: Collection[UUID]) -> dict[UUID, tuple[Authorization, ...]]:
    """By patient, every number on record, the latest first. One statement."""
    rows = PriorAuthorization.objects.live().filter(organization_id=organization_id, patient_id__in=list(patient_ids))
    found: dict[UUID, list[Authorization]] = {}
    for row in rows.select_related("payer").order_by("-from_on", "-recorded_at", "-id"):
        shown = Authorization(
            row.id, row.patient_id, row.payer_id, row.payer.name, row.number, row.from_on, row.until_on
        )
        found.setdefault(row.patient_id, []).append(shown)
    return {patient_id: tuple(ones) for patient_id, ones in found.items()}


def in_force(authorizations: Iterable[Authorization], payer_id: UUID, on: date) -> Authorization | None:
    """The number that a claim of a payer carries for a day: of several the latest, as they come."""
    return next((one for one in authorizations if one.payer_id == payer_id and one.holds_on(on)), None)


def authorization_of(patient_id: UUID, authorization_id: UUID, *, even_voided: bool = False) -> PriorAuthorization:
    """A number of this patient; `even_voided` also one that was taken back or corrected. Raises NotFound."""
    rows = PriorAuthorization.objects.all() if even_voided else PriorAuthorization.objects.live()
    found = rows.filter(patient_id=patient_id, id=authorization_id)
    authorization: PriorAuthorization | None = found.select_related("payer").first()
    if authorization is None:
        raise NotFound
    return authorization
