"""A warm hand-off in one step: the person, how they came, the enrolment, consent, first scores and the next contact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from bhi.tenancy.models import Clinic, Membership
from caseload.operations.contacts import NextContact, draft_follow_up
from caseload.operations.errors import FollowUpTooEarly
from caseload.operations.standing import rebuild_standing
from registry.models import (
    ConsentForm,
    ConsentGiver,
    ConsentText,
    Coverage,
    Episode,
    Patient,
    Payer,
    Program,
    Referral,
    ReferralSource,
    RelatedPerson,
    TreatingClinician,
    Urgency,
)
from registry.operations import payer_named, take_consent
from registry.operations.assessments import ScoreGiven, record_assessment
from registry.operations.coverages import insure
from registry.operations.enrolment import enrol_patient
from registry.operations.persons import add_related_person, keep_clinician
from registry.operations.recording import Stamp, record_facts
from registry.operations.referral_course import set_eligibility
from registry.operations.referrals import NewPerson, make_referral


@dataclass(frozen=True)
class Representative:
    """Who decides for a patient, by what right (Representation)."""

    name: str
    represents_as: str


@dataclass(frozen=True)
class ConsentGiven:
    """How a patient agreed. Where only the day is known, `given_at` is its local start."""

    given_at: datetime
    is_time_known: bool = True
    form: str = ConsentForm.VERBAL
    script: ConsentText | None = None
    given_by: str = ConsentGiver.PATIENT
    minor_basis: str = ""
    representative: Representative | None = None
    related_person: RelatedPerson | None = None


@dataclass(frozen=True)
class Insurance:
    """What pays first: a payer on record or a name. `plan` says QMB for a Qualified Medicare Beneficiary."""

    payer: Payer | str
    member_id: str = ""
    plan: str = ""


@dataclass(frozen=True)
class Start:
    """How an enrolment begins: where, in what, with whom, and on whose word."""

    clinic: Clinic
    enrolled_on: date
    program: str = Program.COCM
    care_manager: Membership | None = None
    treating_clinician: TreatingClinician | None = None
    new_clinician: str = ""
    target_condition: str = ""
    directed_how: str = ""
    risk_ruled_out_by: str = ""

    @property
    def words(self) -> str:
        """What is kept with the referral: why the patient is eligible, in at most 300 characters."""
        said = [f"Target condition: {self.target_condition}."] if self.target_condition else []
        said += [f"Direction to start: {self.treating_clinician}, {self.directed_how}."] if self.directed_how else []
        said += [f"Urgent risk ruled out by {self.risk_ruled_out_by}."] if self.risk_ruled_out_by else []
        return " ".join(said)[:300]


@dataclass(frozen=True)
class Enrolled:
    """What the form left on record. `was_new` is false when it had been sent before."""

    episode: Episode
    was_new: bool


@dataclass(frozen=True)
class FirstSteps:
    """What is done in the same minutes: consent, insurance, scores, the next contact."""

    consent: ConsentGiven | None = None
    insurance: Insurance | None = None
    scores: Sequence[ScoreGiven] = field(default=())
    next_contact: NextContact | None = None


@transaction.atomic
def enrol_now(
    *,
    by: Membership,
    at: datetime,
    client_token: UUID,
    who: Patient | NewPerson | Referral,
    start: Start,
    first: FirstSteps = FirstSteps(),
) -> Enrolled:
    """Enrol somebody, new or on record, from a referral or directly: all of it, or nothing.

    Without a referral one is made, a warm hand-off that is closed at once, so that every enrolment says how it came.
    The same form sent twice changes nothing. Raises what the steps raise: RecordNumberTaken, EpisodeOpen,
    AlreadyEnrolled, ReferralEnded, DayImpossible, DateOutOfOrder, ConsentImpossible, ClinicianUnreadable,
    ScoreUnusable, FollowUpTooEarly.
    """
    if start.new_clinician:
        clinician = keep_clinician(by=by, at=at, name=start.new_clinician)
        start = replace(start, treating_clinician=clinician, new_clinician="")
    zone = ZoneInfo(start.clinic.time_zone)
    today = at.astimezone(zone).date()
    referral = _referral(who, start, by=by, at=at, client_token=client_token)
    if referral.episode is not None:
        return Enrolled(referral.episode, was_new=False)
    episode = enrol_patient(
        by=by,
        at=at,
        today=today,
        referral=referral,
        clinic=start.clinic,
        enrolled_on=start.enrolled_on,
        program=start.program,
        care_manager=start.care_manager,
        treating_clinician=start.treating_clinician,
    )
    _first_steps(episode, first, start, by=by, at=at, today=today)
    rebuild_standing(organization_id=by.organization_id, episode_ids=[episode.id], at=at)
    return Enrolled(episode, was_new=True)


def _referral(
    who: Patient | NewPerson | Referral, start: Start, *, by: Membership, at: datetime, client_token: UUID
) -> Referral:
    """The open referral that this ends: the one given, the patient's, or one made now."""
    found = who if isinstance(who, Referral) else _open_referral(who)
    if found is None:
        assert not isinstance(who, Referral)
        kept = make_referral(
            by=by,
            at=at,
            patient=who,
            clinic=start.clinic,
            referred_on=start.enrolled_on,
            source=ReferralSource.CLINICIAN,
            client_token=client_token,
            reason=start.target_condition,
            urgency=Urgency.ROUTINE,
            is_warm_hand_off=True,
            treating_clinician=start.treating_clinician,
            is_eligible=True,
            eligibility_reason=start.words,
            assigned_to=start.care_manager,
        )
        return kept.referral
    if found.episode is None and start.words:
        set_eligibility(by=by, at=at, referral_id=found.id, is_eligible=True, reason=start.words)
    return found


