"""Clinics' months on the way to their close, or closed: what was frozen, and what changed since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import F
from django.db.models.fields.json import KeyTextTransform

from bhi.errors import NotFound
from bhi.tenancy.models import Clinic
from billing.models import FrozenMonth, LateChange, MonthClose
from billing.queries.close_exceptions import ExceptionShown, exceptions_of
from billing.queries.frozen import read_lines
from billing.queries.month_page import month_rows
from billing.queries.month_row import MonthRow
from billing.queries.sites import kept_site, site_of
from billing.rules.closing import FrozenLine, OnClaim, asks_otherwise, standing_lines, told_otherwise
from billing.rules.sites import SiteChange, site_changes
from caseload.rules.clock import first_day, month_starts_and_ends


@dataclass(frozen=True, slots=True)
class ChangedMonth:
    """A patient's month that would now be asked for otherwise than it was frozen.

    `payer` names who paid then and who would now, where that is somebody else; else it is empty. `told` says what else
    its claim would tell otherwise.
    """

    episode_id: UUID
    patient_name: str
    frozen: tuple[FrozenLine, ...]
    now: tuple[FrozenLine, ...]
    frozen_minutes: int
    minutes: int
    late: tuple[str, ...]
    payer: str = ""
    is_taken_back: bool = False
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HeldMonth:
    """A patient's month that was held back when it was closed, and still is: it asks for nothing."""

    episode_id: UUID
    patient_name: str
    why: str
    would_ask: tuple[FrozenLine, ...]


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
    site_told: str = ""


@dataclass(frozen=True, slots=True)
class Reopened:
    """That a month was closed and is open again: since when, by whom and why."""

    at: datetime
    by: str
    because: str
    is_alone: bool


@dataclass(frozen=True, slots=True)
class ClinicMonth:
    """A clinic's month on the way to its close, or closed. `reopened` only where it is open again. `site_changes` are
    what its claims say otherwise of the clinic than what is set by now.
    """

    clinic_id: UUID
    clinic: str
    zone: ZoneInfo
    starts_at: datetime
    ends_at: datetime
    rows: tuple[MonthRow, ...]
    exceptions: tuple[ExceptionShown, ...]
    close: CloseShown | None
    changed: tuple[ChangedMonth, ...]
    reopened: Reopened | None = None
    held: tuple[HeldMonth, ...] = ()
    site_changes: tuple[SiteChange, ...] = ()

    @property
    def open_exceptions(self) -> int:
        return sum(not one.is_settled for one in self.exceptions)

    @property
    def billing(self) -> int:
        """How many patients bill as it stands."""
        return sum(row.bills for row in self.rows)


def clinic_month(organization_id: UUID, month: str, clinic_id: UUID) -> ClinicMonth:
    """Everything that the page of a close shows. A constant number of statements. Raises NotFound."""
    clinic = Clinic.objects.filter(organization_id=organization_id, id=clinic_id).first()
    if clinic is None:
        raise NotFound
    return _clinic_months(organization_id, month, [clinic])[0]


def clinic_months(organization_id: UUID, month: str) -> list[ClinicMonth]:
    """The same of every clinic by name, in as many statements."""
    clinics = Clinic.objects.filter(organization_id=organization_id).order_by("name", "id")
    return _clinic_months(organization_id, month, list(clinics))


def live_close(organization_id: UUID, clinic_id: UUID, month: str) -> MonthClose | None:
    """The close that holds, with who made it."""
    return _closes(organization_id, month, [clinic_id])[0].get(clinic_id)


def frozen_months(organization_id: UUID, close_id: UUID) -> dict[UUID, FrozenMonth]:
    """By episode, the last row of a close: the first one, or the last correction."""
    return _frozen(organization_id, [close_id]).get(close_id, {})


def lines_of(row: FrozenMonth) -> tuple[FrozenLine, ...]:
    """A frozen row's lines."""
    return read_lines(row.lines)


def _clinic_months(organization_id: UUID, month: str, clinics: Sequence[Clinic]) -> list[ClinicMonth]:
    rows = month_rows(organization_id, month)
    closes, reopened = _closes(organization_id, month, [clinic.id for clinic in clinics])
    bounds = {clinic: month_starts_and_ends(month, ZoneInfo(clinic.time_zone)) for clinic in clinics}
    still_open = {clinic: instants for clinic, instants in bounds.items() if clinic.id not in closes}
    exceptions = exceptions_of(organization_id, month, still_open, rows)
    frozen = _frozen(organization_id, [close.id for close in closes.values()])
    late = _late(organization_id, [close.id for close in closes.values()])
    return [
        _clinic_month(
            clinic,
            bounds[clinic],
            tuple(row for row in rows if row.clinic_id == clinic.id),
            exceptions.get(clinic.id, ()),
            closes.get(clinic.id),
            frozen,
            late,
            reopened.get(clinic.id),
        )
        for clinic in clinics
    ]


