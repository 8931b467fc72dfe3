"""How numbers, what stands behind them, and targets are said."""

from decimal import Decimal

import pytest

from outcomes.rules.measures import measure
from outcomes.rules.numbers import Number, Tally, number_from, per_full_time
from outcomes.rules.words import counts_text, met_text, of_all_programs, short_figure, target_text


def number(key: str, **tally: object) -> Number:
    return number_from(measure(key), Tally(**tally))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("shown", "words", "short"),
    [
        (number("improvement", subjects=8, of=8, hits=7), "7 of 8", "87.5 %"),
        (number("improvement"), "nobody to count", "n/a"),
        (number("billed_share"), "no clinic has closed this month", "n/a"),
        (number("paid_mean"), "no payer has answered", "n/a"),
        (number("safety_same_day", subjects=1, of=3, hits=2), "2 of 3", "66.7 %"),
        (number("enrolled", subjects=9, of=9), "", "9"),
        (number("enrolled"), "", "0"),
        (number("attempt_days", subjects=1, of=1, median=Decimal(3)), "from 1 referral", "3"),
        (number("decision_days", subjects=12, of=12, median=Decimal("2.5")), "from 12 recommendations", "2.5"),
        (number("minutes_per_contact", subjects=2, of=9, total=9 * 1944), "from 2 patients", "32.4"),
        (number("ed_after", subjects=50, of=50, total=14), "14 among 50 patients", "28.0"),
        (number("expected_mean", subjects=1, of=1, total=Decimal("1160.5")), "from 1 patient", "$1,160.50"),
        (
            per_full_time(number("caseload_per_fte", subjects=78, of=78), None),
            "78 patients; shares of work are not set",
            "n/a",
        ),
        (Number("caseload_per_fte", 78, None, Decimal("39.0"), 78), "78 patients", "39.0"),
        (number("improvement", subjects=2400, of=2400, hits=1200), "1,200 of 2,400", "50.0 %"),
    ],
)
def test_a_number_says_what_it_rests_on(shown: Number, words: str, short: str) -> None:
    assert (counts_text(shown), short_figure(shown)) == (words, short)


@pytest.mark.parametrize(
    ("key", "target", "words"),
    [
        ("improvement", "60.00", "60 %"),
        ("improvement", "62.50", "62.5 %"),
        ("first_review_days", "30.00", "at most 30 days"),
        ("caseload_per_fte", "75", "75 per post"),
        ("expected_mean", "120.00", "$120.00"),
    ],
)
def test_a_target_is_said_in_the_measures_unit(key: str, target: str, words: str) -> None:
    assert target_text(measure(key), Decimal(target)) == words
    assert target_text(measure(key), None) == ""


@pytest.mark.parametrize(
    ("key", "is_met", "is_over", "words"),
    [
        ("improvement", True, True, "On target"),
        ("improvement", True, False, "On target"),
        ("improvement", False, True, "Below target"),
        ("first_review_days", False, True, "Above target"),
        ("improvement", False, False, "Not yet on target"),
    ],
)
def test_where_a_number_stands_to_its_target(key: str, is_met: bool, is_over: bool, words: str) -> None:
    assert met_text(measure(key), is_met=is_met, is_over=is_over) == words


@pytest.mark.parametrize(
    ("key", "program", "words"),
    [
        ("referred_enrolled", "cocm", "of all programs"),
        ("referred_enrolled", "", ""),
        ("improvement", "cocm", ""),
        ("closed_14", "bhi", ""),
    ],
)
def test_choosing_a_program_leaves_numbers_of_referrals_as_they_are(key: str, program: str, words: str) -> None:
    assert of_all_programs(measure(key), program) == words
