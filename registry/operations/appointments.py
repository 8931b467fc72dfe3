"""Visits that the practice has planned, taken over from its own system."""

from __future__ import annotations

from datetime import date, time
from uuid import UUID

from registry.models import Appointment
from registry.operations.recording import Stamp, stamped


def draft_appointment(
    stamp: Stamp,
    *,
    patient_id: UUID,
    on: date,
    at: time | None = None,
    with_whom: str = "",
    clinic_id: UUID | None = None,
) -> Appointment:
    """A planned visit, not yet stored. What writes many of them records, audits and announces them itself."""
    return stamped(
        Appointment, stamp, patient_id=patient_id, on=on, at=at, with_whom=with_whom.strip()[:200], clinic_id=clinic_id
    )
