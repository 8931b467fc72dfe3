"""A list from the practice's own system beside what was closed."""

from datetime import date
from decimal import Decimal

import pytest

from billing.rules.closed_list import ListFinding, closed_lines, list_finding, listed_lines
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
    assert list_finding(listed, asked) is finding


def test_what_left_as_837p_is_not_missing_and_standing_there_too_is_doubled():
    asked = (("99492", 1),)
    assert list_finding([], asked, is_filed=True) is None
    assert list_finding([line("99492")], asked, is_filed=True) is ListFinding.DOUBLED


def test_both_sides_are_told_in_one_order():
    assert listed_lines([line("99494", 2), line("99492"), line("99213")]) == (("99492", 1), ("99494", 2))
    assert closed_lines((("99494", 2), ("99492", 1))) == (("99492", 1), ("99494", 2))
