"""A psychiatric review as a document: what the consultant says, and the numbered recommendations.

A review has at least one recommendation. To continue unchanged is one, and says enough by itself; every other kind says
in words what is advised. Nobody was examined: the words that say so stand under every review. Source: psychiatric
review, 5.5 of the clinical rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from registry.rules.content import Fault, Part, choice, day, faults_of, rows, words

CONTINUE, MEDICATION = "continue", "medication"
KINDS: Final = (
    (CONTINUE, "Continue"),
    (MEDICATION, "Medication"),
    ("psychosocial", "Psychosocial"),
    ("diagnostic", "Diagnostic clarification"),
    ("evaluation", "Direct evaluation"),
    ("referral", "Specialty referral"),
    ("safety", "Safety"),
    ("step_down", "Step down"),
    ("discharge", "Discharge"),
)
ACTS: Final = (
    ("start", "Start"),
    ("dose", "Change the dose"),
    ("switch", "Switch"),
    ("augment", "Add to it"),
    ("stop", "Stop"),
    ("lab", "Test or monitor"),
)
# Of these the dose is the point; whoever leaves it open says why in the same field.
ACTS_WITH_DOSE: Final = frozenset({"start", "dose", "switch", "augment"})
STATEMENT: Final = (
    "This advice comes from talking with the care manager and reading the record. The psychiatric consultant has not "
    "examined the patient. The treating clinician, who knows and treats the patient, decides what is done."
)


@dataclass(frozen=True)
class Advice:
    """One recommendation as it is written."""

    kind: str = choice("Kind", KINDS, required="Choose what kind of recommendation this is, or clear the row.")
    act: str = choice("About the medication", ACTS)
    text: str = words("What is advised", is_long=True, most=1_000)
    dose: str = words("Dose and steps", help="Or why none is given.")
    if_then: str = words("If …, then …", most=500, help="For example: if no better by week 4, go to 150 mg.")
    present_again: str = words("Bring back when", help="For example: after four weeks at this dose.")
    present_again_on: date | None = day("Bring back on", is_planned=True)  # noqa: RUF009 - declares a field


@dataclass(frozen=True)
class ReviewText:
    """All that is written in a review."""

    recommendations: tuple[Advice, ...] = rows(Advice, "Recommendations", one="Recommendation")
    summary: str = words("Summary", is_long=True, help="What matters in a few lines. It may be left out.")
    impression: str = words(
        "Provisional impression", is_long=True, most=2_000, help="Provisional: nobody was examined."
    )


PARTS: Final = (
    Part("advice", "Recommendations", ("recommendations",), is_open=True),
    Part("words", "In words", ("summary", "impression"), is_open=True),
)


def faults_of_review(content: ReviewText, *, today: date, born_on: date) -> tuple[Fault, ...]:
    """What a review cannot be signed for; a draft is only held to `faults_of_draft`."""
    if not content.recommendations:
        missing = "A review needs at least one recommendation. To continue unchanged is one."
        return (Fault("recommendations", missing),)
    own = [fault for place, one in enumerate(content.recommendations) for fault in _faults_of(one, place)]
    return (*faults_of(content, today=today, born_on=born_on), *own)


def faults_of_draft(content: ReviewText, *, today: date, born_on: date) -> tuple[Fault, ...]:
    """What not even a draft can hold: too long a text, a day that cannot be. A kind may still be missing."""
    found = faults_of(content, today=today, born_on=born_on)
    return tuple(fault for fault in found if not _lacks_kind(content, fault))


def _lacks_kind(content: ReviewText, fault: Fault) -> bool:
    return fault.column == "kind" and fault.row is not None and not content.recommendations[fault.row].kind


def _faults_of(one: Advice, place: int) -> Iterator[Fault]:
    """The sentences of one recommendation, counted from 1 as the page does."""

    def fault(column: str, sentence: str) -> Fault:
        return Fault("recommendations", f"Recommendation {place + 1}. {sentence}", place, column)

    if one.kind == MEDICATION and not one.act:
        yield fault("act", "Choose what is asked about the medication.")
    if one.kind != MEDICATION and one.act:
        yield fault("act", "Only a recommendation about medication says this. Choose nothing, or change the kind.")
    if one.kind not in {"", CONTINUE} and not one.text.strip():
        yield fault("text", "Say what is advised.")
    if one.kind == MEDICATION and one.act in ACTS_WITH_DOSE and not one.dose.strip():
        yield fault("dose", "Give the dose, or say why none is given.")


def kind_words(kind: str, act: str = "") -> str:
    """`Medication: start`; what an import brought without a kind says so."""
    label = dict(KINDS).get(kind, "Not recorded in the source")
    return f"{label}: {dict(ACTS)[act].lower()}" if act in dict(ACTS) else label


@dataclass(frozen=True, slots=True)
class AdviceLine:
    """One numbered recommendation in words."""

    number: int
    title: str
    text: str
    details: tuple[str, ...]


def advice_line(
    *,
    number: int,
    kind: str,
    act: str = "",
    text: str = "",
    dose: str = "",
    if_then: str = "",
    present_again: str = "",
    present_again_on: date | None = None,
) -> AdviceLine:
    """How a recommendation is read, wherever it is."""
    on = f"{present_again_on:%b} {present_again_on.day}, {present_again_on.year}" if present_again_on else ""
    again = ", ".join(part for part in (present_again, on) if part)
    details = (("Dose", dose), ("If, then", if_then), ("Bring back", again))
    return AdviceLine(
        number, kind_words(kind, act), text.strip(), tuple(f"{label}: {said}" for label, said in details if said)
    )


@dataclass(frozen=True, slots=True)
class ReviewWords:
    """What goes into another record. `on` and `signature` are words; `addenda` are (signature, text)."""

    patient: str
    on: str
    question: str
    summary: str
    impression: str
    advice: Sequence[AdviceLine]
    signature: str
    addenda: Sequence[tuple[str, str]] = ()


def review_text(note: ReviewWords) -> str:
    """A signed review as plain text, in full."""
    lines = ["Psychiatric case review", note.patient, note.on, ""]
    for label, said in (("Question", note.question), ("Summary", note.summary), ("Impression", note.impression)):
        if said:
            lines += [f"{label}: {said}", ""]
    lines.append("Recommendations")
    for one in note.advice:
        lines.append(f"{one.number}. {one.title}" + (f". {one.text}" if one.text else ""))
        lines += [f"   {detail}" for detail in one.details]
    lines += ["", STATEMENT, "", note.signature]
    for signature, said in note.addenda:
        lines += ["", f"Added: {said}", signature]
    return "\n".join(lines)
