"""Which episodes a patient has."""

from __future__ import annotations

from uuid import UUID

from registry.models import Episode


def episode_ids_of(patient_id: UUID) -> list[UUID]:
    """The patient's live episodes, the first enrolment first."""
    found = Episode.objects.live().filter(patient_id=patient_id).order_by("enrolled_on", "id")
    return list(found.values_list("id", flat=True))
