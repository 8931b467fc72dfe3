"""When patients come to the clinic, as the rule says it of the rows on record."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from registry.models import Appointment, Patient
from registry.rules.appointments import InClinic, next_visit


def in_clinic_this_week(organization_id: UUID, patient_ids: Iterable[UUID], *, at: datetime) -> dict[UUID, InClinic]:
    """By patient, the next planned visit on the clinic's clock; within a tenant."""
    found = {}
    for patient in Patient.objects.filter(organization_id=organization_id, id__in=list(patient_ids)):
        rows = Appointment.objects.live().filter(patient=patient)
        visits = [InClinic(row.on, row.at, row.with_whom) for row in rows]
        visit = next_visit(visits, at.astimezone(ZoneInfo(patient.clinic.time_zone)))
        if visit is not None:
            found[patient.id] = visit
    return found
