"""The numbers of the money page a second way: over rows as they stand, one claim after the other, no shared sums.

For claims that one payer answered line by line, each answer taken back before the next: what comes of it is then the
plain sum of all that was written.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from billing.models import Adjustment, Claim, ClaimLine, Denial, RemittanceClaim, RemittanceLine
from billing.queries.money import Money

SHARES = ("1", "2", "3")
Expected = Mapping[UUID, Decimal | None]


@dataclass
class Hand:
    """What the page should say of all claims together."""

    claims: int
    answered: int
    paid: Decimal
    owed: Decimal
    open: Decimal
    difference: Decimal | None
    lines_answered: int
    lines_denied: int
    reasons: dict[str, int]


def on_page(found: Money) -> Hand:
    everything = found.all
    return Hand(
        claims=everything.claims,
        answered=everything.answered,
        paid=everything.paid,
        owed=everything.owed,
        open=everything.open,
        difference=everything.difference,
        lines_answered=found.lines_answered,
        lines_denied=found.lines_denied,
        reasons={one.reason.code: one.count for one in found.denied},
    )


def by_hand(claims: list[Claim], expected: Expected) -> Hand:
    """`expected` is by line of a claim that stands; None where it is not known."""
    found = Hand(0, 0, Decimal(0), Decimal(0), Decimal(0), None, 0, 0, {})
    reasons: Counter[str] = Counter()
    for chain in _chains(claims):
        answers = [_answers(claim) for claim in chain]
        found.paid += sum(_paid(rows) for rows in answers)
        found.owed += sum(_owed(rows) for rows in answers)
        last, said = chain[-1], _answered_lines(chain[-1])
        lines = [] if last.is_superseded else list(ClaimLine.objects.filter(claim=last, units__gt=0))
        found.open += sum((expected[one.id] or Decimal(0) for one in lines if one.id not in said), Decimal(0))
        found.claims += bool(lines or any(answers))
        found.answered += bool(answers[-1])
        known = [expected[one.id] for one in lines if one.id in said]
        if answers[-1] and None not in known:
            came = sum((_paid(rows) + _owed(rows) for rows in answers), Decimal(0))
            found.difference = (found.difference or Decimal(0)) + came - sum(one for one in known if one is not None)
        for claim in chain:
            for line_id in _answered_lines(claim):
                denied = Denial.objects.filter(claim=claim, remittance_line__claim_line=line_id)
                newest = denied.exclude(state="superseded").order_by("found_on", "id").last()
                found.lines_answered += 1
                found.lines_denied += newest is not None
                reasons.update([newest.reason] if newest is not None else [])
    found.reasons = dict(reasons)
    return found


def _chains(claims: list[Claim]) -> list[list[Claim]]:
    after = {claim.replaces_id: claim for claim in claims if claim.replaces_id}
    chains = []
    for claim in claims:
        if claim.replaces_id is None:
            chain = [claim]
            while chain[-1].id in after:
                chain.append(after[chain[-1].id])
            chains.append(chain)
    return chains


def _answers(claim: Claim) -> list[RemittanceClaim]:
    return list(RemittanceClaim.objects.filter(claim=claim))


def _paid(rows: list[RemittanceClaim]) -> Decimal:
    return sum((row.paid for row in rows), Decimal(0))


def _owed(rows: list[RemittanceClaim]) -> Decimal:
    of: dict[str, Any] = {"remittance_claim__in": rows, "group": "PR", "reason__in": SHARES}
    return sum(Adjustment.objects.filter(**of).values_list("amount", flat=True), Decimal(0))


def _answered_lines(claim: Claim) -> set[UUID]:
    rows = RemittanceLine.objects.filter(remittance_claim__claim=claim, remittance_claim__is_reversal=False)
    return set(rows.values_list("claim_line_id", flat=True))
