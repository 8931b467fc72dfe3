"""Accountings and requests to amend: days, and what has to be said."""

from __future__ import annotations

from datetime import date

import pytest

from registry.rules import amendments, disclosures

ON = date(2026, 3, 2)
TOLD = {
    "on": ON,
    "today": ON,
    "recipient": "County",
    "what": "Name",
    "why": "Report of a case",
    "purpose": "public_health",
    "is_marked": False,
    "has_consent": False,
}
ANSWER = {
    "is_accepted": True,
    "answer": "We corrected it.",
    "basis": "",
    "changed": "Care plan, version 3",
    "answered_on": ON,
    "asked_on": ON,
    "today": ON,
}


@pytest.mark.parametrize(("asked_on", "expected"), [(ON, date(2020, 3, 2)), (date(2024, 2, 29), date(2018, 2, 28))])
def test_an_accounting_goes_six_years_back(asked_on, expected):
    assert disclosures.accounted_from(asked_on) == expected


@pytest.mark.parametrize(
    ("purpose", "on", "expected"),
    [
        ("public_health", ON, True),
        ("mistake", date(2020, 3, 2), True),
        ("mistake", date(2020, 3, 1), False),
        ("mistake", date(2026, 3, 3), False),
        ("treatment", ON, False),
        ("payment", ON, False),
        ("operations", ON, False),
        ("to_patient", ON, False),
    ],
)
def test_an_accounting_lists_what_is_none_of_treatment_payment_and_operations(purpose, on, expected):
    assert disclosures.is_accounted(purpose, on, asked_on=ON) is expected


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({}, []),
        ({"on": date(2026, 3, 3)}, ["on"]),
        ({"recipient": " "}, ["recipient"]),
        ({"what": ""}, ["what"]),
        ({"why": " "}, ["why"]),
        ({"why": "", "purpose": "treatment"}, []),
        ({"why": "", "purpose": "treatment", "is_marked": True}, ["why"]),
        ({"why": "", "purpose": "treatment", "is_marked": True, "has_consent": True}, []),
        ({"why": "", "purpose": "to_patient", "is_marked": True}, []),
    ],
)
def test_a_disclosure_says_what_an_accounting_needs(changes, fields):
    assert list(disclosures.faults_of_disclosure(**(TOLD | changes))) == fields


def test_of_marked_records_the_fault_asks_for_the_consent():
    found = disclosures.faults_of_disclosure(**(TOLD | {"why": "", "is_marked": True}))
    assert found == {
        "why": "Part of this record is under 42 CFR part 2. Choose the consent, or say what allowed it without one."
    }


def test_an_answer_is_due_in_sixty_days_and_once_thirty_more():
    assert (amendments.due_on(ON), amendments.extended_due_on(ON)) == (date(2026, 5, 1), date(2026, 5, 31))


@pytest.mark.parametrize(
    ("asked_on", "what", "fields"),
    [(ON, "The dose is wrong", []), (date(2026, 3, 3), "The dose", ["asked_on"]), (ON, " ", ["what"])],
)
def test_a_request_to_amend_says_what(asked_on, what, fields):
    assert list(amendments.faults_of_request(asked_on=asked_on, today=ON, what=what)) == fields


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({}, []),
        ({"is_accepted": None}, ["is_accepted"]),
        ({"answer": ""}, ["answer"]),
        ({"changed": " "}, ["changed"]),
        ({"is_accepted": False}, ["basis"]),
        ({"is_accepted": False, "basis": "accurate", "changed": ""}, []),
        ({"answered_on": date(2026, 3, 3)}, ["answered_on"]),
        ({"answered_on": date(2026, 3, 1)}, ["answered_on"]),
    ],
)
def test_an_answer_says_what_was_changed_or_why_not(changes, fields):
    assert list(amendments.faults_of_answer(**(ANSWER | changes))) == fields
