"""What belongs together in a contact's note, and the note as plain text for another record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# What a note may say in parts of its own: stored key and the words on the screen, in the order shown.
PARTS: Final = (
    ("medication", "Medication and adherence"),
    ("side_effects", "Side effects"),
    ("skill", "Skill practised"),
    ("plan_change", "Change of plan"),
)

_LIVE: Final = frozenset({"phone", "video", "in_person"})
_SENT: Final = frozenset({"message", "letter"})
# Kinds of work that are only some ways of being in touch; the others may be any.
_MODES: Final[Mapping[str, frozenset[str]]] = {
    "treatment": _LIVE,
    "no_show": _LIVE,
    "message": _SENT,
    "outreach_attempt": _LIVE | _SENT,
    "caregiver": _LIVE | _SENT,
}
_WITH_OUTCOME: Final = frozenset({"outreach_attempt", "message", "caregiver", "coordination", "scheduling"})


def mode_fault(activity: str, mode: str) -> str:
    """Why this kind of work is not done in this way, naming the kind that fits; empty where it is.

    A session with the patient is synchronous: only those count as clinical contacts (clinical-and-product 5.3).
    """
    if mode in _MODES.get(activity, {mode}):
        return ""
    if activity == "treatment":
        other = "“Message”" if mode in _SENT else "“Registry and chart work”, “Care planning” or “Care coordination”"
        return f"A session is by phone, video or in person. Choose one of them, or {other} as what it was."
    if activity == "no_show":
        return "A no-show was to be by phone, video or in person. Choose which."
    if activity == "message":
        return "A message goes by message or letter. Choose one of them, or “Session with the patient” for a talk."
    return "Choose how you tried to be in touch. For work without the patient choose another kind."


def outcome_fault(activity: str, outcome: str) -> str:
    """Why nothing of this kind can have come of this kind of work; empty where it can, or nothing is said."""
    if not outcome or activity in _WITH_OUTCOME:
        return ""
    if activity == "treatment":
        return (
            "" if outcome == "reached" else "In a session the patient was reached. Choose “Attempt to reach” instead."
        )
    return "This kind of work has no outcome. Clear it, or choose “Attempt to reach”."


@dataclass(frozen=True)
class NoteText:
    """A note in words, as it is shown; every part but the first four may be empty."""

    patient: str
    on: str
    kind: str
    signature: str
    note: str = ""
    scores: tuple[str, ...] = ()
    parts: tuple[tuple[str, str], ...] = ()
    question: str = ""
    next_contact: str = ""
    time: str = ""
    addenda: tuple[tuple[str, str], ...] = ()
    co_signature: str = ""


def ehr_text(note: NoteText) -> str:
    """The whole note as plain text to paste into another record: what is empty is left out, a blank line between."""
    lines = [f"{note.kind}, {note.on}", note.patient]
    lines += [f"Scores: {'; '.join(note.scores)}"] if note.scores else []
    blocks = ["\n".join(lines), note.note.strip()]
    blocks += [f"{label}: {text}" for label, text in note.parts if text]
    blocks += [f"Question for the consultant: {note.question}" if note.question else ""]
    blocks += ["\n".join(part for part in (note.next_contact, note.time) if part)]
    blocks += ["\n".join(part for part in (note.signature, note.co_signature) if part)]
    blocks += [f"Addendum, {signature}:\n{text}" for signature, text in note.addenda]
    return "\n\n".join(block for block in blocks if block)
