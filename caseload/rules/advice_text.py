"""What a treating clinician reads: at most six lines, each of which answers one question, ready to be pasted.

Who it is about, what is asked, the dose, why, by when, and from whom with how to answer. What is asked and its dose
are never shortened; why is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from caseload.rules.clock import short_day

MOST_LINES: Final = 6
LONGEST_WHY: Final = 240
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
EHR, PAPER = "ehr", "paper"
_ANSWERS: Final = {
    EHR: "Reply to this message",
    PAPER: "Mark it on this sheet, sign, and hand it back",
    "link": "Answer under the link that comes by e-mail",
    "inbox": "Answer in your inbox here",
    "in_person": "Tell us",
}
_CHOICES: Final = "yes, yes with a change, or no with the reason"


@dataclass(frozen=True, slots=True)
class Asked:
    """One recommendation as its clinician is asked. `patient` names them well enough for whoever treats them.

    `is_decision` is False where the care manager does it and the clinician is only told. `by_on`: until when.
    """

    patient: str
    ask: str
    dose: str
    if_then: str
    why: str
    by_on: date | None
    reviewed_on: date
    consultant: str
    care_manager: str
    is_decision: bool = True


def ready_text(asked: Asked, channel: str) -> str:
    """The lines for a channel; what is not known is left out, and no line is empty."""
    lines = (
        f"Re: {asked.patient}",
        f"{'Asked of you' if asked.is_decision else 'For your information, we are doing this'}: {_line(asked.ask)}",
        _labelled("Dose", ". ".join(filter(None, (_line(asked.dose), _line(asked.if_then))))),
        _labelled("Why", _shortened(_line(asked.why))),
        _by_when(asked),
        f"From: {_senders(asked)}. {_how(asked, channel)}",
    )
    return "\n".join(line for line in lines if line)


def weekday_words(on: date, near: date) -> str:
    """`Monday, Mar 2`; with the year where it is another than that of `near`."""
    year = "" if on.year == near.year else f", {on.year}"
    return f"{_WEEKDAYS[on.weekday()]}, {short_day(on)}{year}"


def _by_when(asked: Asked) -> str:
    if asked.by_on is None or not asked.is_decision:
        return ""
    return f"By: {weekday_words(asked.by_on, asked.reviewed_on)}"


def _senders(asked: Asked) -> str:
    consultant = f"{asked.consultant}, psychiatric review of" if asked.consultant else "psychiatric review of"
    review = f"{consultant} {short_day(asked.reviewed_on)}, {asked.reviewed_on.year}"
    return f"{review}; {asked.care_manager}" if asked.care_manager else review


def _how(asked: Asked, channel: str) -> str:
    how = _ANSWERS.get(channel, _ANSWERS[EHR])
    if not asked.is_decision:
        return f"{how} if you disagree."
    return f"{how}: {_CHOICES}."


def _labelled(label: str, text: str) -> str:
    return f"{label}: {text}" if text else ""


def _line(text: str) -> str:
    """On one line, without a full stop at its end."""
    return " ".join(text.split()).rstrip(".")


def _shortened(text: str) -> str:
    """At a word's end, so that the line can be read at a glance."""
    if len(text) <= LONGEST_WHY:
        return text
    return f"{text[:LONGEST_WHY].rsplit(' ', 1)[0].rstrip(',;:')}…"


def what_next(kind: str, decision: str, care_manager: str) -> str:
    """What happens after a clinician's decision, said at once."""
    who = care_manager or "The care manager"
    if decision == "declined":
        soon = (
            f"{who} speaks with the consultant today"
            if kind == "safety"
            else "The consultant sees why at the next review"
        )
        return f"Declined. {soon}."
    said = "Accepted" if decision == "accepted" else "Accepted with your change"
    if kind == "medication":
        return f"{said}. Order it; {who} sees that it is done and tells the patient."
    return f"{said}. {who} carries it out with you and tells the patient."
