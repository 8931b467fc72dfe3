"""Money pages: claims that were replaced, denied anew or denied as a whole count once."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from billing.models import Claim, ClaimLine, Denial, RemittanceClaim
from billing.operations.denials import DenialWork, open_denials, work_denials
from billing.queries.money import Money
from billing.queries.money_files import money_table
from tests.billing.people import AT, Program
from tests.billing.test_money import claimed, february
from tests.factories.billing import ClaimFactory, ClaimLineFactory
from tests.factories.claims import (
    AdjustmentFactory,
    RemittanceClaimFactory,
    RemittanceFactory,
    RemittanceLineFactory,
)


@dataclass(frozen=True)
class Says:
    """What an answer says of a claim's first line, or of the claim as a whole."""

    paid: str = "0"
    reasons: tuple[tuple[str, str, str], ...] = ()
    on: date = date(2026, 4, 20)
    code: str | None = None
    is_whole: bool = False
    is_reversal: bool = False


def answered(people: Program, claim: Claim, says: Says) -> RemittanceClaim:
    at_home = {"organization": people.organization}
    status = "22" if says.is_reversal else "1"
    remittance = RemittanceFactory(**at_home, paid_on=says.on)
    row = RemittanceClaimFactory(
        **at_home,
        remittance=remittance,
        claim=claim,
        paid=Decimal(says.paid),
        is_reversal=says.is_reversal,
        status_code=status,
    )
    line = None
    if not says.is_whole:
        asked = ClaimLine.objects.filter(claim=claim, units__gt=0).order_by("number")[0]
        meant = {"claim_line": asked, "code": asked.code} if says.code is None else {"code": says.code}
        line = RemittanceLineFactory(**at_home, remittance_claim=row, paid=Decimal(says.paid), **meant)
    for position, (group, reason, amount) in enumerate(says.reasons, start=1):
        of = {"remittance_claim": row, "remittance_line": line, "position": position}
        AdjustmentFactory(**at_home, **of, group=group, reason=reason, amount=Decimal(amount))
    open_denials(by=people.by, at=AT, remittance_claims=[row])
    return row


def replaced(people: Program, claim: Claim, **fields: Any) -> Claim:
    """The claim in its place, for the same line."""
    Claim.objects.filter(id=claim.id).update(is_superseded=True)
    same = {name: getattr(claim, name) for name in ("episode", "patient", "payer", "month", "facts", "book")}
    made = ClaimFactory(organization=people.organization, **same, batch__number=claim.batch.number + 1000, **fields)
    for line in ClaimLine.objects.filter(claim=claim, units__gt=0):
        ClaimLineFactory(organization=people.organization, claim=made, number=1, code=line.code, amount=line.amount)
    return made


def shown(found: Money) -> tuple[int, int, Decimal, Decimal | None]:
    return found.all.claims, found.all.answered, found.all.paid, found.all.difference


PAID = Says("125.69", (("PR", "2", "31.42"), ("CO", "45", "12.89")))
TAKEN = Says("-125.69", (("PR", "2", "-31.42"), ("CO", "45", "-12.89")), on=date(2026, 5, 2), is_reversal=True)


def test_a_corrected_claim_counts_once_and_the_difference_waits_for_its_answer(lakeside: Program):
    (claim,) = claimed(lakeside, "Abara")
    answered(lakeside, claim, PAID)
    before = february(lakeside)
    assert shown(before) == (1, 1, Decimal("125.69"), Decimal("157.11") - before.all.expected)
    anew = replaced(lakeside, claim, replaces=claim, frequency="7")
    waiting = february(lakeside)
    assert shown(waiting) == (1, 0, Decimal("125.69"), None)
    assert (waiting.all.expected, waiting.all.open) == (before.all.expected, before.all.expected)
    assert [(one.name, one.claims, one.answered) for one in waiting.by_code] == [("99492", 1, 0)]
    answered(lakeside, claim, TAKEN)
    assert shown(february(lakeside)) == (1, 0, Decimal(0), None)
    answered(lakeside, anew, PAID)
    assert shown(february(lakeside)) == shown(before)
    # Was the first payment kept, so much too much came.
    RemittanceClaim.objects.filter(claim=claim, is_reversal=True).update(claim=None)
    assert shown(february(lakeside))[1:] == (1, Decimal("251.38"), Decimal("314.22") - before.all.expected)


