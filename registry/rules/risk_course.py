"""What became of a risk case, read from its steps in order: the tier that stands, what is asked for, what is done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from uuid import UUID

from registry.rules.risk import UNASSESSED, is_lower

# What a note of a case is about: an answer that asks for a new assessment, and one that does not.
RISEN: Final = "risen"
POSITIVE: Final = "positive"


@dataclass(frozen=True, slots=True)
class Event:
    """A step as it was recorded. `by` is the seat."""

    id: UUID
    kind: str
    at: datetime
    on: date
    by: UUID
    key: str = ""
    tier: str = UNASSESSED


@dataclass
class Course:
    """Where a case stands.

    A phase begins with the opening, with every rise, and with every change of tier; its steps are due from
    `begun_at`, and `done` holds those of this phase. `asked` is the request for a lower tier that nobody answered.
    """

    begun_at: datetime
    phase: int = 0
    tier: str = UNASSESSED
    assessed: Event | None = None
    is_risen: bool = False
    asked: Event | None = None
    done: dict[str, Event] = field(default_factory=dict)

    @property
    def is_unassessed(self) -> bool:
        """Nobody has assessed it since it was last raised."""
        return self.assessed is None or self.is_risen

    @property
    def steps_tier(self) -> str:
        """Whose steps are to be done: those before an assessment, or those of the tier."""
        return UNASSESSED if self.is_unassessed else self.tier

    def key_of(self, step: str) -> str:
        """How a step of this phase is stored: what is to be done anew is another key."""
        return f"{self.phase}.{step}"

    def begin(self, at: datetime, done: Mapping[str, Event] | None = None) -> None:
        """The next phase, with what counts as done in it already."""
        self.phase, self.begun_at, self.done, self.asked = self.phase + 1, at, dict(done or {}), None


def course_of(opened_at: datetime, events: Iterable[Event]) -> Course:
    """Follow a case from its opening. What was done while nobody had assessed counts in the tier's steps too."""
    course = Course(opened_at)
    for event in sorted(events, key=lambda one: (one.at, one.id)):
        _follow(course, event)
    return course


def _follow(course: Course, event: Event) -> None:
    if event.kind == "assessed":
        if course.is_unassessed:
            course.begin(event.at, course.done)
        elif event.tier != course.tier:
            course.begin(event.at)
        course.tier, course.assessed, course.is_risen, course.asked = event.tier, event, False, None
    elif _is_rise(event):
        course.begin(event.at)
        course.is_risen = course.assessed is not None or bool(event.tier)
        course.tier = event.tier if is_lower(course.tier, event.tier) else course.tier
    elif event.kind == "lowering_asked":
        course.asked = event
    elif event.kind == "lowering_agreed" and course.asked is not None:
        tier = course.asked.tier
        course.begin(event.at)
        course.tier = tier
    elif event.kind == "lowering_refused":
        course.asked = None
    elif event.kind == "done":
        course.done[event.key.partition(".")[2]] = event


@dataclass(frozen=True, slots=True)
class Raised:
    """A time at which danger was said: its day, and the day of the first assessment after it, None without."""

    on: date
    assessed_on: date | None

    def is_missed(self, today: date) -> bool:
        """Whether nobody assessed it on its own day, also where somebody did later. Today is not over yet."""
        return self.assessed_on != self.on and (self.assessed_on is not None or self.on < today)


def raises_of(opened_at: datetime, opened_on: date, events: Iterable[Event]) -> tuple[Raised, ...]:
    """The opening of a case and every rise since, each with the first assessment after it, in order."""
    ordered = sorted(events, key=lambda one: (one.at, one.id))
    times = [(opened_at, opened_on), *((one.at, one.on) for one in ordered if _is_rise(one))]
    assessed = [(one.at, one.on) for one in ordered if one.kind == "assessed"]
    return tuple(Raised(on, next((day for when, day in assessed if when >= at), None)) for at, on in times)


def _is_rise(event: Event) -> bool:
    return event.kind == "note" and event.key == RISEN
