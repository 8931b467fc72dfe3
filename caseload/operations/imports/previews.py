"""The preview of an import: its files read, every row's fate decided and kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Sum

from bhi.errors import DomainError
from bhi.files.operations import read
from bhi.jobs.operations import queue
from bhi.tenancy.models import Membership
from caseload.models import ImportFile, ImportMapping, ImportRow, ImportRun, ImportState
from caseload.operations.read_workbook import Progress, read_workbook
from caseload.queries.imports import import_run
from caseload.queries.imports_known import known_for
from caseload.rules.imports.corrections import Corrections, read_corrections, stored_corrections
from caseload.rules.imports.dates import orders
from caseload.rules.imports.fates import plan_import
from caseload.rules.imports.known import Known
from caseload.rules.imports.mappings import apply, follow, mapping_of, read_mapping, stored_mapping
from caseload.rules.imports.plans import ImportPlan
from caseload.rules.imports.reading import Reading, read_sheets
from caseload.rules.imports.recognize import Table
from caseload.rules.imports.sheets import Sheet, shown
from caseload.rules.imports.vocabulary import NAMED, doubtful_words

# What takes longer than a page may take is done by a worker.
AT_ONCE_BYTES = 250_000
BATCH = 1000
_SAMPLES = 3
_SAMPLED_ROWS = 200
_MOST_WORDS = 60
_SHOWN_ROWS = 6
_SHOWN_COLUMNS = 8


class ImportNotReady(DomainError):
    """An import that cannot be confirmed or corrected now: it runs, is done, or has something to settle first."""


def quietly(done: int, total: int) -> None:
    """Nobody asked how far it is."""


def locked_import(organization_id: Any, run_id: Any) -> ImportRun:
    """The import, one writer at a time; all imports of an organization queue up behind each other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('import:' || %s, 0))", [str(organization_id)])
    return import_run(organization_id, run_id)


def waiting_import(organization_id: Any, run_id: Any) -> ImportRun:
    """The import, locked, if it can still be read again. Raises NotFound, ImportNotReady."""
    run = locked_import(organization_id, run_id)
    if run.state not in (ImportState.READING, ImportState.PREVIEW, ImportState.IMPORTING):
        raise ImportNotReady("This import is no longer waiting, so it cannot be read again. Start a new one.")
    return run


def sheets_of(run: ImportRun, progress: Progress = quietly) -> tuple[Sheet, ...]:
    """The sheets of the kept files. Raises WorkbookUnreadable."""
    kept = ImportFile.objects.filter(organization_id=run.organization_id, run=run).select_related("stored_file")
    return tuple(
        sheet
        for file in kept.order_by("position")
        for sheet in read_workbook(file.name, read(file.stored_file), progress=progress)
    )


def is_long(run: ImportRun) -> bool:
    """Whether the files take longer to read than a page may take."""
    kept = ImportFile.objects.filter(organization_id=run.organization_id, run=run)
    size = kept.aggregate(size=Sum("stored_file__size"))["size"]
    return (size or 0) > AT_ONCE_BYTES


def plan_of(run: ImportRun, sheets: Sequence[Sheet]) -> ImportPlan:
    """What the import would do now, with the choices that stand."""
    reading = _reading(run, sheets)
    return plan_import(reading, known_for(run.organization_id, reading))


def read_again(
    run: ImportRun, *, by: Membership, at: datetime, because: str = "", in_background: bool = True
) -> ImportRun:
    """A new preview, at once or by a job where the files are long; `because` is shown above it."""
    if in_background and is_long(run):
        run.state = ImportState.READING
        run.summary = {**run.summary, "because": because}
        run.save(update_fields=["state", "summary"])
        queue_job(run, "read_import", by=by, at=at)
    else:
        make_preview(run, sheets_of(run), because=because)
    return run


def make_preview(
    run: ImportRun,
    sheets: Sequence[Sheet],
    *,
    because: str = "",
    progress: Callable[[int], None] = lambda percent: None,
) -> None:
    """Decide the fate of every row and keep it. `progress` is told percents."""
    run.options = stored_corrections(_choices(run, sheets))
    reading = _reading(run, sheets)
    progress(60)
    known = known_for(run.organization_id, reading)
    plan = plan_import(reading, known)
    progress(80)
    _keep_rows(run, plan)
    run.state = ImportState.PREVIEW
    run.summary = {
        **plan.summary(),
        "digest": plan.digest(),
        "columns": _columns(reading, sheets),
        "words": _words(reading),
        "on_record": _names_on_record(known),
        "style": stored_mapping(mapping_of("", reading.recognition, reading.corrections)),
        "because": because,
    }
    run.save(update_fields=["state", "summary", "options"])


