"""What was put off, and until when."""

from __future__ import annotations

from uuid import UUID

from bhi.errors import NotFound
from caseload.models import Snooze


def snooze_of(snooze_id: UUID, organization_id: UUID) -> Snooze:
    """A live one, with its episode. Raises NotFound."""
    found = Snooze.objects.live().filter(organization_id=organization_id, id=snooze_id)
    row: Snooze | None = found.select_related("episode").first()
    if row is None:
        raise NotFound
    return row
