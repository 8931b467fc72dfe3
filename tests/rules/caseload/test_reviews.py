"""What makes a review, and how it is read elsewhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from caseload.rules.reviews import (
    KINDS,
    STATEMENT,
    Advice,
    ReviewText,
    ReviewWords,
    advice_line,
    faults_of_draft,
    faults_of_review,
    kind_words,
    review_text,
)
from registry.rules.content import as_json, from_json

TODAY, BORN = date(2026, 3, 2), date(1961, 5, 4)
START = Advice(kind="medication", act="start", text="Sertraline", dose="50 mg in the morning")


def faults(*advice: Advice, **words: str) -> list[tuple[str, str, int | None, str]]:
    found = faults_of_review(ReviewText(recommendations=advice, **words), today=TODAY, born_on=BORN)
    return [(fault.name, fault.column, fault.row, fault.sentence) for fault in found]


def test_without_a_recommendation_it_is_no_review() -> None:
    sentence = "A review needs at least one recommendation. To continue unchanged is one."
    assert faults(summary="Discussed at length.") == [("recommendations", "", None, sentence)]


def test_to_continue_says_enough_by_itself() -> None:
    assert faults(Advice(kind="continue")) == []


@pytest.mark.parametrize("kind", [kind for kind, _ in KINDS if kind not in {"continue", "medication"}])
def test_every_other_kind_says_what_is_advised(kind: str) -> None:
    assert faults(Advice(kind=kind)) == [("recommendations", "text", 0, "Recommendation 1. Say what is advised.")]
    assert faults(Advice(kind=kind, text="  ")) == [
        ("recommendations", "text", 0, "Recommendation 1. Say what is advised.")
    ]
    assert faults(Advice(kind=kind, text="Behavioral activation")) == []


def test_medication_says_which_act_and_which_dose() -> None:
    assert faults(START) == []
    assert [column for _, column, _, _ in faults(replace(START, act=""))] == ["act"]
    assert [column for _, column, _, _ in faults(replace(START, dose=""))] == ["dose"]
    assert faults(replace(START, dose="None given: the clinician knows the kidney values")) == []
    assert faults(replace(START, act="stop", dose="")) == []
    assert faults(replace(START, act="lab", dose="")) == []


def test_only_medication_has_an_act() -> None:
    one = Advice(kind="psychosocial", act="start", text="Problem solving")
    assert [(column, row) for _, column, row, _ in faults(START, one)] == [("act", 1)]


def test_a_row_without_a_kind_may_wait_in_a_draft_but_not_be_signed() -> None:
    content = ReviewText(recommendations=(Advice(text="Sertraline?"),))
    assert faults_of_draft(content, today=TODAY, born_on=BORN) == ()
    assert [fault.column for fault in faults_of_review(content, today=TODAY, born_on=BORN)] == ["kind"]


def test_days_and_lengths_are_held_in_a_draft_too() -> None:
    far = ReviewText(recommendations=(replace(START, present_again_on=TODAY + timedelta(days=1000)),))
    long = ReviewText(impression="x" * 2_001)
    assert [fault.column for fault in faults_of_draft(far, today=TODAY, born_on=BORN)] == ["present_again_on"]
    assert [fault.name for fault in faults_of_draft(long, today=TODAY, born_on=BORN)] == ["impression"]


def test_a_draft_comes_back_as_it_was_stored() -> None:
    content = ReviewText(recommendations=(replace(START, present_again_on=TODAY),), summary="Tired.")
    assert from_json(ReviewText, as_json(content)) == content


def test_words_of_a_kind() -> None:
    assert kind_words("medication", "dose") == "Medication: change the dose"
    assert kind_words("continue") == "Continue"
    assert kind_words("not_recorded") == "Not recorded in the source"


def test_the_text_for_another_record_says_everything_in_order() -> None:
    lines = [
        advice_line(number=1, kind="medication", act="start", text="Sertraline ", dose="50 mg",
                    if_then="no better by week 4, 100 mg", present_again="after four weeks",
                    present_again_on=date(2026, 4, 1)),
        advice_line(number=2, kind="continue"),
    ]  # fmt: skip
    note = ReviewWords(
        patient="Ana Rivera, record number 000001", on="Mar 2, 2026", question="Raise it?", summary="",
        impression="MDD", advice=lines, signature="Signed by Lena Ortiz, MD",
        addenda=[("Addendum signed by Lena Ortiz, MD", "TSH normal.")],
    )  # fmt: skip
    assert review_text(note).splitlines() == [
        "Psychiatric case review",
        "Ana Rivera, record number 000001",
        "Mar 2, 2026",
        "",
        "Question: Raise it?",
        "",
        "Impression: MDD",
        "",
        "Recommendations",
        "1. Medication: start. Sertraline",
        "   Dose: 50 mg",
        "   If, then: no better by week 4, 100 mg",
        "   Bring back: after four weeks, Apr 1, 2026",
        "2. Continue",
        "",
        STATEMENT,
        "",
        "Signed by Lena Ortiz, MD",
        "",
        "Added: TSH normal.",
        "Addendum signed by Lena Ortiz, MD",
    ]
