"""A recommendation as its treating clinician is asked: who it is about, why, and until when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from bhi.accounts.queries import people_of
from bhi.tenancy.models import Membership
from caseload.models import CaseReview, EpisodeStanding, Recommendation
from caseload.queries.advice import ReviewAdvice, advice_label, limits_of
from caseload.rules.advice import AdviceLimits, decision_due_on, needs_decision
from caseload.rules.advice_text import Asked
from caseload.rules.clock import short_day
from registry.models import Episode


def asked_sheets(organization_id: UUID, episode: Episode, reviews: tuple[ReviewAdvice, ...]) -> dict[UUID, Asked]:
    """What is asked by each open recommendation of an episode's reviews, by its id. Five statements."""
    wanted = [one.id for review in reviews for one in review.advice if one.is_open and one.episode_id == episode.id]
    if not wanted:
        return {}
    rows = Recommendation.objects.filter(organization_id=organization_id, id__in=wanted).select_related("review")
    people = people_of(organization_id)
    scores = scores_of(organization_id, [episode.id]).get(episode.id, "")
    limits = limits_of(organization_id, episode.clinic_id)
    return {row.id: asked_of(row, row.review, episode, people, scores=scores, limits=limits) for row in rows}


def asked_of(
    row: Recommendation,
    review: CaseReview,
    episode: Episode,
    people: Mapping[UUID, Membership],
    *,
    scores: str,
    limits: AdviceLimits,
) -> Asked:
    """One recommendation for its clinician. `scores` are the patient's, in words."""
    return Asked(
        patient=patient_words(episode),
        ask=row.text.strip() or advice_label(row),
        dose=row.dose,
        if_then=row.if_then,
        why=". ".join(filter(None, (scores, review.impression.strip() or review.question.strip()))),
        by_on=decision_due_on(row.kind, review.on, limits),
        reviewed_on=review.on,
        consultant=_name(review.consultant_id, people),
        care_manager=_name(episode.care_manager_id, people),
        is_decision=needs_decision(row.kind),
    )


def scores_of(organization_id: UUID, episode_ids: Iterable[UUID]) -> dict[UUID, str]:
    """By episode, where its scales began and where they are: `PHQ-9 16 at first, 16 on Feb 20`. One statement."""
    rows = EpisodeStanding.objects.filter(organization_id=organization_id, episode_id__in=list(episode_ids))
    return {row.episode_id: _scores(row) for row in rows}


def patient_words(episode: Episode) -> str:
    """Who it is about, well enough for whoever treats them."""
    patient = episode.patient
    born = f"born {short_day(patient.birth_date)}, {patient.birth_date.year}"
    return f"{patient.given_name} {patient.family_name}, {born}, record {patient.mrn}"


def _scores(row: EpisodeStanding) -> str:
    scales = (
        ("PHQ-9", row.phq9_baseline, row.phq9_last, row.phq9_last_on),
        ("GAD-7", row.gad7_baseline, row.gad7_last, row.gad7_last_on),
    )
    return "; ".join(
        f"{name} {baseline} at first, {last} on {short_day(on)}"
        for name, baseline, last, on in scales
        if baseline is not None and last is not None and on is not None
    )


def _name(seat_id: UUID | None, people: Mapping[UUID, Membership]) -> str:
    return str(people[seat_id]) if seat_id is not None and seat_id in people else ""