def _clinic_month(
    clinic: Clinic,
    bounds: tuple[datetime, datetime],
    rows: tuple[MonthRow, ...],
    exceptions: tuple[ExceptionShown, ...],
    close: MonthClose | None,
    frozen: Mapping[UUID, dict[UUID, FrozenMonth]],
    late: Mapping[UUID, Sequence[str]],
    reopened: MonthClose | None,
) -> ClinicMonth:
    of_close = frozen.get(close.id, {}) if close else {}
    return ClinicMonth(
        clinic_id=clinic.id,
        clinic=clinic.name,
        zone=ZoneInfo(clinic.time_zone),
        starts_at=bounds[0],
        ends_at=bounds[1],
        rows=rows,
        exceptions=exceptions,
        close=_shown(close, clinic, of_close) if close else None,
        changed=tuple(_changed(rows, of_close, late)) if close else (),
        reopened=_reopened(reopened) if reopened and not close else None,
        held=tuple(_held(rows, of_close)) if close else (),
        site_changes=site_changes(kept_site(close), site_of(clinic)) if close else (),
    )


def _closes(
    organization_id: UUID, month: str, clinic_ids: Sequence[UUID]
) -> tuple[dict[UUID, MonthClose], dict[UUID, MonthClose]]:
    """By clinic, the close that holds, and the last one that was opened again."""
    found = MonthClose.objects.filter(
        organization_id=organization_id, clinic_id__in=list(clinic_ids), month=first_day(month)
    ).select_related("closed_by", "asked_by", "reopened_by", "site_by")
    rows = list(found.order_by("closed_at", "id"))
    holding = {row.clinic_id: row for row in rows if row.reopened_at is None}
    return holding, {row.clinic_id: row for row in rows if row.reopened_at is not None}


def _frozen(organization_id: UUID, close_ids: Sequence[UUID]) -> dict[UUID, dict[UUID, FrozenMonth]]:
    """By close and episode, the last row."""
    found: dict[UUID, dict[UUID, FrozenMonth]] = {}
    if not close_ids:
        return found
    rows = FrozenMonth.objects.filter(organization_id=organization_id, close_id__in=list(close_ids))
    told = {"diagnoses": F("facts__diagnoses"), "place": KeyTextTransform("place_of_service", "facts")}
    related = rows.order_by("number").select_related("patient", "payer").defer("facts", "verdict")
    for row in related.annotate(**told):
        found.setdefault(row.close_id, {})[row.episode_id] = row
    return found


def _late(organization_id: UUID, close_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """By episode, what came after the close, in words."""
    found: dict[UUID, list[str]] = {}
    if not close_ids:
        return found
    changes = LateChange.objects.filter(organization_id=organization_id, close_id__in=list(close_ids))
    for change in changes.order_by("at", "id"):
        found.setdefault(change.episode_id, []).append(f"{change.get_kind_display()}: {change.because}")
    return found


def _shown(close: MonthClose, clinic: Clinic, frozen: Mapping[UUID, FrozenMonth]) -> CloseShown:
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
        site_told=f"Claims say of the clinic what {close.site_by} chose later: {close.site_because}"
        if close.site_by
        else "",
    )


def _reopened(close: MonthClose) -> Reopened:
    assert close.reopened_at is not None
    is_alone = close.asked_by_id == close.reopened_by_id
    return Reopened(close.reopened_at, str(close.reopened_by), close.asked_because, is_alone=is_alone)


def _held(rows: Sequence[MonthRow], frozen: Mapping[UUID, FrozenMonth]) -> Iterator[HeldMonth]:
    """Months that still wait: they asked for nothing when they were closed."""
    for row in rows:
        before = frozen.get(row.episode_id)
        if row.release is None or not row.is_held_back or (before and standing_lines(lines_of(before))):
            continue
        lines = tuple(FrozenLine(line.code, line.units, line.amount) for line in row.release.would_ask)
        yield HeldMonth(row.episode_id, row.patient_name, row.release.chip, lines)


def _changed(
    rows: Sequence[MonthRow], frozen: Mapping[UUID, FrozenMonth], late: Mapping[UUID, Sequence[str]]
) -> Iterator[ChangedMonth]:
    """Months that would be asked for otherwise by now, and those that are gone with their enrolment."""
    for row in rows:
        before = frozen.get(row.episode_id)
        asked = standing_lines(lines_of(before)) if before else ()
        minutes = before.minutes if before else 0
        payer = _other_payer(before, row) if before and asked else ""
        now = row.asks_now
        told = told_otherwise(_on_claim(before), row.on_claim) if before and asked else ()
        if asks_otherwise(asked, now) or minutes != row.minutes or payer or told:
            words, name = tuple(late.get(row.episode_id, ())), row.patient_name
            yield ChangedMonth(row.episode_id, name, asked, now, minutes, row.minutes, words, payer, told=told)
    gone = frozen.keys() - {row.episode_id for row in rows}
    for before in sorted((frozen[id_] for id_ in gone), key=lambda one: (one.patient.sort_name, one.id)):
        asked = standing_lines(lines_of(before))
        if asked or before.minutes:
            words = tuple(late.get(before.episode_id, ()))
            name = f"{before.patient.family_name}, {before.patient.given_name}"
            yield ChangedMonth(before.episode_id, name, asked, (), before.minutes, 0, words, is_taken_back=True)


def _on_claim(before: FrozenMonth) -> OnClaim:
    # As `_frozen` reads them of the facts, which are long.
    kept: Any = before
    return OnClaim(tuple(kept.diagnoses or ()), kept.place or "", before.coverage_id)


def _other_payer(before: FrozenMonth, row: MonthRow) -> str:
    """`Medicare Part B, now Aetna`, where another payer would be asked."""
    if before.payer_id == row.payer_id:
        return ""
    return f"{before.payer.name if before.payer else 'No coverage'}, now {row.payer}"