def queue_job(run: ImportRun, kind: str, *, by: Membership, at: datetime, **more: str) -> None:
    """Hand the import to a worker; its page shows how far it is."""
    arguments = {"run_id": str(run.id), "by_id": str(by.id), **more}
    run.job_id = queue(kind, organization_id=run.organization_id, key=str(run.id), at=at, arguments=arguments, owner=by)
    run.save(update_fields=["job_id"])


def _choices(run: ImportRun, sheets: Sequence[Sheet]) -> Corrections:
    """What was chosen; at the first reading also what a saved mapping of such files chooses, and later what one does
    that somebody named."""
    corrections = read_corrections(run.options)
    saved = ImportMapping.objects.filter(organization_id=run.organization_id).order_by("-saved_at", "-id")
    if named := run.summary.get("follow"):
        for row in saved.filter(id=named):
            corrections = apply(read_mapping(row.name, row.headers, row.choices), sheets, corrections)
    elif "digest" not in run.summary:
        mappings = (read_mapping(row.name, row.headers, row.choices) for row in saved)
        corrections = follow(sheets, mappings, corrections)
    return corrections


def _reading(run: ImportRun, sheets: Sequence[Sheet]) -> Reading:
    """As on the day of the upload, so that a preview and its confirmation read the same."""
    return read_sheets(sheets, on=run.created_at.date(), corrections=read_corrections(run.options))


def _keep_rows(run: ImportRun, plan: ImportPlan) -> None:
    ImportRow.objects.filter(organization_id=run.organization_id, run=run).delete()
    rows = (
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
    )
    ImportRow.objects.bulk_create(rows, batch_size=BATCH)


def _columns(reading: Reading, sheets: Sequence[Sheet]) -> list[dict[str, Any]]:
    """What each sheet was taken for and each column with samples, for the form that corrects it."""
    tables = {table.sheet.key: table for table in reading.recognition.tables}
    return [_sheet_columns(sheet, tables.get(sheet.key), reading.corrections) for sheet in sheets]


def _sheet_columns(sheet: Sheet, table: Table | None, corrections: Corrections) -> dict[str, Any]:
    about: dict[str, Any] = {
        "key": sheet.key,
        "label": sheet.label,
        "followed": corrections.followed.get(sheet.key, ""),
    }
    if table is None:
        return {**about, "kind": "", "columns": [], "first_rows": _first_rows(sheet)}
    return {
        **about,
        "kind": table.kind,
        "header_row": table.header_row,
        "date_order": corrections.date_order(sheet.key),
        "is_order_doubtful": orders(table).is_doubtful,
        "columns": [
            {
                "position": column.position,
                "header": column.header,
                "field": column.field,
                "samples": _samples(table, column.position),
            }
            for column in table.columns
        ],
    }


def _first_rows(sheet: Sheet) -> list[list[str]]:
    """The beginning of a sheet that is not understood, so that a person can say what it is."""
    rows = [row[:_SHOWN_COLUMNS] for row in sheet.rows[:_SHOWN_ROWS]]
    return [[shown(cell)[:30] for cell in row] for row in rows]


def _samples(table: Table, position: int) -> list[str]:
    """The first different texts of a column, to tell what it holds."""
    near = table.data[:_SAMPLED_ROWS]
    texts = (shown(row[position]) for row in near if position < len(row) and row[position] is not None)
    return list(dict.fromkeys(text[:30] for text in texts if text))[:_SAMPLES]


def _words(reading: Reading) -> list[dict[str, Any]]:
    """Words that are not understood, or were not until somebody chose."""
    if reading.recognition.problems:
        return []
    words = doubtful_words(reading.recognition, reading.corrections)[:_MOST_WORDS]
    return [{"field": each.field, "written": each.written, "count": each.count, "meant": each.meant} for each in words]


def _names_on_record(known: Known) -> Mapping[str, list[str]]:
    """Whom and what names of the file can be said to mean."""
    people = [person.name for person in known.staff]
    names = ([clinic.name for clinic in known.clinics], people, [each.name for each in known.clinicians])
    return dict(zip(NAMED, (*names, [payer.name for payer in known.payers]), strict=True))
