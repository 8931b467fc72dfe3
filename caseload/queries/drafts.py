"""What somebody was still writing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bhi.tenancy.models import Membership
from caseload.models import Draft


@dataclass(frozen=True)
class DraftShown:
    """The fields as they were typed, and when they were last kept."""

    typed: dict[str, str]
    saved_at: datetime


def draft_of(patient_id: UUID, *, for_: Membership) -> DraftShown | None:
    """The person's own draft about a patient."""
    found = Draft.objects.filter(organization_id=for_.organization_id, membership=for_, patient_id=patient_id).first()
    return DraftShown(found.typed, found.saved_at) if found is not None else None
