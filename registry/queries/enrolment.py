"""What an enrolment rests on, as the checklist and the pages around it show it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, QuerySet

from bhi.tenancy.models import Membership
from registry.models import (
    Assessment,
    CarePlan,
    ClosingNote,
    Consent,
    ConsentForm,
    Coverage,
    EndReason,
    Episode,
    EpisodeStatus,
    InitialAssessment,
    InitiatingVisit,
    Patient,
    PlanSignOff,
    Program,
    ProgramPeriod,
    RelapsePlan,
    RelatedPerson,
    SafetyPlan,
)
from registry.queries.consents import consents_of, covering, insured_by
from registry.queries.diagnoses import DiagnosisShown, diagnoses_of
from registry.queries.earlier import EarlierEpisode
from registry.rules.consent import COST_WORDS, cost_kind, is_for_another
from registry.rules.enrolment import (
    DEFAULT_TARGETS,
    VISIT_CODES,
    Checklist,
    Enrolment,
    baseline_of,
    checklist,
    is_visit_needed,
)
from registry.rules.identifiers import is_npi
from registry.rules.instruments import INSTRUMENTS, TARGET_SCALES, instrument


@dataclass(frozen=True)
class EnrolmentShown:
    """The enrolment page: the checklist and what it rests on."""

    checklist: Checklist
    consents: tuple[Consent, ...]
    visits: tuple[InitiatingVisit, ...]
    diagnoses: tuple[DiagnosisShown, ...]
    earlier: tuple[EarlierEpisode, ...]
    targets: tuple[str, ...]
    cost: str


def enrolment_shown(patient: Patient, episode: Episode | None, *, zone: ZoneInfo, today: date) -> EnrolmentShown:
    """Everything that the enrolment page shows. At most eight statements."""
    consents = consents_of(patient.id)
    visits = visits_of(patient.id)
    diagnoses = diagnoses_of(episode)
    scores = _scores(patient.id)
    coverages = coverages_of(patient.id)
    episodes = list(_episodes(patient.id))
    present = next((one for one in episodes if episode is not None and one.id == episode.id), None)
    known = _known(patient, present, consents, visits, diagnoses, scores, coverages, zone=zone, today=today)
    notes = _closing_notes([one for one in episodes if one.ended_on is not None])
    return EnrolmentShown(
        checklist=checklist(known),
        consents=tuple(consents),
        visits=tuple(visits),
        diagnoses=tuple(diagnoses),
        earlier=tuple(_earlier(one, notes.get(one.id), scores) for one in episodes if one.ended_on is not None),
        targets=tuple(instrument(key).name for key in targets_of(episode)),
        cost=COST_WORDS[cost_kind(insured_by(coverages))]["en"],
    )


def targets_of(episode: Episode | None) -> tuple[str, ...]:
    """The scales that an episode is steered by: those chosen, else PHQ-9 and GAD-7."""
    chosen = tuple(key for key in (episode.target_instruments if episode is not None else ()) if key in INSTRUMENTS)
    return chosen or DEFAULT_TARGETS


def program_periods(episode: Episode) -> list[tuple[date, str]]:
    """From when the episode was in which program, in words, the latest first. One statement."""
    rows = ProgramPeriod.objects.live().filter(episode=episode).order_by("-from_on")
    return [(row.from_on, str(Program(row.program).label)) for row in rows]


def visits_of(patient_id: UUID) -> list[InitiatingVisit]:
    """A patient's visits that may begin the services, the latest first. One statement."""
    rows = InitiatingVisit.objects.live().filter(patient_id=patient_id).select_related("treating_clinician")
    return list(rows.order_by("-on", "-id"))


def coverages_of(patient_id: UUID) -> list[Coverage]:
    """A patient's open insurances in the order in which they pay. One statement."""
    rows = Coverage.objects.live().filter(patient_id=patient_id, until_on__isnull=True)
    return list(rows.select_related("payer").order_by("rank"))


