"""What claims of a span of months were expected to bring, what they brought, and what payers said no to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from billing.models import Claim
from billing.queries.answered import answers_of
from billing.queries.calendar import month_title
from billing.queries.fees import LineExpected, expected_of_claims
from billing.rules.denials import Reason, reason_of
from billing.rules.money import NOTHING, DaysToPay, LineMoney, MoneySum, days_to_pay, money_by, money_sum
from billing.rules.standing import standing_after
from caseload.rules.clock import first_day, local_date, month_of

WHOLE = "Whole claim"

# Reason and amount of what was denied of claims of the span.
_DENIED = """
    SELECT d.reason, d.amount
    FROM billing_denial d
    JOIN billing_claim c ON c.organization_id = d.organization_id AND c.id = d.claim_id
    JOIN billing_batch b ON b.organization_id = c.organization_id AND b.id = c.batch_id AND NOT b.is_test
    WHERE d.organization_id = %(organization)s AND d.state <> 'superseded'
      AND c.month BETWEEN %(first)s AND %(last)s
"""


@dataclass
class _Said:
    """What payers said of one claim."""

    paid: dict[str, Decimal] = field(default_factory=dict)
    owed: dict[str, Decimal] = field(default_factory=dict)
    first_paid_on: date | None = None


@dataclass(frozen=True, slots=True)
class DeniedShare:
    """How many answered lines were denied for a reason, of how many, and for how much."""

    reason: Reason
    count: int
    of: int
    amount: Decimal

    @property
    def percent(self) -> int | None:
        """Of a hundred answered lines; None where none was answered."""
        return round(100 * self.count / self.of) if self.of else None


@dataclass(frozen=True, slots=True)
class Money:
    """A span of months: all of it, by month, payer and code; denials by reason, the most first; days to payment."""

    first: str
    last: str
    all: MoneySum
    by_month: tuple[MoneySum, ...]
    by_payer: tuple[MoneySum, ...]
    by_code: tuple[MoneySum, ...]
    denied: tuple[DeniedShare, ...]
    lines_answered: int
    lines_denied: int
    days: DaysToPay | None

    @property
    def denied_percent(self) -> int | None:
        """Of a hundred answered lines; None where none was answered."""
        return round(100 * self.lines_denied / self.lines_answered) if self.lines_answered else None


def money_of(organization_id: UUID, first: str, last: str, zone: ZoneInfo) -> Money:
    """Claims of service months from `first` to `last`, but those of test files. Seven statements, whatever the
    number."""
    within = (first_day(first), first_day(last))
    rows = list(
        Claim.objects.filter(organization_id=organization_id, month__range=within, batch__is_test=False)
        .select_related("payer", "batch")
        .only("month", "is_superseded", "payer__name", "batch__made_at", "batch__sent_at", "organization_id")
    )
    said = _said(organization_id, [row.id for row in rows])
    denied = _denied_in(organization_id, first, last)
    expected = expected_of_claims(organization_id, [row.id for row in rows if not row.is_superseded])
    lines = [line for row in rows for line in _lines(row, expected.get(row.id, ()), said.get(row.id, _Said()))]
    answered = sum(line.is_answered for line in lines)
    return Money(
        first=first,
        last=last,
        all=money_sum("", lines),
        by_month=money_by(lines, "month"),
        by_payer=money_by(lines, "payer"),
        by_code=money_by(lines, "code"),
        denied=_denied(denied, answered),
        lines_answered=answered,
        lines_denied=min(len(denied), answered),
        days=days_to_pay(_spans(rows, said, zone)),
    )


def span_title(money: Money) -> str:
    """`October 2026`, `August 2026 to October 2026`."""
    if money.first == money.last:
        return month_title(money.last)
    return f"{month_title(money.first)} to {month_title(money.last)}"


def _said(organization_id: UUID, claim_ids: Collection[UUID]) -> dict[UUID, _Said]:
    """By claim, as the pages of claims count it. Replaced ones too: their money came or was taken back all the same."""
    answers = answers_of(organization_id, claim_ids)
    found: dict[UUID, _Said] = {}
    for claim_id, given in answers.of_claims.items():
        standing = standing_after(given)
        days = [on for one in given if one.paid > 0 and (on := answers.paid_on[one.id]) is not None]
        found[claim_id] = _Said(
            paid=_by_code(standing.paid, answers.codes),
            owed=_by_code(standing.owed, answers.codes),
            first_paid_on=min(days, default=None),
        )
    return found


def _by_code(amounts: Mapping[str, Decimal], codes: Mapping[str, str]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for key, amount in amounts.items():
        code = codes.get(key, key)
        found[code] = found.get(code, NOTHING) + amount
    return found


def _denied_in(organization_id: UUID, first: str, last: str) -> list[tuple[str, Decimal]]:
    with connection.cursor() as cursor:
        cursor.execute(_DENIED, {"organization": organization_id, "first": first_day(first), "last": first_day(last)})
        return list(cursor.fetchall())


def _lines(claim: Claim, expected: Iterable[LineExpected], said: _Said) -> list[LineMoney]:
    """A claim's codes: what it asks for, and whatever else a payer spoke of."""
    asked = {line.code: line.expected for line in expected if line.units > 0}
    codes = dict.fromkeys([*asked, *said.paid, *said.owed])
    is_whole = "" in said.paid and len(said.paid) == 1
    return [
        LineMoney(
            month=month_of(claim.month),
            payer=claim.payer.name,
            code=code or WHOLE,
            claim=claim.id,
            expected=asked[code].expected if code in asked else NOTHING,
            is_estimate=code in asked and asked[code].is_estimate,
            paid=said.paid.get(code, NOTHING),
            owed=said.owed.get(code, NOTHING),
            is_answered=code in said.paid or (is_whole and code in asked),
        )
        for code in codes
    ]


def _denied(denied: Iterable[tuple[str, Decimal]], answered: int) -> tuple[DeniedShare, ...]:
    by_reason: dict[str, list[Decimal]] = {}
    for reason, amount in denied:
        by_reason.setdefault(reason, []).append(amount)
    found = (
        DeniedShare(reason_of(reason), len(amounts), answered, sum(amounts, NOTHING))
        for reason, amounts in by_reason.items()
    )
    return tuple(sorted(found, key=lambda one: (-one.count, -one.amount, one.reason.code)))


def _spans(rows: Iterable[Claim], said: Mapping[UUID, _Said], zone: ZoneInfo) -> list[tuple[date, date]]:
    """When each claim's batch left, or was made where nobody said so, and when it was first paid."""
    found = []
    for row in rows:
        on = said[row.id].first_paid_on if row.id in said else None
        if on is not None:
            found.append((local_date(row.batch.sent_at or row.batch.made_at, zone), on))
    return found
