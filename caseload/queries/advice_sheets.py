"""A recommendation as its treating clinician is asked: who it is about, why, and until when."""

from __future__ import annotations

from uuid import UUID

from bhi.accounts.queries import people_of
from caseload.models import EpisodeStanding
from caseload.queries.advice import ReviewAdvice, limits_of
from caseload.rules.advice import decision_due_on
from caseload.rules.advice_text import Asked
from caseload.rules.clock import short_day
from registry.models import Episode


def asked_sheets(organization_id: UUID, episode: Episode, reviews: tuple[ReviewAdvice, ...]) -> dict[UUID, Asked]:
    """What is asked by each open recommendation of an episode's reviews, by its id. Three statements."""
    limits = limits_of(organization_id, episode.clinic_id)
    people = people_of(organization_id)
    manager = str(people[episode.care_manager_id]) if episode.care_manager_id in people else ""
    scores = _scores(episode)
    return {
        one.id: Asked(
            patient=_patient(episode),
            ask=one.ask,
            dose=one.dose,
            if_then=one.if_then,
            why=". ".join(filter(None, (scores, review.impression.strip() or review.question.strip()))),
            by_on=decision_due_on(one.kind, one.proposed_on, limits),
            reviewed_on=review.on,
            consultant=review.consultant,
            care_manager=manager,
            is_decision=one.needs_decision,
        )
        for review in reviews
        for one in review.advice
        if one.is_open and one.episode_id == episode.id
    }


def _patient(episode: Episode) -> str:
    patient = episode.patient
    born = f"born {short_day(patient.birth_date)}, {patient.birth_date.year}"
    return f"{patient.given_name} {patient.family_name}, {born}, record {patient.mrn}"


def _scores(episode: Episode) -> str:
    """`PHQ-9 16 at baseline, 16 on Feb 20`."""
    rows = EpisodeStanding.objects.filter(organization_id=episode.organization_id, episode_id=episode.id)
    row = rows.first()
    if row is None:
        return ""
    scales = (
        ("PHQ-9", row.phq9_baseline, row.phq9_last, row.phq9_last_on),
        ("GAD-7", row.gad7_baseline, row.gad7_last, row.gad7_last_on),
    )
    return "; ".join(
        f"{name} {baseline} at first, {last} on {short_day(on)}"
        for name, baseline, last, on in scales
        if baseline is not None and last is not None and on is not None
    )
