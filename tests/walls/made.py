"""What the access matrix asks for: one maker per kind of object, each for the organization of a seat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Final

from django.utils import timezone

from bhi.files.operations import store
from bhi.jobs.operations import queue
from bhi.tenancy.ids import uuid7
from bhi.tenancy.models import Membership
from billing.models import BillingProvider
from billing.operations.closing import close_month
from billing.operations.merging import merge_patients
from caseload.models import CaseReview
from caseload.operations.summary_files import ask_for_summary, keep_summary
from registry.models import Episode, Patient
from registry.rules.links import long_address, secret_sha256
from tests.billing.people import AT, program
from tests.factories.billing import (
    BatchFactory,
    BilledLineFactory,
    ClaimFactory,
    LookBackFactory,
    OtherServiceFactory,
    PayerProfileFactory,
    PracticeFileFactory,
    PracticeRowFactory,
    ServiceMonthFactory,
)
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
from tests.factories.claims import (
    AcknowledgementFactory,
    AnswerFileFactory,
    BillingProviderFactory,
    ChargeFeeFactory,
    ChargePostedFactory,
    ClinicianRateFactory,
    DenialFactory,
    PacketFactory,
    PayerFeeFactory,
    ReceiverFactory,
    RefundFactory,
    RemittanceClaimFactory,
    RemittanceFactory,
)
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
    PayerFactory,
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


def month_row(seat: Membership) -> Mapping[str, Any]:
    made = ServiceMonthFactory(organization=seat.organization, episode=episode(seat))
    return {"month": "2026-02", "episode_id": made.episode.id}


def clinic_in_month(seat: Membership) -> Mapping[str, Any]:
    return {"month": "2026-02", "clinic_id": episode(seat).clinic.id}


def look_back(seat: Membership, **fields: Any) -> Mapping[str, Any]:
    """Compared: one line of a patient of ours."""
    made = LookBackFactory(
        organization=seat.organization,
        first_month=date(2026, 2, 1),
        last_month=date(2026, 2, 28),
        summary={"rows": 1, "lines": 1, "problems": [], "questions": []},
        **fields,
    )
    BilledLineFactory(organization=seat.organization, look_back=made, patient=episode(seat).patient)
    return {"look_back_id": made.id}


def look_back_preview(seat: Membership) -> Mapping[str, Any]:
    """Read, and to settle."""
    file = store(
        b"MRN,DOS,CPT\nMRN-77120,02/28/2026,99492\n",
        organization_id=seat.organization.id,
        purpose="look back",
        media_type="text/csv",
        at=NOW,
    )
    return look_back(seat, state="preview", stored_file=file)


def batch(seat: Membership) -> Mapping[str, Any]:
    file = store(
        b"Quuxworth,Zebediah", organization_id=seat.organization.id, purpose="batch", media_type="text/csv", at=NOW
    )
    return {"batch_id": BatchFactory(organization=seat.organization, stored_file=file).id}


def packet(seat: Membership) -> Mapping[str, Any]:
    """Made, and not expired."""
    of = {"organization": seat.organization, "episode": episode(seat)}
    made = PacketFactory(**of, asked_by=seat, made_at=NOW, content_sha256="ab" * 32)
    made.stored_file = store(
        b"Quuxworth, Zebediah",
        organization_id=seat.organization.id,
        purpose=f"packet {made.id.hex}",
        media_type="application/pdf",
        at=NOW,
        expires_at=timezone.now() + timedelta(days=1),
    )
    made.save(update_fields=["stored_file"])
    return {"packet_id": made.id}


def packet_part(seat: Membership) -> Mapping[str, Any]:
    return {**packet(seat), "part": "1"}


def packet_list(seat: Membership) -> Mapping[str, Any]:
    packet(seat)
    return {}


def logo(seat: Membership) -> Mapping[str, Any]:
    """One for all seats of the organization."""
    if BillingProvider.objects.filter(organization=seat.organization).exists():
        return {}
    file = store(b"a picture", organization_id=seat.organization.id, purpose="logo", media_type="image/png", at=NOW)
    BillingProviderFactory(organization=seat.organization, logo=file)
    return {}


def denial(seat: Membership) -> Mapping[str, Any]:
    claim = ClaimFactory(organization=seat.organization, episode=episode(seat))
    return {"denial_id": DenialFactory(organization=seat.organization, remittance_claim__claim=claim).id}


def denial_list(seat: Membership) -> Mapping[str, Any]:
    denial(seat)
    return {}


def refund(seat: Membership) -> Mapping[str, Any]:
    claim = ClaimFactory(organization=seat.organization, episode=episode(seat))
    return {"refund_id": RefundFactory(organization=seat.organization, claim=claim).id}


def refund_list(seat: Membership) -> Mapping[str, Any]:
    refund(seat)
    return {}


def filed_claim(seat: Membership) -> Mapping[str, Any]:
    of_seat = episode(seat)
    number = f"00001-00001-{uuid7().hex[-6:].upper()}"
    made = ClaimFactory(organization=seat.organization, episode=of_seat, control_number=number, number=1)
    return {"claim_id": made.id}


def payer(seat: Membership) -> Mapping[str, Any]:
    return {"payer_id": PayerFactory(organization=seat.organization, name=f"Northwind {uuid7()}").id}


def payer_profile(seat: Membership) -> Mapping[str, Any]:
    profile = PayerProfileFactory(organization=seat.organization, payer__name=f"Northwind {uuid7()}", set_by=seat)
    return {"payer_id": profile.payer_id, "profile_id": profile.id}


def other_service(seat: Membership) -> Mapping[str, Any]:
    standing = EpisodeStandingFactory(organization=seat.organization, episode=episode(seat))
    service = OtherServiceFactory(organization=seat.organization, patient=standing.patient, biller="Zebediah")
    return {"patient_id": standing.patient.id, "service_id": service.id}


def practice_file(seat: Membership) -> Mapping[str, Any]:
    file = PracticeFileFactory(organization=seat.organization)
    PracticeRowFactory(organization=seat.organization, file=file, fate="visit", patient=episode(seat).patient)
    return {"file_id": file.id}


def import_run(seat: Membership) -> Mapping[str, Any]:
    return {"run_id": ImportRunFactory(organization=seat.organization).id}


def import_mapping(seat: Membership) -> Mapping[str, Any]:
    return {"mapping_id": ImportMappingFactory(organization=seat.organization).id}


def job(seat: Membership) -> Mapping[str, Any]:
    """Of the seat itself: progress is for the person who started it."""
    return {"job_id": queue("test", organization_id=seat.organization.id, key=str(seat.id), at=NOW, owner=seat)}


def receiver(seat: Membership) -> Mapping[str, Any]:
    return {"receiver_id": ReceiverFactory(organization=seat.organization).id}


def charge_fee(seat: Membership) -> Mapping[str, Any]:
    return {"fee_id": ChargeFeeFactory(organization=seat.organization).id}


def payer_fee(seat: Membership) -> Mapping[str, Any]:
    fee = PayerFeeFactory(organization=seat.organization)
    return {"payer_id": fee.payer.id, "fee_id": fee.id}


def clinician_rate(seat: Membership) -> Mapping[str, Any]:
    return {"rate_id": ClinicianRateFactory(organization=seat.organization).id}


def answer_file(seat: Membership) -> Mapping[str, Any]:
    """A remittance of one claim, with its bytes."""
    content = store(b"ISA", organization_id=seat.organization.id, purpose="answer", media_type="text/plain", at=NOW)
    file = AnswerFileFactory(organization=seat.organization, stored_file=content)
    claim = ClaimFactory(organization=seat.organization, episode=episode(seat))
    remittance = RemittanceFactory(organization=seat.organization, file=file, position=1)
    RemittanceClaimFactory(organization=seat.organization, remittance=remittance, claim=claim)
    return {"file_id": file.id}


def answer_claim(seat: Membership) -> Mapping[str, Any]:
    """A payment of a claim that nobody knows."""
    names = {"patient": "Quuxworth, Zebediah"}
    row = RemittanceClaimFactory(organization=seat.organization, claim=None, names=names)
    return {"remittance_claim_id": row.id}


def answers_to_match(seat: Membership) -> Mapping[str, Any]:
    answer_claim(seat)
    return {}


def acknowledgement(seat: Membership) -> Mapping[str, Any]:
    """What was said of a claim that nobody knows."""
    return {"acknowledgement_id": AcknowledgementFactory(organization=seat.organization, claim=None).id}


def closed_charge_of_one(seat: Membership) -> Mapping[str, Any]:
    """A month that bills, closed at its clinic."""
    people = program(seat.organization, ClinicFactory(organization=seat.organization))
    made = people.billing_patient("Quuxworth", mrn="MRN-77120")
    Patient.objects.filter(id=made.patient_id).update(given_name="Zebediah")
    close_month(by=people.by, at=AT, clinic_id=people.clinic.id, month="2026-02", note="Seen.", client_token=uuid7())
    return {"month": "2026-02", "episode_id": made.id}


def closed_charge(seat: Membership) -> Mapping[str, Any]:
    return {"month": closed_charge_of_one(seat)["month"]}


def posted_charge(seat: Membership) -> Mapping[str, Any]:
    made = ChargePostedFactory(organization=seat.organization, episode=episode(seat))
    return {"month": "2026-02", "posted_id": made.id}


def closed_list(seat: Membership) -> Mapping[str, Any]:
    """A list that was compared with what was closed."""
    return look_back(seat, against="closed")
