"""What claims of a span of months were expected to bring, what they brought, and what payers said no to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models.fields.json import KeyTextTransform

from billing.models import Claim, Frequency
from billing.queries.answered import answers_of
from billing.queries.calendar import month_title
from billing.queries.fees import LineExpected, expected_of_claims
from billing.rules.denials import Reason, reason_of
from billing.rules.money import NOTHING, DaysToPay, LineMoney, MoneySum, chains_of, days_to_pay, money_by, money_sum
from billing.rules.standing import standing_after
from caseload.rules.clock import first_day, local_date, month_of

WHOLE = "Whole claim"
_OF_BATCH = ("batch__number", "batch__made_at", "batch__sent_at")

# Lines of the span's claims, with those that only a payer named; of each that was answered, by itself or with its whole
# claim, the last denial that another answer did not overtake.
_ANSWERED_LINES = """
    WITH asked AS (
        SELECT l.claim_id, l.id, l.code
        FROM billing_claimline l
        JOIN billing_claim c ON c.organization_id = l.organization_id AND c.id = l.claim_id
        JOIN billing_batch b ON b.organization_id = c.organization_id AND b.id = c.batch_id AND NOT b.is_test
        WHERE l.organization_id = %(organization)s AND l.units > 0 AND c.month BETWEEN %(first)s AND %(last)s
    ), said AS (
        SELECT a.claim_id, r.id, r.claim_line_id, r.code, a.is_reversal
        FROM billing_remittanceclaim a
        LEFT JOIN billing_remittanceline r ON r.organization_id = a.organization_id AND r.remittance_claim_id = a.id
        WHERE a.organization_id = %(organization)s AND a.set_aside_because = ''
          AND a.claim_id IN (SELECT claim_id FROM asked)
    ), line AS (
        SELECT claim_id, id, code FROM asked
        UNION
        SELECT s.claim_id, NULL::uuid, s.code FROM said s
        WHERE s.id IS NOT NULL AND s.claim_line_id IS NULL
          AND NOT EXISTS (SELECT FROM asked q WHERE q.claim_id = s.claim_id AND q.code = s.code)
    ), spoken AS (
        SELECT l.claim_id, l.id, l.code
        FROM line l
        JOIN said s ON s.claim_id = l.claim_id
        WHERE NOT s.is_reversal
          AND (s.id IS NULL OR s.claim_line_id = l.id OR (s.claim_line_id IS NULL AND s.code = l.code))
    ), denied AS (
        SELECT DISTINCT ON (l.claim_id, l.id, l.code)
               l.claim_id, l.id, l.code, d.id AS denial_id, d.reason, d.amount
        FROM line l
        JOIN billing_denial d ON d.organization_id = %(organization)s AND d.claim_id = l.claim_id
        LEFT JOIN billing_remittanceline r ON r.organization_id = d.organization_id AND r.id = d.remittance_line_id
        WHERE d.state <> 'superseded'
          AND (r.id IS NULL OR r.claim_line_id = l.id OR (r.claim_line_id IS NULL AND r.code = l.code))
        ORDER BY l.claim_id, l.id, l.code, d.found_on DESC, d.id DESC
    )
    SELECT d.denial_id, d.reason, d.amount
    FROM (SELECT claim_id, id, code FROM spoken UNION SELECT claim_id, id, code FROM denied) l
    LEFT JOIN denied d ON d.claim_id = l.claim_id AND d.code = l.code AND d.id IS NOT DISTINCT FROM l.id
"""


@dataclass
class _Said:
    """What payers said of one claim."""

    paid: dict[str, Decimal] = field(default_factory=dict)
    owed: dict[str, Decimal] = field(default_factory=dict)
    first_paid_on: date | None = None


@dataclass(frozen=True, slots=True)
class _Denied:
    id: UUID
    reason: str
    amount: Decimal


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
    number. A line that was denied more than once counts with its last denial; a whole claim's denial with each line.
    """
    within = (first_day(first), first_day(last))
    rows = list(
        Claim.objects.filter(organization_id=organization_id, month__range=within, batch__is_test=False)
        .select_related("payer", "batch")
        .only("month", "is_superseded", "frequency", "replaces_id", "payer__name", "organization_id", *_OF_BATCH)
        .annotate(instead_of=KeyTextTransform("instead_of", "content"))
        .order_by("batch__number", "number")
    )
    # Where no payer kept a claim, the one sent in its place replaces nothing, and says what it is instead of.
    chains = chains_of((row.id, row.replaces_id or (UUID(row.instead_of) if row.instead_of else None)) for row in rows)
    voids = {row.id for row in rows if row.frequency == Frequency.VOID}
    said = _said(organization_id, [row.id for row in rows])
    denials = _last_denials(organization_id, within)
    expected = expected_of_claims(organization_id, [row.id for row in rows if not row.is_superseded])
    lines = [
        line
        for row in rows
        for line in _lines(
            row,
            expected.get(row.id, ()),
            said.get(row.id, _Said()),
            of=chains[row.id][0],
            # Payers answer a void under the number of the claim that it takes back.
            is_waiting=row.is_superseded and chains[row.id][-1] not in said and chains[row.id][-1] not in voids,
        )
    ]
    return Money(
        first=first,
        last=last,
        all=money_sum("", lines),
        by_month=money_by(lines, "month"),
        by_payer=money_by(lines, "payer"),
        by_code=money_by(lines, "code"),
        denied=_denied(denials),
        lines_answered=len(denials),
        lines_denied=sum(one is not None for one in denials),
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


def _last_denials(organization_id: UUID, within: tuple[date, date]) -> list[_Denied | None]:
    """Of each answered line its last denial, or None."""
    first, last = within
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERED_LINES, {"organization": organization_id, "first": first, "last": last})
        return [_Denied(*row) if row[0] else None for row in cursor.fetchall()]


def _lines(
    claim: Claim, expected: Iterable[LineExpected], said: _Said, *, of: UUID, is_waiting: bool
) -> list[LineMoney]:
    """A claim's codes: what it asks for, and whatever else a payer spoke of."""
    asked = {line.code: line.expected for line in expected if line.units > 0}
    spoken = [code for code in (*said.paid, *said.owed) if code or not asked or _is_any(said, code)]
    codes = dict.fromkeys([*asked, *spoken])
    is_whole = "" in said.paid and len(said.paid) == 1
    return [
        LineMoney(
            month=month_of(claim.month),
            payer=claim.payer.name,
            code=code or WHOLE,
            claim=of,
            expected=asked[code].expected if code in asked else NOTHING,
            is_estimate=code in asked and asked[code].is_estimate,
            paid=said.paid.get(code, NOTHING),
            owed=said.owed.get(code, NOTHING),
            is_answered=code in said.paid or (is_whole and code in asked),
            is_waiting=is_waiting,
        )
        for code in codes
    ]


def _is_any(said: _Said, code: str) -> bool:
    return bool(said.paid.get(code) or said.owed.get(code))


def _denied(lines: Sequence[_Denied | None]) -> tuple[DeniedShare, ...]:
    by_reason: dict[str, list[_Denied]] = {}
    for line in lines:
        if line is not None:
            by_reason.setdefault(line.reason, []).append(line)
    found = (
        # A whole claim's denial stands at each of its lines, its amount once.
        DeniedShare(reason_of(reason), len(denied), len(lines), sum((one.amount for one in set(denied)), NOTHING))
        for reason, denied in by_reason.items()
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
