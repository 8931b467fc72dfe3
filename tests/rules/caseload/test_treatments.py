"""When the treatment changed, from plans and from what was recorded."""

from __future__ import annotations

from datetime import date

from caseload.rules.summary_words import SummaryFact, cut, fact, joined
from caseload.rules.treatments import Mark, PlanMedications, Taken, medication_marks, treatment_marks

JAN, FEB, MAR = date(2026, 1, 5), date(2026, 2, 5), date(2026, 3, 5)


def test_a_start_a_dose_and_a_stop_each_have_a_mark() -> None:
    versions = [
        PlanMedications(JAN, (Taken("Sertraline", "50 mg", started_on=JAN),)),
        PlanMedications(FEB, (Taken("sertraline ", "100 mg", started_on=JAN), Taken("Trazodone", "50 mg"))),
        PlanMedications(MAR, (Taken("Sertraline", "100 mg", started_on=JAN), Taken("Trazodone", "50 mg", None, MAR))),
    ]
    assert medication_marks(versions) == (
        Mark(JAN, "Sertraline 50 mg started"),
        Mark(FEB, "Trazodone 50 mg started"),
        Mark(FEB, "sertraline 50 mg to 100 mg"),
        Mark(MAR, "Trazodone stopped"),
    )


def test_what_the_first_plan_brings_without_a_day_was_taken_before() -> None:
    assert medication_marks([PlanMedications(JAN, (Taken("Lisinopril", "10 mg"),))]) == ()
    assert medication_marks([]) == ()


def test_a_medication_that_appears_already_stopped_is_only_stopped() -> None:
    versions = [PlanMedications(JAN, ()), PlanMedications(FEB, (Taken("Zolpidem", "", None, FEB),))]
    assert medication_marks(versions) == (Mark(FEB, "Zolpidem stopped"),)


def test_one_change_that_both_tell_of_is_marked_once() -> None:
    recorded = [Mark(FEB, "Sertraline 50 to 100 mg"), Mark(MAR, "Behavioral activation begun")]
    from_plan = [Mark(date(2026, 2, 9), "Sertraline 50 mg to 100 mg"), Mark(JAN, "Sertraline 50 mg started")]
    assert treatment_marks(recorded, from_plan) == (
        Mark(JAN, "Sertraline 50 mg started"),
        Mark(FEB, "Sertraline 50 to 100 mg"),
        Mark(MAR, "Behavioral activation begun"),
    )


def test_what_is_long_is_cut_at_a_word() -> None:
    assert cut("two\n\nlines.\n here ") == "two; lines. here"
    assert cut("") == ""
    assert cut("aaa bbb ccc", 8) == "aaa bbb…"
    assert cut("aaa bbb", 7) == "aaa bbb"
    assert cut("aaaaaaaaaa", 5) == "aaaa…"


def test_a_fact_keeps_what_says_something_and_counts_the_rest() -> None:
    assert fact("Tried", "", "  ") == SummaryFact("Tried", ())
    assert fact("Tried", "").is_missing
    assert fact("Tried", *"abcdefgh").lines == tuple("abcdefgh")
    assert fact("Tried", *"abcdefghij").lines == (*"abcdefg", "and 3 more")
    assert joined(("a", "", "b"), "; ") == "a; b"
