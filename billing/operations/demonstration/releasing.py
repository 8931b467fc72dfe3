"""What the invented practice asked its payers about coverage, and what its coder decided about last month."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from bhi.tenancy.models import Membership
from billing.operations.decisions import Deciding, decide_month
from billing.queries.coverage_checks import CoverageRow, coverage_checks
from billing.queries.month_page import month_rows
from billing.queries.release import lower_of
from billing.queries.verdicts import month_verdicts
from billing.rules.decisions import BILL_LOWER, DO_NOT_BILL, HOLD, RELEASE, code_units
from caseload.rules.clock import first_day, month_index, month_named, month_of
from registry.models import CoverageCheck
from registry.operations.coverages import record_coverage_checks

PORTAL: Final = "Payer's portal"
# Of the patients who bill, by name: every which nobody asked about yet, and who is said not to be in force.
_UNASKED, _ENDED = 11, 6


def tell_releasing(*, by: Membership, at: datetime, today: date) -> None:
    """Most coverages are checked, one is not in force, and last month holds a decision of each kind; once."""
    if CoverageCheck.objects.filter(organization_id=by.organization_id).exists():
        return
    month = month_named(month_index(month_of(today)) - 1)
    billing = {row.mrn for row in month_rows(by.organization_id, month) if row.bills}
    rows = sorted(coverage_checks(by.organization_id, month, is_all=True).rows, key=lambda row: row.mrn not in billing)
    _ask(by, at, first_day(month) + timedelta(days=4), rows)
    present = coverage_checks(by.organization_id, month_of(today), is_all=True).rows
    in_force = {row.coverage_id for row in present if row.answer is None} & _in_force(by, month)
    again = sorted(in_force, key=str)[: len(present) * 2 // 3]
    on = first_day(month_of(today))
    record_coverage_checks(by=by, at=at, coverage_ids=again, on=on, source=PORTAL, is_in_force=True)
    for episode_id, decision in _decisions(by, month, today):
        decide_month(by=by, at=at, episode_id=episode_id, month=month, decision=decision)


def _in_force(by: Membership, month: str) -> set[UUID]:
    rows = coverage_checks(by.organization_id, month, is_all=True).rows
    return {row.coverage_id for row in rows if row.answer is not None and row.answer.is_in_force}


def _ask(by: Membership, at: datetime, on: date, rows: Sequence[CoverageRow]) -> None:
    asked = [row.coverage_id for number, row in enumerate(rows) if number % _UNASKED != 3 and number != _ENDED]
    given: dict[str, Any] = {"by": by, "at": at, "on": on}
    record_coverage_checks(**given, coverage_ids=asked, source=PORTAL, is_in_force=True)
    ended = [row.coverage_id for number, row in enumerate(rows) if number == _ENDED]
    record_coverage_checks(**given, coverage_ids=ended, source="By telephone", is_in_force=False)


def _decisions(by: Membership, month: str, today: date) -> Iterator[tuple[UUID, Deciding]]:
    """One of each kind, where last month has a row for it."""
    rows = month_rows(by.organization_id, month)
    free = [row for row in rows if row.bills and row.is_claimable]
    held = [row for row in rows if row.is_held_back and row.release is not None]
    judged = month_verdicts(by.organization_id, month, episode_ids=[row.episode_id for row in free])
    lower = [row for row in free if lower_of(judged[row.episode_id])]
    if lower:
        lines = code_units(lower_of(judged[lower[0].episode_id])[0])
        because = "The payer takes the further unit only with a letter, which we do not have."
        yield lower[0].episode_id, Deciding(BILL_LOWER, because, lines=lines)
        free = [row for row in free if row is not lower[0]]
    if len(free) > 1:
        hold = Deciding(HOLD, "The practice looks for the signed consent.", look_again_on=today)
        yield free[0].episode_id, hold
        yield free[1].episode_id, Deciding(DO_NOT_BILL, "The patient asked not to be billed this month.")
    if held and held[0].release is not None:
        words = tuple(check.word for check in held[0].release.checks)
        yield held[0].episode_id, Deciding(RELEASE, "Confirmed by telephone; the paper is scanned.", checks=words)
