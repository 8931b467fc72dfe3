"""The response state, at the edges of each rule."""

from datetime import date, timedelta

import pytest

from caseload.rules.course import EpisodeCourse, ProgramFrom, Score
from caseload.rules.states import STATE_LABELS, state_of_totals, state_on
from registry.rules.instruments import TARGET_SCALES

START = date(2026, 1, 5)


def state(*totals: int, instrument: str = "phq9", on: int = 300, ended: int | None = None) -> str:
    scores = tuple(Score(START + timedelta(days=14 * index), instrument, total) for index, total in enumerate(totals))
    ended_on = None if ended is None else START + timedelta(days=ended)
    course = EpisodeCourse(START, (ProgramFrom(START, "cocm"),), scores=scores, ended_on=ended_on)
    return state_on(course, START + timedelta(days=on))


@pytest.mark.parametrize(
    ("totals", "word"),
    [
        ((), "no_baseline"),
        ((9,), "not_elevated"),
        ((9, 4), "not_elevated"),
        ((10,), "no_change"),
        ((10, 4), "remission"),
        ((20, 5), "response"),
        ((20, 10), "response"),
        ((21, 11), "partial"),
        ((17, 9), "improved"),
        ((12, 8), "improved"),
        ((16, 12), "no_change"),
        ((16, 11), "partial"),
        ((12, 16), "no_change"),
        ((12, 17), "worse"),
        ((22, 12, 17), "worse"),
        ((22, 12, 16), "partial"),
        ((22, 3, 8), "response"),
    ],
)
def test_phq9(totals, word):
    assert state(*totals) == word


@pytest.mark.parametrize(("totals", "word"), [((15, 11), "partial"), ((15, 12), "no_change"), ((12, 16), "worse")])
def test_the_step_of_the_gad7_is_four(totals, word):
    assert state(*totals, instrument="gad7") == word


def test_a_state_is_of_its_day():
    assert [state(16, 8, 3, on=on) for on in (-1, 0, 13, 14, 27, 28)] == [
        "no_baseline",
        "no_change",
        "no_change",
        "response",
        "response",
        "remission",
    ]


def test_scores_after_the_end_are_left_out():
    assert [state(16, 8, 3, ended=ended) for ended in (27, 28)] == ["response", "remission"]


def test_every_state_has_a_label():
    assert sorted(STATE_LABELS) == sorted(
        ["no_baseline", "not_elevated", "remission", "response", "improved", "worse", "partial", "no_change"]
    )


@pytest.mark.parametrize("totals", [(10,), (10, 4), (20, 10), (21, 11), (9, 4), (16, 16), (16, 0), (12, 18)])
def test_a_scale_shows_the_same_state_from_its_totals_alone(totals: tuple[int, ...]) -> None:
    assert state_of_totals(TARGET_SCALES["phq9"], totals) == state(*totals)
