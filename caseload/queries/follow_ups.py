"""The next thing due for an episode."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from caseload.models import FollowUp


@dataclass(frozen=True)
class NextDue:
    """When something is due next, and what it will cover."""

    on: date
    purpose: str


def next_due(episode_id: UUID) -> NextDue | None:
    """The earliest open follow-up of an episode."""
    opened = FollowUp.objects.live().filter(episode_id=episode_id, closed_on__isnull=True)
    found = opened.order_by("due_on", "id").values_list("due_on", "purpose").first()
    return NextDue(*found) if found else None