def day_words(on: date) -> str:
    """`Oct 12, 2026`."""
    return f"{on:%b} {on.day}, {on.year}"


def _episodes(patient_id: UUID) -> QuerySet[Episode]:
    """All enrolments, the latest first, each with which of its papers there are."""
    of_episode, of_patient = {"episode_id": OuterRef("id")}, {"patient_id": OuterRef("patient_id")}
    contacts = RelatedPerson.objects.live().filter(**of_patient, is_emergency_contact=True)
    signed = PlanSignOff.objects.live().filter(plan__episode_id=OuterRef("id"), plan__voided_at__isnull=True)
    rows = (
        Episode.objects.live()
        .filter(patient_id=patient_id)
        .annotate(
            has_initial=Exists(InitialAssessment.objects.live().filter(**of_episode)),
            has_plan=Exists(CarePlan.objects.live().filter(**of_episode)),
            has_signed_plan=Exists(signed),
            has_relapse_plan=Exists(RelapsePlan.objects.live().filter(**of_episode)),
            has_safety_plan=Exists(SafetyPlan.objects.live().filter(**of_patient)),
            has_emergency_contact=Exists(contacts),
        )
    )
    related: QuerySet[Episode] = rows.select_related("treating_clinician", "care_manager")
    return related.order_by("-enrolled_on", "-id")


Scores = Sequence[tuple[str, date, int | None, int | None]]


def _scores(patient_id: UUID) -> Scores:
    """Instrument, day, total and item 9 of every score, in order. One statement."""
    rows = Assessment.objects.live().filter(patient_id=patient_id).order_by("on", "recorded_at", "id")
    return list(rows.values_list("instrument", "on", "total", "item9"))


def _known(
    patient: Patient,
    episode: Episode | None,
    consents: Sequence[Consent],
    visits: Sequence[InitiatingVisit],
    diagnoses: Sequence[DiagnosisShown],
    scores: Scores,
    coverages: Sequence[Coverage],
    *,
    zone: ZoneInfo,
    today: date,
) -> Enrolment:
    clinician = episode.treating_clinician if episode is not None else None
    consent = covering(consents, today)
    baselines, missing = _baselines(scores, episode)
    first = coverages[0] if coverages else None
    visit = _serving_visit(visits, today)
    return Enrolment(
        consent=consent_words(consent, zone) if consent is not None else "",
        consent_fault=_consent_fault(consents, consent),
        billing_clinician=str(clinician) if clinician is not None else "",
        needs_new_consent=consent is not None
        and is_for_another(consent.treating_clinician_id, clinician.id if clinician is not None else None),
        visit=_visit_words(visit) if visit is not None else "",
        needs_visit=is_visit_needed(_began(episode, today), visit.on if visit is not None else None),
        diagnosis=", ".join(one.code for one in diagnoses),
        diagnosis_is_behavioral=any(one.is_behavioral for one in diagnoses[:1]),
        diagnosis_is_confirmed=any(one.confirmed_on is not None for one in diagnoses[:1]),
        program=str(Program(episode.program).label) if episode is not None else "",
        has_npi=clinician is not None and is_npi(clinician.npi),
        care_manager=episode.care_manager.name if episode is not None and episode.care_manager is not None else "",
        insurance=first.payer.name if first is not None else "",
        needs_member_id=first is not None and not first.payer.is_self_pay,
        member_id=first.member_id if first is not None else "",
        baselines=baselines,
        missing_baselines=missing,
        initial_assessment=_said(episode, "has_initial"),
        care_plan=_said(episode, "has_plan"),
        care_plan_is_signed=bool(_said(episode, "has_signed_plan")),
        is_safety_plan_needed=_last_item9(scores) > 0,
        safety_plan=_said(episode, "has_safety_plan"),
        is_relapse_plan_needed=episode is not None and episode.status == EpisodeStatus.RELAPSE_PREVENTION,
        relapse_plan=_said(episode, "has_relapse_plan"),
        emergency_contact=_said(episode, "has_emergency_contact"),
        mrn=patient.mrn,
    )