def _open_referral(who: Patient | NewPerson) -> Referral | None:
    if isinstance(who, NewPerson):
        return None
    found: Referral | None = Referral.objects.live().filter(patient=who, ended_on__isnull=True).first()
    return found


def _first_steps(
    episode: Episode, first: FirstSteps, start: Start, *, by: Membership, at: datetime, today: date
) -> None:
    patient = episode.patient
    if first.consent is not None:
        _consent(patient, first.consent, start, by=by, at=at)
    if first.insurance is not None and not _is_insured(patient):
        insure(
            by=by,
            at=at,
            patient=patient,
            payer=_payer(first.insurance.payer, by=by),
            member_id=first.insurance.member_id,
            plan_name=first.insurance.plan,
        )
    for given in first.scores:
        record_assessment(
            by=by,
            at=at,
            patient=patient,
            episode=episode,
            instrument=given.instrument,
            on=today,
            items=given.items,
            total=given.total,
            item9=given.item9,
        )
    if first.next_contact is not None:
        _plan_next(episode, first.next_contact, by=by, at=at, today=today)


def _payer(payer: Payer | str, *, by: Membership) -> Payer:
    return payer_named(by=by, name=payer) if isinstance(payer, str) else payer


def _is_insured(patient: Patient) -> bool:
    """Whether an insurance is on record already: what is typed here is for people who are new."""
    return Coverage.objects.live().filter(patient=patient, until_on__isnull=True).exists()


def _consent(patient: Patient, given: ConsentGiven, start: Start, *, by: Membership, at: datetime) -> None:
    person = given.related_person
    if person is None and given.representative is not None:
        person = add_related_person(
            by=by,
            at=at,
            patient=patient,
            name=given.representative.name,
            represents_as=given.representative.represents_as,
        )
    take_consent(
        by=by,
        at=at,
        patient=patient,
        given_at=given.given_at,
        form=given.form,
        is_time_known=given.is_time_known,
        treating_clinician=start.treating_clinician,
        script=given.script,
        given_by=given.given_by,
        representative=person,
        minor_basis=given.minor_basis,
    )


def _plan_next(episode: Episode, following: NextContact, *, by: Membership, at: datetime, today: date) -> None:
    if following.due_on < today:
        raise FollowUpTooEarly
    due = draft_follow_up(
        Stamp(by, at),
        patient_id=episode.patient_id,
        episode_id=episode.id,
        due_on=following.due_on,
        purpose=following.purpose,
    )
    record_facts([due])
