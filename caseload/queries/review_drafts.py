"""Reviews that are being written, as forms begin with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from bhi.errors import NotFound
from caseload.models import ReviewDraft
from caseload.rules.reviews import ReviewText
from registry.models import Episode
from registry.rules.content import from_json


@dataclass(frozen=True)
class DraftOfReview:
    """A draft as it stands; `number` is 0 where there is none. `earlier` are its last savings, by number."""

    number: int = 0
    content: ReviewText = field(default_factory=ReviewText)
    saved_at: datetime | None = None
    saved_by_id: UUID | None = None
    read_by_id: UUID | None = None
    earlier: tuple[tuple[int, ReviewText], ...] = ()

    def based_on(self, number: int) -> ReviewText:
        """What the draft said under a number; nothing where that is not known any more."""
        known = {0: ReviewText(), **dict(self.earlier), self.number: self.content}
        return known.get(number, ReviewText())


def review_draft(organization_id: UUID, episode_id: UUID) -> DraftOfReview:
    """The draft of an episode's next review. One statement."""
    row = ReviewDraft.objects.filter(organization_id=organization_id, episode_id=episode_id).first()
    if row is None:
        return DraftOfReview()
    return DraftOfReview(
        number=row.number,
        content=content_of(row),
        saved_at=row.saved_at,
        saved_by_id=row.saved_by_id,
        read_by_id=row.read_by_id,
        earlier=tuple(earlier_of(row).items()),
    )


def content_of(draft: ReviewDraft) -> ReviewText:
    """What a stored draft says."""
    return from_json(ReviewText, draft.typed)


def earlier_of(draft: ReviewDraft) -> dict[int, ReviewText]:
    """What its last savings said, by number."""
    return {number: from_json(ReviewText, stored) for number, stored in draft.typed.get("earlier", [])}


@dataclass(frozen=True)
class EpisodeOfReview:
    """What the form of a review needs to know of its episode."""

    patient_id: UUID
    born_on: date
    zone: ZoneInfo
    is_open: bool


def episode_of_review(organization_id: UUID, episode_id: UUID) -> EpisodeOfReview:
    """A live episode of the organization. One statement. Raises NotFound."""
    rows = Episode.objects.live().filter(organization_id=organization_id, id=episode_id)
    found: Episode | None = rows.select_related("patient", "clinic").first()
    if found is None:
        raise NotFound
    is_open = found.ended_on is None
    return EpisodeOfReview(found.patient_id, found.patient.birth_date, ZoneInfo(found.clinic.time_zone), is_open)
