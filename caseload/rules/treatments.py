"""When the treatment changed, as the marks on a course of scores say it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

# So close together, a mark from the plan and one that somebody recorded are of one change.
SAME_CHANGE: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Taken:
    """A medication in a version of the care plan."""

    name: str
    dose: str = ""
    started_on: date | None = None
    stopped_on: date | None = None

    @property
    def key(self) -> str:
        """What tells it from another: its name, however it is written."""
        return " ".join(self.name.casefold().split())


@dataclass(frozen=True, slots=True)
class PlanMedications:
    """What a version of the care plan said is taken."""

    on: date
    medications: tuple[Taken, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A change of treatment on a day, in a few words."""

    on: date
    text: str


def medication_marks(versions: Sequence[PlanMedications]) -> tuple[Mark, ...]:
    """Starts, changes of dose and stops, from successive versions of a plan, oldest first.

    A start or stop lies on the day that the plan gives, else on that of the version that first says so. What the first
    version brings without a day was taken before, and has no mark. A day that is corrected moves its mark.
    """
    last = versions[-1].medications if versions else ()
    first_doses = {one.key: one.dose for version in reversed(versions) for one in version.medications}
    dated = [mark for one in last for mark in _dated(one, first_doses[one.key])]
    changed = [mark for before, after in pairwise(versions) for mark in _changed(before, after)]
    return _in_order([*dated, *changed])


def treatment_marks(recorded: Iterable[Mark], from_plan: Iterable[Mark]) -> tuple[Mark, ...]:
    """Recorded changes with those that only the plan shows, by day. One change that both tell of is there once."""
    known = list(dict.fromkeys(recorded))
    return _in_order([*known, *(mark for mark in from_plan if not any(_is_same(mark, one) for one in known))])


def _dated(one: Taken, first_dose: str) -> Iterator[Mark]:
    if one.started_on is not None:
        yield Mark(one.started_on, _started(one.name, first_dose))
    if one.stopped_on is not None:
        yield Mark(one.stopped_on, f"{one.name} stopped")


def _changed(before: PlanMedications, after: PlanMedications) -> Iterator[Mark]:
    old = {one.key: one for one in before.medications}
    for one in after.medications:
        earlier = old.get(one.key)
        if earlier is None and one.started_on is None and one.stopped_on is None:
            yield Mark(after.on, _started(one.name, one.dose))
        elif earlier is not None and one.dose and earlier.dose and one.dose != earlier.dose:
            yield Mark(after.on, f"{one.name.strip()} {earlier.dose} to {one.dose}")


def _started(name: str, dose: str) -> str:
    return f"{name} {dose} started" if dose else f"{name} started"


def _is_same(mark: Mark, recorded: Mark) -> bool:
    """Whether a recorded change names the same medication at about the same time."""
    first = mark.text.casefold().split()[0]
    return first in recorded.text.casefold() and abs(mark.on - recorded.on) <= SAME_CHANGE


def _in_order(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    return tuple(sorted(dict.fromkeys(marks), key=lambda mark: (mark.on, mark.text)))
