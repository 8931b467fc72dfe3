"""What waits for a treating clinician who signs in, and their patients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q

from bhi.accounts.queries import people_of
from caseload.models import ClinicianRequest, EpisodeStanding, Recommendation, RecommendationStep, ReviewProtocol
from caseload.queries.advice import advice_label
from caseload.queries.advice_sheets import asked_of, scores_of
from caseload.rules.advice import CARRIED_OUT, DECISIONS, GOES_AHEAD, UNDECIDED, USUAL, AdviceLimits, needs_decision
from caseload.rules.advice_text import Asked
from caseload.rules.clock import local_date
from caseload.rules.states import STATE_LABELS
from registry.models import Episode, TreatingClinician
from registry.queries.sign_offs import PlanToSign, plans_to_sign

# So long what the care manager does without asking is told.
_TOLD_DAYS = 30


@dataclass(frozen=True)
class ToDecide:
    """A recommendation for a clinician's decision."""

    id: UUID
    patient_id: UUID
    kind: str
    label: str
    asked: Asked
    today: date
    is_overdue: bool


@dataclass(frozen=True)
class Inbox:
    """What a seat is asked, the overdue first; what it is only told; None of it for a seat that treats nobody."""

    is_linked: bool
    to_decide: tuple[ToDecide, ...] = ()
    told: tuple[ToDecide, ...] = ()
    plans: tuple[PlanToSign, ...] = ()

    @property
    def patient_ids(self) -> set[UUID]:
        """Of whom something is shown."""
        of_plans = {one.episode.patient_id for one in self.plans}
        return {one.patient_id for one in (*self.to_decide, *self.told)} | of_plans


@dataclass(frozen=True)
class OwnPatient:
    """A clinician's patient: the scales, the last and the next contact, and what is asked of the clinician."""

    patient_id: UUID
    name: str
    about: str
    today: date
    standing: EpisodeStanding | None
    response: str
    asked: tuple[str, ...] = field(default=())


def clinicians_of_seat(organization_id: UUID, seat_id: UUID) -> list[UUID]:
    """The treating clinicians who sign in with a seat: one, or nobody. One statement."""
    found = TreatingClinician.objects.filter(organization_id=organization_id, membership_id=seat_id)
    return list(found.values_list("id", flat=True))


def inbox(organization_id: UUID, seat_id: UUID, *, at: datetime) -> Inbox:
    """What waits for a seat. Eight statements for any number."""
    clinicians = clinicians_of_seat(organization_id, seat_id)
    if not clinicians:
        return Inbox(is_linked=False)
    found = _asked(organization_id, clinicians, at=at)
    return Inbox(
        is_linked=True,
        to_decide=tuple(one for one in found if one.asked.is_decision),
        told=tuple(one for one in found if not one.asked.is_decision),
        plans=plans_to_sign(organization_id, clinicians),
    )


def own_patients(organization_id: UUID, seat_id: UUID, *, at: datetime) -> tuple[OwnPatient, ...] | None:
    """The patients whom a seat treats and who are in the program, by name; None where it treats nobody.

    Seven statements for any number.
    """
    clinicians = clinicians_of_seat(organization_id, seat_id)
    if not clinicians:
        return None
    of = {"organization_id": organization_id, "ended_on__isnull": True, "treating_clinician_id__in": clinicians}
    episodes = list(Episode.objects.live().filter(**of).select_related("patient", "clinic"))
    ids = [one.id for one in episodes]
    rows = EpisodeStanding.objects.filter(organization_id=organization_id, episode_id__in=ids)
    standings = {row.episode_id: row for row in rows}
    asked = _asked_in_words(organization_id, ids, clinicians)
    by_name = sorted(episodes, key=lambda one: (one.patient.sort_name, one.id))
    return tuple(_own(one, standings.get(one.id), tuple(asked.get(one.id, ())), at) for one in by_name)


