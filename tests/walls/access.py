"""Who may ask what of which address: the table that the access matrix tries, one line per URL.

Adding a URL: one line in OF_AN_ORGANIZATION (below /o/<slug>/) or OUTSIDE. `roles` are spelled out here on purpose,
apart from bhi.accounts.permissions, so that a slip there shows. `get` and `post` are the answers to a role that may,
with its own object and an empty form; None means that the method is refused with 405. `shows` says whose page it is:
"patient" (an audit row with that patient's id), "count" (an audit row with how many patients), "" (nobody's).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.utils import timezone

from bhi.files.operations import store
from bhi.jobs.operations import queue
from bhi.tenancy.models import Membership
from billing.operations.merging import merge_patients
from caseload.models import CaseReview
from caseload.operations.summary_files import ask_for_summary, keep_summary
from registry.models import Episode
from registry.rules.links import long_address, secret_sha256
from tests.factories.billing import BatchFactory, ServiceMonthFactory
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
from tests.factories.program import (
    ClinicProtocolFactory,
    DutyTurnFactory,
    HandOffFactory,
    RecordNumberFactory,
    ReferralFactory,
    RelatedPersonFactory,
    SafetyNoticeFactory,
    SelfReportFactory,
    StayFactory,
)
from tests.factories.registry import (
    AssessmentFactory,
    CarePlanFactory,
    ConsentFactory,
    CoverageFactory,
    DiagnosisFactory,
    EpisodeFactory,
    InitiatingVisitFactory,
    PatientFactory,
    ProgramPeriodFactory,
    TreatingClinicianFactory,
)
from tests.factories.reviews import AgendaItemFactory, DecisionLinkFactory, ReviewSessionFactory, ReviewSlotFactory
from tests.factories.risk import RiskCaseFactory, RiskDrillFactory
from tests.factories.tenancy import NOW
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

CM, PC, TC, BILLING, LEAD, ADMIN = ROLES = (
    "care_manager",
    "psychiatric_consultant",
    "treating_clinician",
    "billing",
    "clinic_lead",
    "admin",
)
EVERYONE: Final = frozenset(ROLES)
CLINICAL: Final = frozenset({CM, PC, TC, LEAD})
DECIDING: Final = frozenset({TC})
LOGGING: Final = frozenset({CM, LEAD})
IMPORTING: Final = frozenset({CM, LEAD, ADMIN})
MONTHS: Final = frozenset({BILLING, LEAD})
CLAIMS: Final = frozenset({BILLING})
AUDITING: Final = frozenset({ADMIN})
SETTING: Final = frozenset({LEAD, ADMIN})
REVIEWING: Final = frozenset({CM, PC, LEAD})
CONSULTING: Final = frozenset({PC})
SLOTS: Final = frozenset({PC, LEAD, ADMIN})
REFERRING: Final = frozenset({CM, TC, LEAD})
EDITING: Final = frozenset({CM, LEAD})

Made = Callable[[Membership], Mapping[str, Any]]

# What a refusal must never contain: planted in every object that is made below, in both organizations.
MARKERS: Final = ("Zebediah", "Quuxworth", "MRN-77120")


def nothing(seat: Membership) -> Mapping[str, Any]:
    return {}


def month(seat: Membership) -> Mapping[str, Any]:
    return {"month": "2026-02"}


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
    made = CarePlanFactory(organization=seat.organization, episode=episode(seat), number=1)
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


def batch(seat: Membership) -> Mapping[str, Any]:
    file = store(
        b"Quuxworth,Zebediah", organization_id=seat.organization.id, purpose="batch", media_type="text/csv", at=NOW
    )
    return {"batch_id": BatchFactory(organization=seat.organization, stored_file=file).id}


def import_run(seat: Membership) -> Mapping[str, Any]:
    return {"run_id": ImportRunFactory(organization=seat.organization).id}


def import_mapping(seat: Membership) -> Mapping[str, Any]:
    return {"mapping_id": ImportMappingFactory(organization=seat.organization).id}


def job(seat: Membership) -> Mapping[str, Any]:
    """Of the seat itself: progress is for the person who started it."""
    return {"job_id": queue("test", organization_id=seat.organization.id, key=str(seat.id), at=NOW, owner=seat)}


@dataclass(frozen=True)
class Url:
    roles: frozenset[str] = EVERYONE
    get: int | None = 200
    post: int | None = None
    made: Made = nothing
    shows: str = ""
    is_open: bool = False  # outside organizations: whether a stranger may
    signed_in: int | None = None  # outside organizations: what who has signed in gets instead, whatever the method


OF_AN_ORGANIZATION: Final[dict[str, Url]] = {
    "enter": Url(EVERYONE, get=302),
    "job_progress": Url(EVERYONE, made=job),
    "audit": Url(AUDITING),
    # today
    "today": Url(LOGGING, made=worklist, shows="count"),
    "today_narrow": Url(LOGGING, get=None, post=302),
    "attempt_new": Url(LOGGING, post=422, made=patient, shows="patient"),
    "follow_up": Url(LOGGING, post=422, made=patient, shows="patient"),
    "snooze_new": Url(LOGGING, post=422, made=patient, shows="patient"),
    "snooze_end": Url(LOGGING, get=None, post=302, made=snooze),
    # caseload
    "caseload": Url(CLINICAL, post=200, made=caseload, shows="count"),
    "caseload_print": Url(CLINICAL, post=200, made=caseload, shows="count"),
    "caseload_export": Url(LOGGING, get=None, post=200, made=caseload, shows="count"),
    "caseload_view_save": Url(CLINICAL, get=None, post=422, made=caseload, shows="count"),
    "caseload_view_delete": Url(CLINICAL, get=None, post=302, made=saved_view),
    "patient_search": Url(CLINICAL, get=None, post=200),
    "patient_chart": Url(CLINICAL, made=patient, shows="patient"),
    # the team
    "team": Url(frozenset({LEAD})),
    "hand_over": Url(LOGGING, post=422, made=own_caseload, shows="count"),
    "hand_over_read": Url(LOGGING, get=None, post=302, made=handed_over),
    "covers": Url(LOGGING, post=422),
    "cover_end": Url(LOGGING, get=None, post=302, made=cover),
    # the case and its review
    "not_improving": Url(REVIEWING, shows="count"),
    "not_improving_narrow": Url(REVIEWING, get=None, post=302),
    "not_improving_file": Url(LOGGING, get=None, post=200, shows="count"),
    "case_summary": Url(CLINICAL, made=patient, shows="patient"),
    "summary_pdf": Url(CLINICAL, get=None, post=302, made=patient, shows="patient"),
    "summary_making": Url(CLINICAL, made=summary_job, shows="patient"),
    "summary_file": Url(CLINICAL, made=summary_made, shows="patient"),
    "review_write": Url(REVIEWING, get=None, post=422, made=patient, shows="patient"),
    "review": Url(CLINICAL, made=signed_review, shows="patient"),
    "review_addendum": Url(CONSULTING, get=None, post=422, made=signed_review, shows="patient"),
    "review_void": Url(CONSULTING, get=None, post=422, made=signed_review, shows="patient"),
    # psychiatric review
    "review_queue": Url(REVIEWING, made=in_review, shows="count"),
    "review_queue_narrow": Url(REVIEWING, get=None, post=302),
    "review_patient": Url(REVIEWING, post=422, made=review_of, shows="patient"),
    "review_sessions": Url(REVIEWING),
    "review_session_new": Url(REVIEWING, post=422),
    "review_session": Url(REVIEWING, post=422, made=session_of(), shows="count"),
    "session_agenda": Url(REVIEWING, get=None, post=302, made=session_of()),
    "agenda_defer": Url(REVIEWING, post=422, made=agenda_item, shows="patient"),
    "session_live": Url(REVIEWING, post=422, made=live_session, shows="count"),
    "session_act": Url(REVIEWING, get=None, post=302, made=live_session),
    "session_pulse": Url(REVIEWING, made=live_session),
    "session_end": Url(REVIEWING, post=302, made=live_session),
    "session_tasks": Url(REVIEWING, made=live_session, shows="count"),
    "review_slots": Url(SLOTS, post=422),
    "review_slot": Url(SLOTS, post=422, made=review_slot),
    "review_slot_end": Url(SLOTS, get=None, post=302, made=review_slot),
    # letters
    "letter_new": Url(LOGGING, post=422, made=patient, shows="patient"),
    "letter": Url(LOGGING, made=letter, shows="patient"),
    "letter_templates": Url(SETTING, post=422),
    # asked of others
    "coordination": Url(CLINICAL, made=patient, shows="patient"),
    "advice": Url(CLINICAL, made=advised, shows="patient"),
    "advice_step": Url(LOGGING, get=None, post=422, made=recommended, shows="patient"),
    "advice_paper": Url(CLINICAL, made=recommended, shows="patient"),
    "advice_overdue": Url(frozenset({LEAD}), made=recommendations, shows="count"),
    "advice_link": Url(LOGGING, get=None, post=422, made=reviewed, shows="patient"),
    "inbox": Url(DECIDING, made=own_inbox, shows="count"),
    "inbox_decide": Url(DECIDING, get=None, post=422, made=asked_of_seat, shows="count"),
    "inbox_plan": Url(DECIDING, get=None, post=302, made=plan_of_seat),
    "my_patients": Url(DECIDING, made=own_inbox, shows="count"),
    "external_referral_new": Url(LOGGING, post=422, made=patient, shows="patient"),
    "external_referral": Url(LOGGING, post=422, made=referred, shows="patient"),
    "clinician_request_new": Url(LOGGING, post=422, made=patient, shows="patient"),
    "clinician_request": Url(LOGGING, post=422, made=asked, shows="patient"),
    # enrolment
    "enrol_now": Url(EDITING, post=422, made=caseload),
    "enrol": Url(EDITING, post=422, made=referral_to_enrol, shows="patient"),
    "enrol_again": Url(EDITING, post=422, made=to_enrol, shows="patient"),
    "enrolment": Url(CLINICAL, made=patient, shows="patient"),
    "program": Url(EDITING, post=422, made=patient, shows="patient"),
    "welcome_sheet": Url(CLINICAL, made=patient, shows="patient"),
    "consent_new": Url(EDITING, post=422, made=patient, shows="patient"),
    "consent_revoke": Url(EDITING, post=422, made=consent, shows="patient"),
    "consent_void": Url(EDITING, post=422, made=consent, shows="patient"),
    "visit_new": Url(EDITING, post=422, made=patient, shows="patient"),
    "visit_void": Url(EDITING, post=422, made=visit, shows="patient"),
    "diagnoses": Url(CLINICAL, made=patient, shows="patient"),
    "diagnosis_search": Url(EDITING, get=None, post=200, made=patient),
    "diagnosis_add": Url(EDITING, get=None, post=422, made=patient),
    "diagnosis_first": Url(EDITING, get=None, post=302, made=diagnosis),
    "diagnosis_confirm": Url(CLINICAL - {PC}, post=422, made=diagnosis, shows="patient"),
    "diagnosis_end": Url(EDITING, post=422, made=diagnosis, shows="patient"),
    "consent_texts": Url(SETTING, post=422),
    "timer_start": Url(LOGGING, get=None, post=302, made=patient),
    "timers": Url(LOGGING, made=timer_list, shows="count"),
    "timer": Url(LOGGING, post=422, made=timer, shows="patient"),
    "timer_mark": Url(LOGGING, get=None, post=302, made=timer),
    "timer_stop": Url(LOGGING, get=None, post=302, made=timer),
    "timer_let_go": Url(LOGGING, get=None, post=422, made=timer),
    "patient_time": Url(CLINICAL, made=patient, shows="patient"),
    "patient_time_month": Url(CLINICAL, made=patient_month, shows="patient"),
    "time_new": Url(LOGGING, post=422, made=patient, shows="patient"),
    "time_preview": Url(LOGGING, get=None, post=200, made=patient),
    "time_entry": Url(LOGGING, post=422, made=held, shows="patient"),
    "group_time": Url(LOGGING, post=422, made=own_caseload, shows="count"),
    "contact_new": Url(LOGGING, post=422, made=patient, shows="patient"),
    "contact_preview": Url(LOGGING, get=None, post=200, made=patient),
    "contact": Url(CLINICAL, made=note, shows="patient"),
    "addendum_new": Url(LOGGING, get=None, post=422, made=note, shows="patient"),
    "contact_co_sign": Url(LOGGING | {PC}, get=None, post=302, made=supervised_note, shows="patient"),
    "contact_void": Url(LOGGING, get=None, post=422, made=note, shows="patient"),
    "to_cosign": Url(LOGGING | {PC}, made=notes_to_sign, shows="count"),
    "note_templates": Url(SETTING, post=422),
    "supervision": Url(SETTING, post=422),
    "draft_save": Url(LOGGING, get=None, post=204, made=patient),
    "draft_discard": Url(LOGGING, get=None, post=302, made=patient),
    "assessments": Url(CLINICAL, made=patient, shows="patient"),
    "assessment": Url(CLINICAL, made=score, shows="patient"),
    "assessment_new": Url(LOGGING, post=422, made=patient, shows="patient"),
    "clinic_settings": Url(SETTING),
    "clinicians": Url(SETTING),
    "clinician_new": Url(SETTING, post=422),
    "clinician": Url(SETTING, post=422, made=clinician),
    "clinic_protocol": Url(SETTING, post=422, made=clinic),
    "clinic_tools": Url(SETTING, post=422, made=clinic),
    "work_protocol": Url(SETTING, post=422, made=clinic),
    "review_protocol": Url(SETTING, post=422, made=clinic),
    "signals": Url(LOGGING, post=422, made=patient, shows="patient"),
    "for_review": Url(LOGGING, post=422, made=patient, shows="patient"),
    "assessment_replace": Url(LOGGING, post=422, made=score, shows="patient"),
    # questionnaires and safety
    "questionnaires": Url(CLINICAL, made=patient, shows="patient"),
    "questionnaire_send": Url(LOGGING, get=None, post=422, made=patient, shows="patient"),
    "questionnaire": Url(LOGGING, made=questionnaire, shows="patient"),
    "questionnaire_withdraw": Url(LOGGING, get=None, post=302, made=questionnaire),
    "safety_notices": Url(CLINICAL, made=notice_list, shows="count"),
    "safety_notice": Url(CLINICAL, post=422, made=notice, shows="patient"),
    "safety_notice_take": Url(CLINICAL, get=None, post=302, made=notice),
    "risk_case": Url(CLINICAL, made=at_risk, shows="patient"),
    "risk_act": Url(CLINICAL, get=None, post=422, made=concern),
    "risk_cases": Url(CLINICAL, made=risk_list, shows="count"),
    "risk_drills": Url(CLINICAL, post=422, made=nothing),
    "risk_drill": Url(CLINICAL, post=302, made=drill),
    "clinic_risk": Url(SETTING, post=422, made=clinic),
    "clinic_safety": Url(SETTING, post=422, made=clinic),
    "duty_add": Url(SETTING, get=None, post=422, made=clinic),
    "duty_end": Url(SETTING, get=None, post=302, made=duty_turn),
    "held_times": Url(LOGGING, made=held_list, shows="count"),
    "time_settle": Url(LOGGING, post=422, made=held, shows="patient"),
    "imports": Url(IMPORTING, post=422),
    "import_run": Url(IMPORTING, made=import_run, shows="count"),
    "import_correct": Url(IMPORTING, get=None, post=302, made=import_run),
    "import_confirm": Url(IMPORTING, get=None, post=302, made=import_run),
    "import_undo": Url(IMPORTING, get=None, post=302, made=import_run),
    "import_answer": Url(IMPORTING, get=None, post=302, made=import_run),
    "import_unenrolled": Url(IMPORTING, get=None, post=422, made=import_run),
    "import_follow": Url(IMPORTING, get=None, post=422, made=import_run),
    "import_mapping_save": Url(IMPORTING, get=None, post=422, made=import_run),
    "import_mappings": Url(IMPORTING),
    "import_mapping_rename": Url(IMPORTING, get=None, post=422, made=import_mapping),
    "import_mapping_delete": Url(IMPORTING, get=None, post=302, made=import_mapping),
    # status
    "episode_status": Url(LOGGING, post=422, made=patient, shows="patient"),
    "recall": Url(LOGGING, get=None, post=302, made=patient),
    "discharge": Url(LOGGING, post=422, made=patient, shows="patient"),
    "reopen": Url(LOGGING, post=422, made=discharged, shows="patient"),
    "hand_off_new": Url(LOGGING, post=422, made=patient, shows="patient"),
    "hand_off_seen": Url(LOGGING, post=422, made=handed_off, shows="patient"),
    # plans
    "initial_assessment": Url(CLINICAL, made=patient, shows="patient"),
    "initial_assessment_edit": Url(LOGGING, post=422, made=patient, shows="patient"),
    "initial_assessment_compare": Url(CLINICAL, made=patient, shows="patient"),
    "care_plan": Url(CLINICAL, made=patient, shows="patient"),
    "care_plan_edit": Url(LOGGING, post=422, made=patient, shows="patient"),
    "care_plan_compare": Url(CLINICAL, made=patient, shows="patient"),
    "care_plan_print": Url(CLINICAL, made=patient, shows="patient"),
    "care_plan_sign": Url(LOGGING | {TC}, post=422, made=patient, shows="patient"),
    "safety_plan": Url(CLINICAL, made=patient, shows="patient"),
    "safety_plan_edit": Url(LOGGING, post=422, made=patient, shows="patient"),
    "safety_plan_compare": Url(CLINICAL, made=patient, shows="patient"),
    "safety_plan_print": Url(CLINICAL, made=patient, shows="patient"),
    "relapse_plan": Url(CLINICAL, made=patient, shows="patient"),
    "relapse_plan_edit": Url(LOGGING, post=422, made=patient, shows="patient"),
    "relapse_plan_compare": Url(CLINICAL, made=patient, shows="patient"),
    "relapse_plan_print": Url(CLINICAL, made=patient, shows="patient"),
    # patients
    "patient_details": Url(CLINICAL, made=patient, shows="patient"),
    "patient_edit": Url(EDITING, post=422, made=section, shows="patient"),
    "related_person_new": Url(EDITING, post=422, made=patient, shows="patient"),
    "related_person": Url(EDITING, post=422, made=of_patient(RelatedPersonFactory, "person_id"), shows="patient"),
    "related_person_remove": Url(
        EDITING, post=422, made=of_patient(RelatedPersonFactory, "person_id"), shows="patient"
    ),
    "record_number_new": Url(EDITING, post=422, made=patient, shows="patient"),
    "record_number_remove": Url(EDITING, post=422, made=of_patient(RecordNumberFactory, "number_id"), shows="patient"),
    "coverage_new": Url(EDITING, post=422, made=patient, shows="patient"),
    "coverage": Url(EDITING, post=422, made=of_patient(CoverageFactory, "coverage_id"), shows="patient"),
    "coverage_move": Url(EDITING, get=None, post=302, made=of_patient(CoverageFactory, "coverage_id")),
    "coverage_remove": Url(EDITING, post=422, made=of_patient(CoverageFactory, "coverage_id"), shows="patient"),
    "care_team": Url(EDITING, post=422, made=patient, shows="patient"),
    "stay_new": Url(EDITING, post=422, made=patient, shows="patient"),
    "stay_end": Url(EDITING, post=422, made=of_patient(StayFactory, "stay_id", until_on=None), shows="patient"),
    "stay_remove": Url(EDITING, post=422, made=of_patient(StayFactory, "stay_id"), shows="patient"),
    # referrals
    "referrals": Url(REFERRING, made=referrals, shows="count"),
    "referrals_narrow": Url(REFERRING, get=None, post=302),
    "referral_new": Url(REFERRING, post=422),
    "patient_refer": Url(REFERRING, post=422, made=patient, shows="patient"),
    "referral": Url(REFERRING, made=referral, shows="patient"),
    "referral_step": Url(LOGGING, get=None, post=422, made=referral, shows="patient"),
    "waiting_list": Url(LOGGING, made=referrals, shows="count"),
    "referrals_file": Url(LOGGING, made=referrals, shows="count"),
    "duplicates": Url(EDITING, shows="count"),
    "patient_alike": Url(EDITING, made=patient, shows="patient"),
    "patient_merge": Url(EDITING, post=422, made=two_patients, shows="patient"),
    "not_the_same": Url(EDITING, get=None, post=302, made=two_patients),
    "merge_undo": Url(EDITING, get=None, post=302, made=merge),
    # billing
    "current_month": Url(MONTHS, get=302),
    "month": Url(MONTHS, made=month, shows="count"),
    "month_row": Url(MONTHS, made=month_row, shows="patient"),
    "month_close": Url(MONTHS, post=422, made=clinic_in_month, shows="count"),
    "month_exception": Url(MONTHS, get=None, post=422, made=clinic_in_month),
    "month_correct": Url(MONTHS, get=None, post=404, made=clinic_in_month),
    "month_reopen": Url(MONTHS, get=None, post=404, made=clinic_in_month),
    "batch_new": Url(CLAIMS, post=422, made=month),
    "batches": Url(CLAIMS),
    "batch": Url(CLAIMS, made=batch, shows="count"),
    "batch_file": Url(CLAIMS, made=batch, shows="count"),
}

# Outside organizations a seat's roles mean nothing: what a stranger gets, and what anybody who has signed in gets.
OUTSIDE: Final[dict[str, Url]] = {
    "home": Url(get=302),
    "reviews_everywhere": Url(),
    "healthz": Url(is_open=True),
    "readyz": Url(is_open=True),
    # What patients open: a browser in which somebody is signed in is told to sign out first.
    "answer_code": Url(is_open=True, post=422),
    # What treating clinicians open with a code.
    "decide": Url(is_open=True, post=200, made=decision),
    "decide_code": Url(is_open=True, get=302, post=302, made=decision),
    "decide_confirm": Url(is_open=True, post=422, made=decision),
    "answers": Url(is_open=True, post=302, made=address, signed_in=200),
    "answers_confirm": Url(is_open=True, post=422, made=address, signed_in=200),
    "answers_step": Url(is_open=True, get=302, post=302, made=question, signed_in=200),
    "answers_help": Url(is_open=True, get=302, post=302, made=question, signed_in=200),
    "answers_send": Url(is_open=True, get=302, post=302, made=address, signed_in=200),
    "answers_done": Url(is_open=True, get=302, post=302, made=address, signed_in=200),
}
