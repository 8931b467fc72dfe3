"""Copies of records that patients asked for: which, by when, and the files while they are kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from bhi.errors import NotFound
from bhi.files.models import StoredFile
from bhi.jobs.queries import JobProgress, job_progress
from bhi.tenancy.models import Membership
from billing.queries.withholdings import withholdings_of
from billing.rules.withholding import said_of
from registry.models import RecordExport
from registry.queries.amendments import amendments_of
from registry.queries.part_two import part_two_of
from registry.rules.part_two import Use

PURPOSE: Final = "record copy"
PAPER, STRUCTURED = "paper", "structured"


@dataclass(frozen=True)
class ExportShown:
    """A request for a copy. `is_late` when nobody gave it by the day on which it was due."""

    id: UUID
    asked_on: date
    asked_by: str
    due_on: date
    from_on: date | None
    until_on: date | None
    is_made: bool
    kept_until: datetime | None
    given_on: date | None
    job_id: UUID | None
    is_late: bool


def exports_of(organization_id: UUID, patient_id: UUID, *, at: datetime, today: date) -> tuple[ExportShown, ...]:
    """Every request for a copy, the newest first. One statement."""
    rows = RecordExport.objects.filter(organization_id=organization_id, patient_id=patient_id)
    return tuple(_shown(rows.order_by("-asked_on", "-id"), at, today))


def export_of(organization_id: UUID, patient_id: UUID, export_id: UUID, *, at: datetime, today: date) -> ExportShown:
    """One request. Raises NotFound."""
    rows = RecordExport.objects.filter(organization_id=organization_id, patient_id=patient_id, id=export_id)
    for found in _shown(rows, at, today):
        return found
    raise NotFound


@dataclass(frozen=True)
class CopyAsked:
    """What a copy is made of: of whom, from and until when, and the sentences that go with it.

    `statements` are those of a patient who disagrees with a denied amendment (45 CFR 164.526(d)(5)); `without` are
    the parts that are left out, `withheld` what is said of them.
    """

    export_id: UUID
    patient_id: UUID
    asked_on: date
    asked_by: str
    from_on: date | None
    until_on: date | None
    notices: tuple[str, ...]
    statements: tuple[str, ...]
    without: frozenset[str]
    withheld: tuple[str, ...]


def copy_asked(organization_id: UUID, export_id: UUID, *, at: datetime) -> CopyAsked:
    """A request as the job that makes it needs it. Raises DoesNotExist."""
    row = RecordExport.objects.get(organization_id=organization_id, id=export_id)
    part_two = part_two_of(organization_id, row.patient_id)
    left_out = [one for _, one in withholdings_of(organization_id, row.patient_id)]
    denied = [one for one in amendments_of(organization_id, row.patient_id) if one.disagreement]
    return CopyAsked(
        export_id,
        row.patient_id,
        row.asked_on,
        row.asked_by,
        row.from_on,
        row.until_on,
        part_two.notices(Use.TO_PATIENT, row.asked_on),
        tuple(
            f"The patient asked to amend: {one.what} It was denied. The patient says: {one.disagreement}"
            for one in denied
        ),
        frozenset(part for one in left_out for part in one.parts),
        tuple(line for one in left_out for line in said_of(one)),
    )


def export_job(export: ExportShown, *, owner: Membership) -> JobProgress | None:
    """How far the making is, for whoever asked for it; None for others."""
    if export.job_id is None:
        return None
    try:
        return job_progress(export.job_id, owner=owner)
    except NotFound:
        return None


def export_file(organization_id: UUID, patient_id: UUID, export_id: UUID, kind: str, *, at: datetime) -> StoredFile:
    """A file of a copy while it is kept. Raises NotFound."""
    rows = RecordExport.objects.filter(organization_id=organization_id, patient_id=patient_id, id=export_id)
    row: RecordExport | None = rows.select_related("pdf", "structured").first()
    file: StoredFile | None = None if row is None else row.pdf if kind == PAPER else row.structured
    if file is None or (file.expires_at is not None and file.expires_at <= at):
        raise NotFound
    return file


def _shown(rows: Iterable[RecordExport], at: datetime, today: date) -> Iterable[ExportShown]:
    for row in rows.select_related("pdf").defer("pdf__sealed"):  # type: ignore[attr-defined]
        kept_until = row.pdf.expires_at if row.pdf is not None and row.pdf.expires_at > at else None
        days = {"asked_on": row.asked_on, "due_on": row.due_on, "from_on": row.from_on, "until_on": row.until_on}
        yield ExportShown(
            id=row.id,
            asked_by=row.asked_by,
            is_made=row.pdf_id is not None,
            kept_until=kept_until,
            given_on=row.given_on,
            job_id=row.job_id,
            is_late=row.given_on is None and row.due_on < today,
            **days,
        )
