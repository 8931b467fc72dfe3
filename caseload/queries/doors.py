"""The doors to single objects: what is absent and what is another organization's are the same."""

from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo

from bhi.errors import NotFound
from registry.models import Episode


def clinic_zone(organization_id: UUID, episode_id: UUID) -> ZoneInfo:
    """The time zone of an episode's clinic. Raises NotFound."""
    found = Episode.objects.live().filter(organization_id=organization_id, id=episode_id)
    name = found.values_list("clinic__time_zone", flat=True).first()
    if name is None:
        raise NotFound
    return ZoneInfo(name)
