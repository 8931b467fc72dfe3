"""The checklist of an enrolment, the visit before it, and the baseline."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from registry.rules.enrolment import Blocks, Enrolment, baseline_of, checklist, is_visit_needed
from registry.rules.welcome import Facts, day_in, welcome_sheet

COMPLETE = Enrolment(
    consent="Verbal, Feb 2, 2026",
    billing_clinician="Ana Rivera, MD",
    visit="99214, Jan 20, 2026",
    needs_visit=False,
    diagnosis="F33.1",
    diagnosis_is_behavioral=True,
    diagnosis_is_confirmed=True,
    program="Collaborative Care (CoCM)",
    has_npi=True,
    care_manager="Ken Abara",
    insurance="Medicare",
    member_id="1EG4TE5MK73",
    baselines=(("PHQ-9", "16, Feb 2, 2026"), ("GAD-7", "11, Feb 2, 2026")),
    initial_assessment="On record",
    care_plan="On record",
    care_plan_is_signed=True,
    emergency_contact="On record",
    mrn="00123",
)


@pytest.mark.parametrize(
    ("enrolled_on", "seen_on", "needed"),
    [
        (date(2026, 3, 2), None, True),
        (date(2026, 3, 2), date(2025, 3, 1), True),
        (date(2026, 3, 2), date(2025, 3, 2), False),
        (date(2026, 3, 2), date(2026, 3, 2), False),
        (date(2026, 3, 2), date(2026, 3, 9), False),
        (date(2028, 2, 29), date(2027, 2, 28), False),
        (date(2028, 2, 29), date(2027, 2, 27), True),
    ],
)
def test_a_visit_is_needed_when_new_or_not_seen_within_a_year(
    enrolled_on: date, seen_on: date | None, needed: bool
) -> None:
    assert is_visit_needed(enrolled_on, seen_on) is needed


@pytest.mark.parametrize(
    ("scores", "baseline"),
    [
        ([], None),
        ([(date(2026, 1, 20), 18)], None),
        ([(date(2026, 1, 20), 18), (date(2026, 2, 2), 16)], (date(2026, 2, 2), 16)),
        ([(date(2026, 2, 2), 0), (date(2026, 2, 9), 12)], (date(2026, 2, 2), 0)),
        ([(date(2026, 5, 1), 12)], (date(2026, 5, 1), 12)),
    ],
)
def test_a_score_before_enrolment_is_never_the_baseline(
    scores: list[tuple[date, int]], baseline: tuple[date, int] | None
) -> None:
    assert baseline_of(scores, date(2026, 2, 2)) == baseline


def test_a_complete_enrolment_misses_nothing() -> None:
    found = checklist(COMPLETE)
    assert found.missing == ()
    assert (found.done, found.total) == (17, 17)


def test_a_second_scale_without_a_baseline_blocks_no_bill() -> None:
    found = checklist(replace(COMPLETE, missing_baselines=("GAD-7",)))
    assert [(part.label, part.blocks) for part in found.missing] == [("Baseline GAD-7", Blocks.NOTHING)]


def test_an_empty_one_says_what_each_part_blocks() -> None:
    found = checklist(Enrolment(missing_baselines=("PHQ-9", "GAD-7")))
    assert [(part.key, part.blocks) for part in found.missing] == [
        ("consent", Blocks.MINUTES),
        ("visit", Blocks.BILLING),
        ("diagnosis", Blocks.BILLING),
        ("program", Blocks.BILLING),
        ("clinician", Blocks.BILLING),
        ("care_manager", Blocks.NOTHING),
        ("insurance", Blocks.BILLING),
        ("baseline", Blocks.BILLING),
        ("baseline", Blocks.BILLING),
        ("initial_assessment", Blocks.PLAN),
        ("care_plan", Blocks.BILLING),
        ("emergency_contact", Blocks.SAFETY),
        ("mrn", Blocks.CLAIM),
    ]
    assert found.done == 0


@pytest.mark.parametrize(
    ("change", "key", "detail"),
    [
        ({"consent_fault": "Taken back on Mar 1, 2026"}, "consent", "Taken back on Mar 1, 2026"),
        (
            {"needs_new_consent": True},
            "consent",
            "Verbal, Feb 2, 2026. Ana Rivera, MD bills now: ask again.",
        ),
        ({"needs_visit": True}, "visit", "99214, Jan 20, 2026: more than a year before enrolment"),
        (
            {"diagnosis": "E03.9", "diagnosis_is_behavioral": False},
            "diagnosis",
            "E03.9: the first one is not a behavioral one (F01 to F99)",
        ),
        ({"diagnosis_is_confirmed": False}, "confirmed", "By the treating clinician"),
        ({"has_npi": False}, "npi", "Of Ana Rivera, MD"),
        ({"member_id": ""}, "member_id", ""),
        ({"care_plan_is_signed": False}, "signed", "By the treating clinician"),
        ({"is_safety_plan_needed": True}, "safety_plan", "The last answer about self-harm was above 0"),
        ({"mrn": ""}, "mrn", ""),
    ],
)
def test_one_thing_missing(change: dict[str, object], key: str, detail: str) -> None:
    assert [(part.key, part.detail) for part in checklist(replace(COMPLETE, **change)).missing] == [(key, detail)]


def test_a_patient_who_pays_for_themselves_needs_no_member_id() -> None:
    found = checklist(replace(COMPLETE, needs_member_id=False, member_id=""))
    assert found.missing == ()
    assert "member_id" not in [part.key for part in found.parts]


def test_a_member_id_is_not_shown_on_the_checklist() -> None:
    assert [part.detail for part in checklist(COMPLETE).parts if part.key == "member_id"] == [""]


FACTS = Facts(
    clinic="Lakeside",
    hours="Monday to Friday, 8:00 am to 5:00 pm",
    care_manager="Ken Abara",
    clinician="Ana Rivera, MD",
    next_on="October 12, 2026",
    cost="You pay nothing.",
    crisis="Call or text 988, or call 911.",
)


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_welcome_sheet_says_who_how_often_what_it_costs_and_whom_to_call(language: str) -> None:
    sheet = welcome_sheet(FACTS, language)
    said = " ".join(text for _, paragraphs in sheet.sections for text in paragraphs)
    told = ["Ken Abara", "Ana Rivera, MD", "Lakeside", "October 12, 2026", "You pay nothing.", "988", "911"]
    assert [words for words in told if words not in said] == []
    assert len(sheet.sections) == 6


@pytest.mark.parametrize("language", ["en", "es"])
def test_what_is_not_known_leaves_no_gap(language: str) -> None:
    sheet = welcome_sheet(replace(FACTS, care_manager="", clinician="", next_on=""), language)
    said = " ".join(text for _, paragraphs in sheet.sections for text in paragraphs)
    assert "  " not in said
    assert "None" not in said


def test_days_in_both_languages() -> None:
    assert day_in(date(2026, 10, 12), "en") == "October 12, 2026"
    assert day_in(date(2026, 10, 12), "es") == "12 de octubre de 2026"
