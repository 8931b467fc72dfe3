"""Invented reviews of the demonstration and what became of each recommendation, one patient a block.

Days of a step count working days from the session; the patient's family name is the key to the course.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from caseload.rules.reviews import Advice, ReviewText

Steps = tuple[tuple[str, int, str], ...]


@dataclass(frozen=True)
class Reviewed:
    """One patient in a past session: what was signed, and for each recommendation its steps (what, when, words)."""

    name: str
    text: ReviewText
    steps: tuple[Steps, ...] = ()


def _said(summary: str, impression: str, *advice: Advice) -> ReviewText:
    return ReviewText(advice, summary, impression)


def _medication(act: str, text: str, dose: str, if_then: str = "", again: str = "") -> Advice:
    return Advice("medication", act, text, dose, if_then, again)


TWO_WEEKS_AGO: Final = (
    Reviewed(
        "Ostrander",
        _said(
            "Eleven weeks between 16 and 17 with two walks a week; takes sertraline 100 mg on most days.",
            "Depression, partial adherence; no sign of bipolarity in the record.",
            _medication(
                "dose", "Raise sertraline once doses are no longer missed.", "150 mg each morning",
                "If restless, back to 100 mg and call.", "After four weeks at this dose",
            ),
            Advice("psychosocial", text="A weekly activity plan with one thing done with somebody else."),
        ),
        (
            (
                ("sent", 0, "inbox"),
                ("modified", 1, "125 mg first; blood pressure in two weeks, then 150 mg."),
                ("carried_out", 2, "Prescription for 125 mg sent; pill box started."),
                ("told", 3, "Understands the two steps; will call when restless."),
            ),
            (("carried_out", 1, "Calendar filled in for two weeks; sister walks along on Sundays."), ("told", 1, "")),
        ),
    ),
    Reviewed(
        "Pruitt",
        _said(
            "Eighteen to seventeen in two months on citalopram 40 mg; anxiety as high as at the start.",
            "Depression with marked anxiety, one adequate trial without response.",
            _medication(
                "switch", "Change from citalopram to venlafaxine XR over two weeks.",
                "37.5 mg for a week, then 75 mg; citalopram 20 mg for a week, then none",
                "If blood pressure rises above 150/90, stay at 75 mg.", "At week four of venlafaxine",
            ),
            _medication("lab", "Blood pressure before the change and after two weeks.", ""),
        ),
        ((("sent", 0, "paper"),), (("sent", 0, "paper"), ("accepted", 1, ""))),
    ),
    Reviewed(
        "Quintero",
        _said(
            "From 20 to 12 in four weeks, and there since.",
            "Partial response, plateau.",
            _medication("augment", "Add lithium for the partial response.", "300 mg at night, level after five days"),
        ),
        (
            (
                ("sent", 0, "link"),
                ("declined", 1, "Kidney function is reduced (eGFR 48). Would rather try bupropion."),
            ),
        ),
    ),
)  # fmt: skip
LAST_WEEK: Final = (
    Reviewed(
        "Villanueva",
        _said(
            "From 18 to 14; sleeps four hours.",
            "Depression, improving; sleep lags behind.",
            _medication("start", "Add mirtazapine for sleep.", "7.5 mg at night", "If sleepy at noon, stop."),
            Advice("psychosocial", text="Sleep restriction, six hours in bed at first."),
        ),
        ((("sent", 0, "inbox"),), (("carried_out", 1, "Sleep diary begun."),)),
    ),
    Reviewed(
        "Fairbanks",
        _said(
            "From 15 to 6; tired all day, snores.",
            "Response; a sleep disorder has to be ruled out.",
            Advice("diagnostic", text="Ask for a sleep study; snores and is tired since years."),
        ),
        ((("sent", 0, "link"), ("accepted", 1, "")),),
    ),
    Reviewed(
        "Ibarra",
        _said(
            "16 at the start, two weeks on escitalopram 5 mg.",
            "Too early and too low a dose to judge.",
            _medication("dose", "Raise escitalopram.", "10 mg each morning", "", "After four weeks at 10 mg"),
        ),
        ((("sent", 0, "paper"), ("accepted", 1, "Said so on the phone."), ("carried_out", 2, "")),),
    ),
    Reviewed(
        "Thibodeaux",
        _said("From 13 to 5.", "Remission is close.", Advice("continue", text="Continue unchanged.")),
    ),
    Reviewed(
        "Hanrahan",
        _said(
            "19 at the start; forgets appointments.",
            "Depression; a memory disorder is possible.",
            Advice("evaluation", text="See her once by video: memory, and whether the dose is taken."),
        ),
        ((),),
    ),
    Reviewed(
        "Castellano",
        _said(
            "Below 5 since seven weeks.",
            "Remission.",
            Advice("step_down", text="Plan for relapse prevention; keep sertraline for six months more."),
        ),
        ((("sent", 0, "inbox"),),),
    ),
    Reviewed(
        "Underhill",
        _said(
            "From 12 to 9; nausea on sertraline 50 mg.",
            "Mild depression, side effects decide.",
            _medication("switch", "Change to bupropion XL.", "150 mg each morning", "", "At week four"),
        ),
        ((("sent", 0, "inbox"),),),
    ),
)
# Not reached in last week's session, so first in the next.
UNFINISHED: Final = "Halvorsen"
REVIEWED_LATELY: Final = frozenset(one.name for one in (*TWO_WEEKS_AGO, *LAST_WEEK)) | {UNFINISHED}

# Open questions: name, kind, text, days ago.
QUESTIONS: Final = (
    ("Halvorsen", "medication", "Duloxetine 60 mg for six weeks without effect: higher, or another?", 6),
    ("Deveraux", "question", "Worse since the separation. Is this still adjustment?", 3),
    ("Whitlock", "concern", "Cancels every second call. How do I keep her?", 2),
    ("Brightwell", "clinician", "Dr. Baptiste asks whether propranolol before meetings is all right.", 4),
)
# Changes of treatment that no review asked for: name, what, text, days ago.
CHANGES: Final = (
    ("Kowalczyk", "medication", "Sertraline 50 to 100 mg by the treating clinician", 38),
    ("Okonkwo", "psychosocial", "Problem solving begun", 30),
)
