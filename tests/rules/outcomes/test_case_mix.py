"""What a caseload is made of, and where its size stands among the published ones."""

from decimal import Decimal

import pytest

from outcomes.rules.case_mix import BANDS, CaseMix, bands_for, is_small, load_words, percent

MIX = CaseMix(
    patients=40, contacts=62, scored=32, baselines=497, severe=7, medicaid=18, spoken=36, not_english=9, days=3100
)


def test_a_mix_is_told_in_averages_and_shares() -> None:
    assert (MIX.contacts_each, MIX.baseline, MIX.weeks) == (Decimal("1.6"), Decimal("15.5"), Decimal("11.1"))
    assert (MIX.severe_percent, MIX.medicaid_percent, MIX.not_english_percent) == (22, 45, 25)


def test_of_nobody_nothing_is_known() -> None:
    empty = CaseMix()
    assert {empty.contacts_each, empty.baseline, empty.weeks} == {None}
    assert {empty.severe_percent, empty.medicaid_percent, empty.not_english_percent} == {None}


def test_mixes_add_up() -> None:
    twice = MIX + MIX
    assert (twice.patients, twice.contacts, twice.scored, twice.baselines) == (80, 124, 64, 994)
    assert (twice.severe, twice.medicaid, twice.spoken, twice.not_english, twice.days) == (14, 36, 72, 18, 6200)


@pytest.mark.parametrize(("part", "whole", "expected"), [(1, 8, 13), (1, 200, 1), (0, 5, 0), (0, 0, None)])
def test_percent_rounds_a_half_upwards(part: int, whole: int, expected: int | None) -> None:
    assert percent(part, whole) == expected


def test_what_is_small() -> None:
    assert [is_small(count) for count in (0, 1, 29, 30)] == [False, True, True, False]


def test_which_bands_fit_who_pays() -> None:
    assert bands_for(50) == BANDS[2:4]
    assert bands_for(49) == BANDS[:2]
    assert bands_for(None) == ()


@pytest.mark.parametrize(
    ("each", "medicaid", "expected"),
    [
        ("79.9", 10, "below 80 to 120"),
        ("80", 10, "within 80 to 120"),
        ("120", 49, "within 80 to 120"),
        ("120.1", 49, "above 80 to 120"),
        ("50", 50, "within 50 to 80"),
        ("81", 90, "above 50 to 80"),
        ("49", 90, "below 50 to 80"),
    ],
)
def test_where_a_caseload_stands(each: str, medicaid: int, expected: str) -> None:
    assert load_words(Decimal(each), medicaid) == expected


def test_a_caseload_of_unknown_posts_or_payers_stands_nowhere() -> None:
    assert (load_words(None, 10), load_words(Decimal(70), None)) == ("", "")
