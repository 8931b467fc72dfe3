"""Documents in parts: stored and read again, refused with a sentence, shown in lines."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules import care_plans, initial_assessment, safety_plans
from registry.rules.care_plans import Intervention, Medication, Plan, Problem, faults_of_plan, sign_off_words
from registry.rules.content import (
    Choice,
    Day,
    Fault,
    Rows,
    Words,
    as_json,
    faults_of,
    from_json,
    lines_of,
    missing,
    said,
    shown,
    specs_of,
)
from registry.rules.initial_assessment import FirstAssessment, LabResult
from registry.rules.safety_plans import Safety, Somebody, faults_of_safety

TODAY, BORN = date(2026, 3, 2), date(1961, 5, 4)
DOCUMENTS = [
    (FirstAssessment, initial_assessment.PARTS),
    (Plan, care_plans.PARTS),
    (Safety, safety_plans.PARTS),
]


def _values(kind: type[Any]) -> st.SearchStrategy[Any]:
    return st.builds(kind, **{name: _value(spec) for name, spec in specs_of(kind).items()})


def _value(spec: Any) -> st.SearchStrategy[Any]:
    if isinstance(spec, Rows):
        return st.lists(_values(spec.row), max_size=3).map(tuple)
    if isinstance(spec, Choice):
        return st.sampled_from(["", *dict(spec.choices)])
    if isinstance(spec, Day):
        return st.none() | st.dates(BORN, TODAY)
    return st.text(max_size=10)


@pytest.mark.parametrize(("kind", "parts"), DOCUMENTS)
def test_every_field_stands_in_one_part(kind: type[Any], parts: Any) -> None:
    assert sorted(name for part in parts for name in part.names) == sorted(one.name for one in fields(kind))
    assert len({part.key for part in parts}) == len(parts)


@given(plan=st.one_of([_values(kind) for kind, _ in DOCUMENTS]))
def test_what_is_stored_reads_as_it_was(plan: Any) -> None:
    assert from_json(type(plan), as_json(plan)) == plan


@pytest.mark.parametrize("kind", [kind for kind, _ in DOCUMENTS])
def test_an_empty_document_stores_nothing_and_reads_from_nothing(kind: type[Any]) -> None:
    assert as_json(kind()) == {}
    assert from_json(kind, {}) == kind()


def test_what_is_stored_in_no_readable_way_is_empty() -> None:
    stored = {
        "goals": 7, "next_on": "soon", "medications": [{"name": "Sertraline", "of_old": 1}, "x"], "problems": "x",
        "unknown": True,
    }  # fmt: skip
    assert from_json(Plan, stored) == Plan(medications=(Medication("Sertraline"),))


FAULTS = [
    (Plan(), Fault("goals", "The plan is empty. Begin with what the patient wants to reach.")),
    (Plan(goals="x" * 4_000), None),
    (
        Plan(goals="x" * 4_001),
        Fault("goals", "The patient's own goals holds 4,000 characters, and this has 4,001. Shorten it."),
    ),
    (
        Plan(goals="a\ud800"),
        Fault(
            "goals", "The patient's own goals contains a sign that cannot be kept. Type it again instead of pasting it."
        ),
    ),
    (Plan(problems=(Problem("Low mood"),) * 30), None),
    (
        Plan(problems=(Problem("Low mood"),) * 31),
        Fault("problems", "Problems and targets: at most 30 rows can be kept, and these are 31. Clear some."),
    ),
    (
        Plan(problems=(Problem("Low mood"), Problem(target="Sleep"))),
        Fault("problems", "Problem 2. Enter the problem, or clear the row.", 1, "problem"),
    ),
    (
        Plan(interventions=(Intervention("hypnosis"),)),
        Fault("interventions", "Intervention 1. What is practised: choose one from the list.", 0, "kind"),
    ),
    (Plan(next_on=date(2028, 3, 2)), None),
    (
        Plan(next_on=date(2028, 3, 3)),
        Fault("next_on", "Next contact: this day is more than two years ahead. Correct it."),
    ),
    (
        Plan(next_on=date(1961, 5, 3)),
        Fault("next_on", "Next contact: this day is before the patient's birth. Correct it."),
    ),
    (Plan(medications=(Medication("A", started_on=TODAY, stopped_on=TODAY),)), None),
    (
        Plan(medications=(Medication("A", started_on=TODAY, stopped_on=date(2026, 3, 1)),)),
        Fault("medications", "Medication 1. It stopped before it started. Correct one of the days.", 0, "stopped_on"),
    ),
    (
        Plan(medications=(Medication("A", stopped_on=date(2026, 3, 3)),)),
        Fault("medications", "Medication 1. Stopped: this day is in the future. Correct it.", 0, "stopped_on"),
    ),
]


@pytest.mark.parametrize(("plan", "fault"), FAULTS)
def test_a_plan_is_refused_with_the_field_and_the_fix(plan: Plan, fault: Fault | None) -> None:
    assert faults_of_plan(plan, today=TODAY, born_on=BORN) == ((fault,) if fault else ())


def test_a_first_assessment_needs_two_answers() -> None:
    faults = faults_of(FirstAssessment(), today=TODAY, born_on=BORN)
    assert [fault.name for fault in faults] == ["why_referred", "suicide_history"]
    enough = FirstAssessment(why_referred="Low mood", suicide_history="None")
    assert faults_of(enough, today=TODAY, born_on=BORN) == ()
    assert missing(enough, initial_assessment.PARTS) == tuple(
        part.title for part in initial_assessment.PARTS if part.key not in {"referral", "danger"}
    )


def test_an_empty_safety_plan_is_refused() -> None:
    assert [fault.name for fault in faults_of_safety(Safety(), today=TODAY, born_on=BORN)] == ["warning_signs"]
    assert faults_of_safety(Safety(matters="My daughter"), today=TODAY, born_on=BORN) == ()


def test_it_is_shown_in_lines_and_tables_without_what_is_empty() -> None:
    content = FirstAssessment(
        why_referred="Low mood\n\n  Sleeps badly ", thyroid="ruled_out", pregnancy="gone",
        labs=(LabResult("TSH", date(2026, 1, 7)), LabResult("ECG")),
    )  # fmt: skip
    found = {one.name: one for part in shown(content, initial_assessment.PARTS) for one in part.fields}
    assert found["why_referred"].lines == ("Low mood", "Sleeps badly")
    assert found["thyroid"].lines == ("Ruled out",)
    assert found["pregnancy"].lines == ("gone",)
    assert found["labs"].labelled_rows == [[("Test", "TSH"), ("Day", "Jan 7, 2026")], [("Test", "ECG"), ("Day", "")]]
    assert [name for name, one in found.items() if one.is_filled] == ["why_referred", "thyroid", "pregnancy", "labs"]
    assert lines_of(content, "labs") == ("TSH · Day Jan 7, 2026", "ECG")
    assert lines_of(Safety(helpers=(Somebody("Dolores", "555\n0100"),)), "helpers") == ("Dolores · Phone 555 0100",)


def test_what_a_single_value_says() -> None:
    assert [said(Words("x"), "a"), said(Day("x"), date(2026, 3, 2)), said(Day("x"), None)] == ["a", "Mar 2, 2026", ""]


def test_the_patient_reads_what_is_taken_and_practised_now() -> None:
    plan = Plan(
        medications=(Medication("A"), Medication("B", stopped_on=TODAY)),
        interventions=(Intervention("sleep", "Same hour"), Intervention("hypnosis", "")),
    )
    assert [one.name for one in plan.taken_now] == ["A"]
    assert plan.practised == (("Better sleep", "Same hour"),)


@pytest.mark.parametrize(
    ("how", "words"), [("signed_in", "signed in"), ("message", "by message"), ("by pigeon", "by pigeon")]
)
def test_how_a_sign_off_came_about(how: str, words: str) -> None:
    assert sign_off_words(how) == words
