"""The loop of a recommendation: who is asked, what may come next, and by when.

proposed → sent → accepted, modified or declined → carried out → patient told → closed. Both deadlines run from the
day on which the consultant signed, so that a day lost in sending is seen. Source: psychiatric review, 5.5 of the
clinical rules; the numbers are calls of ours and settings of the clinic (docs/adr/0022).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from registry.rules.business_days import business_days_after

PROPOSED, SENT, CARRIED_OUT, TOLD, CLOSED = "proposed", "sent", "carried_out", "told", "closed"
ACCEPTED, MODIFIED, DECLINED = "accepted", "modified", "declined"
DECISIONS: Final = frozenset({ACCEPTED, MODIFIED, DECLINED})
AGREED: Final = frozenset({ACCEPTED, MODIFIED})
# In which nobody has decided yet.
UNDECIDED: Final = frozenset({PROPOSED, SENT})
OPEN_STATES: Final = frozenset({PROPOSED, SENT, *DECISIONS, CARRIED_OUT, TOLD})

_MEDICATION, _PSYCHOSOCIAL, _SAFETY = "medication", "psychosocial", "safety"
# Nothing changes, so nobody has anything to do: it is closed when it is signed.
_NOTHING_TO_DO: Final = frozenset({"continue", "not_recorded"})
# The care manager does these without waiting; of a safety action the clinician decides nevertheless.
GOES_AHEAD: Final = frozenset({_PSYCHOSOCIAL, _SAFETY})
# A declined one waits for the next review at most so long, in days; a safety action not at all.
_DECLINED_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class AdviceLimits:
    """A clinic's deadlines, from the day of signing: business days for medication, days for everything else."""

    medication_decision: int = 2
    medication_told: int = 5
    other_decision: int = 7
    other_told: int = 14


USUAL: Final = AdviceLimits()


def needs_decision(kind: str) -> bool:
    """Whether the treating clinician decides. Nobody decides to go on as before, or on what the care manager does."""
    return kind not in _NOTHING_TO_DO and kind != _PSYCHOSOCIAL


def goes_ahead(kind: str) -> bool:
    """Whether the care manager carries it out without waiting for an answer; the clinician is told of it."""
    return kind in GOES_AHEAD


def first_state(kind: str) -> str:
    """The state of a recommendation that was just signed."""
    return CLOSED if kind in _NOTHING_TO_DO else PROPOSED


def next_states(state: str, kind: str) -> frozenset[str]:
    """What may be recorded next. An answer may come before the sending was recorded: then both are.

    An open one may be closed at any time, before the patient was told only with a reason.
    """
    if first_state(kind) == CLOSED or state == CLOSED:
        return frozenset()
    return _after(state, kind) | {CLOSED}


def decision_due_on(kind: str, proposed_on: date, limits: AdviceLimits = USUAL) -> date:
    """By when the clinician should have answered; of what goes ahead, by when it should be done."""
    if kind == _SAFETY:
        return proposed_on
    if kind == _MEDICATION:
        return business_days_after(proposed_on, limits.medication_decision)
    return proposed_on + timedelta(days=limits.other_decision)


def told_due_on(kind: str, proposed_on: date, limits: AdviceLimits = USUAL) -> date:
    """By when the patient should have been told."""
    if kind == _SAFETY:
        return proposed_on
    if kind == _MEDICATION:
        return business_days_after(proposed_on, limits.medication_told)
    return proposed_on + timedelta(days=limits.other_told)


def due_on(
    kind: str, state: str, state_on: date, limits: AdviceLimits = USUAL, *, proposed_on: date | None = None
) -> date | None:
    """When the next step is due; None once it is closed.

    `state_on` is the day on which it became `state`, `proposed_on` that of signing (the same where it is not given).
    Until it is sent that is due the next business day, a safety action and what needs no answer excepted.
    """
    since = proposed_on or state_on
    if state == CLOSED:
        return None
    if state == PROPOSED and needs_decision(kind):
        return min(business_days_after(since, 1), decision_due_on(kind, since, limits))
    if state in UNDECIDED:
        return decision_due_on(kind, since, limits)
    if state == DECLINED:
        return state_on if kind == _SAFETY else state_on + timedelta(days=_DECLINED_DAYS)
    return state_on if state == TOLD else told_due_on(kind, since, limits)


def _after(state: str, kind: str) -> frozenset[str]:
    done = frozenset({CARRIED_OUT}) if goes_ahead(kind) else frozenset()
    answers = DECISIONS if needs_decision(kind) else frozenset({DECLINED})
    following: Mapping[str, frozenset[str]] = {
        PROPOSED: frozenset({SENT}) | answers | done,
        SENT: answers | done,
        ACCEPTED: frozenset({CARRIED_OUT}),
        MODIFIED: frozenset({CARRIED_OUT}),
        CARRIED_OUT: frozenset({TOLD}),
    }
    return following.get(state, frozenset())


def states_after_voiding(states: Sequence[str], voided: str) -> frozenset[str]:
    """Which states go when a step is taken back: the last one, and with an ending by telling the telling itself.

    Empty where the step is not the last: later ones rest on it.
    """
    if list(states[-2:]) == [TOLD, CLOSED] and voided in (TOLD, CLOSED):
        return frozenset({TOLD, CLOSED})
    return frozenset({voided}) if states and states[-1] == voided else frozenset()
