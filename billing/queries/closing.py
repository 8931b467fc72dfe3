"""Before a clinic's month is closed: what somebody should see to. After: what was frozen, and what changed since."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from bhi.accounts.queries import people_of
from bhi.errors import NotFound
from bhi.tenancy.models import Clinic
from billing.models import FrozenMonth, LateChange, MonthClose, MonthException
from billing.queries.month_page import MonthRow, month_rows
from billing.rules.closing import FrozenLine, Repeated, repeated_durations, standing_lines
from caseload.rules.clock import first_day, last_day, month_starts_and_ends

LATE_DAYS = 7

# Live entries of a clinic's month: by whom, how long, and whether they were entered more than a week after the work.
_ENTRIES = """
    SELECT t.by_id, coalesce(t.seconds, round(extract(epoch FROM upper(t.span) - lower(t.span)))::int),
           t.recorded_at > coalesce(lower(t.span), (t."on" + 1)::timestamp AT TIME ZONE c.time_zone)
                           + %(late)s * interval '1 day' AND t.import_id IS NULL
      FROM caseload_timeentry t
      JOIN registry_episode e ON e.organization_id = t.organization_id AND e.id = t.episode_id
      JOIN tenancy_clinic c ON c.organization_id = e.organization_id AND c.id = e.clinic_id
     WHERE t.organization_id = %(organization)s AND e.clinic_id = %(clinic)s AND t.voided_at IS NULL AND NOT t.held
       AND (t."on" BETWEEN %(first)s AND %(last)s OR t.span && tstzrange(%(starts)s, %(ends)s))
"""


@dataclass(frozen=True, slots=True)
class ExceptionShown:
    """Something about a month that somebody should see to before it is closed, and what was said of it."""

    kind: str
    about: str
    episode_id: UUID | None
    who: str
    words: str
    fix: str
    owner_id: UUID | None = None
    owner: str = ""
    note: str = ""
    is_settled: bool = False

    @property
    def key(self) -> tuple[str, UUID | None, str]:
        return self.kind, self.episode_id, self.about


@dataclass(frozen=True, slots=True)
class ChangedMonth:
    """A patient's month that would now be asked for otherwise than it was frozen."""

    episode_id: UUID
    patient_name: str
    frozen: tuple[FrozenLine, ...]
    now: tuple[FrozenLine, ...]
    frozen_minutes: int
    minutes: int
    late: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CloseShown:
    """A close as pages tell of it."""

    id: UUID
    clinic: str
    closed_at: datetime
    closed_by: str
    note: str
    patients: int
    billing: int
    amount: Decimal
    unknown: int
    asked_at: datetime | None
    asked_by_id: UUID | None
    asked_by: str
    asked_because: str


@dataclass(frozen=True, slots=True)
class ClinicMonth:
    """A clinic's month on the way to its close, or closed."""

    clinic_id: UUID
    clinic: str
    zone: ZoneInfo
    starts_at: datetime
    ends_at: datetime
    rows: tuple[MonthRow, ...]
    exceptions: tuple[ExceptionShown, ...]
    close: CloseShown | None
    changed: tuple[ChangedMonth, ...]

    @property
    def open_exceptions(self) -> int:
        return sum(not one.is_settled for one in self.exceptions)


def clinic_month(organization_id: UUID, month: str, clinic_id: UUID) -> ClinicMonth:
    """Everything that the page of a close shows. A constant number of statements. Raises NotFound."""
    clinic = Clinic.objects.filter(organization_id=organization_id, id=clinic_id).first()
    if clinic is None:
        raise NotFound
    zone = ZoneInfo(clinic.time_zone)
    starts_at, ends_at = month_starts_and_ends(month, zone)
    rows = tuple(row for row in month_rows(organization_id, month) if row.clinic_id == clinic_id)
    close = live_close(organization_id, clinic_id, month)
    frozen = frozen_months(organization_id, close.id) if close else {}
    return ClinicMonth(
        clinic_id=clinic_id,
        clinic=clinic.name,
        zone=zone,
        starts_at=starts_at,
        ends_at=ends_at,
        rows=rows,
        exceptions=() if close else _noted(organization_id, clinic_id, month, _exceptions(clinic, month, rows)),
        close=_shown(close, clinic, frozen) if close else None,
        changed=tuple(_changed(close, rows, frozen)) if close else (),
    )


def live_close(organization_id: UUID, clinic_id: UUID, month: str) -> MonthClose | None:
    """The close that holds, with who made it."""
    found = MonthClose.objects.filter(
        organization_id=organization_id, clinic_id=clinic_id, month=first_day(month), reopened_at__isnull=True
    )
    close: MonthClose | None = found.select_related("closed_by", "asked_by").first()
    return close


def frozen_months(organization_id: UUID, close_id: UUID) -> dict[UUID, FrozenMonth]:
    """By episode, the last row of a close: the first one, or the last correction."""
    rows = FrozenMonth.objects.filter(organization_id=organization_id, close_id=close_id).order_by("number")
    return {row.episode_id: row for row in rows.defer("facts", "verdict")}


def lines_of(row: FrozenMonth) -> tuple[FrozenLine, ...]:
    """A frozen row's lines."""
    return tuple(
        FrozenLine(code, units, None if amount is None else Decimal(amount)) for code, units, amount in row.lines
    )


def asked_now(row: MonthRow) -> tuple[FrozenLine, ...]:
    """What a month asks for as it stands."""
    if not row.bills:
        return ()
    return tuple(FrozenLine(line.code, line.units, line.amount) for line in row.verdict_lines)


