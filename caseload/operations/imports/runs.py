"""An import from its upload to its confirmation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.errors import DomainError
from bhi.files.operations import read, store
from bhi.jobs.operations import queue
from bhi.tenancy.models import Membership
from caseload.models import ImportFile, ImportRow, ImportRun, ImportState
from caseload.operations.imports.drafts import allow_minutes
from caseload.operations.imports.writing import carry_out
from caseload.operations.read_workbook import WorkbookUnreadable, read_workbook
from caseload.operations.timekeeping import lock_people
from caseload.queries.imports import import_run
from caseload.queries.imports_known import known_for
from caseload.rules.imports.corrections import Corrections, CorrectionsUnreadable, read_corrections, stored_corrections
from caseload.rules.imports.fates import plan_import
from caseload.rules.imports.plans import ImportPlan
from caseload.rules.imports.reading import Reading, read_sheets
from caseload.rules.imports.sheets import Sheet
from registry.operations.recording import Stamp

MOST_FILES = 10
# What takes longer than a page may take is done by a worker.
AT_ONCE_BYTES = 250_000
AT_ONCE_ROWS = 3_000
BATCH = 1000


class ImportNotReady(DomainError):
    """An import that cannot be confirmed or corrected now: it runs, is done, or has something to settle first."""


class ImportChanged(DomainError):
    """The record or the choices are no longer those of the preview that was confirmed."""


@dataclass(frozen=True)
class Upload:
    """A chosen file: its name as the person's computer has it, and its bytes."""

    name: str
    content: bytes


@transaction.atomic
def start_import(
    *,
    by: Membership,
    at: datetime,
    files: Sequence[Upload],
    corrections: Corrections | None = None,
    in_background: bool = True,
) -> ImportRun:
    """Keep the files and decide the fate of every row; nothing else is written.

    Files that are long are read by a job. Raises WorkbookUnreadable (then nothing is kept).
    """
    if not 1 <= len(files) <= MOST_FILES:
        raise WorkbookUnreadable(f"Choose at least one file and at most {MOST_FILES}.")
    later = in_background and sum(len(file.content) for file in files) > AT_ONCE_BYTES
    named = _named(files)
    sheets = () if later else tuple(sheet for name, file in named for sheet in read_workbook(name, file.content))
    run: ImportRun = ImportRun.objects.create(
        organization_id=by.organization_id,
        by=by,
        created_at=at,
        state=ImportState.READING,
        options=stored_corrections(corrections or Corrections()),
    )
    for position, (name, file) in enumerate(named):
        _keep(run, position, name, file.content, at)
    record("import.uploaded", by=by, at=at, object_id=run.id, count=len(files))
    if later:
        _queue(run, "read_import", by=by, at=at)
    else:
        _preview(run, sheets)
    return run


@transaction.atomic
def read_import(*, by: Membership, at: datetime, run_id: UUID) -> ImportRun:
    """The job behind a long upload: read what was kept and make the preview. Refused files are said in the run."""
    run = locked_import(by.organization_id, run_id)
    if run.state == ImportState.READING:
        try:
            _preview(run, _sheets(run))
        except WorkbookUnreadable as fault:
            run.state, run.summary = ImportState.REFUSED, {"problems": [str(fault)]}
            run.save(update_fields=["state", "summary"])
    return run


@transaction.atomic
def correct_import(*, by: Membership, at: datetime, run_id: UUID, corrections: Mapping[str, Any]) -> ImportRun:
    """Read the same files with other choices of columns, values, clinics. Raises ImportNotReady, NotFound."""
    run = locked_import(by.organization_id, run_id)
    if run.state not in (ImportState.PREVIEW, ImportState.IMPORTING):
        raise ImportNotReady("This import is no longer waiting, so its columns cannot be changed. Start a new one.")
    try:
        run.options = stored_corrections(read_corrections(corrections))
    except CorrectionsUnreadable as fault:
        raise ImportNotReady(str(fault)) from None
    run.save(update_fields=["options"])
    record("import.corrected", by=by, at=at, object_id=run.id, fields=["options"])
    _preview(run, _sheets(run))
    return run


