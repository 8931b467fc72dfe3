"""What the access matrix asks for: one maker per kind of object, each for the organization of a seat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Final

from django.utils import timezone

from bhi.jobs.operations import queue
from bhi.tenancy.models import Membership
from billing.operations.merging import merge_patients
from caseload.models import CaseReview
from caseload.operations.summary_files import ask_for_summary, keep_summary
from registry.models import Episode, PartTwoProgram
from registry.operations.accountings import ask_for_accounting, keep_accounting
from registry.rules.links import long_address, secret_sha256
from registry.tasks import accounting_paper
from tests.factories.caseload import (
    CaseReviewFactory,
    ContactFactory,
    EpisodeStandingFactory,
    ImportMappingFactory,
    ImportRunFactory,
    RecommendationFactory,
    SavedViewFactory,
    TimeEntryFactory,
)
from tests.factories.going_live import PartTwoMarkFactory, PartTwoProgramFactory
from tests.factories.program import (
    ClinicProtocolFactory,
    DutyTurnFactory,
    HandOffFactory,
    ReferralFactory,
    SafetyNoticeFactory,
    SelfReportFactory,
)
from tests.factories.registry import (
    AssessmentFactory,
    CarePlanFactory,
    ConsentFactory,
    DiagnosisFactory,
    EpisodeFactory,
    InitiatingVisitFactory,
    PatientFactory,
    ProgramPeriodFactory,
    TreatingClinicianFactory,
)
from tests.factories.reviews import AgendaItemFactory, DecisionLinkFactory, ReviewSessionFactory, ReviewSlotFactory
from tests.factories.risk import RiskCaseFactory, RiskDrillFactory
from tests.factories.tenancy import NOW, ClinicFactory
from tests.factories.work import (
    ClinicianRequestFactory,
    CoverFactory,
    ExternalReferralFactory,
    HandOverFactory,
    LetterFactory,
    SnoozeFactory,
    SupervisionFactory,
    TimerFactory,
)

Made = Callable[[Membership], Mapping[str, Any]]

# What a refusal must never contain: planted in every object that is made below, in both organizations.
MARKERS: Final = ("Zebediah", "Quuxworth", "MRN-77120")


def nothing(seat: Membership) -> Mapping[str, Any]:
    return {}


def month(seat: Membership) -> Mapping[str, Any]:
    return {"month": "2026-02"}


def worked_example(seat: Membership) -> Mapping[str, Any]:
    """One of the product's own: the same for every organization."""
    return {"key": "br-01"}


def episode(seat: Membership) -> Any:
    made = EpisodeFactory(
        organization=seat.organization,
        patient__family_name="Quuxworth",
        patient__given_name="Zebediah",
        patient__mrn="MRN-77120",
    )
    ProgramPeriodFactory(organization=seat.organization, episode=made)
    return made


def patient(seat: Membership) -> Mapping[str, Any]:
    """On the caseload list too."""
    standing = EpisodeStandingFactory(organization=seat.organization, episode=episode(seat))
    return {"patient_id": standing.patient.id}


def part_two_program(seat: Membership) -> Mapping[str, Any]:
    """A clinic that is a substance use disorder program."""
    found = PartTwoProgramFactory(
        organization=seat.organization, clinic=ClinicFactory(organization=seat.organization), recorded_by=seat
    )
    return {"program_id": found.id}


def patient_of_program(seat: Membership) -> Mapping[str, Any]:
    """Somebody of a clinic that is a substance use disorder program."""
    found = episode(seat).patient
    if not PartTwoProgram.objects.filter(clinic=found.clinic).exists():
        PartTwoProgramFactory(organization=seat.organization, clinic=found.clinic, recorded_by=seat)
    return {"patient_id": found.id}


def clinic(seat: Membership) -> Mapping[str, Any]:
    return {"clinic_id": episode(seat).clinic.id}


def link(seat: Membership, **fields: Any) -> Any:
    """A printed link to a questionnaire that is open for years."""
    return SelfReportFactory(
        organization=seat.organization,
        patient=episode(seat).patient,
        sent_by="printed",
        expires_at=NOW + timedelta(days=3650),
        **fields,
    )


def questionnaire(seat: Membership) -> Mapping[str, Any]:
    made = link(seat)
    return {"patient_id": made.patient.id, "report_id": made.id}


def address(seat: Membership) -> Mapping[str, Any]:
    """As a patient follows it; the clinic's hours do not matter."""
    secret = bytes(range(16))
    made = link(seat, token_sha256=secret_sha256(secret, is_short=False))
    ClinicProtocolFactory(organization=seat.organization, clinic=made.clinic, outside_hours="notify")
    return {"token": long_address(seat.organization.id, secret)}


