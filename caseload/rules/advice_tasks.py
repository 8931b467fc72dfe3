"""What an open recommendation asks of the care manager today: send it, ask again, carry it out, tell the patient."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from caseload.rules.advice import (
    ACCEPTED,
    AGREED,
    CARRIED_OUT,
    DECLINED,
    PROPOSED,
    UNDECIDED,
    goes_ahead,
    needs_decision,
)
from caseload.rules.clock import short_day

SAFETY, UNSENT, UNANSWERED, DECLINED_LATE, TO_DO, TO_TELL = (
    *("advice_safety", "advice_unsent", "advice_unanswered", "advice_declined", "advice_to_do", "advice_to_tell"),
)
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class AdviceDue:
    """An open recommendation: its kind, where it stands since when, when the next step is due, and what it asks."""

    kind: str
    state: str
    state_on: date
    due_on: date
    words: str


@dataclass(frozen=True, slots=True)
class AdviceTask:
    """What it asks: a kind of the worklist, since when it stands, in words, and how many days until it is due."""

    kind: str
    since: date
    words: str
    days_left: int


def advice_tasks(advice: Iterable[AdviceDue], today: date) -> list[AdviceTask]:
    """One task of each kind, that of the recommendation due first; how many more there are is said in its words.

    What was sent waits for its answer until that is late, and what was declined for the consultant: after that somebody
    has to bring it there or close it. A safety action that was declined waits for nobody.
    """
    by_kind: dict[str, list[AdviceTask]] = {}
    for one in sorted(advice, key=lambda one: (one.due_on, one.words)):
        found = _task(one, today)
        if found is not None:
            by_kind.setdefault(found.kind, []).append(found)
    return [_with_more(tasks) for tasks in by_kind.values()]


def _task(one: AdviceDue, today: date) -> AdviceTask | None:
    kind, said = _asked(one, today)
    if not kind:
        return None
    due = f", was due on {short_day(one.due_on)}" if one.due_on < today else f", due {_due(one.due_on, today)}"
    left = (one.due_on - today).days
    return AdviceTask(kind, one.state_on, f"{said}: {_shortened(one.words)}{due}", left)


def _asked(one: AdviceDue, today: date) -> tuple[str, str]:
    if one.state == DECLINED:
        return _declined(one, today)
    if one.kind == "safety" and one.state != CARRIED_OUT:
        return SAFETY, "The consultant asks for"
    if one.state == CARRIED_OUT:
        return TO_TELL, "Tell the patient"
    if one.state in AGREED:
        agreed = "Agreed" if one.state == ACCEPTED else "Agreed with a change"
        return TO_DO, f"{agreed}, to be carried out"
    if one.state in UNDECIDED and goes_ahead(one.kind):
        return TO_DO, "Carry out"
    if one.state == PROPOSED and needs_decision(one.kind):
        return UNSENT, "Ask the clinician"
    return (UNANSWERED, f"No answer since {short_day(one.state_on)}") if one.due_on < today else ("", "")


def _declined(one: AdviceDue, today: date) -> tuple[str, str]:
    day = short_day(one.state_on)
    if one.kind == "safety":
        return SAFETY, f"Declined {day}, speak with the consultant today"
    is_late = one.due_on < today
    return (DECLINED_LATE, f"Declined {day}, bring it to the consultant or close it") if is_late else ("", "")


def _with_more(tasks: list[AdviceTask]) -> AdviceTask:
    first, more = tasks[0], len(tasks) - 1
    if not more:
        return first
    return AdviceTask(first.kind, first.since, f"{first.words}; and {more} more", first.days_left)


def _due(on: date, today: date) -> str:
    return "today" if on == today else short_day(on)


def _shortened(text: str) -> str:
    text = " ".join(text.split()).rstrip(".")
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST].rsplit(' ', 1)[0]}…"