def repeated_in(organization_id: UUID, clinic: Clinic, month: str) -> tuple[tuple[Repeated, ...], int]:
    """Lengths that come again and again, and how many entries were made more than a week after the work."""
    zone = ZoneInfo(clinic.time_zone)
    starts_at, ends_at = month_starts_and_ends(month, zone)
    params: dict[str, Any] = {
        "organization": organization_id,
        "clinic": clinic.id,
        "first": first_day(month),
        "last": last_day(month),
        "starts": starts_at,
        "ends": ends_at,
        "late": LATE_DAYS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ENTRIES, params)
        found: list[tuple[UUID, int, bool]] = cursor.fetchall()
    repeated = repeated_durations((str(by), seconds) for by, seconds, _ in found)
    return repeated, sum(late for *_, late in found)


def _exceptions(clinic: Clinic, month: str, rows: Sequence[MonthRow]) -> list[ExceptionShown]:
    repeated, late = repeated_in(clinic.organization_id, clinic, month)
    found = [one for row in rows for one in _of_row(row)]
    people = people_of(clinic.organization_id) if repeated else {}
    for one in repeated:
        minutes, seconds = divmod(one.seconds, 60)
        length = f"{minutes} min" if not seconds else f"{minutes} min {seconds} s"
        found.append(
            ExceptionShown(
                "repeated_durations",
                f"{one.person} {one.seconds}",
                None,
                str(people.get(UUID(one.person), "Somebody")),
                f"{one.times} of {one.of} entries last exactly {length}.",
                "Ask whether the minutes were measured. An auditor would.",
            )
        )
    if late:
        words = f"{late} {'entry was' if late == 1 else 'entries were'} made more than {LATE_DAYS} days after the work."
        found.append(ExceptionShown("entered_late", "", None, clinic.name, words, "Look at them, and note why."))
    return found


def _of_row(row: MonthRow) -> Iterator[ExceptionShown]:
    if row.held_entries:
        fix = "Settle them: until then they count nowhere, and after the close they cannot."
        yield ExceptionShown("held", "", row.episode_id, row.patient_name, f"{row.held_words}.", fix)
    for gap in row.gaps:
        if gap.word != "minutes_short":
            yield ExceptionShown("gap", gap.word, row.episode_id, row.patient_name, gap.sentence, gap.closes)
    if row.verdict_lines and row.refusal:
        fix = "Add the coverage, or note why nothing is asked."
        yield ExceptionShown("refused", "", row.episode_id, row.patient_name, f"{row.refusal}.", fix)
    if row.bills and row.rests_on_unseen:
        words = "Rests on a care plan or a visit that nobody has seen."
        yield ExceptionShown(
            "unseen", "", row.episode_id, row.patient_name, words, "Look at the papers, or record them."
        )
    if row.is_changed:
        words = f"{row.changed_words}."
        yield ExceptionShown("changed", "", row.episode_id, row.patient_name, words, "Correct the claim.")


def _noted(
    organization_id: UUID, clinic_id: UUID, month: str, found: Iterable[ExceptionShown]
) -> tuple[ExceptionShown, ...]:
    rows = MonthException.objects.filter(
        organization_id=organization_id, clinic_id=clinic_id, month=first_day(month)
    ).select_related("owner")
    notes = {(row.kind, row.episode_id, row.about): row for row in rows}
    return tuple(_with(one, notes.get(one.key)) for one in found)


def _with(one: ExceptionShown, noted: MonthException | None) -> ExceptionShown:
    if noted is None:
        return one
    owner = str(noted.owner) if noted.owner else ""
    return replace(one, owner_id=noted.owner_id, owner=owner, note=noted.note, is_settled=noted.is_settled)


def _shown(close: MonthClose, clinic: Clinic, frozen: dict[UUID, FrozenMonth]) -> CloseShown:
    asked = [standing_lines(lines_of(row)) for row in frozen.values()]
    amounts = [line.amount for lines in asked for line in lines]
    return CloseShown(
        id=close.id,
        clinic=clinic.name,
        closed_at=close.closed_at,
        closed_by=str(close.closed_by),
        note=close.note,
        patients=len(frozen),
        billing=sum(bool(lines) for lines in asked),
        amount=sum((amount for amount in amounts if amount is not None), Decimal(0)),
        unknown=sum(amount is None for amount in amounts),
        asked_at=close.asked_at,
        asked_by_id=close.asked_by_id,
        asked_by=str(close.asked_by) if close.asked_by else "",
        asked_because=close.asked_because,
    )


def _changed(close: MonthClose, rows: Sequence[MonthRow], frozen: dict[UUID, FrozenMonth]) -> Iterator[ChangedMonth]:
    late: dict[UUID, list[str]] = {}
    for change in LateChange.objects.filter(organization_id=close.organization_id, close_id=close.id).order_by("at"):
        late.setdefault(change.episode_id, []).append(f"{change.get_kind_display()}: {change.because}")
    for row in rows:
        before = frozen.get(row.episode_id)
        asked = standing_lines(lines_of(before)) if before else ()
        minutes = before.minutes if before else 0
        if asked != asked_now(row) or minutes != row.minutes:
            yield ChangedMonth(
                row.episode_id,
                row.patient_name,
                asked,
                asked_now(row),
                minutes,
                row.minutes,
                tuple(late.get(row.episode_id, ())),
            )