def question(seat: Membership) -> Mapping[str, Any]:
    return {**address(seat), "number": 1}


def notice(seat: Membership) -> Mapping[str, Any]:
    return {"notice_id": SafetyNoticeFactory(organization=seat.organization, patient=episode(seat).patient).id}


def notice_list(seat: Membership) -> Mapping[str, Any]:
    notice(seat)
    return {}


def at_risk(seat: Membership) -> Mapping[str, Any]:
    person = episode(seat).patient
    RiskCaseFactory(organization=seat.organization, patient=person, concern="Quuxworth said so")
    return {"patient_id": person.id}


def concern(seat: Membership) -> Mapping[str, Any]:
    return {**at_risk(seat), "act": "open"}


def risk_list(seat: Membership) -> Mapping[str, Any]:
    at_risk(seat)
    return {}


def drill(seat: Membership) -> Mapping[str, Any]:
    return {"drill_id": RiskDrillFactory(organization=seat.organization, begun_by=seat).id}


def duty_turn(seat: Membership) -> Mapping[str, Any]:
    made = DutyTurnFactory(organization=seat.organization, member=seat)
    return {"clinic_id": made.clinic.id, "turn_id": made.id}


def score(seat: Membership) -> Mapping[str, Any]:
    made = AssessmentFactory(organization=seat.organization, episode=episode(seat))
    return {"patient_id": made.patient.id, "assessment_id": made.id}


def consent(seat: Membership) -> Mapping[str, Any]:
    made = ConsentFactory(organization=seat.organization, patient=episode(seat).patient)
    return {"patient_id": made.patient.id, "consent_id": made.id}


def visit(seat: Membership) -> Mapping[str, Any]:
    made = InitiatingVisitFactory(organization=seat.organization, patient=episode(seat).patient)
    return {"patient_id": made.patient.id, "visit_id": made.id}


def diagnosis(seat: Membership) -> Mapping[str, Any]:
    made = DiagnosisFactory(organization=seat.organization, episode=episode(seat))
    return {"patient_id": made.episode.patient.id, "diagnosis_id": made.id}


def unenrolled(seat: Membership) -> Any:
    return PatientFactory(
        organization=seat.organization, family_name="Quuxworth", given_name="Zebediah", mrn="MRN-77120"
    )


def to_enrol(seat: Membership) -> Mapping[str, Any]:
    return {"patient_id": unenrolled(seat).id}


def referral_to_enrol(seat: Membership) -> Mapping[str, Any]:
    return {"referral_id": ReferralFactory(organization=seat.organization, patient=unenrolled(seat)).id}


def caseload(seat: Membership) -> Mapping[str, Any]:
    patient(seat)
    return {}


def worklist(seat: Membership) -> Mapping[str, Any]:
    """Something of safety that is nobody's: it is on everybody's list."""
    made = EpisodeStandingFactory(organization=seat.organization, episode=episode(seat), safety_from=date(2026, 2, 1))
    AssessmentFactory(organization=seat.organization, episode=made.episode, item9=2)
    return {}


def snooze(seat: Membership) -> Mapping[str, Any]:
    return {"snooze_id": SnoozeFactory(organization=seat.organization, episode=episode(seat)).id}


def saved_view(seat: Membership) -> Mapping[str, Any]:
    """The seat's own: nobody else's is there for it."""
    return {"view_id": SavedViewFactory(organization=seat.organization, membership=seat).id}


def discharged(seat: Membership) -> Mapping[str, Any]:
    made = patient(seat)
    gone = {"ended_on": date(2026, 3, 1), "end_reason": "graduated", "status": "discharged"}
    Episode.objects.filter(patient_id=made["patient_id"]).update(**gone)
    return made


def handed_off(seat: Membership) -> Mapping[str, Any]:
    of = episode(seat)
    return {
        "patient_id": of.patient_id,
        "hand_off_id": HandOffFactory(organization=seat.organization, episode=of, to="Quuxworth").id,
    }


def of_patient(factory: Any, name: str, **fields: Any) -> Made:
    """Something that stands around a patient."""

    def made(seat: Membership) -> Mapping[str, Any]:
        whose = episode(seat).patient
        return {"patient_id": whose.id, name: factory(organization=seat.organization, patient=whose, **fields).id}

    return made


def two_patients(seat: Membership) -> Mapping[str, Any]:
    return {"patient_id": episode(seat).patient_id, "other_id": PatientFactory(organization=seat.organization).id}


def merge(seat: Membership) -> Mapping[str, Any]:
    both = two_patients(seat)
    made = merge_patients(by=seat, at=NOW, kept_id=both["patient_id"], merged_id=both["other_id"])
    return {"patient_id": made.kept_id, "merge_id": made.id}


