"""Every clinical story holds: the signals and the response state of each day it names."""

from datetime import date

import pytest

from billing.rules.story import SIGNALS
from caseload.rules.signals import KIND_OF, signals_on
from caseload.rules.states import state_on
from tests.rules.caseload.clinical_stories import Story, course_of, stories

CLINICAL = stories("clinical")


def _expected(name: str) -> list[object]:
    return [
        pytest.param(story, date.fromisoformat(day), given, id=f"{story['id']}-{day}")
        for story in CLINICAL
        for day, given in story["expect"][name].items()
    ]


def test_the_stories_are_all_here():
    assert len(CLINICAL) == 52


@pytest.mark.parametrize(("story", "on", "words"), _expected("signals"))
def test_signals(story: Story, on: date, words: list[str]):
    given = {signal.word for signal in signals_on(course_of(story), on)}
    assert sorted(given & set(SIGNALS)) == sorted(words)


def test_what_stories_do_not_name_is_beside_the_rules_of_targets_or_a_hint():
    assert set(KIND_OF) - set(SIGNALS) == {
        "risk_open",
        "question_open",
        "long_course",
        "early_response",
        "off_track",
        "entered_late",
    }
    assert set(SIGNALS) - set(KIND_OF) == set()


@pytest.mark.parametrize(("story", "on", "state"), _expected("state"))
def test_state(story: Story, on: date, state: str):
    assert state_on(course_of(story), on) == state
