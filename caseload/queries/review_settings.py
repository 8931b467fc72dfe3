"""What a clinic set about review and recommendations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from caseload.models import ReviewProtocol
from caseload.rules.review_limits import DEADLINE_FIELDS, LIMIT_FIELDS, USUAL_DEADLINES, Deadlines
from caseload.rules.targets import USUAL, OwnLimits


@dataclass(frozen=True)
class ReviewSettings:
    """A clinic's limits of signals (empty where as usual) and deadlines; `changed_at` None: never set."""

    own: OwnLimits = USUAL
    deadlines: Deadlines = USUAL_DEADLINES
    changed_at: datetime | None = None


def review_settings(organization_id: UUID, clinic_id: UUID) -> ReviewSettings:
    """What is in force at a clinic. One statement."""
    row = ReviewProtocol.objects.filter(organization_id=organization_id, clinic_id=clinic_id).first()
    if row is None:
        return ReviewSettings()
    own = OwnLimits(**{name: getattr(row, name) for name in LIMIT_FIELDS})
    deadlines = Deadlines(**{name: getattr(row, name) for name in DEADLINE_FIELDS})
    return ReviewSettings(own, deadlines, row.changed_at)
