"""A practice's monthly file of charges and appointments, from its upload to its preview."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from bhi.audit.operations import record
from bhi.errors import DomainError
from bhi.files.models import StoredFile
from bhi.files.operations import read, store
from bhi.jobs.operations import queue
from bhi.tenancy.models import Membership
from billing.models import FileState, PracticeFile, PracticeRow
from billing.queries.practice_files import practice_file
from billing.queries.practice_ground import practice_plan, practitioners_of
from billing.rules.charge_columns import ChoicesUnreadable, read_choices, stored_choices
from billing.rules.charge_files import ChargeFile, read_charges
from billing.rules.practice import PracticePlan, RowFate
from caseload.operations.read_workbook import WorkbookUnreadable, read_workbook
from caseload.rules.imports.dates import orders
from caseload.rules.imports.recognize import Table
from caseload.rules.imports.sheets import Sheet, as_text, shown

READ_JOB: Final = "read_practice_file"
TAKE_JOB: Final = "take_practice_file"
# Some hundred rows: what is longer is read by a worker, with its progress shown.
AT_ONCE_BYTES = 40_000
KEPT_FOR = timedelta(days=30)
BATCH = 1000
_SAMPLES = 3
_SAMPLED_ROWS = 200
# Of these columns a page may show examples: they name no patient.
_NAMES_NOBODY: Final = ("contact_on", "start", "code", "units", "practitioner", "npi", "status")

Progress = Callable[[int, int], None]


class PracticeFileNotReady(DomainError):
    """A file that cannot be read again, taken or undone now; the sentence says why."""


def quietly(done: int, total: int) -> None:
    """Nobody asked how far it is."""


@transaction.atomic
def start_practice_file(
    *, by: Membership, at: datetime, name: str, content: bytes, client_token: UUID, in_background: bool = True
) -> PracticeFile:
    """Keep the file and decide the fate of every row; nothing else is written. A second submit gives the first file.

    A long file is read by a job. Raises WorkbookUnreadable (then nothing is kept).
    """
    lock_files(by.organization_id)
    same = PracticeFile.objects.filter(organization_id=by.organization_id, client_token=client_token).first()
    if same is not None:
        return same
    later = in_background and len(content) > AT_ONCE_BYTES
    sheets = () if later else read_workbook(name, content)
    file = PracticeFile.objects.create(
        organization_id=by.organization_id,
        by=by,
        created_at=at,
        name=name.replace("\\", "/").rsplit("/", 1)[-1][:200] or "file",
        stored_file=store(
            content,
            organization_id=by.organization_id,
            purpose="practice_file",
            media_type="application/octet-stream",
            at=at,
            expires_at=at + KEPT_FOR,
        ),
        state=FileState.READING,
        client_token=client_token,
    )
    record("practice_file.uploaded", by=by, at=at, object_id=file.id)
    if later:
        queue_job(file, READ_JOB, by=by, at=at)
    else:
        _preview(file, sheets, at=at)
    return file


@transaction.atomic
def read_practice_file(*, by: Membership, at: datetime, file_id: UUID, progress: Progress = quietly) -> PracticeFile:
    """The job behind a long upload: read what was kept and decide every row. Raises NotFound."""
    file = locked_file(by.organization_id, file_id)
    if file.state != FileState.READING:
        return file
    try:
        sheets = sheets_of(file, progress)
    except WorkbookUnreadable as fault:
        file.state, file.refusal = FileState.REFUSED, str(fault)[:300]
        file.save(update_fields=["state", "refusal"])
        return file
    progress(60, 100)
    _preview(file, sheets, at=at)
    progress(100, 100)
    return file


@transaction.atomic
def correct_practice_file(
    *, by: Membership, at: datetime, file_id: UUID, choices: Mapping[str, Any], because: str = ""
) -> PracticeFile:
    """Read the file again with other columns, dates and people; what was said of others before stays said.

    Raises PracticeFileNotReady, NotFound.
    """
    file = waiting_file(by.organization_id, file_id)
    people = {**file.choices.get("people", {}), **choices.get("people", {})}
    try:
        file.choices = stored_choices(read_choices({**file.choices, **choices, "people": people}))
    except ChoicesUnreadable as fault:
        raise PracticeFileNotReady(str(fault)) from None
    file.save(update_fields=["choices"])
    record("practice_file.corrected", by=by, at=at, object_id=file.id, fields=["choices"])
    return preview_again(file, by=by, at=at, because=because)


def preview_again(file: PracticeFile, *, by: Membership, at: datetime, because: str = "") -> PracticeFile:
    """A new preview of a locked file, at once or by a job where it is long; `because` is shown above it."""
    file.summary = {"because": because}
    if _kept(file).size > AT_ONCE_BYTES:
        file.state = FileState.READING
        file.save(update_fields=["state", "summary"])
        queue_job(file, READ_JOB, by=by, at=at)
    else:
        _preview(file, sheets_of(file), at=at)
    return file


@transaction.atomic
def discard_old_practice_files(*, by: Membership, at: datetime) -> int:
    """Every night: the bytes of files of more than thirty days ago, and previews that nobody confirmed by then.

    What was taken over stays, with its rows. Returns how many previews were discarded.
    """
    lock_files(by.organization_id)
    old = PracticeFile.objects.filter(organization_id=by.organization_id, created_at__lt=at - KEPT_FOR)
    waiting = list(old.filter(state__in=(FileState.READING, FileState.PREVIEW)))
    for file in waiting:
        PracticeRow.objects.filter(organization_id=by.organization_id, file=file).delete()
        file.state, file.summary, file.choices = FileState.DISCARDED, {}, {}
        file.save(update_fields=["state", "summary", "choices"])
        record("practice_file.discarded", by=by, at=at, object_id=file.id)
    stored = list(old.filter(stored_file__isnull=False).values_list("stored_file_id", flat=True))
    old.update(stored_file=None)
    StoredFile.objects.filter(organization_id=by.organization_id, id__in=stored).delete()
    return len(waiting)


def lock_files(organization_id: UUID) -> None:
    """One writer of an organization's practice files at a time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('practice file:' || %s, 0))", [str(organization_id)]
        )


