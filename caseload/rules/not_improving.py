"""Who is not improving (T10, T11, T13), since when, and how many of them were reviewed this month."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

# The worst first: which of several that hold a patient is shown by.
WORDS: Final = ("stalled", "non_responder", "stalled_watch", "non_responder_week_8")
LONGEST, UNREVIEWED, NAME = "longest", "unreviewed", "name"
ORDERS: Final = ((LONGEST, "Longest first"), (UNREVIEWED, "Not reviewed first"), (NAME, "Name"))


@dataclass(frozen=True, slots=True)
class Holding:
    """A run of one of the signals that holds today."""

    word: str
    since: date


def worst_of(holding: Iterable[Holding]) -> Holding | None:
    """What a patient is shown by: the worst of the signals that hold; None where none of them does."""
    ours = [one for one in holding if one.word in WORDS]
    return min(ours, key=lambda one: (WORDS.index(one.word), one.since), default=None)


def not_improving_since(holding: Iterable[Holding]) -> date | None:
    """The first day from which any of the signals has held, as far as they hold today."""
    return min((one.since for one in holding if one.word in WORDS), default=None)


@dataclass(frozen=True, slots=True)
class Counted:
    """Patients as the totals count them: whether a review is part of the program, and whether there was one."""

    clinic_id: UUID
    care_manager_id: UUID | None
    is_cocm: bool
    is_reviewed: bool
    patients: int = 1


@dataclass(frozen=True, slots=True)
class Share:
    """How many there are, and of those in Collaborative Care how many were reviewed this month."""

    patients: int
    reviewed: int
    in_cocm: int


def share_of(counted: Sequence[Counted]) -> Share:
    """The totals of some patients. In general BHI no review is asked for, so nobody there is missing one."""
    in_cocm = [one for one in counted if one.is_cocm]
    reviewed = sum(one.patients for one in in_cocm if one.is_reviewed)
    return Share(sum(one.patients for one in counted), reviewed, sum(one.patients for one in in_cocm))


def shares_by(counted: Iterable[Counted], key: str) -> dict[UUID | None, Share]:
    """The totals by `clinic_id` or `care_manager_id`; None stands for nobody."""
    groups: dict[UUID | None, list[Counted]] = {}
    for one in counted:
        groups.setdefault(getattr(one, key), []).append(one)
    return {group: share_of(some) for group, some in groups.items()}
