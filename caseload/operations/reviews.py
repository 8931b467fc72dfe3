"""Psychiatric case reviews, as far as lists and billing rest on them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.tenancy.models import Membership
from caseload.models import CaseReview, Recommendation
from caseload.operations.errors import RecommendationMissing
from caseload.operations.standing import rebuild_standing
from caseload.operations.timekeeping import announce_months
from caseload.queries.work import episode_at_work
from caseload.rules.clock import month_of
from caseload.rules.worktime import WorkTime
from registry.operations.recording import Stamp, record_facts, stamped

Proposal = tuple[str, str]
"""A recommendation's kind and its text."""


@transaction.atomic
def record_review(
    *,
    by: Membership,
    at: datetime,
    episode_id: UUID,
    on: date,
    recommendations: Sequence[Proposal],
    consultant: Membership | None = None,
    import_id: UUID | None = None,
) -> CaseReview:
    """The review of one patient with its numbered recommendations. Raises RecommendationMissing, NotFound."""
    stamp = Stamp(by, at, import_id)
    episode = episode_at_work(by.organization_id, episode_id, time=WorkTime(on=on), token=episode_id)
    review, *numbered = draft_review(
        stamp,
        patient_id=episode.patient_id,
        episode_id=episode.id,
        on=on,
        recommendations=recommendations,
        consultant=consultant,
    )
    record_facts([review, *numbered])
    record("review.recorded", by=by, at=at, patient_id=episode.patient_id, object_id=review.id, fields=["on"])
    rebuild_standing(organization_id=by.organization_id, episode_ids=[episode.id], at=at)
    announce_months(episode, [month_of(on)], at=at)
    return review


def draft_review(
    stamp: Stamp,
    *,
    patient_id: UUID,
    episode_id: UUID,
    on: date,
    recommendations: Sequence[Proposal],
    consultant: Membership | None = None,
) -> tuple[CaseReview, *tuple[Recommendation, ...]]:
    """A review followed by its recommendations, as they will be stored. Raises RecommendationMissing."""
    if not recommendations:
        raise RecommendationMissing
    review = stamped(CaseReview, stamp, patient_id=patient_id, episode_id=episode_id, on=on, consultant=consultant)
    numbered = (
        stamped(Recommendation, stamp, review=review, number=number, kind=kind, text=text)
        for number, (kind, text) in enumerate(recommendations, start=1)
    )
    return (review, *numbered)
