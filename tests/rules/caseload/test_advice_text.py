"""The lines that a treating clinician reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from caseload.rules.advice_text import MOST_LINES, Asked, ready_text, weekday_words, what_next

ASKED = Asked(
    patient="Ana Rivera, born May 4, 1961, record 000123",
    ask="Increase sertraline.",
    dose="100 mg in the morning",
    if_then="If not better in 4 weeks: 150 mg.",
    why="PHQ-9 16 to 16 over 12 weeks.\nTakes it daily.",
    by_on=date(2026, 3, 2),
    reviewed_on=date(2026, 2, 26),
    consultant="Lena Ortiz, MD",
    care_manager="Ken Abara, RN",
)


def test_everything_in_six_lines() -> None:
    assert ready_text(ASKED, "ehr").split("\n") == [
        "Re: Ana Rivera, born May 4, 1961, record 000123",
        "Asked of you: Increase sertraline",
        "Dose: 100 mg in the morning. If not better in 4 weeks: 150 mg",
        "Why: PHQ-9 16 to 16 over 12 weeks. Takes it daily",
        "By: Monday, Mar 2",
        (
            "From: Lena Ortiz, MD, psychiatric review of Feb 26, 2026; Ken Abara, RN."
            " Reply to this message: yes, yes with a change, or no with the reason."
        ),
    ]


def test_what_is_not_known_is_left_out() -> None:
    bare = replace(ASKED, dose="", if_then="", why="", by_on=None, consultant="", care_manager="")
    assert ready_text(bare, "paper").split("\n") == [
        "Re: Ana Rivera, born May 4, 1961, record 000123",
        "Asked of you: Increase sertraline",
        (
            "From: psychiatric review of Feb 26, 2026. Mark it on this sheet, sign, and hand it back:"
            " yes, yes with a change, or no with the reason."
        ),
    ]


def test_what_the_care_manager_does_is_told() -> None:
    lines = ready_text(replace(ASKED, is_decision=False, consultant=""), "unknown").split("\n")
    assert lines[1] == "For your information, we are doing this: Increase sertraline"
    assert lines[-1] == (
        "From: psychiatric review of Feb 26, 2026; Ken Abara, RN. Reply to this message if you disagree."
    )


@pytest.mark.parametrize("channel", ["ehr", "paper", "link", "inbox", "in_person"])
def test_why_is_shortened_and_the_ask_never(channel: str) -> None:
    long = replace(ASKED, ask="ask " * 200, why="reason, " * 100)
    lines = ready_text(long, channel).split("\n")
    assert len(lines) == MOST_LINES
    assert lines[1].count("ask") == 200
    assert lines[3].endswith("reason…")
    assert len(lines[3]) < 250


def test_the_year_where_it_may_be_doubted() -> None:
    assert weekday_words(date(2027, 1, 4), date(2026, 12, 30)) == "Monday, Jan 4, 2027"


@pytest.mark.parametrize(
    ("kind", "decision", "manager", "words"),
    [
        ("medication", "accepted", "Ken", "Accepted. Order it; Ken sees that it is done and tells the patient."),
        ("referral", "modified", "", "Accepted with your change. The care manager carries it out with you"),
        ("referral", "declined", "Ken", "Declined. The consultant sees why at the next review."),
        ("safety", "declined", "Ken", "Declined. Ken speaks with the consultant today."),
    ],
)
def test_what_happens_next_is_said(kind: str, decision: str, manager: str, words: str) -> None:
    assert what_next(kind, decision, manager).startswith(words)
