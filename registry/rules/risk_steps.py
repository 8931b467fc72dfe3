"""The steps of a clinic's protocol about danger: what is done by whom until when, by tier.

A clinic adds steps of its own and shortens deadlines. What is mandatory it neither removes nor delays.
Source: clinical-and-product notes 5.6; the wording and the deadlines are the product's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from registry.rules.risk import HIGH, LOW, MODERATE, NONE, UNASSESSED, end_of_day

# Minutes that a step may take, from the shortest; 0 is the end of the local day on which it began.
SAME_DAY: Final = 0
DUE: Final[tuple[tuple[int, str], ...]] = (
    (15, "within 15 minutes"),
    (60, "within an hour"),
    (240, "within 4 hours"),
    (SAME_DAY, "the same day"),
    (1440, "within a day"),
    (2880, "within 2 days"),
    (10080, "within a week"),
)
DUE_WORDS: Final[Mapping[int, str]] = dict(DUE)
OWNERS: Final[Mapping[str, str]] = {
    "care_manager": "Care manager",
    "treating_clinician": "Treating clinician",
    "psychiatric_consultant": "Consultant",
    "clinic_lead": "Clinic lead",
}
PHASES: Final[tuple[tuple[str, str], ...]] = (
    (UNASSESSED, "Before the assessment"),
    (LOW, "Low"),
    (MODERATE, "Moderate"),
    (HIGH, "High"),
)
OWN: Final = "own_"
MOST_OWN: Final = 3
LONGEST = 300


@dataclass(frozen=True, slots=True)
class Step:
    """A step: its key, its words, the role that owns it, and the minutes until it is due (0: the same day)."""

    key: str
    words: str
    owner: str
    minutes: int
    is_mandatory: bool = True

    def due_at(self, begun_at: datetime, zone: ZoneInfo) -> datetime:
        """When it is due if the tier's steps began at an instant."""
        if self.minutes == SAME_DAY:
            return end_of_day(begun_at, zone)
        return begun_at + timedelta(minutes=self.minutes)

    @property
    def due_words(self) -> str:
        return DUE_WORDS[self.minutes]

    @property
    def owner_words(self) -> str:
        return OWNERS[self.owner]


_LINE = Step(
    "crisis_line",
    "Give the crisis line to the patient and to those close by: call or text 988, at any hour.",
    "care_manager",
    SAME_DAY,
)
DEFAULT: Final[Mapping[str, tuple[Step, ...]]] = {
    UNASSESSED: (
        Step("reach", "Speak with the patient today, and note where the patient is.", "care_manager", SAME_DAY),
        Step("screener", "Ask the questions of the suicide screener, the same day.", "care_manager", SAME_DAY),
        _LINE,
    ),
    NONE: (),
    LOW: (
        _LINE,
        Step("clinician_told", "Tell the treating clinician.", "care_manager", 1440),
        Step("plan_offered", "Offer to write a safety plan together.", "care_manager", 1440),
    ),
    MODERATE: (
        Step(
            "clinician_seen", "A clinician sees or speaks with the patient today.", "treating_clinician", SAME_DAY
        ),
        Step("safety_plan", "Write or go through the safety plan with the patient.", "care_manager", SAME_DAY),
        Step(
            "means",
            "Agree what is put out of reach, with whom and by when: firearms, medication, other means.",
            "care_manager",
            SAME_DAY,
        ),
        Step("clinician_told", "Tell the treating clinician.", "care_manager", SAME_DAY),
        Step("consultant_told", "Tell the psychiatric consultant.", "care_manager", SAME_DAY),
        _LINE,
    ),
    HIGH: (
        Step(
            "stay", "See to it that the patient is not alone: stay, or stay on the line.", "care_manager", 15
        ),
        Step(
            "emergency",
            "Arrange an emergency evaluation: call 911, or have the patient taken to an emergency department.",
            "care_manager",
            60,
        ),
        Step("clinician_told", "Call the treating clinician.", "care_manager", 60),
        Step("consultant_told", "Call the psychiatric consultant.", "care_manager", 60),
        _LINE,
        Step(
            "means",
            "Agree what is put out of reach, with whom and by when: firearms, medication, other means.",
            "care_manager",
            SAME_DAY,
        ),
        Step("safety_plan", "Write or go through the safety plan with the patient.", "care_manager", 1440),
        Step("contact_again", "Speak with the patient again, and make sure that care goes on.", "care_manager", 2880),
    ),
}  # fmt: skip


Stored = Mapping[str, Sequence[Sequence[Any]]]


def steps_of(tier: str, own: Stored | None = None) -> tuple[Step, ...]:
    """The steps of a tier, with what a clinic stored of it: deadlines of the mandatory ones, and its own steps.

    A stored deadline later than the default is not followed: the mandatory steps hold whatever is stored.
    """
    rows = {row[0]: row for row in (own or {}).get(tier or "first", ())}
    found = []
    for step in DEFAULT[tier]:
        row = rows.get(step.key)
        is_sooner = row is not None and not is_later(row[3], step.minutes)
        found.append(replace(step, minutes=row[3]) if row is not None and is_sooner else step)
    own_steps = (row for key, row in rows.items() if key.startswith(OWN))
    return (*found, *(Step(row[0], row[1], row[2], row[3], is_mandatory=False) for row in own_steps))


def is_later(minutes: int, than: int) -> bool:
    """Whether a deadline falls later than another; the same day stands between hours and whole days."""
    order = [one for one, _ in DUE]
    return minutes not in DUE_WORDS or order.index(minutes) > order.index(than)


@dataclass(frozen=True, slots=True)
class OwnStep:
    """A step that a clinic adds to a tier."""

    words: str
    owner: str
    minutes: int


def stored_from(tier_minutes: Mapping[tuple[str, str], int], added: Mapping[str, Iterable[OwnStep]]) -> dict[str, Any]:
    """What a clinic's protocol stores: by phase, the deadlines that it shortened and the steps that it adds.

    `tier_minutes` holds the deadline by phase and step. What is as by default is not stored.
    """
    stored: dict[str, Any] = {}
    for tier, _ in PHASES:
        rows = [
            [step.key, step.words, step.owner, tier_minutes[tier, step.key]]
            for step in DEFAULT[tier]
            if tier_minutes.get((tier, step.key), step.minutes) != step.minutes
        ]
        rows += [
            [f"{OWN}{place}", one.words, one.owner, one.minutes] for place, one in enumerate(added.get(tier, ()), 1)
        ]
        if rows:
            stored[tier or "first"] = rows
    return stored


def faults_of_steps(
    tier_minutes: Mapping[tuple[str, str], int], added: Mapping[str, Sequence[OwnStep]]
) -> tuple[tuple[str, str], ...]:
    """Why a clinic's steps cannot be kept, as where and sentence. Where is `tier.key`, or `tier.own_1` …"""
    faults = []
    for tier, _ in PHASES:
        name = tier or "first"
        faults += [
            (f"{name}.{step.key}", f"This is due {step.due_words} at the latest.")
            for step in DEFAULT[tier]
            if is_later(tier_minutes.get((tier, step.key), step.minutes), step.minutes)
        ]
        for place, one in enumerate(added.get(tier, ()), 1):
            if not one.words.strip() or len(one.words) > LONGEST:
                faults.append((f"{name}.{OWN}{place}", f"Say what is done, in at most {LONGEST} characters."))
            elif one.owner not in OWNERS or one.minutes not in DUE_WORDS:
                faults.append((f"{name}.{OWN}{place}", "Choose who does it and by when."))
    return tuple(faults)