def review_slot(seat: Membership) -> Mapping[str, Any]:
    return {"slot_id": ReviewSlotFactory(organization=seat.organization).id}


def review_of(seat: Membership) -> Mapping[str, Any]:
    """An open patient, as the review queue opens one."""
    made = EpisodeStandingFactory(organization=seat.organization, episode=episode(seat))
    return {"episode_id": made.episode_id}


def in_review(seat: Membership) -> Mapping[str, Any]:
    review_of(seat)
    return {}


def session_of(**fields: Any) -> Made:
    def made(seat: Membership) -> Mapping[str, Any]:
        session = ReviewSessionFactory(organization=seat.organization, consultant=seat, **fields)
        AgendaItemFactory(organization=seat.organization, session=session, episode=episode(seat))
        return {"session_id": session.id}

    return made


def agenda_item(seat: Membership) -> Mapping[str, Any]:
    item = AgendaItemFactory(organization=seat.organization, episode=episode(seat))
    return {"session_id": item.session_id, "item_id": item.id}


live_session = session_of(state="live", began_at=NOW)


def handed_over(seat: Membership) -> Mapping[str, Any]:
    made = HandOverFactory(organization=seat.organization, episode=episode(seat), given_to=seat)
    return {"hand_over_id": made.id}


def cover(seat: Membership) -> Mapping[str, Any]:
    return {"cover_id": CoverFactory(organization=seat.organization, away=seat).id}


def letter(seat: Membership) -> Mapping[str, Any]:
    made = LetterFactory(organization=seat.organization, episode=episode(seat))
    return {"patient_id": made.patient.id, "letter_id": made.id}


def referred(seat: Membership) -> Mapping[str, Any]:
    made = ExternalReferralFactory(organization=seat.organization, episode=episode(seat))
    return {"patient_id": made.patient.id, "sent_id": made.id}


def asked(seat: Membership) -> Mapping[str, Any]:
    made = ClinicianRequestFactory(organization=seat.organization, episode=episode(seat))
    return {"patient_id": made.patient.id, "request_id": made.id}


def section(seat: Membership) -> Mapping[str, Any]:
    return {**patient(seat), "section": "contact"}


def claim_section(seat: Membership) -> Mapping[str, Any]:
    return {**patient(seat), "section": "claims"}


def clinician_of_patient(seat: Membership) -> Mapping[str, Any]:
    return {**patient(seat), **clinician(seat)}


def note(seat: Membership) -> Mapping[str, Any]:
    of = episode(seat)
    return {"contact_id": ContactFactory(organization=seat.organization, episode=of, note="Slept better.", by=seat).id}


def supervised_note(seat: Membership) -> Mapping[str, Any]:
    """Written by somebody whom the seat supervises."""
    made = SupervisionFactory(organization=seat.organization, supervisor=seat, made_by=seat)
    of = episode(seat)
    row = ContactFactory(organization=seat.organization, episode=of, note="Slept better.", by=made.supervised)
    return {"contact_id": row.id}


def notes_to_sign(seat: Membership) -> Mapping[str, Any]:
    supervised_note(seat)
    return {}


def held(seat: Membership) -> Mapping[str, Any]:
    return {"entry_id": TimeEntryFactory(organization=seat.organization, episode=episode(seat), held=True).id}


def held_list(seat: Membership) -> Mapping[str, Any]:
    held(seat)
    return {}


def timer(seat: Membership) -> Mapping[str, Any]:
    """The seat's own, stopped and not saved yet."""
    return {"timer_id": TimerFactory(organization=seat.organization, membership=seat, episode=episode(seat)).id}


def timer_list(seat: Membership) -> Mapping[str, Any]:
    timer(seat)
    return {}


def patient_month(seat: Membership) -> Mapping[str, Any]:
    return {**patient(seat), "month": "2026-02"}


def recommended(seat: Membership) -> Mapping[str, Any]:
    """An open recommendation for a patient."""
    of = episode(seat)
    review = CaseReviewFactory(organization=seat.organization, episode=of, patient=of.patient)
    loop = {"state": "proposed", "state_on": review.on, "due_on": review.on}
    made = RecommendationFactory(organization=seat.organization, review=review, kind="medication", **loop)
    return {"patient_id": of.patient.id, "recommendation_id": made.id}


def signed_review(seat: Membership) -> Mapping[str, Any]:
    of = episode(seat)
    review = CaseReviewFactory(organization=seat.organization, episode=of, patient=of.patient)
    return {"patient_id": of.patient.id, "review_id": review.id}


