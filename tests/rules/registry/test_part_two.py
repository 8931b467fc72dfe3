"""When records of a substance use disorder program may leave: by hand, and by a machine that signs and revokes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from registry.rules.part_two import (
    TPO,
    ConsentGiven,
    Purpose,
    Use,
    consent_for,
    faults_of_consent,
    faults_of_mark,
    may_leave,
    refused_words,
)

ON = date(2026, 3, 2)
SIGNED = ConsentGiven("tpo", ON, None, is_revoked=False, recipient="my providers", what="my record")
RIGHT = {
    "purpose": "tpo",
    "also": (),
    "purpose_text": "",
    "signed_on": ON,
    "until_on": None,
    "until_event": "none",
    "today": ON,
}


@pytest.mark.parametrize("use", list(Use))
def test_what_is_not_marked_leaves_without_a_consent(use):
    assert may_leave(is_marked=False, consents=(), use=use, on=ON)


@pytest.mark.parametrize(("use", "expected"), [(use, use is Use.TO_PATIENT) for use in Use])
def test_marked_records_leave_without_consent_for_the_patient_alone(use, expected):
    assert may_leave(is_marked=True, consents=(), use=use, on=ON) is expected


@pytest.mark.parametrize("use", sorted(TPO))
@pytest.mark.parametrize(
    ("purpose", "expected"), [("tpo", True), ("specific", False), ("notes", False), ("legal", False)]
)
def test_only_the_consent_for_all_covers_treatment_payment_and_operations(use, purpose, expected):
    given = replace(SIGNED, purpose=purpose)
    assert may_leave(is_marked=True, consents=[given], use=use, on=ON) is expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (SIGNED, True),
        (replace(SIGNED, signed_on=ON + timedelta(days=1)), False),
        (replace(SIGNED, until_on=ON), True),
        (replace(SIGNED, signed_on=ON - timedelta(days=9), until_on=ON - timedelta(days=1)), False),
        (replace(SIGNED, is_revoked=True), False),
    ],
)
def test_a_consent_holds_from_its_signature_to_its_last_day_unless_revoked(given, expected):
    assert may_leave(is_marked=True, consents=[given], use=Use.PAYMENT, on=ON) is expected


def test_the_last_signed_consent_is_the_one_that_goes_with_it():
    older = replace(SIGNED, signed_on=ON - timedelta(days=30))
    assert consent_for([older, SIGNED], Use.TREATMENT, ON) == SIGNED


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (SIGNED, "Disclosed with the patient's consent of March 2, 2026: my record, to my providers."),
        (
            replace(SIGNED, until_on=date(2027, 1, 5)),
            "Disclosed with the patient's consent of March 2, 2026, until January 5, 2027: my record, to my providers.",
        ),
    ],
)
def test_the_scope_is_said_beside_what_leaves(given, expected):
    assert given.scope == expected


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({}, []),
        ({"purpose": "legal", "purpose_text": "The hearing"}, []),
        ({"purpose": "legal", "purpose_text": "The hearing", "also": ("tpo",)}, ["also"]),
        ({"also": ("legal",)}, ["also"]),
        ({"purpose": "notes", "purpose_text": "Notes", "also": ("tpo",)}, ["also"]),
        ({"also": ("notes",)}, ["also"]),
        ({"also": ("tpo",)}, []),
        ({"purpose": "specific", "purpose_text": " "}, ["purpose_text"]),
        ({"signed_on": ON + timedelta(days=1)}, ["signed_on"]),
        ({"until_event": " "}, ["until_on"]),
        ({"until_on": ON - timedelta(days=1)}, ["until_on"]),
    ],
)
def test_a_consent_says_what_the_rule_asks_for(changes, fields):
    assert list(faults_of_consent(**(RIGHT | changes))) == fields


@pytest.mark.parametrize(
    ("name", "from_on", "fields"),
    [("Riverside", ON, []), (" ", ON, ["program_name"]), ("Riverside", ON + timedelta(days=1), ["from_on"])],
)
def test_a_mark_names_its_program_and_a_day(name, from_on, fields):
    assert list(faults_of_mark(program_name=name, from_on=from_on, today=ON)) == fields


def test_a_refusal_says_what_to_do():
    assert refused_words(Use.PAYMENT) == (
        "Records of a substance use disorder program are in it, and no consent under 42 CFR part 2 allows them to "
        "leave for payment. Have the patient sign one, or end the mark if it is wrong: both under Record rights."
    )


class Consents(RuleBasedStateMachine):
    """Consents are signed, end and are revoked while days pass; a plain ledger says what may leave."""

    def __init__(self) -> None:
        super().__init__()
        self.today, self.is_marked = ON, False
        self.given: list[ConsentGiven] = []

    @rule(is_marked=st.booleans())
    def mark(self, is_marked):
        self.is_marked = is_marked

    @rule(purpose=st.sampled_from(list(Purpose)), days=st.none() | st.integers(0, 10))
    def sign(self, purpose, days):
        until = None if days is None else self.today + timedelta(days=days)
        self.given.append(ConsentGiven(purpose, self.today, until, is_revoked=False))

    @rule(data=st.data())
    def revoke(self, data):
        if self.given:
            index = data.draw(st.integers(0, len(self.given) - 1))
            self.given[index] = replace(self.given[index], is_revoked=True)

    @rule(days=st.integers(1, 12))
    def days_pass(self, days):
        self.today += timedelta(days=days)

    @invariant()
    def only_what_a_standing_consent_allows_leaves(self):
        stands = False
        for one in self.given:
            is_over = one.until_on is not None and one.until_on < self.today
            stands = stands or (one.purpose == "tpo" and not one.is_revoked and not is_over)
        for use in Use:
            expected = not self.is_marked or use == "to_patient" or stands
            assert may_leave(is_marked=self.is_marked, consents=self.given, use=use, on=self.today) is expected


Consents.TestCase.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
TestConsents = Consents.TestCase
