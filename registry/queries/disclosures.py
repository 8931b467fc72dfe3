"""What of a patient's record was told outside."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.db.models import Q

from registry.models import Disclosure
from registry.rules.disclosures import NOT_ACCOUNTED, accounted_from, consented_from

PAGE_ROWS = 50


def disclosures_of(organization_id: UUID, patient_id: UUID, *, most: int = PAGE_ROWS) -> tuple[Disclosure, ...]:
    """Live disclosures, the newest first, at most so many and one more. One statement."""
    rows = Disclosure.objects.live().filter(organization_id=organization_id, patient_id=patient_id)
    return tuple(rows.select_related("consent").order_by("-on", "-id")[: most + 1])


def accounting_of(
    organization_id: UUID, patient_id: UUID, *, asked_on: date, with_consented: bool = False
) -> tuple[Disclosure, ...]:
    """The accounting of the six years before a request, the oldest first (45 CFR 164.528(a)). One statement.

    `with_consented`: also what left in three years with a consent under 42 CFR part 2 (2.25).
    """
    rows = Disclosure.objects.live().filter(organization_id=organization_id, patient_id=patient_id, on__lte=asked_on)
    told = Q(on__gte=accounted_from(asked_on)) & ~Q(purpose__in=NOT_ACCOUNTED)
    if with_consented:
        told |= Q(on__gte=consented_from(asked_on), consent__isnull=False)
    return tuple(rows.filter(told).select_related("consent").order_by("on", "id"))