def _said(episode: Episode | None, paper: str) -> str:
    return "On record" if episode is not None and getattr(episode, paper) else ""


def _began(episode: Episode | None, today: date) -> date:
    return episode.enrolled_on if episode is not None else today


def consent_words(consent: Consent, zone: ZoneInfo) -> str:
    """`Verbal, Oct 12, 2026, for Ana Rivera, MD`."""
    words = f"{ConsentForm(consent.form).label}, {day_words(consent.given_at.astimezone(zone).date())}"
    return f"{words}, for {consent.treating_clinician}" if consent.treating_clinician is not None else words


def _consent_fault(consents: Sequence[Consent], covering_one: Consent | None) -> str:
    if covering_one is not None or not consents:
        return ""
    revoked_on = consents[0].revoked_on
    assert revoked_on is not None
    return f"Taken back on {day_words(revoked_on)}"


def _serving_visit(visits: Iterable[InitiatingVisit], today: date) -> InitiatingVisit | None:
    """The latest visit with the billing practitioner that can begin the services; one without its code may."""
    codes = {"", *VISIT_CODES}
    return next(
        (one for one in visits if one.is_by_billing_practitioner and one.code in codes and one.on <= today), None
    )


def _visit_words(visit: InitiatingVisit) -> str:
    return f"{visit.code or 'Code not recorded'}, {day_words(visit.on)}"


def _baselines(scores: Scores, episode: Episode | None) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """The chosen scales with a baseline, in words, and those without."""
    found: list[tuple[str, str]] = []
    missing: list[str] = []
    for key in targets_of(episode):
        scale = instrument(key)
        totals = [(on, total) for which, on, total, _ in scores if _counts_as(which) == key and total is not None]
        first = baseline_of(totals, episode.enrolled_on) if episode is not None else None
        if first is None:
            missing.append(scale.name)
        else:
            found.append((scale.name, f"{first[1]}, {day_words(first[0])}"))
    return tuple(found), tuple(missing)


def _counts_as(key: str) -> str:
    known = INSTRUMENTS.get(key)
    return known.scale_key if known is not None else key


def _last_item9(scores: Scores) -> int:
    return next((item9 for _, _, _, item9 in reversed(scores) if item9 is not None), 0)


def _closing_notes(ended: Sequence[Episode]) -> dict[UUID, ClosingNote]:
    if not ended:
        return {}
    return {note.episode_id: note for note in ClosingNote.objects.live().filter(episode__in=ended)}


def _earlier(episode: Episode, note: ClosingNote | None, scores: Scores) -> EarlierEpisode:
    assert episode.ended_on is not None
    return EarlierEpisode(
        id=episode.id,
        program=str(Program(episode.program).label),
        enrolled_on=episode.enrolled_on,
        ended_on=episode.ended_on,
        reason=str(EndReason(episode.end_reason).label),
        summary=note.summary if note is not None else "",
        way_back=note.way_back if note is not None else "",
        scores=tuple(_last_scores(episode.enrolled_on, episode.ended_on, scores)),
    )


def _last_scores(enrolled_on: date, ended_on: date, scores: Scores) -> list[tuple[str, int | None, date]]:
    last = {
        key: (instrument(key).name, total, on)
        for key, on, total, _ in scores
        if enrolled_on <= on <= ended_on and key in TARGET_SCALES
    }
    return [last[key] for key in sorted(last)]


def care_manager_named_by(organization_id: UUID, seat_id: str) -> Membership | None:
    """The seat of a choice; None where none was chosen."""
    found = Membership.objects.filter(organization_id=organization_id, is_active=True)
    return found.filter(id=seat_id).first() if seat_id else None
