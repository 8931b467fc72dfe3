"""What an enrolment rests on, from a patient's record that the chart has read anyway: for its "n of m"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from bhi.tenancy.models import Membership
from caseload.queries.doors import PatientDoor
from caseload.queries.patient_record import PatientRecord, Row, day
from registry.models import Episode, EpisodeStatus, Program, TreatingClinician
from registry.queries.enrolment import targets_of
from registry.rules.consent import is_for_another
from registry.rules.enrolment import VISIT_CODES, Checklist, Enrolment, baseline_of, checklist, is_visit_needed
from registry.rules.identifiers import is_behavioral, is_npi
from registry.rules.instruments import instrument, scale_key_of

_THERE = "On record"


def chart_checklist(
    record: PatientRecord, door: PatientDoor, episode: Episode, people: Mapping[UUID, Membership]
) -> Checklist:
    """The checklist of the enrolment page, without a statement of its own."""
    clinician = episode.treating_clinician
    consents = [row for row in reversed(record.of("consent")) if row["service"] == "bhi"]
    consent = next((row for row in consents if row["revoked_on"] is None or day(row["revoked_on"]) > door.today), None)
    visit_on = _visit_on(record.of("visit"), door.today)
    diagnoses = record.of("diagnosis")
    coverage = next(iter(record.of("coverage")), None)
    baselines, missing = _baselines(record.of("assessment"), episode)
    seat = people.get(episode.care_manager_id) if episode.care_manager_id else None
    return checklist(
        Enrolment(
            consent=_THERE if consent else "",
            consent_fault="Taken back" if consents and not consent else "",
            billing_clinician=str(clinician) if clinician else "",
            needs_new_consent=consent is not None and _is_for_another(consent, clinician),
            visit=_THERE if visit_on else "",
            needs_visit=is_visit_needed(episode.enrolled_on, visit_on),
            diagnosis=", ".join(row["code"] for row in diagnoses),
            diagnosis_is_behavioral=any(is_behavioral(row["code"]) for row in diagnoses[:1]),
            diagnosis_is_confirmed=any(row["confirmed_on"] for row in diagnoses[:1]),
            program=str(Program(episode.program).label),
            has_npi=clinician is not None and is_npi(clinician.npi),
            care_manager=seat.name if seat else "",
            insurance=coverage["name"] if coverage else "",
            needs_member_id=coverage is not None and not coverage["is_self_pay"],
            member_id=coverage["member_id"] if coverage else "",
            baselines=baselines,
            missing_baselines=missing,
            initial_assessment=_THERE if record.of("first") else "",
            care_plan=_THERE if record.of("plan") else "",
            care_plan_is_signed=any(row["signed_on"] for row in record.of("plan")),
            is_safety_plan_needed=_last_item9(record.of("assessment")) > 0,
            safety_plan=_THERE if record.of("safety") else "",
            is_relapse_plan_needed=episode.status == EpisodeStatus.RELAPSE_PREVENTION,
            relapse_plan=_THERE if any(UUID(row["episode_id"]) == episode.id for row in record.of("relapse")) else "",
            emergency_contact=_THERE if any(row["is_emergency_contact"] for row in record.of("related")) else "",
            mrn=door.patient.mrn,
        )
    )


def _is_for_another(consent: Row, clinician: TreatingClinician | None) -> bool:
    named = consent["treating_clinician_id"]
    return is_for_another(UUID(named) if named else None, clinician.id if clinician else None)


def _visit_on(rows: Sequence[Row], today: date) -> date | None:
    """The latest visit with the billing practitioner that can begin the services; one without its code may."""
    codes = {"", *VISIT_CODES}
    served = [
        day(row["on"])
        for row in rows
        if row["is_by_billing_practitioner"] and row["code"] in codes and day(row["on"]) <= today
    ]
    return max(served, default=None)


def _baselines(rows: Sequence[Row], episode: Episode) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    found: list[tuple[str, str]] = []
    missing: list[str] = []
    for key in targets_of(episode):
        totals = [
            (day(row["on"]), row["total"])
            for row in rows
            if scale_key_of(row["instrument"]) == key and row["total"] is not None
        ]
        first = baseline_of(totals, episode.enrolled_on)
        if first is None:
            missing.append(instrument(key).name)
        else:
            found.append((instrument(key).name, str(first[1])))
    return tuple(found), tuple(missing)


def _last_item9(rows: Sequence[Row]) -> int:
    return next((row["item9"] for row in reversed(rows) if row["item9"] is not None), 0)
