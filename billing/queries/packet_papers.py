"""The papers that a month rests on, as a packet lists them: dates, totals and names, never what somebody wrote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from bhi.tenancy.models import Membership
from billing.rules.packet import (
    HOW_ON_RECORD,
    AdviceOn,
    ConsentOn,
    DiagnosisOn,
    PlanOn,
    ReviewOn,
    ScoreOn,
    StepOn,
    VisitOn,
)
from caseload.models import CaseReview, Recommendation, RecommendationStep
from registry.models import (
    Assessment,
    CarePlan,
    Consent,
    Diagnosis,
    Episode,
    InitiatingVisit,
    PlanSignOff,
    TreatingClinician,
)
from registry.rules.instruments.library import INSTRUMENTS

People = Mapping[UUID, Membership]


def clinician_words(clinician: TreatingClinician | None) -> str:
    """`Ana Rivera, MD`; empty where there is nobody."""
    if clinician is None:
        return ""
    return f"{clinician.name}, {clinician.credential}" if clinician.credential else str(clinician.name)


def consents(episode: Episode, people: People, ends_at: datetime, *, as_of: datetime | None) -> Iterable[ConsentOn]:
    """Every consent of the patient given before an instant, the earliest first."""
    rows = _of_patient(Consent, episode, as_of).filter(given_at__lt=ends_at).order_by("given_at", "id")
    for row in rows.select_related("treating_clinician"):
        yield ConsentOn(
            service=row.get_service_display(),
            given_at=row.given_at,
            is_time_known=row.is_time_known,
            form=row.get_form_display(),
            given_by=row.get_given_by_display(),
            clinician=clinician_words(row.treating_clinician),
            taken_by=str(people[row.taken_by_id]) if row.taken_by_id else "",
            revoked_on=row.revoked_on,
        )


def visits(episode: Episode, last_on: date, *, as_of: datetime | None) -> Iterable[VisitOn]:
    """Every visit up to a day, the earliest first."""
    rows = _of_patient(InitiatingVisit, episode, as_of).filter(on__lte=last_on).order_by("on", "id")
    for row in rows.select_related("treating_clinician"):
        whom = "the billing practitioner" if row.is_by_billing_practitioner else "another practitioner"
        name = clinician_words(row.treating_clinician)
        yield VisitOn(on=row.on, code=row.code, with_whom=f"{name} ({whom})" if name else whom.capitalize())


def diagnoses(episode: Episode, last_on: date, *, as_of: datetime | None, tells_reasons: bool) -> Iterable[DiagnosisOn]:
    """The diagnoses of the episode that held by a day, in order of importance. How one was confirmed is somebody's own
    words: `tells_reasons` prints them, else that there are any.
    """
    rows = _of_episode(Diagnosis, episode, as_of).order_by("rank", "code")
    for row in rows.select_related("confirmed_by"):
        if row.from_on is None or row.from_on <= last_on:
            name = clinician_words(row.confirmed_by)
            how = row.confirmed_how if tells_reasons or not row.confirmed_how else HOW_ON_RECORD
            yield DiagnosisOn(row.code, row.from_on, row.confirmed_on, name, how)


def scores(episode: Episode, last_on: date, *, as_of: datetime | None) -> Iterable[ScoreOn]:
    """Totals of the patient's scales up to a day, the earliest first; no answers."""
    rows = _of_patient(Assessment, episode, as_of).filter(on__lte=last_on).order_by("on", "instrument", "id")
    for row in rows.only("instrument", "on", "total", "is_by_patient", "organization_id"):
        known = INSTRUMENTS.get(row.instrument)
        yield ScoreOn(known.name if known else row.instrument, row.on, row.total, row.is_by_patient)


def plans(episode: Episode, last_on: date, *, as_of: datetime | None) -> Iterable[PlanOn]:
    """The dates of the care plan's versions up to a day, with who signed them off."""
    rows = _of_episode(CarePlan, episode, as_of).filter(on__lte=last_on).defer("text", "content")
    signed: dict[UUID, Any] = {}
    signings = PlanSignOff.objects.standing(as_of).filter(
        organization_id=episode.organization_id, plan__episode_id=episode.id
    )
    for one in signings.select_related("treating_clinician").order_by("-on", "-id"):
        signed[one.plan_id] = one
    for row in rows.order_by("on", "number", "id"):
        off = signed.get(row.id)
        name = clinician_words(off.treating_clinician) if off else ""
        yield PlanOn(row.number, row.on, row.is_assumed, name, off.on if off else None)


def reviews(episode: Episode, people: People, last_on: date, *, as_of: datetime | None) -> Iterable[ReviewOn]:
    """The reviews of the episode up to a day, each with what became of its recommendations; no words of either."""
    rows = _of_episode(CaseReview, episode, as_of).filter(on__lte=last_on)
    found = list(rows.order_by("on", "id").defer("question", "summary", "impression"))
    advice = _advice(episode, [row.id for row in found], as_of)
    for row in found:
        consultant = str(people[row.consultant_id]) if row.consultant_id else ""
        yield ReviewOn(row.on, row.signed_as or consultant, row.signed_at, tuple(advice.get(row.id, ())))


def _advice(episode: Episode, review_ids: Sequence[UUID], as_of: datetime | None) -> dict[UUID, list[AdviceOn]]:
    own = {"organization_id": episode.organization_id}
    rows = Recommendation.objects.standing(as_of).filter(review_id__in=review_ids, **own)
    steps: dict[UUID, list[StepOn]] = {}
    taken = RecommendationStep.objects.standing(as_of).filter(recommendation__review_id__in=review_ids, **own)
    for step in taken.defer("text").order_by("at", "id"):
        steps.setdefault(step.recommendation_id, []).append(StepOn(step.get_state_display(), step.on))
    found: dict[UUID, list[AdviceOn]] = {}
    for row in rows.only("review_id", "number", "kind", "organization_id").order_by("number", "id"):
        one = AdviceOn(row.number, row.get_kind_display(), tuple(steps.get(row.id, ())))
        found.setdefault(row.review_id, []).append(one)
    return found


def _of_patient(model: Any, episode: Episode, as_of: datetime | None) -> Any:
    return model.objects.standing(as_of).filter(organization_id=episode.organization_id, patient_id=episode.patient_id)


def _of_episode(model: Any, episode: Episode, as_of: datetime | None) -> Any:
    return model.objects.standing(as_of).filter(organization_id=episode.organization_id, episode_id=episode.id)
