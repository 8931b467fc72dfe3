"""Scales beside the PHQ-9 and the GAD-7, and tools that count as one of them."""

from datetime import date, timedelta

import pytest

from caseload.rules.course import EpisodeCourse, ProgramFrom, Score
from caseload.rules.listing import standing_of
from caseload.rules.signal_words import evidence_words
from caseload.rules.signals import signals_on
from caseload.rules.states import state_on

START = date(2026, 1, 5)


def at(day: int) -> date:
    return START + timedelta(days=day)


def course(*scores: tuple[int, str, int], item9: int | None = None, targets: tuple[str, ...] = ()) -> EpisodeCourse:
    return EpisodeCourse(
        START,
        (ProgramFrom(START, "bhi"),),
        scores=tuple(Score(at(day), instrument, total, item9) for day, instrument, total in scores),
        contacts=tuple(at(day) for day in range(0, 200, 20)),
        targets=targets,
    )


def words(made: EpisodeCourse, day: int) -> set[str]:
    return {signal.word for signal in signals_on(made, at(day))}


@pytest.mark.parametrize(
    ("targets", "keys"),
    [((), []), (("pcl5",), ["pcl5"]), (("phq9", "gad7", "pcl5"), ["pcl5"]), (("auditc", "nothing"), [])],
)
def test_another_scale_is_followed_only_where_it_was_chosen(targets, keys):
    made = course((0, "pcl5", 50), (0, "auditc", 8), targets=targets)
    assert [track.instrument.key for track in made.tracks] == keys


def test_scales_stand_in_one_order():
    made = course((0, "pcl5", 50), (0, "gad7", 12), (0, "phq9", 16), targets=("pcl5",))
    assert [track.instrument.key for track in made.tracks] == ["phq9", "gad7", "pcl5"]


@pytest.mark.parametrize(
    ("totals", "word"),
    [
        ((32, 20), "not_elevated"),
        ((33, 32), "remission"),
        ((60, 33), "improved"),
        ((66, 33), "response"),
        ((60, 48), "improved"),  # twelve points down
        ((60, 49), "partial"),
        ((60, 50), "partial"),  # ten points matter
        ((60, 51), "no_change"),
        ((60, 70), "worse"),
        ((60, 69), "no_change"),
    ],
)
def test_the_pcl5_improves_by_points(totals, word):
    made = course(*((28 * place, "pcl5", total) for place, total in enumerate(totals)), targets=("pcl5",))
    assert state_on(made, at(40)) == word


def test_a_chosen_scale_gives_signals():
    scores = ((0, "pcl5", 50), (42, "pcl5", 50), (84, "pcl5", 48))
    assert {"stalled", "non_responder"} <= words(course(*scores, targets=("pcl5",)), 84)
    assert words(course(*scores), 84) == {"measure_overdue"}


def test_a_phqa_is_a_phq9():
    made = course((0, "phqa", 16), (42, "phqa", 16), (84, "phq9", 16))
    same = course((0, "phq9", 16), (42, "phq9", 16), (84, "phq9", 16))
    assert words(made, 84) == words(same, 84)
    assert standing_of(made, at(84)) == standing_of(same, at(84))


def test_item_nine_of_a_phqa_calls_for_attention():
    assert "safety" in words(course((0, "phqa", 9), item9=1), 1)


def test_a_self_harm_answer_of_another_tool_is_not_shown_as_item_nine():
    made = course((0, "epds", 14), item9=2)
    assert standing_of(made, at(1)).item9_last is None


def safety(*scores: Score, day: int = 10):
    made = EpisodeCourse(START, (ProgramFrom(START, "bhi"),), scores=scores)
    return next((signal for signal in signals_on(made, at(day)) if signal.word == "safety"), None)


def screened(day: int, tier: str) -> Score:
    return Score(at(day), "cssrs", None, tier=tier)


@pytest.mark.parametrize(
    ("scores", "since"),
    [
        ((screened(2, "high"),), 2),
        ((screened(2, "moderate"),), 2),
        ((screened(2, "low"),), None),
        ((screened(2, "none"),), None),
        ((screened(2, "high"), screened(5, "low")), None),
        ((screened(2, "low"), screened(5, "high")), 5),
        ((screened(-3, "high"),), 0),  # known at enrolment
        ((screened(2, "high"), Score(at(4), "phq9", 8, item9=0)), 2),  # another tool does not clear it
        ((Score(at(2), "phq9", 8, item9=1), screened(4, "none")), 2),
        ((Score(at(2), "epds", 14, item9=1),), 2),
        ((Score(at(2), "epds", 14, item9=1), Score(at(5), "epds", 9, item9=0)), None),
    ],
)
def test_danger_stands_until_the_tool_that_told_of_it_says_otherwise(scores, since):
    found = safety(*scores)
    assert (found.since if found else None) == (None if since is None else at(since))


def test_danger_is_explained_tool_by_tool():
    found = safety(Score(at(2), "phq9", 8, item9=1), screened(4, "high"), Score(at(5), "epds", 14, item9=2))
    assert [evidence_words(fact, at(10)) for fact in found.evidence] == [
        "Item 9 answered 1, Jan 7",
        "C-SSRS screener: high risk, Jan 9",
        "EPDS, the question about self-harm answered 2, Jan 10",
    ]
    assert found.clears == (
        "A later PHQ-9 with item 9 at 0 and a later C-SSRS screener with low or no risk "
        "and a later EPDS with item 10 at 0."
    )
