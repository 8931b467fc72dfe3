"""Where a patient's accounting of disclosures lies once it was made."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from bhi.errors import NotFound
from bhi.files.models import StoredFile
from registry.models import Patient

PURPOSE: Final = "account "


def accounting_heading(organization_id: UUID, patient_id: UUID) -> dict[str, Any]:
    """Whose accounting it is, for its head. Raises DoesNotExist."""
    found = Patient.objects.select_related("clinic").get(organization_id=organization_id, id=patient_id)
    return {
        "name": found.name,
        "mrn": found.mrn,
        "born_on": found.birth_date,
        "clinic_name": found.clinic.name,
        "time_zone": found.clinic.time_zone,
    }


def purpose_of(patient_id: UUID) -> str:
    """What a stored accounting is kept as: so it is found by its patient, and by nobody else's."""
    return f"{PURPOSE}{patient_id.hex}"


def accounting_file(organization_id: UUID, patient_id: UUID, *, at: datetime) -> StoredFile:
    """The accounting that was made last and has not expired. Raises NotFound."""
    purpose = purpose_of(patient_id)
    kept = StoredFile.objects.filter(organization_id=organization_id, purpose=purpose, expires_at__gt=at)
    file: StoredFile | None = kept.order_by("-stored_at").first()
    if file is None:
        raise NotFound
    return file
