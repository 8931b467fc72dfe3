"""Copies of records for patients: asked for, made by a job, kept sealed for thirty days, given."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.files.operations import discard_expired, store
from bhi.jobs.operations import queue
from bhi.tenancy.ids import uuid7
from bhi.tenancy.models import Membership
from billing.queries.record_exports import PURPOSE
from billing.rules.record_copy import due_on, faults_of_request
from registry.models import RecordExport
from registry.operations.disclosures import disclose
from registry.operations.part_two import locked_patient, refuse, sent_before
from registry.rules.part_two import Use

KEPT_FOR: Final = timedelta(days=30)
MAKE: Final = "make_record_copy"


@transaction.atomic
def ask_for_copy(
    *, by: Membership, at: datetime, patient_id: UUID, asked_on: date, asked_by: str, from_on: date | None,
    until_on: date | None, today: date, client_token: UUID,
) -> RecordExport:  # fmt: skip
    """Have the copy made that a patient, or who stands for them, asked for; due thirty days after that.

    A second submit returns the first. Raises RightsRefused, FormReused, NotFound.
    """
    patient = locked_patient(by, patient_id)
    known: RecordExport | None = sent_before(RecordExport, patient, client_token)
    if known is not None:
        return known
    asked: dict[str, Any] = {"asked_on": asked_on, "from_on": from_on, "until_on": until_on}
    refuse(faults_of_request(**asked, asked_by=asked_by, today=today))
    export_id = uuid7()
    made: RecordExport = RecordExport.objects.create(
        id=export_id,
        organization_id=by.organization_id,
        patient=patient,
        asked_by=asked_by.strip(),
        due_on=due_on(asked_on),
        made_at=at,
        made_by=by,
        job_id=_queue(export_id, by=by, at=at),
        client_token=client_token,
        **asked,
    )
    record("record_copy.asked", by=by, at=at, patient_id=patient_id, object_id=made.id, fields=sorted(asked))
    return made


@transaction.atomic
def keep_copy(*, organization_id: UUID, export_id: UUID, pdf: bytes, structured: bytes, at: datetime) -> None:
    """Keep both files of a copy, sealed, for thirty days. Raises FileTooLarge."""
    found = RecordExport.objects.select_for_update(of=("self",)).get(organization_id=organization_id, id=export_id)
    kept: dict[str, Any] = {"organization_id": organization_id, "purpose": PURPOSE}
    kept |= {"at": at, "expires_at": at + KEPT_FOR}
    found.pdf = store(pdf, media_type="application/pdf", **kept)
    found.structured = store(structured, media_type="application/zip", **kept)
    found.save(update_fields=["pdf", "structured"])


@transaction.atomic
def give_copy(*, by: Membership, at: datetime, patient_id: UUID, export_id: UUID, given_on: date, today: date) -> None:
    """The copy reached who asked for it: kept as a disclosure to the patient. Saying so again writes nothing.

    Raises RightsRefused, NotFound.
    """
    rows = RecordExport.objects.filter(organization_id=by.organization_id, patient_id=patient_id, id=export_id)
    found: RecordExport | None = rows.select_for_update(of=("self",)).first()
    if found is None:
        raise NotFound
    if found.given_on is not None:
        return
    refuse(_faults_of_giving(found, given_on, today))
    found.given_on, found.given_by = given_on, by
    found.save(update_fields=["given_on", "given_by"])
    disclose(
        by=by,
        at=at,
        patient_id=patient_id,
        on=given_on,
        use=Use.TO_PATIENT,
        recipient=found.asked_by,
        what="Copy of the record",
        object_id=found.id,
    )
    record("record_copy.given", by=by, at=at, patient_id=patient_id, object_id=found.id, fields=["given_on"])


def discard_copies(*, organization_id: UUID, at: datetime) -> int:
    """Empty the files whose thirty days are over; that they were made stays. How many."""
    return discard_expired(organization_id=organization_id, purpose=PURPOSE, at=at)


def _faults_of_giving(found: RecordExport, given_on: date, today: date) -> dict[str, str]:
    if found.pdf_id is None:
        return {"given_on": "The copy is not made yet. Wait for it, then give it."}
    if given_on > today or given_on < found.asked_on:
        return {"given_on": "Enter a day between the request and today."}
    return {}


def _queue(export_id: UUID, *, by: Membership, at: datetime) -> UUID:
    arguments = {"export_id": export_id}
    return queue(MAKE, organization_id=by.organization_id, key=str(export_id), arguments=arguments, owner=by, at=at)
