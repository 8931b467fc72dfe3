"""Patients, and what pays for and treats them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.tenancy.models import Clinic, Membership
from registry.models import Coverage, Patient, Payer, TreatingClinician
from registry.operations.drafts import draft_coverage, draft_patient
from registry.operations.errors import CoverageTaken, RecordNumberTaken
from registry.operations.recording import Stamp, announce_change, record_facts, refusing
from registry.queries.episodes import episode_ids_of
from registry.queries.patients import is_record_number_taken
from registry.rules.names import sort_name
from registry.rules.people import takes_mbi


@transaction.atomic
def add_patient(
    *,
    by: Membership,
    at: datetime,
    clinic: Clinic,
    mrn: str,
    family_name: str,
    given_name: str,
    birth_date: date,
    middle_name: str = "",
    import_id: UUID | None = None,
    **details: Any,
) -> Patient:
    """A new person of a clinic. `details` are other columns of Patient (sex, phone, language …).

    Raises RecordNumberTaken when a live patient of the clinic has the record number.
    """
    patient = draft_patient(
        Stamp(by, at, import_id),
        clinic=clinic,
        mrn=mrn,
        family_name=family_name,
        given_name=given_name,
        middle_name=middle_name,
        birth_date=birth_date,
        **details,
    )
    if patient.mrn and is_record_number_taken(by.organization_id, clinic.id, patient.mrn):
        raise RecordNumberTaken
    with refusing({"registry_patient_mrn": RecordNumberTaken}):
        record_facts([patient])
    record("patient.added", by=by, at=at, patient_id=patient.id, object_id=patient.id, fields=["mrn", "name", *details])
    return patient


@transaction.atomic
def add_coverage(
    *,
    by: Membership,
    at: datetime,
    patient: Patient,
    payer: Payer,
    member_id: str = "",
    rank: int = 1,
    from_on: date | None = None,
    import_id: UUID | None = None,
) -> Coverage:
    """Insurance of a patient. Raises CoverageTaken when one of that rank is open."""
    stamp = Stamp(by, at, import_id)
    coverage = draft_coverage(stamp, patient=patient, payer=payer, member_id=member_id, rank=rank, from_on=from_on)
    with refusing({"registry_coverage_one_per_rank": CoverageTaken}):
        record_facts([coverage])
    record("coverage.added", by=by, at=at, patient_id=patient.id, object_id=coverage.id, fields=["payer", "member_id"])
    announce_change(episode_ids_of(patient.id), stamp=stamp, since=from_on or at.date())
    return coverage


def payer_named(*, by: Membership, name: str, payer_code: str = "", is_self_pay: bool = False) -> Payer:
    """The organization's payer of this name, made when there is none."""
    payer, _ = Payer.objects.get_or_create(
        organization_id=by.organization_id,
        name=name.strip(),
        defaults={"payer_code": payer_code, "is_self_pay": is_self_pay, "takes_mbi": takes_mbi(name)},
    )
    return payer


def treating_clinician_named(
    *, by: Membership, family_name: str, given_name: str, credential: str = "", npi: str = ""
) -> TreatingClinician:
    """The practitioner of this name and credential, made when there is none."""
    clinician, _ = TreatingClinician.objects.get_or_create(
        organization_id=by.organization_id,
        sort_name=sort_name(family_name, given_name),
        credential=credential,
        defaults={"name": f"{given_name} {family_name}".strip(), "npi": npi},
    )
    return clinician
