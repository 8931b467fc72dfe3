"""A patient of an import plan as facts."""

from __future__ import annotations

from datetime import date
from uuid import uuid5
from zoneinfo import ZoneInfo

from caseload.models import RecommendationKind
from caseload.operations.imports.drafts import REPLACED, Drafts
from caseload.operations.imports.naming import Named
from caseload.operations.reviews import draft_review
from caseload.rules.clock import day_start
from caseload.rules.imports.candidates import Enrolment, Insurance
from caseload.rules.imports.plans import NewReferral, PatientPlan
from registry.models import Coverage, Episode, Fact, Patient, RecordNumber, ReferralSource
from registry.operations.drafts import (
    draft_care_plan,
    draft_consent,
    draft_coverage,
    draft_diagnosis,
    draft_episode,
    draft_patient,
    draft_program_period,
    draft_visit,
)
from registry.operations.episodes import end_episode, start_relapse_prevention
from registry.operations.recording import Stamp, stamped, void_facts
from registry.operations.referrals import draft_referral
from registry.queries.protocols import protocol_from
from registry.rules.referrals import due_day

_ATTESTED = "Stated at the import: a care plan has existed since this day and is kept elsewhere."
_ASSUMED = "Assumed at the import, whose file says nothing of care plans. Nobody has seen one yet."


def draft_patient_row(plan: PatientPlan, named: Named, drafts: Drafts, stamp: Stamp) -> None:
    """Put what a row says into `drafts`: a new patient or what differs of a known one, and its dated facts."""
    patient = _new_patient(plan, named, drafts, stamp) if plan.is_new else _updated(plan, named)
    if plan.writes.insurance:
        _draft_insurance(plan, plan.writes.insurance, patient, named, drafts, stamp)
    if plan.writes.episode:
        named.new_episodes[plan.key] = _draft_episode(plan, plan.writes.episode, patient, named, drafts, stamp)
    if plan.writes.number and not plan.is_first_number:
        drafts.add("dated", _draft_number(plan, patient, named, stamp))
    if plan.writes.referral:
        drafts.add("dated", _draft_referral(plan, plan.writes.referral, patient, named, stamp))
    _draft_facts(plan, patient, named, drafts, stamp)


def _draft_number(plan: PatientPlan, patient: Patient, named: Named, stamp: Stamp) -> Fact:
    """The number by which the row's clinic knows somebody who is on record under another."""
    clinic = named.clinics[plan.row_clinic.key]
    return stamped(RecordNumber, stamp, patient=patient, clinic=clinic, mrn=plan.writes.number)


def _draft_referral(plan: PatientPlan, referral: NewReferral, patient: Patient, named: Named, stamp: Stamp) -> Fact:
    """A referral from the list; the first attempt is due as the clinic has it, counted from the import."""
    assert stamp.import_id is not None
    clinic = named.clinics[plan.clinic.key]
    protocol = named.protocols.get(clinic.id) or protocol_from(clinic, None)
    today = stamp.at.astimezone(protocol.zone).date()
    return draft_referral(
        stamp,
        patient=patient,
        clinic=clinic,
        referred_on=referral.on,
        source=ReferralSource.LIST,
        client_token=uuid5(stamp.import_id, f"referral {plan.key}"),
        first_attempt_due_on=due_day(max(referral.on, today), protocol.first_attempt_days),
        reason=referral.reason,
        treating_clinician=named.clinicians.get(plan.clinician),
        assigned_to=named.staff.get(plan.care_manager),
    )


def _new_patient(plan: PatientPlan, named: Named, drafts: Drafts, stamp: Stamp) -> Patient:
    person = plan.candidate.person
    patient = draft_patient(
        stamp,
        clinic=named.clinics[plan.clinic.key],
        mrn=person.mrn,
        family_name=person.family,
        given_name=person.given,
        middle_name=person.middle,
        birth_date=person.birth_on,
        sex=person.sex,
        phone=person.phone,
        email=person.email,
        address=person.address,
        city=person.city,
        state=person.state,
        postal_code=person.postal_code,
        language=person.language,
    )
    named.patients[plan.key] = patient
    drafts.add("patient", patient)
    return patient


def _updated(plan: PatientPlan, named: Named) -> Patient:
    """A patient on record with what the row says newly of how to reach them."""
    patient = named.patients[plan.key]
    columns = {("middle_name" if key == "middle" else key): value for key, value in plan.writes.person.items()}
    for column, value in columns.items():
        setattr(patient, column, value)
    if plan.writes.number and plan.is_first_number:
        columns["mrn"] = patient.mrn = plan.writes.number
    if columns:
        patient.save(update_fields=list(columns))
    return patient


