"""Recommendations whose next step is late, for a clinic lead, and how well loops close."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from bhi.accounts.queries import people_of
from caseload.models import Recommendation, RecommendationStep
from caseload.queries.advice import advice_label
from caseload.rules.advice import (
    CARRIED_OUT,
    CLOSED,
    DECISIONS,
    DECLINED,
    OPEN_STATES,
    PROPOSED,
    SENT,
    UNDECIDED,
    goes_ahead,
    needs_decision,
)
from caseload.rules.advice_measures import WINDOW_DAYS, Loop, LoopMeasures, loop_measures
from caseload.rules.clock import local_date

_DOING = "Carrying it out"
_WAITS_FOR = {
    PROPOSED: "Asking the clinician",
    SENT: "The clinician’s answer",
    DECLINED: "The next review",
    CARRIED_OUT: "Telling the patient",
}


@dataclass(frozen=True)
class OverdueAdvice:
    """One that is late: whose, what is waited for, since when, and who it hangs on."""

    patient_id: UUID
    patient: str
    ask: str
    label: str
    waits_for: str
    due_on: date
    today: date
    clinician: str
    care_manager: str


@dataclass(frozen=True)
class LoopsShown:
    """What is late, the latest first, and the measures."""

    overdue: tuple[OverdueAdvice, ...]
    measures: LoopMeasures


def loops_shown(organization_id: UUID, *, at: datetime) -> LoopsShown:
    """Every late recommendation of the organization and its measures. Four statements for any number."""
    # No clinic's day is later than this: what is late in any of them is read, and the clinic's own day decides.
    latest = (at + timedelta(days=1)).date()
    rows = Recommendation.objects.live().filter(
        organization_id=organization_id, review__voided_at=None, state__in=OPEN_STATES, due_on__lt=latest
    )
    related = rows.select_related(
        "review__episode__patient", "review__episode__clinic", "review__episode__treating_clinician"
    )
    people = {seat_id: seat.name for seat_id, seat in people_of(organization_id).items()}
    late = [_overdue(row, at, people) for row in related.order_by("due_on", "id")]
    overdue = tuple(one for one in late if one.due_on < one.today)
    return LoopsShown(overdue, loop_measures(_loops(organization_id, latest), local_date(at, ZoneInfo("UTC"))))


def _loops(organization_id: UUID, latest: date) -> list[Loop]:
    rows = Recommendation.objects.live().filter(
        organization_id=organization_id, review__voided_at=None, review__on__gte=latest - timedelta(WINDOW_DAYS + 1)
    )
    kinds = rows.values_list("id", "kind", "review__on")
    proposed = {one: on for one, kind, on in kinds if needs_decision(kind)}
    steps = RecommendationStep.objects.live().filter(
        organization_id=organization_id, recommendation_id__in=list(proposed), state__in=[*DECISIONS, CLOSED]
    )
    taken: dict[UUID, dict[str, date]] = defaultdict(dict)
    for recommendation_id, state, on in steps.values_list("recommendation_id", "state", "on"):
        taken[recommendation_id][state] = on
    return [_loop(on, taken[one]) for one, on in proposed.items()]


def _loop(proposed_on: date, steps: dict[str, date]) -> Loop:
    decided = next((on for state, on in steps.items() if state in DECISIONS), None)
    return Loop(proposed_on, decided, DECLINED in steps, steps.get(CLOSED))


def _overdue(row: Recommendation, at: datetime, people: dict[UUID, str]) -> OverdueAdvice:
    episode = row.review.episode
    assert row.due_on is not None
    is_ours = row.state in UNDECIDED and goes_ahead(row.kind)
    return OverdueAdvice(
        patient_id=episode.patient_id,
        patient=f"{episode.patient.family_name}, {episode.patient.given_name}",
        ask=row.text.strip() or advice_label(row),
        label=advice_label(row),
        waits_for=_DOING if is_ours else _WAITS_FOR.get(row.state, _DOING),
        due_on=row.due_on,
        today=local_date(at, ZoneInfo(episode.clinic.time_zone)),
        clinician=str(episode.treating_clinician or ""),
        care_manager=people[episode.care_manager_id] if episode.care_manager_id else "",
    )
