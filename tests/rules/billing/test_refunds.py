"""The days in which a payment without support goes back (42 CFR 401.305), and what is without support."""

from datetime import date
from decimal import Decimal

import pytest

from billing.rules.closing import FrozenLine
from billing.rules.refunds import (
    Closed,
    PaidLine,
    Receipt,
    RefundClock,
    is_settled,
    is_waiting,
    is_within_look_back,
    known_on,
    most_held,
    owed_of,
    paid_above,
    paid_without_support,
    refund_clock,
    still_owed,
    support_left,
)

FOUND = date(2026, 4, 1)


@pytest.mark.parametrize(
    ("begun", "ended", "expected"),
    [
        (None, None, RefundClock(date(2026, 5, 31))),
        # Begun at once and still going on: 180 days, then 60.
        (FOUND, None, RefundClock(date(2026, 11, 27), suspended_until=date(2026, 9, 28))),
        # Begun on the tenth day, ended on the twentieth: ten days stood still.
        (date(2026, 4, 11), date(2026, 4, 21), RefundClock(date(2026, 6, 10))),
        # Begun and ended on one day: nothing stood still.
        (date(2026, 4, 11), date(2026, 4, 11), RefundClock(date(2026, 5, 31))),
        # Ended on day 180, and a day and a year later: never later than that.
        (FOUND, date(2026, 9, 28), RefundClock(date(2026, 11, 27))),
        (FOUND, date(2026, 9, 29), RefundClock(date(2026, 11, 27))),
        (FOUND, date(2027, 9, 29), RefundClock(date(2026, 11, 27))),
        # Begun on the last of sixty days: none is left once it ends.
        (date(2026, 5, 31), None, RefundClock(date(2026, 9, 28), suspended_until=date(2026, 9, 28))),
        # Begun a day too late: suspends nothing.
        (date(2026, 6, 1), None, RefundClock(date(2026, 5, 31))),
    ],
)
def test_the_clock(begun: date | None, ended: date | None, expected: RefundClock):
    assert refund_clock(FOUND, begun, ended) == expected


@pytest.mark.parametrize(
    ("found", "begun", "ended", "expected"),
    [
        # Over the end of a year, over February, over a leap day: days are counted, not months.
        (date(2026, 12, 3), None, None, date(2027, 2, 1)),
        (date(2026, 12, 31), None, None, date(2027, 3, 1)),
        (date(2027, 12, 31), None, None, date(2028, 2, 29)),
        (date(2028, 1, 1), None, None, date(2028, 3, 1)),
        # Clocks go forward and back between the two days.
        (date(2026, 3, 7), None, None, date(2026, 5, 6)),
        (date(2026, 10, 31), None, None, date(2026, 12, 30)),
        # Looked into over the end of a year, and 180 days over a leap day.
        (date(2026, 11, 10), date(2026, 12, 30), date(2027, 1, 9), date(2027, 1, 19)),
        (date(2027, 10, 1), date(2027, 10, 1), date(2028, 6, 1), date(2028, 5, 28)),
        # Begun on day 59, one of the sixty is left once it ends; begun on day 60, none.
        (date(2026, 4, 1), date(2026, 5, 30), date(2026, 6, 30), date(2026, 7, 1)),
        (date(2026, 4, 1), date(2026, 5, 31), date(2026, 6, 30), date(2026, 6, 30)),
        # Ended on day 179 and 180.
        (date(2026, 4, 1), date(2026, 4, 2), date(2026, 9, 27), date(2026, 11, 25)),
        (date(2026, 4, 1), date(2026, 4, 2), date(2026, 9, 28), date(2026, 11, 26)),
    ],
)
def test_the_clock_counts_days_whatever_lies_between(
    found: date, begun: date | None, ended: date | None, expected: date
):
    assert refund_clock(found, begun, ended) == RefundClock(expected)


@pytest.mark.parametrize(
    ("paid", "now", "expected"),
    [
        ((("99493", 1),), (("99493", 1),), ()),
        ((("99493", 1),), (("99493", 1), ("99494", 1)), ()),
        ((("99493", 1), ("99494", 2)), (("99493", 1), ("99494", 1)), (("99494", 1),)),
        ((("99493", 1),), (("G2214", 1),), (("99493", 1),)),
        ((("99493", 1),), (), (("99493", 1),)),
        ((("99493", 1),), (("99493", -1), ("99493", 1)), (("99493", 1),)),
        ((), (("99493", 1),), ()),
    ],
)
def test_what_was_paid_and_would_not_be_asked_for_now(
    paid: tuple[tuple[str, int], ...], now: tuple[tuple[str, int], ...], expected: tuple[tuple[str, int], ...]
):
    lines = tuple(FrozenLine(code, units, None) for code, units in now)
    assert paid_without_support(paid, lines) == expected


