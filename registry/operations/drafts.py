"""Facts as they will be stored, checked but not yet written: the part that single records and imports share.

Each function decides whether the values make sense together and returns an unsaved row; `record_facts` stores it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from bhi.tenancy.models import Clinic, Membership
from registry.models import (
    CarePlan,
    Consent,
    ConsentForm,
    ConsentService,
    Coverage,
    Diagnosis,
    Episode,
    EpisodeStatus,
    InitiatingVisit,
    Patient,
    Payer,
    Program,
    ProgramPeriod,
    TreatingClinician,
)
from registry.operations.errors import DateOutOfOrder, DiagnosisUnreadable
from registry.operations.recording import Stamp, stamped
from registry.rules.identifiers import normal_icd10, normal_mrn
from registry.rules.names import sort_name


def draft_patient(
    stamp: Stamp,
    *,
    clinic: Clinic,
    mrn: str,
    family_name: str,
    given_name: str,
    birth_date: date,
    middle_name: str = "",
    **details: Any,
) -> Patient:
    """A person. `details` are other columns of Patient: sex, phone, may_leave_voicemail, language, died_on …"""
    return stamped(
        Patient,
        stamp,
        clinic=clinic,
        mrn=normal_mrn(mrn),
        family_name=family_name,
        given_name=given_name,
        middle_name=middle_name,
        sort_name=sort_name(family_name, given_name, middle_name),
        birth_date=birth_date,
        **details,
    )


def draft_coverage(
    stamp: Stamp,
    *,
    patient: Patient,
    payer: Payer,
    member_id: str = "",
    rank: int = 1,
    from_on: date | None = None,
    until_on: date | None = None,
) -> Coverage:
    """What pays for a patient; rank 1 pays first."""
    return stamped(
        Coverage,
        stamp,
        patient=patient,
        payer=payer,
        member_id=member_id,
        rank=rank,
        from_on=from_on,
        until_on=until_on,
    )


def draft_episode(
    stamp: Stamp,
    *,
    patient: Patient,
    clinic: Clinic,
    enrolled_on: date,
    program: str = Program.COCM,
    referred_on: date | None = None,
    relapse_prevention_from: date | None = None,
    ended_on: date | None = None,
    end_reason: str = "",
    care_manager: Membership | None = None,
    treating_clinician: TreatingClinician | None = None,
) -> Episode:
    """An enrolment; an import may bring one that has ended. Its first program period is a fact of its own.

    Raises DateOutOfOrder when the dates do not run birth, referral, enrolment, relapse prevention and end.
    """
    _in_order(patient.birth_date, "birth", referred_on, "referral")
    _in_order(patient.birth_date, "birth", enrolled_on, "enrolment")
    _in_order(referred_on, "referral", enrolled_on, "enrolment")
    _in_order(enrolled_on, "enrolment", relapse_prevention_from, "relapse prevention")
    _in_order(enrolled_on, "enrolment", ended_on, "the end")
    return stamped(
        Episode,
        stamp,
        patient=patient,
        clinic=clinic,
        program=program,
        status=_status(relapse_prevention_from, ended_on),
        referred_on=referred_on,
        enrolled_on=enrolled_on,
        relapse_prevention_from=relapse_prevention_from,
        ended_on=ended_on,
        end_reason=end_reason,
        care_manager=care_manager,
        treating_clinician=treating_clinician,
    )


def draft_program_period(stamp: Stamp, *, episode: Episode, program: str, from_on: date) -> ProgramPeriod:
    """From which day the episode is in which program. The first one begins with enrolment."""
    _in_order(episode.enrolled_on, "enrolment", from_on, "the change of program")
    return stamped(ProgramPeriod, stamp, episode=episode, program=program, from_on=from_on)


def draft_consent(
    stamp: Stamp,
    *,
    patient: Patient,
    given_at: datetime,
    service: str = ConsentService.BHI,
    is_time_known: bool = True,
    form: str = ConsentForm.VERBAL,
    treating_clinician: TreatingClinician | None = None,
    revoked_on: date | None = None,
    **details: Any,
) -> Consent:
    """Advance consent. Where only the day is known, `given_at` is its local start and `is_time_known` false.

    `details` are other columns of Consent: script, given_by, representative, minor_basis, taken_by.
    """
    return stamped(
        Consent,
        stamp,
        patient=patient,
        service=service,
        given_at=given_at,
        is_time_known=is_time_known,
        form=form,
        treating_clinician=treating_clinician,
        revoked_on=revoked_on,
        **details,
    )


def draft_visit(
    stamp: Stamp,
    *,
    patient: Patient,
    on: date,
    code: str = "",
    is_by_billing_practitioner: bool = True,
    treating_clinician: TreatingClinician | None = None,
) -> InitiatingVisit:
    """A visit with a practitioner. The code may be unknown where a spreadsheet gave only the day."""
    return stamped(
        InitiatingVisit,
        stamp,
        patient=patient,
        on=on,
        code=code.strip().upper(),
        is_by_billing_practitioner=is_by_billing_practitioner,
        treating_clinician=treating_clinician,
    )


def draft_diagnosis(
    stamp: Stamp, *, episode: Episode, code: str, rank: int = 1, from_on: date | None = None, is_new: bool = False
) -> Diagnosis:
    """An ICD-10-CM code treated in the episode; `is_new` on somebody's word. Raises DiagnosisUnreadable."""
    normal = normal_icd10(code)
    if not normal:
        raise DiagnosisUnreadable
    return stamped(Diagnosis, stamp, episode=episode, code=normal, rank=rank, from_on=from_on, is_new=is_new)


def draft_care_plan(stamp: Stamp, *, episode: Episode, on: date, text: str = "", is_assumed: bool = False) -> CarePlan:
    """A dated version of the plan. An import whose file says nothing of plans assumes one, and it is flagged."""
    return stamped(CarePlan, stamp, episode=episode, on=on, text=text, is_assumed=is_assumed)


def _status(relapse_prevention_from: date | None, ended_on: date | None) -> EpisodeStatus:
    if ended_on is not None:
        return EpisodeStatus.DISCHARGED
    return EpisodeStatus.ACTIVE if relapse_prevention_from is None else EpisodeStatus.RELAPSE_PREVENTION


def _in_order(first: date | None, first_name: str, second: date | None, second_name: str) -> None:
    if first is not None and second is not None and second < first:
        raise DateOutOfOrder(f"The date of {second_name} is before that of {first_name}. Correct one of them.")
