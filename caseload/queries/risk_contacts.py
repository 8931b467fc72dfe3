"""When those at risk were last spoken with."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from uuid import UUID

from django.db.models import Max

from caseload.models import EpisodeStanding


def last_contacts(organization_id: UUID, patient_ids: Collection[UUID]) -> dict[UUID, date]:
    """The last day of a session with each patient who ever had one. One statement."""
    rows = EpisodeStanding.objects.filter(organization_id=organization_id, patient_id__in=patient_ids)
    spoken = rows.filter(last_contact_on__isnull=False).order_by()
    return dict(spoken.values_list("patient_id").annotate(Max("last_contact_on")))