@transaction.atomic
def confirm_import(
    *,
    by: Membership,
    at: datetime,
    run_id: UUID,
    digest: str,
    in_background: bool = True,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> ImportRun:
    """Carry out exactly what the preview with this fingerprint shows, all of it or nothing.

    A long import is handed to a job. Raises ImportNotReady, NotFound, and ImportChanged when the record is no
    longer the one of the preview: preview_again makes a new one.
    """
    run = locked_import(by.organization_id, run_id)
    if run.state not in (ImportState.PREVIEW, ImportState.IMPORTING):
        raise ImportNotReady("This import is not waiting for confirmation.")
    if in_background and ImportRow.objects.filter(organization_id=run.organization_id, run=run).count() > AT_ONCE_ROWS:
        run.state = ImportState.IMPORTING
        run.save(update_fields=["state"])
        _queue(run, "carry_out_import", by=by, at=at, digest=digest)
        return run
    if not in_background:
        allow_minutes()
    lock_people(people_of(by.organization_id))
    plan = _plan(run, _sheets(run))
    if not plan.can_be_imported:
        raise ImportNotReady("Settle what stops the import first; each point is listed above the rows.")
    if plan.digest() != digest:
        raise ImportChanged("The record has changed since this preview. Look at the new one and confirm it.")
    carry_out(plan, stamp=Stamp(by, at, run.id), progress=progress)
    run.state, run.imported_at = ImportState.IMPORTED, at
    run.summary = {**run.summary, "replaced": plan.replaced}
    run.save(update_fields=["state", "imported_at", "summary"])
    record("import.confirmed", by=by, at=at, object_id=run.id, count=len(plan.patients) + len(plan.contacts))
    return run


@transaction.atomic
def preview_again(*, by: Membership, at: datetime, run_id: UUID, because: str = "") -> ImportRun:
    """Decide the fates anew against the record as it is now; `because` is shown above them."""
    run = locked_import(by.organization_id, run_id)
    if run.state not in (ImportState.PREVIEW, ImportState.IMPORTING):
        raise ImportNotReady("This import is no longer waiting. Start a new one.")
    _preview(run, _sheets(run), because=because)
    return run


def locked_import(organization_id: UUID, run_id: UUID) -> ImportRun:
    """The import, one writer at a time; all imports of an organization queue up behind each other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('import:' || %s, 0))", [str(organization_id)])
    return import_run(organization_id, run_id)


def _preview(run: ImportRun, sheets: Sequence[Sheet], *, because: str = "") -> None:
    plan = _plan(run, sheets)
    ImportRow.objects.filter(organization_id=run.organization_id, run=run).delete()
    rows = [
        ImportRow(
            organization_id=run.organization_id,
            run=run,
            position=position,
            sheet=row["sheet"][:200],
            row_number=row["row"],
            kind=row["kind"],
            fate=row["fate"],
            label=row["label"][:300],
            messages=row["messages"],
        )
        for position, row in enumerate(plan.rows())
    ]
    ImportRow.objects.bulk_create(rows, batch_size=BATCH)
    run.state = ImportState.PREVIEW
    run.summary = {**plan.summary(), "digest": plan.digest(), "columns": _columns(run, sheets), "because": because}
    run.save(update_fields=["state", "summary"])


def _plan(run: ImportRun, sheets: Sequence[Sheet]) -> ImportPlan:
    reading = _reading(run, sheets)
    return plan_import(reading, known_for(run.organization_id, reading))


def _reading(run: ImportRun, sheets: Sequence[Sheet]) -> Reading:
    """As on the day of the upload, so that a preview and its confirmation read the same."""
    return read_sheets(sheets, on=run.created_at.date(), corrections=read_corrections(run.options))


def _columns(run: ImportRun, sheets: Sequence[Sheet]) -> list[dict[str, Any]]:
    """What each sheet was taken for and each column, for the form that corrects it."""
    tables = {table.sheet.key: table for table in _reading(run, sheets).recognition.tables}
    return [
        {
            "key": sheet.key,
            "label": sheet.label,
            "kind": tables[sheet.key].kind if sheet.key in tables else "",
            "header_row": tables[sheet.key].header_row if sheet.key in tables else 0,
            "columns": [
                {"position": column.position, "header": column.header, "field": column.field}
                for column in (tables[sheet.key].columns if sheet.key in tables else ())
            ],
        }
        for sheet in sheets
    ]


def _sheets(run: ImportRun) -> tuple[Sheet, ...]:
    """The sheets of the kept files. Raises WorkbookUnreadable."""
    kept = ImportFile.objects.filter(organization_id=run.organization_id, run=run).select_related("stored_file")
    return tuple(
        sheet for file in kept.order_by("position") for sheet in read_workbook(file.name, read(file.stored_file))
    )


def _named(files: Sequence[Upload]) -> list[tuple[str, Upload]]:
    """Files by a name of their own: two of the same name are told apart by a number."""
    named: dict[str, Upload] = {}
    for file in files:
        name = file.name.replace("\\", "/").rsplit("/", 1)[-1][:150] or "file"
        taken = sum(known == name or known.startswith(f"{name} (") for known in named)
        named[f"{name} ({taken + 1})" if taken else name] = file
    return list(named.items())


def _keep(run: ImportRun, position: int, name: str, content: bytes, at: datetime) -> None:
    stored = store(
        content,
        organization_id=run.organization_id,
        purpose="import",
        media_type="application/octet-stream",
        at=at,
    )
    ImportFile.objects.create(
        organization_id=run.organization_id, run=run, position=position, name=name, stored_file=stored
    )


def _queue(run: ImportRun, kind: str, *, by: Membership, at: datetime, **more: str) -> None:
    arguments = {"run_id": str(run.id), "by_id": str(by.id), **more}
    run.job_id = queue(kind, organization_id=run.organization_id, key=str(run.id), at=at, arguments=arguments, owner=by)
    run.save(update_fields=["job_id"])
