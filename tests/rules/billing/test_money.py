"""Sums of money: what is known, what is not, and what can be compared."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from billing.rules.money import DaysToPay, LineMoney, MoneySum, chains_of, days_to_pay, lost_of, money_by, money_sum


def line(
    claim: int,
    expected: str | None,
    paid: str = "0",
    owed: str = "0",
    *,
    answered: bool = True,
    waiting: bool = False,
) -> LineMoney:
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
        is_waiting=waiting,
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


@pytest.mark.parametrize(
    ("lines", "answered", "unanswered", "difference"),
    [
        # One that was replaced expects nothing by itself; its money waits until the one in its place is answered.
        ([line(1, "0", "120", "32", waiting=True), line(1, "160", answered=False)], 0, "160", None),
        ([line(1, "0", "120", "32"), line(1, "160", "-120")], 1, "0", "-128"),
        ([line(1, "0", "0"), line(1, "160", "120", "40")], 1, "0", "0"),
        # Two payments for one: too much came.
        ([line(1, "0", "120", "40"), line(1, "160", "120", "40")], 1, "0", "160"),
        # What waits says nothing of another claim.
        ([line(1, "0", "120", waiting=True), line(2, "160", "150")], 1, "0", "-10"),
        # Of the same claim a line may be answered while its earlier one waits.
        ([line(1, "0", "120", waiting=True), line(1, "50", "50")], 1, "0", "0"),
    ],
)
def test_a_claim_that_was_replaced_counts_once_and_waits_for_the_one_in_its_place(
    lines: list[LineMoney], answered: int, unanswered: str, difference: str | None
):
    found = money_sum("", lines)
    assert (found.claims, found.answered, found.open, found.difference) == (
        len({one.claim for one in lines}),
        answered,
        Decimal(unanswered),
        None if difference is None else Decimal(difference),
    )


A, B, C, D = (UUID(int=number) for number in range(1, 5))


@pytest.mark.parametrize(
    ("claims", "chains"),
    [
        ([], {}),
        ([(A, None), (B, None)], {A: [A], B: [B]}),
        ([(A, None), (B, A), (C, B), (D, None)], {A: [A, B, C], B: [A, B, C], C: [A, B, C], D: [D]}),
        ([(B, A), (C, B)], {B: [B, C], C: [B, C]}),
    ],
)
def test_what_took_each_others_place_is_one_chain(
    claims: list[tuple[UUID, UUID | None]], chains: dict[UUID, list[UUID]]
):
    assert chains_of(claims) == chains


def amounts(**named: str | None) -> dict[str, Decimal | None]:
    return {key: None if amount is None else Decimal(amount) for key, amount in named.items()}


@pytest.mark.parametrize(
    ("expected", "lost", "got", "came", "left"),
    [
        (amounts(a="160", b="60"), {"a"}, {}, "0", "160"),
        (amounts(a="160", b="60"), {"a"}, {"b": "60"}, "60", "160"),
        (amounts(a="160", b="60"), {"a", "b"}, {"a": "100"}, "100", "120"),
        (amounts(a="160", b="60"), {""}, {}, "0", "220"),
        # What came of the claim as a whole, or of the one before it, is not left either.
        (amounts(a="160", b="60"), {""}, {"": "200"}, "200", "20"),
        (amounts(a="160"), {"a"}, {}, "150", "10"),
        # More than was expected came: nothing is left, of one line nothing for another.
        (amounts(a="160", b="60"), {"a", "b"}, {"a": "170"}, "170", "50"),
        (amounts(a="160"), {"a"}, {"a": "170"}, "170", "0"),
        # An amount that nobody knows, among the lost or beside them.
        (amounts(a=None, b="60"), {"a", "b"}, {}, "0", None),
        (amounts(a=None, b="60"), {"b"}, {}, "0", "60"),
    ],
)
def test_what_a_lost_line_would_still_have_brought(
    expected: dict[str, Decimal | None], lost: set[str], got: dict[str, str], came: str, left: str | None
):
    found = lost_of(expected, lost, {key: Decimal(amount) for key, amount in got.items()}, Decimal(came))
    assert found == (None if left is None else Decimal(left))
