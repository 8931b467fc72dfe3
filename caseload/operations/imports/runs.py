"""An import from its upload to its confirmation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.errors import DomainError
from bhi.files.operations import store
from bhi.tenancy.models import Membership
from caseload.models import ImportFile, ImportRow, ImportRun, ImportState
from caseload.operations.imports import previews
from caseload.operations.imports.drafts import allow_minutes
from caseload.operations.imports.previews import (
    ImportNotReady,
    locked_import,
    make_preview,
    plan_of,
    queue_job,
    quietly,
    read_again,
    sheets_of,
    waiting_import,
)
from caseload.operations.imports.writing import carry_out
from caseload.operations.read_workbook import Progress, WorkbookUnreadable, read_workbook
from caseload.operations.timekeeping import lock_people
from caseload.queries.import_mappings import mapping_door
from caseload.rules.imports.corrections import Corrections, CorrectionsUnreadable, read_corrections, stored_corrections
from registry.operations.recording import Stamp

MOST_FILES = 10
AT_ONCE_ROWS = 3_000
# Unconfirmed imports and all uploaded files are kept as long as this.
KEPT_FOR = timedelta(days=30)
# Of the time that a preview takes, about this much goes into reading the files.
_READING_PERCENT = 40


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
    later = in_background and sum(len(file.content) for file in files) > previews.AT_ONCE_BYTES
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
        queue_job(run, "read_import", by=by, at=at)
    else:
        make_preview(run, sheets)
    return run


@transaction.atomic
def read_import(*, by: Membership, at: datetime, run_id: UUID, progress: Progress = quietly) -> ImportRun:
    """The job behind a long upload: read what was kept and make the preview. Refused files are said in the run.

    `progress` is told percents.
    """
    run = locked_import(by.organization_id, run_id)
    if run.state != ImportState.READING:
        return run
    try:
        sheets = sheets_of(run, lambda done, total: progress(_READING_PERCENT * done // max(done, total, 1), 100))
    except WorkbookUnreadable as fault:
        run.state, run.summary = ImportState.REFUSED, {"problems": [str(fault)]}
        run.save(update_fields=["state", "summary"])
    else:
        because = run.summary.get("because", "")
        make_preview(run, sheets, because=because, progress=lambda percent: progress(percent, 100))
    return run


@transaction.atomic
def correct_import(*, by: Membership, at: datetime, run_id: UUID, corrections: Mapping[str, Any]) -> ImportRun:
    """Read the same files with other choices of columns, words, dates, clinics. Raises ImportNotReady, NotFound."""
    run = waiting_import(by.organization_id, run_id)
    try:
        run.options = stored_corrections(read_corrections(corrections))
    except CorrectionsUnreadable as fault:
        raise ImportNotReady(str(fault)) from None
    run.summary.pop("follow", None)
    run.save(update_fields=["options", "summary"])
    record("import.corrected", by=by, at=at, object_id=run.id, fields=["options"])
    return read_again(run, by=by, at=at)


@transaction.atomic
def answer_import(
    *,
    by: Membership,
    at: datetime,
    run_id: UUID,
    answers: Mapping[str, str],
    others: str = "",
    anew: bool = False,
) -> ImportRun:
    """Say whom rows mean whose patient is in doubt, and what holds for all that nobody answers.

    Answers given before stay, or with `anew` are forgotten. Raises ImportNotReady, NotFound.
    """
    run = waiting_import(by.organization_id, run_id)
    before = {} if anew else run.options.get("answers", {})
    said = {**run.options, "answers": {**before, **answers}, "others": others}
    return correct_import(by=by, at=at, run_id=run_id, corrections=said)


@transaction.atomic
def choose_unenrolled(*, by: Membership, at: datetime, run_id: UUID, unenrolled: str) -> ImportRun:
    """What becomes of patients without a date of enrolment: kept on record only, or referrals too.

    Raises ImportNotReady, NotFound.
    """
    run = waiting_import(by.organization_id, run_id)
    return correct_import(by=by, at=at, run_id=run_id, corrections={**run.options, "unenrolled": unenrolled})


@transaction.atomic
def follow_mapping(*, by: Membership, at: datetime, run_id: UUID, mapping_id: UUID) -> ImportRun:
    """Read the files as a saved mapping says, whatever their headings. Raises ImportNotReady, NotFound."""
    run = waiting_import(by.organization_id, run_id)
    mapping = mapping_door(by.organization_id, mapping_id)
    run.summary = {**run.summary, "follow": str(mapping.id)}
    run.save(update_fields=["summary"])
    record("import.corrected", by=by, at=at, object_id=run.id, fields=["mapping"])
    return read_again(run, by=by, at=at)


@transaction.atomic
def confirm_import(
    *,
    by: Membership,
    at: datetime,
    run_id: UUID,
    digest: str,
    in_background: bool = True,
    progress: Callable[[int, int], None] = quietly,
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
        queue_job(run, "carry_out_import", by=by, at=at, digest=digest)
        return run
    if not in_background:
        allow_minutes()
    lock_people(people_of(by.organization_id))
    plan = plan_of(run, sheets_of(run))
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
    run = waiting_import(by.organization_id, run_id)
    return read_again(run, by=by, at=at, because=because)


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
        expires_at=at + KEPT_FOR,
    )
    ImportFile.objects.create(
        organization_id=run.organization_id, run=run, position=position, name=name, stored_file=stored
    )
