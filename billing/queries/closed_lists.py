"""A list from the practice's own system, laid beside what was closed; computed from live rows each time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from billing.models import BatchFormat, ChargePosted, Claim, FrozenMonth, LookBack, PayerRoute, ServiceDayPolicy
from billing.queries.fees import charge_history
from billing.queries.frozen import read_lines
from billing.queries.look_back import PatientMonthKey, Stranger, billed_lines
from billing.rules.closed_list import (
    Closed,
    Differs,
    ListFinding,
    closed_lines,
    differences,
    list_finding,
    listed_lines,
)
from billing.rules.closing import standing_lines
from billing.rules.look_back import OURS, Billed, CodeUnits
from caseload.rules.clock import first_day, last_day, month_of
from registry.models import Consent

CLOSED = "closed"
NOTHING: Final = Closed()


@dataclass(frozen=True, slots=True)
class ListedMonth:
    """One patient's month: what the list has and what was closed. `posted` is its number where it was ticked, empty
    where it was ticked without one, None where it was not. `filed_in` names the batch of an 837P that it left in.
    `differs` says what the list has other than `keyed`, the closed month as it is to be keyed.
    """

    patient_id: UUID
    patient_name: str
    sort_name: str
    mrn: str
    month: str
    episode_id: UUID | None
    finding: ListFinding
    listed: CodeUnits
    closed: CodeUnits
    posted: str | None
    filed_in: int | None
    differs: tuple[Differs, ...] = ()
    keyed: Closed = NOTHING


@dataclass(frozen=True, slots=True)
class ClosedComparison:
    """All months that show something, what asks most for attention first; and lines of nobody of ours."""

    months: tuple[ListedMonth, ...]
    counts: Mapping[ListFinding, int]
    strangers: tuple[Stranger, ...]

    def of(self, finding: ListFinding | None) -> tuple[ListedMonth, ...]:
        return tuple(one for one in self.months if finding is None or one.finding is finding)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A patient as the page names one, and what the closed month asks for."""

    episode_id: UUID
    name: str
    sort_name: str
    mrn: str
    closed: Closed


def closed_comparison(found: LookBack) -> ClosedComparison:
    """Every month that the list covers, at the clinics whose charges it holds. Five statements."""
    billed, people, strangers = billed_lines(found)
    if found.first_month is None or found.last_month is None:
        return ClosedComparison((), {}, strangers)
    asked = _asked(found)
    posted, filed = _posted(found), _filed(found)
    months = [
        one
        for key in {*billed, *asked}
        if found.first_month <= first_day(key[1]) <= found.last_month
        and (one := _month(key, billed.get(key, []), asked.get(key), people, posted, filed)) is not None
    ]
    ranks = {finding: rank for rank, finding in enumerate(ListFinding)}
    months.sort(key=lambda one: (ranks[one.finding], one.sort_name, str(one.patient_id), one.month))
    counts = {finding: sum(one.finding is finding for one in months) for finding in ListFinding}
    return ClosedComparison(tuple(months), counts, strangers)


def _month(
    key: PatientMonthKey,
    listed: list[Billed],
    asked: _Asked | None,
    people: Mapping[UUID, Any],
    posted: Mapping[PatientMonthKey, str],
    filed: Mapping[PatientMonthKey, int],
) -> ListedMonth | None:
    closed = asked.closed if asked else NOTHING
    finding = list_finding(listed, closed, is_filed=key in filed)
    if finding is None:
        return None
    person = asked or people[key[0]]
    return ListedMonth(
        patient_id=key[0],
        patient_name=person.name,
        sort_name=person.sort_name,
        mrn=person.mrn,
        month=key[1],
        episode_id=asked.episode_id if asked else None,
        finding=finding,
        listed=listed_lines(listed),
        closed=closed_lines(closed.lines),
        posted=posted.get(key),
        filed_in=filed.get(key),
        differs=differences(listed, closed) if finding is ListFinding.CHANGED else (),
        keyed=closed,
    )