def test_a_claim_taken_back_by_file_is_answered_under_its_own_number(lakeside: Program):
    (claim,) = claimed(lakeside, "Abara")
    answered(lakeside, claim, PAID)
    Claim.objects.filter(id=claim.id).update(is_superseded=True)
    same = {name: getattr(claim, name) for name in ("episode", "patient", "payer", "month", "facts", "book")}
    about = {"replaces": claim, "frequency": "8", "is_superseded": True}
    ClaimFactory(organization=lakeside.organization, **same, **about, batch__number=claim.batch.number + 1000)
    assert shown(february(lakeside)) == (1, 1, Decimal("125.69"), Decimal("157.11"))
    answered(lakeside, claim, TAKEN)
    assert shown(february(lakeside)) == (1, 1, Decimal(0), Decimal(0))


def test_a_claim_sent_anew_is_the_same_claim(lakeside: Program):
    """Where no payer kept it, the next one replaces nothing, and only its content says instead of what it left."""
    (claim,) = claimed(lakeside, "Abara")
    answered(lakeside, claim, Says("125.69", is_whole=True))
    anew = replaced(lakeside, claim, content={"instead_of": str(claim.id)})
    assert shown(february(lakeside)) == (1, 0, Decimal("125.69"), None)
    answered(lakeside, anew, Says("10"))
    assert shown(february(lakeside))[:2] == (1, 1)


def rate(found: Money) -> tuple[int, int, int | None, list[tuple[str, int, int, int | None, Decimal]]]:
    rows = [(one.reason.code, one.count, one.of, one.percent, one.amount) for one in found.denied]
    return found.lines_denied, found.lines_answered, found.denied_percent, rows


def in_file(found: Money) -> list[tuple[Any, ...]]:
    return [(row[0], *row[2:]) for row in money_table(found, "denied")[1]]


def test_a_whole_claims_denial_is_one_of_each_of_its_lines(lakeside: Program):
    (claim,) = claimed(lakeside, "Abara")
    ClaimLineFactory(organization=lakeside.organization, claim=claim, number=2, code="99494")
    answered(lakeside, claim, Says("0", (("CO", "29", "260"),), is_whole=True))
    found = february(lakeside)
    assert rate(found) == (2, 2, 100, [("29", 2, 2, 100, Decimal("260.00"))])
    assert [(one.name, one.answered) for one in found.by_code] == [("99492", 1), ("99494", 1)]
    assert in_file(found) == [("29", 2, 2, 100, Decimal("260.00")), ("", 2, 2, 100, Decimal("260.00"))]


def test_a_line_written_off_and_denied_anew_counts_with_its_last_reason(lakeside: Program):
    (claim,) = claimed(lakeside, "Abara")
    answered(lakeside, claim, Says("0", (("CO", "97", "170"),)))
    denied = Denial.objects.get()
    work_denials(
        by=lakeside.by, at=AT, denial_ids=[denied.id], work=DenialWork(state="written_off", note="Below an appeal.")
    )
    answered(lakeside, claim, Says("0", (("CO", "29", "170"),), on=date(2026, 5, 2)))
    assert Denial.objects.exclude(state="superseded").count() == 2
    found = february(lakeside)
    assert rate(found) == (1, 1, 100, [("29", 1, 1, 100, Decimal("170.00"))])
    assert in_file(found) == [("29", 1, 1, 100, Decimal("170.00")), ("", 1, 1, 100, Decimal("170.00"))]


def test_answers_that_name_no_line_count_by_their_code(lakeside: Program):
    first, second, third = claimed(lakeside, "Abara", "Bello", "Costa")
    # The code that was asked for, without the line's own number; and one that was not asked for.
    answered(lakeside, first, Says("0", (("CO", "97", "170"),), code="99492"))
    answered(lakeside, second, Says("0", (("CO", "97", "170"),), code="99484"))
    answered(lakeside, third, Says("100"))
    answered(lakeside, third, Says("-100", is_reversal=True))
    assert rate(february(lakeside)) == (3, 3, 100, [
        ("97", 2, 3, 67, Decimal("340.00")),
        ("taken", 1, 3, 33, Decimal("100.00")),
    ])  # fmt: skip
