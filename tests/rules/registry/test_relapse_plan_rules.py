"""The plan against relapse: what is proposed for it, what it is refused for, and when somebody looks again."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules.business_days import is_business_day
from registry.rules.care_plans import Intervention, Medication, Plan
from registry.rules.content import as_json, from_json
from registry.rules.relapse_plans import (
    CADENCE_DAYS,
    CHECK,
    RECALL_DAYS,
    THEN,
    ComeBack,
    KeptMedication,
    RelapsePrevention,
    faults_of_prevention,
    next_check_on,
    proposed,
    to_do,
    way_back,
)
from registry.rules.safety_plans import Safety, Somebody

TODAY, BORN = date(2026, 3, 2), date(1980, 5, 17)
CARE = Plan(
    medications=(
        Medication("Sertraline", "100 mg", started_on=date(2025, 11, 3)),
        Medication("Trazodone", "50 mg", stopped_on=date(2026, 1, 5)),
    ),
    interventions=(Intervention("behavioral_activation", "Two walks a week"), Intervention("sleep")),
)
SAFETY = Safety(
    warning_signs="I stop answering the phone",
    own_steps="Better sleep\nWalk around the block\n\n",
    helpers=(Somebody("Dolores", "555-0111"), Somebody("ANA, sister", "555-9999")),
)


def sentences(plan: RelapsePrevention) -> list[tuple[str, str]]:
    return [(one.name, one.sentence) for one in faults_of_prevention(plan, today=TODAY, born_on=BORN)]


def test_a_first_version_is_begun_from_what_is_on_record() -> None:
    found = proposed(
        next_on=date(2026, 5, 1),
        care_plan=CARE,
        safety=SAFETY,
        people=[("Ken Abara, care manager", ""), ("Ana, sister", "555-0100"), ("", "555-0000")],
        numbers=[("PHQ-9", 9), ("GAD-7", 6)],
    )
    assert found == RelapsePrevention(
        warning_signs="I stop answering the phone",
        what_helps="Behavioral activation: Two walks a week\nBetter sleep\nWalk around the block",
        medications=(KeptMedication("Sertraline", "100 mg"),),
        contacts=(
            Somebody("Ken Abara, care manager"),
            Somebody("Ana, sister", "555-0100"),
            Somebody("Dolores", "555-0111"),
        ),
        come_back=(ComeBack("PHQ-9", "9"), ComeBack("GAD-7", "6")),
        steps=THEN,
        next_on=date(2026, 5, 1),
        next_purpose=CHECK,
    )
    assert from_json(RelapsePrevention, as_json(found)) == found


def test_nothing_on_record_still_says_when_and_what_then() -> None:
    found = proposed(next_on=date(2026, 5, 1), next_purpose="Spring check")
    assert found == RelapsePrevention(steps=THEN, next_on=date(2026, 5, 1), next_purpose="Spring check")


def test_what_it_is_refused_for() -> None:
    assert sentences(RelapsePrevention()) == [
        ("warning_signs", "The plan is empty. Begin with what the patient would notice first.")
    ]
    assert sentences(RelapsePrevention(medications=(KeptMedication(dose="50 mg"),))) == [
        ("medications", "Medication 1. Enter the medication, or clear the row.")
    ]
    assert sentences(RelapsePrevention(come_back=(ComeBack(number="10"),))) == [
        ("come_back", "Scale 1. Enter the scale, or clear the row.")
    ]
    assert sentences(RelapsePrevention(what_helps="Walks", next_on=date(2026, 5, 1))) == []


@pytest.mark.parametrize(
    ("since", "within", "on"),
    [
        (date(2026, 3, 2), CADENCE_DAYS, date(2026, 5, 1)),  # a Friday
        (date(2026, 3, 3), CADENCE_DAYS, date(2026, 5, 1)),  # from a Saturday
        (date(2026, 3, 27), CADENCE_DAYS, date(2026, 5, 26)),
        (date(2026, 3, 26), CADENCE_DAYS, date(2026, 5, 22)),  # from Memorial Day
        (date(2026, 3, 2), RECALL_DAYS, date(2026, 3, 16)),
    ],
)
def test_the_next_check(since: date, within: int, on: date) -> None:
    assert next_check_on(since, within=within) == on


@given(since=st.dates(date(2020, 1, 1), date(2035, 1, 1)), within=st.sampled_from([CADENCE_DAYS, RECALL_DAYS]))
def test_the_next_check_is_never_late_and_always_worked_on(since: date, within: int) -> None:
    on = next_check_on(since, within=within)
    assert is_business_day(on)
    assert since + timedelta(days=within - 4) <= on <= since + timedelta(days=within)


def test_the_way_back_of_a_closing_note() -> None:
    plan = proposed(next_on=TODAY, people=[("Ana, sister", "555-0100")], numbers=[("PHQ-9", 9), ("GAD-7", 6)])
    assert way_back(plan).splitlines() == [
        "Comes back with PHQ-9 9 or more; GAD-7 6 or more.",
        THEN,
        "To call: Ana, sister 555-0100.",
    ]
    assert way_back(RelapsePrevention(come_back=(ComeBack("PHQ-9"),))) == ""


@pytest.mark.parametrize(
    ("relapse", "scored_on", "tone", "words", "recall_on"),
    [
        ("", date(2026, 2, 20), "good", "Somebody looks every two months, with a score.", None),
        (
            "relapse",
            date(2026, 2, 20),
            "warning",
            "Call the patient and repeat the score by Mar 6. A second one confirms it.",
            date(2026, 3, 6),
        ),
        (
            "relapse",
            date(2026, 1, 5),  # the two weeks are over: today
            "warning",
            "Call the patient and repeat the score by Mar 2. A second one confirms it.",
            date(2026, 3, 2),
        ),
        (
            "relapse",
            None,
            "warning",
            "Call the patient and repeat the score by Mar 16. A second one confirms it.",
            None,
        ),
        (
            "relapse_confirmed",
            date(2026, 2, 20),
            "danger",
            "Take the patient back to active treatment; nothing is lost.",
            None,
        ),
    ],
)
def test_what_a_score_asks_for(
    relapse: str, scored_on: date | None, tone: str, words: str, recall_on: date | None
) -> None:
    found = to_do(relapse, scored_on=scored_on, today=TODAY)
    assert (found.tone, found.text) == (tone, words)
    assert found.recall_on == (recall_on or (date(2026, 3, 16) if relapse == "relapse" else None))


def test_a_recall_that_is_late_waits_for_no_weekend() -> None:
    assert to_do("relapse", scored_on=date(2026, 1, 5), today=date(2026, 3, 7)).recall_on == date(2026, 3, 9)
