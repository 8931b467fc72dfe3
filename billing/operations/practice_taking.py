"""Taking a practice's file over, all of it or nothing, and taking it back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from bhi.audit.operations import record
from bhi.tenancy.models import Membership
from bhi.tenancy.sight import seeing_everything
from billing.models import FileState, LateChange, LateKind, MonthClose, OtherService, PracticeFile
from billing.operations.batches import lock_claims
from billing.operations.late import wait_for_closers, write_late
from billing.operations.practice_files import (
    TAKE_JOB,
    PracticeFileNotReady,
    Progress,
    locked_file,
    plan_of,
    preview_again,
    queue_job,
    quietly,
    sheets_of,
)
from billing.queries.practice_files import claimed_months_resting_on, closed_months_resting_on
from billing.rules.practice import APPOINTMENT, PracticePlan, RowFate
from caseload.operations.imports.drafts import allow_minutes
from caseload.rules.clock import first_day, month_of
from registry.models import Appointment, Episode, Fact, InitiatingVisit
from registry.operations.appointments import draft_appointment
from registry.operations.recording import Stamp, announce_change, record_facts, stamped, void_facts

# What writes more is carried out by a worker.
AT_ONCE_WRITES = 500
_UNDONE = "The practice's file was undone"
_CANCELED = "Canceled or moved in the practice's own system"
_KINDS: tuple[type[Fact], ...] = (InitiatingVisit, OtherService, Appointment)


class FileChanged(PracticeFileNotReady):
    """The record or the choices are no longer those of the preview that was confirmed."""


@transaction.atomic
def take_practice_file(
    *,
    by: Membership,
    at: datetime,
    file_id: UUID,
    digest: str,
    in_background: bool = True,
    progress: Progress = quietly,
) -> PracticeFile:
    """Carry out exactly what the preview with this fingerprint shows. Confirming once more changes nothing.

    A long file is handed to a job. Where the record has changed since, a new preview is made instead, which says so.
    Raises PracticeFileNotReady, NotFound.
    """
    file = locked_file(by.organization_id, file_id)
    if file.state == FileState.TAKEN or (in_background and file.summary.get("is_taking")):
        return file
    if file.state != FileState.PREVIEW:
        raise PracticeFileNotReady("This file is not waiting for confirmation.")
    if file.summary.get("problems") or file.summary.get("questions"):
        raise PracticeFileNotReady("Settle what stops the file first; each point is listed above the rows.")
    if in_background and file.summary.get("writes", 0) > AT_ONCE_WRITES:
        file.summary = {**file.summary, "is_taking": True}
        queue_job(file, TAKE_JOB, by=by, at=at, digest=digest)
        return file
    if not in_background:
        allow_minutes()
    _, plan = plan_of(file, sheets_of(file), at=at)
    if plan.digest() != digest:
        file.summary = {}
        because = "The record has changed since the last one. Look at this one, and confirm it."
        return preview_again(file, by=by, at=at, because=because)
    _carry_out(file, plan, stamp=Stamp(by, at, file.id), progress=progress)
    record("practice_file.taken", by=by, at=at, object_id=file.id, count=plan.writes)
    return file


@transaction.atomic
def release_practice_file(*, by: Membership, at: datetime, file_id: UUID, because: str) -> PracticeFile:
    """A file that a job could not take over waits for somebody again, who reads why. Raises NotFound."""
    file = locked_file(by.organization_id, file_id)
    if file.state == FileState.PREVIEW:
        file.summary = {**file.summary, "is_taking": False, "because": because}
        file.save(update_fields=["summary"])
        record("practice_file.released", by=by, at=at, object_id=file.id)
    return file


@transaction.atomic
@seeing_everything()
def undo_practice_file(*, by: Membership, at: datetime, file_id: UUID) -> PracticeFile:
    """Void everything that a file brought, and put back the appointments that it took away.

    Raises NotFound, and PracticeFileNotReady where it was not taken over, or a claim or a closed month rests on it.
    """
    lock_claims(by.organization_id)
    file = locked_file(by.organization_id, file_id)
    if file.state == FileState.UNDONE:
        return file
    if file.state != FileState.TAKEN:
        raise PracticeFileNotReady("Only a file that was taken over can be undone.")
    facts = [fact for kind in _KINDS for fact in _brought(kind, file)]
    months_of = {fact.patient_id for fact in facts if isinstance(fact, InitiatingVisit | OtherService)}
    wait_for_closers(by.organization_id, months_of)
    _refuse_if_rested_on(file)
    stamp = Stamp(by, at)
    # What came after a close may go again: what that close froze never rested on it.
    write_late(by=by, at=at, because=_UNDONE, write=lambda: void_facts(facts, stamp=stamp, reason=_UNDONE))
    record_facts(_put_back(file, stamp))
    _note_late(facts, file, stamp, LateKind.TAKEN_BACK, f"{_UNDONE}.")
    _announce(facts, stamp)
    file.state, file.undone_at, file.undone_by = FileState.UNDONE, at, by
    file.save(update_fields=["state", "undone_at", "undone_by"])
    record("practice_file.undone", by=by, at=at, object_id=file.id, count=len(facts))
    return file


def _carry_out(file: PracticeFile, plan: PracticePlan, *, stamp: Stamp, progress: Progress) -> None:
    facts = [fact for row in plan.rows for fact in _facts(row, stamp)]
    touched = {row.patient for row in plan.rows if row.patient and (row.is_visit or row.is_service)}
    wait_for_closers(file.organization_id, touched)
    progress(10, 100)
    record_facts(facts)
    progress(60, 100)
    canceled = [key for row in plan.rows for key in row.takes_back]
    taken_back = Appointment.objects.live().filter(organization_id=file.organization_id, id__in=canceled)
    void_facts(list(taken_back), stamp=stamp, reason=_CANCELED)
    _note_late(facts, file, stamp, LateKind.ADDED, "It came with the practice's file of charges.")
    _announce(facts, stamp)
    progress(100, 100)
    file.state, file.taken_at, file.taken_by = FileState.TAKEN, stamp.at, stamp.by
    file.summary = {**file.summary, "canceled": [str(key) for key in canceled], "is_taking": False}
    for about_reading in ("columns", "people"):
        file.summary.pop(about_reading, None)
    file.save(update_fields=["state", "taken_at", "taken_by", "summary"])


def _facts(row: RowFate, stamp: Stamp) -> Iterator[Fact]:
    charge = row.charge
    if charge is None or row.patient is None:
        return
    if row.is_visit:
        yield stamped(
            InitiatingVisit,
            stamp,
            patient_id=row.patient,
            on=charge.on,
            code=charge.code,
            is_by_billing_practitioner=row.is_by_billing,
            treating_clinician_id=row.clinician,
        )
    if row.is_service:
        yield stamped(
            OtherService,
            stamp,
            patient_id=row.patient,
            month=first_day(month_of(charge.on)),
            code=charge.code,
            is_by_billing_practitioner=row.is_by_billing,
            biller=charge.practitioner[:200],
        )
    if row.fate == APPOINTMENT:
        yield draft_appointment(stamp, patient_id=row.patient, on=charge.on, at=charge.at, with_whom=row.with_whom)


def _note_late(facts: Sequence[Fact], file: PracticeFile, stamp: Stamp, kind: LateKind, because: str) -> None:
    """What touched months that are closed is kept as changes after the close, for each enrolment of its patient."""
    dated = [
        (fact.patient_id, _month(fact), fact.id) for fact in facts if isinstance(fact, InitiatingVisit | OtherService)
    ]
    episodes = Episode.objects.live().filter(patient_id__in={patient for patient, *_ in dated})
    closes = {
        (close.clinic_id, close.month): close
        for close in MonthClose.objects.filter(organization_id=file.organization_id, reopened_at__isnull=True)
    }
    of: dict[UUID, list[Episode]] = {}
    for episode in episodes:
        of.setdefault(episode.patient_id, []).append(episode)
    LateChange.objects.bulk_create(
        LateChange(
            organization_id=file.organization_id,
            close=close,
            episode=episode,
            kind=kind,
            object_id=key,
            because=because,
            at=stamp.at,
            by=stamp.by,
        )
        for patient, month, key in dated
        for episode in of.get(patient, ())
        if (close := closes.get((episode.clinic_id, month))) and _was_open(episode, month)
    )


def _was_open(episode: Episode, month: date) -> bool:
    """Whether the enrolment reached into the month."""
    begun = episode.enrolled_on.replace(day=1) <= month
    return begun and (episode.ended_on is None or episode.ended_on >= month)


def _month(fact: InitiatingVisit | OtherService) -> date:
    return fact.month if isinstance(fact, OtherService) else fact.on.replace(day=1)


def _announce(facts: Iterable[Fact], stamp: Stamp) -> None:
    """Each enrolment's months once, from the first day that something of its patient's changed."""
    since: dict[UUID, date] = {}
    for fact in facts:
        if isinstance(fact, InitiatingVisit | OtherService):
            since[fact.patient_id] = min(_month(fact), since.get(fact.patient_id, date.max))
    for episode_id, patient_id in Episode.objects.live().filter(patient_id__in=since).values_list("id", "patient_id"):
        announce_change([episode_id], stamp=stamp, since=since[patient_id])


def _brought(kind: type[Fact], file: PracticeFile) -> list[Fact]:
    return list(kind.objects.live().filter(organization_id=file.organization_id, import_id=file.id))


def _put_back(file: PracticeFile, stamp: Stamp) -> Iterator[Fact]:
    """Appointments that the file had canceled, recorded anew: of whom they are by now, once, and not those that a file
    brought which was undone itself.
    """
    ours = Q(organization_id=file.organization_id)
    canceled = list(
        Appointment.objects.filter(ours, id__in=file.summary.get("canceled", ()), void_reason=_CANCELED).select_related(
            "patient"
        )
    )
    brought = {one.import_id for one in canceled}
    undone = set(PracticeFile.objects.filter(ours, id__in=brought, state=FileState.UNDONE).values_list("id", flat=True))
    days = Appointment.objects.live().filter(ours, on__in={one.on for one in canceled})
    there = set(days.values_list("patient_id", "on", "at"))
    for one in canceled:
        patient = one.patient
        while patient.merged_into is not None:
            patient = patient.merged_into
        if one.import_id in undone or (patient.id, one.on, one.at) in there:
            continue
        again = replace(stamp, import_id=one.import_id)
        yield draft_appointment(
            again, patient_id=patient.id, on=one.on, at=one.at, with_whom=one.with_whom, clinic_id=one.clinic_id
        )


def _refuse_if_rested_on(file: PracticeFile) -> None:
    claimed = claimed_months_resting_on(file.organization_id, file.id)
    if claimed:
        raise PracticeFileNotReady(
            f"Claims were made for {claimed} for patients of this file, so it cannot be undone as a whole."
        )
    closed = closed_months_resting_on(file.organization_id, file.id)
    if closed:
        raise PracticeFileNotReady(
            f"{closed} was closed with what this file brought, so it cannot be undone as a whole. "
            "Open the month again first, or correct what is wrong on the charts."
        )
