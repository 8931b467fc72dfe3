"""Uploaded files and unconfirmed imports are kept for thirty days, and then no longer."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from bhi.audit.operations import record
from bhi.files.models import StoredFile
from bhi.tenancy.models import Membership
from caseload.models import ImportFile, ImportRow, ImportRun, ImportState
from caseload.operations.imports.previews import locked_import
from caseload.operations.imports.runs import KEPT_FOR

_SETTLED = (ImportState.IMPORTED, ImportState.UNDONE, ImportState.DISCARDED)


@transaction.atomic
def discard_old_imports(*, by: Membership, at: datetime) -> int:
    """Delete the files of every import of more than thirty days ago, and discard those that nobody confirmed.

    A discarded import stays listed with its files' names and counts; its rows are gone. Returns how many were
    discarded.
    """
    old = ImportRun.objects.filter(organization_id=by.organization_id, created_at__lt=at - KEPT_FOR)
    for run in old.filter(state__in=_SETTLED[:2], id__in=ImportFile.objects.values("run_id")):
        _delete_files(run)
    waiting = list(old.exclude(state__in=_SETTLED).order_by("created_at").values_list("id", flat=True))
    for run_id in waiting:
        _discard(locked_import(by.organization_id, run_id), by=by, at=at)
    return len(waiting)


def _discard(run: ImportRun, *, by: Membership, at: datetime) -> None:
    ImportRow.objects.filter(organization_id=run.organization_id, run=run).delete()
    kept = {key: run.summary[key] for key in ("patients", "contacts") if key in run.summary}
    run.state, run.summary, run.options = ImportState.DISCARDED, kept, {}
    run.save(update_fields=["state", "summary", "options"])
    _delete_files(run)
    record("import.discarded", by=by, at=at, object_id=run.id)


def _delete_files(run: ImportRun) -> None:
    """The bytes go; the names stay in the summary."""
    files = ImportFile.objects.filter(organization_id=run.organization_id, run=run).order_by("position")
    stored = list(files.values_list("stored_file_id", flat=True))
    run.summary = {**run.summary, "files": list(files.values_list("name", flat=True)) or run.summary.get("files", [])}
    for about_patients in ("columns", "asked", "words", "style"):
        run.summary.pop(about_patients, None)
    run.save(update_fields=["summary"])
    files.delete()
    StoredFile.objects.filter(organization_id=run.organization_id, id__in=stored).delete()
