"""A practice's list of patients seen and screened in a month, from its upload until it is taken over and discarded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Q

from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.files.models import StoredFile
from bhi.files.operations import read, store
from bhi.jobs.operations import queue
from bhi.tenancy.models import Clinic, Membership
from caseload.operations.read_workbook import WorkbookUnreadable, read_workbook
from caseload.rules.clock import local_date
from outcomes.models import ScreenedVisit, ScreeningFile, ScreeningState
from outcomes.queries.screening import NumbersKnown, numbers_known, screening_file
from outcomes.rules.screening import ScreenedFacts
from outcomes.rules.screening_file import SeenFile, SeenRow, read_seen

READ_JOB: Final = "read_screening_file"
TAKE_JOB: Final = "take_screening_file"
# Some hundred rows: what is longer is read by a worker.
AT_ONCE_BYTES = 40_000
KEPT_FOR: Final = timedelta(days=30)
MATCHED_FOR: Final = timedelta(days=100)
"""So long numbers are looked for anew: somebody screened in the month may join the program within its thirty days."""
FAULTS_KEPT: Final = 500
SUPERSEDED: Final = (
    "A file that was chosen later is counted for this month. To count this one instead, choose it again."
)
BATCH: Final = 1000

Progress = Callable[[int, int], None]


class ScreeningNotReady(DomainError):
    """A file that cannot be taken over now; the sentence says why."""


def quietly(done: int, total: int) -> None:
    """Nobody asked how far it is."""


@transaction.atomic
def start_screening_file(
    *,
    by: Membership,
    at: datetime,
    clinic_id: UUID,
    month: date,
    name: str,
    content: bytes,
    client_token: UUID,
    in_background: bool = True,
) -> ScreeningFile:
    """Keep the file and say what it holds; nothing of it counts yet. A second submit gives the first file.

    A long file is read by a job. Raises WorkbookUnreadable (then nothing is kept), NotFound for a clinic of others.
    """
    sent = ScreeningFile.objects.filter(organization_id=by.organization_id, client_token=client_token)
    if (same := sent.first()) is not None:
        return same
    if not Clinic.objects.filter(organization_id=by.organization_id, id=clinic_id).exists():
        raise NotFound
    later = in_background and len(content) > AT_ONCE_BYTES
    sheets = () if later else read_workbook(name, content)
    _lock(clinic_id, month)
    if (same := sent.all().first()) is not None:
        return same
    file = ScreeningFile.objects.create(
        organization_id=by.organization_id,
        clinic_id=clinic_id,
        month=month,
        name=name.replace("\\", "/").rsplit("/", 1)[-1][:200] or "file",
        received_at=at,
        received_by=by,
        stored_file=_stored(content, by=by, at=at),
        client_token=client_token,
    )
    record("screening.uploaded", by=by, at=at, object_id=file.id)
    if later:
        _queue(file, READ_JOB, by=by, at=at)
    else:
        _keep_preview(file, read_seen(sheets, month=month, on=_day_of(file)))
    return file


@transaction.atomic
def read_screening_file(*, by: Membership, at: datetime, file_id: UUID, progress: Progress = quietly) -> ScreeningFile:
    """The job behind a long upload: read what was kept. A second run changes nothing. Raises NotFound."""
    file = screening_file(by.organization_id, file_id)
    if file.state != ScreeningState.WAITING:
        return file
    seen, refusal = None, ""
    try:
        seen = _seen(file, progress)
    except WorkbookUnreadable as fault:
        refusal = str(fault)
    file = _locked(file)
    if file.state != ScreeningState.WAITING:
        return file
    if seen is None:
        return _refused(file, refusal)
    _keep_preview(file, seen)
    return file


@transaction.atomic
def take_screening_file(
    *, by: Membership, at: datetime, file_id: UUID, in_background: bool = True, progress: Progress = quietly
) -> ScreeningFile:
    """Count the file's patients from now on, all of them, in place of an earlier file of the same clinic and month.

    A long file is taken by a job, which refuses it where a file chosen later is counted by then. Taken once more it
    stays as it is. It is read before anybody has to wait for it. Raises ScreeningNotReady, NotFound.
    """
    file = screening_file(by.organization_id, file_id)
    if file.state == ScreeningState.TAKEN or (file.refusal and not in_background):
        return file
    size = _size_of_ready(file)
    if in_background and size > AT_ONCE_BYTES:
        _refuse_superseded(file)
        _queue(file, TAKE_JOB, by=by, at=at)
        return file
    rows = _seen(file, progress).rows
    file = _locked(file)
    if file.state == ScreeningState.TAKEN:
        return file
    _size_of_ready(file)
    if not in_background and _is_superseded(file):
        return _refused(file, SUPERSEDED)
    _refuse_superseded(file)
    return _take(file, rows, by=by, at=at)


def _take(file: ScreeningFile, rows: tuple[SeenRow, ...], *, by: Membership, at: datetime) -> ScreeningFile:
    replaced = ScreeningFile.objects.filter(
        organization_id=by.organization_id,
        clinic_id=file.clinic_id,
        month=file.month,
        state=ScreeningState.TAKEN,
        is_replaced=False,
    ).update(is_replaced=True)
    known = numbers_known(by.organization_id, file.clinic_id)
    ScreenedVisit.objects.bulk_create(_visits(file, rows, known), batch_size=BATCH)
    file.state, file.taken_at = ScreeningState.TAKEN, at
    file.counts = {**file.counts, "in_program": sum(known.of(row.mrn) is not None for row in rows)}
    file.save(update_fields=["state", "taken_at", "counts"])
    record("screening.taken", by=by, at=at, object_id=file.id, count=len(rows), fields=["replaced"] if replaced else [])
    return file


@transaction.atomic
def match_screened(*, by: Membership, at: datetime) -> int:
    """Every night: patients of recent files who have joined the program since are known as such. Returns how many."""
    rows = ScreenedVisit.objects.filter(
        organization_id=by.organization_id, patient__isnull=True, file__received_at__gte=at - MATCHED_FOR
    )
    found = []
    for clinic_id in rows.order_by().values_list("clinic_id", flat=True).distinct():
        known = numbers_known(by.organization_id, clinic_id)
        for row in rows.filter(clinic_id=clinic_id).only("id", "mrn"):
            row.patient_id = known.of(row.mrn)
            found += [row] if row.patient_id else []
    ScreenedVisit.objects.bulk_update(found, ["patient"], batch_size=BATCH)
    return len(found)


@transaction.atomic
def discard_old_screening_files(*, by: Membership, at: datetime) -> int:
    """Every night: the bytes of files of more than thirty days ago, and files that nobody confirmed by then.

    What was taken over stays counted. Returns how many unconfirmed files were discarded.
    """
    old = ScreeningFile.objects.filter(organization_id=by.organization_id, received_at__lt=at - KEPT_FOR)
    kept = old.filter(Q(stored_file__isnull=False) | Q(state__in=(ScreeningState.WAITING, ScreeningState.READ)))
    for clinic_id, month in kept.order_by("clinic_id", "month").values_list("clinic_id", "month").distinct():
        _lock(clinic_id, month)
    stored = list(old.filter(stored_file__isnull=False).values_list("stored_file_id", flat=True))
    unconfirmed = list(old.filter(state__in=(ScreeningState.WAITING, ScreeningState.READ)))
    for file in unconfirmed:
        file.state, file.faults = ScreeningState.DISCARDED, []
        file.save(update_fields=["state", "faults"])
        record("screening.discarded", by=by, at=at, object_id=file.id)
    old.update(stored_file=None)
    StoredFile.objects.filter(organization_id=by.organization_id, id__in=stored).delete()
    return len(unconfirmed)


def _lock(clinic_id: UUID, month: date) -> None:
    """One writer of a clinic's files of a month at a time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"screening file {clinic_id} {month}"])


