"""Danger to oneself: the tier that answers give, the steps that a tier asks for, and what may lower or close a case.

The tiers are those of the suicide screener (`instruments/cssrs.toml`): question 4, 5 or behaviour of the last three
months is high; question 3, or older behaviour, moderate; question 1 or 2 low. A person may always place somebody
higher. Danger right now is a person's judgement above all of these.

Source: clinical-and-product notes 5.6 (SPiER adoption guide; Columbia Lighthouse Project). Wording and deadlines of
the steps are the product's own and for a clinic's clinicians to confirm.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from registry.rules.instruments import Instrument, score

NONE, LOW, MODERATE, HIGH = "none", "low", "moderate", "high"
TIERS: Final = (NONE, LOW, MODERATE, HIGH)
UNASSESSED: Final = ""
SCREENERS: Final = ("cssrs", "cssrs_followup")
# Question 2 of the screener: thoughts of killing oneself.
_THOUGHTS: Final = 2
# A score as old as this is history when it is entered: it is shown, and calls nobody today.
HISTORY_DAYS: Final = 14
# A tier below moderate rests on the screener's answers of that day or the day before.
SCREENER_DAYS: Final = 1


def rank(tier: str) -> int:
    """Where a tier stands, higher is worse; before any assessment lower than all of them."""
    return TIERS.index(tier) if tier in TIERS else -1


def tier_from_answers(screener: Instrument, answers: Sequence[int | None]) -> str:
    """The tier that answers to a screener give; empty while too few are given for any. Raises ImpossibleScore."""
    found = score(screener, answers).tier
    return found.key if found else UNASSESSED


def says_thoughts(answers: Sequence[int | None] | None) -> bool:
    """Whether question 2 of a screener, thoughts of killing oneself, was answered with yes."""
    return bool(answers and answers[_THOUGHTS - 1])


# What opens a case, and what opens it again


@dataclass(frozen=True, slots=True)
class Answered:
    """What one administration said of danger: the answer to the question about self-harm, and a screener's tier."""

    on: date
    scale: str
    value: int = 0
    tier: str = UNASSESSED

    @property
    def is_positive(self) -> bool:
        """An answer above 0 to a question about self-harm, or a screener at moderate or high."""
        return rank(self.tier) >= rank(MODERATE) if self.tier else self.value > 0


def is_history(on: date, today: date) -> bool:
    """Whether a score dated `on` and entered `today` is too old to call for anybody."""
    return (today - on).days > HISTORY_DAYS


def rises(new: Answered, *, tier: str, known: Iterable[Answered], assessed_on: date) -> bool:
    """Whether an answer asks for a new assessment of somebody assessed as `tier` on `assessed_on`.

    A screener does when it is higher than the tier that stands; a question about self-harm when its answer is higher
    than the lowest known of the same tool from the last one before the assessment on.
    """
    if new.tier:
        return rank(new.tier) > rank(tier)
    same = sorted((one for one in known if one.scale == new.scale), key=lambda one: one.on)
    before = [one.value for one in same if one.on <= assessed_on][-1:]
    since = [one.value for one in same if one.on > assessed_on]
    return new.value > min([*(before or [0]), *since])


# Tiers: set, lowered, closed


def is_lower(tier: str, than: str) -> bool:
    """Whether setting a tier would lower the one that stands."""
    return rank(tier) < rank(than)


def fault_of_tier(tier: str, *, computed: str, has_screener: bool) -> str:
    """Why a tier cannot be recorded, as a sentence; empty when it can.

    Higher than the screener's is always possible, lower never; below moderate there has to be a screener of the day.
    """
    if has_screener and is_lower(tier, computed):
        return f"The screener’s answers make it {TIER_WORDS[computed].lower()}. Choose that tier or a higher one."
    if not has_screener and is_lower(tier, MODERATE):
        return "Enter the screener’s answers of today first. Without them the tier is moderate or high."
    return ""


def fault_of_agreeing(asked_by: object, by: object, roles: Collection[str], *, is_supervisor: bool) -> str:
    """Why somebody cannot agree to a lower tier, as a sentence; empty when they can.

    The second of two: a treating clinician, a psychiatric consultant, or a supervisor whom the clinic named.
    """
    if asked_by == by:
        return "Somebody else has to agree: a tier is never lowered by one person alone."
    if not is_supervisor and not {"treating_clinician", "psychiatric_consultant"} & set(roles):
        return "A treating clinician, the psychiatric consultant or a supervisor named by the clinic has to agree."
    return ""


