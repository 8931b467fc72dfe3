"""The yearly measures of depression on every day and score where they turn."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from outcomes.rules.remission import (
    DEPRESSION,
    DIED,
    LEFT_OUT,
    Coded,
    Course,
    Judged,
    Scored,
    Standing,
    Yearly,
    a_year_after,
    age_on,
    is_one_of,
    judged,
)
from outcomes.rules.remission_followup import REMISSION, RESPONSE, SCORED
from outcomes.rules.remission_measures import YEARLY, due_now, population, reach, tally, usual_year, yearly
from outcomes.rules.remission_twelve import TWELVE

INDEX = date(2025, 3, 10)
AFTER = date(2027, 1, 15)
DEPRESSED = Coded("F33.1", None, is_confirmed=True)


def course(*scores: tuple[date, int], codes: tuple[Coded, ...] = (DEPRESSED,), **more: Any) -> Course:
    """Born 1980, seen on the day of the first score, which is given first."""
    known = {
        "patient_id": UUID(int=1),
        "birth_date": date(1980, 1, 1),
        "died_on": None,
        "codes": codes,
        "met_on": (scores[0][0],) if scores else (),
        "scores": tuple(Scored(*score) for score in scores),
    }
    return Course(**{**known, **more})


def stands(one: Yearly, of: Course, year: int = 2026, today: date = AFTER) -> Standing | None:
    found = judged(one, of, year, today)
    return found.standing if found else None


def twelve(of: Course, year: int = 2026, today: date = AFTER) -> Standing | None:
    return stands(TWELVE, of, year, today)


def of_judged(of: Course, today: date = AFTER) -> Judged:
    found = judged(TWELVE, of, 2026, today)
    assert found is not None
    return found


# The day twelve months after March 10, 2025, 60 days around it.
@pytest.mark.parametrize(
    ("on", "total", "standing"),
    [
        (date(2026, 1, 8), 4, Standing.NO_SCORE),
        (date(2026, 1, 9), 4, Standing.MET),
        (date(2026, 3, 10), 4, Standing.MET),
        (date(2026, 5, 9), 4, Standing.MET),
        (date(2026, 5, 10), 4, Standing.NO_SCORE),
        (date(2026, 3, 10), 5, Standing.TOO_HIGH),
        (date(2026, 3, 10), 0, Standing.MET),
    ],
)
def test_the_window_of_twelve_months_and_its_limit(on: date, total: int, standing: Standing) -> None:
    assert twelve(course((INDEX, 10), (on, total))) == standing


def test_the_last_score_of_the_window_counts() -> None:
    assert twelve(course((INDEX, 18), (date(2026, 2, 1), 3), (date(2026, 4, 1), 8))) == Standing.TOO_HIGH
    assert twelve(course((INDEX, 18), (date(2026, 2, 1), 8), (date(2026, 4, 1), 3))) == Standing.MET
    same_day = course((INDEX, 18), (date(2026, 4, 1), 8), (date(2026, 4, 1), 3))
    assert twelve(same_day) == Standing.MET


@pytest.mark.parametrize(("total", "is_in"), [(9, False), (10, True), (27, True)])
def test_the_first_score_is_above_nine(total: int, *, is_in: bool) -> None:
    assert (twelve(course((INDEX, total))) is not None) == is_in


@pytest.mark.parametrize(("before", "is_in"), [(-1, False), (0, True), (7, True), (8, False)])
def test_the_first_score_is_up_to_seven_days_before_the_visit(before: int, *, is_in: bool) -> None:
    of = course((INDEX, 12), met_on=(INDEX + timedelta(days=before),))
    assert (twelve(of) is not None) == is_in


@pytest.mark.parametrize(
    ("visit", "is_in"),
    [
        (date(2024, 10, 31), False),
        (date(2024, 11, 1), True),
        (date(2025, 10, 31), True),
        (date(2025, 11, 1), False),
    ],
)
def test_the_visit_lies_from_fourteen_to_two_months_before_the_year(visit: date, *, is_in: bool) -> None:
    assert (twelve(course((visit, 12))) is not None) == is_in
    of_next_year = judged(TWELVE, course((visit, 12)), 2027, AFTER) is not None
    assert of_next_year == (visit >= date(2025, 11, 1))


def test_a_first_score_of_the_days_before_the_first_visit_day_counts() -> None:
    of = course((date(2024, 10, 25), 12), met_on=(date(2024, 11, 1),))
    assert twelve(of) == Standing.NO_SCORE
    assert of_judged(of).opens_on == date(2025, 8, 26)
    assert twelve(course((date(2024, 10, 24), 12), met_on=(date(2024, 11, 1),))) is None


def test_the_first_high_score_stays_the_first() -> None:
    of = course((INDEX, 12), (date(2025, 6, 1), 20), met_on=(INDEX, date(2025, 6, 1)))
    assert of_judged(of).index == Scored(INDEX, 12)


def test_a_high_score_without_a_visit_is_passed_over() -> None:
    of = course((INDEX, 12), (date(2025, 6, 1), 20), met_on=(date(2025, 6, 3),))
    assert of_judged(of).index == Scored(date(2025, 6, 1), 20)


@pytest.mark.parametrize(
    ("born", "is_in"), [(date(2013, 3, 10), True), (date(2013, 3, 11), False), (date(2013, 3, 9), True)]
)
def test_twelve_years_on_the_day_of_the_first_score(born: date, *, is_in: bool) -> None:
    assert (twelve(course((INDEX, 12), birth_date=born)) is not None) == is_in


@pytest.mark.parametrize(
    ("day", "after"),
    [
        (date(2024, 2, 29), date(2025, 2, 28)),
        (date(2023, 2, 28), date(2024, 2, 28)),
        (date(2024, 12, 31), date(2025, 12, 31)),
    ],
)
def test_twelve_months_are_by_the_calendar(day: date, after: date) -> None:
    assert a_year_after(day) == after


def test_age_turns_on_the_birthday() -> None:
    assert [age_on(date(2000, 5, 6), date(2020, 5, day)) for day in (5, 6)] == [19, 20]


@pytest.mark.parametrize(
    ("code", "is_in"),
    [
        *((code, True) for code in ("F32.0", "F32.5", "F32.9", "F33.9", "F33.41", "F34.1")),
        *((code, False) for code in ("F32.A", "F32.81", "F32.89", "F34.0", "F41.1", "F31.3")),
    ],
)
def test_which_codes_are_depression(code: str, *, is_in: bool) -> None:
    assert is_one_of(code, DEPRESSION) == is_in
    known = course((INDEX, 12), codes=(Coded(code, None, is_confirmed=True),))
    assert (twelve(known) is not None) == is_in


@pytest.mark.parametrize(("from_on", "is_in"), [(INDEX, True), (INDEX + timedelta(1), False), (None, True)])
def test_the_diagnosis_stands_on_the_day_of_the_visit(from_on: date | None, *, is_in: bool) -> None:
    assert (twelve(course((INDEX, 12), codes=(Coded("F33.1", from_on, is_confirmed=True),))) is not None) == is_in


def test_a_diagnosis_that_nobody_confirmed_is_told_apart() -> None:
    known = Coded("F33.1", None, is_confirmed=False)
    assert twelve(course((INDEX, 12), codes=(known,))) == Standing.UNCONFIRMED
    assert twelve(course((INDEX, 12), codes=(known, DEPRESSED))) == Standing.NO_SCORE
    assert twelve(course((INDEX, 12), codes=(known,), died_on=INDEX)) == Standing.LEFT_OUT


@pytest.mark.parametrize(("code", "why"), [(code, words) for words, codes in LEFT_OUT for code in codes], ids=str)
def test_what_leaves_a_patient_out(code: str, why: str) -> None:
    found = of_judged(course((INDEX, 12), codes=(DEPRESSED, Coded(code, None, is_confirmed=True))))
    assert (found.standing, found.why) == (Standing.LEFT_OUT, why)


@pytest.mark.parametrize(
    ("from_on", "is_confirmed", "is_out"),
    [
        (date(2026, 5, 9), True, True),
        (date(2026, 5, 10), True, False),
        (None, True, True),
        (date(2025, 1, 1), False, False),
    ],
)
def test_it_does_up_to_the_windows_last_day_once_confirmed(
    from_on: date | None, *, is_confirmed: bool, is_out: bool
) -> None:
    codes = (DEPRESSED, Coded("F31.9", from_on, is_confirmed=is_confirmed))
    assert (twelve(course((INDEX, 12), codes=codes)) == Standing.LEFT_OUT) == is_out


@pytest.mark.parametrize(("died_on", "is_out"), [(date(2026, 5, 9), True), (date(2026, 5, 10), False)])
def test_a_death_up_to_the_windows_last_day(died_on: date, *, is_out: bool) -> None:
    found = of_judged(course((INDEX, 12), died_on=died_on))
    assert (found.why == DIED) == is_out


@pytest.mark.parametrize(
    ("today", "without", "high", "low"),
    [
        (date(2025, 11, 9), Standing.LATER, None, None),
        (date(2025, 11, 10), Standing.SOON, None, None),
        (date(2026, 1, 8), Standing.SOON, None, None),
        (date(2026, 1, 9), Standing.DUE, Standing.AGAIN, Standing.MET_SO_FAR),
        (date(2026, 5, 9), Standing.DUE, Standing.AGAIN, Standing.MET_SO_FAR),
        (date(2026, 5, 10), Standing.NO_SCORE, Standing.TOO_HIGH, Standing.MET),
    ],
)
def test_how_a_patient_stands_from_day_to_day(
    today: date, without: Standing, high: Standing | None, low: Standing | None
) -> None:
    assert twelve(course((INDEX, 12)), today=today) == without
    if high is not None:
        assert twelve(course((INDEX, 12), (date(2026, 1, 9), 5)), today=today) == high
        assert twelve(course((INDEX, 12), (date(2026, 1, 9), 4)), today=today) == low


def test_days_left_and_the_last_score_of_all() -> None:
    found = of_judged(course((INDEX, 12), (date(2025, 5, 1), 7)), today=date(2026, 5, 9))
    assert (found.days_left(date(2026, 5, 9)), found.days_left(date(2026, 5, 1)), found.latest.total) == (0, 8, 7)


# DRR-E: days 120 to 240.
@pytest.mark.parametrize(("day", "is_in"), [(119, False), (120, True), (240, True), (241, False)])
def test_the_window_of_the_follow_up(day: int, *, is_in: bool) -> None:
    of = course((INDEX, 12), (INDEX + timedelta(days=day), 12))
    assert stands(SCORED, of, 2025) == (Standing.MET if is_in else Standing.NO_SCORE)


@pytest.mark.parametrize(
    ("first", "last", "remission", "response"),
    [(12, 4, True, True), (12, 5, False, True), (12, 6, False, True), (12, 7, False, False), (13, 6, False, True),
     (13, 7, False, False), (10, 5, False, True)],
)  # fmt: skip
def test_remission_and_response(first: int, last: int, *, remission: bool, response: bool) -> None:
    of = course((INDEX, first), (INDEX + timedelta(days=150), last))
    assert (stands(REMISSION, of, 2025) == Standing.MET) == remission
    assert (stands(RESPONSE, of, 2025) == Standing.MET) == response


@pytest.mark.parametrize(
    ("on", "year"),
    [(date(2024, 4, 30), 2024), (date(2024, 5, 1), 2025), (date(2025, 4, 30), 2025), (date(2025, 5, 1), 2026)],
)
def test_the_intake_runs_from_may_to_april(on: date, year: int) -> None:
    assert [stands(SCORED, course((on, 12)), each) is not None for each in (2024, 2025, 2026)] == [
        each == year for each in (2024, 2025, 2026)
    ]


@pytest.mark.parametrize(("apart", "is_in"), [(-16, False), (-15, True), (0, True), (15, True), (16, False)])
def test_the_visit_is_within_fifteen_days_on_either_side(apart: int, *, is_in: bool) -> None:
    of = course((INDEX, 12), met_on=(INDEX + timedelta(days=apart),))
    assert (stands(SCORED, of, 2025) is not None) == is_in


def test_a_visit_outside_of_the_intake_serves_a_score_in_it() -> None:
    of = course((date(2024, 5, 1), 12), met_on=(date(2024, 4, 20),))
    assert stands(SCORED, of, 2025) == Standing.NO_SCORE


def test_what_a_population_comes_to() -> None:
    bipolar = (DEPRESSED, Coded("F31.9", None, is_confirmed=True))
    of = [
        course((INDEX, 12), (date(2026, 3, 1), 3)),
        course((INDEX, 12), (date(2026, 3, 1), 9)),
        course((INDEX, 12)),
        course((INDEX, 12), codes=bipolar),
        course((INDEX, 12), died_on=INDEX),
        course((INDEX, 12), codes=(Coded("F33.1", None, is_confirmed=False),)),
        course((INDEX, 9)),
    ]
    found = tally(population(TWELVE, of, 2026, AFTER))
    assert (found.counted, found.met, found.failed, found.open, found.unconfirmed) == (3, 1, 2, 0, 1)
    assert found.left_out == (("Bipolar disorder", 1), (DIED, 1))
    assert (found.left_out_count, found.not_counted) == (2, 3)
    assert (found.percent, found.figure, found.words) == (Decimal("33.3"), "33.3 %", "1 of 3")
    running = tally(population(TWELVE, of, 2026, date(2026, 4, 1)))
    assert (running.met, running.failed, running.open, running.words) == (1, 0, 2, "1 of 3 met it so far")


def test_nobody_is_not_available() -> None:
    assert (tally([]).percent, tally([]).figure) == (None, "n/a")


def test_measures_are_found_by_key() -> None:
    assert [yearly(one.key) for one in YEARLY] == list(YEARLY)
    assert yearly("nys_1") is None


def test_reach_holds_every_window_of_a_year() -> None:
    since, until = reach([2026])
    assert since <= date(2024, 10, 25)
    assert until >= date(2026, 12, 30)
    assert reach([2026, 2027]) == (since, reach([2027])[1])


@pytest.mark.parametrize(
    ("one", "today", "year"),
    [
        (TWELVE, date(2026, 10, 31), 2026),
        (TWELVE, date(2026, 11, 1), 2027),
        (TWELVE, date(2026, 1, 1), 2026),
        (SCORED, date(2026, 10, 27), 2026),
        (SCORED, date(2026, 10, 28), 2027),
    ],
)
def test_the_usual_year_is_that_of_windows_half_through(one: Yearly, today: date, year: int) -> None:
    assert usual_year(one, today) == year


def test_due_now_tells_each_measure_and_year_that_asks() -> None:
    both = course((date(2025, 3, 10), 12), (date(2025, 11, 5), 14), met_on=(date(2025, 3, 10), date(2025, 11, 5)))
    other = course((date(2025, 3, 20), 12), patient_id=UUID(int=2))
    closed = course((date(2024, 11, 2), 12), patient_id=UUID(int=3))
    today = date(2026, 3, 12)
    scored = course((date(2025, 3, 10), 12), (date(2026, 3, 1), 12), patient_id=UUID(int=4))
    found = due_now([other, both, closed, scored], today)
    assert [(due.one, due.year, sorted(one.int for one in due.patients)) for due in found] == [
        (TWELVE, 2026, [1, 2]),
        (SCORED, 2026, [1]),
    ]
