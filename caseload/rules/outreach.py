"""Reaching somebody who is not being reached: what to try next and how, and from when they may be slipping away.

Source: disengagement 5.4 of the clinical rules: tries on the same day, within three working days and by day ten, each
at another time and in another way than before; a letter on day fourteen, from which on the patient is at risk of
disengaging; a review before closing on day thirty. A clinic may set its own steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from registry.rules.business_days import business_days_after

LETTER, MESSAGE, PHONE, REVIEW = "letter", "message", "phone", "review"
# How a step may be taken, in the order in which forms show them.
TRY_MODES = (PHONE, "video", "in_person", MESSAGE)
STEP_MODES = (*TRY_MODES, LETTER, REVIEW)
LAST_DAY, MOST_STEPS = 180, 10

# The parts of a clinic's day, each from its first hour on.
_PARTS = (("in the morning", 0), ("around midday", 11), ("late in the afternoon", 15))
_WORDS = {
    PHONE: "Call",
    "video": "Try by video",
    "in_person": "See the patient in person",
    MESSAGE: "Send a message",
    LETTER: "Send the letter",
    REVIEW: "Review before closing",
}


@dataclass(frozen=True, slots=True)
class Step:
    """On which day after contact was lost to do what: a way to try, `letter`, or `review` before closing."""

    day: int
    mode: str


DEFAULT_STEPS = (Step(0, PHONE), Step(3, PHONE), Step(10, MESSAGE), Step(14, LETTER), Step(30, REVIEW))


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt in vain, or a missed appointment. `hour` is the clinic's local hour; None where none is known."""

    on: date
    mode: str
    hour: int | None = None
    is_missed_visit: bool = False


@dataclass(frozen=True, slots=True)
class NextTry:
    """What is next: when, how, at which part of the day (empty where that says nothing), and the purpose in words."""

    on: date
    mode: str
    part_of_day: str = ""

    @property
    def purpose(self) -> str:
        """`Call, late in the afternoon`."""
        words = _WORDS[self.mode]
        return f"{words}, {self.part_of_day}" if self.part_of_day else words


@dataclass(frozen=True, slots=True)
class Outreach:
    """Somebody who has not been reached since `lost_on`. `tries` leaves missed appointments out."""

    lost_on: date
    tries: int
    next: NextTry
    at_risk_from: date
    close_out_from: date
    is_at_risk: bool
    is_close_out_due: bool

    @property
    def tries_words(self) -> str:
        return "missed, not tried since" if not self.tries else f"tried {_times(self.tries)}"


def outreach_on(
    tries: Sequence[Try], steps: Sequence[Step], *, today: date, may_text: bool | None = None
) -> Outreach | None:
    """Where reaching somebody stands on `today`, from what was in vain since they were last reached, the earliest
    first; None where nothing was.
    """
    if not tries:
        return None
    lost_on = tries[0].on
    slips_from = at_risk_from(lost_on, steps)
    close_out_from = lost_on + timedelta(days=_close_out_day(steps))
    return Outreach(
        lost_on=lost_on,
        tries=sum(not one.is_missed_visit for one in tries),
        next=next_try(tries, steps, on=today, may_text=may_text),
        at_risk_from=slips_from,
        close_out_from=close_out_from,
        is_at_risk=today >= slips_from,
        is_close_out_due=today >= close_out_from,
    )


def at_risk_from(lost_on: date, steps: Sequence[Step]) -> date:
    """From which day somebody not reached since `lost_on` may be slipping away: the treating clinician is told then.

    The day of the letter; where a clinic sends none, that of its last try.
    """
    letters = [step.day for step in steps if step.mode == LETTER]
    day = letters[0] if letters else max(step.day for step in steps if step.mode in TRY_MODES)
    return lost_on + timedelta(days=day)


def next_try(tries: Sequence[Try], steps: Sequence[Step], *, on: date, may_text: bool | None = None) -> NextTry:
    """The first step that is still to be taken, on a business day not before `on`.

    A try follows the one before it by a business day at least, and comes at another part of the day. Where a try is
    no longer foreseen, the letter is next, then the review. Messages go only to whom they may be sent: `may_text`
    false makes a call of them.
    """
    lost_on = tries[0].on if tries else on
    step = _first_open(tries, steps)
    earliest = max(on, lost_on + timedelta(days=step.day))
    made = [one for one in tries if not one.is_missed_visit]
    if made:
        earliest = max(earliest, business_days_after(made[-1].on, 1))
    mode = PHONE if step.mode == MESSAGE and may_text is False else step.mode
    part = _other_part(made) if mode in TRY_MODES and mode != MESSAGE else ""
    return NextTry(business_days_after(earliest, 0), mode, part)


def faults_of_steps(steps: Sequence[Step]) -> tuple[str, ...]:
    """Why a clinic's steps cannot stand, in sentences: each has a day of its own, one is a review, and it is last."""
    found = []
    days = [step.day for step in steps]
    if days != sorted(set(days)):
        found.append("Each step comes on a later day than the one before it. Correct the days.")
    if any(day < 0 or day > LAST_DAY for day in days):
        found.append(f"A day is from 0 to {LAST_DAY}.")
    if not steps or steps[-1].mode != REVIEW or [step.mode for step in steps].count(REVIEW) != 1:
        found.append("The last step, and only that, is the review before closing. Nobody is closed without it.")
    if not any(step.mode in TRY_MODES for step in steps):
        found.append("At least one step tries to reach the patient. Add one.")
    return tuple(found)


def steps_from(stored: Iterable[Sequence[object]]) -> tuple[Step, ...]:
    """A clinic's steps as they are stored, `[day, mode]` each; the documented ones where it set none."""
    return tuple(Step(int(str(day)), str(mode)) for day, mode in stored) or DEFAULT_STEPS


def _first_open(tries: Sequence[Try], steps: Sequence[Step]) -> Step:
    """Tries are counted off whatever their way; a letter is a step of its own; the review stays until it is closed."""
    letters = sum(one.mode == LETTER for one in tries)
    others = sum(one.mode != LETTER and not one.is_missed_visit for one in tries)
    for step in steps:
        if step.mode == REVIEW:
            return step
        if step.mode == LETTER:
            letters -= 1
            if letters < 0:
                return step
        else:
            others -= 1
            if others < 0:
                return step
    return steps[-1]


def _other_part(made: Sequence[Try]) -> str:
    """A part of the day that was not tried yet, the latest first; else the one that was tried longest ago."""
    tried = [_part(one.hour) for one in made if one.hour is not None]
    if not tried:
        return ""
    last = {part: index for index, part in enumerate(tried)}
    return min((part for part, _ in reversed(_PARTS)), key=lambda part: last.get(part, -1))


def _part(hour: int) -> str:
    return [part for part, first in _PARTS if hour >= first][-1]


def _close_out_day(steps: Sequence[Step]) -> int:
    return next(step.day for step in steps if step.mode == REVIEW)


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
