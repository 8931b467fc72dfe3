"""What the pages of a practice's files show, and what rests on what they brought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.db import connection

from bhi.accounts.queries import people_of
from bhi.errors import NotFound
from billing.models import FileState, PracticeFile, PracticeRow
from billing.rules.practice import FATES

FILES_PER_PAGE = 50
ROWS_PER_PAGE = 100


@dataclass(frozen=True)
class PracticeFileShown:
    """A file in the list: when, by whom, what became of its rows."""

    id: UUID
    name: str
    state: str
    state_label: str
    created_at: datetime
    by: str
    taken_at: datetime | None
    taken_by: str
    undone_at: datetime | None
    undone_by: str
    counts: Mapping[str, int]
    days: tuple[date, ...]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True)
class PracticeRowShown:
    """A row with its fate; a patient of ours by name, nobody else."""

    number: int
    fate: str
    patient_id: UUID | None
    patient: str
    on: date | None
    at: time | None
    code: str
    practitioner: str
    messages: tuple[str, ...]


@dataclass(frozen=True)
class PracticeFilePage:
    """One file with a page of its rows."""

    file: PracticeFileShown
    summary: Mapping[str, Any]
    choices: Mapping[str, Any]
    refusal: str
    job_id: UUID | None
    rows: tuple[PracticeRowShown, ...]
    page: int
    pages: int
    is_working: bool
    is_waiting: bool
    can_be_taken: bool
    can_be_undone: bool


def practice_file(organization_id: UUID, file_id: UUID) -> PracticeFile:
    """The file. Raises NotFound."""
    found = PracticeFile.objects.filter(organization_id=organization_id, id=file_id).select_related("stored_file")
    file = found.first()
    if file is None:
        raise NotFound
    return file


def practice_files(organization_id: UUID, *, page: int = 1) -> tuple[list[PracticeFileShown], int]:
    """A page of the files, the newest first, and how many there are. Three statements."""
    rows = PracticeFile.objects.filter(organization_id=organization_id).order_by("-created_at", "-id")
    people = {key: str(seat) for key, seat in people_of(organization_id).items()}
    start = (max(page, 1) - 1) * FILES_PER_PAGE
    return [_shown(row, people) for row in rows[start : start + FILES_PER_PAGE]], rows.count()


def practice_file_page(organization_id: UUID, file_id: UUID, *, fate: str = "", page: int = 1) -> PracticeFilePage:
    """One file with the rows of one fate, what wants a look first. Raises NotFound. Four statements."""
    file = practice_file(organization_id, file_id)
    people = {key: str(seat) for key, seat in people_of(organization_id).items()}
    shown = _shown(file, people)
    total = shown.counts.get(fate, 0) if fate else shown.total
    pages = max(1, -(-total // ROWS_PER_PAGE))
    page = min(max(page, 1), pages)
    rows = PracticeRow.objects.filter(organization_id=organization_id, file=file).select_related("patient")
    chosen = (rows.filter(fate=fate) if fate else rows).order_by("position")
    summary = file.summary
    is_taking = bool(summary.get("is_taking"))
    is_waiting = file.state in (FileState.READING, FileState.PREVIEW) and not is_taking
    stops = [*summary.get("problems", ()), *summary.get("questions", ())]
    return PracticeFilePage(
        file=shown,
        summary=summary,
        choices=file.choices,
        refusal=file.refusal,
        job_id=UUID(summary["job_id"]) if summary.get("job_id") else None,
        rows=tuple(_row(row) for row in chosen[(page - 1) * ROWS_PER_PAGE : page * ROWS_PER_PAGE]),
        page=page,
        pages=pages,
        is_working=file.state == FileState.READING or (is_taking and file.state == FileState.PREVIEW),
        is_waiting=is_waiting,
        can_be_taken=file.state == FileState.PREVIEW and not is_taking and not stops,
        can_be_undone=file.state == FileState.TAKEN,
    )


# Of the months that a file's visits and services lie in or may serve: those with a live claim, and those closed with
# them. A visit serves every month from its own on, a service only its own.
_RESTING = """
WITH brought AS (
  SELECT v.patient_id, date_trunc('month', v."on")::date AS month, true AS is_visit
    FROM registry_initiatingvisit v
   WHERE v.organization_id = %(organization)s AND v.import_id = %(file)s AND v.voided_at IS NULL
     AND v.is_by_billing_practitioner
  UNION
  SELECT s.patient_id, s.month, false FROM billing_otherservice s
   WHERE s.organization_id = %(organization)s AND s.import_id = %(file)s AND s.voided_at IS NULL
)
"""
_CLAIMED = (
    _RESTING
    + """
