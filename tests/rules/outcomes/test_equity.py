"""A group beside everybody else: exact differences, notes on few, and words that claim no cause."""

from decimal import Decimal

import pytest

from outcomes.rules.equity import Compared, GroupRate, compared, difference_words


def two(hits: int, of: int, other_hits: int, other_of: int) -> Compared:
    return compared([GroupRate("Spanish", hits, of), GroupRate("English", other_hits, other_of)])[0]


def test_each_group_stands_beside_all_others_together() -> None:
    groups = [GroupRate("A", 20, 40), GroupRate("B", 30, 40), GroupRate("C", 10, 20)]
    found = compared(groups)
    assert [one.group for one in found] == groups
    assert [(one.others.hits, one.others.of, one.difference) for one in found] == [
        (40, 60, Decimal("-16.7")),
        (30, 60, Decimal("25.0")),
        (50, 80, Decimal("-12.5")),
    ]
    assert [one.is_small for one in found] == [False, False, True]
    assert [one.group.rate for one in found] == [Decimal("50.0"), Decimal("75.0"), Decimal("50.0")]


def test_the_difference_is_not_that_of_rounded_rates() -> None:
    # 33.333 less 66.667 is 33.333 below; and 1 of 80 less 1 of 160 is 0.625, so 0.6, where 1.3 less 0.6 would be 0.7.
    assert two(10, 30, 20, 30).difference == Decimal("-33.3")
    assert two(1, 80, 1, 160).difference == Decimal("0.6")


@pytest.mark.parametrize(("of", "other", "small"), [(30, 30, False), (29, 300, True), (300, 29, True)])
def test_few_on_either_side_are_few(of: int, other: int, small: bool) -> None:
    assert two(5, of, 5, other).is_small is small


@pytest.mark.parametrize(
    ("found", "share", "expected"),
    [
        (two(10, 30, 20, 30), True, "33.3 points below everybody else"),
        (two(20, 30, 10, 30), True, "33.3 points above everybody else"),
        (two(50, 100, 49, 100), True, "1 point above everybody else"),
        (two(50, 100, 48, 100), True, "2 points above everybody else"),
        (two(15, 100, 30, 100), False, "15 per 100 below everybody else"),
        (two(10, 30, 10, 30), True, "the same as everybody else"),
        (two(10, 30, 0, 0), True, "nobody to compare with"),
        (two(0, 0, 10, 30), True, "nobody to count"),
    ],
)
def test_words(found: Compared, share: bool, expected: str) -> None:
    assert difference_words(found, is_share=share) == expected


def test_of_nobody_there_is_no_rate() -> None:
    assert GroupRate("A", 0, 0).rate is None
    assert compared([]) == ()