def _locked(file: ScreeningFile) -> ScreeningFile:
    """The file as it is once nobody else writes one of its clinic and month."""
    _lock(file.clinic_id, file.month)
    return screening_file(file.organization_id, file.id)


def _size_of_ready(file: ScreeningFile) -> int:
    """In bytes. Raises ScreeningNotReady for a file that was not read, has faults or is no longer kept."""
    if file.state != ScreeningState.READ or file.faults or file.stored_file is None:
        raise ScreeningNotReady("This file cannot be taken over. Mend what is listed and choose the file again.")
    return file.stored_file.size


def _is_superseded(file: ScreeningFile) -> bool:
    """Whether a file of its clinic and month that was chosen later is counted."""
    same = ScreeningFile.objects.filter(
        organization_id=file.organization_id, clinic_id=file.clinic_id, month=file.month, state=ScreeningState.TAKEN
    )
    return same.filter(received_at__gt=file.received_at).exists()


def _refuse_superseded(file: ScreeningFile) -> None:
    if _is_superseded(file):
        raise ScreeningNotReady(SUPERSEDED)


def _refused(file: ScreeningFile, because: str) -> ScreeningFile:
    file.state, file.refusal = ScreeningState.REFUSED, because[:300]
    file.save(update_fields=["state", "refusal"])
    return file


