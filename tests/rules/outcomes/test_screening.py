"""Who counts as screened, as found and as followed up, on and beside the edge days."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from outcomes.rules.screening import FOLLOWED_UP, SCREENED, SCREENING, YIELD, ScreenedFacts, Share, share_of

MARCH = date(2025, 3, 1)
BY_KEY = {one.key: one for one in SCREENING}


def facts(**more: Any) -> ScreenedFacts:
    given = {"month": MARCH, "on": date(2025, 6, 1), "seen_on": date(2025, 3, 12)}
    return ScreenedFacts(**{**given, **more})


def phq9(score: int, screened_on: date = date(2025, 3, 12), **more: Any) -> ScreenedFacts:
    return facts(screened_on=screened_on, instrument="phq9", score=score, **more)


def met(key: str, row: ScreenedFacts) -> bool | None:
    """None: not counted."""
    part = BY_KEY[key].judge(row)
    return part.met if part.counted else None


@pytest.mark.parametrize(
    ("seen_on", "screened_on", "is_met"),
    [
        (date(2025, 3, 12), None, False),
        (date(2025, 3, 12), date(2025, 3, 12), True),
        (date(2025, 3, 12), date(2024, 3, 12), True),
        (date(2025, 3, 12), date(2024, 3, 11), False),
        (date(2025, 3, 12), date(2025, 3, 31), True),
        (date(2025, 3, 12), date(2025, 4, 1), False),
        (date(2025, 3, 1), date(2024, 3, 1), True),
        (date(2025, 3, 1), date(2024, 2, 29), False),
    ],
)
def test_a_screen_counts_for_twelve_months(seen_on: date, screened_on: date | None, is_met: bool) -> None:
    row = facts(seen_on=seen_on) if screened_on is None else phq9(3, screened_on, seen_on=seen_on)
    assert met(SCREENED, row) is is_met


@pytest.mark.parametrize(("screened_on", "is_met"), [(date(2023, 2, 28), True), (date(2023, 2, 27), False)])
def test_a_year_before_a_leap_day_is_the_28th(screened_on: date, is_met: bool) -> None:
    row = phq9(3, screened_on, month=date(2024, 2, 1), seen_on=date(2024, 2, 29))
    assert met(SCREENED, row) is is_met


@pytest.mark.parametrize(
    ("row", "is_met"),
    [
        (phq9(10, is_first=True), True),
        (phq9(9, is_first=True), False),
        (phq9(10), None),
        (phq9(10, date(2025, 2, 28), is_first=True), None),
        (phq9(10, date(2025, 3, 1), is_first=True), True),
        (phq9(10, date(2025, 3, 31), is_first=True), True),
        (facts(screened_on=MARCH, instrument="phq2", score=6, is_first=True), None),
        (facts(), None),
    ],
)
def test_the_yield_is_of_first_phq_9s_of_the_month(row: ScreenedFacts, is_met: bool | None) -> None:
    assert met(YIELD, row) is is_met


@pytest.mark.parametrize(
    ("instrument", "score", "is_counted"),
    [("phq2", 2, False), ("phq2", 3, True), ("phq9", 9, False), ("phq9", 10, True)],
)
def test_follow_up_is_asked_of_positive_screens(instrument: str, score: int, is_counted: bool) -> None:
    row = facts(screened_on=MARCH, instrument=instrument, score=score)
    assert met(FOLLOWED_UP, row) is (False if is_counted else None)


@pytest.mark.parametrize(
    ("followed_up_on", "is_met"),
    [
        (None, False),
        (date(2025, 3, 9), False),
        (date(2025, 3, 10), True),
        (date(2025, 4, 9), True),
        (date(2025, 4, 10), False),
    ],
)
def test_follow_up_is_on_the_day_or_within_thirty(followed_up_on: date | None, is_met: bool) -> None:
    assert met(FOLLOWED_UP, phq9(14, date(2025, 3, 10), followed_up_on=followed_up_on)) is is_met


@pytest.mark.parametrize(("on", "is_counted"), [(date(2025, 4, 9), False), (date(2025, 4, 10), True)])
@pytest.mark.parametrize("followed_up_on", [None, date(2025, 3, 11)])
def test_a_screen_counts_once_its_thirty_days_are_over(on: date, is_counted: bool, followed_up_on: date | None) -> None:
    part = BY_KEY[FOLLOWED_UP].judge(phq9(14, date(2025, 3, 10), on=on, followed_up_on=followed_up_on))
    assert (part.counted, part.why) == (
        (True, "Followed up" if followed_up_on else "Not followed up within 30 days")
        if is_counted
        else (False, "The thirty days are not over")
    )


def test_an_older_positive_screen_is_another_months() -> None:
    assert met(FOLLOWED_UP, phq9(14, date(2025, 2, 20))) is None


def test_six_patients_of_our_own() -> None:
    """Five of six screened; of two first PHQ-9s one is 10 or more."""
    rows = [
        facts(screened_on=date(2025, 3, 4), instrument="phq2", score=0),
        phq9(15, is_first=True),
        phq9(7, date(2024, 7, 2)),
        phq9(11, date(2025, 3, 6)),
        facts(),
        phq9(6, date(2025, 3, 18), is_first=True),
    ]
    shown = {key: share_of(one, rows) for key, one in BY_KEY.items()}
    assert {key: (share.counts, share.figure) for key, share in shown.items()} == {
        SCREENED: ("5 of 6", "83.3 %"),
        YIELD: ("1 of 2", "50.0 %"),
        FOLLOWED_UP: ("0 of 2", "0.0 %"),
    }
    assert shown[SCREENED].reaches(Decimal(85)) is False
    assert shown[YIELD].reaches(BY_KEY[YIELD].target) is None


def test_nobody_is_not_nought() -> None:
    share = share_of(BY_KEY[SCREENED], [])
    assert (share.percent, share.figure, share.counts, share.reaches(Decimal(85))) == (
        None,
        "n/a",
        "nobody to count",
        None,
    )


@pytest.mark.parametrize(
    ("met_", "of", "figure"), [(1, 3, "33.3 %"), (2, 3, "66.7 %"), (1, 16, "6.3 %"), (849, 1000, "84.9 %")]
)
def test_a_half_is_rounded_upwards(met_: int, of: int, figure: str) -> None:
    assert Share(met_, of).figure == figure


def test_a_target_is_compared_unrounded() -> None:
    assert (Share(84_999, 100_000).reaches(Decimal(85)), Share(85, 100).reaches(Decimal(85))) == (False, True)