@pytest.mark.parametrize(
    ("received", "identified", "expected"),
    [
        (date(2020, 4, 1), date(2026, 4, 1), True),
        (date(2020, 4, 1), date(2026, 4, 2), False),
        (date(2020, 2, 29), date(2026, 2, 28), True),
        (date(2020, 2, 29), date(2026, 3, 1), False),
        (date(2022, 2, 28), date(2028, 2, 28), True),
    ],
)
def test_six_years_are_looked_back(received: date, identified: date, expected: bool):
    assert is_within_look_back(received, identified) is expected


def test_a_payer_has_thirty_days_to_answer():
    told = date(2026, 4, 1)
    assert [is_waiting(told, date(2026, 4, day), is_answered=False) for day in (1, 30)] == [True, True]
    assert is_waiting(told, date(2026, 5, 1), is_answered=False) is False
    assert is_waiting(told, told, is_answered=True) is False
    assert is_waiting(None, told, is_answered=False) is False


def test_who_told_the_payer_knew_it():
    found, told = date(2026, 5, 1), date(2026, 4, 1)
    assert known_on(found, None, None) == found
    assert known_on(found, told, date(2026, 3, 1)) == told
    # The money came after the payer was told.
    assert known_on(found, told, date(2026, 4, 9)) == date(2026, 4, 9)
    assert known_on(found, told, None) == told
    assert known_on(found, told, told, [date(2026, 3, 20)]) == date(2026, 3, 20)


def said(
    paid: int, due: int | None = None, *, is_reversal: bool = False, is_later: bool = False, agreed: int = 0
) -> Receipt:
    return Receipt(Decimal(paid), Decimal(paid if due is None else due), is_reversal, is_later, Decimal(agreed))


@pytest.mark.parametrize(
    ("receipts", "charge", "expected"),
    [
        ((), 170, 0),
        ((said(126, 158),), 170, 0),
        # Twice the same: one of them goes back, whether or not both are below the charge.
        ((said(126, 158), said(126, 158)), 170, 126),
        ((said(126, 158), said(126, 158)), 400, 126),
        ((said(126), said(126), said(126)), None, 252),
        # One of the two was taken back; all was, and paid anew.
        ((said(126), said(126), said(-126, is_reversal=True)), 170, 0),
        ((said(126), said(-126, is_reversal=True), said(100)), 170, 0),
        ((said(126), said(-126, is_reversal=True), said(80), said(80)), 170, 80),
        # A reversal of another amount takes back so much of what was said last.
        ((said(60), said(66), said(-126, is_reversal=True), said(126)), 170, 0),
        ((said(100), said(-40, is_reversal=True), said(40)), 170, 0),
        ((said(100), said(-40, is_reversal=True), said(100)), 170, 60),
        ((said(126), said(0, is_reversal=True), said(126)), 170, 126),
        # A later payer pays what the first left to the patient; and more than that.
        ((said(126, 158, agreed=12), said(32, 32, is_later=True)), 170, 0),
        ((said(126, 158, agreed=12), said(40, 40, is_later=True)), 170, 8),
        ((said(126, 158, agreed=12), said(126, 126, is_later=True)), 170, 94),
        ((said(126, 158, agreed=12), said(126, 158, agreed=12), said(32, is_later=True)), 170, 126),
        # It pays what the first denied, of a part (PR-119, CO-151) or of all.
        ((said(60), said(40, is_later=True)), 100, 0),
        ((said(60), said(45, is_later=True)), 100, 5),
        ((said(50), said(50, is_later=True)), 100, 0),
        ((said(0, agreed=30), said(100, is_later=True)), 100, 0),
        # Nobody knows the charge, or what the first payer said: twice the same is too much all the same.
        ((said(126, 158), said(40, is_later=True)), None, 8),
        ((said(0), said(40, is_later=True)), None, 0),
        ((said(40, is_later=True), said(40, is_later=True)), 170, 40),
        # Each payer takes its own back: the first one's 50, not the later one's.
        (
            (said(50), said(50, is_later=True), said(-50, is_reversal=True), said(80, 100, agreed=70)),
            170,
            30,
        ),
        (
            (
                *(said(80, 100, agreed=60), said(20, is_later=True), said(20)),
                *(said(-100, is_reversal=True), said(90, 110, agreed=60)),
            ),
            170,
            0,
        ),
        # Above the charge, by one answer; a charge of nothing is none.
        ((said(180),), 170, 10),
        ((said(180),), 0, 0),
        ((said(-126, is_reversal=True),), 170, 0),
    ],
)
def test_what_came_above_what_is_due(receipts: tuple[Receipt, ...], charge: int | None, expected: int):
    assert paid_above(receipts, None if charge is None else Decimal(charge)) == expected


