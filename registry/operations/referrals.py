"""Referring somebody to the program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from bhi.accounts.queries import clinics_of
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.models import Clinic, Membership
from registry.models import Episode, Patient, Referral, TreatingClinician, Urgency
from registry.operations.assessments import ScoreGiven, draft_assessment
from registry.operations.drafts import draft_patient
from registry.operations.errors import FormReused, RecordNumberTaken
from registry.operations.recording import Stamp, announce_change, record_facts, refusing, stamped
from registry.operations.referral_errors import (
    AlreadyEnrolled,
    ClinicNotOwn,
    DayImpossible,
    PatientDied,
    ReasonNeeded,
    ReferralOpen,
)
from registry.queries.episodes import episode_ids_of
from registry.queries.protocols import Protocol, protocol_of
from registry.rules.referrals import due_day


@dataclass(frozen=True)
class NewPerson:
    """Somebody who is on no record yet. `mrn` may be empty: the clinic looks it up later."""

    family_name: str
    given_name: str
    birth_date: date
    middle_name: str = ""
    mrn: str = ""
    phone: str = ""
    may_leave_voicemail: bool | None = None
    language: str = ""


@dataclass(frozen=True)
class ReferralKept:
    """`was_new` is false when the same form had been sent before."""

    referral: Referral
    was_new: bool


def draft_referral(
    stamp: Stamp,
    *,
    patient: Patient,
    clinic: Clinic,
    referred_on: date,
    source: str,
    client_token: UUID,
    first_attempt_due_on: date,
    reason: str = "",
    urgency: str = Urgency.ROUTINE,
    treating_clinician: TreatingClinician | None = None,
    assigned_to: Membership | None = None,
    **columns: Any,
) -> Referral:
    """A referral nobody has tried yet, as it will be stored: the first attempt is due. For imports too."""
    return stamped(
        Referral,
        stamp,
        patient=patient,
        clinic=clinic,
        referred_on=referred_on,
        source=source,
        client_token=client_token,
        first_attempt_due_on=first_attempt_due_on,
        due_on=first_attempt_due_on,
        reason=reason,
        urgency=urgency,
        treating_clinician=treating_clinician,
        assigned_to=assigned_to,
        **columns,
    )


@transaction.atomic
def make_referral(
    *,
    by: Membership,
    at: datetime,
    patient: Patient | NewPerson,
    clinic: Clinic,
    referred_on: date,
    source: str,
    client_token: UUID,
    reason: str = "",
    urgency: str = Urgency.ROUTINE,
    is_warm_hand_off: bool = False,
    treating_clinician: TreatingClinician | None = None,
    is_eligible: bool | None = None,
    eligibility_reason: str = "",
    assigned_to: Membership | None = None,
    scores: Sequence[ScoreGiven] = (),
    scored_on: date | None = None,
) -> ReferralKept:
    """Refer a person to the program, with the scores that led to it (of no episode) and when to try first.

    A second submit of the same form returns what the first one kept. Raises DayImpossible, ReasonNeeded,
    AlreadyEnrolled, PatientDied, ReferralOpen, RecordNumberTaken, ScoreUnusable, DateOutOfOrder, NotFound, and
    ClinicNotOwn for a new person at a clinic that `by` does not work at.
    """
    if (before := _sent_before(by, client_token)) is not None:
        return ReferralKept(before, was_new=False)
    protocol = protocol_of(clinic.id)
    scored_on = scored_on or referred_on
    _check_days(at, protocol, referred_on=referred_on, scored_on=scored_on)
    check_eligibility(is_eligible, eligibility_reason)
    stamp = Stamp(by, at)
    person = _drafted(stamp, patient, clinic) if isinstance(patient, NewPerson) else free_to_refer(patient, by)
    referral = draft_referral(
        stamp,
        patient=person,
        clinic=clinic,
        referred_on=referred_on,
        source=source,
        client_token=client_token,
        first_attempt_due_on=due_day(referred_on, protocol.first_attempt_days),
        reason=reason,
        urgency=urgency,
        treating_clinician=treating_clinician,
        assigned_to=assigned_to,
        is_warm_hand_off=is_warm_hand_off,
        is_eligible=is_eligible,
        eligibility_reason=eligibility_reason,
    )
    given = [draft_assessment(stamp, patient=person, episode=None, on=scored_on, given=score) for score in scores]
    facts = [*([person] if isinstance(patient, NewPerson) else []), referral, *given]
    try:
        with refusing(_REFUSED_AT_MAKING):
            record_facts(facts)
    except FormReused:
        again = Referral.objects.get(organization_id=by.organization_id, client_token=client_token)
        return ReferralKept(again, was_new=False)
    _tell_made(referral, stamp, has_person=isinstance(patient, NewPerson), scores=scores, scored_on=scored_on)
    return ReferralKept(referral, was_new=True)


_REFUSED_AT_MAKING = {
    "registry_referral_once": FormReused,
    "registry_referral_one_open": ReferralOpen,
    "registry_patient_mrn": RecordNumberTaken,
}


def _tell_made(
    referral: Referral, stamp: Stamp, *, has_person: bool, scores: Sequence[ScoreGiven], scored_on: date
) -> None:
    fields = ["referred_on", "source", "urgency", *(["name", "birth_date"] if has_person else [])]
    audit_referral("referral.made", referral, stamp, fields=[*fields, *(score.instrument for score in scores)])
    if scores and not has_person:
        announce_change(episode_ids_of(referral.patient_id), stamp=stamp, since=scored_on)


def _sent_before(by: Membership, client_token: UUID) -> Referral | None:
    return Referral.objects.filter(organization_id=by.organization_id, client_token=client_token).first()


def _drafted(stamp: Stamp, person: NewPerson, clinic: Clinic) -> Patient:
    check_own_clinic(stamp.by, clinic)
    return draft_patient(
        stamp,
        clinic=clinic,
        mrn=person.mrn,
        family_name=person.family_name,
        given_name=person.given_name,
        middle_name=person.middle_name,
        birth_date=person.birth_date,
        phone=person.phone,
        may_leave_voicemail=person.may_leave_voicemail,
        language=person.language,
    )


def check_own_clinic(by: Membership, clinic: Clinic) -> None:
    """Raises ClinicNotOwn where the seat works at some clinics, and not at this one. One statement."""
    own = clinics_of(by)
    if own is not None and clinic.id not in own:
        raise ClinicNotOwn


def free_to_refer(patient: Patient, by: Membership) -> Patient:
    """The person on record, locked against being enrolled or referred meanwhile.

    Raises NotFound, PatientDied, AlreadyEnrolled.
    """
    found = Patient.objects.live().select_for_update(of=("self",))
    present: Patient | None = found.filter(organization_id=by.organization_id, id=patient.id).first()
    if present is None:
        raise NotFound
    if present.died_on is not None:
        raise PatientDied
    if Episode.objects.live().filter(patient=present, ended_on__isnull=True).exists():
        raise AlreadyEnrolled
    return present


def _check_days(at: datetime, protocol: Protocol, *, referred_on: date, scored_on: date) -> None:
    today = at.astimezone(protocol.zone).date()
    if referred_on > today:
        raise DayImpossible("The day of the referral is in the future. Correct it.", "referred_on")
    if scored_on > today:
        raise DayImpossible("The day of the scores is in the future. Correct it.", "scored_on")


def check_eligibility(is_eligible: bool | None, reason: str) -> None:
    """Raises ReasonNeeded when it is a no without a reason."""
    if is_eligible is False and not reason.strip():
        raise ReasonNeeded("Say why the patient is not eligible.", "eligibility_reason")


def audit_referral(action: str, referral: Referral, stamp: Stamp, *, fields: Sequence[str]) -> None:
    """What was done to a referral, by the names of what it touched."""
    record(action, by=stamp.by, at=stamp.at, patient_id=referral.patient_id, object_id=referral.id, fields=list(fields))
