"""Referrals: when something is due, how they go from state to state, what each end demands, and who waits first.

States are `referred` (nobody has tried yet), `contacting` (tried at least once), `waiting` (no room on the panel)
and `ended`, with an outcome. All days are local days of the referral's clinic.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from registry.rules.business_days import business_days_after

REFERRED, CONTACTING, WAITING, ENDED = "referred", "contacting", "waiting", "ended"
OPEN_STATES = (REFERRED, CONTACTING, WAITING)
ENROLLED, DECLINED, UNREACHABLE = "enrolled", "declined", "unreachable"
INELIGIBLE, DUPLICATE = "ineligible", "duplicate"
REACHED = "reached"

# On how many different days somebody must have been tried in vain before they count as unreachable.
ATTEMPT_DAYS = 3
# After an attempt without a next try, the next one is due this many business days later.
NEXT_TRY_DAYS = 3
# Scores so long before the referral still say how the patient was at referral.
SCORE_DAYS = 90
# Referrals that never were this program's to enrol: left out of times and rates.
NOT_VALID = frozenset({INELIGIBLE, DUPLICATE})

_URGENCY = {"urgent": 0, "soon": 1, "routine": 2}
# Totals from which each step of severity begins: none, mild, moderate, moderately severe, severe. The published bands:
# PHQ-9, Kroenke 2001 (5, 10, 15, 20); GAD-7, Spitzer 2006 (5, 10, 15), whose highest band is severe.
_SEVERITY = {"phq9": ((20, 4), (15, 3), (10, 2), (5, 1)), "gad7": ((15, 4), (10, 2), (5, 1))}
_SEVERE = 4


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt: on which local day, whether the patient was reached, and when to try again."""

    on: date
    is_reached: bool
    next_try_on: date | None = None


@dataclass(frozen=True, slots=True)
class ScoreSeen:
    """A score at referral, as far as the order of waiting looks at it."""

    instrument: str
    total: int | None
    item9: int | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """What an end demands: a reason, or so many days of attempts in vain, or a reason in their place."""

    needs_reason: bool = False
    needs_attempt_days: int = 0
    needs_episode: bool = False


ENDINGS: dict[str, Ending] = {
    ENROLLED: Ending(needs_episode=True),
    DECLINED: Ending(needs_reason=True),
    UNREACHABLE: Ending(needs_attempt_days=ATTEMPT_DAYS),
    INELIGIBLE: Ending(needs_reason=True),
    DUPLICATE: Ending(),
}


def due_day(referred_on: date, business_days: int) -> date:
    """The day until which the first attempt is due: so many business days after the referral."""
    return business_days_after(referred_on, business_days)


def state_after(tries: Collection[Try], waiting_from: date | None) -> str:
    """The state of an open referral: on the waiting list, else by whether anybody has tried."""
    if waiting_from is not None:
        return WAITING
    return CONTACTING if tries else REFERRED


def due_on(
    *, first_attempt_due_on: date, tries: Sequence[Try], waiting_from: date | None, interim_contact_days: int
) -> date:
    """The next thing due of an open referral, so that none of them is ever due nothing.

    Nobody tried: the first attempt. Tried: the next try that was named, else three business days after the last
    attempt. Waiting for a place: so many days after the wait began or the patient was last reached, or the next
    try that was named since. `tries` in the order in which they were made.
    """
    last = tries[-1] if tries else None
    if waiting_from is not None:
        return _interim_due_on(waiting_from, tries, interim_contact_days)
    if last is None:
        return first_attempt_due_on
    return last.next_try_on or business_days_after(last.on, NEXT_TRY_DAYS)


def _interim_due_on(waiting_from: date, tries: Sequence[Try], every: int) -> date:
    last = tries[-1] if tries else None
    if last is not None and last.on >= waiting_from and last.next_try_on is not None:
        return last.next_try_on
    reached = [attempt.on for attempt in tries if attempt.is_reached]
    return max([waiting_from, *reached[-1:]]) + timedelta(days=every)


def days_in_vain(tries: Sequence[Try]) -> int:
    """On how many different days somebody tried since the patient was last reached. `tries` in order."""
    days: set[date] = set()
    for attempt in tries:
        days = set() if attempt.is_reached else days | {attempt.on}
    return len(days)


def fault_of_ending(outcome: str, *, reason: str, tries: Sequence[Try]) -> str:
    """Why a referral cannot end so; empty where it can. A sentence with the fix.

    Unreachable takes three days of attempts in vain, or a stated reason. Raises KeyError for no outcome.
    """
    ending = ENDINGS[outcome]
    is_said = bool(reason.strip())
    if ending.needs_episode:
        return "A referral ends as enrolled when the patient is enrolled. Enrol the patient."
    if ending.needs_reason and not is_said:
        return {DECLINED: "Say why the patient declined.", INELIGIBLE: "Say why the patient is not eligible."}[outcome]
    made = days_in_vain(tries)
    if made < ending.needs_attempt_days and not is_said:
        days = "on no day" if not made else "on 1 day" if made == 1 else f"on {made} days"
        return (
            f"So far the patient was tried {days} in vain; unreachable takes {ending.needs_attempt_days} different "
            "days. Try again, or say why this is enough."
        )
    return ""


@dataclass(frozen=True, slots=True)
class Times:
    """Calendar days from referral to the first attempt, to being reached, to enrolment; None where not yet."""

    to_first_attempt: int | None
    to_reached: int | None
    to_enrolled: int | None


def times_of(
    *, referred_on: date, first_attempt_on: date | None, reached_on: date | None, enrolled_on: date | None
) -> Times:
    """How long each step took."""
    days = [None if on is None else (on - referred_on).days for on in (first_attempt_on, reached_on, enrolled_on)]
    return Times(*days)


@dataclass(frozen=True, slots=True)
class Median:
    """The middle of what is known, and of how many it is; None where nothing is known."""

    days: Decimal | None
    known: int
    of: int

    @property
    def words(self) -> str:
        """`2 days`, `1.5 days`, `same day`."""
        if self.days is None:
            return "—"
        if self.days == 0:
            return "same day"
        number = f"{self.days.normalize():f}"
        return "1 day" if number == "1" else f"{number} days"


def median_of(days: Iterable[int | None]) -> Median:
    """The median of the days that are known."""
    every = list(days)
    known = sorted(day for day in every if day is not None)
    if not known:
        return Median(None, 0, len(every))
    middle = len(known) // 2
    value = Decimal(known[middle]) if len(known) % 2 else Decimal(known[middle - 1] + known[middle]) / 2
    return Median(value, len(known), len(every))


def severity_of(scores: Iterable[ScoreSeen]) -> int | None:
    """How bad it is by the worst score at referral, 0 to 4; None without any. A positive item 9 is as bad as severe."""
    return max((step for score in scores if (step := _severity(score)) is not None), default=None)


def _severity(score: ScoreSeen) -> int | None:
    if score.item9:
        return _SEVERE
    steps = _SEVERITY.get(score.instrument)
    if steps is None or score.total is None:
        return None
    return next((step for least, step in steps if score.total >= least), 0)


def waiting_order(urgency: str, severity: int | None, referred_on: date) -> tuple[int, int, date]:
    """What the waiting list is sorted by: urgency, then the worst score, then the oldest referral.

    Without a score a patient stands as if moderate, so that not having asked puts nobody last.
    """
    return (_URGENCY[urgency], -(2 if severity is None else severity), referred_on)