def _asked(organization_id: UUID, clinicians: Sequence[UUID], *, at: datetime) -> list[ToDecide]:
    rows = _undecided(organization_id, _was_done(), review__episode__treating_clinician_id__in=clinicians)
    shown = list(rows.select_related("review__episode__patient", "review__episode__clinic"))
    people, limits = people_of(organization_id), _limits(organization_id)
    scores = scores_of(organization_id, {row.review.episode_id for row in shown})
    made = []
    for row in shown:
        episode = row.review.episode
        today = local_date(at, ZoneInfo(episode.clinic.time_zone))
        is_asked = row.state in UNDECIDED and needs_decision(row.kind)
        if not is_asked and row.review.on + timedelta(_TOLD_DAYS) < today:
            continue
        of_clinic = limits.get(episode.clinic_id, USUAL)
        asked = asked_of(
            row, row.review, episode, people, scores=scores.get(row.review.episode_id, ""), limits=of_clinic
        )
        made.append(
            ToDecide(
                id=row.id,
                patient_id=episode.patient_id,
                kind=row.kind,
                label=advice_label(row),
                asked=replace(asked, is_decision=is_asked),
                today=today,
                is_overdue=is_asked and asked.by_on is not None and asked.by_on < today,
            )
        )
    return sorted(made, key=lambda one: (one.asked.by_on or date.max, one.asked.patient, one.id))


def _was_done() -> Q:
    """What the care manager did before the clinician said anything: they are told of it all the same."""
    steps = RecommendationStep.objects.live().filter(
        organization_id=OuterRef("organization_id"), recommendation_id=OuterRef("id")
    )
    is_decided, is_done = Exists(steps.filter(state__in=DECISIONS)), Exists(steps.filter(state=CARRIED_OUT))
    return Q(kind__in=GOES_AHEAD) & Q(is_done) & ~Q(is_decided)


def _undecided(organization_id: UUID, besides: Q | None = None, **of: Any) -> Any:
    asked = Q(state__in=UNDECIDED) if besides is None else Q(state__in=UNDECIDED) | besides
    rows = Recommendation.objects.live().filter(asked, organization_id=organization_id, **of)
    return rows.filter(review__voided_at=None, review__episode__ended_on=None, review__episode__voided_at=None)


def _limits(organization_id: UUID) -> Mapping[UUID, AdviceLimits]:
    """By clinic, where one has set its own."""
    names = ("medication_decision_days", "medication_told_days", "other_decision_days", "other_told_days")
    rows = ReviewProtocol.objects.filter(organization_id=organization_id).values_list("clinic_id", *names)
    return {clinic_id: AdviceLimits(*days) for clinic_id, *days in rows}


def _asked_in_words(
    organization_id: UUID, episode_ids: Sequence[UUID], clinicians: Sequence[UUID]
) -> Mapping[UUID, list[str]]:
    """By episode: recommendations, plans and questions that wait for the clinician."""
    asked: dict[UUID, list[str]] = {}
    for row in _undecided(organization_id, review__episode_id__in=episode_ids).select_related("review"):
        if needs_decision(row.kind):
            asked.setdefault(row.review.episode_id, []).append(f"Decide: {row.text.strip() or advice_label(row)}")
    for plan in plans_to_sign(organization_id, clinicians):
        asked.setdefault(plan.episode.id, []).append("Read the care plan and agree to it")
    requests = ClinicianRequest.objects.live().filter(
        organization_id=organization_id, episode_id__in=episode_ids, answered_on=None, closed_because=""
    )
    for request in requests.order_by("asked_on", "id"):
        asked.setdefault(request.episode_id, []).append(f"Answer: {request.question}")
    return asked


def _own(episode: Episode, standing: EpisodeStanding | None, asked: tuple[str, ...], at: datetime) -> OwnPatient:
    patient = episode.patient
    state = standing.response_state if standing is not None else ""
    return OwnPatient(
        patient_id=patient.id,
        name=f"{patient.family_name}, {patient.given_name}",
        about=" · ".join(filter(None, (patient.mrn, episode.clinic.name, episode.get_status_display()))),
        today=local_date(at, ZoneInfo(episode.clinic.time_zone)),
        standing=standing,
        response=STATE_LABELS.get(state, ""),
        asked=asked,
    )
