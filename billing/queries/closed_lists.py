"""A list from the practice's own system, laid beside what was closed; computed from live rows each time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from billing.models import BatchFormat, ChargePosted, Claim, FrozenMonth, LookBack
from billing.queries.frozen import read_lines
from billing.queries.look_back import PatientMonthKey, Stranger, billed_lines
from billing.rules.closed_list import ListFinding, closed_lines, list_finding, listed_lines
from billing.rules.closing import standing_lines
from billing.rules.look_back import Billed, CodeUnits
from caseload.rules.clock import month_of

CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class ListedMonth:
    """One patient's month: what the list has and what was closed. `posted` is its number where it was ticked, empty
    where it was ticked without one, None where it was not. `filed_in` names the batch of an 837P that it left in.
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
    lines: CodeUnits


def closed_comparison(found: LookBack) -> ClosedComparison:
    """Every month that the list spans, at the clinics whose charges it holds. Four statements."""
    billed, people, strangers = billed_lines(found)
    if found.first_month is None or found.last_month is None:
        return ClosedComparison((), {}, strangers)
    asked = _asked(found)
    posted, filed = _posted(found), _filed(found)
    months = [
        one
        for key in {*billed, *asked}
        if (one := _month(key, billed.get(key, []), asked.get(key), people, posted, filed)) is not None
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
    lines = asked.lines if asked else ()
    finding = list_finding(listed, lines, is_filed=key in filed)
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
        closed=closed_lines(lines),
        posted=posted.get(key),
        filed_in=filed.get(key),
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
    for row in rows.select_related("patient").defer("facts", "verdict").order_by("number"):
        last[row.episode_id, month_of(row.month)] = row
    return {(row.patient_id, month): _of_row(row) for (_, month), row in last.items() if _lines(row)}


def _of_row(row: FrozenMonth) -> _Asked:
    patient = row.patient
    name = f"{patient.family_name}, {patient.given_name}"
    return _Asked(row.episode_id, name, patient.sort_name, patient.mrn, _lines(row))


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