def summary_job(seat: Membership) -> Mapping[str, Any]:
    """Of the seat itself, as every job's progress."""
    of = episode(seat)
    ids = {"patient_id": of.patient.id, "episode_id": of.id}
    return {"patient_id": of.patient.id, "job_id": ask_for_summary(by=seat, at=NOW, **ids)}


def accounting_job(seat: Membership) -> Mapping[str, Any]:
    """An accounting of disclosures that its owner waits for."""
    of = episode(seat).patient
    return {"patient_id": of.id, "job_id": ask_for_accounting(by=seat, at=NOW, patient_id=of.id)}


def accounting_made(seat: Membership) -> Mapping[str, Any]:
    """Kept from now on, as it was made of a record that 42 CFR part 2 covers."""
    of, at = episode(seat).patient, timezone.now()
    PartTwoMarkFactory(organization=seat.organization, patient=of, recorded_by=seat)
    content = accounting_paper(seat.organization.id, of.id, at=at)
    keep_accounting(organization_id=seat.organization.id, patient_id=of.id, content=content, at=at)
    return {"patient_id": of.id}


def summary_made(seat: Membership) -> Mapping[str, Any]:
    """Kept from now on: it expires after a day."""
    of, at = episode(seat), timezone.now()
    keep_summary(organization_id=seat.organization.id, episode_id=of.id, content=b"%PDF-", at=at)
    return {"patient_id": of.patient.id}


def advised(seat: Membership) -> Mapping[str, Any]:
    return {"patient_id": recommended(seat)["patient_id"]}


def recommendations(seat: Membership) -> Mapping[str, Any]:
    recommended(seat)
    return {}


def reviewed(seat: Membership) -> Mapping[str, Any]:
    made = recommended(seat)
    review = CaseReview.objects.get(patient_id=made["patient_id"])
    return {"patient_id": made["patient_id"], "review_id": review.id}


def decision(seat: Membership) -> Mapping[str, Any]:
    """A clinician's link that is open for years."""
    secret = bytes(range(16, 32))
    review = CaseReview.objects.get(id=reviewed(seat)["review_id"])
    treating = TreatingClinicianFactory(organization=seat.organization)
    Episode.objects.filter(id=review.episode_id).update(treating_clinician_id=treating.id)
    sent = {"token_sha256": secret_sha256(secret, is_short=False), "expires_at": NOW + timedelta(days=3650)}
    DecisionLinkFactory(organization=seat.organization, review=review, clinician=treating, **sent)
    return {"token": long_address(seat.organization.id, secret)}


def asked_of_seat(seat: Membership) -> Mapping[str, Any]:
    """A recommendation for a patient whom the seat treats."""
    made = recommended(seat)
    treats(seat, made["patient_id"])
    return {"recommendation_id": made["recommendation_id"]}


def own_inbox(seat: Membership) -> Mapping[str, Any]:
    asked_of_seat(seat)
    return {}


def plan_of_seat(seat: Membership) -> Mapping[str, Any]:
    made = CarePlanFactory(organization=seat.organization, episode=episode(seat), number=1, text="Walks")
    treats(seat, made.episode.patient.id)
    return {"plan_id": made.id}


def treats(seat: Membership, patient_id: Any) -> None:
    treating = TreatingClinicianFactory(organization=seat.organization, membership=seat)
    Episode.objects.filter(patient_id=patient_id).update(treating_clinician_id=treating.id)


def clinician(seat: Membership) -> Mapping[str, Any]:
    return {"clinician_id": TreatingClinicianFactory(organization=seat.organization).id}


def own_caseload(seat: Membership) -> Mapping[str, Any]:
    Episode.objects.filter(id=episode(seat).id).update(care_manager_id=seat.id)
    return {}


def referral(seat: Membership) -> Mapping[str, Any]:
    """Made by the seat itself: a treating clinician sees no others. It waits for a place."""
    made = ReferralFactory(
        organization=seat.organization,
        recorded_by=seat,
        state="waiting",
        waiting_from=date(2026, 2, 28),
        patient__family_name="Quuxworth",
        patient__given_name="Zebediah",
        patient__mrn="MRN-77120",
    )
    return {"referral_id": made.id}


def referrals(seat: Membership) -> Mapping[str, Any]:
    referral(seat)
    return {}


def import_run(seat: Membership) -> Mapping[str, Any]:
    return {"run_id": ImportRunFactory(organization=seat.organization).id}


def import_mapping(seat: Membership) -> Mapping[str, Any]:
    return {"mapping_id": ImportMappingFactory(organization=seat.organization).id}


def job(seat: Membership) -> Mapping[str, Any]:
    """Of the seat itself: progress is for the person who started it."""
    return {"job_id": queue("test", organization_id=seat.organization.id, key=str(seat.id), at=NOW, owner=seat)}
