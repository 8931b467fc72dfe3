"""What a month that is over left on the table, and why: from live rows, in as many statements as the month's page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from billing.models import PayerRoute
from billing.queries.claims import Expected, expected
from billing.queries.claims_lost import Lost, LostClaim, claims_lost
from billing.queries.month_page import Show, month_rows
from billing.queries.month_row import MonthRow
from billing.queries.stakes import Moment
from caseload.rules.clock import last_day


@dataclass(frozen=True, slots=True)
class Left:
    """Months that could have brought something: why they did not, how many, how much, and where they stand: among the
    month's rows that `show` finds or, `is_of_claims`, among its claims that were lost.
    """

    label: str
    rule: str
    months: int
    expected: Expected
    show: str = ""
    is_of_claims: bool = False


def money_left(organization_id: UUID, month: str, *, on: date) -> tuple[Left, ...]:
    """By reason, what the month did not bring, on a day after its end. Each patient's month stands under one reason:
    where its claim was lost, under that.
    """
    lost = claims_lost(organization_id, month, on=on)
    gone = {one.episode_id for one in lost}
    rows = month_rows(organization_id, month, moment=Moment(is_over=True, on=on, looks_back=True))
    routes = PayerRoute.objects.filter(organization_id=organization_id).values_list("payer_id", "filing_days")
    late = {payer_id for payer_id, days in routes if last_day(month) + timedelta(days=days) < on}
    found: dict[str, list[MonthRow]] = {name: [] for name in _REASONS}
    for row in rows:
        if row.episode_id in gone:
            continue
        reason = next((name for name, (_, _, _, is_so) in _REASONS.items() if is_so(row, late)), None)
        if reason is not None:
            found[reason].append(row)
    of_claims = [_left_of_claims(why, [one for one in lost if one.why is why]) for why in Lost]
    return (*of_claims, *(_left(name, found[name]) for name in _REASONS))


def _left_of_claims(why: Lost, claims: Sequence[LostClaim]) -> Left:
    label, rule = LOST[why]
    return Left(label, rule, len(claims), expected([one.amount for one in claims]), is_of_claims=True)


def _left(name: str, rows: Iterable[MonthRow]) -> Left:
    label, rule, show, _ = _REASONS[name]
    listed = list(rows)
    amounts = [_missed(row, name) if name in _MISSED else _worth(row) for row in listed]
    return Left(label, rule, len(listed), expected(amounts), show)


def _missed(row: MonthRow, name: str) -> Decimal | None:
    """What the papers alone, or the minutes alone, would have added."""
    step = row.missed.step
    reach = (step.reach if step is not None else None) if name == "near" else row.missed.together
    return None if reach is None else reach.more


def _worth(row: MonthRow) -> Decimal | None:
    """What the month would have asked for; None where a part of it is not known."""
    lines = row.asked_lines or (row.verdict_lines if row.release is None else row.release.would_ask)
    known = [line.amount for line in lines if line.amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(lines) else None


def _is_not_billed(row: MonthRow, _: set[UUID]) -> bool:
    return row.claimed is None and row.release is not None and row.release.is_not_billed


def _is_held(row: MonthRow, _: set[UUID]) -> bool:
    return row.is_held_back


def _is_past_filing(row: MonthRow, late: set[UUID]) -> bool:
    return row.claimed is None and row.bills and row.payer_id in late


def _is_unclaimed(row: MonthRow, _: set[UUID]) -> bool:
    return row.claimed is None and row.bills


def _is_paper(row: MonthRow, _: set[UUID]) -> bool:
    return row.missed.is_one_paper


def _is_several(row: MonthRow, _: set[UUID]) -> bool:
    return not row.bills and row.claimed is None and bool(row.missed.ways)


def _is_almost(row: MonthRow, _: set[UUID]) -> bool:
    return row.missed.is_almost


# Label and rule of claims that were made.
LOST: Mapping[Lost, tuple[str, str]] = {
    Lost.DENIED: (
        "Denied and written off, or its last day passed",
        "A payer denied all or part of it, and nobody works on it any more. Counted: its lines, less what came.",
    ),
    Lost.REJECTED: (
        "Rejected and not sent again",
        "The claim or its file was rejected before the payer kept it. It can still be sent.",
    ),
    Lost.REJECTED_LATE: (
        "Rejected, and the payer’s filing time passed",
        "The claim or its file was rejected, and not sent again while the payer took it.",
    ),
}


Test = Callable[[MonthRow, set[UUID]], bool]
_MISSED = ("paper", "several", "near")
# Label, rule, the month page's filter, and whether a month is one: tried in this order.
_REASONS: dict[str, tuple[str, str, str, Test]] = {
    "not_billed": (
        "Not billed, as decided",
        "A coder decided that the month is not billed. Counted with what its record supports.",
        Show.ALL,
        _is_not_billed,
    ),
    "held": (
        "Held back",
        "A release check or a coder holds the month. It can still be released.",
        Show.HELD_BACK,
        _is_held,
    ),
    "late": (
        "Past the payer’s filing time",
        "It bills and no claim was made; more days have passed since the month’s end than the payer takes.",
        Show.BILLS,
        _is_past_filing,
    ),
    "unclaimed": (
        "Not claimed yet",
        "It bills, nothing holds it, and no claim was made.",
        Show.BILLS,
        _is_unclaimed,
    ),
    "paper": (
        "One paper or contact was missing",
        "With it the month would have brought more, by the payer’s rules.",
        Show.ONE_PAPER,
        _is_paper,
    ),
    "several": (
        "Several things were missing",
        "Nothing bills; with all of them it would have, by the payer’s rules.",
        Show.MISSING,
        _is_several,
    ),
    "near": (
        "A few minutes short of more",
        "All papers in order, and the next code was a few minutes away.",
        Show.ALMOST,
        _is_almost,
    ),
}