SELECT min(c.month) FROM billing_claim c JOIN brought b ON b.patient_id = c.patient_id
   AND (c.month = b.month OR (b.is_visit AND c.month > b.month))
 WHERE c.organization_id = %(organization)s AND NOT c.is_superseded AND EXISTS (
       SELECT FROM billing_batch x WHERE x.organization_id = c.organization_id AND x.id = c.batch_id
          AND x.made_at >= %(taken)s)
"""
)
_CLOSED = (
    _RESTING
    + """
SELECT min(f.month) FROM billing_frozenmonth f JOIN brought b ON b.patient_id = f.patient_id
   AND (f.month = b.month OR (b.is_visit AND f.month > b.month))
  JOIN billing_monthclose m ON m.organization_id = f.organization_id AND m.id = f.close_id
 WHERE f.organization_id = %(organization)s AND m.reopened_at IS NULL AND f.frozen_at >= %(taken)s
"""
)


def claimed_months_resting_on(organization_id: UUID, file_id: UUID) -> str:
    """The first month for which a claim was made after the file was taken, that may rest on it; empty where none."""
    return _first_month(_CLAIMED, organization_id, file_id)


def closed_months_resting_on(organization_id: UUID, file_id: UUID) -> str:
    """The first month that was frozen after the file was taken, and may rest on it; empty where none."""
    return _first_month(_CLOSED, organization_id, file_id)


def _first_month(statement: str, organization_id: UUID, file_id: UUID) -> str:
    taken_at = practice_file(organization_id, file_id).taken_at
    with connection.cursor() as cursor:
        cursor.execute(statement, {"organization": organization_id, "file": file_id, "taken": taken_at})
        found = cursor.fetchone()
    return f"{found[0]:%B %Y}" if found and found[0] else ""


def _shown(row: PracticeFile, people: Mapping[UUID, str]) -> PracticeFileShown:
    counts = row.summary.get("counts", {})
    return PracticeFileShown(
        id=row.id,
        name=row.name,
        state=row.state,
        state_label=str(FileState(row.state).label),
        created_at=row.created_at,
        by=people.get(row.by_id, ""),
        taken_at=row.taken_at,
        taken_by=people.get(row.taken_by_id, "") if row.taken_by_id else "",
        undone_at=row.undone_at,
        undone_by=people.get(row.undone_by_id, "") if row.undone_by_id else "",
        counts={fate: counts[fate] for fate in FATES if counts.get(fate)},
        days=tuple(date.fromisoformat(day) for day in row.summary.get("days", ())),
    )


def _row(row: PracticeRow) -> PracticeRowShown:
    values = row.values
    return PracticeRowShown(
        number=row.row_number,
        fate=row.fate,
        patient_id=row.patient_id,
        patient=f"{row.patient.family_name}, {row.patient.given_name}" if row.patient else "",
        on=date.fromisoformat(values["on"]) if values.get("on") else None,
        at=time.fromisoformat(values["at"]) if values.get("at") else None,
        code=values.get("code", ""),
        practitioner=values.get("practitioner", ""),
        messages=tuple(row.messages),
    )
