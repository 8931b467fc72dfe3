"""A list from the practice's own system beside what was closed."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billing.rules.closed_list import (
    Closed,
    Differs,
    ListFinding,
    What,
    closed_lines,
    differences,
    list_finding,
    listed_lines,
)
from billing.rules.look_back import Billed, CodeUnits

DAY = date(2026, 2, 28)


def line(code: str, units: int = 1, paid: str | None = None) -> Billed:
    return Billed(DAY, code, units, None if paid is None else Decimal(paid))


@pytest.mark.parametrize(
    ("listed", "asked", "finding"),
    [
        ([], (), None),
        ([], (("99492", 1),), ListFinding.MISSING),
        ([line("99492")], (("99492", 1),), ListFinding.AS_CLOSED),
        ([line("99494", 2), line("99492")], (("99492", 1), ("99494", 2)), ListFinding.AS_CLOSED),
        ([line("99494"), line("99494"), line("99492")], (("99492", 1), ("99494", 2)), ListFinding.AS_CLOSED),
        ([line("99492"), line("99492")], (("99492", 1),), ListFinding.DOUBLED),
        ([line("99492", 2)], (("99492", 1),), ListFinding.DOUBLED),
        ([line("99492"), line("99492", -1)], (("99492", 1),), ListFinding.MISSING),
        ([line("99492"), line("99492"), line("99492", -1)], (("99492", 1),), ListFinding.AS_CLOSED),
        ([line("99492"), line("99494", 3)], (("99492", 1), ("99494", 2)), ListFinding.CHANGED),
        (
            [line("99492"), line("99494", 2), line("99494", 2)],
            (("99492", 1), ("99494", 2)),
            ListFinding.DOUBLED,
        ),
        ([line("99493")], (("99492", 1),), ListFinding.CHANGED),
        ([line("99492")], (("99492", 1), ("99494", 1)), ListFinding.CHANGED),
        ([line("99492")], (), ListFinding.UNKNOWN),
        ([line("99214")], (), None),
        ([line("99214")], (("99492", 1),), ListFinding.MISSING),
        # Keyed twice, and the payer paid only one of them: the second charge still stands in the system.
        ([line("99493", paid="144.96"), line("99493", paid="0")], (("99493", 1),), ListFinding.DOUBLED),
        ([line("99493", paid="0"), line("99493", paid="0")], (("99493", 1),), ListFinding.DOUBLED),
        ([line("99493", paid="0")], (("99493", 1),), ListFinding.AS_CLOSED),
        # Taken back and asked anew: one stands.
        (
            [line("99493", paid="144.96"), line("99493", paid="-144.96"), line("99493", paid="0")],
            (("99493", 1),),
            ListFinding.AS_CLOSED,
        ),
        ([line("99493", paid="144.96"), line("99493", paid="-20.00")], (("99493", 1),), ListFinding.AS_CLOSED),
    ],
)
def test_each_finding(listed: list[Billed], asked: CodeUnits, finding: ListFinding | None):
    assert list_finding(listed, Closed(asked)) is finding


def test_what_left_as_837p_is_not_missing_and_standing_there_too_is_doubled():
    asked = Closed((("99492", 1),))
    assert list_finding([], asked, is_filed=True) is None
    assert list_finding([line("99492")], asked, is_filed=True) is ListFinding.DOUBLED


def test_both_sides_are_told_in_one_order():
    assert listed_lines([line("99494", 2), line("99492"), line("99213")]) == (("99492", 1), ("99494", 2))
    assert closed_lines((("99494", 2), ("99492", 1))) == (("99492", 1), ("99494", 2))


ANA, BEN = "1245319599", "1093817465"
FULL = Closed((("99492", 1), ("99494", 2)), (DAY, DAY), ANA, Decimal("290.50"))


def keyed(code: str, units: int = 1, **says: Any) -> Billed:
    given: dict[str, Any] = {"on": DAY, "code": code, "units": units, "paid": None, **says}
    return Billed(**given)


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        # Whatever the list does not say is not compared.
        ([keyed("99492"), keyed("99494", 2)], ()),
        ([keyed("99492", npi=ANA, charge=Decimal(170)), keyed("99494", 2, npi=ANA, charge=Decimal("120.5"))], ()),
        ([keyed("99492", npi=ANA), keyed("99494", 2, npi=BEN)], (Differs(What.CLINICIAN, (BEN,)),)),
        (
            [keyed("99492", on=date(2026, 2, 27)), keyed("99494", 2)],
            (Differs(What.DAY, (date(2026, 2, 27),)),),
        ),
        (
            [keyed("99492", charge=Decimal(170)), keyed("99494", 2, charge=Decimal("60.25"))],
            (Differs(What.CHARGE, (Decimal("230.25"),)),),
        ),
        ([keyed("99492", charge=Decimal(1)), keyed("99494", 2)], ()),
        (
            [keyed("99493", on=date(2026, 2, 1), npi=BEN)],
            (Differs(What.CODES), Differs(What.DAY, (date(2026, 2, 1),)), Differs(What.CLINICIAN, (BEN,))),
        ),
        # Keyed for the wrong day and clinician, reversed, and keyed rightly.
        (
            [
                keyed("99492", on=date(2026, 2, 27), npi=BEN, charge=Decimal(170)),
                keyed("99492", -1, on=date(2026, 2, 27), npi=BEN, charge=Decimal(-170)),
                keyed("99492", npi=ANA, charge=Decimal(170)),
                keyed("99494", 2, charge=Decimal("120.50")),
            ],
            (),
        ),
        # The reversal is dated when it was keyed, or names nobody.
        (
            [
                keyed("99492", on=date(2026, 2, 15), npi=BEN),
                keyed("99492", -1, on=date(2026, 2, 20)),
                keyed("99492", npi=ANA),
                keyed("99494", 2),
            ],
            (),
        ),
        # Both of two wrong ones reversed but one: what is left is told, and another code's reversal takes nothing off.
        (
            [
                keyed("99492", on=date(2026, 2, 14)),
                keyed("99492", on=date(2026, 2, 15)),
                keyed("99492", -1, on=date(2026, 2, 20)),
                keyed("99494", 3),
                keyed("99494", -1),
            ],
            (Differs(What.DAY, (date(2026, 2, 15),)),),
        ),
        (
            [keyed("99492", on=date(2026, 2, 15)), keyed("99494", 3), keyed("99494", -1, on=date(2026, 2, 20))],
            (Differs(What.DAY, (date(2026, 2, 15),)),),
        ),
    ],
)
def test_what_differs_is_named_where_the_list_says_it(listed: list[Billed], told: tuple[Differs, ...]):
    assert differences(listed, FULL) == told
    assert list_finding(listed, FULL) is (ListFinding.CHANGED if told else ListFinding.AS_CLOSED)


def test_what_is_not_known_of_the_close_is_not_compared():
    listed = [keyed("99492", on=date(2026, 2, 3), npi=BEN, charge=Decimal(1)), keyed("99494", 2, charge=Decimal(1))]
    assert differences(listed, Closed(FULL.lines, (date(2026, 2, 1), DAY))) == ()
    taken_back = [keyed("99492", charge=Decimal(1), paid=Decimal(-1)), keyed("99492"), keyed("99494", 2)]
    assert differences(taken_back, FULL) == ()
