"""What months are expected to bring: by the payers' fee tables, else by national amounts, which are estimates."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from uuid import UUID

from billing.queries.fees import FeeTable, Placed, fee_table
from billing.queries.judging import MonthVerdict
from billing.queries.month_row import MonthRow
from billing.queries.treated import treated_in
from billing.rules.books import book_in_force
from billing.rules.candidates import is_facility
from billing.rules.expected import NOT_KNOWN, ExpectedAmount
from caseload.rules.clock import first_day, last_day


def with_expected(organization_id: UUID, rows: Iterable[MonthRow], judged: Collection[MonthVerdict]) -> list[MonthRow]:
    """The rows with what each line that is asked for is expected to bring, by the fees of the month's last day.

    One statement; one more where a clinician has a share of the fee schedule.
    """
    table = fee_table(organization_id)
    treated = treated_in(organization_id, [one.month for one in judged]) if table.has_shares else {}
    known = {one.month.episode.id: one for one in judged}
    return [replace(row, of_lines=_of_lines(row, known[row.episode_id], table, treated)) for row in rows]


def _of_lines(
    row: MonthRow, judged: MonthVerdict, table: FeeTable, treated: Mapping[UUID, UUID]
) -> tuple[ExpectedAmount, ...]:
    placed = _placed(row, judged, treated.get(row.episode_id))
    if placed is None:
        return tuple(NOT_KNOWN for _ in row.asked_lines)
    return tuple(table.expected(placed, line.code, line.units, line.amount) for line in row.asked_lines)


def _placed(row: MonthRow, judged: MonthVerdict, clinician_id: UUID | None) -> Placed | None:
    """Whom a month asks, where and by whom it was worked; None where no rule book holds."""
    if judged.verdict is None:
        return None
    facts = judged.facts
    book = book_in_force(facts.payer, first_day(facts.month))
    return Placed(
        payer_id=row.payer_id if row.closed is None else row.closed.payer_id,
        clinic_id=row.clinic_id,
        clinician_id=clinician_id,
        family=book.family,
        facility=is_facility(facts, book),
        on=last_day(facts.month),
    )
