"""How rows become numbers, how they are written, compared and masked."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcomes.rules.groups import AGE_BANDS, UnknownGrouping, age_band, age_band_years
from outcomes.rules.measure import NOT_ASKED, Kind, Part, judged, left_out, valued
from outcomes.rules.measures import measure
from outcomes.rules.numbers import (
    OF_ALL_ONLY,
    Masked,
    Number,
    Tally,
    masked,
    median,
    number_from,
    number_of,
    per_full_time,
    reaches,
)

SHARE, COUNT, MEAN = measure("nys_5"), measure("enrolled"), measure("nys_4")
MEDIAN, RATE, MONEY = measure("attempt_days"), measure("ed_before"), measure("expected_mean")
MET, NOT_MET = judged(is_met=True), judged(is_met=False)


def share(met: int, of: int) -> Number:
    return number_of(SHARE, [MET] * met + [NOT_MET] * (of - met))


@pytest.mark.parametrize(
    ("number", "text", "figure"),
    [
        (share(7, 8), "7 of 8, 87.5 %", "87.5 %"),
        (share(2, 3), "2 of 3, 66.7 %", "66.7 %"),
        (share(1, 16), "1 of 16, 6.3 %", "6.3 %"),
        (share(0, 4), "0 of 4, 0.0 %", "0.0 %"),
        (share(1000, 2000), "1,000 of 2,000, 50.0 %", "50.0 %"),
        (share(0, 0), "n/a", "n/a"),
        (number_of(SHARE, [NOT_ASKED, left_out("No Medicaid")]), "n/a", "n/a"),
        (number_of(COUNT, [MET, MET, NOT_ASKED]), "2", "2"),
        (number_of(COUNT, []), "0", "0"),
        # Days are averaged, then divided by 7 and rounded once: 87.5 days are 12.5 weeks.
        (number_of(MEAN, [valued(84), valued(91)]), "12.5 weeks", "12.5 weeks"),
        (number_of(MEAN, [valued(160), valued(102)]), "18.7 weeks", "18.7 weeks"),
        (number_of(MEAN, []), "n/a", "n/a"),
        (number_of(MEDIAN, [valued(5), valued(1), valued(2)]), "2 days", "2 days"),
        (number_of(MEDIAN, [valued(1), valued(2)]), "1.5 days", "1.5 days"),
        (number_of(MEDIAN, [valued(1)]), "1 day", "1 day"),
        (number_of(MEDIAN, [valued(10), valued(20), valued(30)]), "20 days", "20 days"),
        (number_of(MEDIAN, [valued(0)]), "0 days", "0 days"),
        (number_of(MEDIAN, []), "n/a", "n/a"),
        (number_of(RATE, [valued(2), valued(0), valued(1)]), "100.0 per 100", "100.0 per 100"),
        (number_of(MONEY, [valued(Decimal("100.005")), valued(Decimal(0))]), "$50.00", "$50.00"),
        (number_of(MONEY, [valued(Decimal("1234.505"))]), "$1,234.51", "$1,234.51"),
        (number_of(measure("said_heard"), [valued(4), valued(5)]), "4.5 of 5", "4.5 of 5"),
        # One hour for two contacts and ten minutes that reached nobody.
        (
            number_of(measure("minutes_per_contact"), [valued(3600, of=2), valued(600, of=0)]),
            "35.0 minutes",
            "35.0 minutes",
        ),
        (number_of(measure("minutes_per_contact"), [valued(600, of=0)]), "n/a", "n/a"),
        (number_of(measure("caseload_per_fte"), [MET] * 3), "n/a", "n/a"),
    ],
)
def test_how_numbers_read(number: Number, text: str, figure: str) -> None:
    assert (number.text, number.figure) == (text, figure)


def test_what_a_share_holds() -> None:
    number = share(7, 8)
    assert number == Number("nys_5", 7, 8, Decimal("87.5"), 8)
    assert number.percent == Decimal("87.5")
    assert number_of(COUNT, [MET]).percent is None


def test_what_a_row_stands_for_is_counted() -> None:
    parts = [Part(counted=True, of=3, hits=1), Part(counted=True, met=True, of=2, hits=2)]
    assert number_of(measure("safety_same_day"), parts) == Number("safety_same_day", 3, 5, Decimal("60.0"), 2)


def test_patients_for_each_full_time_post() -> None:
    number = number_of(measure("caseload_per_fte"), [MET] * 65)
    assert per_full_time(number, Decimal("1.3")).text == "50.0 per post"
    assert per_full_time(number, Decimal(0)).text == "n/a: shares of work are not set"
    assert per_full_time(number, None).value is None
    assert per_full_time(number, None, OF_ALL_ONLY).text == "n/a: posts are known of the whole organization only"


def test_of_patients_whose_care_managers_have_no_share_there_is_no_number_for_a_post() -> None:
    number = number_from(measure("caseload_per_fte"), Tally(subjects=78, of=78, unset=31))
    assert per_full_time(number, Decimal("1.60")) == number
    assert number.text == "n/a: not every care manager with patients has a share of work set"
    assert per_full_time(number, None).text == "n/a: shares of work are not set"


@pytest.mark.parametrize(
    ("values", "middle"),
    [((), None), ((4,), 4), ((4, 1), Decimal("2.5")), ((9, 1, 4), 4), ((1, 1, 2, 9), Decimal("1.5"))],
)
def test_medians(values: tuple[int, ...], middle: Decimal | None) -> None:
    assert median(values) == middle


@pytest.mark.parametrize(
    ("number", "target", "expected"),
    [
        (share(4, 5), Decimal(80), True),
        # 79.96 % reads 80.0 %, and is not 80.
        (share(1999, 2500), Decimal(80), False),
        (share(0, 0), Decimal(80), None),
        (share(4, 5), None, None),
        (number_of(MEDIAN, [valued(2)]), Decimal(2), True),
        (number_of(MEDIAN, [valued(3)]), Decimal(2), False),
        (number_of(COUNT, [MET]), Decimal(1), None),
        (Masked("nys_5", 11), Decimal(80), None),
    ],
)
def test_targets(number: Number | Masked, target: Decimal | None, expected: bool | None) -> None:
    assert reaches(number, target) is expected


@pytest.mark.parametrize(
    ("number", "is_hidden"),
    [
        (share(10, 40), True),
        (share(11, 40), False),
        (share(0, 40), False),
        (share(40, 40), False),
        (share(30, 40), True),
        (share(29, 40), False),
        (share(0, 10), True),
        (share(0, 0), False),
        (number_of(COUNT, [MET] * 10), True),
        (number_of(COUNT, [MET] * 11), False),
        (number_of(COUNT, []), False),
        (number_of(MEAN, [valued(7)] * 10), True),
        (number_of(MEAN, [valued(7)] * 11), False),
        (number_of(MEDIAN, [valued(7)] * 10), True),
        (number_of(RATE, [valued(0)] * 40), False),
        (number_of(RATE, [valued(1)] * 3 + [valued(0)] * 40), True),
        # One patient with twelve contacts is one patient.
        (number_of(measure("minutes_per_contact"), [valued(3600, of=12)]), True),
    ],
)
def test_small_numbers_are_hidden(number: Number, is_hidden: bool) -> None:
    shown = masked(number, 11)
    assert shown == (Masked(number.measure_key, 11) if is_hidden else number)


def test_a_hidden_number_says_nothing_else() -> None:
    hidden = masked(share(3, 40), 11)
    assert (hidden.text, hidden.figure) == ("fewer than 11", "fewer than 11")
    assert (hidden.numerator, hidden.denominator, hidden.value, hidden.percent) == (None, None, None, None)


@given(of=st.integers(0, 60), data=st.data(), under=st.integers(0, 30))
def test_what_is_shown_tells_of_no_small_group(of: int, data: st.DataObject, under: int) -> None:
    met = data.draw(st.integers(0, of))
    shown = masked(share(met, of), under)
    groups = [met, of - met, of]
    assert isinstance(shown, Masked) is any(0 < group < under for group in groups)


PARTS = st.one_of(
    st.just(NOT_ASKED),
    st.just(left_out("No baseline yet")),
    st.builds(
        lambda of, hits, value: Part(counted=True, met=hits > 0, hits=min(hits, of), of=of, value=value),
        st.integers(0, 4),
        st.integers(0, 4),
        st.integers(0, 400),
    ),
)


@given(st.lists(st.tuples(PARTS, st.integers(0, 3))))
def test_groups_add_up(placed: list[tuple[Part, int]]) -> None:
    groups = [[part for part, place in placed if place == group] for group in range(4)]
    for one in (COUNT, SHARE, RATE):
        whole = number_of(one, [part for part, _ in placed])
        pieces = [number_of(one, group) for group in groups]
        assert whole.numerator == sum(piece.numerator or 0 for piece in pieces)
        assert (whole.denominator or 0) == sum(piece.denominator or 0 for piece in pieces)
        assert whole.subjects == sum(piece.subjects for piece in pieces)


@given(st.lists(st.integers(0, 400), min_size=1))
def test_order_does_not_matter(values: list[int]) -> None:
    for one in (MEAN, MEDIAN, RATE):
        forth = number_of(one, [valued(value) for value in values])
        assert forth == number_of(one, [valued(value) for value in reversed(values)])


def test_every_kind_of_nothing() -> None:
    for kind in Kind:
        number = number_from(replace(SHARE, kind=kind), Tally())
        assert number.value == (Decimal(0) if kind is Kind.COUNT else None)


@pytest.mark.parametrize(
    ("age", "band"),
    [
        (0, "Under 12"),
        (11, "Under 12"),
        (12, "12 to 17"),
        (18, "18 to 24"),
        (64, "45 to 64"),
        (65, "65 and over"),
        (102, "65 and over"),
    ],
)
def test_age_bands(age: int, band: str) -> None:
    assert age_band(age) == band
    first, until = age_band_years(band)
    assert first <= age < until


def test_bands_follow_one_another() -> None:
    years = [age_band_years(words) for _, words in AGE_BANDS]
    assert [until for _, until in years[:-1]] == [first for first, _ in years[1:]]
    with pytest.raises(UnknownGrouping):
        age_band_years("Young")