def locked_file(organization_id: UUID, file_id: UUID) -> PracticeFile:
    """The file, one writer at a time. Raises NotFound."""
    lock_files(organization_id)
    return practice_file(organization_id, file_id)


def waiting_file(organization_id: UUID, file_id: UUID) -> PracticeFile:
    """The file, locked, if it can still be read again. Raises NotFound, PracticeFileNotReady."""
    file = locked_file(organization_id, file_id)
    if file.state not in (FileState.READING, FileState.PREVIEW) or file.summary.get("is_taking"):
        raise PracticeFileNotReady("This file is no longer waiting for confirmation. Choose it again to read it anew.")
    return file


def sheets_of(file: PracticeFile, progress: Progress = quietly) -> tuple[Sheet, ...]:
    """The sheets of the kept file; `progress` is told percents up to 50. Raises WorkbookUnreadable."""
    return read_workbook(
        file.name, read(_kept(file)), progress=lambda done, total: progress(50 * done // max(done, total, 1), 100)
    )


def _kept(file: PracticeFile) -> StoredFile:
    """The bytes, which are kept for thirty days. Raises PracticeFileNotReady."""
    stored: StoredFile | None = file.stored_file
    if stored is None:
        raise PracticeFileNotReady("The file itself is no longer kept. Choose it again to read it anew.")
    return stored


def plan_of(file: PracticeFile, sheets: tuple[Sheet, ...], *, at: datetime) -> tuple[ChargeFile, PracticePlan]:
    """What the file says, and what it would do now. Two digits of a year are read as on the day of the upload."""
    choices = read_choices(file.choices)
    read_file = read_charges(sheets, on=file.created_at.date(), choices=choices)
    people = dict(choices.people)
    return read_file, practice_plan(file.organization_id, read_file, people=people, at=at)


def queue_job(file: PracticeFile, kind: str, *, by: Membership, at: datetime, **more: str) -> None:
    """Hand the file to a worker; its page shows how far it is."""
    arguments = {"file_id": str(file.id), "by_id": str(by.id), **more}
    job_id = queue(kind, organization_id=file.organization_id, key=str(file.id), at=at, arguments=arguments, owner=by)
    file.summary = {**file.summary, "job_id": str(job_id)}
    file.save(update_fields=["summary"])


def _preview(file: PracticeFile, sheets: tuple[Sheet, ...], *, at: datetime) -> None:
    """Decide the fate of every row and keep it."""
    read_file, plan = plan_of(file, sheets, at=at)
    _keep_rows(file, plan)
    file.state = FileState.PREVIEW
    file.summary = {
        "because": file.summary.get("because", ""),
        "problems": [problem.sentence for problem in read_file.problems],
        "questions": list(read_file.questions),
        "columns": _columns(read_file.table, sheets),
        "is_order_doubtful": bool(read_file.table and orders(read_file.table).is_doubtful),
        "people": _people(file, read_file),
        "counts": plan.counts,
        "writes": plan.writes,
        "ignored": read_file.ignored,
        "days": _days(read_file),
        "digest": plan.digest(),
    }
    file.save(update_fields=["state", "summary"])


def _keep_rows(file: PracticeFile, plan: PracticePlan) -> None:
    PracticeRow.objects.filter(organization_id=file.organization_id, file=file).delete()
    rows = (_row(file, position, row) for position, row in enumerate(plan.rows))
    PracticeRow.objects.bulk_create(rows, batch_size=BATCH)


def _row(file: PracticeFile, position: int, row: RowFate) -> PracticeRow:
    """Of a patient of ours what the row says; of anybody else only that there is one."""
    charge = row.charge
    values = {}
    if charge:
        values = {
            "on": charge.on.isoformat(),
            "at": charge.at.isoformat("minutes") if charge.at else "",
            "code": charge.code,
            "practitioner": charge.practitioner,
            "is_by_billing": row.is_by_billing,
            "is_visit": row.is_visit,
            "is_service": row.is_service,
        }
    return PracticeRow(
        organization_id=file.organization_id,
        file=file,
        position=position,
        row_number=row.row,
        patient_id=row.patient,
        kind="charge" if charge and charge.code else "appointment" if charge else "",
        fate=row.fate,
        values=values,
        messages=list(row.messages),
    )


def _people(file: PracticeFile, read_file: ChargeFile) -> list[dict[str, Any]]:
    """Whom the file names, and whom that means: their names are the practice's own, not patients'."""
    charges = [charge for charge in read_file.charges if charge.code]
    named = practitioners_of(file.organization_id, dict(read_choices(file.choices).people)).named(charges)
    return [{"key": one.key, "label": one.label[:200], "rows": one.rows, "meant": one.meant} for one in named]


def _days(read_file: ChargeFile) -> list[str]:
    days = [charge.on for charge in read_file.charges]
    return [min(days).isoformat(), max(days).isoformat()] if days else []


def _columns(table: Table | None, sheets: tuple[Sheet, ...]) -> list[dict[str, Any]]:
    """Each column with what it was taken for, for the form that corrects it; without a table, the first row's cells."""
    if table is None:
        first = sheets[0].rows[0] if sheets and sheets[0].rows else ()
        return [{"position": at, "header": shown(cell), "field": "", "samples": []} for at, cell in enumerate(first)]
    return [
        {
            "position": column.position,
            "header": column.header,
            "field": column.field,
            "samples": _samples(table, column.position) if column.field in _NAMES_NOBODY else [],
        }
        for column in table.columns
    ]


def _samples(table: Table, position: int) -> list[str]:
    near = table.data[:_SAMPLED_ROWS]
    texts = (shown(row[position]) for row in near if position < len(row) and as_text(row[position]))
    return list(dict.fromkeys(text[:30] for text in texts))[:_SAMPLES]