def _asked(found: LookBack) -> dict[PatientMonthKey, _Asked]:
    """By patient and month, what closed months ask for: their last rows, while the close holds."""
    rows = FrozenMonth.objects.filter(
        organization_id=found.organization_id,
        month__range=(found.first_month, found.last_month),
        close__reopened_at__isnull=True,
    )
    if found.choices.get("clinic"):
        rows = rows.filter(close__clinic_id=found.choices["clinic"])
    last: dict[tuple[UUID, str], FrozenMonth] = {}
    related = rows.select_related("patient", "clinician", "coverage").annotate(is_by_minutes=_by_minutes(found))
    for row in related.defer("facts", "verdict").order_by("number"):
        last[row.episode_id, month_of(row.month)] = row
    charge_of = charge_history(found.organization_id)
    return {(row.patient_id, month): _of_row(row, charge_of) for (_, month), row in last.items() if _lines(row)}


def _by_minutes(found: LookBack) -> Q:
    """Of a frozen row: whether its payer dates months by the day on which the minutes were reached, or the patient took
    a consent back in a month of the list.
    """
    routes = PayerRoute.objects.filter(
        organization_id=found.organization_id, payer=OuterRef("payer"), service_day=ServiceDayPolicy.THRESHOLD
    )
    revoked = Consent.objects.live().filter(
        organization_id=found.organization_id,
        patient=OuterRef("patient"),
        revoked_on__range=(found.first_month, found.last_month),
    )
    return Exists(routes) | Exists(revoked)


def _of_row(row: Any, charge_of: Callable[[str, date], Decimal | None]) -> _Asked:
    patient, lines = row.patient, _lines(row)
    name = f"{patient.family_name}, {patient.given_name}"
    days = _days(row)
    charges = [_times(_charge(charge_of, code, days), units) for code, units in lines if code in OURS]
    known = [one for one in charges if one is not None]
    closed = Closed(
        lines=lines,
        days=days,
        npi=row.clinician.npi if row.clinician else "",
        charge=sum(known, Decimal(0)) if known and len(known) == len(charges) else None,
    )
    return _Asked(row.episode_id, name, patient.sort_name, patient.mrn, closed)


def _days(row: Any) -> tuple[date, date]:
    """The first and the last day that the charge may carry: the month's last, but where its claim is dated by the
    minutes, some day up to the end of life or cover.
    """
    end = last_day(month_of(row.month))
    known = (row.patient.died_on, row.coverage.until_on if row.coverage else None)
    until = min((day for day in known if day is not None and day >= row.month), default=end)
    return (row.month, min(until, end)) if row.is_by_minutes or until < end else (end, end)


def _charge(charge_of: Callable[[str, date], Decimal | None], code: str, days: tuple[date, date]) -> Decimal | None:
    """What one unit costs on any day that the charge may carry; not known where it does not cost the same on all."""
    first, last = (charge_of(code, day) for day in days)
    return last if first == last else None


def _times(charge: Decimal | None, units: int) -> Decimal | None:
    return None if charge is None else charge * units


def _lines(row: FrozenMonth) -> CodeUnits:
    return tuple((line.code, line.units) for line in standing_lines(read_lines(row.lines)))


def _posted(found: LookBack) -> dict[PatientMonthKey, str]:
    rows = ChargePosted.objects.live().filter(
        organization_id=found.organization_id, month__range=(found.first_month, found.last_month)
    )
    return _by_month(rows.values_list("patient_id", "month", "number"))


def _filed(found: LookBack) -> dict[PatientMonthKey, int]:
    rows = Claim.objects.filter(
        organization_id=found.organization_id,
        month__range=(found.first_month, found.last_month),
        is_superseded=False,
        batch__format=BatchFormat.X12,
    )
    return _by_month(rows.values_list("patient_id", "month", "batch__number"))


def _by_month(rows: Iterable[tuple[UUID, Any, Any]]) -> dict[PatientMonthKey, Any]:
    return {(patient_id, month_of(month)): value for patient_id, month, value in rows}
