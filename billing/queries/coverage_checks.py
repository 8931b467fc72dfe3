"""Whose coverage somebody should ask about in a month, and what was said last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from billing.queries.judging import MonthVerdict
from billing.queries.verdicts import month_verdicts
from caseload.rules.clock import first_day
from registry.models import Coverage, CoverageCheck

PAGE_ROWS = 100


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said of a coverage on a day, and where."""

    on: date
    source: str
    is_in_force: bool


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """A patient whose paying coverage matters in the month; `answer` is the last one since its first day."""

    coverage_id: UUID
    patient_id: UUID
    patient_name: str
    mrn: str
    clinic: str
    payer: str
    member_id: str
    answer: Answer | None


@dataclass(frozen=True, slots=True)
class CoverageChecks:
    """The month's patients by name, those not asked about first or alone; cut to a page."""

    rows: tuple[CoverageRow, ...]
    total: int
    unasked: tuple[UUID, ...]
    not_in_force: int
    everybody: int
    first_row: int
    previous: int | None
    next: int | None


def coverage_checks(organization_id: UUID, month: str, *, is_all: bool = False, start: int = 0) -> CoverageChecks:
    """Patients with anything in the month whom a payer pays for: those not asked about since its first day, or all."""
    everybody = _rows(organization_id, month)
    unasked = tuple(row.coverage_id for row in everybody if row.answer is None)
    matching = [row for row in everybody if is_all or row.answer is None or not row.answer.is_in_force]
    start = start if start < len(matching) else 0
    return CoverageChecks(
        rows=tuple(matching[start : start + PAGE_ROWS]),
        total=len(matching),
        unasked=unasked,
        not_in_force=sum(row.answer is not None and not row.answer.is_in_force for row in everybody),
        everybody=len(everybody),
        first_row=start + 1,
        previous=max(0, start - PAGE_ROWS) if start else None,
        next=start + PAGE_ROWS if start + PAGE_ROWS < len(matching) else None,
    )


def paying_coverage(organization_id: UUID, judged: MonthVerdict) -> tuple[UUID | None, Answer | None]:
    """The coverage that pays a patient's month, and what was said of it last since the month's first day."""
    rows = _of(organization_id, judged.facts.month, [judged])
    return (rows[0].coverage_id, rows[0].answer) if rows else (None, None)


def _rows(organization_id: UUID, month: str) -> list[CoverageRow]:
    judged = month_verdicts(organization_id, month).values()
    ordered = sorted(judged, key=lambda one: (one.month.episode.patient_sort_name, one.month.episode.id))
    return _of(organization_id, month, ordered)


def _of(organization_id: UUID, month: str, judged: Iterable[MonthVerdict]) -> list[CoverageRow]:
    paid = [one for one in judged if one.month.payer is not None and not one.month.payer.is_self_pay]
    patients = [one.month.episode.patient_id for one in paid]
    ids = {
        (patient_id, payer_id, rank, from_on): id_
        for id_, patient_id, payer_id, rank, from_on in Coverage.objects.live()
        .filter(organization_id=organization_id, patient_id__in=patients)
        .values_list("id", "patient_id", "payer_id", "rank", "from_on")
    }
    answers = _answers(organization_id, month, patients)
    # One that ended between the two statements is not there any more.
    return [_row(one, ids[key], answers) for one in paid if (key := _key(one)) in ids]


def _key(one: MonthVerdict) -> tuple[UUID, UUID, int, date | None]:
    coverage = one.month.coverage
    assert coverage is not None
    return one.month.episode.patient_id, coverage.payer_id, coverage.rank, coverage.from_on


def _row(one: MonthVerdict, coverage_id: UUID, answers: dict[UUID, Answer]) -> CoverageRow:
    episode, payer = one.month.episode, one.month.payer
    assert payer is not None
    return CoverageRow(
        coverage_id=coverage_id,
        patient_id=episode.patient_id,
        patient_name=episode.patient_name,
        mrn=episode.mrn,
        clinic=episode.clinic_name,
        payer=payer.name,
        member_id=one.month.member_id,
        answer=answers.get(coverage_id),
    )


def _answers(organization_id: UUID, month: str, patients: list[UUID]) -> dict[UUID, Answer]:
    """By coverage, the last answer since the month's first day."""
    rows = CoverageCheck.objects.live().filter(
        organization_id=organization_id, patient_id__in=patients, on__gte=first_day(month)
    )
    return {
        row.coverage_id: Answer(row.on, row.source, row.is_in_force) for row in rows.order_by("on", "recorded_at", "id")
    }
