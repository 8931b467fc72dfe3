"""The case summaries that were made for paper and not discarded yet."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from bhi.errors import NotFound
from bhi.files.models import StoredFile

PURPOSE = "summary "


def purpose_of(episode_id: UUID) -> str:
    """What a stored summary is kept as: so it is found by its episode, and by nobody else's."""
    return f"{PURPOSE}{episode_id.hex}"


def summary_file(organization_id: UUID, episode_id: UUID, *, at: datetime) -> StoredFile:
    """The episode's summary that was made last and has not expired. Raises NotFound."""
    kept = StoredFile.objects.filter(organization_id=organization_id, purpose=purpose_of(episode_id), expires_at__gt=at)
    file: StoredFile | None = kept.order_by("-stored_at").first()
    if file is None:
        raise NotFound
    return file
