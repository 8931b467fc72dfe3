"""Whose months were entered into the practice's own system, which bills them: no claim is made of them."""

from __future__ import annotations

from uuid import UUID

from billing.models import ChargePosted
from caseload.rules.clock import first_day
from registry.models import Episode


def posted_patients(organization_id: UUID, month: str) -> set[UUID]:
    """Patients whose month somebody entered into the practice's own system, which bills it."""
    rows = ChargePosted.objects.live().filter(organization_id=organization_id, month=first_day(month))
    return set(rows.values_list("patient_id", flat=True))


def posted_episodes(organization_id: UUID, month: str) -> set[UUID]:
    """Every enrolment of these patients: the month is asked for once, with whichever it was posted. One statement."""
    posted = ChargePosted.objects.live().filter(organization_id=organization_id, month=first_day(month))
    rows = Episode.objects.filter(organization_id=organization_id, patient_id__in=posted.values("patient_id"))
    return set(rows.values_list("id", flat=True))
