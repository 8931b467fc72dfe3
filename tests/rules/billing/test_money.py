"""Sums of money: what is known, what is not, and what can be compared."""

from datetime import date
from decimal import Decimal

from billing.rules.money import DaysToPay, LineMoney, MoneySum, days_to_pay, money_by, money_sum


def line(claim: int, expected: str | None, paid: str = "0", owed: str = "0", *, answered: bool = True) -> LineMoney:
    return LineMoney(
        month="2026-02",
        payer="Medicare",
        code="99492" if claim < 3 else "99493",
        claim=claim,
        expected=None if expected is None else Decimal(expected),
        is_estimate=expected is not None,
        paid=Decimal(paid),
        owed=Decimal(owed),
        is_answered=answered,
    )


def test_what_is_not_known_is_counted_beside_the_sum_and_only_answers_are_compared():
    lines = [line(1, "160.00", "120.00", "32.00"), line(2, "160.00", answered=False), line(3, None, "50.00")]
    assert money_sum("all", lines) == MoneySum(
        name="all",
        claims=3,
        answered=2,
        expected=Decimal("320.00"),
        unknown=1,
        is_estimate=True,
        paid=Decimal("170.00"),
        owed=Decimal("32.00"),
        open=Decimal("160.00"),
        difference=Decimal("-8.00"),
    )


def test_where_nothing_can_be_compared_there_is_no_difference():
    assert money_sum("", [line(1, "160.00", answered=False)]).difference is None
    assert money_sum("", []).difference is None


def test_groups_stand_in_the_order_of_their_names():
    lines = [line(3, "140.00"), line(1, "160.00")]
    assert [(one.name, one.claims) for one in money_by(lines, "code")] == [("99492", 1), ("99493", 1)]


def test_days_to_payment_are_the_middle_of_all():
    sent = date(2026, 3, 1)
    spans = [(sent, date(2026, 3, 11)), (sent, date(2026, 3, 21)), (sent, date(2026, 3, 15)), (sent, date(2026, 3, 31))]
    assert days_to_pay(spans) == DaysToPay(middle=14, longest=30, of=4)
    assert days_to_pay([]) is None
