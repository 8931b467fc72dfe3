"""A review being written, by care manager or consultant, kept until the consultant signs it.

Nothing of a draft counts anywhere. Its savings are numbered, and the last few are kept beside it, so that of two people
who type the second is shown what the first wrote (docs/adr/0012).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from bhi.errors import NotFound
from bhi.tenancy.models import Membership, Role
from caseload.models import ReviewDraft
from caseload.operations.review_errors import DraftGone
from caseload.queries.review_drafts import content_of, earlier_of
from caseload.rules.clock import local_date
from caseload.rules.reviews import ReviewText, faults_of_draft
from registry.models import Episode
from registry.operations.plan_errors import ContentRefused, EditedMeanwhile
from registry.rules.content import as_json

MOST_EARLIER = 5


@dataclass(frozen=True)
class DraftKept:
    """The draft's number after saving (0: there is none), and whether this saving made it."""

    number: int
    was_new: bool


@transaction.atomic
def save_review_draft(
    *, by: Membership, at: datetime, episode_id: UUID, based_on: int, content: ReviewText
) -> DraftKept:
    """Keep a review that is being written, after the draft `based_on` (0: the first).

    What the consultant saves, the consultant has read. Not audited, as no draft is: opening the page is, and so is
    signing. Raises EditedMeanwhile when somebody saved another one, DraftGone when it was signed meanwhile,
    ContentRefused, NotFound.
    """
    episode = _locked(by, episode_id)
    born_on = episode.patient.birth_date
    if faults := faults_of_draft(content, today=local_date(at, ZoneInfo(episode.clinic.time_zone)), born_on=born_on):
        raise ContentRefused(faults)
    draft = _draft(by.organization_id, episode_id)
    _refuse_gone(draft, based_on)
    if content == (content_of(draft) if draft else ReviewText()):
        return DraftKept(draft.number if draft else 0, was_new=False)
    if based_on != (draft.number if draft else 0):
        raise EditedMeanwhile
    number = based_on + 1
    signs = Role.PSYCHIATRIC_CONSULTANT in by.roles
    ReviewDraft.objects.update_or_create(
        organization_id=by.organization_id,
        episode_id=episode_id,
        defaults={
            "typed": {**as_json(content), "earlier": _earlier(draft)},
            "number": number,
            "saved_at": at,
            "saved_by": by,
            "read_at": at if signs else None,
            "read_by": by if signs else None,
        },
    )
    return DraftKept(number, was_new=True)


def mark_read(*, by: Membership, at: datetime, episode_id: UUID, number: int) -> bool:
    """The consultant had this number of the draft in view; false when it has gone on since, or nothing was to mark."""
    drafts = ReviewDraft.objects.filter(organization_id=by.organization_id, episode_id=episode_id, number=number)
    return bool(drafts.filter(read_at__isnull=True).update(read_at=at, read_by=by))


def refuse_outdated(organization_id: UUID, episode_id: UUID, *, based_on: int, content: ReviewText) -> None:
    """Raises EditedMeanwhile when the draft that stands is neither the one in view nor what is to be signed, and
    DraftGone when the one in view was signed meanwhile.
    """
    draft = _draft(organization_id, episode_id)
    _refuse_gone(draft, based_on)
    if draft is not None and draft.number != based_on and content_of(draft) != content:
        raise EditedMeanwhile


def _refuse_gone(draft: ReviewDraft | None, based_on: int) -> None:
    """Only signing takes a draft away."""
    if draft is None and based_on:
        raise DraftGone


def _locked(by: Membership, episode_id: UUID) -> Episode:
    """The episode, so that of two savings the second sees what the first kept."""
    rows = Episode.objects.live().filter(organization_id=by.organization_id, id=episode_id)
    locked = rows.select_for_update(of=("self",), no_key=True).select_related("clinic", "patient")
    episode: Episode | None = locked.first()
    if episode is None:
        raise NotFound
    return episode


def _draft(organization_id: UUID, episode_id: UUID) -> ReviewDraft | None:
    found: ReviewDraft | None = ReviewDraft.objects.filter(
        organization_id=organization_id, episode_id=episode_id
    ).first()
    return found


def _earlier(draft: ReviewDraft | None) -> list[list[Any]]:
    """The last savings, by number: what somebody based theirs on has to be known when two are put together."""
    if draft is None:
        return []
    before = [[number, as_json(content)] for number, content in earlier_of(draft).items()]
    return [*before, [draft.number, as_json(content_of(draft))]][-MOST_EARLIER:]
