"""The next thing due for an episode."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from bhi.errors import NotFound
from caseload.models import FollowUp


@dataclass(frozen=True)
class NextDue:
    """When something is due next, what it will cover, and who does it where that is not the care manager."""

    on: date
    purpose: str
    id: UUID
    assigned_to_id: UUID | None = None


def next_due(episode_id: UUID) -> NextDue | None:
    """The earliest open follow-up of an episode."""
    opened = FollowUp.objects.live().filter(episode_id=episode_id, closed_on__isnull=True)
    found = opened.order_by("due_on", "id").values_list("due_on", "purpose", "id", "assigned_to_id").first()
    return NextDue(*found) if found else None


def locked_follow_up(follow_up_id: UUID, organization_id: UUID) -> FollowUp:
    """A live follow-up, open or closed, that nobody else changes until the transaction ends. Raises NotFound."""
    found = FollowUp.objects.live().filter(organization_id=organization_id, id=follow_up_id)
    row: FollowUp | None = found.select_for_update(of=("self",), no_key=True).select_related("episode__clinic").first()
    if row is None:
        raise NotFound
    return row
