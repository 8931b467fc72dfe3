"""What a clinic may set about review: from a sensible least to the usual, in order, never laxer."""

from dataclasses import replace
from datetime import date

import pytest

from caseload.rules.review_limits import (
    DEADLINE_FIELDS,
    LIMIT_FIELDS,
    USUAL_DEADLINES,
    Deadlines,
    bounds_of_deadline,
    bounds_of_limit,
    faults_of_review_limits,
)
from caseload.rules.targets import USUAL, OwnLimits, targets_in_force

LIMITS = targets_in_force(date(2026, 3, 2)).limits


def faults(own: OwnLimits = USUAL, deadlines: Deadlines = USUAL_DEADLINES) -> dict[str, str]:
    return faults_of_review_limits(own, deadlines, LIMITS)


@pytest.mark.parametrize("name", LIMIT_FIELDS)
def test_a_limit_lies_between_its_least_and_the_usual(name: str):
    least, most = bounds_of_limit(name, LIMITS)
    assert most == getattr(LIMITS, name)
    assert [name in faults(OwnLimits(**{name: value})) for value in (least - 1, most, most + 1)] == [True, False, True]
    unit = "months" if name == "long_episode_months" else "days"
    sentence = f"This is a whole number of {unit} from {least} to {most}, or empty for the usual {most}."
    assert faults(OwnLimits(**{name: most + 1}))[name] == sentence


@pytest.mark.parametrize("name", DEADLINE_FIELDS)
def test_a_deadline_is_a_day_at_least_and_the_usual_at_most(name: str):
    least, most = bounds_of_deadline(name)
    assert (least, most) == (1, getattr(USUAL_DEADLINES, name))
    wrong = [faults(deadlines=replace(USUAL_DEADLINES, **{name: value})).get(name) for value in (0, most + 1)]
    assert wrong == [f"This is a whole number of days from 1 to {most}."] * 2


def test_usual_settings_have_no_fault():
    assert faults() == {}
    assert faults(OwnLimits(stalled_watch_days=28, stalled_days=42)) == {}


@pytest.mark.parametrize(
    ("own", "limit"), [(OwnLimits(stalled_days=56), 56), (OwnLimits(stalled_days=42, stalled_watch_days=42), 42)]
)
def test_stalled_comes_after_stalling(own: OwnLimits, limit: int):
    assert faults(own) == {"stalled_days": f"Stalled comes after stalling. Enter more than {limit} days."}


def test_the_patient_is_told_after_the_decision():
    assert faults(deadlines=replace(USUAL_DEADLINES, medication_told_days=1)) == {
        "medication_told_days": "The patient is told after the decision. Enter 2 days or more."
    }
    assert faults(deadlines=Deadlines(1, 1, 3, 3)) == {}


def test_own_limits_hold_and_stay_in_order():
    own = OwnLimits(never_reviewed_days=14, review_due_days=21, first_follow_up_days=7, long_episode_months=6)
    assert own.over(LIMITS) == replace(
        LIMITS, never_reviewed_days=14, review_due_days=21, first_follow_up_days=7, long_episode_months=6
    )
    assert OwnLimits(stalled_days=50).over(LIMITS) == replace(LIMITS, stalled_days=57)