def faults_of_closing(
    *, tier: str, assessed_on: date | None, is_risen: bool, is_asked: bool, open_steps: int, today: date
) -> tuple[str, ...]:
    """Why a case stays open, as sentences; empty when an assessment of today may close it. A later 0 never does."""
    faults = []
    if assessed_on is None or is_risen:
        faults.append("Nobody has assessed the risk since it was last raised.")
    elif assessed_on != today:
        faults.append("A case is closed by an assessment of the same day. Assess again, then close.")
    if rank(tier) >= rank(MODERATE):
        faults.append(f"The tier is {TIER_WORDS[tier].lower()}. A case is closed at low or at no risk found.")
    if is_asked:
        faults.append("A lower tier was asked for, and nobody has answered yet.")
    if open_steps:
        faults.append(f"{open_steps} step{'s' if open_steps != 1 else ''} of the protocol not done yet.")
    return tuple(faults)


TIER_WORDS: Final[Mapping[str, str]] = {
    UNASSESSED: "Not assessed yet",
    NONE: "No risk found",
    LOW: "Low",
    MODERATE: "Moderate",
    HIGH: "High",
}


# When it is asked again


@dataclass(frozen=True, slots=True)
class Rechecks:
    """Days from an assessment to the next, by tier. A clinic may set fewer, never more."""

    low: int = 30
    moderate: int = 14
    high: int = 7


def faults_of_rechecks(days: Rechecks) -> tuple[tuple[str, str], ...]:
    """Why a clinic cannot ask again in these days, as tier and sentence: never later than usual."""
    usual, faults = Rechecks(), []
    if not 1 <= days.high <= usual.high:
        faults.append((HIGH, f"At high risk it is asked again after 1 to {usual.high} days."))
    if not days.high <= days.moderate <= usual.moderate:
        faults.append((MODERATE, f"Not sooner than at high risk, and after {usual.moderate} days at the latest."))
    if not days.moderate <= days.low <= usual.low:
        faults.append((LOW, f"Not sooner than at moderate risk, and after {usual.low} days at the latest."))
    return tuple(faults)


def recheck_on(tier: str, assessed_on: date, rechecks: Rechecks, *, has_thoughts: bool) -> date:
    """When to ask again: by tier; within the moderate interval too where question 2 was answered yes."""
    days = {HIGH: rechecks.high, MODERATE: rechecks.moderate}.get(tier, rechecks.low)
    return assessed_on + timedelta(days=min(days, rechecks.moderate) if has_thoughts else days)


# Alerts, a year's drill

NOT_SPOKEN_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What alerts are worked out from, by the clinic's day."""

    today: date
    tier: str
    opened_on: date
    recheck_on: date | None
    last_contact_on: date | None
    has_plan: bool
    has_emergency_contact: bool


def alerts(now: Circumstances) -> tuple[tuple[str, str], ...]:
    """What is wrong around an open case: tone and sentence, the red ones first."""
    found = []
    spoken_on = now.last_contact_on or now.opened_on
    if now.tier == HIGH and (now.today - spoken_on).days >= NOT_SPOKEN_DAYS:
        found.append(("danger", f"High risk, not spoken with for {(now.today - spoken_on).days} days"))
    if not now.has_plan and rank(now.tier) >= rank(MODERATE):
        found.append(("danger", "No safety plan"))
    if not now.has_emergency_contact:
        found.append(("danger", "No emergency contact on record"))
    if now.recheck_on is not None and timedelta() <= now.recheck_on - now.today <= timedelta(days=2):
        found.append(("warning", "Recheck due within 48 hours" if now.recheck_on > now.today else "Recheck due today"))
    return tuple(found)


DRILL_EVERY_DAYS: Final = 365


def drill_due_on(last_on: date | None, today: date) -> date:
    """When the protocol is to be rehearsed next: a year after the last time, now where it never was."""
    return today if last_on is None else last_on + timedelta(days=DRILL_EVERY_DAYS)


def end_of_day(begun_at: datetime, zone: ZoneInfo) -> datetime:
    """The midnight that ends a local day, also where the clocks change in it."""
    local = begun_at.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(local, time(), zone)
