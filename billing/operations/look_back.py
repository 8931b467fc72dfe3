"""A look-back from its upload to its result. It writes its own lines and changes no record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.files.models import StoredFile
from bhi.files.operations import read, store
from bhi.jobs.operations import queue
from bhi.tenancy.models import Clinic, Membership
from billing.models import BilledLine, FileState, LookBack
from billing.queries.charge_patients import people_of_charges
from billing.queries.look_back import BESIDE, READ, REFUSED, UNKNOWN, look_back
from billing.rules.charge_columns import ChargeChoices, read_choices, stored_choices
from billing.rules.charge_files import Charge, ChargeFile, ChargeRow, read_charges
from billing.rules.decisions import APCM_BASES
from billing.rules.look_back import OURS
from caseload.operations.read_workbook import WorkbookUnreadable, read_workbook
from caseload.rules.clock import first_day, last_day, month_of
from caseload.rules.imports.recognize import Column, Table, column_name
from caseload.rules.imports.sheets import Sheet, as_text, shown

READ_LOOK_BACK = "read_look_back"
# What takes longer than a page may take is done by a worker.
AT_ONCE_BYTES = 100_000
KEPT_FOR = timedelta(days=30)
MOST_FILING_MONTHS = 36
_BATCH = 1000
_SAMPLES = 3
_SAMPLED_ROWS = 200
_READING_PERCENT = 50
_WAITING = (FileState.READING, FileState.PREVIEW)

Tell = Callable[[int, int], None]


class LookBackNotReady(DomainError):
    """A look-back that cannot be read again or used as it stands; the sentence says why."""


@dataclass(frozen=True)
class LookBackChoices:
    """How the file is read, whose claims it holds (no clinic: all clinics'), and how long a claim may be filed.

    `first` and `last` are the months that the file covers, where somebody said them: else those that its rows lie in.
    """

    charges: ChargeChoices
    clinic_id: UUID | None
    filing_months: int
    first: str = ""
    last: str = ""


@transaction.atomic
def start_look_back(
    *, by: Membership, at: datetime, name: str, content: bytes, client_token: UUID, against: str = "records"
) -> LookBack:
    """Keep a file of what was billed and read it: at once, or by a job where it is long. Nothing else is written.

    `against`: what it is compared with; `records` (what they support) or `closed` (what was closed).

    A second call with the same token returns the first look-back. Raises WorkbookUnreadable, FileTooLarge.
    """
    _lock(by.organization_id)
    made: LookBack | None = LookBack.objects.filter(
        organization_id=by.organization_id, client_token=client_token
    ).first()
    if made is not None:
        return made
    is_long = len(content) > AT_ONCE_BYTES
    sheets = () if is_long else read_workbook(name, content)
    found = LookBack(
        organization_id=by.organization_id, by=by, created_at=at, name=name[-200:], state=FileState.READING,
        client_token=client_token, against=against,
    )  # fmt: skip
    found.stored_file = store(
        content,
        organization_id=by.organization_id,
        purpose="look back",
        media_type="application/octet-stream",
        at=at,
    )
    found.save(force_insert=True)
    record("look_back.uploaded", by=by, at=at, object_id=found.id)
    if is_long:
        _queue(found, by=by, at=at)
    else:
        _keep(found, sheets, ChargeChoices())
    return found


@transaction.atomic
def read_look_back(*, by: Membership, at: datetime, look_back_id: UUID, progress: Tell) -> LookBack:
    """The job behind a long file: read what was kept. What cannot be read is said in the look-back.

    `progress` is told percents. Raises NotFound.
    """
    found = _locked(by.organization_id, look_back_id)
    if found.state != FileState.READING or found.stored_file is None:
        return found
    try:
        sheets = read_workbook(
            found.name,
            read(found.stored_file),
            progress=lambda done, total: progress(_READING_PERCENT * done // max(done, total, 1), 100),
        )
    except WorkbookUnreadable as fault:
        found.state, found.refusal = FileState.REFUSED, str(fault)[:300]
        found.save(update_fields=["state", "refusal"])
        _forget_file(found)
        return found
    progress(_READING_PERCENT, 100)
    _keep(found, sheets, read_choices(found.choices))
    return found


@transaction.atomic
def choose_look_back(*, by: Membership, at: datetime, look_back_id: UUID, choices: LookBackChoices) -> LookBack:
    """Read the same file with other choices. Raises LookBackNotReady, NotFound."""
    found = _waiting(by.organization_id, look_back_id)
    if choices.clinic_id is not None and not _has_clinic(by.organization_id, choices.clinic_id):
        raise NotFound
    if not 1 <= choices.filing_months <= MOST_FILING_MONTHS:
        raise LookBackNotReady(f"Claims can be filed for 1 to {MOST_FILING_MONTHS} months.")
    if bool(choices.first) != bool(choices.last) or choices.first > choices.last:
        raise LookBackNotReady("Say both months that the file covers, the earlier one first.")
    span = {"first": choices.first, "last": choices.last} if choices.first else {}
    found.choices = {**stored_choices(choices.charges), "clinic": str(choices.clinic_id or ""), **span}
    found.filing_months = choices.filing_months
    found.save(update_fields=["choices", "filing_months"])
    record("look_back.corrected", by=by, at=at, object_id=found.id, fields=["choices", "filing_months"])
    assert found.stored_file is not None
    content = read(found.stored_file)
    if len(content) > AT_ONCE_BYTES:
        found.state = FileState.READING
        found.save(update_fields=["state"])
        _queue(found, by=by, at=at)
    else:
        _keep(found, read_workbook(found.name, content), choices.charges)
    return found


@transaction.atomic
def take_look_back(*, by: Membership, at: datetime, look_back_id: UUID) -> LookBack:
    """Settle how the file was read; its bytes are deleted and the comparison can be opened. Again changes nothing.

    Raises LookBackNotReady where something has to be settled first, NotFound.
    """
    found = _locked(by.organization_id, look_back_id)
    if found.state == FileState.TAKEN:
        return found
    if found.state != FileState.PREVIEW or found.summary.get("problems") or found.summary.get("questions"):
        raise LookBackNotReady("Something has to be settled before the file can be compared.")
    if found.first_month is None:
        raise LookBackNotReady("The file holds no row that can be compared.")
    found.state = FileState.TAKEN
    found.summary = {key: value for key, value in found.summary.items() if key != "columns"}
    found.save(update_fields=["state", "summary"])
    _forget_file(found)
    record("look_back.taken", by=by, at=at, object_id=found.id, count=found.summary["lines"])
    return found


@transaction.atomic
def discard_look_back(*, by: Membership, at: datetime, look_back_id: UUID) -> LookBack:
    """Delete a look-back's lines and file; that there was one stays on the list. Raises NotFound."""
    found = _locked(by.organization_id, look_back_id)
    if found.state != FileState.DISCARDED:
        _discard(found)
        record("look_back.discarded", by=by, at=at, object_id=found.id)
    return found


@transaction.atomic
def discard_old_look_backs(*, by: Membership, at: datetime) -> int:
    """Discard what nobody settled within thirty days. Returns how many."""
    old = LookBack.objects.filter(organization_id=by.organization_id, created_at__lt=at - KEPT_FOR, state__in=_WAITING)
    waiting = list(old.order_by("created_at"))
    for found in waiting:
        _discard(found)
        record("look_back.discarded", by=by, at=at, object_id=found.id)
    return len(waiting)


def _keep(found: LookBack, sheets: Sequence[Sheet], choices: ChargeChoices) -> None:
    """Keep every line of ours and what could not be read; of all else only how many there were."""
    file = read_charges(sheets, on=found.created_at.date(), choices=choices)
    BilledLine.objects.filter(organization_id=found.organization_id, look_back_id=found.id).delete()
    read_on = found.created_at.date()
    lines, aside = _drafts(found, file, read_on)
    BilledLine.objects.bulk_create(lines, batch_size=_BATCH)
    days = [row.charge.on for row in file.rows if row.charge and row.charge.code and row.charge.on <= read_on]
    first, last = _span(found, days)
    found.first_month = first_day(first) if first else None
    found.last_month = last_day(last) if last else None
    found.state = FileState.PREVIEW
    fates = Counter(line.fate for line in lines)
    found.summary = {
        "rows": len(file.rows),
        "lines": fates[READ] + fates[UNKNOWN],
        "known": fates[READ],
        "unknown": fates[UNKNOWN],
        "refused": fates[REFUSED],
        "ignored": file.ignored,
        "aside": dict(aside.most_common()),
        "without_paid": sum(line.paid is None for line in lines if line.fate != REFUSED),
        "problems": [problem.sentence for problem in file.problems],
        "questions": list(file.questions),
        "columns": _columns(file.table or _unread(sheets)),
    }
    found.save(update_fields=["state", "summary", "first_month", "last_month"])


def _span(found: LookBack, days: Sequence[date]) -> tuple[str, str]:
    """The months that the file covers: as somebody said, else from its first to its last dated charge."""
    if found.choices.get("first"):
        return found.choices["first"], found.choices["last"]
    return (month_of(min(days)), month_of(max(days))) if days else ("", "")


def _drafts(found: LookBack, file: ChargeFile, read_on: date) -> tuple[list[BilledLine], Counter[str]]:
    """The lines to keep, and how often each code came that is none of ours: of those, an APCM base of a patient of ours
    is kept too, as what its add-on goes with.
    """
    lines: list[BilledLine] = []
    aside: Counter[str] = Counter()
    looked_at = OURS | APCM_BASES
    people = people_of_charges(found.organization_id, [one for one in file.charges if one.code in looked_at])
    for row in file.rows:
        charge = row.charge
        if charge is None:
            lines.append(_refused(found, row, [fault.sentence for fault in row.faults]))
        elif charge.code not in OURS or charge.status in ("canceled", "missed"):
            aside[charge.code if charge.code not in OURS else charge.status] += 1
            lines += _beside(found, charge, people.find(charge).key, read_on)
        elif charge.on > read_on:
            lines.append(_refused(found, row, [_ahead(charge)]))
        else:
            who = people.find(charge)
            fate = READ if who.key else UNKNOWN
            doubt = [f"{who.fault[:1].upper()}{who.fault[1:]}."] if who.fault else []
            told = [loss.sentence for loss in row.losses]
            lines.append(_line(found, row.row, charge, fate, who.key, doubt + told))
    for position, line in enumerate(lines):
        line.position = position
    return lines, aside


def _beside(found: LookBack, charge: Charge, patient_id: UUID | None, read_on: date) -> list[BilledLine]:
    """The line of an APCM base that was billed."""
    is_billed = charge.status not in ("canceled", "missed") and charge.on <= read_on
    if patient_id is None or charge.code not in APCM_BASES or not is_billed:
        return []
    return [_line(found, charge.row, charge, BESIDE, patient_id, [])]


def _ahead(charge: Charge) -> str:
    return f"Row {charge.row}: the day of service lies ahead of the upload. Correct the date."


def _line(
    found: LookBack, row: int, charge: Charge, fate: str, patient_id: UUID | None, messages: list[str]
) -> BilledLine:
    return BilledLine(
        organization_id=found.organization_id,
        look_back=found,
        row_number=row,
        patient_id=patient_id,
        label="" if patient_id else charge.label[:300],
        service_on=charge.on,
        code=charge.code,
        units=charge.units,
        paid=charge.paid,
        npi=charge.npi,
        charge=charge.charge,
        fate=fate,
        messages=messages,
    )


def _refused(found: LookBack, row: ChargeRow, messages: list[str]) -> BilledLine:
    return BilledLine(
        organization_id=found.organization_id,
        look_back=found,
        row_number=row.row,
        label=row.label[:300],
        fate=REFUSED,
        messages=messages,
    )


def _columns(table: Table | None) -> list[dict[str, Any]]:
    """Each column with what it was taken for and what stands in it, for the form that corrects it."""
    if table is None:
        return []
    return [
        {
            "position": column.position,
            "header": column.header,
            "field": column.field,
            "samples": _samples(table, column.position),
        }
        for column in table.columns
    ]


def _unread(sheets: Sequence[Sheet]) -> Table | None:
    """Of a file without a known heading the first row as headings, so that somebody can say what they mean."""
    sheet = next((one for one in sheets if one.rows), None)
    if sheet is None:
        return None
    texts = [as_text(cell) for cell in sheet.rows[0]]
    columns = [Column(place, text or f"Column {column_name(place)}", "") for place, text in enumerate(texts)]
    return Table(sheet, "contacts", 1, tuple(columns))


def _samples(table: Table, position: int) -> list[str]:
    near = table.data[:_SAMPLED_ROWS]
    texts: Iterable[str] = (shown(row[position]) for row in near if position < len(row) and row[position] is not None)
    return list(dict.fromkeys(text[:30] for text in texts if text))[:_SAMPLES]


def _queue(found: LookBack, *, by: Membership, at: datetime) -> None:
    """Hand the reading to a worker; the page shows how far it is."""
    arguments: Mapping[str, Any] = {"look_back_id": str(found.id), "by_id": str(by.id)}
    job_id = queue(
        READ_LOOK_BACK, organization_id=by.organization_id, key=str(found.id), at=at, arguments=arguments, owner=by
    )
    found.summary = {**found.summary, "job_id": str(job_id)}
    found.save(update_fields=["summary"])


def _lock(organization_id: UUID) -> None:
    """One writer of look-backs at a time: a second submit waits, and finds the first one's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"look backs of {organization_id}"])


def _locked(organization_id: UUID, look_back_id: UUID) -> LookBack:
    _lock(organization_id)
    return look_back(organization_id, look_back_id)


def _waiting(organization_id: UUID, look_back_id: UUID) -> LookBack:
    found = _locked(organization_id, look_back_id)
    if found.state not in _WAITING or found.stored_file_id is None:
        raise LookBackNotReady("This file is settled and cannot be read again. Upload it anew.")
    return found


def _has_clinic(organization_id: UUID, clinic_id: UUID) -> bool:
    return bool(Clinic.objects.filter(organization_id=organization_id, id=clinic_id).exists())


def _discard(found: LookBack) -> None:
    BilledLine.objects.filter(organization_id=found.organization_id, look_back_id=found.id).delete()
    found.state = FileState.DISCARDED
    found.summary = {"rows": found.summary.get("rows", 0), "lines": found.summary.get("lines", 0)}
    found.save(update_fields=["state", "summary"])
    _forget_file(found)


def _forget_file(found: LookBack) -> None:
    stored_id, found.stored_file = found.stored_file_id, None
    found.save(update_fields=["stored_file"])
    if stored_id is not None:
        StoredFile.objects.filter(organization_id=found.organization_id, id=stored_id).delete()
