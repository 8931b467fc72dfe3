"""Who looks like one person."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules.duplicates import Someone, is_slip, likeness, phone_digits, resemblance

BORN = date(1961, 5, 4)


def someone(family: str = "Rivera", given: str = "Ana", born: date = BORN, **more: Any) -> Someone:
    return Someone(family, given, born, **more)


ANA = someone(phones=("312-555-0134",), mrn="000412")


@pytest.mark.parametrize(
    ("other", "reasons"),
    [
        (someone(), ("Same name", "same birth date")),
        (someone("RIVERA", "ANA"), ("Same name", "same birth date")),
        (someone("Ana", "Rivera"), ("Same name", "same birth date")),
        (someone(middle_name="Maria"), ("Same name", "same birth date")),
        (someone("Rivera-Gomez"), ("Alike names", "same birth date")),
        (someone("Riveira"), ("Alike names", "same birth date")),
        (someone(born=date(1961, 5, 5)), ("Same name", "birth dates one slip apart")),
        (someone(born=date(1961, 4, 5)), ("Same name", "birth dates one slip apart")),
        (someone(born=date(1916, 5, 4)), ("Same name", "birth dates one slip apart")),
        (someone(born=date(1970, 1, 1), phones=("", "(312) 555 0134")), ("Same name", "same phone")),
        (someone(born=date(1970, 1, 1), mrn="412"), ("Same name", "same record number")),
        (someone("Novak", "Eva", phones=("5550134",)), ("same birth date", "same phone")),
        (someone("Novak", "Eva", mrn="00412"), ("same birth date", "same record number")),
    ],
)
def test_two_things_that_agree_are_told(other: Someone, reasons: tuple[str, ...]) -> None:
    found = resemblance(ANA, other)
    assert found is not None
    assert found.reasons == reasons
    assert resemblance(other, ANA) == found


@pytest.mark.parametrize(
    "other",
    [
        someone("Novak", "Eva"),
        someone(born=date(1970, 1, 1)),
        someone("Riveira", born=date(1961, 5, 5)),
        someone("Novak", "Eva", born=date(1970, 1, 1), phones=("312-555-0134",)),
        someone("Novak", "Eva", born=date(1970, 1, 1), mrn="412"),
    ],
)
def test_one_thing_alone_is_nothing(other: Someone) -> None:
    assert resemblance(ANA, other) is None


def test_the_more_agrees_the_stronger() -> None:
    order = [
        someone(phones=ANA.phones, mrn="412"),
        someone(phones=ANA.phones),
        someone(),
        someone("Riveira"),
        someone(born=date(1961, 5, 5)),
    ]
    points = [found.points for other in order if (found := resemblance(ANA, other))]
    assert points == sorted(points, reverse=True)
    assert (points[0], len(set(points))) == (100, 5)


def test_empty_phones_and_numbers_agree_with_nothing() -> None:
    assert resemblance(someone(), someone("Novak", "Eva")) is None
    assert [phone_digits(text) for text in ("", "911", "555-0134", "+1 (312) 555-0134")] == [
        "",
        "",
        "5550134",
        "5550134",
    ]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (date(1961, 5, 4), date(1961, 5, 4), False),
        (date(1961, 5, 4), date(1961, 5, 14), True),
        (date(1961, 5, 4), date(1951, 5, 4), True),
        (date(1961, 5, 12), date(1961, 5, 21), True),
        (date(1961, 12, 5), date(1961, 5, 12), True),
        (date(1961, 5, 12), date(1961, 6, 21), False),
        (date(1961, 5, 4), date(1962, 5, 5), False),
        (date(1961, 5, 10), date(1961, 5, 21), False),
    ],
)
def test_a_slip_is_one_digit_or_two_turned_round(one: date, other: date, expected: bool) -> None:
    assert is_slip(one, other) is expected
    assert is_slip(other, one) is expected


@given(st.text(max_size=30), st.text(max_size=30))
def test_likeness_is_the_same_both_ways_and_whole_only_for_the_same_words(one: str, other: str) -> None:
    assert likeness(one, other) == likeness(other, one)
    assert 0 <= likeness(one, other) <= 100


def test_likeness_is_that_of_the_database() -> None:
    """Of pg_trgm: similarity('rivera, ana', 'riveira, ana') is 0.6428571."""
    assert likeness("rivera, ana", "riveira, ana") == 64
    assert likeness("rivera, ana", "ana, rivera") == 100
    assert likeness("", "") == 0