def _stored(content: bytes, *, by: Membership, at: datetime) -> StoredFile:
    return store(
        content,
        organization_id=by.organization_id,
        purpose="screening_file",
        media_type="application/octet-stream",
        at=at,
        expires_at=at + KEPT_FOR,
    )


def _queue(file: ScreeningFile, kind: str, *, by: Membership, at: datetime) -> None:
    """Hand the file to a worker; its page shows how far it is."""
    arguments = {"file_id": str(file.id), "by_id": str(by.id)}
    file.job_id = queue(
        kind, organization_id=file.organization_id, key=str(file.id), at=at, arguments=arguments, owner=by
    )
    file.save(update_fields=["job_id"])


def _seen(file: ScreeningFile, progress: Progress) -> SeenFile:
    """What the kept file says, read as on the day of its upload. Raises WorkbookUnreadable, ScreeningNotReady."""
    if file.stored_file is None:
        raise ScreeningNotReady("The file itself is no longer kept. Choose it again.")
    sheets = read_workbook(file.name, read(file.stored_file), progress=progress)
    return read_seen(sheets, month=file.month, on=_day_of(file))


def _day_of(file: ScreeningFile) -> date:
    return local_date(file.received_at, ZoneInfo(file.clinic.time_zone))


def _keep_preview(file: ScreeningFile, seen: SeenFile) -> None:
    """What the page shows before anybody confirms."""
    file.state = ScreeningState.READ
    file.faults = [[fault.row, fault.column, f"{fault.fault}. {fault.fix}"] for fault in seen.faults[:FAULTS_KEPT]]
    file.counts = _counts(file, seen)
    file.save(update_fields=["state", "faults", "counts"])


def _counts(file: ScreeningFile, seen: SeenFile) -> dict[str, Any]:
    facts = [_facts(file, row) for row in seen.rows]
    return {
        "faults": len(seen.faults),
        "seen": len(facts),
        "screened": sum(one.screened_on is not None for one in facts),
        "positive": sum(one.is_positive and one.is_of_month for one in facts),
        "followed_up": sum(one.is_positive and one.is_of_month and one.followed_up_on is not None for one in facts),
        "first": sum(one.is_first for one in facts),
        "ignored": seen.ignored,
        "repeated": seen.repeated,
        "remarks": list(seen.remarks),
    }


def _facts(file: ScreeningFile, row: SeenRow) -> ScreenedFacts:
    return ScreenedFacts(
        month=file.month,
        on=_day_of(file),
        seen_on=row.seen_on,
        screened_on=row.screened_on,
        instrument=row.instrument,
        score=row.score,
        is_first=row.is_first,
        followed_up_on=row.followed_up_on,
    )


def _visits(file: ScreeningFile, rows: tuple[SeenRow, ...], known: NumbersKnown) -> Iterator[ScreenedVisit]:
    for row in rows:
        yield ScreenedVisit(
            organization_id=file.organization_id,
            file=file,
            clinic_id=file.clinic_id,
            patient_id=known.of(row.mrn),
            mrn=row.mrn,
            seen_on=row.seen_on,
            screened_on=row.screened_on,
            instrument=row.instrument,
            score=row.score,
            is_first=row.is_first,
            followed_up_on=row.followed_up_on,
            followed_up_by=row.followed_up_by,
        )