def _draft_insurance(
    plan: PatientPlan, insurance: Insurance, patient: Patient, named: Named, drafts: Drafts, stamp: Stamp
) -> None:
    """The first coverage. One on record is ended for another payer, and replaced for another number of the same."""
    payer = named.payers[plan.payer]
    from_on = None
    for old in (
        Coverage.objects.live().filter(patient=patient, rank=1, until_on__isnull=True) if not plan.is_new else ()
    ):
        if old.payer_id == payer.id:
            void_facts([old], stamp=stamp, reason=REPLACED)
        else:
            from_on = stamp.at.date()
            Coverage.objects.filter(id=old.id).update(until_on=from_on)
    drafts.add(
        "dated", draft_coverage(stamp, patient=patient, payer=payer, member_id=insurance.member_id, from_on=from_on)
    )


def _draft_episode(
    plan: PatientPlan, enrolment: Enrolment, patient: Patient, named: Named, drafts: Drafts, stamp: Stamp
) -> Episode:
    episode = draft_episode(
        stamp,
        patient=patient,
        clinic=named.clinics[plan.clinic.key],
        enrolled_on=enrolment.enrolled_on,
        program=enrolment.program,
        referred_on=enrolment.referred_on,
        relapse_prevention_from=enrolment.relapse_prevention_on,
        ended_on=enrolment.ended_on,
        end_reason=enrolment.end_reason,
        care_manager=named.staff.get(plan.care_manager),
        treating_clinician=named.clinicians.get(plan.clinician),
    )
    if enrolment.state == "on_hold":
        episode.status = "on_hold"
    drafts.add("episode", episode)
    first = draft_program_period(stamp, episode=episode, program=enrolment.program, from_on=enrolment.enrolled_on)
    drafts.add("dated", first)
    return episode


def _draft_facts(plan: PatientPlan, patient: Patient, named: Named, drafts: Drafts, stamp: Stamp) -> None:
    """The dated facts of the patient's episode: the new one, else the one on record that the row is about."""
    writes = plan.writes
    episode = named.new_episodes.get(plan.key) or named.episodes.get(writes.episode_key)
    if writes.consent_on:
        drafts.add(
            "dated",
            draft_consent(
                stamp,
                patient=patient,
                given_at=day_start(writes.consent_on, ZoneInfo(plan.clinic.zone)),
                is_time_known=False,
                form=writes.consent_form,
                treating_clinician=named.clinicians.get(plan.clinician),
            ),
        )
    if writes.visit_on:
        drafts.add("dated", draft_visit(stamp, patient=patient, on=writes.visit_on))
    if episode is None:
        return
    for rank, code in enumerate(writes.diagnoses, start=1):
        drafts.add("dated", draft_diagnosis(stamp, episode=episode, code=code, rank=rank, from_on=episode.enrolled_on))
    if writes.care_plan_on:
        drafts.add("dated", _draft_care_plan(plan, writes.care_plan_on, episode, stamp))
    if writes.review_on:
        unknown = [(RecommendationKind.NOT_RECORDED, "")]
        review = draft_review(
            stamp,
            patient_id=patient.id,
            episode_id=episode.id,
            on=writes.review_on,
            recommendations=unknown,
        )
        drafts.add("dated", *review)


def _draft_care_plan(plan: PatientPlan, on: date, episode: Episode, stamp: Stamp) -> Fact:
    """The plan that the file names, or one that was attested or is assumed, and says so."""
    if plan.candidate.enrolment and plan.candidate.enrolment.care_plan_on:
        return draft_care_plan(stamp, episode=episode, on=on)
    is_assumed = plan.writes.is_care_plan_assumed
    text = _ASSUMED if is_assumed else _ATTESTED
    return draft_care_plan(stamp, episode=episode, on=on, text=text, is_assumed=is_assumed)


def move_on(plan: PatientPlan, named: Named, stamp: Stamp) -> None:
    """Bring an episode on record to the state that the row says."""
    writes = plan.writes
    if not writes.state:
        return
    episode = named.episodes[writes.episode_key]
    if writes.state == "discharged" and writes.ended_on:
        end_episode(by=stamp.by, at=stamp.at, episode=episode, on=writes.ended_on, reason=writes.end_reason)
    elif writes.relapse_prevention_on:
        start_relapse_prevention(by=stamp.by, at=stamp.at, episode=episode, on=writes.relapse_prevention_on)
    else:
        episode.status = writes.state
        episode.save(update_fields=["status"])
