"""What each measure says of a row, on the days and scores where it turns."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from outcomes.rules.facts import Facts
from outcomes.rules.measure import Part
from outcomes.rules.measures import HEADLINES, MEASURES, UnknownMeasure, measure, measures_in_force
from tests.rules.outcomes.edges import LEFT_OUT, MET, NOT_MET, OUT, SHARES, VALUES, advice, ago, episode, referral


def said(part: Part) -> str:
    if part.counted:
        return MET if part.met else NOT_MET
    return LEFT_OUT if part.why else OUT


@pytest.mark.parametrize(("key", "facts", "expected"), SHARES)
def test_who_counts_and_who_meets_it(key: str, facts: Facts, expected: str) -> None:
    assert said(measure(key).judge(facts)) == expected


@pytest.mark.parametrize(("key", "facts", "expected"), VALUES)
def test_which_value_it_adds(key: str, facts: Facts, expected: Any) -> None:
    part = measure(key).judge(facts)
    assert ((part.value, part.of) if part.counted else said(part)) == expected


def test_several_concerns_of_one_patient_count_each() -> None:
    part = measure("safety_same_day").judge(episode(positives=3, positives_same_day=1))
    assert (part.of, part.hit) == (3, 1)


WORDS = [
    ("improvement", episode(latest=9), "From 16 to 9"),
    ("improvement", episode(), "Baseline 16, no score since"),
    ("improvement", episode(enrolled_on=ago(69)), "In treatment for 69 days: fewer than 70"),
    ("improvement", episode(baseline=None, is_elevated=False), "No baseline yet"),
    ("remission", episode(), "No score on the episode's scale in the month"),
    ("remission", episode(baseline=9, is_elevated=False, last_in_month=3), "The baseline of 9 is not elevated"),
    ("consultation", episode(latest=9), "Improved: from 16 to 9"),
    ("consultation", episode(last_review_on=ago(3)), "Last reviewed Mar 28, 2026"),
    ("contact_and_score", episode(), "No clinical contact and no scored scale"),
    ("contact_and_score", episode(contacts=1, scales=2), "1 contact, 2 scales"),
    ("retention_90", episode(enrolled_on=ago(95), ended_on=ago(40), end_reason="withdrew"), "Left Feb 19, 2026"),
    ("completeness", episode(last_scored_on=ago(40)), "Last scored on Feb 19, 2026"),
    ("referred_enrolled", referral(enrolled_on=date(2026, 1, 11)), "Enrolled after 1 day"),
    ("referred_enrolled", referral(excluded="duplicate"), "A duplicate referral"),
    ("closed_14", advice(closed_on=date(2026, 3, 20)), "Closed after 18 days"),
    ("minutes_per_contact", episode(seconds=3661, contacts=1), "61 minutes, 1 contact"),
    ("registry_complete", episode(lacks=("consent", "care_plan")), "Lacks: consent, care plan"),
    ("expected_mean", episode(is_billed=True), "Not known"),
    ("expected_mean", episode(is_billed=True, expected=Decimal("1140.1")), "$1,140.10"),
    ("paid_mean", episode(is_billed=False), "Not billed"),
]


@pytest.mark.parametrize(("key", "facts", "words"), WORDS)
def test_what_lists_say(key: str, facts: Facts, words: str) -> None:
    assert measure(key).judge(facts).why == words


def test_every_measure_is_tried_and_explained() -> None:
    tried = {key for key, *_ in [*SHARES, *VALUES]} | {f"nys_{number}" for number in range(1, 9)}
    assert tried == {one.key for one in MEASURES}
    assert len({one.key for one in MEASURES}) == len(MEASURES)
    for one in MEASURES:
        assert one.formula.endswith("."), one.key
        assert not one.title.endswith("."), one.key
        assert len(one.key) <= 40
        assert "2025" in one.source or "2026" in one.source


def test_headlines_are_measures() -> None:
    assert [measure(key).key for key in HEADLINES] == list(HEADLINES)


def test_a_month_has_the_measures_that_are_in_force() -> None:
    assert measures_in_force(date(2025, 1, 1)) == MEASURES
    assert measures_in_force(date(2024, 12, 1)) == ()


def test_an_unknown_key() -> None:
    with pytest.raises(UnknownMeasure):
        measure("nys_12")
