"""Which kinds of work go with which ways of being in touch, and a note as plain text."""

from __future__ import annotations

import pytest

from caseload.rules.notes import NoteText, ehr_text, mode_fault, outcome_fault

LIVE, SENT = {"phone", "video", "in_person"}, {"message", "letter"}
EVERY = LIVE | SENT | {"none"}


@pytest.mark.parametrize(
    ("activity", "modes"),
    [
        ("treatment", LIVE),
        ("no_show", LIVE),
        ("message", SENT),
        ("outreach_attempt", LIVE | SENT),
        ("caregiver", LIVE | SENT),
        ("coordination", EVERY),
        ("registry", EVERY),
        ("care_planning", EVERY),
        ("scheduling", EVERY),
    ],
)
def test_which_ways_a_kind_of_work_is_done_in(activity: str, modes: set[str]) -> None:
    assert {mode for mode in EVERY if not mode_fault(activity, mode)} == modes


@pytest.mark.parametrize(
    ("activity", "mode", "sentence"),
    [
        (
            "treatment",
            "letter",
            "A session is by phone, video or in person. Choose one of them, or “Message” as what it was.",
        ),
        (
            "treatment",
            "none",
            (
                "A session is by phone, video or in person. Choose one of them, or “Registry and chart work”, "
                "“Care planning” or “Care coordination” as what it was."
            ),
        ),
        ("no_show", "message", "A no-show was to be by phone, video or in person. Choose which."),
        (
            "message",
            "phone",
            "A message goes by message or letter. Choose one of them, or “Session with the patient” for a talk.",
        ),
        (
            "caregiver",
            "none",
            "Choose how you tried to be in touch. For work without the patient choose another kind.",
        ),
    ],
)
def test_the_refusal_names_the_kind_that_fits(activity: str, mode: str, sentence: str) -> None:
    assert mode_fault(activity, mode) == sentence


@pytest.mark.parametrize(
    ("activity", "outcome", "sentence"),
    [
        ("treatment", "", ""),
        ("treatment", "reached", ""),
        (
            "treatment",
            "voicemail",
            "In a session the patient was reached. Choose “Attempt to reach” instead.",
        ),
        ("outreach_attempt", "voicemail", ""),
        ("registry", "", ""),
        ("registry", "sent", "This kind of work has no outcome. Clear it, or choose “Attempt to reach”."),
    ],
)
def test_what_can_come_of_a_kind_of_work(activity: str, outcome: str, sentence: str) -> None:
    assert outcome_fault(activity, outcome) == sentence


def test_a_whole_note_as_text() -> None:
    note = NoteText(
        patient="Ana Rivera, MRN 000001",
        on="Mar 2, 2026, 9:00 am",
        kind="Session with the patient, phone",
        signature="Signed by Ken Abara, RN, Mar 2, 2026, 10:00 am",
        note=" Slept better.\n",
        scores=("PHQ-9 16, item 9: 0", "GAD-7 12"),
        parts=(("Skill practised", "Two walks a week."), ("Side effects", "")),
        question="Raise sertraline?",
        next_contact="Next contact: Mar 16, 2026, PHQ-9",
        time="24 min",
        addenda=(("Ken Abara, RN, Mar 3, 2026", "The pharmacy confirmed."),),
        co_signature="Read and signed by Lea Ode, LCSW",
    )
    assert ehr_text(note) == (
        "Session with the patient, phone, Mar 2, 2026, 9:00 am\nAna Rivera, MRN 000001\n"
        "Scores: PHQ-9 16, item 9: 0; GAD-7 12\n\nSlept better.\n\nSkill practised: Two walks a week.\n\n"
        "Question for the consultant: Raise sertraline?\n\nNext contact: Mar 16, 2026, PHQ-9\n24 min\n\n"
        "Signed by Ken Abara, RN, Mar 2, 2026, 10:00 am\nRead and signed by Lea Ode, LCSW\n\n"
        "Addendum, Ken Abara, RN, Mar 3, 2026:\nThe pharmacy confirmed."
    )


def test_what_is_empty_is_left_out() -> None:
    bare = NoteText(patient="Ana Rivera", on="Mar 2, 2026", kind="No-show, phone", signature="Signed by Ken Abara")
    assert ehr_text(bare) == "No-show, phone, Mar 2, 2026\nAna Rivera\n\nSigned by Ken Abara"