BASE, ADD_ON = PaidLine("99492", 1, Decimal("125.65")), PaidLine("99494", 2, Decimal("100.01"))
BOTH = Decimal("225.66")


@pytest.mark.parametrize(
    ("lines", "without", "total", "expected"),
    [
        ((BASE, ADD_ON), (("99492", 1), ("99494", 2)), BOTH, BOTH),
        ((BASE, ADD_ON), (("99494", 2),), BOTH, Decimal("100.01")),
        ((BASE, ADD_ON), (("99494", 1),), BOTH, Decimal("50.00")),
        ((BASE, ADD_ON), (), BOTH, Decimal(0)),
        ((PaidLine("99492", 1, Decimal(200), Decimal(75)), ADD_ON), (("99494", 1),), BOTH, Decimal("125.00")),
        ((PaidLine("99492", 1, Decimal(200), Decimal(75)),), (), Decimal(200), Decimal("75.00")),
        # Paid twice, and one of two units without support: one payment, and half of the other.
        ((BASE, PaidLine("99494", 2, Decimal(200), Decimal(100))), (("99494", 1),), Decimal(400), Decimal("150.00")),
        # Never more than the claim holds: part of it was taken back as a whole.
        ((BASE, ADD_ON), (("99494", 2),), Decimal(60), Decimal(60)),
        # Paid as a whole: known of all of it, not of a part.
        ((PaidLine("99492", 1, None), PaidLine("99494", 2, None)), (("99492", 1), ("99494", 2)), BOTH, BOTH),
        ((PaidLine("99492", 1, None), PaidLine("99494", 2, None)), (("99494", 2),), BOTH, None),
    ],
)
def test_what_is_owed_is_what_the_unsupported_lines_brought(
    lines: tuple[PaidLine, ...], without: tuple[tuple[str, int], ...], total: Decimal, expected: Decimal | None
):
    assert owed_of(lines, without, total) == expected


def closed(why: str, owed: int | None, amount: int | None, taken_since: int = 0) -> Closed:
    return Closed(
        why,
        None if owed is None else Decimal(owed),
        None if amount is None else Decimal(amount),
        Decimal(taken_since),
    )


@pytest.mark.parametrize(
    ("owed", "before", "left", "settled"),
    [
        (175, (), 175, False),
        # An add-on went back; then all was found without support.
        (175, (closed("add-on", 50, 50),), 125, False),
        (175, (closed("add-on", 50, 50), closed("all", 175, 125)), 0, True),
        # The payer took the add-on back besides: what is left is in the payments already.
        (125, (closed("add-on", 50, 50, 50),), 125, False),
        # Somebody said that nothing is owed for this cause: not asked again, unless there is more of it.
        (175, (closed("now", 175, None),), 175, True),
        (300, (closed("now", 175, None),), 300, False),
        (175, (closed("now", None, None),), 175, True),
        (None, (closed("now", 175, None),), None, True),
        (None, (closed("add-on", 50, 50),), None, False),
        (175, (closed("another", 175, None),), 175, False),
        # Less went back than was owed, with a note, for the same cause.
        (175, (closed("now", 175, 140),), 35, True),
    ],
)
def test_what_went_back_settles_no_more_than_itself(
    owed: int | None, before: tuple[Closed, ...], left: int | None, settled: bool
):
    amount = None if owed is None else Decimal(owed)
    assert (still_owed(amount, before), is_settled("now", amount, before)) == (left, settled)


def test_who_said_that_nothing_is_owed_said_it_of_what_was_shown():
    before = [Closed("A letter", None, None, seen=(("now", Decimal(175)),))]
    assert [is_settled("now", Decimal(owed), before) for owed in (175, 176)] == [True, False]
    assert is_settled("another", Decimal(175), before) is False


def test_no_more_can_go_back_than_a_claim_ever_held():
    assert most_held([]) == 0
    assert most_held([Decimal(125), Decimal(-125), Decimal(100)]) == 125
    assert most_held([Decimal(125), Decimal(40)]) == 165


def test_two_payments_do_not_rest_on_the_same_minutes():
    now = (FrozenLine("99492", 1, None), FrozenLine("99494", 2, None))
    left = support_left(now, (("99492", 1), ("99494", 1), ("G2214", 1)))
    assert [(line.code, line.units) for line in left] == [("99492", 0), ("99494", 1)]
    assert support_left((FrozenLine("99492", -1, None), now[0]), (("99492", 1),))[1].units == 0
